from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from math import ceil

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from outboundsync_mcp.diagnosis.retry_after import MAX_SECONDS, parse_http_date, parse_retry_after

repeatable = settings(deadline=None, derandomize=True)

NOW = datetime(2026, 11, 22, 12, 0, 0, tzinfo=UTC)
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def imf(moment: datetime) -> str:
    day = WEEKDAYS[moment.weekday()][:3]
    return f"{day}, {moment.day:02} {MONTHS[moment.month - 1]} {moment.year:04} {moment:%H:%M:%S} GMT"


def rfc850(moment: datetime) -> str:
    day = WEEKDAYS[moment.weekday()]
    return f"{day}, {moment.day:02}-{MONTHS[moment.month - 1]}-{moment.year % 100:02} {moment:%H:%M:%S} GMT"


def asctime(moment: datetime) -> str:
    day = WEEKDAYS[moment.weekday()][:3]
    return f"{day} {MONTHS[moment.month - 1]} {moment.day:2} {moment:%H:%M:%S} {moment.year:04}"


Form = Callable[[datetime], str]
FORMS: tuple[Form, ...] = (imf, rfc850, asctime)


def parse(*values: str, date: str | None = None, now: datetime = NOW) -> int | None:
    return parse_retry_after(values, date=date, now=now)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("37", 37),
        ("  37\t", 37),
        ("0037", 37),
        ("1.5", 2),
        ("37.0", 37),
        ("37.000000000000000001", 38),
        ("9999999999", MAX_SECONDS),
        ("86400", 86400),
    ],
)
def test_delta_seconds_are_read_and_a_fraction_is_rounded_up(value: str, seconds: int) -> None:
    assert parse(value) == seconds


@pytest.mark.parametrize("value", ["0", "0.0", "0.001", "00", "Sun, 22 Nov 2026 11:59:59 GMT", imf(NOW)])
def test_zero_or_past_waits_one_second(value: str) -> None:
    assert parse(value) == 1


@pytest.mark.parametrize(
    "value",
    [
        "",
        " ",
        "-1",
        "+37",
        "1e3",
        "1E3",
        "0x25",
        "1_000",
        "inf",
        "nan",
        "NaN",
        "Infinity",
        "37s",
        "37 seconds",
        "37 40",
        "37.",
        ".5",
        "1.2.3",
        "PT37S",
        "soon",
        "37;",
        '"37"',
        "３７",
        "٣٧",
        "3²",
        "37\u200b",
        "9" * 5000,
        "99999999999",
        "0" * 5000 + "1",
        "1." + "0" * 5000,
        "1,000",
        "12,345,678",
        "tomorrow",
        "Sun, 32 Nov 2026 12:00:00 GMT",
        "Mon, 30 Feb 2026 12:00:00 GMT",
        "Sun, 22 Nov 2026 24:00:00 GMT",
        "Sun, 22 Nov 2026 12:60:00 GMT",
        "Sun, 22 Nov 2026 12:00:61 GMT",
        "Sun, 22 Nov 0000 12:00:00 GMT",
        "Sun, 22 Nov 2026 12:01:00",
        "Sun, 22 Nov 2026 12:01:00 +0200",
        "Sun, 22 Nov 2026 12:01:00 PST",
        "Sun, 2 Nov 2026 12:01:00 GMT",
        "sun, 22 nov 2026 12:01:00 gmt",
        "Xyz, 22 Nov 2026 12:01:00 GMT",
        "2026-11-22T12:01:00Z",
        "1795348860.5 GMT",
        "Sun, 22 Nov 20２6 12:01:00 GMT",
        "Fri, 31 Dec 9999 23:59:59 GMT",
    ],
)
def test_what_is_neither_seconds_nor_an_http_date_is_no_wait(value: str) -> None:
    assert parse(value) is None


def test_no_line_is_no_wait() -> None:
    assert parse() is None


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("seconds", [1, 37, 3600, 7 * 86400])
def test_each_http_date_is_measured_against_the_date_of_the_response(form: Form, seconds: int) -> None:
    sent = datetime(2026, 11, 1, 9, 5, 7, tzinfo=UTC)  # three weeks before the local clock
    assert parse(form(sent + timedelta(seconds=seconds)), date=imf(sent)) == seconds


@pytest.mark.parametrize("form", FORMS)
def test_the_date_of_the_response_may_have_any_of_the_three_forms(form: Form) -> None:
    assert parse(imf(NOW), date=form(NOW - timedelta(seconds=90))) == 90


@pytest.mark.parametrize("date", [None, "", "yesterday", "Mon, 30 Feb 2026 12:00:00 GMT"])
def test_an_http_date_is_measured_against_the_local_clock_when_the_response_has_no_valid_date(date: str | None) -> None:
    assert parse(imf(NOW + timedelta(seconds=37)), date=date) == 37


def test_a_local_clock_between_two_seconds_never_shortens_the_wait() -> None:
    now = NOW + timedelta(milliseconds=1)
    assert parse(imf(NOW + timedelta(seconds=37)), now=now) == 37


def test_a_local_clock_in_another_zone_is_the_same_moment() -> None:
    now = NOW.astimezone(timezone(timedelta(hours=-8)))
    assert parse(rfc850(NOW + timedelta(seconds=37)), now=now) == 37


