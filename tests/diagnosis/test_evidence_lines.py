"""Facts in words: each line, what goes before it, and what is not said twice."""

from datetime import UTC, datetime, timedelta, timezone
from math import inf, nan
from typing import Any

import pytest

from outboundsync_mcp.diagnosis.evidence import BodyFault, Evidence, Failure, Intermediary, KeyFault
from outboundsync_mcp.diagnosis.facts import duration, evidence_lines, facts_of, iso, moment_after, variants_of

NO_REALM = (
    'The documented header `WWW-Authenticate: Bearer realm="OutboundSync API"` was missing, '
    "so this 401 may not come from the API."
)
NOW = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)


def lines(
    *, source: Any = "live", meaning: str | None = None, wait: int | None = None, documented: bool = False, **facts: Any
) -> list[str]:
    return evidence_lines(Evidence(source=source, **facts), meaning=meaning, wait=wait, documented=documented)


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ({}, []),
        ({"status": 500}, ["The status was 500."]),
        ({"status": 500, "meaning": "Internal server error"}, ["The status was 500 (Internal server error)."]),
        ({"status": 500, "seen": ("GET answered HTTP 500.",)}, ["GET answered HTTP 500."]),
        ({"status": 500, "seen": ("port 5000",)}, ["port 5000", "The status was 500."]),
        ({"documented": True}, ["The message is the documented one."]),
        ({"seen": ("Same.", "", "  ", "same", "Same here.")}, ["Same.", "Same here."]),
        ({"setting_faults": ("a",), "argument_faults": ("b",), "seen": ("c",)}, ["c", "a", "b"]),
        ({"status": 400, "host": "h.com"}, ["The status was 400.", "The request went to `h.com`."]),
        (
            {"failure": Failure.DNS, "host": "h.com"},
            ["The request went to `h.com`.", "The host name was not resolved."],
        ),
        ({"host": "h.com"}, []),
        (
            {"status": 429, "cooling_down": True, "host": "h.com"},
            ["The status was 429.", "No request was sent: an earlier 429 is still in force."],
        ),
        (
            {"status": 400, "seen": ("GET https://H.com/ answered 400",), "host": "h.com"},
            ["GET https://H.com/ answered 400"],
        ),
        ({"api_host": False}, ["That is not the host of the OutboundSync API."]),
        ({"api_host": True}, []),
        ({"vendor": "HubSpot"}, ["It has the marks of HubSpot."]),
        ({"failure": Failure.RESET, "failure_detail": "peer"}, ["The connection was reset.", "peer"]),
        (
            {"failure": Failure.DEADLINE, "timeout_seconds": 15.0},
            ["The whole request took too long.", "The time limit was 15 seconds."],
        ),
        (
            {"failure": Failure.READ_TIMEOUT, "timeout_seconds": 1.0},
            ["No answer came in time.", "The time limit was 1 second."],
        ),
        ({"failure": Failure.CONNECT_TIMEOUT, "timeout_seconds": inf}, ["The connection was not made in time."]),
        ({"failure": Failure.DNS, "timeout_seconds": 15.0}, ["The host name was not resolved."]),
        ({"timeout_seconds": 15.0}, []),
        ({"clock_skew": 60.0}, ["The local clock is 60 seconds ahead of the server's."]),
        ({"clock_skew": -7200.0}, ["The local clock is 2 hours behind the server's."]),
        ({"clock_skew": 59.9}, []),
        ({"clock_skew": -59.9}, []),
        ({"clock_skew": nan}, []),
        ({"clock_skew": inf}, []),
        ({"intermediary": Intermediary.GATEWAY}, ["A gateway or load balancer seems to have answered."]),
        ({"cdn_code": 1020}, ["Cloudflare's own error code is 1020."]),
        ({"location": "https://x/"}, ["The redirect leads to `https://x/`."]),
        ({"body_fault": BodyFault.EMPTY}, ["The body was empty."]),
        ({"body_fault": BodyFault.NOT_JSON, "body_fault_detail": "not JSON at 5"}, ["not JSON at 5"]),
        ({"body_fault": BodyFault.WRONG_SHAPE}, ["The body was JSON, but not the documented one."]),
        (
            {"body_fault": BodyFault.WRONG_SHAPE, "body_fault_detail": "account: missing."},
            ["The body was JSON, but not the documented one: account: missing."],
        ),
        ({"body_fault": None, "body_fault_detail": "x"}, []),
        (
            {"status": 401, "seen": ("401",), "documented_realm": True},
            ["401", 'The header `WWW-Authenticate: Bearer realm="OutboundSync API"` was present, as documented.'],
        ),
        ({"status": 401, "seen": ("401",), "documented_realm": False}, ["401", NO_REALM]),
        ({"status": 401, "seen": ("401",)}, ["401"]),
        ({"status": 403, "seen": ("403",), "documented_realm": True}, ["403"]),
        ({"key_fault": KeyFault.MASKED}, ["The key was masked."]),
        ({"key_fault": KeyFault.MASKED, "key_fault_detail": "X: it is masked"}, ["X: it is masked"]),
        ({"key_vendor": "Smartlead"}, ["The key looks like one of Smartlead."]),
        ({"key_sent": False}, ["No key of the documented form was sent."]),
        ({"key_sent": True}, []),
        ({"key_worked_before": True}, ["The same key worked earlier in this process."]),
        ({"retried": True}, ["This answer came after the documented wait and single retry."]),
        (
            {"status": 429, "seen": ("429",), "own_requests_in_window": 1},
            ["429", "This process sent 1 request in the current 60 seconds."],
        ),
        (
            {"status": 429, "seen": ("429",), "own_requests_in_window": 3},
            ["429", "This process sent 3 requests in the current 60 seconds."],
        ),
        ({"status": 500, "seen": ("500",), "own_requests_in_window": 3}, ["500"]),
        ({"seen": ("Same", "same.", ".same")}, ["Same", ".same"]),
        ({"wait": 9_999_999, "source": "pasted"}, ["The stated wait (Retry-After) is 9999999 seconds."]),
        ({"wait_limit": 45}, ["This call may wait 45 seconds at most, which is less than the wait."]),
        ({"connections": 2}, ["The key sees 2 connections."]),
        (
            {"connections": 1, "connection_scope": "connection"},
            ["The key sees 1 connection; it is scoped to one connection, so seeing only that one is normal."],
        ),
        (
            {"connections": 0, "connection_scope": "account"},
            ["The key sees 0 connections; its connection scope is `account`."],
        ),
        ({"key_name": "Production"}, ["The key's name is `Production`."]),
        ({"wait": 9, "source": "pasted"}, ["The stated wait (Retry-After) is 9 seconds."]),
        ({"wait": 60}, ["No valid Retry-After was stated, so the vendor's example applies: 60 seconds."]),
        ({"wait": 1, "retry_after": 1}, ["The next request may be sent in 1 second."]),
    ],
)
def test_each_fact_is_one_line(facts: dict[str, Any], said: list[str]) -> None:
    assert lines(**facts) == said


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 seconds"),
        (1, "1 second"),
        (1.0, "1 second"),
        (2.54, "2.5 seconds"),
        (119.9, "119.9 seconds"),
        (120, "2 minutes"),
        (150, "2 minutes"),
        (7199, "120 minutes"),
        (7200, "2 hours"),
        (172_799, "48 hours"),
        (172_800, "2 days"),
        (inf, None),
        (nan, None),
    ],
)
def test_a_duration_is_said_in_its_largest_unit_of_which_it_has_two(seconds: float, words: str | None) -> None:
    assert duration(seconds) == words


