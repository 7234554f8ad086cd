"""Every situation with its evidence, and what must hold for any evidence."""

import re
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outboundsync_mcp.diagnosis.catalog import KINDS, load_catalog
from outboundsync_mcp.diagnosis.diagnose import diagnose, situation_of
from outboundsync_mcp.diagnosis.diagnosis import Diagnosis
from outboundsync_mcp.diagnosis.evidence import (
    BodyFault,
    Confidence,
    Evidence,
    Failure,
    Intermediary,
    KeyFault,
)
from outboundsync_mcp.diagnosis.facts import duration

CATALOG = load_catalog()
NOW = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)
API = {"host": "app.outboundsync.com", "api_host": True}
INVALID: dict[str, Any] = {"status": 401, "message": "Invalid API key", "json_body": True}
DISABLED: dict[str, Any] = {"status": 403, "message": "API access is not enabled for this account", "json_body": True}
OK: dict[str, Any] = {"status": 200, "json_body": True, "connections": 2, "connection_scope": "account"}


@dataclass(frozen=True)
class Case:
    """Evidence, the situation that it is, and phrases that the answer must hold."""

    situation: str
    confidence: Confidence
    facts: dict[str, Any] = field(default_factory=dict[str, Any])
    phrases: tuple[str, ...] = ()
    source: str = "live"


def live(situation: str, confidence: Confidence, *phrases: str, **facts: Any) -> Case:
    return Case(situation, confidence, facts, phrases)


def pasted(situation: str, confidence: Confidence, *phrases: str, **facts: Any) -> Case:
    return Case(situation, confidence, facts, phrases, source="pasted")


