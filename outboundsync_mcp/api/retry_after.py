"""How long a 429 asks us to wait: its Retry-After, else the fallback of the vendor's own example."""

from collections.abc import Sequence
from datetime import datetime

from outboundsync_mcp.diagnosis.retry_after import parse_retry_after

__all__ = ["DEFAULT_RETRY_AFTER_SECONDS", "parse_retry_after", "seconds_to_wait"]

DEFAULT_RETRY_AFTER_SECONDS = 60
"""The vendor's fixed window, and its example's wait when the header is missing or invalid."""


def seconds_to_wait(values: Sequence[str], *, date: str | None, now: datetime) -> int:
    """Return the seconds that a 429 with these Retry-After lines asks for: at least 1, jitter not included.

    Arguments as for `parse_retry_after`.
    """
    stated = parse_retry_after(values, date=date, now=now)
    return DEFAULT_RETRY_AFTER_SECONDS if stated is None else stated
