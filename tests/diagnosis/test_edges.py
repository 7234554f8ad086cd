"""Where one rule ends and the next begins: lengths, moments, statuses and words at the edge of a reading."""

from base64 import b64encode
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from outboundsync_mcp.diagnosis.clean import MESSAGE_LIMIT, clean, clean_message, is_html
from outboundsync_mcp.diagnosis.diagnose import (
    CLOCK_SKEW_SECONDS,
    OWN_QUOTA_REQUESTS,
    diagnose,
    situation_of,
)
from outboundsync_mcp.diagnosis.evidence import BodyFault, Evidence, Failure, Intermediary, KeyFault
from outboundsync_mcp.diagnosis.key_form import MAX_SECRET_CHARS, check_key, looks_like_a_key

NOW = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)


# Cleaning


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("12345", "12345"),
        ("123456", "1234…"),
        ("1234 ", "1234"),
        ("1   5", "1 5"),
        (" " * 40, ""),
        ("\x00" * 40 + "x", "…"),  # what was not looked at is not said to be nothing
        ("12" + " " * 60 + "5", "12…"),
        ("é" * 6, "éééé…"),
        ("a\u2003b\u0085c", "a b c"),
        ("a\x7fb~ c", "ab~ c"),
    ],
)
def test_a_line_is_cut_at_its_limit_and_says_that_it_was(text: str, shown: str) -> None:
    assert clean(text, 5) == shown


def test_a_message_is_cut_at_500_characters_of_which_the_last_says_so() -> None:
    assert clean_message("x" * MESSAGE_LIMIT) == "x" * MESSAGE_LIMIT
    assert clean_message("x" * (MESSAGE_LIMIT + 1)) == "x" * (MESSAGE_LIMIT - 1) + "…"


def test_of_a_list_fifty_parts_are_read() -> None:
    assert clean_message([str(number % 10) for number in range(60)]) == "; ".join(str(n % 10) for n in range(50))


def test_a_secret_in_a_list_is_taken_out_of_every_part() -> None:
    assert clean_message(["SECRET", ["my SECRET"]], lambda words: words.replace("SECRET", "…")) == "…; my …"


@pytest.mark.parametrize(
    ("text", "page"),
    [("<html>", True), ("\ufeff<!DOCTYPE html>", True), ("  <HEAD>", True), ("<p>", False), ("a <html>", False)],
)
def test_a_page_begins_like_one(text: str, page: bool) -> None:
    assert is_html(text) is page


@pytest.mark.parametrize("text", ["osapi_x", "my OSAPI_KEY", "sk-ant-REDACTED"])
def test_the_prefix_in_any_case_or_another_vendors_mark_looks_like_a_key(text: str) -> None:
    assert looks_like_a_key(text)


TOO_LONG = (
    f"The value has more than {MAX_SECRET_CHARS} characters after `osapi_`: "
    "this server takes it for a key with something else pasted along."
)
OSAPI = "osapi_T3stN0tARealK3y4Anything"


@pytest.mark.parametrize(
    ("raw", "detail"),
    [
        ("", "The value is empty."),
        (" \n", "The value is empty."),
        ("Bearer", 'The value has the word "Bearer" and nothing after it.'),
        (OSAPI + OSAPI, "The value has `osapi_` twice, as if the key was pasted twice."),
        ("OSAPI_12345678", "The value begins with `osapi_` in the wrong case: a key begins with it in small letters."),
        ("my-" + OSAPI, "The value has something in front of `osapi_`: a key begins with it."),
        ("T3stN0tARealK3y4Anything", "The value does not begin with `osapi_`, as every OutboundSync API key does."),
        ("osapi_1234567", "The value has fewer than 8 characters after `osapi_`: this server takes it for cut off."),
        ("osapi_" + "a1" * MAX_SECRET_CHARS, TOO_LONG),
        ("x=Bearer", "The value is a whole NAME=value line: only the part after the name belongs there."),
        ("name: Bearer abc", "The value is a whole NAME=value line: only the part after the name belongs there."),
    ],
)
def test_what_is_wrong_with_a_key_is_one_whole_sentence(raw: str, detail: str) -> None:
    assert check_key(raw).detail == detail


