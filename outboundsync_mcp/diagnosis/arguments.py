"""Take the explicit arguments of `diagnose_error`, which may be of any JSON type: what cannot be read is noted."""

import json
import math
import re
from datetime import datetime
from typing import cast

from outboundsync_mcp.diagnosis.patterns import MADE_UP_STATUSES
from outboundsync_mcp.diagnosis.retry_after import parse_retry_after


def as_text(value: object) -> str:
    """A text, whatever it came as: JSON of what arrived decoded."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, bytes | bytearray):
        return bytes(value).decode("utf-8", "replace")
    try:
        return json.dumps(value, ensure_ascii=False, default=str)
    except (ValueError, TypeError, RecursionError):
        return str(type(value).__name__)


def status_of(status: object, notes: list[str]) -> int | None:
    """The HTTP status, from 100 to 599, that a number or a few words state."""
    if status is None or (isinstance(status, str) and not status.strip()):
        return None
    number: int | None = None
    if isinstance(status, int | float) and not isinstance(status, bool):
        if math.isfinite(status) and status == int(status):
            number = int(status)
    elif isinstance(status, str) and len(status) <= 200:
        match = re.fullmatch(
            r"(?i)\W{0,3}(?:HTTP(?:/[\d.]{1,3})?|status|code"
            r"|error)?(?:[ _-]?code)?\W{0,3}(\d{3})(?:\.0)?(?:\W.{0,100})?",
            status.strip(),
        )
        number = int(match[1]) if match else None
    if number is not None and 100 <= number <= 599 and number not in MADE_UP_STATUSES:
        return number
    notes.append("The given status is not an HTTP status and was ignored.")
    return None


def wait_of(value: object, date: str | None, now: datetime, notes: list[str]) -> int | None:
    """Seconds to wait, at least 1. A date is measured against `date`, the response's own, or else `now` (UTC)."""
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    words: str | None = None
    if isinstance(value, bool):
        words = None
    elif isinstance(value, int):
        words = str(value) if 0 <= value < 10**10 else None
    elif isinstance(value, float):
        words = f"{value:.6f}" if math.isfinite(value) and 0 <= value < 10**10 else None
    elif isinstance(value, str) and len(value) <= 500:
        words = re.sub(r"(?i)^\s*retry-after\s*[:=]\s*", "", value).strip(" \t\r\n\"'")
        unit = re.fullmatch(r"(?i)(\d{1,10}(?:\.\d{1,6})?)\s?(?:s|secs?|seconds?)", words)
        words = unit[1] if unit else words
    elif isinstance(value, list):
        items = [
            str(item)
            for item in cast("list[object]", value)
            if isinstance(item, str | int) and not isinstance(item, bool)
        ]
        wait = parse_retry_after(items, date=date, now=now)
        if wait is not None:
            return wait
    wait = parse_retry_after([words], date=date, now=now) if words is not None else None
    if wait is None:
        notes.append("The given retry_after is neither seconds nor an HTTP date and was ignored.")
    return wait
