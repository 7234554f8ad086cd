"""Cut a huge text down to the lines that may tell of an error, so that reading it takes a bounded time."""

import json
import re

FROM_CHARS = 400_000
"""From this size on, only the lines that may matter are read, and their surroundings."""
KEPT_CHARS = 300_000
"""Characters kept of what is near our name, and as many of all else."""
MAX_LINE_CHARS = 12_000
"""Of a longer line its two ends are kept."""
NEAR_LINES, LAST_LINES = 25, 200
_OURS = ("outboundsync", "osapi_", "/api/v1/me", "invalid api key", "api access is not enabled")
_OF_INTEREST = (
    "http/1", "http/2", "error", "exception", "refused", "timed out", "timedout", "time out", "timeout", "certificate",
    "retry-after", "unauthorized", "forbidden",
)  # fmt: skip
_STATUS = re.compile(r"[45](?<!\w[45])\d\d(?!\w)|status.{0,3}code")


def digest(text: str) -> str:
    """The text, or of a huge one the lines that may tell of an error: near our name, at the end, or by their words.

    What came last is kept first. A JSON document stays whole.
    """
    if len(text) <= FROM_CHARS or _is_document(text):
        return text
    lines = _lines(text.replace("\x00", ""))
    lower = [line.lower() for line in lines]
    near = bytearray(len(lines))
    for at, line in enumerate(lower):
        if any(word in line for word in _OURS):
            first, end = max(0, at - NEAR_LINES), min(len(lines), at + NEAR_LINES + 1)
            near[first:end] = b"\1" * (end - first)
    kept: list[str] = []
    budget = [KEPT_CHARS, KEPT_CHARS]
    for at in reversed(range(len(lines))):
        wanted = near[at] or at >= len(lines) - LAST_LINES or _is_of_interest(lower[at])
        if wanted and budget[near[at]] > 0:
            budget[near[at]] -= len(lines[at])
            kept.append(lines[at])
    return "\n".join(reversed(kept))


def _lines(text: str) -> list[str]:
    """The lines, none of them long; pieces where there are hardly any."""
    if text.count("\n") <= 20:
        return [text[at : at + 10_000] for at in range(0, len(text), 10_000)]
    half = MAX_LINE_CHARS // 2
    return [line if len(line) <= MAX_LINE_CHARS else f"{line[:half]} {line[-half:]}" for line in text.splitlines()]


def _is_of_interest(lower: str) -> bool:
    return any(word in lower for word in _OF_INTEREST) or _STATUS.search(lower) is not None


def _is_document(text: str) -> bool:
    """Whether it is one JSON value, which is no text once it is cut."""
    if text.lstrip()[:1] not in ("{", "["):
        return False
    try:
        json.loads(text, strict=False)
    except (ValueError, RecursionError):
        return False
    return True
