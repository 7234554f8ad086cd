"""Server text made safe to show: no control, invisible or bidirectional characters, no HTML, bounded."""

import re
import unicodedata

MESSAGE_LIMIT = 500
_PAGE = re.compile(r"\s*<(?:!doctype|html|head|body|\?xml)\b", re.IGNORECASE)
_TAG = re.compile(r"</?[a-zA-Z!][^<>]{0,300}>")
_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})


def clean(text: str, limit: int = MESSAGE_LIMIT) -> str:
    """One line without control, format, private or unassigned characters, at most `limit` characters."""
    head = text[: limit * 8]
    kept = "".join(" " if char.isspace() else char for char in head if char.isspace() or not _hidden(char))
    line = " ".join(kept.split())
    return line if len(line) <= limit and len(head) == len(text) else line[: limit - 1] + "…"


def _hidden(char: str) -> bool:
    return not " " <= char <= "~" and unicodedata.category(char) in _INVISIBLE


def is_html(text: str) -> bool:
    """Whether the text is a page of markup rather than words or JSON."""
    return bool(_PAGE.match(text.removeprefix("\ufeff")))


def clean_message(value: object) -> str | None:
    """What a server said, from a body's `message`: a string, or a list joined by "; ". None when it says nothing.

    Pages are dropped and stray tags are stripped: a message is never HTML.
    """
    if isinstance(value, list | tuple):
        parts = [part for item in value[:50] if (part := clean_message(item))]  # pyright: ignore[reportUnknownVariableType]
        return clean("; ".join(parts)) or None
    if not isinstance(value, str) or is_html(value[:2000]):
        return None
    return clean(_TAG.sub(" ", value[: MESSAGE_LIMIT * 8])) or None
