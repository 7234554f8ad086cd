"""The explicit arguments of `diagnose_error`: taken in any JSON type where they are clear, else noted."""

from datetime import UTC, datetime
from typing import Any

import pytest

from outboundsync_mcp.diagnosis.arguments import as_text, status_of, wait_of

NOW = datetime(2026, 11, 22, 20, 0, tzinfo=UTC)
SOON, DATE = "Sun, 22 Nov 2026 20:00:37 GMT", "Sun, 22 Nov 2026 20:00:30 GMT"
NO_STATUS = ["The given status is not an HTTP status and was ignored."]
NO_WAIT = ["The given retry_after is neither seconds nor an HTTP date and was ignored."]


def test_a_text_is_taken_as_it_is_and_all_else_as_json() -> None:
    nested: list[Any] = []
    nested.append(nested)
    assert as_text(None) == ""
    assert as_text("é\n") == "é\n"
    assert as_text(b"\xc3\xa9\xff") == "é\ufffd"
    assert as_text(bytearray(b"a")) == "a"
    assert as_text({"status": 401, "message": "é"}) == '{"status": 401, "message": "é"}'
    assert as_text([1, None, True]) == "[1, null, true]"
    assert as_text({"at": NOW}) == '{"at": "2026-11-22 20:00:00+00:00"}'
    assert as_text(nested) == "list"
    assert as_text({(1, 2): "a key of no JSON"}) == "dict"


@pytest.mark.parametrize(
    ("given", "status"),
    [
        (100, 100), (401, 401), (594, 594), (429.0, 429), ("401", 401), (" 403 ", 403), ("HTTP 429", 429),
        ("HTTP/1.1 503", 503), ("HTTP/2 502 Bad Gateway", 502), ("status 404", 404), ("Status: 404", 404),
        ("status code 500", 500), ("status_code=500", 500), ("code 429", 429), ("error 403", 403), ("Error: 403", 403),
        ("429 Too Many Requests", 429), ("429.0", 429), ("(401)", 401), ("`401`", 401), ("<500>", 500),
        ("401, " + "x" * 90, 401),
    ],
)  # fmt: skip
def test_a_status_is_taken_from_a_number_or_a_few_words(given: object, status: int) -> None:
    notes: list[str] = []
    assert status_of(given, notes) == status
    assert notes == []


@pytest.mark.parametrize("given", [None, "", "  "])
def test_no_status_is_none_without_a_note(given: object) -> None:
    notes: list[str] = []
    assert status_of(given, notes) is None
    assert notes == []


@pytest.mark.parametrize(
    "given",
    [
        0, 99, 599, 600, 4290, 401.5, float("inf"), float("nan"), True, False, "0", "99", "600", "4290", "40", "401x",
        "x401", "exit 401", "four hundred", "401 " + "x" * 200, "401" + " " * 3 + "x" * 198, -401, "-1401", [401],
        {"status": 401}, b"401",
    ],
)  # fmt: skip
def test_what_is_no_status_is_noted(given: object) -> None:
    notes: list[str] = []
    assert status_of(given, notes) is None
    assert notes == NO_STATUS


@pytest.mark.parametrize(
    ("given", "seconds"),
    [
        (37, 37), (0, 1), (10**10 - 1, 10**10 - 1), (36.2, 37), (0.0, 1), ("37", 37), ("36.2", 37), (" 37 ", 37),
        ("'37'", 37), ('"37"', 37), ("37s", 37), ("37 s", 37), ("37 sec", 37), ("37 secs", 37), ("37 second", 37),
        ("37 Seconds", 37), ("1.5 seconds", 2), ("Retry-After: 37", 37), ("retry-after = 37", 37),
        ("RETRY-AFTER:37s", 37), (SOON, 7), (f"Retry-After: {SOON}", 7), ([12, "37"], 37), (["soon", 5], 5),
        ([SOON], 7), (" " * 400 + "37", 37),
    ],
)  # fmt: skip
def test_a_wait_is_taken_in_any_clear_form(given: object, seconds: int) -> None:
    notes: list[str] = []
    assert wait_of(given, DATE, NOW, notes) == seconds
    assert notes == []


def test_a_date_without_the_responses_own_is_measured_against_now() -> None:
    assert wait_of(SOON, None, NOW, []) == 37
    assert wait_of([SOON], None, NOW, []) == 37


@pytest.mark.parametrize("given", [None, "", " \n"])
def test_no_wait_is_none_without_a_note(given: object) -> None:
    notes: list[str] = []
    assert wait_of(given, None, NOW, notes) is None
    assert notes == []


@pytest.mark.parametrize(
    "given",
    [
        True, False, -1, -0.5, 10**10, 1e10, float("inf"), float("nan"), "-5", "+5", "1e3", "soon", "5 minutes",
        "37 ms", "1 2", "9" * 501, [], [True], [None, {}], ["soon"], {}, {"seconds": 5}, b"37", "Retry-After:",
        "after 37",
    ],
)  # fmt: skip
def test_what_is_no_wait_is_noted(given: object) -> None:
    notes: list[str] = []
    assert wait_of(given, None, NOW, notes) is None
    assert notes == NO_WAIT
