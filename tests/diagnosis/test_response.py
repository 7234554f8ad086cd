"""A response's status, header lines and body, read into evidence."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from outboundsync_mcp.diagnosis.evidence import BodyFault, Evidence, Intermediary
from outboundsync_mcp.diagnosis.response import DEEPEST_JSON, parse_json, read_response

NOW = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)
DATE = "Sun, 01 Mar 2026 11:00:00 GMT"
ME: dict[str, Any] = {
    "account": {"id": 42, "email": "you@company.com"},
    "apiKey": {"name": "Production", "scopes": ["read"], "connectionScope": "account"},
    "connections": [{"id": 7, "crm": "HUBSPOT", "organizationId": "123", "organizationDomain": "acme.com"}],
}
PAGE = "<html><body>{}</body></html>"


def read(status: int, *headers: tuple[str, str], body: object = None, source: Any = "live") -> Evidence:
    text = body if body is None or isinstance(body, str) else json.dumps(body)
    return read_response(status, headers, text, source=source, now=NOW)[0]


# JSON


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('{"a": [1, 2.5, null, "x"]}', {"a": [1, 2.5, None, "x"]}),
        ('"\\ud83d"', "\ufffd"),
        ('{"\\ud83d": "\\ud83d\\ude00é"}', {"\ufffd": "😀é"}),
        ('["\\ud800"]', ["\ufffd"]),
        ("1e308", 1e308),
    ],
)
def test_json_is_read_with_lone_surrogates_replaced(text: str, value: object) -> None:
    assert parse_json(text) == (True, value)


@pytest.mark.parametrize(
    "text", [None, "", "{", "NaN", "-Infinity", "[1e999]", "[-1e999]", "[" * 100_000, "plain words"]
)
def test_what_cannot_be_passed_on_as_json_is_no_json(text: str | None) -> None:
    assert parse_json(text) == (False, None)


@pytest.mark.parametrize("pattern", ["[{}]", '{{"a": {}}}', '[{{"a": {}}}]'])
def test_json_is_passed_on_down_to_a_depth(pattern: str) -> None:
    text = "1"
    levels = 0
    while levels + pattern.count("[") + pattern.count("{{") <= DEEPEST_JSON:
        text = pattern.format(text)
        levels += pattern.count("[") + pattern.count("{{")
    assert parse_json(text)[0]
    assert not parse_json(pattern.format(text))[0]


# The head


def test_the_headers_that_matter_are_kept_in_lower_case_and_cleaned() -> None:
    evidence = read(
        418,
        (" Server ", "a\x1b[1mb"),
        ("X-RateLimit-Reset", "5"),
        ("Set-Cookie", "secret"),
        ("X-Request-Id", "1"),
        ("Via", "v" * 400),
    )
    assert dict(evidence.headers) == {"server": "a[1mb", "x-ratelimit-reset": "5", "via": "v" * 299 + "…"}
    assert (evidence.source, evidence.status, evidence.json_body, evidence.message) == ("live", 418, None, None)


def test_the_wait_counts_from_the_responses_own_date_and_of_several_lines_the_longest_is_told() -> None:
    evidence = read(
        429, ("Date", DATE), ("retry-after", "Sun, 01 Mar 2026 11:00:37 GMT"), ("RETRY-AFTER", "9"), ("Date", "later")
    )
    assert (evidence.retry_after, evidence.observed_at) == (37, datetime(2026, 3, 1, 11, 0, 0, tzinfo=UTC))


def test_without_a_date_the_wait_counts_from_now() -> None:
    evidence = read(429, ("Retry-After", "Sun, 01 Mar 2026 12:00:05 GMT"))
    assert (evidence.retry_after, evidence.observed_at) == (5, None)
    assert read(429, ("Date", DATE)).retry_after is None


@pytest.mark.parametrize(
    ("status", "headers", "realm"),
    [
        (401, [("WWW-Authenticate", 'Bearer realm="OutboundSync API"')], True),
        (401, [("www-authenticate", "Basic"), ("WWW-Authenticate", 'bearer REALM="outboundsync api"')], True),
        (401, [("WWW-Authenticate", "Basic")], False),
        (401, [("Server", 'realm="OutboundSync API"')], False),
        (401, [], None),
        (403, [("WWW-Authenticate", 'Bearer realm="OutboundSync API"')], None),
    ],
)
def test_the_documented_realm_is_looked_for_in_a_401_whose_headers_were_seen(
    status: int, headers: list[tuple[str, str]], realm: bool | None
) -> None:
    assert read(status, *headers).documented_realm is realm


@pytest.mark.parametrize(
    ("location", "shown"),
    [
        ("https://x.com:8443/login?key=secret#y", "https://x.com:8443/login"),
        ("https://user:pass@x.com", "https://x.com/"),
        (" /login?next=/me ", "/login"),
        ("//x.com/a", "//x.com/a"),
        ("https://x.com:notaport/", None),
        ("https://[", None),
        ("", None),
    ],
)
def test_a_redirect_is_told_by_origin_and_path(location: str, shown: str | None) -> None:
    assert read(302, ("Location", location)).location == shown
    assert read(300, ("Location", location)).location == shown
    assert read(399, ("Location", location)).location == shown
    assert read(200, ("Location", location), body=ME).location is None
    assert read(400, ("Location", location)).location is None


def test_a_long_redirect_is_cut() -> None:
    assert read(302, ("Location", "/" + "x" * 300)).location == "/" + "x" * 198 + "…"


def test_a_date_with_two_digits_of_a_year_is_of_this_century() -> None:
    assert read(500, ("Date", "Sunday, 01-Mar-26 11:00:00 GMT")).observed_at == datetime(2026, 3, 1, 11, tzinfo=UTC)


# The body of a success


@pytest.mark.parametrize("status", [200, 201, 299])
def test_the_documented_body_is_counted_and_named(status: int) -> None:
    evidence = read(status, body=ME)
    assert (evidence.connections, evidence.connection_scope, evidence.key_name) == (1, "account", "Production")
    assert (evidence.body_fault, evidence.json_body, evidence.message, evidence.intermediary) == (
        None,
        True,
        None,
        None,
    )


def test_a_documented_body_may_say_more_and_its_message_is_no_error() -> None:
    evidence = read(200, ("cf-mitigated", "challenge"), body={**ME, "message": "hello", "links": {}})
    assert (evidence.connections, evidence.message, evidence.intermediary) == (1, None, None)


def test_long_names_are_cut() -> None:
    evidence = read(200, body={**ME, "apiKey": {**ME["apiKey"], "name": "n" * 101, "connectionScope": "s" * 61}})
    assert (evidence.key_name, evidence.connection_scope) == ("n" * 99 + "…", "s" * 59 + "…")


def test_a_nameless_key_has_no_name() -> None:
    assert read(200, body={**ME, "apiKey": {**ME["apiKey"], "name": ""}}).key_name is None


@pytest.mark.parametrize(
    ("body", "fault", "detail", "message"),
    [
        ("", BodyFault.EMPTY, "the body is empty", None),
        (" \n", BodyFault.EMPTY, "the body is empty", None),
        (PAGE.format("x"), BodyFault.HTML, "the body is an HTML page", None),
        ("OK", BodyFault.NOT_JSON, "the body is not JSON", "OK"),
        ('{"message": "half', BodyFault.NOT_JSON, "the body is not JSON", '{"message": "half'),
        ({"message": "no"}, BodyFault.WRONG_SHAPE, "account: Field required", "no"),
        ([ME], BodyFault.WRONG_SHAPE, None, None),
        ({**ME, "account": {"id": True}}, BodyFault.WRONG_SHAPE, None, None),
        ({**ME, "connections": None}, BodyFault.WRONG_SHAPE, None, None),
    ],
)
def test_a_success_without_the_documented_body_says_what_is_wrong_with_it(
    body: object, fault: BodyFault, detail: str | None, message: str | None
) -> None:
    for status in (200, 299):
        evidence = read(status, body=body)
        assert (evidence.body_fault, evidence.message) == (fault, message)
        assert evidence.connections is None
        assert detail in {None, evidence.body_fault_detail}
        assert evidence.body_fault_detail
    for status in (199, 300, 400):
        assert read(status, body=body).body_fault is None


def test_the_path_to_what_is_wrong_is_told_and_its_value_is_not() -> None:
    evidence = read(200, body={**ME, "connections": [{**ME["connections"][0], "crm": ["secret"]}]})
    assert (evidence.body_fault_detail or "").startswith("connections.0.crm: ")
    assert "secret" not in (evidence.body_fault_detail or "")
    assert (read(200, body="3").body_fault_detail or "").startswith("the body: ")


# The body of an error


def test_an_error_body_tells_its_message_and_error() -> None:
    evidence = read(403, body={"statusCode": 403, "message": ["one", "two"], "error": "For\x00bidden"})
    assert (evidence.message, evidence.error, evidence.json_body) == ("one; two", "Forbidden", True)


@pytest.mark.parametrize(
    ("body", "message", "is_json"),
    [
        ("plain words", "plain words", False),
        (PAGE.format("page"), None, False),
        ("", None, False),
        ('"quoted"', None, True),
        ([{"message": "x"}], None, True),
    ],
)
def test_without_a_json_object_the_body_itself_is_the_message(body: object, message: str | None, is_json: bool) -> None:
    evidence = read(500, body=body)
    assert (evidence.message, evidence.error, evidence.json_body) == (message, None, is_json)


def test_a_secret_is_hidden_in_everything_shown_and_judged_as_it_was() -> None:
    windows: set[int] = set()

    def hide(text: str, window: int) -> str:
        windows.add(window)
        return text.replace("account", "…").replace("Production", "…").replace("denied", "…")

    headers = [("Server", "denied")]
    ok, _ = read_response(200, headers, json.dumps(ME), source="live", now=NOW, hide=hide)
    assert (ok.connection_scope, ok.key_name, ok.headers["server"], ok.connections) == ("…", "…", "…", 1)
    refused, _ = read_response(403, [], '{"message": "denied", "error": "denied"}', source="live", now=NOW, hide=hide)
    assert (refused.message, refused.error) == ("…", "…")
    assert read_response(500, [], "denied", source="live", now=NOW, hide=hide)[0].message == "…"
    assert windows == {6, 12}


# Who answered


@pytest.mark.parametrize(
    ("status", "headers", "body", "who"),
    [
        (407, [], None, Intermediary.PROXY),
        (400, [("Proxy-Authenticate", "Basic")], None, Intermediary.PROXY),
        (503, [("X-Squid-Error", "ERR_DNS_FAIL 0")], None, Intermediary.PROXY),
        (511, [], None, Intermediary.CAPTIVE_PORTAL),
        (520, [], None, Intermediary.CLOUDFLARE),
        (527, [], None, Intermediary.CLOUDFLARE),
        (519, [], None, None),
        (528, [], None, None),
        (403, [("cf-mitigated", "challenge")], None, Intermediary.CLOUDFLARE),
        (403, [], "error code: 1020", Intermediary.CLOUDFLARE),
        (403, [], '{"cloudflare_error": true}', Intermediary.CLOUDFLARE),
        (403, [], '{"message": "error code: 1020"}', None),
        (403, [], " " * 20_000 + "error code: 1020", None),
        (403, [], PAGE.format("cf-error-details"), Intermediary.CLOUDFLARE),
        (403, [], PAGE.format("Just a moment..."), Intermediary.CLOUDFLARE),
        (200, [], PAGE.format("cloudflare"), Intermediary.CLOUDFLARE),
        (403, [], PAGE.format("Zscaler"), Intermediary.PROXY),
        (200, [], PAGE.format("squid"), Intermediary.PROXY),
        (200, [], PAGE.format("Free WiFi"), Intermediary.CAPTIVE_PORTAL),
        (302, [], PAGE.format("hotspot"), Intermediary.CAPTIVE_PORTAL),
        (200, [], PAGE.format("hello"), None),
        (400, [], PAGE.format("Free WiFi"), None),
        (502, [], PAGE.format("x"), Intermediary.GATEWAY),
        (504, [], PAGE.format("x"), Intermediary.GATEWAY),
        (500, [], PAGE.format("x"), None),
        (401, [], PAGE.format("x"), Intermediary.FIREWALL),
        (406, [], PAGE.format("x"), Intermediary.FIREWALL),
        (429, [], PAGE.format("x"), Intermediary.FIREWALL),
        (404, [], PAGE.format("x"), None),
        (502, [], "words", None),
        (502, [], None, None),
    ],
)
def test_who_answered_is_read_from_status_headers_and_page(
    status: int, headers: list[tuple[str, str]], body: str | None, who: Intermediary | None
) -> None:
    assert read(status, *headers, body=body).intermediary is who


@pytest.mark.parametrize(
    ("status", "body", "code"),
    [
        (403, "error code: 1020", 1020),
        (429, PAGE.format("Error 1015"), 1015),
        (429, PAGE.format("cloudflare Error 1015"), 1015),
        (403, '{"cloudflare_error": true, "error_code": 1010}', 1010),
        (520, "words", None),
        (403, '{"message": "error code: 1020"}', None),
    ],
)
def test_cloudflares_own_code_is_told_when_cloudflare_answered(status: int, body: str, code: int | None) -> None:
    assert read(status, body=body).cdn_code == code


def test_a_pasted_response_is_said_to_be_one() -> None:
    assert read(500, source="pasted").source == "pasted"
