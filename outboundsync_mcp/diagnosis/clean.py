"""Server text made safe to show: no control, invisible or bidirectional characters, no HTML, bounded."""

import re
import unicodedata
from collections.abc import Callable, Sequence
from typing import Any, cast

MESSAGE_LIMIT = 500
_LONGEST_READ = 4_000
"""Characters of a text that are looked at; what is shown is cut from them last."""
_PAGE = re.compile(r"\s*<(?:!doctype|html|head|body|\?xml)\b", re.IGNORECASE)
_TAG = re.compile(r"<[/!?a-zA-Z][^<>]*>")
_OPENING = re.compile(r"<(?=[/!?a-zA-Z])")
_ASCII = {code: " " if chr(code).isspace() else None for code in (*range(0x20), 0x7F)}
"""What becomes of the control characters of ASCII."""
_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})
# Default_Ignorable_Code_Point beyond those categories (Unicode, DerivedCoreProperties.txt), and the blank Braille cell.
_IGNORABLE = frozenset(
    "\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0"
    + "".join(map(chr, (*range(0x180B, 0x1810), *range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0))))
)


def clean(text: str, limit: int = MESSAGE_LIMIT) -> str:
    """One line without control, format, private or unassigned characters, at most `limit` characters."""
    head = text[: limit * 8]
    if head.isascii():
        kept = head if head.isprintable() else head.translate(_ASCII)
    else:
        kept = "".join(" " if char.isspace() else char for char in head if char.isspace() or not _hidden(char))
    return _cut(" ".join(kept.split()), limit, whole=len(head) == len(text))


def _cut(line: str, limit: int, *, whole: bool = True) -> str:
    return line if len(line) <= limit and whole else line[: limit - 1] + "…"


def _hidden(char: str) -> bool:
    return not " " <= char <= "~" and (unicodedata.category(char) in _INVISIBLE or char in _IGNORABLE)


def is_html(text: str) -> bool:
    """Whether the text is a page of markup rather than words or JSON."""
    return bool(_PAGE.match(text.removeprefix("\ufeff")))


def clean_message(value: object, hide: Callable[[str], str] = str) -> str | None:
    """What a server said, from a body's `message`: a string, or a list joined by "; ". None when it says nothing.

    Pages are dropped, tags are stripped, and a tag that never ends loses its bracket: a message is never HTML.
    `hide` takes secrets out before the text is cut to 500 characters.
    """
    if isinstance(value, list | tuple):
        items: Sequence[object] = cast("Any", value)[:50]
        return _cut("; ".join(part for item in items if (part := clean_message(item, hide))), MESSAGE_LIMIT) or None
    if not isinstance(value, str):
        return None
    text = clean(value, _LONGEST_READ)
    if is_html(text):
        return None
    while (stripped := _TAG.sub(" ", text)) != text:
        text = stripped
    text = _OPENING.sub("‹", text)
    return _cut(" ".join(hide(text).split()), MESSAGE_LIMIT) or None