CASES = (
    # 200
    live("ok", "certain", "sees 2 connections", **OK),
    live("ok_one_connection", "certain", "normal", **{**OK, "connections": 1, "connection_scope": "connection"}),
    live("ok_no_connections", "possible", "lists no connection", **{**OK, "connections": 0}),
    pasted("ok", "certain", "valid", **OK),
    pasted("ok", "certain", "valid", connections=3, connection_scope="account"),
    pasted("ok_one_connection", "certain", "normal", connections=1, connection_scope="connection"),
    pasted("ok_no_connections", "possible", "lists no connection", connections=0, connection_scope="account"),
    pasted("ok_body_unseen", "likely", "body was not part", status=200),
    # Settings, arguments, key
    live("bad_setting", "certain", "TIMEOUT_SECONDS is soon", "Restart", setting_faults=("TIMEOUT_SECONDS is soon.",)),
    live("bad_argument", "certain", "no argument api_key", argument_faults=("get_me has no argument api_key.",)),
    live("missing_api_key", "certain", "**Create key**", "`OUTBOUNDSYNC_API_KEY`", key_fault=KeyFault.MISSING),
    live("key_unreadable_file", "certain", "`OUTBOUNDSYNC_API_KEY_FILE`", key_fault=KeyFault.UNREADABLE_FILE),
    pasted("key_not_sent", "likely", "carried no API key", "Authorization", **INVALID, key_fault=KeyFault.MISSING),
    pasted("key_not_sent", "likely", "carried no API key", **INVALID, key_sent=False),
    pasted("key_not_sent", "likely", "carried no API key", key_sent=False),
    live("key_unexpanded", "certain", "nothing replaced", key_fault=KeyFault.UNEXPANDED, key_sent=False),
    live("key_placeholder", "certain", "placeholder", "not sent anywhere", key_fault=KeyFault.PLACEHOLDER),
    live("key_masked", "certain", "masked", "secret manager", key_fault=KeyFault.MASKED),
    live("key_quoted", "certain", "Remove the quotes", key_fault=KeyFault.QUOTED),
    live("key_double_bearer", "certain", "one `Bearer`", key_fault=KeyFault.DOUBLE_BEARER),
    pasted("key_wrong_scheme", "likely", "`Basic`", **INVALID, key_fault=KeyFault.WRONG_SCHEME),
    live("key_whitespace", "certain", "line break", key_fault=KeyFault.WHITESPACE),
    live("key_invisible", "certain", "U+200B", key_fault=KeyFault.INVISIBLE, key_fault_detail="U+200B at position 9."),
    live(
        "key_other_vendor",
        "certain",
        "one of HubSpot",
        "It was not sent anywhere.",
        "start with `osapi_`",
        key_fault=KeyFault.OTHER_VENDOR,
        key_vendor="HubSpot",
    ),
    pasted(
        "key_other_vendor", "certain", "one of Stripe", **INVALID, key_fault=KeyFault.OTHER_VENDOR, key_vendor="Stripe"
    ),
    live("key_no_prefix", "certain", "does not start with `osapi_`", key_fault=KeyFault.NO_PREFIX),
    live("key_too_short", "likely", "its end is probably missing", key_fault=KeyFault.TOO_SHORT),
    live("key_too_long", "likely", "so long that it can hardly be a key alone", key_fault=KeyFault.TOO_LONG),
    live("key_bad_character", "likely", "a Bearer token cannot hold", key_fault=KeyFault.BAD_CHARACTER),
    # 401
    live(
        "key_refused",
        "likely",
        "`Authorization: Bearer osapi_...`",
        "**Rotate**",
        "restart the MCP server",
        **INVALID,
        **API,
        key_sent=True,
        documented_realm=True,
    ),
    pasted(
        "invalid_api_key", "likely", "missing, malformed, invalid, revoked or rotated", "Bearer osapi_...", **INVALID
    ),
    pasted("invalid_api_key", "likely", "documented one", "as documented", **INVALID, documented_realm=True),
    live(
        "key_revoked",
        "likely",
        "revoked or rotated since",
        "worked earlier in this process",
        **INVALID,
        **API,
        key_sent=True,
        key_worked_before=True,
        documented_realm=True,
    ),
    live("unauthorized_no_realm", "likely", "may not come from the API", **INVALID, **API, documented_realm=False),
    live("unauthorized_foreign", "possible", "may not come from the API", status=401, documented_realm=False),
    pasted("unauthorized_foreign", "possible", "may not come from the API", **INVALID, api_host=False),
    live(
        "unauthorized_intermediary",
        "possible",
        "may not come from the API",
        "HTTPS_PROXY",
        status=401,
        intermediary=Intermediary.GATEWAY,
        documented_realm=False,
    ),
    live(
        "key_refused", "likely", status=401, intermediary=Intermediary.CLOUDFLARE, documented_realm=True, key_sent=True
    ),
    # 403
    live(
        "api_access_disabled",
        "certain",
        "Ask an administrator to enable API access",
        "Leave the key",
        "GET /api/v1/me",
        **DISABLED,
        **API,
    ),
    pasted(
        "api_access_disabled",
        "certain",
        "Ask an administrator",
        status=403,
        message="Error: API access is not  enabled for this account.",
    ),
    live("api_access_bare", "likely", "enable API access", status=403, **API),
    live("api_access_bare", "likely", "enable API access", status=403, message="Forbidden", json_body=True, **API),
    live("api_access_bare", "likely", status=403, json_body=False, body_fault=BodyFault.EMPTY, **API),
    pasted("api_access_guess", "possible", "only the status", status=403),
    live(
        "forbidden_permission",
        "likely",
        "a permission is missing",
        status=403,
        message="Missing scope",
        json_body=True,
        **API,
    ),
    pasted("forbidden", "possible", "proxy, firewall or CDN", status=403, message="Access denied"),
    live("forbidden_html", "likely", "not JSON", status=403, json_body=False, message="403 Forbidden", **API),
    pasted("forbidden_foreign", "likely", "another host", status=403, api_host=False, host="example.org"),
    live("forbidden_proxy", "likely", "HTTPS_PROXY", status=403, intermediary=Intermediary.PROXY),
    pasted("forbidden_proxy", "likely", intermediary=Intermediary.PROXY, seen=("“Website blocked.”",)),
    live("forbidden_portal", "likely", "sign in", status=403, intermediary=Intermediary.CAPTIVE_PORTAL),
    live("forbidden_firewall", "likely", "another network", status=403, intermediary=Intermediary.FIREWALL),
    live("forbidden_gateway", "likely", "gateway", status=403, intermediary=Intermediary.GATEWAY),
    live("cloudflare_challenge", "likely", "challenge", status=403, headers={"cf-mitigated": "challenge"}),
    pasted(
        "cloudflare_challenge", "likely", status=403, message="Just a moment...", intermediary=Intermediary.CLOUDFLARE
    ),
    live(
        "cloudflare_1020", "certain", "1020", "CF-Ray", status=403, cdn_code=1020, intermediary=Intermediary.CLOUDFLARE
    ),
    pasted("cloudflare_1020", "certain", "1020", cdn_code=1020),
    live("cloudflare_block", "likely", "Cloudflare blocked", status=403, intermediary=Intermediary.CLOUDFLARE),
    pasted("cloudflare_block", "likely", "1010", cdn_code=1010),
    live(
        "proxy_authentication",
        "certain",
        "`HTTPS_PROXY`",
        "user name and password",
        status=407,
        intermediary=Intermediary.PROXY,
    ),
    # 429
    pasted(
        "rate_limited",
        "likely",
        "Wait 37 seconds (until 2026-03-01T12:00:37Z), then retry once.",
        status=429,
        retry_after=37,
    ),
    pasted("rate_limited", "likely", "`Retry-After` header", "60 when it is missing", status=429),
    pasted(
        "rate_limited",
        "likely",
        "Retry once now",
        "ended at 2026-03-01T11:59:37Z",
        status=429,
        retry_after=37,
        observed_at=NOW - timedelta(seconds=60),
    ),
    live(
        "rate_limited_ip",
        "possible",
        "before the key is validated",
        "3 requests",
        status=429,
        retry_after=20,
        own_requests_in_window=3,
    ),
    live(
        "rate_limited_shared",
        "likely",
        "something else shares",
        "5 requests in the current 60 seconds",
        status=429,
        retry_after=20,
        own_requests_in_window=5,
        key_worked_before=True,
    ),
    live(
        "rate_limited_shared",
        "likely",
        "something else shares",
        status=429,
        own_requests_in_window=5,
        headers={"x-ratelimit-remaining": "0"},
    ),
    live(
        "rate_limited_own", "likely", "110 requests", "less often", status=429, own_requests_in_window=110, retried=True
    ),
    live(
        "rate_limited_again",
        "likely",
        "429 again after the stated wait",
        status=429,
        retried=True,
        retry_after=50,
        own_requests_in_window=2,
        key_worked_before=True,
    ),
    live("rate_limited", "likely", "120 requests", status=429, key_worked_before=True),
    live(
        "rate_limited_cooling_down",
        "certain",
        "nothing was sent",
        "`max_wait_seconds` of at least 90",
        status=429,
        cooling_down=True,
        retry_after=90,
        wait_limit=45,
    ),
    live(
        "rate_limited_cooling_down",
        "certain",
        "Come back at 2026-03-01T12:10:00Z",
        cooling_down=True,
        retry_after=600,
        wait_limit=120,
    ),
    live("rate_limited_cdn", "likely", "not the API's own", "CF-Ray", status=429, cdn_code=1015),
    pasted("rate_limited_cdn", "likely", "Cloudflare", cdn_code=1015),
    live("rate_limited_intermediary", "possible", "may be its limit", status=429, intermediary=Intermediary.PROXY),
    # 5xx
    live("server_error", "likely", "service@outboundsync.com", status=500, message="Internal server error", **API),
    live("server_error", "likely", "Wait a few minutes", status=507),
    live(
        "server_error_intermediary", "possible", "may not have seen", status=500, intermediary=Intermediary.CLOUDFLARE
    ),
    live("upstream_unavailable", "likely", "gateway or CDN", status=502),
    live("upstream_unavailable", "likely", "Wait 30 seconds (until 2026-03-01T12:00:30Z)", status=503, retry_after=30),
    pasted("upstream_unavailable", "likely", "gateway", status=504, failure=Failure.READ_TIMEOUT),
    live("upstream_proxy", "possible", "A proxy on the way", status=502, intermediary=Intermediary.PROXY),
    *(live("upstream_cloudflare", "likely", "Cloudflare", status=status) for status in (*range(520, 528), 530)),
    pasted("upstream_cloudflare", "likely", "Cloudflare", cdn_code=1016),
    live("network_login", "likely", "sign in", status=511, intermediary=Intermediary.CAPTIVE_PORTAL),
    live("network_login", "likely", "captive portal", status=511),
    # 404, 3xx, other 4xx
    live("not_found", "likely", "`OUTBOUNDSYNC_BASE_URL`", status=404, message="Cannot GET /v1/me", json_body=True),
    live("not_found_page", "likely", "Another server", status=404, json_body=False),
    live("unexpected_redirect", "likely", "`OUTBOUNDSYNC_BASE_URL`", "/login", status=302, location="/login", **API),
    live("unexpected_redirect", "likely", "wrong", status=301, location="https://app.outboundsync.com/login"),
    live("unexpected_redirect", "likely", "wrong", status=308, location="https://127.0.0.1:1/", host="127.0.0.1"),
    live("unexpected_redirect", "likely", "not followed", status=307, location="http://[::1", host="x.example"),
    live("redirect_portal", "likely", "sign in", status=302, location="http://portal.hotel.example/login", **API),
    live("redirect_portal", "likely", "log-in page", status=302, location="https://block.corp.example/x", **API),
    pasted("redirect_portal", "likely", "log-in page", status=302, location="http://10.0.0.1/"),
    live("redirect_portal", "likely", status=303, intermediary=Intermediary.CAPTIVE_PORTAL),
    live("not_modified", "likely", "If-None-Match", status=304),
    live("bad_request", "likely", "`GET https://app.outboundsync.com/api/v1/me`", status=400),
    live("bad_request", "likely", "documented one", status=499),
    live("method_not_allowed", "likely", "another method", status=405),
    live("request_timeout", "likely", "rest of the request", status=408),
    live("gone", "likely", "permanently gone", status=410),
    *(live("too_large", "likely", "too large", status=status) for status in (413, 414, 431)),
    *(live("media_type", "likely", "Content-Type", status=status) for status in (406, 415)),
    live("misdirected", "likely", "host name", status=421),
    live("upgrade_required", "likely", "protocol", status=426),
    live("legal", "likely", "legal reasons", status=451),
    # 2xx without the documented body, and odd statuses
    live("body_empty", "likely", "has no body", status=200, body_fault=BodyFault.EMPTY),
    live("body_empty", "likely", "has no body", status=204),
    live("body_html", "likely", "captive portal", "`OUTBOUNDSYNC_BASE_URL`", status=200, body_fault=BodyFault.HTML),
    live(
        "network_login",
        "likely",
        "sign in",
        status=200,
        body_fault=BodyFault.HTML,
        intermediary=Intermediary.CAPTIVE_PORTAL,
    ),
    live("body_not_json", "likely", "not JSON", status=200, body_fault=BodyFault.NOT_JSON),
    live(
        "body_wrong_shape",
        "likely",
        "documented one: account is missing.",
        status=200,
        body_fault=BodyFault.WRONG_SHAPE,
        body_fault_detail="account is missing",
    ),
    live("body_truncated", "likely", "ended before its end", status=200, body_fault=BodyFault.TRUNCATED),
    live("body_undecodable", "likely", "`Content-Encoding`", status=200, body_fault=BodyFault.UNDECODABLE),
    pasted("body_undecodable", "likely", "`Content-Encoding`", body_fault=BodyFault.UNDECODABLE),
    pasted("body_not_json", "likely", "not JSON", body_fault=BodyFault.NOT_JSON),
    live("body_oversize", "likely", "far larger", status=200, body_fault=BodyFault.OVERSIZE),
    live("success_odd", "possible", "another 2xx", status=202),
    live("status_odd", "possible", "not a final HTTP status", status=103),
    live("status_odd", "possible", "not a final HTTP status", status=999),
    pasted("status_unknown", "possible", "999 is not a final HTTP status", status=999),
    # No response
    live("failure_dns", "likely", "nslookup app.outboundsync.com", failure=Failure.DNS, **API),
    live("failure_dns", "likely", "nslookup app.outboundsync.com`", failure=Failure.DNS, host="a.example; rm -rf /"),
    live("failure_refused", "likely", "refused", "`api.example`", failure=Failure.REFUSED, host="api.example"),
    live("failure_unreachable", "likely", "no route", failure=Failure.UNREACHABLE),
    live("failure_proxy", "likely", "`HTTPS_PROXY`", "`NO_PROXY`", failure=Failure.PROXY),
    live("failure_reset", "likely", "reset", "ECONNRESET", failure=Failure.RESET, failure_detail="ECONNRESET"),
    live("failure_closed", "likely", "without a byte", failure=Failure.CLOSED),
    live("failure_not_http", "likely", "does not speak HTTP", failure=Failure.NOT_HTTP),
    live("failure_interrupted", "likely", "stopped", failure=Failure.INTERRUPTED),
    live("failure_redirects", "likely", "gave up", "too many redirects", failure=Failure.REDIRECTS),
    live("no_answer", "possible", "without a response"),
    # TLS
    live("failure_tls_expired", "likely", "has expired", "`date -u`", failure=Failure.TLS_EXPIRED, clock_skew=-9000.0),
    live("failure_tls_not_yet_valid", "likely", "clock of this machine is behind", failure=Failure.TLS_NOT_YET_VALID),
    live("tls_local_clock", "likely", "wrong by 3 days", "ahead of", failure=Failure.TLS_EXPIRED, clock_skew=259200.0),
    live(
        "tls_local_clock",
        "likely",
        "wrong by 10 minutes",
        "behind",
        failure=Failure.TLS_NOT_YET_VALID,
        clock_skew=-600.0,
    ),
    live(
        "failure_tls_untrusted",
        "likely",
        "inspects TLS",
        "trust store",
        "on Linux, `SSL_CERT_FILE`",
        failure=Failure.TLS_UNTRUSTED,
    ),
    live("failure_tls_hostname", "likely", "another name", failure=Failure.TLS_HOSTNAME),
    live("failure_tls_plaintext", "likely", "plain HTTP", failure=Failure.TLS_PLAINTEXT),
    live("failure_tls_handshake", "likely", "handshake failed", failure=Failure.TLS_HANDSHAKE),
    pasted("failure_tls_handshake", "likely", "Run `outboundsync-mcp doctor`", failure=Failure.TLS_HANDSHAKE),
    # Time-outs
    live(
        "failure_connect_timeout", "likely", "within 15 seconds", failure=Failure.CONNECT_TIMEOUT, timeout_seconds=15.0
    ),
    live(
        "failure_read_timeout",
        "likely",
        "2.5 seconds",
        "`OUTBOUNDSYNC_TIMEOUT_SECONDS`",
        failure=Failure.READ_TIMEOUT,
        timeout_seconds=2.5,
    ),
    live("failure_deadline", "possible", "body included", status=200, failure=Failure.DEADLINE, timeout_seconds=15.0),
    # Other, unknown
    pasted("not_outboundsync", "likely", "comes from HubSpot", status=401, vendor="HubSpot"),
    pasted("not_outboundsync", "likely", "Leave the OutboundSync key", **DISABLED, vendor="Instantly"),
    pasted("nothing_given", "certain", "No error was given", "`text`"),
    pasted("unknown", "possible", "$OUTBOUNDSYNC_API_KEY", seen=("hello",)),
)