@pytest.mark.parametrize("length", range(8, 20))
def test_an_instantly_key_is_known_with_its_padding_and_without(length: int) -> None:
    key = b64encode(f"0f8b4c1e-2d3a-4b5c-8d7e-9f0a1b2c3d4e:{'A' * length}".encode()).decode()
    assert check_key(key).vendor == check_key(key.rstrip("=")).vendor == "Instantly"
    assert check_key("A" * len(key)).vendor is None


def test_a_byte_that_is_not_utf_8_is_told_by_its_number() -> None:
    for byte in (0x80, 0xFF):
        detail = check_key(OSAPI + chr(0xDC00 + byte) + "x").detail or ""
        assert f"a byte that is not UTF-8 (0x{byte:02X})" in detail


# Diagnosing


@pytest.mark.parametrize(
    ("source", "facts", "seconds"),
    [
        ("pasted", {"status": 401, "retry_after": 9}, 9),
        ("live", {"status": 401, "retry_after": 9}, None),
        ("pasted", {"status": 200, "connections": 1, "retry_after": 9}, None),
        ("live", {"status": 500, "retry_after": 9}, 9),
        ("live", {"status": 429, "retry_after": 0}, 1),
        ("live", {"status": 429}, 60),
        ("pasted", {"status": 429}, None),
    ],
)
def test_a_wait_is_told_to_who_may_retry_and_of_a_paste_as_a_fact(
    source: Any, facts: dict[str, Any], seconds: int | None
) -> None:
    assert diagnose(Evidence(source=source, **facts), now=NOW).retry_after_seconds == seconds


def test_a_pasted_wait_is_over_when_its_last_second_is() -> None:
    def is_over(ago: float) -> bool:
        sent = NOW - timedelta(seconds=ago)
        evidence = Evidence(source="pasted", status=429, retry_after=30, observed_at=sent)
        return diagnose(evidence, now=NOW).remediation[0].startswith("Retry once now")

    assert [is_over(ago) for ago in (900, 30, 29.5, 29)] == [True, True, False, False]


