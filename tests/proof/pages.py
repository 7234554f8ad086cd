"""`docs/clients.md`, written by the proof itself: every run puts in the sections that it has evidence for."""

from collections.abc import Iterable, Sequence

from tests.proof.toolbox import ROOT

PAGE = ROOT / "docs" / "clients.md"
HEAD = """\
# Clients

Written by `make proof`, from the run itself. The programs and their versions are in `tests/proof`.

A `get_me` takes at most `max_wait_seconds` (45 when the caller names none, 120 at most) plus two requests of
`OUTBOUNDSYNC_TIMEOUT_SECONDS` (15) each. Where a client gives up sooner, raise its time-out or lower the wait.
"""
SECTIONS = ("Libraries and frameworks", "Hosts")


def write_section(title: str, text: str, head: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Replace this section of the page by a text and a table, and leave the others."""
    sections = dict.fromkeys(SECTIONS, "") | _sections()
    lines = [head, ["---"] * len(head), *rows]
    sections[title] = text + "\n" + "".join(f"| {' | '.join(line)} |\n" for line in lines)
    parts = [f"\n## {title}\n\n{sections[title]}" for title in SECTIONS if sections[title]]
    PAGE.write_text(HEAD + "".join(parts), encoding="utf-8")


def _sections() -> dict[str, str]:
    """The sections of the page as it is, by title."""
    text = PAGE.read_text(encoding="utf-8") if PAGE.exists() else ""
    pairs = [part.split("\n\n", maxsplit=1) for part in text.split("\n## ")[1:]]
    return {title: body.rstrip("\n") + "\n" for title, body in pairs if title in SECTIONS}
