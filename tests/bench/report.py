"""What a run of the benchmark leaves: docs/benchmarks.json, and docs/benchmarks.md made from it. No absolute time."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.bench.measurements import Figure
from tests.bench.processes import ROOT

JSON = ROOT / "docs" / "benchmarks.json"
MARKDOWN = ROOT / "docs" / "benchmarks.md"
HEAD = """\
# Benchmarks

Written by `make bench`, from the run itself. Every row is ours over the reference's, both measured in turns in the same
run, so that the machine cancels out: 1.00 is as fast (or as small), less is better. The value is the ratio of the
medians; the middle half is that of the single rounds' ratios. The reference servers are in `tests/bench`: the bare one
has one tool that does nothing; the "same tool" ones have a `get_me` that makes the HTTP request and returns its body,
without retry, check or diagnosis.

| what | value | middle half | target | |
|---|---|---|---|---|
"""


def record(figures: Sequence[Figure]) -> list[dict[str, Any]]:
    """The figures as JSON values."""
    return [
        {
            "name": figure.name,
            "value": round(figure.value, 2),
            "middle_half": [round(end, 2) for end in figure.spread] if figure.spread else None,
            "target": figure.target,
            "met": None if figure.target is None else not figure.missed,
        }
        for figure in figures
    ]


def _cells(row: dict[str, Any]) -> tuple[str, str, str]:
    """Middle half, target and verdict of a recorded figure."""
    spread, target = row["middle_half"], row["target"]
    middle = f"{spread[0]:.2f} to {spread[1]:.2f}" if spread else ""
    return middle, "" if target is None else f"≤ {target:g}", {None: "", True: "met", False: "missed"}[row["met"]]


def _line(*cells: str) -> str:
    return f"| {' | '.join(cells)} |\n"


def table(figures: Sequence[Figure]) -> str:
    """The figures as a Markdown table for the screen, with what was measured on either side."""
    rows = [_line("what", "ours", "reference", "ratio", "middle half", "target", ""), "|---|---|---|---|---|---|---|\n"]
    for figure, row in zip(figures, record(figures), strict=True):
        value = f"{figure.value:.2f}" if figure.spread else ""
        rows.append(_line(figure.name, figure.ours, figure.reference, value, *_cells(row)))
    return "".join(rows).rstrip("\n")


def markdown(recorded: Sequence[dict[str, Any]]) -> str:
    """The page that shows the figures."""
    rows = (
        _line(row["name"], f"{row['value']:.2f}" if row["middle_half"] else f"{row['value']:.0f}", *_cells(row))
        for row in recorded
    )
    return HEAD + "".join(rows)


def write(figures: Sequence[Figure], json_file: Path = JSON, markdown_file: Path = MARKDOWN) -> None:
    """Write both files."""
    recorded = record(figures)
    json_file.write_text(json.dumps(recorded, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    markdown_file.write_text(markdown(recorded), encoding="utf-8")