# contract.md: kind → retryable; the rest of its table is held by test_catalog.py
RETRYABLE = {"rate_limited", "server_error", "upstream_unavailable", "connection_failed", "timed_out"}


def evidence(case: Case) -> Evidence:
    return Evidence(source="live" if case.source == "live" else "pasted", **case.facts)


def look(source: str, **facts: Any) -> Diagnosis:
    return diagnose(Evidence(source="live" if source == "live" else "pasted", **facts), now=NOW)


def words(diagnosis: Diagnosis) -> str:
    return "\n".join([diagnosis.cause, *diagnosis.other_causes, *diagnosis.remediation, *diagnosis.evidence])


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.source}-{case.situation}")
def test_each_situation_is_told_apart_and_put_in_words(case: Case) -> None:
    assert situation_of(evidence(case)) == case.situation
    diagnosis = diagnose(evidence(case), now=NOW)
    entry = CATALOG.entries[case.situation]
    assert (diagnosis.kind, diagnosis.who_fixes, diagnosis.retryable) == (entry.kind, entry.who_fixes, entry.retryable)
    assert diagnosis.confidence == case.confidence
    for phrase in case.phrases:
        assert phrase in words(diagnosis)


def test_the_table_reaches_every_entry_of_the_catalog_but_the_general_ones() -> None:
    general = {"malformed_api_key", "unexpected_response", "connection_failed", "tls_failed", "timed_out"}
    assert set(CATALOG.entries) - {case.situation for case in CASES} == general


