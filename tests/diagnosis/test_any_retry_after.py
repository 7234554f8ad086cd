"""Retry-After against an oracle that shares nothing with the parser: what a wait was written from, and `strptime`."""

from datetime import UTC, datetime, timedelta
from decimal import ROUND_CEILING, Decimal

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from outboundsync_mcp.diagnosis.retry_after import MAX_SECONDS, parse_http_date, parse_retry_after
from tests.diagnosis.test_retry_after import FORMS, Form

repeatable = settings(deadline=None, derandomize=True, max_examples=150)

LOCAL = datetime(2026, 11, 22, 12, 0, 0, tzinfo=UTC)
INVALID = [
    "-5",
    "+5",
    "1e3",
    "0x10",
    "５",
    "5s",
    "soon",
    "",
    "9" * 11,
    "1.2.3",
    "5 6",
    "Sun, 22 Nov 2026",
    "NaN",
    ".5",
    "X5",
    "5X",
    "\v5",
    "5\f",
]
PATTERNS = ("%a, %d %b %Y %H:%M:%S GMT", "%A, %d-%b-%y %H:%M:%S GMT", "%a %b %d %H:%M:%S %Y")

moments = st.datetimes(datetime(1990, 1, 1), datetime(2075, 1, 1), timezones=st.just(UTC)).map(
    lambda moment: moment.replace(microsecond=0)
)
Stated = tuple[str, int | None]
"""A value, and the seconds that it states."""


def of_seconds(seconds: int, fraction: str) -> Stated:
    return f"{seconds}{fraction}", max(1, seconds + bool(fraction.strip(".0")))


def of_moment(reference: datetime, ahead: int, form: Form) -> Stated:
    return form(reference + timedelta(seconds=ahead)), max(1, ahead)


def values_from(reference: datetime) -> st.SearchStrategy[Stated]:
    return (
        st.builds(of_seconds, st.integers(0, 10**6), st.sampled_from(["", ".0", ".5", ".000001"]))
        | st.builds(of_moment, st.just(reference), st.integers(-(10**6), 10**8), st.sampled_from(FORMS))
        | st.sampled_from(INVALID).map(lambda value: (value, None))
    )


@repeatable
@given(
    st.data(),
    moments,
    st.sampled_from([*FORMS, None]),
    st.sampled_from(["", "tomorrow", "Sun, 32 Nov 2026 12:00:00 GMT"]),
)
def test_the_longest_valid_wait_of_all_lines_counts_from_the_responses_own_date(
    data: st.DataObject, sent: datetime, dated: Form | None, invalid_date: str
) -> None:
    # Without a valid Date, the local clock is the reference.
    reference = sent if dated else LOCAL
    stated = data.draw(st.lists(values_from(reference), max_size=5))
    lines: list[str] = []
    for value, _ in stated:
        padded = data.draw(st.sampled_from(["", " ", "\t"])) + value + data.draw(st.sampled_from(["", "  "]))
        joins = bool(lines) and data.draw(st.booleans())
        lines = [*lines[:-1], f"{lines[-1]}, {padded}"] if joins else [*lines, padded]
    waits = [seconds for _, seconds in stated if seconds is not None]
    found = parse_retry_after(lines, date=dated(sent) if dated else invalid_date, now=LOCAL)
    assert found == (max(waits) if waits else None)


@repeatable
@given(moments, st.sampled_from(FORMS), st.data())
def test_a_damaged_date_is_none_unless_the_damage_made_another_date(
    moment: datetime, form: Form, data: st.DataObject
) -> None:
    text = form(moment)
    at = data.draw(st.integers(0, len(text)))
    damaged = text[:at] + data.draw(st.sampled_from(["", " ", "0", "9", "a", "J", "-", ":", "²"])) + text[at + 1 :]
    assume(":60" not in damaged)  # a leap second, which strptime does not know
    assert parse_http_date(damaged, now=LOCAL) == by_strptime(damaged.strip())


def by_strptime(text: str) -> datetime | None:
    """The moment, if one of the three formats writes it just like that; the day of the week may be any."""
    day, _, rest = text.partition(" ")
    for pattern, form in zip(PATTERNS, FORMS, strict=True):
        try:
            moment = datetime.strptime(f"{day} {rest}", pattern).replace(tzinfo=UTC)
        except ValueError:
            continue
        # The grammar of asctime's date has two digits as well: "Jan 01".
        written = {form(moment), form(moment).replace("  ", " 0")}
        if day[:1].isupper() and rest in {variant.partition(" ")[2] for variant in written}:
            return moment if form is not FORMS[1] else within_fifty_years(moment)
    return None


def within_fifty_years(moment: datetime) -> datetime:
    """The same digits in the latest century that is not more than 50 years ahead (RFC 9110 §5.6.7)."""
    centuries = [moment.replace(year=year) for year in range(moment.year % 100 + 1800, 2200, 100)]
    return max(found for found in centuries if found <= LOCAL.replace(year=LOCAL.year + 50))


@repeatable
@given(st.text("0123456789. ,-+eE", max_size=14))
def test_what_is_no_plain_number_states_no_wait(text: str) -> None:
    assume("," not in text)
    value = text.strip(" \t\r\n")
    whole, point, fraction = value.partition(".")
    plain = whole.isdigit() and len(whole) <= 10 and (not point or fraction.isdigit())
    seconds = max(1, int(Decimal(value).to_integral_value(ROUND_CEILING))) if plain else None
    assert parse_retry_after([text], date=None, now=LOCAL) == (
        seconds if seconds is None or seconds <= MAX_SECONDS else None
    )