@pytest.mark.parametrize(
    ("start", "seconds", "end"),
    [
        (NOW, 37, NOW + timedelta(seconds=37)),
        (NOW.replace(microsecond=1), 0, NOW + timedelta(seconds=1)),
        (NOW.replace(tzinfo=None), 0, NOW),
        (NOW.astimezone(timezone(timedelta(hours=9))), 1, NOW + timedelta(seconds=1)),
        (NOW, 10**12, datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)),
        (datetime.min.replace(tzinfo=timezone(timedelta(hours=9))), 1, datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)),
    ],
)
def test_a_moment_is_a_whole_second_in_utc_and_never_too_early(start: datetime, seconds: int, end: datetime) -> None:
    moment = moment_after(start, seconds)
    assert (moment, moment.tzinfo, moment.microsecond) == (end, UTC, 0)


def test_a_moment_is_written_with_z_and_four_digits_of_year() -> None:
    assert iso(NOW) == "2026-03-01T12:00:00Z"
    assert iso(NOW.replace(year=1000)) == "1000-03-01T12:00:00Z"
    assert iso(NOW.replace(year=999)) == "0999-03-01T12:00:00Z"


def test_the_facts_that_fill_the_catalog_are_those_that_are_known() -> None:
    assert facts_of(Evidence(source="live"), wait=None, until=None) == {}
    evidence = Evidence(
        source="live",
        status=429,
        host="app.outboundsync.com",
        vendor="HubSpot",
        key_vendor="Smartlead",
        clock_skew=-7200.0,
        own_requests_in_window=1,
        timeout_seconds=2.5,
        setting_faults=("a", "b"),
        argument_faults=("c", "d"),
    )
    assert facts_of(evidence, wait=37, until="2026-03-01T12:00:37Z") == {
        "argument_faults": "c d",
        "base_host": "app.outboundsync.com",
        "clock_skew": "2 hours",
        "key_vendor": "Smartlead",
        "own_requests": "1 request",
        "retry_after_seconds": "37",
        "retry_at": "2026-03-01T12:00:37Z",
        "setting_faults": "a b",
        "status": "429",
        "timeout": "2.5 seconds",
        "vendor": "HubSpot",
        "wait": "37 seconds",
    }


@pytest.mark.parametrize("host", ["a b.com", "`id`", "-x.com", "x.com-", "$(x).com", "ü.com", "x.com/", "", "a" * 254])
def test_a_host_that_is_no_plain_name_goes_into_no_command(host: str) -> None:
    assert "base_host" not in facts_of(Evidence(source="live", host=host), wait=None, until=None)


@pytest.mark.parametrize(
    ("source", "wait", "left", "step", "later"),
    [
        ("live", None, None, "live", "live"),
        ("live", 120, 120, "live", "live_stated"),
        ("live", 121, 121, "live_long", "live_stated"),
        ("pasted", None, None, "pasted_unstated", "pasted"),
        ("pasted", 9, 1, "pasted", "pasted_stated"),
        ("pasted", 9, 0, "pasted_over", "pasted_over"),
        ("pasted", 9, -1, "pasted_over", "pasted_over"),
    ],
)
def test_the_phrases_fit_the_source_and_the_wait(
    source: Any, wait: int | None, left: int | None, step: str, later: str
) -> None:
    until = None if left is None else NOW + timedelta(seconds=left)
    chosen = variants_of(Evidence(source=source, key_source="x"), wait=wait, until=until, now=NOW)
    place = "pasted" if source == "pasted" else "file"
    assert chosen == {
        "again": source,
        "key_place": place,
        "restart": place,
        "not_sent": source,
        "wait_step": step,
        "later": later,
    }


def test_a_key_in_the_variable_is_mended_there() -> None:
    chosen = variants_of(Evidence(source="live"), wait=None, until=None, now=NOW)
    assert (chosen["key_place"], chosen["restart"]) == ("variable", "variable")