def test_every_kind_is_reached() -> None:
    assert {CATALOG.entries[case.situation].kind for case in CASES} == set(KINDS)


def test_no_two_situations_of_the_table_give_the_same_advice_for_different_reasons() -> None:
    causes = defaultdict[str, set[str]](set)
    for case in CASES:
        causes[diagnose(evidence(case), now=NOW).cause].add(case.situation)
    assert [found for found in causes.values() if len(found) > 1] == []


# Precedence


def test_an_error_status_outranks_a_failure_and_a_failure_outranks_a_success() -> None:
    assert look("pasted", status=503, failure=Failure.READ_TIMEOUT).kind == "upstream_unavailable"
    assert look("live", status=200, failure=Failure.DEADLINE).kind == "timed_out"
    assert look("live", status=100, failure=Failure.RESET).kind == "connection_failed"


def test_a_fault_of_the_key_counts_for_a_401_or_no_answer_only() -> None:
    fault = KeyFault.PLACEHOLDER
    assert look("pasted", key_fault=fault, status=401).kind == "malformed_api_key"
    assert look("pasted", key_fault=fault).kind == "malformed_api_key"
    assert look("pasted", key_fault=fault, **DISABLED).kind == "api_access_disabled"
    assert look("pasted", key_fault=fault, status=500).kind == "server_error"
    assert look("pasted", key_fault=fault, failure=Failure.DNS).kind == "connection_failed"


