"""The corpus of pasted errors: what a tool printed, and what a reader must make of it."""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final, Literal, NotRequired, TypedDict, cast

CORPUS: Final = Path(__file__).parent
Part = Literal["development", "heldout"]
PARTS: Final[tuple[Part, ...]] = ("development", "heldout")


class _Label(TypedDict):
    id: str
    tool: str
    version: str
    produced: Literal["recorded", "transcribed", "written"]
    status: int | None
    kind: str
    wait: int | None
    tags: list[str]
    secrets: list[str]
    also: NotRequired[list[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One paste and its labels; `wait` in seconds. `secrets` are canaries no run of 6 characters of which may show.

    `also` are kinds that the contract allows as well, where it leaves the reading open.
    """

    id: str
    tool: str
    version: str
    produced: Literal["recorded", "transcribed", "written"]
    text: str
    status: int | None
    kind: str
    wait: int | None
    tags: frozenset[str]
    secrets: tuple[str, ...]
    also: tuple[str, ...]


@cache
def heldout_tools() -> frozenset[str]:
    """The tools that nobody develops on."""
    lines = (CORPUS / "heldout.txt").read_text(encoding="utf-8").splitlines()
    return frozenset(line for line in lines if line and not line.startswith("#"))


@cache
def load(part: Part) -> tuple[Case, ...]:
    """Every case of that part, by tool and id."""
    return tuple(
        _case(labels.parent, cast("_Label", json.loads(line)))
        for labels in sorted((CORPUS / part).glob("*/labels.jsonl"))
        for line in labels.read_text(encoding="utf-8").splitlines()
    )


def _case(directory: Path, label: _Label) -> Case:
    return Case(
        id=label["id"],
        tool=label["tool"],
        version=label["version"],
        produced=label["produced"],
        text=(directory / f"{label['id']}.txt").read_bytes().decode(),
        status=label["status"],
        kind=label["kind"],
        wait=label["wait"],
        tags=frozenset(label["tags"]),
        secrets=tuple(label["secrets"]),
        also=tuple(label.get("also", ())),
    )