@pytest.mark.parametrize(
    ("facts", "situation"),
    [
        # The key's form explains what has no answer, and no answer that came.
        ({"status": None, "key_fault": KeyFault.NO_PREFIX}, "key_no_prefix"),
        ({"status": None, "setting_faults": ("x",), "failure": Failure.DNS}, "failure_dns"),
        ({"status": 500, "setting_faults": ("x",)}, "server_error"),
        ({"setting_faults": ("x",)}, "bad_setting"),
        ({"status": 200, "connections": 1, "key_fault": KeyFault.QUOTED}, "ok"),
        ({"status": 201, "connections": 1}, "success_odd"),
        # A failure after a success's head is a failure, after any other status it is not.
        ({"status": 299, "failure": Failure.DEADLINE}, "failure_deadline"),
        ({"status": 300, "failure": Failure.DEADLINE}, "unexpected_redirect"),
        # 403: words of its own, and words that only repeat the status.
        ({"status": 403, "message": " Forbidden. ", "api_host": True, "json_body": True}, "api_access_bare"),
        ({"status": 403, "message": "", "api_host": True}, "api_access_bare"),
        ({"status": 403, "message": ".", "api_host": True, "json_body": True}, "api_access_bare"),
        ({"status": 403, "message": "X forbidden", "api_host": True, "json_body": True}, "forbidden_permission"),
        ({"status": 403, "message": "forbiddenX", "api_host": True, "json_body": True}, "forbidden_permission"),
        ({"status": 403, "headers": {"cf-mitigated": " Challenge "}}, "cloudflare_challenge"),
        ({"status": 403, "intermediary": Intermediary.CLOUDFLARE, "message": "JUST A  moment"}, "cloudflare_challenge"),
        ({"status": 403, "intermediary": Intermediary.FIREWALL}, "forbidden_firewall"),
        ({"status": 403, "intermediary": Intermediary.GATEWAY}, "forbidden_gateway"),
        # Redirects
        (
            {"status": 302, "host": "app.outboundsync.com", "location": "https://outboundsync.com/login"},
            "unexpected_redirect",
        ),
        (
            {"status": 302, "host": "app.outboundsync.com", "location": "https://x.outboundsync.com/"},
            "unexpected_redirect",
        ),
        ({"status": 302, "host": "app.outboundsync.com", "location": "https://other.com/"}, "redirect_portal"),
        ({"status": 302, "host": "OUTBOUNDSYNC.com:443", "location": "https://other.com/"}, "redirect_portal"),
        ({"status": 302, "host": "my.org", "location": "https://other.com/"}, "unexpected_redirect"),
        ({"status": 302, "host": "my.org", "location": "https://my.org/login"}, "unexpected_redirect"),
        ({"status": 302, "host": "my.org", "location": "https://other.com/Login"}, "redirect_portal"),
        ({"status": 302, "host": "my.org", "location": "https://login.other.com/"}, "redirect_portal"),
        ({"status": 302, "host": "my.org", "location": "http://10.0.0.1/"}, "redirect_portal"),
        ({"status": 302, "host": "my.org", "location": "http://8.8.8.8/"}, "unexpected_redirect"),
        ({"status": 302, "host": "[", "location": "https://other.com/"}, "unexpected_redirect"),
        ({"status": 302, "location": "https://[/"}, "unexpected_redirect"),
        ({"status": 302, "location": None}, "unexpected_redirect"),
        # The local clock
        ({"failure": Failure.TLS_EXPIRED, "clock_skew": CLOCK_SKEW_SECONDS}, "tls_local_clock"),
        ({"failure": Failure.TLS_EXPIRED, "clock_skew": CLOCK_SKEW_SECONDS - 1}, "failure_tls_expired"),
        ({"failure": Failure.TLS_EXPIRED, "clock_skew": -CLOCK_SKEW_SECONDS}, "failure_tls_expired"),
        ({"failure": Failure.TLS_NOT_YET_VALID, "clock_skew": -CLOCK_SKEW_SECONDS}, "tls_local_clock"),
        ({"failure": Failure.TLS_NOT_YET_VALID, "clock_skew": CLOCK_SKEW_SECONDS}, "failure_tls_not_yet_valid"),
        ({"failure": Failure.TLS_EXPIRED}, "failure_tls_expired"),
        # The quota
        ({"status": 429, "own_requests_in_window": OWN_QUOTA_REQUESTS, "key_worked_before": True}, "rate_limited_own"),
        (
            {"status": 429, "own_requests_in_window": OWN_QUOTA_REQUESTS - 1, "key_worked_before": True},
            "rate_limited_shared",
        ),
        # Statuses
        ({"status": 304}, "not_modified"),
        ({"status": 405}, "method_not_allowed"),
        ({"status": 408}, "request_timeout"),
        ({"status": 410}, "gone"),
        ({"status": 421}, "misdirected"),
        ({"status": 426}, "upgrade_required"),
        ({"status": 451}, "legal"),
        ({"status": 499}, "bad_request"),
        ({"status": 519}, "server_error"),
        ({"status": 520}, "upstream_cloudflare"),
        ({"status": 527}, "upstream_cloudflare"),
        ({"status": 528}, "server_error"),
        ({"status": 530}, "upstream_cloudflare"),
        ({"status": 504}, "upstream_unavailable"),
        ({"status": 599}, "server_error"),
        ({"status": 600}, "status_odd"),
        ({"status": 199}, "status_odd"),
    ],
)
def test_each_side_of_an_edge_is_its_own_situation(facts: dict[str, Any], situation: str) -> None:
    assert situation_of(Evidence(source="live", **facts)) == situation


def test_only_what_the_api_confirmed_is_ok() -> None:
    assert diagnose(Evidence(source="live", status=200, connections=1), now=NOW).ok is True
    assert diagnose(Evidence(source="live", status=201, connections=1), now=NOW).ok is False


@pytest.mark.parametrize(
    ("status", "message", "documented"),
    [
        (401, "Invalid API key", True),
        (401, "invalid  api KEY.", True),
        (401, "Bad token", False),
        (401, None, False),
        (403, "API access is not enabled for this account", True),
        (403, "Invalid API key", False),
        (403, "Forbidden", False),
        (500, "Invalid API key", False),
    ],
)
def test_the_documented_message_of_a_status_is_said_to_be_that(
    status: int, message: str | None, documented: bool
) -> None:
    evidence = diagnose(Evidence(source="live", status=status, message=message), now=NOW).evidence
    assert ("The message is the documented one." in evidence) is documented


def test_a_body_of_another_shape_is_no_documented_one_whatever_it_counts() -> None:
    e = Evidence(source="pasted", connections=1, body_fault=BodyFault.WRONG_SHAPE, key_fault=KeyFault.QUOTED)
    assert situation_of(e) == "key_quoted"