def test_another_vendors_error_is_theirs_whatever_it_says() -> None:
    assert look("pasted", vendor="Smartlead", **INVALID).kind == "not_outboundsync"
    assert look("pasted", vendor="Smartlead", status=429, retry_after=9).kind == "not_outboundsync"


def test_the_documented_message_outranks_signs_of_an_intermediary() -> None:
    assert look("live", **DISABLED, intermediary=Intermediary.CLOUDFLARE).kind == "api_access_disabled"


def test_another_resource_forbidden_by_the_api_needs_an_admin_and_a_page_the_network() -> None:
    assert look("live", status=403, message="Forbidden resource", json_body=True, **API).who_fixes == "admin"
    assert look("live", status=403, body_fault=BodyFault.HTML, json_body=False, **API).who_fixes == "network"


@pytest.mark.parametrize(
    ("status", "kind", "meaning"),
    [
        (401, "invalid_api_key", "Unauthorized"),
        (403, "api_access_disabled", "Forbidden"),
        (404, "not_found", "Not found"),
        (407, "forbidden", "Proxy authentication required"),
        (418, "bad_request", "I'm a teapot"),
        (429, "rate_limited", "Too many requests"),
        (460, "bad_request", "Bad request"),
        (500, "server_error", "Internal server error"),
        (502, "upstream_unavailable", "Bad gateway"),
        (503, "upstream_unavailable", "Service unavailable"),
        (504, "upstream_unavailable", "Gateway timeout"),
        (511, "unexpected_response", "Network authentication required"),
        (522, "upstream_unavailable", "Cloudflare: connection timed out"),
        (599, "server_error", "Server error"),
    ],
)
def test_a_status_alone_has_its_kind_and_its_meaning(status: int, kind: str, meaning: str) -> None:
    diagnosis = look("pasted", status=status)
    assert (diagnosis.kind, diagnosis.meaning, diagnosis.status) == (kind, meaning, status)


