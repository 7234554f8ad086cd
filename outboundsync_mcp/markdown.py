"""Markdown around text that came from elsewhere, so that it stays text: redacted, cleaned, fenced."""

import re
import unicodedata
from collections.abc import Iterable, Sequence

from outboundsync_mcp.diagnosis.clean import clean

LINE_LIMIT = 120
"""Longest line of outside text that is repeated, in characters."""
PASTE_LIMIT = 6_000
"""Longest block of outside text that is repeated, in characters."""

_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})
_TICKS = re.compile("`+")


def hidden(char: str) -> bool:
    """Whether a character is one that people do not see: control, format, surrogate, private, unassigned."""
    return not " " <= char <= "~" and unicodedata.category(char) in _INVISIBLE


def line(text: str) -> str:
    """Outside text as one short line, redacted and cleaned."""
    from outboundsync_mcp.diagnosis.redact import redact

    return clean(redact(text), LINE_LIMIT)


def fenced(text: str, limit: int = PASTE_LIMIT) -> str:
    """Outside text as a code block it cannot leave: redacted, cleaned, its middle left out beyond `limit`."""
    from outboundsync_mcp.diagnosis.redact import redact

    safe = redact(text).replace("\r\n", "\n")
    kept = "".join(char for char in safe if char in "\n\t" or not hidden(char)).strip("\n")
    if len(kept) > limit:
        half = limit // 2
        kept = f"{kept[:half]}\n[… {len(kept) - 2 * half:,} characters left out …]\n{kept[-half:]}"
    fence = "`" * max(3, _longest_run(kept) + 1)
    return f"{fence}text\n{kept}\n{fence}"


def code(text: str) -> str:
    """One line of text as a code span it cannot leave."""
    ticks = "`" * (_longest_run(text) + 1)
    return f"`{text}`" if len(ticks) == 1 else f"{ticks} {text} {ticks}"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; a vertical bar inside a cell stays part of it."""
    lines = ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in (head, *rows)]
    return "\n".join([lines[0], "|" + "---|" * len(head), *lines[1:]])


def numbered(steps: Iterable[str]) -> str:
    """Steps as an ordered list."""
    return "\n".join(f"{number}. {step}" for number, step in enumerate(steps, 1))


def _longest_run(text: str) -> int:
    return max((len(run) for run in _TICKS.findall(text)), default=0)
