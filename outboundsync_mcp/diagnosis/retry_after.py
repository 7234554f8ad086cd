"""Retry-After in every form a server may state it → whole seconds (RFC 9110 §10.2.3, §5.6.7)."""

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from math import ceil

MAX_SECONDS = 9_999_999_999
"""Ten digits, three centuries: what is longer is no wait but a mistake, and would overflow a date."""

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_MONTH = f"(?P<month>{'|'.join(_MONTHS)})"
_TIME = "(?P<hour>[0-9]{2}):(?P<minute>[0-9]{2}):(?P<second>[0-9]{2})"
_SHORT_DAY = "(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)"
_LONG_DAY = "(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day"
_HTTP_DATES = (
    re.compile(f"{_SHORT_DAY}, (?P<day>[0-9]{{2}}) {_MONTH} (?P<year>[0-9]{{4}}) {_TIME} GMT"),  # IMF-fixdate
    re.compile(f"{_LONG_DAY}, (?P<day>[0-9]{{2}})-{_MONTH}-(?P<year>[0-9]{{2}}) {_TIME} GMT"),  # RFC 850
    re.compile(f"{_SHORT_DAY} {_MONTH} (?P<day>[0-9]{{2}}| [0-9]) {_TIME} (?P<year>[0-9]{{4}})"),  # asctime
)
_DELTA = re.compile(r"(?P<whole>[0-9]{1,10})(?:\.(?P<fraction>[0-9]{1,20}))?")
_THOUSANDS = re.compile(r"[0-9]{1,3}(?:,[0-9]{3})+")
# A proxy may have joined several lines with commas; the comma after a day's name belongs to its date.
_SEPARATOR = re.compile(r"(?<!Mon)(?<!Tue)(?<!Wed)(?<!Thu)(?<!Fri)(?<!Sat)(?<!Sun)(?<!day),")


def parse_retry_after(values: Sequence[str], *, date: str | None, now: datetime) -> int | None:
    """Return the longest valid wait among the header's lines in seconds, rounded up, at least 1.

    `values` holds the value of each Retry-After line, `date` the same response's Date (used as the
    reference of an HTTP date when it is valid), `now` the local time, timezone-aware, used otherwise.
    None when no line states a valid wait: a sign, an exponent, a unit or any other word makes it invalid.
    """
    reference = (parse_http_date(date, now=now) if date is not None else None) or now
    waits = [_seconds(element, reference) for value in values for element in _elements(value)]
    return max((wait for wait in waits if wait is not None), default=None)


def parse_http_date(text: str, *, now: datetime) -> datetime | None:
    """Return any of the three HTTP dates as UTC, or None; `now` settles the century of a two-digit year."""
    text = text.strip(" \t\r\n")
    match = next((match for form in _HTTP_DATES if (match := form.fullmatch(text))), None)
    if match is None:
        return None
    month = _MONTHS.index(match["month"]) + 1
    day, hour, minute, second = (int(match[name]) for name in ("day", "hour", "minute", "second"))
    if second > 60:
        return None
    clock = (month, day, hour, minute, second)
    year = int(match["year"])
    if len(match["year"]) == 2:
        year = _full_year(year, clock, now.astimezone(UTC))
    try:
        # The grammar admits a leap second, datetime does not.
        moment = datetime(year, month, day, hour, minute, min(second, 59), tzinfo=UTC)
        return moment + timedelta(seconds=second == 60)
    except (ValueError, OverflowError):
        return None


def _elements(value: str) -> Iterator[str]:
    """Yield what one line states: one wait, or several that a proxy has joined with commas."""
    value = value.strip(" \t\r\n")
    # "1,000" may be a thousand seconds: read as a list it would wait one second, less than was stated.
    if not _THOUSANDS.fullmatch(value):
        yield from (element.strip(" \t") for element in _SEPARATOR.split(value))


def _seconds(element: str, reference: datetime) -> int | None:
    """Return one element's wait in seconds, at least 1, or None when it is neither form."""
    if delta := _DELTA.fullmatch(element):
        fraction = delta["fraction"] or ""
        seconds = int(delta["whole"]) + bool(fraction.strip("0"))
    elif moment := parse_http_date(element, now=reference):
        seconds = ceil((moment - reference).total_seconds())
    else:
        return None
    return max(seconds, 1) if seconds <= MAX_SECONDS else None


def _full_year(two_digits: int, clock: tuple[int, ...], now: datetime) -> int:
    """Return the latest year with these digits that is not more than 50 years ahead (RFC 9110 §5.6.7)."""
    latest = now.year + 50
    year = latest - (latest - two_digits) % 100
    beyond = year == latest and clock > (now.month, now.day, now.hour, now.minute, now.second)
    return year - 100 if beyond else year