def test_a_status_without_the_documented_body_means_what_came_instead() -> None:
    assert look("live", status=200, body_fault=BodyFault.HTML).meaning == "A web page instead of JSON"


# Confidence


@pytest.mark.parametrize(
    ("certainty", "confidence"), [("certain", "certain"), ("likely", "likely"), ("possible", "possible")]
)
def test_confidence_is_at_most_the_certainty_of_the_evidence(certainty: Confidence, confidence: Confidence) -> None:
    assert look("pasted", certainty=certainty, **DISABLED).confidence == confidence
    assert look("pasted", certainty=certainty, status=403).confidence == "possible"


# Waits


def test_a_pasted_429_without_a_stated_wait_gets_none() -> None:
    diagnosis = look("pasted", status=429)
    assert (diagnosis.retry_after_seconds, diagnosis.retry_at) == (None, None)


def test_a_live_429_without_a_stated_wait_waits_the_vendors_sixty_seconds() -> None:
    diagnosis = look("live", status=429)
    assert (diagnosis.retry_after_seconds, diagnosis.retry_at) == (60, "2026-03-01T12:01:00Z")
    assert "No valid Retry-After was stated, so the vendor's example applies: 60 seconds." in diagnosis.evidence


def test_a_pasted_wait_counts_from_the_responses_own_date() -> None:
    date = NOW - timedelta(minutes=5)
    assert look("pasted", status=503, retry_after=60, observed_at=date).retry_at == "2026-03-01T11:56:00Z"


def test_a_live_wait_counts_from_now_whatever_the_servers_clock_says() -> None:
    date = NOW - timedelta(minutes=5)
    assert look("live", status=429, retry_after=60, observed_at=date).retry_at == "2026-03-01T12:01:00Z"


def test_retry_at_is_utc_and_never_a_fraction_early() -> None:
    local = datetime(2026, 3, 1, 13, 0, 0, 1, tzinfo=timezone(timedelta(hours=1)))
    evidence = Evidence(source="live", status=429, retry_after=1)
    assert diagnose(evidence, now=local).retry_at == "2026-03-01T12:00:02Z"
    assert diagnose(evidence, now=NOW.replace(tzinfo=None)).retry_at == "2026-03-01T12:00:01Z"


