"""Everything that is read out of each paste, against recorded readings: the labels of a paste name but a part of it.

After a deliberate change: `UPDATE_SNAPSHOTS=1 make test`, and read the difference.
"""

import json
import os
import re
from collections.abc import Callable
from dataclasses import fields
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from outboundsync_mcp.diagnosis.evidence import Evidence
from outboundsync_mcp.diagnosis.normalize import normalize
from outboundsync_mcp.diagnosis.reader import read
from outboundsync_mcp.diagnosis.redact import redact
from outboundsync_mcp.diagnosis.statuses import NUMBER, clauses, statuses_in
from outboundsync_mcp.diagnosis.units import units_of
from tests.corpus.cases import load
from tests.diagnosis.combinations import AFTER, BEFORE, CALLS, DOCUMENTS, LINES, NUMBERS
from tests.diagnosis.pastes import PASTES

NOW = datetime(2026, 11, 22, 20, 0, 0, tzinfo=UTC)
SNAPSHOTS = Path(__file__).parent / "snapshots"
NOTHING = Evidence(source="pasted")
CORPUS = load("development")  # what is only scored at the end is not looked at here either
SHORT_CHARS = 1_500
"""Of longer pastes the units fill pages, and say little more."""


def reading(text: object, **given: object) -> dict[str, Any]:
    """What the text shows: each field that is not at its default, as JSON has it."""
    evidence = read(text, now=NOW, **given)
    found = {field.name: getattr(evidence, field.name) for field in fields(evidence)}
    shown = {name: value for name, value in found.items() if value != getattr(NOTHING, name)}
    return json.loads(json.dumps(shown, default=str))


def redacted(text: str) -> list[str]:
    """What was taken out, with a few characters around it."""
    return re.findall(r".{0,20}\[redacted\].{0,20}", redact(text))


def cut(text: str) -> list[list[Any]]:
    """The units: text, pairs, what else is not at its default."""
    shown: list[list[Any]] = []
    for unit in units_of(normalize(text)):
        marks = {name: getattr(unit, name) for name in ("page", "depth", "part", "opens", "record", "document", "when")}
        shown.append([unit.text, [list(pair) for pair in unit.pairs], {k: v for k, v in marks.items() if v}])
    return shown


def judged(text: str) -> list[list[Any]]:
    """Of each line with a number: its statuses and how plainly they are stated; the clauses, if it has several."""
    lines = [line for line in normalize(text).split("\n") if NUMBER.search(line)]
    return [[[list(stated[:2]) for stated in statuses_in(line)], *(clauses(line))[:4]] for line in lines[:40]]


def beside(first: str) -> dict[str, str]:
    """What a line and each other one below it show, in short."""
    return {name: _in_short(reading(f"{first}\n{line}")) for name, line in LINES.items()}


_LEFT_OUT = {"source", "headers", "failure_detail", "key_fault_detail"}


def _in_short(shown: dict[str, Any]) -> str:
    shown["seen"] = len(shown.get("seen", ()))
    return ", ".join(f"{name} {value}" for name, value in shown.items() if name not in _LEFT_OUT)


def around(before: str) -> dict[str, str]:
    """Of each number, with each text behind it: the rank, as a letter where it is told as over; `-` for no status."""
    return {str(number): "".join(_rank(f"{before}{number}{after}", number) for after in AFTER) for number in NUMBERS}


def _rank(text: str, number: int) -> str:
    stated = next((stated for stated in statuses_in(text) if stated.status == number), None)
    return "-" if stated is None else " abcd"[stated.rank] if stated.past else str(stated.rank)


GROUPS: dict[str, tuple[Callable[[str], Any], dict[str, str]]] = {
    "pastes": (reading, {paste.name: paste.text for paste in PASTES}),
    "corpus": (reading, {case.id: case.text for case in CORPUS}),
    "redacted": (redacted, {case.id: case.text for case in CORPUS if case.secrets}),
    "units": (cut, {paste.name: paste.text for paste in PASTES if len(paste.text) <= SHORT_CHARS}),
    "statuses": (judged, {paste.name: paste.text for paste in PASTES}),
    "pairs": (beside, LINES),
    "numbers": (around, {before: before for before in BEFORE}),
    "documents": (lambda text: [cut(text), reading(text)], DOCUMENTS),
    "calls": (lambda name: reading(**CALLS[name]), {name: name for name in CALLS}),
}


def made(group: str, name: str) -> Any:
    make, texts = GROUPS[group]
    return make(texts[name])


def _lines(readings: dict[str, Any]) -> str:
    """JSON with one line for each text."""
    lines = (f"{json.dumps(name)}: {json.dumps(shown, ensure_ascii=False)}" for name, shown in readings.items())
    return "{\n" + ",\n".join(lines) + "\n}\n"


@cache
def recorded(group: str) -> dict[str, Any]:
    return json.loads((SNAPSHOTS / f"{group}.json").read_text(encoding="utf-8"))


@pytest.mark.skipif("UPDATE_SNAPSHOTS" in os.environ, reason="they are being recorded anew")
@pytest.mark.parametrize(("group", "name"), [(group, name) for group, (_, texts) in GROUPS.items() for name in texts])
def test_a_text_is_read_as_recorded(group: str, name: str) -> None:
    assert made(group, name) == recorded(group)[name], "read otherwise: run with UPDATE_SNAPSHOTS=1 if you mean it"


@pytest.mark.parametrize("group", GROUPS)
def test_every_recorded_reading_is_of_a_text(group: str) -> None:
    if os.environ.get("UPDATE_SNAPSHOTS"):
        readings = {name: made(group, name) for name in GROUPS[group][1]}
        (SNAPSHOTS / f"{group}.json").write_text(_lines(readings), encoding="utf-8")
        recorded.cache_clear()
    assert list(recorded(group)) == list(GROUPS[group][1])
