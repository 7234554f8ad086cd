"""Everything that is read out of each paste, against recorded readings: the labels of a paste name but a part of it.

After a deliberate change: `UPDATE_SNAPSHOTS=1 make test`, and read the difference.
"""

import json
import os
import re
from dataclasses import fields
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from outboundsync_mcp.diagnosis.evidence import Evidence
from outboundsync_mcp.diagnosis.reader import read
from outboundsync_mcp.diagnosis.redact import redact
from tests.corpus.cases import load
from tests.diagnosis.pastes import PASTES

NOW = datetime(2026, 11, 22, 20, 0, 0, tzinfo=UTC)
SNAPSHOTS = Path(__file__).parent / "snapshots"
NOTHING = Evidence(source="pasted")
CORPUS = load("development")  # what is only scored at the end is not looked at here either
TEXTS = {
    "pastes": {paste.name: paste.text for paste in PASTES},
    "corpus": {case.id: case.text for case in CORPUS},
    "redacted": {case.id: case.text for case in CORPUS if case.secrets},
}


def reading(text: str) -> dict[str, Any]:
    """What the text shows: each field that is not at its default, as JSON has it."""
    evidence = read(text, now=NOW)
    found = {field.name: getattr(evidence, field.name) for field in fields(evidence)}
    shown = {name: value for name, value in found.items() if value != getattr(NOTHING, name)}
    return json.loads(json.dumps(shown, default=str))


def redacted(text: str) -> list[str]:
    """What was taken out, with a few characters around it."""
    return re.findall(r".{0,20}\[redacted\].{0,20}", redact(text))


def made(group: str, name: str) -> Any:
    return (redacted if group == "redacted" else reading)(TEXTS[group][name])


@cache
def recorded(group: str) -> dict[str, Any]:
    return json.loads((SNAPSHOTS / f"{group}.json").read_text(encoding="utf-8"))


@pytest.mark.skipif("UPDATE_SNAPSHOTS" in os.environ, reason="they are being recorded anew")
@pytest.mark.parametrize(("group", "name"), [(group, name) for group, texts in TEXTS.items() for name in texts])
def test_a_text_is_read_as_recorded(group: str, name: str) -> None:
    assert made(group, name) == recorded(group)[name], "read otherwise: run with UPDATE_SNAPSHOTS=1 if you mean it"


@pytest.mark.parametrize("group", TEXTS)
def test_every_recorded_reading_is_of_a_text(group: str) -> None:
    if os.environ.get("UPDATE_SNAPSHOTS"):
        readings = {name: made(group, name) for name in TEXTS[group]}
        shown = json.dumps(readings, indent=1, ensure_ascii=False) + "\n"
        (SNAPSHOTS / f"{group}.json").write_text(shown, encoding="utf-8")
        recorded.cache_clear()
    assert list(recorded(group)) == list(TEXTS[group])