def test_a_wait_beyond_the_calendar_ends_with_it() -> None:
    assert look("pasted", status=429, retry_after=10**30).retry_at == "9999-12-31T23:59:59Z"


def test_a_success_has_no_wait() -> None:
    assert look("pasted", **OK, retry_after=30).retry_at is None


@pytest.mark.parametrize(("seconds", "step"), [(120, "`max_wait_seconds` of at least 120"), (121, "Come back at")])
def test_an_agent_is_told_to_wait_in_a_call_only_as_long_as_a_call_may(seconds: int, step: str) -> None:
    diagnosis = look("live", status=429, retry_after=seconds, wait_limit=45)
    assert step in diagnosis.remediation[0]
    assert "This call may wait 45 seconds at most, which is less than the wait." in diagnosis.evidence


# Words


def test_a_key_in_a_variable_needs_a_restart_and_one_in_a_file_does_not() -> None:
    facts: dict[str, Any] = {**INVALID, "key_sent": True, "documented_realm": True}
    variable, file, paste = (
        words(look("live", **facts)),
        words(look("live", **facts, key_source="OUTBOUNDSYNC_API_KEY_FILE (/run/secrets/key)")),
        words(look("pasted", **facts)),
    )
    assert "`OUTBOUNDSYNC_API_KEY`; restart the MCP server" in variable
    assert "`OUTBOUNDSYNC_API_KEY_FILE` (the file is read again when it changes, no restart needed)" in file
    assert "the failing client's `Authorization` header" in paste
    assert "restart" not in paste


def test_a_pasted_key_is_not_said_to_have_been_kept_from_sending() -> None:
    for fault in KeyFault:
        assert "not sent anywhere" not in words(look("pasted", status=401, key_fault=fault))


def test_evidence_says_each_fact_once_and_nothing_empty() -> None:
    diagnosis = look(
        "live",
        seen=("GET https://app.outboundsync.com/api/v1/me answered HTTP 429.", "", "  ", "The answer was odd."),
        status=429,
        retry_after=37,
        host="app.outboundsync.com",
        own_requests_in_window=1,
        key_worked_before=True,
        failure_detail="the answer was odd",
    )
    assert diagnosis.evidence == [
        "GET https://app.outboundsync.com/api/v1/me answered HTTP 429.",
        "The answer was odd.",
        "The same key worked earlier in this process.",
        "This process sent 1 request in the current 60 seconds.",
        "The next request may be sent in 37 seconds.",
    ]


def test_evidence_of_a_success_names_scope_and_connections() -> None:
    scoped = look("live", **{**OK, "connections": 1, "connection_scope": "connection"}, key_name="Production")
    assert scoped.evidence == [
        "The status was 200 (OK).",
        "The key sees 1 connection; it is scoped to one connection, so seeing only that one is normal.",
        "The key's name is `Production`.",
    ]
    assert "its connection scope is `account`" in words(look("live", **OK))
    assert "The key sees 2 connections." in look("live", status=200, connections=2).evidence


def test_evidence_of_a_request_that_was_never_sent_names_no_host_that_it_went_to() -> None:
    for facts in (
        {"key_fault": KeyFault.MISSING},
        {"setting_faults": ("Bad.",)},
        {"cooling_down": True, "status": 429},
    ):
        assert "went to" not in words(look("live", host="app.outboundsync.com", **facts))


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (1, "1 second"),
        (15.0, "15 seconds"),
        (2.25, "2.2 seconds"),
        (119, "119 seconds"),
        (120, "2 minutes"),
        (7200, "2 hours"),
        (172800, "2 days"),
        (float("nan"), None),
        (float("inf"), None),
    ],
)
def test_durations_are_said_in_their_largest_unit(seconds: float, words: str | None) -> None:
    assert duration(seconds) == words


# For any evidence

WORDS = st.text(alphabet="abc API access is not enabled Invalid key 429 .é\n", max_size=40)
HOSTS = st.sampled_from(["app.outboundsync.com", "x.example", "127.0.0.1", "::1", "[", "a b", "", "x;rm -rf"])
LOCATIONS = st.sampled_from(
    ["/login", "https://app.outboundsync.com/x", "http://10.0.0.1/", "http://[", "", "https://sso.example/login", "//"]
)
NUMBERS = st.integers(-(2**63), 2**63)
FLOATS = st.floats()


