"""Everything that is read out of each paste, against recorded readings: the labels of a paste name but a part of it.

After a deliberate change: `UPDATE_SNAPSHOTS=1 make test`, and read the difference.
"""

import json
import os
from dataclasses import fields
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from outboundsync_mcp.diagnosis.evidence import Evidence
from outboundsync_mcp.diagnosis.reader import read
from tests.diagnosis.pastes import PASTES, Paste

NOW = datetime(2026, 11, 22, 20, 0, 0, tzinfo=UTC)
RECORDED = Path(__file__).parent / "snapshots" / "readings.json"
NOTHING = Evidence(source="pasted")


def reading(paste: Paste) -> dict[str, Any]:
    """What the paste shows: each field that is not at its default, as JSON has it."""
    evidence = read(paste.text, now=NOW)
    found = {field.name: getattr(evidence, field.name) for field in fields(evidence)}
    shown = {name: value for name, value in found.items() if value != getattr(NOTHING, name)}
    return json.loads(json.dumps(shown, default=str))


@cache
def recorded() -> dict[str, Any]:
    return json.loads(RECORDED.read_text(encoding="utf-8"))


@pytest.mark.skipif("UPDATE_SNAPSHOTS" in os.environ, reason="they are being recorded anew")
@pytest.mark.parametrize("paste", PASTES, ids=[paste.name for paste in PASTES])
def test_a_paste_is_read_as_recorded(paste: Paste) -> None:
    assert reading(paste) == recorded()[paste.name], "read otherwise: run with UPDATE_SNAPSHOTS=1 if you mean it"


def test_every_recorded_reading_is_of_a_paste() -> None:
    if os.environ.get("UPDATE_SNAPSHOTS"):
        readings = {paste.name: reading(paste) for paste in PASTES}
        RECORDED.write_text(json.dumps(readings, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        recorded.cache_clear()
    assert list(recorded()) == [paste.name for paste in PASTES]