def test_seconds_do_not_depend_on_any_date() -> None:
    assert parse("37", date="Thu, 01 Jan 1970 00:00:00 GMT") == 37


def test_a_leap_second_is_the_second_after_59() -> None:
    assert parse("Thu, 31 Dec 2026 23:59:60 GMT", date="Thu, 31 Dec 2026 23:59:59 GMT") == 1
    assert parse("Thu, 31 Dec 2026 23:59:60 GMT", date="Thu, 31 Dec 2026 23:59:00 GMT") == 60
    assert parse("Fri, 31 Dec 9999 23:59:60 GMT") is None


def test_a_wrong_day_of_the_week_does_not_hide_the_stated_moment() -> None:
    assert parse("Mon, 22 Nov 2026 12:00:37 GMT") == 37


@pytest.mark.parametrize(
    ("lines", "seconds"),
    [
        (("37", "40"), 40),
        (("40", "37"), 40),
        (("37", "soon"), 37),
        (("-5", "1e9", "2"), 2),
        (("30", imf(NOW + timedelta(seconds=90))), 90),
        (("0", "0"), 1),
    ],
)
def test_the_longest_valid_line_wins(lines: tuple[str, ...], seconds: int) -> None:
    assert parse(*lines) == seconds


@pytest.mark.parametrize(
    ("line", "seconds"),
    [
        ("37, 40", 40),
        ("40,37", 40),
        ("37, soon", 37),
        (", 37,", 37),
        (f"30, {imf(NOW + timedelta(seconds=90))}", 90),
        (f"{imf(NOW + timedelta(seconds=90))}, {rfc850(NOW + timedelta(seconds=95))},30", 95),
        (f"{asctime(NOW + timedelta(seconds=90))}, 30", 90),
        ("soon, later", None),
    ],
)
def test_lines_that_a_proxy_joined_with_commas_are_told_apart(line: str, seconds: int | None) -> None:
    assert parse(line) == seconds


@pytest.mark.parametrize(
    ("digits", "year"),
    [("26", 2026), ("27", 2027), ("75", 2075), ("77", 1977), ("94", 1994), ("00", 2000), ("99", 1999)],
)
def test_a_two_digit_year_is_at_most_fifty_years_ahead(digits: str, year: int) -> None:
    moment = parse_http_date(f"Sunday, 06-Nov-{digits} 08:49:37 GMT", now=NOW)
    assert moment == datetime(year, 11, 6, 8, 49, 37, tzinfo=UTC)


def test_a_two_digit_year_exactly_fifty_years_ahead_is_split_at_the_very_second() -> None:
    assert parse_http_date("Sunday, 22-Nov-76 12:00:00 GMT", now=NOW) == datetime(2076, 11, 22, 12, tzinfo=UTC)
    assert parse_http_date("Sunday, 22-Nov-76 12:00:01 GMT", now=NOW) == datetime(1976, 11, 22, 12, 0, 1, tzinfo=UTC)


def test_a_two_digit_year_is_read_on_the_far_side_of_a_century() -> None:
    now = datetime(2099, 12, 31, 23, 59, 30, tzinfo=UTC)
    assert parse("Friday, 01-Jan-00 00:00:30 GMT", now=now) == 60


def test_the_29th_of_february_is_read_in_a_leap_year_alone() -> None:
    now = datetime(2028, 2, 29, 0, 0, 0, tzinfo=UTC)
    assert parse("Tuesday, 29-Feb-28 00:00:37 GMT", now=now) == 37
    assert parse("Tuesday, 29-Feb-27 00:00:37 GMT", now=now) is None


@repeatable
@given(values=st.lists(st.text()), date=st.none() | st.text())
@example(values=["9" * 100_000], date="9" * 100_000)
@example(values=["," * 100_000], date=None)
@example(values=["Mon," * 50_000], date=None)
@example(values=[" " * 100_000 + "x"], date=None)
def test_whatever_a_server_sends_the_answer_is_a_wait_or_none(values: list[str], date: str | None) -> None:
    seconds = parse(*values, date=date)
    assert seconds is None or 1 <= seconds <= MAX_SECONDS


@repeatable
@given(st.from_regex(r"[0-9]{1,9}(\.[0-9]{1,20})?", fullmatch=True))
def test_a_stated_number_is_rounded_up_and_not_beyond(value: str) -> None:
    assert parse(value) == max(1, ceil(Decimal(value)))


@repeatable
@given(
    sent=st.datetimes(datetime(1970, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC)),
    seconds=st.integers(-(10**8), 10**8),
    form=st.sampled_from(FORMS),
)
def test_a_stated_moment_is_never_missed(sent: datetime, seconds: int, form: Form) -> None:
    sent = sent.replace(microsecond=0)
    wait = parse(form(sent + timedelta(seconds=seconds)), date=imf(sent), now=sent)
    assert wait == max(1, seconds)


@repeatable
@given(lines=st.lists(st.sampled_from(["5", "37", "4.2", "soon", "", "-1", imf(NOW + timedelta(seconds=90))])))
def test_lines_and_their_comma_joined_form_state_the_same_wait(lines: list[str]) -> None:
    assert parse(*lines) == parse(", ".join(lines))