def maybe(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.none() | strategy


EVIDENCE = st.builds(
    Evidence,
    source=st.sampled_from(["live", "pasted"]),
    seen=st.lists(WORDS, max_size=3).map(tuple),
    certainty=st.sampled_from(get_args(Confidence)),
    status=maybe(st.integers(100, 600) | st.sampled_from([200, 401, 403, 429, 503]) | NUMBERS),
    message=maybe(WORDS | st.sampled_from(["Invalid API key", "API access is not enabled for this account"])),
    error=maybe(WORDS),
    headers=st.dictionaries(st.sampled_from(["cf-mitigated", "x-ratelimit-limit", "via"]), WORDS),
    documented_realm=maybe(st.booleans()),
    json_body=maybe(st.booleans()),
    body_fault=maybe(st.sampled_from(BodyFault)),
    body_fault_detail=maybe(WORDS),
    intermediary=maybe(st.sampled_from(Intermediary)),
    cdn_code=maybe(st.sampled_from([1015, 1020, 1010, 1016]) | NUMBERS),
    location=maybe(LOCATIONS),
    retry_after=maybe(st.integers(-5, 200) | NUMBERS),
    observed_at=maybe(st.datetimes() | st.datetimes(timezones=st.just(UTC))),
    failure=maybe(st.sampled_from(Failure)),
    failure_detail=maybe(WORDS),
    host=maybe(HOSTS),
    api_host=maybe(st.booleans()),
    vendor=maybe(st.just("HubSpot")),
    clock_skew=maybe(FLOATS),
    timeout_seconds=maybe(FLOATS),
    key_fault=maybe(st.sampled_from(KeyFault)),
    key_fault_detail=maybe(WORDS),
    key_vendor=maybe(st.just("Stripe")),
    key_source=st.sampled_from(["OUTBOUNDSYNC_API_KEY", "OUTBOUNDSYNC_API_KEY_FILE (/x)", ""]),
    key_sent=maybe(st.booleans()),
    key_worked_before=st.booleans(),
    own_requests_in_window=maybe(NUMBERS),
    retried=st.booleans(),
    cooling_down=st.booleans(),
    wait_limit=maybe(st.integers(0, 120)),
    connections=maybe(st.integers(0, 3)),
    connection_scope=maybe(st.sampled_from(["account", "connection", "other"])),
    key_name=maybe(WORDS),
    setting_faults=st.lists(WORDS, max_size=2).map(tuple),
    argument_faults=st.lists(WORDS, max_size=2).map(tuple),
)
MOMENTS = st.datetimes(timezones=st.just(UTC)) | st.datetimes()


@given(EVIDENCE, MOMENTS)
def test_any_evidence_gets_a_sound_diagnosis(evidence: Evidence, now: datetime) -> None:
    diagnosis = diagnose(evidence, now=now)
    assert diagnosis.ok is (diagnosis.kind == "ok")
    assert diagnosis.retryable is (diagnosis.kind in RETRYABLE)
    assert diagnosis.who_fixes in CATALOG.who_fixes(diagnosis.kind)
    assert (diagnosis.status, diagnosis.message) == (evidence.status, evidence.message)
    assert (diagnosis.retry_at is None) is (diagnosis.retry_after_seconds is None)
    if diagnosis.retry_at is not None:
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", diagnosis.retry_at)
        assert (diagnosis.retry_after_seconds or 0) >= 1
    assert all(text.strip() for text in (diagnosis.meaning, diagnosis.cause, diagnosis.docs_url))
    assert diagnosis.remediation
    assert not any("{" in text or not text.strip() for text in (*diagnosis.remediation, words(diagnosis)))
    assert "get_me" in diagnosis.remediation[-1]
    assert all(line.strip() for line in diagnosis.evidence)
    assert len(set(diagnosis.evidence)) == len(diagnosis.evidence)
    assert evidence.source == "live" or "not sent anywhere" not in diagnosis.cause
    assert evidence.source == "pasted" or diagnosis.kind != "unknown"
    if diagnosis.kind in {"api_access_disabled", "forbidden"}:
        assert not any("rotat" in text.casefold() for text in (diagnosis.cause, *diagnosis.remediation))


@given(EVIDENCE)
def test_the_same_evidence_gets_the_same_diagnosis(evidence: Evidence) -> None:
    assert diagnose(evidence, now=NOW) == diagnose(evidence, now=NOW)


@given(EVIDENCE)
def test_confidence_never_exceeds_the_certainty_of_any_evidence(evidence: Evidence) -> None:
    order = ("possible", "likely", "certain")
    assert order.index(diagnose(evidence, now=NOW).confidence) <= order.index(evidence.certainty)
