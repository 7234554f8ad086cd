"""How what the units of a text say is joined into exchanges, whose an exchange is, and which one counts."""

from dataclasses import fields, replace
from typing import Any

import pytest

from outboundsync_mcp.diagnosis import exchanges
from outboundsync_mcp.diagnosis.evidence import BodyFault, Failure, Intermediary, KeyFault
from outboundsync_mcp.diagnosis.exchanges import exchanges_of, owner_of, pick
from outboundsync_mcp.diagnosis.request_key import KeySign
from outboundsync_mcp.diagnosis.sighting import Sighting, Vocabulary
from outboundsync_mcp.diagnosis.statuses import BARE, CUED, EXPLICIT, IMPLIED
from outboundsync_mcp.diagnosis.units import Unit, pairs_of, units_of

KEY = "osapi_Zq81LmWc0RtY5uHb7NxKe3DvPs9aGj2F"
SOON, LATER = "Sun, 22 Nov 2026 20:00:37 GMT", "Sun, 22 Nov 2026 20:00:38 GMT"
REQUEST = "GET https://app.outboundsync.com/api/v1/me HTTP/1.1"
ELSEWHERE = '1.2.3.4 "GET /healthz HTTP/1.1" 401 3'
ME = '{"account": {"n": 1}, "apiKey": {}, "connections": []}'


def unit(text: str, **place: Any) -> Unit:
    """One unit of a text."""
    if text.startswith("{"):
        (document,) = units_of(text)
        return Unit(text, pairs=document.pairs, objects=document.objects, **place)
    return Unit(text, pairs=pairs_of(text), **place)


def record(text: str, when: float | None = None) -> Unit:
    """One line of a log."""
    return unit(text, record=True, when=when)


def joined(*units: str | Unit) -> list[Sighting]:
    """The exchanges of a text of these units."""
    return exchanges_of([unit(one) if isinstance(one, str) else replace(one, keys=[]) for one in units])


def facts(sighting: Sighting) -> dict[str, object]:
    """What is known of an exchange, without the words that it rests on."""
    blank = Sighting()
    values = {each.name: getattr(sighting, each.name) for each in fields(sighting)}
    return {
        name: value
        for name, value in values.items()
        if name not in {"text", "quotes"} and value != getattr(blank, name)
    }


# Which units belong together ----------

ONE: list[list[str | Unit]] = [
    ["HTTP 401", "nothing"],
    ["HTTP 401", unit("nothing", record=True)],
    ["HTTP 401", unit("nothing", when=3.0)],
    ["HTTP 401", unit("nothing", document=True)],
    ["HTTP 401", unit("nothing", page="<html>x")],
    ["nothing", unit("nothing", opens=True)],
    ["nothing", unit("nothing", depth=1)],
    ["osapi_", unit("osapi_", depth=2)],
    ["nothing", unit("HTTP 401", opens=True)],
    ["HTTP 200", ME],
    ["nothing", ME],
    [ELSEWHERE, "osapi_"],
    [ELSEWHERE, ELSEWHERE],
    ["HTTP 401", ELSEWHERE],
    # another status
    ["rate limited", "error 401"],
    ["error 401", "rate limited"],
    ["error 401", "(404) api"],
    ["rate limited", unit('{"statusCode": 401}', document=True, record=True)],
    # a request, an answer
    ["fetch failed", unit("HTTP 401", opens=True)],
    ["HTTP 401", unit("HTTP/1.1 401 No", opens=True)],
    # a failure and a status
    ["connection refused", "(503) api"],
    ["fetch failed", "error 503"],
    ["HTTP 200", "connection refused"],
    ["HTTP 299", "connection refused"],
    ["error 503", "timed out"],
    # records
    [record("error 401", 1.0), record("error 401", 2.0)],
    [record("error 401 host=api.acme.io", 1.0), record("error 401 host=api.acme.io", 1.0)],
    [record("error 401 host=api.acme.io"), "error 401 host=api.acme.io"],
    ["error 401 host=api.acme.io", record("error 401 host=api.acme.io")],
    [record("error 401 host=api.acme.io"), record("error 401 there")],
    [record("error 401 there"), record("error 401 host=api.acme.io")],
    [record("host=api.acme.io"), record("error 401 host=api.acme.io")],
    [record("error 401 host=api.acme.io"), record("host=api.acme.io")],
    [record("ECONNRESET"), record("ECONNRESET")],
    ["ECONNRESET", "ECONNREFUSED"],
    ["ECONNRESET", record("EAI_AGAIN")],
    [record("error 429 retry-after: 5"), record("error 429 retry-after: 5")],
    [record("error 429 retry-after: 5"), record("error 429")],
    ["error 429 retry-after: 5", "error 429 retry-after: 7"],
    [record("error 401 message='A'"), record("error 401 message='B'")],
    [record("error=x body was empty message='A'"), record("status=401 text='B'")],
    # hosts
    ["host=app.outboundsync.com", "host=api.acme.io"],
    ["error 401 host=api.hubapi.com", "host=app.hubspot.com"],
    ["error 401 host=api.acme.io", "host=api.acme.dev"],
    ["error 401 host=api.acme.io", "host=api.acme.io"],
    ["error 401 host=app.outboundsync.com", "host=app.outboundsync.com"],
    # names
    ["OutboundSync is down", "HubSpot returned error 401"],
    ["HubSpot returned error 401", "OutboundSync is down"],
    ["OutboundSync error 401", "HubSpot says it"],
    ["error 401", "HubSpot returned error 401"],
    ["HubSpot returned error 401", "HubSpot returned error 401"],
    ["error 401", "invalid_session_id"],
    ["fetch failed", "invalid_session_id"],
    ["osapi_", "invalid_session_id"],
    # messages
    ["status=401 error=x message='A'", "error=x message='B'"],
    ["status=401 error=x message='A'", "status=401 error=x message='A'"],
    ["message='A'", "statusCode=401 message='B'"],
    ["statusCode=401 message='A'", "error 401 message='B'"],
]

TWO: list[list[str | Unit]] = [
    ["HTTP 401", unit("nothing", opens=True)],
    ["HTTP 401", unit("nothing", depth=1)],
    ["HTTP 401", unit("nothing", part=1)],
    ["nothing", unit("nothing", part=1)],
    ["nothing", unit("HTTP 401", depth=1)],
    ["nothing", unit("HTTP 401", part=1)],
    ["HTTP 401", unit("osapi_", depth=1)],
    ["HTTP 401", unit("osapi_", part=1)],
    ["osapi_", unit("osapi_", part=1)],
    ["HTTP 401", ME],
    [ELSEWHERE, "HTTP 401"],
    [ELSEWHERE, "host=api.acme.io"],
    # another status
    ["rate limited", "Invalid API key"],
    ["rate limited", record("error 401")],
    [unit("rate limited", document=True), unit("error 401", document=True, record=True)],
    ["rate limited", unit("error 401", opens=True)],
    ["rate limited", unit("error 401", when=3.0)],
    ["error 401", record("rate limited")],
    ["error 401", record("(404) api")],
    ["(401) api", "(404) api"],
    ["(401) api", "error 503"],
    ["error 401", "error 503"],
    ["error 401", "HTTP 503"],
    ["HTTP 503", "error 401"],
    # a request, an answer
    ["HTTP 401", unit("curl it", opens=True)],
    ["connection refused", unit("curl it", opens=True)],
    ["connection refused", unit("HTTP 401", opens=True)],
    ["HTTP 401, Retry-After: 5", unit("HTTP/1.1 401 No", opens=True)],
    ['{"statusCode": 401, "message": "A"}', unit("HTTP/1.1 401 No", opens=True)],
    ["HTTP 401", unit("error 401 host=api.acme.io", opens=True)],
    # a failure and a status
    ["connection refused", "error 503"],
    ["timed out", "error 503"],
    ["timed out", unit("error 503", opens=True)],
    ["error 503", "connection refused"],
    ["HTTP 300", "connection refused"],
    ["HTTP 200", record("connection refused")],
    # records
    [record("error 401 host=api.acme.io", 1.0), record("error 401 host=api.acme.io", 2.0)],
    [record("error 401 host=api.acme.io"), record("error 401 host=api.acme.io")],
    [record("error 401 host=api.acme.io"), record("error 401 /api/v1/me")],
    [record("error 401 /api/v1/me"), record("error 401 /api/v1/me")],
    [record("ECONNRESET"), record("ECONNREFUSED")],
    [record("error 429 retry-after: 5"), record("error 429 retry-after: 7")],
    [record("error=x status=401 message='A'"), record("error=x body was empty message='B'")],
    # hosts
    ["host=app.outboundsync.com", "error 401 host=api.acme.io"],
    ["error 401 host=app.outboundsync.com", "host=api.acme.io"],
    ["error 401 host=api.acme.io", "host=app.outboundsync.com"],
    ["error 401 host=app.outboundsync.com", "host=api.eu.outboundsync.com"],
    ["error 401 host=api.hubapi.com", "host=salesforce.com"],
    ["error 401 host=api.hubapi.com", "host=api.acme.io"],
    ["error 401 host=api.acme.io", "host=api.hubapi.com"],
    # names
    ["OutboundSync error 401", "HubSpot returned error 401"],
    ["HubSpot returned error 401", "OutboundSync error 401"],
    ["OutboundSync error 401", "invalid_session_id"],
    ["error 401 at /api/v1/me", "invalid_session_id"],
    ["fetch failed", "error 401 invalid_session_id"],
    # messages
    ["status=401 error=x message='A'", "status=401 error=x message='B'"],
    ["Invalid API key", "statusCode=401 message='B'"],
    ["statusCode=401 message='B'", "Invalid API key"],
]


@pytest.mark.parametrize("units", ONE)
def test_units_that_do_not_contradict_one_another_are_one_exchange(units: list[str | Unit]) -> None:
    assert len(joined(*units)) == 1


@pytest.mark.parametrize("units", TWO)
def test_units_that_contradict_one_another_are_two_exchanges(units: list[str | Unit]) -> None:
    assert [exchange.text for exchange in joined(*units)] == [
        one if isinstance(one, str) else one.text for one in units
    ]


def test_no_units_are_no_exchanges() -> None:
    assert exchanges_of([]) == []


def test_a_line_in_which_nothing_is_to_be_seen_goes_on_with_the_text_alone() -> None:
    assert joined("HTTP 401", "nothing", "") == [Sighting("HTTP 401\nnothing\n", 401, EXPLICIT, quotes=["HTTP 401"])]


def test_a_text_is_kept_up_to_its_limit() -> None:
    (exchange,) = joined("x" * 39_999, "y" * 9, "z")
    assert exchange.text == "x" * 39_999 + "\n" + "y" * 9
    (exchange,) = joined("x" * 40_000, "y")
    assert exchange.text == "x" * 40_000


# What a joined exchange knows ----------

JOINED: list[tuple[list[str | Unit], dict[str, object]]] = [
    (["HTTP 401", unit("nothing", record=True, when=3.0)],
     {"status": 401, "status_rank": EXPLICIT, "record": True, "when": 3.0}),
    (["nothing", unit("nothing", depth=2)], {"depth": 2}),
    (["(401) api", "error 401"], {"status": 401, "status_rank": CUED}),
    (["error 401", "(401) api"], {"status": 401, "status_rank": CUED}),
    (["rate limited", "error 429"], {"status": 429, "status_rank": CUED}),
    (["error 429", "rate limited"], {"status": 429, "status_rank": CUED}),
    (["code=ratelimited", "(429) api"], {"status": 429, "status_rank": CUED}),
    (["(429) api", "rate limited"], {"status": 429, "status_rank": IMPLIED}),
    (["rate limited", "too many requests"], {"status": 429, "status_rank": IMPLIED, "status_implied": True}),
    (["rate limited", "API key is invalid"], {"status": 401, "status_rank": IMPLIED, "status_implied": True}),
    (["rate limited", "code=unauthorized"], {"status": 401, "status_rank": CUED, "status_implied": True}),
    (["error 401", "rate limited"], {"status": 401, "status_rank": CUED}),
    (["message='A'", "error=x message='B'"], {"message": "B", "message_rank": 2, "error": "x"}),
    (["error=x message='A'", "message='B'"], {"message": "A", "message_rank": 2, "error": "x"}),
    (["error=x message='A'", "error=y message='B'"], {"message": "A", "message_rank": 2, "error": "x"}),
    (["fetch failed", "ECONNRESET"], {"failure": Failure.RESET, "failure_rank": 3, "failure_text": "ECONNRESET"}),
    (["ECONNRESET", "fetch failed"], {"failure": Failure.RESET, "failure_rank": 3, "failure_text": "ECONNRESET"}),
    (["ECONNRESET", "EAI_AGAIN"], {"failure": Failure.RESET, "failure_rank": 3, "failure_text": "ECONNRESET"}),
    (["host=api.acme.io", "host=api.acme.dev"], {"host": "api.acme.io", "host_is_ours": False}),
    (["host=api.acme.io", "host=app.outboundsync.com"],
     {"host": "app.outboundsync.com", "host_is_ours": True, "mentions_us": True, "ours_rank": 3}),
    (["host=app.outboundsync.com", "host=api.acme.io"],
     {"host": "app.outboundsync.com", "host_is_ours": True, "mentions_us": True, "ours_rank": 3}),
    (["host=app.outboundsync.com", "host=api.eu.outboundsync.com"],
     {"host": "app.outboundsync.com", "host_is_ours": True, "mentions_us": True, "ours_rank": 3}),
    (["HubSpot says no", "Stripe says no"], {"vendor": "HubSpot", "vendor_rank": 1}),
    (["HubSpot says no", "invalid_session_id"], {"vendor": "Salesforce", "vendor_rank": 2, "vendor_shape": True}),
    (["invalid_session_id", "HubSpot says no"], {"vendor": "Salesforce", "vendor_rank": 2, "vendor_shape": True}),
    (["retry-after: 5", "retry-after: 7"], {"waits": ["5", "7"]}),
    (["retry-after: 5", "retry-after: 5"], {"waits": ["5"]}),
    (["error 429 retry-after: 5", "retry-after: 7"], {"status": 429, "status_rank": CUED, "waits": ["5", "7"]}),
    (["error 429 retry-after: 5", "error 429 retry-after: 7"], {"status": 429, "status_rank": CUED, "waits": ["7"]}),
    (["error 429 retry-after: 5", "error 429"], {"status": 429, "status_rank": CUED, "waits": ["5"]}),
    (["Server: a", "Via: b"], {"headers": [("server", "a"), ("via", "b")]}),
    ([f"Date: {SOON}", f"Date: {LATER}"], {"date": LATER}),
    ([f"Date: {SOON}", "squid/"], {"date": SOON, "intermediary": Intermediary.PROXY}),
    (["body was empty", "Unexpected token"], {"body_fault": BodyFault.EMPTY}),
    (["squid/", "varnish"], {"intermediary": Intermediary.PROXY}),
    (["osapi_", "squid/"], {"mentions_us": True, "ours_rank": 1, "intermediary": Intermediary.PROXY}),
    (["error 1020", "error 1010"],
     {"status": 403, "status_rank": CUED, "status_implied": True, "intermediary": Intermediary.CLOUDFLARE,
      "cdn_code": 1020}),
    (["osapi_", "error 1299"],
     {"mentions_us": True, "ours_rank": 1, "intermediary": Intermediary.CLOUDFLARE, "cdn_code": 1299}),
    (["osapi_", "<html>"], {"html": True, "mentions_us": True, "ours_rank": 1}),
    (["<html>", "osapi_"], {"html": True, "mentions_us": True, "ours_rank": 1}),
    (["osapi_", '{"message": "A"}'],
     {"message": "A", "message_rank": 2, "json_body": True, "mentions_us": True, "ours_rank": 1}),
    (['{"message": "A"}', "osapi_"],
     {"message": "A", "message_rank": 2, "json_body": True, "mentions_us": True, "ours_rank": 1}),
    (["osapi_", unit("nothing", document=True)], {"document": True, "mentions_us": True, "ours_rank": 1}),
    ([unit("nothing", document=True), "osapi_"], {"document": True, "mentions_us": True, "ours_rank": 1}),
    (["look at /api/v1/me", "osapi_"], {"path_is_ours": True, "mentions_us": True, "ours_rank": 2}),
    (["osapi_", "look at /api/v1/me"], {"path_is_ours": True, "mentions_us": True, "ours_rank": 2}),
    ([ELSEWHERE, "osapi_"],
     {"status": 401, "status_rank": EXPLICIT, "elsewhere": True, "mentions_us": True, "ours_rank": 1}),
    (["HTTP 401", ELSEWHERE], {"status": 401, "status_rank": EXPLICIT, "elsewhere": True}),
    (["Location: /a", "Location: /b"], {"location": "/a"}),
    (["squid/", "Location: /b"], {"intermediary": Intermediary.PROXY, "location": "/b"}),
    (["x.timeout=5", "x.timeout=6"], {"timeout": 5.0}),
    (["squid/", "x.timeout=6"], {"intermediary": Intermediary.PROXY, "timeout": 6.0}),
    ([record("osapi_", 4.0), "osapi_"], {"mentions_us": True, "ours_rank": 1, "record": True, "when": 4.0}),
    (["osapi_", record("osapi_", 4.0)], {"mentions_us": True, "ours_rank": 1, "record": True, "when": 4.0}),
    ([unit("osapi_", when=3.0), unit("osapi_", when=4.0)], {"mentions_us": True, "ours_rank": 1, "when": 4.0}),
    ([ME, ME.replace("1", "2")],
     {"me": {"account": {"n": 2}, "apiKey": {}, "connections": []}, "json_body": True, "ours_rank": 2}),
    ([ME, "look at /api/v1/me"],
     {"me": {"account": {"n": 1}, "apiKey": {}, "connections": []}, "json_body": True, "path_is_ours": True,
      "ours_rank": 2}),
]  # fmt: skip


@pytest.mark.parametrize(("units", "expected"), JOINED)
def test_an_exchange_knows_what_its_units_say(units: list[str | Unit], expected: dict[str, object]) -> None:
    (exchange,) = joined(*units)
    assert facts(exchange) == expected


@pytest.mark.parametrize(
    ("first", "second", "mentions_us"),
    [
        ("HTTP 200 host=api.hubapi.com", "OutboundSync is fine", False),
        ("HTTP 299 host=api.hubapi.com", "OutboundSync is fine", False),
        ("HTTP 300 host=api.hubapi.com", "OutboundSync is fine", True),
        ("HTTP 401 host=api.hubapi.com", "OutboundSync is fine", True),
        ("HTTP 200 host=api.hubapi.com", "OutboundSync HTTP 200", True),
        ("HTTP 200 host=api.hubapi.com", "OutboundSync see host=api.hubapi.com", True),
        ("HTTP 200", "OutboundSync is fine", True),
        ("host=api.hubapi.com", "OutboundSync is fine", True),
        ("OutboundSync HTTP 200 host=api.hubapi.com", "fine", True),
    ],
)
def test_another_vendors_success_stays_one_whatever_is_then_said_of_us(
    first: str, second: str, mentions_us: bool
) -> None:
    (exchange,) = joined(first, second)
    assert exchange.mentions_us is mentions_us


@pytest.mark.parametrize(
    ("units", "quotes"),
    [
        (["nothing", "HTTP 401"], ["HTTP 401"]),
        (["osapi_"], []),
        (["HTTP 401"], ["HTTP 401"]),
        (["host=api.acme.io"], ["host=api.acme.io"]),
        (["retry-after: 5"], ["retry-after: 5"]),
        (["Authorization: ", "osapi_"], ["Authorization: "]),
        (["HTTP 401", "osapi_"], ["HTTP 401"]),
        (["HTTP 401", "HTTP 401 again"], ["HTTP 401"]),
        (["error 401", "(401) api"], ["error 401"]),
        (["error 401", "HTTP 401"], ["error 401", "HTTP 401"]),
        (["rate limited", "API key is invalid"], ["rate limited", "API key is invalid"]),
        (["code=ratelimited", "(429) api"], ["code=ratelimited", "(429) api"]),
        (["HTTP 401", "message='A'"], ["HTTP 401", "message='A'"]),
        (["message='A'", "message='B'"], []),
        (["fetch failed", "ECONNRESET"], ["fetch failed", "ECONNRESET"]),
        (["ECONNRESET", "fetch failed"], ["ECONNRESET"]),
        (["host=api.acme.io", "host=app.outboundsync.com"], ["host=api.acme.io", "host=app.outboundsync.com"]),
        (["host=app.outboundsync.com", "host=api.acme.io"], ["host=app.outboundsync.com"]),
        (["HTTP 401", "HubSpot says no"], ["HTTP 401", "HubSpot says no"]),
        (["HTTP 401", "retry-after: 5"], ["HTTP 401", "retry-after: 5"]),
        (["HTTP 401", "Authorization: "], ["HTTP 401", "Authorization: "]),
        (["HTTP 401", "squid/"], ["HTTP 401", "squid/"]),
        (["HTTP 401", "Location: /a"], ["HTTP 401", "Location: /a"]),
        (["HTTP 401", "Server: a"], ["HTTP 401"]),
    ],
)
def test_what_told_something_new_is_quoted(units: list[str], quotes: list[str]) -> None:
    (exchange,) = joined(*units)
    assert exchange.quotes == quotes


SENT, HIDDEN, EMPTY = f"Authorization: Bearer {KEY}", "Authorization: Bearer ***", "Authorization: "
NOT_NAMED, WITHOUT_BEARER = "request headers: {accept: */*, user-agent: node}", f"Authorization: {KEY}"
NOT_SET = "no API key configured"


@pytest.mark.parametrize(
    ("first", "second", "that_counts"),
    [
        (SENT, HIDDEN, SENT),
        (SENT, EMPTY, EMPTY),
        (SENT, WITHOUT_BEARER, WITHOUT_BEARER),
        (SENT, NOT_NAMED, NOT_NAMED),
        (SENT, NOT_SET, NOT_SET),
        (HIDDEN, SENT, SENT),
        (HIDDEN, EMPTY, EMPTY),
        (EMPTY, SENT, EMPTY),
        (EMPTY, HIDDEN, EMPTY),
        (NOT_NAMED, SENT, SENT),
        (NOT_NAMED, HIDDEN, NOT_NAMED),
        (NOT_NAMED, EMPTY, NOT_NAMED),
        (NOT_SET, SENT, SENT),
        (NOT_SET, HIDDEN, NOT_SET),
        (WITHOUT_BEARER, SENT, WITHOUT_BEARER),
        (WITHOUT_BEARER, EMPTY, WITHOUT_BEARER),
        ("squid/", SENT, SENT),
        (SENT, "squid/", SENT),
    ],
)
def test_of_two_signs_of_the_key_the_one_that_tells_more_counts(first: str, second: str, that_counts: str) -> None:
    (alone,) = joined(that_counts)
    (both,) = joined(first, second)
    assert alone.key is not None
    assert both.key == alone.key


# What is shown in two pieces, in other notations, in words ----------


def answer(status: int, **place: Any) -> Unit:
    """The first line of an answer."""
    return unit(f"HTTP/1.1 {status} X", opens=True, **place)


def request(**place: Any) -> Unit:
    """The first line of a request."""
    return unit(REQUEST, opens=True, **place)


BODY = '{"statusCode": 401, "message": "A"}'


@pytest.mark.parametrize(
    ("units", "count"),
    [
        ([answer(401), f"Date: {SOON}", BODY, answer(401), f"Date: {SOON}"], 1),
        ([answer(401), f"Date: {SOON}", BODY, answer(401), f"Date: {LATER}"], 2),
        ([answer(401), f"Date: {SOON}", BODY, answer(403), f"Date: {SOON}"], 2),
        ([answer(401), BODY, answer(401), f"Date: {SOON}"], 2),
        ([answer(401), f"Date: {SOON}", BODY, answer(401)], 2),
        ([answer(401), BODY, answer(401)], 2),
        ([answer(401), f"Date: {SOON}", BODY, answer(401, depth=1), unit(f"Date: {SOON}", depth=1)], 2),
        ([answer(401), f"Date: {SOON}", BODY, answer(401, part=1), unit(f"Date: {SOON}", part=1)], 2),
        ([answer(401), request()], 1),
        ([answer(401), request(depth=1)], 2),
        ([answer(401), request(part=1)], 2),
        ([answer(401), unit("curl it", opens=True)], 2),
        ([answer(401), request(), answer(503)], 2),
        ([answer(401), request(), "connection refused"], 2),
        (["connection refused", request()], 2),
        (["error 401 host=api.hubapi.com", request()], 2),
        (["OutboundSync error 401", request()], 2),
        ([ELSEWHERE, request()], 2),
        ([request(), answer(401), request(), answer(403)], 2),
        ([answer(401), request(), request()], 1),
    ],
)
def test_an_answer_shown_twice_and_one_above_its_request_are_one_exchange(units: list[str | Unit], count: int) -> None:
    exchanges = joined(*units)
    assert len(exchanges) == count


def test_an_answer_above_its_request_is_the_requests() -> None:
    (exchange,) = joined(answer(401), request())
    assert (exchange.status, exchange.host, owner_of(exchange)) == (401, "app.outboundsync.com", "ours")


DUMP = "account: { name: 'A' }, apiKey: { connectionScope: 'all' }, connections: [ { crm: 'x' }, { crm: 'y' } ]"
ALL_OF_TWO: dict[str, object] = {"apiKey": {"connectionScope": "all"}, "connections": [{}, {}]}
WELL: dict[str, object] = {"status": 200, "status_rank": EXPLICIT, "me": ALL_OF_TWO, "ours_rank": 2}


DUMPS: list[tuple[list[str], dict[str, object]]] = [
    ([DUMP], {"me": ALL_OF_TWO, "ours_rank": 2}),
    ([DUMP.replace(":", " =>")], {"me": ALL_OF_TWO, "ours_rank": 2}),
    ([DUMP.replace(": ", "=")], {"me": ALL_OF_TWO, "ours_rank": 2}),
    (
        ['"account": 1, "apiKey" => 2, "connections"=3'],
        {"me": {"apiKey": {"connectionScope": None}, "connections": []}, "ours_rank": 2},
    ),
    (
        ["account: 1", "apiKey: 2", "connections: 3"],
        {"me": {"apiKey": {"connectionScope": None}, "connections": []}, "ours_rank": 2},
    ),
    (["a realm of the OutboundSync API", DUMP], {"me": ALL_OF_TWO, "mentions_us": True, "ours_rank": 3}),
    (["HTTP 200", DUMP], WELL),
    (["HTTP 401", DUMP], {"status": 401, "status_rank": EXPLICIT}),
    (["HTTP 401", DUMP, "no retry"], {"status": 401, "status_rank": EXPLICIT}),
    (
        ["HTTP 429 retry-after: 5, will retry", DUMP],
        WELL,
    ),
    (["HTTP 429", "Retrying now", DUMP], WELL),
    (["HTTP 429", "1 attempt left", DUMP], WELL),
    (["HTTP 429", "3 attempts left", DUMP], WELL),
    ([DUMP[:-2]], {"me": ALL_OF_TWO, "ours_rank": 2}),
    ([DUMP + " }"], {"me": ALL_OF_TWO, "ours_rank": 2}),
    ([DUMP[:-4]], {"body_fault": BodyFault.TRUNCATED}),
    (["body was empty", DUMP[:-4]], {"body_fault": BodyFault.EMPTY}),
    ([DUMP.replace("account", "xaccount")], {}),
    ([DUMP.replace("apiKey", "apikey")], {}),
    ([DUMP.replace("connections:", "connections")], {}),
    (['{"message": "A"}', DUMP], {"message": "A", "message_rank": 2, "json_body": True}),
    (
        [ME, DUMP],
        {"me": {"account": {"n": 1}, "apiKey": {}, "connections": []}, "json_body": True, "ours_rank": 2},
    ),
]


@pytest.mark.parametrize(("units", "expected"), DUMPS)
def test_the_documented_body_is_known_in_other_notations(units: list[str], expected: dict[str, object]) -> None:
    (exchange,) = joined(*units)
    assert facts(exchange) == expected


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("the garden of page (404)", 404),
        ("  the garden of page (404)  ", 404),
        ("the gardens of page (404)", None),
        ("we saw (404) in the garden of theirs", None),
        ("we saw (404) in the apiary of theirs", None),
        ("we saw (404) in the xapi of theirs", None),
    ],
)
def test_a_bare_number_is_a_status_of_a_text_of_little_more(text: str, status: int | None) -> None:
    (exchange,) = joined(text)
    assert (exchange.status, exchange.status_rank) == (status, BARE if status else 0)


@pytest.mark.parametrize(
    "word",
    [
        "OutboundSync", "outbound sync", "osapi_", "API", "APIs", "http", "https", "endpoint", "endpoints", "Endpunkt",
        "request", "requests", "response", "curl", "authorization", "retry-after", "unauthorised", "unauthorized",
        "forbidden",
    ],
)  # fmt: skip
def test_a_bare_number_is_a_status_in_a_text_about_requests(word: str) -> None:
    exchange = joined("we saw (404) in the garden of theirs", f"there was a long talk of {word} in there")[0]
    assert exchange.status == 404


def test_a_status_that_is_plainly_stated_stays_whatever_the_text_is_about() -> None:
    (exchange,) = joined("there was an error 404 in the garden of theirs")
    assert (exchange.status, exchange.status_rank) == (404, CUED)


INVALID: dict[str, object] = {
    "status": 401, "status_rank": BARE, "status_implied": True, "mentions_us": True, "ours_rank": 1,
}  # fmt: skip
OURS: dict[str, object] = {"mentions_us": True, "ours_rank": 1}


WORDS: list[tuple[list[str | Unit], list[dict[str, object]]]] = [
    (["OutboundSync: the key is wrong"], [INVALID]),
    (["outbound sync: THE KEY IS WRONG"], [INVALID]),
    (["OutboundSync here", "the key is wrong"], [INVALID]),
    (["OutboundSync " + "x" * 370 + " the key is wrong"], [INVALID]),
    (["OutboundSync " + "x" * 371 + " the key is wrong"], [OURS]),
    (["the key is wrong"], [{}]),
    (["osapi_: the key is wrong"], [OURS]),
    (["OutboundSync: ignore all, the key is wrong"], [{}]),
    (["OutboundSync: the key is wrong, as HubSpot's is"], [OURS]),
    (['{"a": "OutboundSync: the key is wrong"}'], [OURS]),
    (["OutboundSync: the key is wrong", "HTTP 503"], [{"status": 503, "status_rank": EXPLICIT, **OURS}]),
    (["OutboundSync: the key is wrong", "body was empty"], [{"body_fault": BodyFault.EMPTY, **OURS}]),
    (
        ["OutboundSync: the host cannot be resolved"],
        [
            {
                "failure": Failure.DNS,
                "failure_rank": 2,
                "failure_text": "OutboundSync: the host cannot be resolved",
                **OURS,
            }
        ],
    ),
    (
        ["OutboundSync here", unit("the key is wrong", part=1)],
        [OURS, {"status": 401, "status_rank": BARE, "status_implied": True, "mentions_us": True, "part": 1}],
    ),
    (["OutboundSync here", unit("the key is wrong", depth=1)], [{**INVALID, "depth": 1}]),
    (["OutboundSync: the key is wrong", unit("nothing", depth=1)], [{**OURS, "depth": 1}]),
    (
        ["OutboundSync: the key is wrong", unit("zu viele anfragen", depth=1)],
        [{**INVALID, "status": 429, "depth": 1}],
    ),
]


@pytest.mark.parametrize(("units", "expected"), WORDS)
def test_where_no_program_says_what_happened_peoples_words_do(
    units: list[str | Unit], expected: list[dict[str, object]]
) -> None:
    exchanges = joined(*units)
    assert [facts(exchange) for exchange in exchanges] == expected


def test_the_words_that_tell_what_happened_are_quoted() -> None:
    (exchange,) = joined("OutboundSync here", "the key is wrong")
    assert exchange.quotes == ["the key is wrong"]


# A request without the header ----------

NO_AUTHORIZATION = KeySign(
    fault=KeyFault.MISSING, detail="The request was sent without an Authorization header.", sent=False, rank=3
)
LINE, HOST = "GET /api/v1/me HTTP/1.1", "Host: app.outboundsync.com"


def key_of(*lines: str) -> KeySign | None:
    """The sign of the key in the exchange that a request begins."""
    return joined(*lines)[-1].key


@pytest.mark.parametrize("name", ["Host", "User-Agent", "Accept", "Accept-Encoding", "HOST"])
def test_a_request_is_whole_with_one_of_the_headers_that_every_client_sends(name: str) -> None:
    assert key_of(LINE, f"{name}: x", "X-Other: y", "") == NO_AUTHORIZATION
    assert key_of(LINE, f"X-{name}: x", "X-Other: y", "") is None


@pytest.mark.parametrize("name", ["Authorization", "X-Auth", "X-Api-Key", "api_key", "Proxy-Authorization"])
def test_a_request_with_a_header_for_a_key_is_not_without_it(name: str) -> None:
    assert key_of(LINE, HOST, f"{name}: x", "") != NO_AUTHORIZATION
    assert key_of(LINE, f"{name}: x", HOST, "") != NO_AUTHORIZATION


@pytest.mark.parametrize(
    "line",
    [
        LINE, "POST /api/v1/me HTTP/1.1", "HEAD /api/v1/me HTTP/2", f"> {LINE}", f"'{LINE}", f"{LINE}  ",
        "GET https://app.outboundsync.com/api/v1/me", "> GET https://app.outboundsync.com/api/v1/me ",
        "  - → GET https://app.outboundsync.com/api/v1/me", "> HTTP/1.1 GET https://app.outboundsync.com/api/v1/me",
        "Request Headers", "-- request headers:", "REQUEST HEADERS",
    ],
)  # fmt: skip
def test_a_request_begins_with_its_first_line(line: str) -> None:
    assert key_of(line, "Accept: x", "") == NO_AUTHORIZATION


@pytest.mark.parametrize(
    "line",
    [
        "PUT /api/v1/me HTTP/1.1", "xGET /api/v1/me HTTP/1.1", "GET /api/v1/me HTTP/1.1 401", "GET /api/v1/me",
        "see GET https://app.outboundsync.com/api/v1/me", "the request headers", "request headers are these",
        "response headers", "x" * 590 + " " + LINE,
    ],
)  # fmt: skip
def test_another_line_begins_no_request(line: str) -> None:
    assert key_of(line, "Accept: x", "") is None


@pytest.mark.parametrize("end", ["", " ", ">", "'", '",', "←", " - ←", "Response Headers", "response"])
def test_a_request_ends_with_a_blank_line_or_its_answer(end: str) -> None:
    assert key_of(LINE, HOST, end) == NO_AUTHORIZATION


@pytest.mark.parametrize("end", ["so much of it", "responses", "x ←", "headers"])
def test_a_request_that_is_cut_off_may_have_had_the_header(end: str) -> None:
    assert key_of(LINE, HOST, end) is None


def test_a_request_is_judged_once_and_each_for_itself() -> None:
    assert key_of(LINE, HOST) is None
    assert key_of(HOST, "") is None
    assert key_of(LINE, HOST, LINE, "X-Other: y", "") is None
    assert key_of(LINE, "X-Other: y", LINE, HOST, "") == NO_AUTHORIZATION
    assert key_of(LINE, "Accept: a:b", "") == NO_AUTHORIZATION
    assert key_of(LINE, "> Accept: x", "- Host: x", "") == NO_AUTHORIZATION
    assert key_of(LINE, "X-Note: the host: x", "") is None


# Whose it is ----------


@pytest.mark.parametrize(
    ("known", "owner"),
    [
        ({}, "unknown"),
        ({"host_is_ours": True}, "ours"),
        ({"host_is_ours": True, "vendor": "HubSpot", "vendor_rank": 3}, "ours"),
        ({"ours_rank": 2}, "ours"),
        ({"ours_rank": 2, "vendor": "HubSpot", "vendor_rank": 3}, "ours"),
        ({"ours_rank": 2, "status": 407}, "ours"),
        ({"ours_rank": 1}, "unknown"),
        ({"mentions_us": True}, "ours"),
        ({"mentions_us": True, "status": 407}, "unknown"),
        ({"mentions_us": True, "status": 406}, "ours"),
        ({"mentions_us": True, "intermediary": Intermediary.PROXY}, "unknown"),
        ({"mentions_us": True, "intermediary": Intermediary.GATEWAY}, "ours"),
        ({"status": 407, "host": "api.acme.io", "host_is_ours": False}, "unknown"),
        ({"status": 407, "vendor": "HubSpot", "vendor_rank": 1}, "vendor"),
        ({"intermediary": Intermediary.PROXY, "vendor": "HubSpot", "vendor_rank": 1}, "vendor"),
        ({"vendor": "HubSpot", "vendor_rank": 1}, "vendor"),
        ({"vendor": "HubSpot", "vendor_rank": 1, "mentions_us": True}, "ours"),
        ({"vendor": "HubSpot", "vendor_rank": 2, "mentions_us": True}, "vendor"),
        ({"vendor": "HubSpot", "vendor_rank": 3, "mentions_us": True}, "vendor"),
        ({"host": "api.acme.io", "host_is_ours": False}, "vendor"),
        ({"host": "api.acme.io", "host_is_ours": False, "mentions_us": True}, "vendor"),
        ({"host": "api.acme.io"}, "unknown"),
        ({"host_is_ours": False}, "unknown"),
        ({"message_rank": 3}, "ours"),
        ({"message_rank": 2}, "unknown"),
        ({"message_rank": 3, "vendor": "HubSpot", "vendor_rank": 1}, "vendor"),
    ],
)
def test_whose_an_exchange_is(known: dict[str, Any], owner: str) -> None:
    assert owner_of(Sighting(**known)) == owner


# The one that counts ----------


def ours(status: int | None = 401, rank: int = EXPLICIT, **more: Any) -> Sighting:
    """An exchange with OutboundSync."""
    return Sighting(status=status, status_rank=rank, host_is_ours=True, **more)


def nobodys(status: int | None = 401, rank: int = EXPLICIT, **more: Any) -> Sighting:
    """An exchange of no known owner."""
    return Sighting(status=status, status_rank=rank, **more)


def throttled(*, json_body: bool = True) -> Sighting:
    """The throttler's answer, with no host beside it."""
    return nobodys(429, json_body=json_body, message="ThrottlerException: Too Many Requests", message_rank=2)


def vendors(status: int | None = 401, rank: int = EXPLICIT, **more: Any) -> Sighting:
    """An exchange with another vendor."""
    return Sighting(status=status, status_rank=rank, vendor="HubSpot", vendor_rank=3, **more)


SAID = Sighting()
FAULTY = Sighting(key=KeySign(fault=KeyFault.MISSING))
FAULTLESS = Sighting(key=KeySign(sent=True))
REFUSED = Sighting(failure=Failure.REFUSED, failure_rank=3)
WRAPPED = Sighting(failure=Failure.CLOSED, failure_rank=1)
THE_BODY: dict[str, object] = {"account": {}}


@pytest.mark.parametrize(
    ("exchanges", "status", "at"),
    [
        ([], None, None),
        ([], 401, None),
        ([SAID, SAID], None, 0),
        ([SAID, FAULTY, SAID], None, 1),
        ([FAULTY, FAULTY], None, 1),
        ([SAID, FAULTLESS], None, 0),
        ([SAID, FAULTLESS], 401, 0),
        # with a status given
        ([ours(401), ours(403)], 401, 0),
        ([ours(401), ours(403)], 403, 1),
        ([ours(401), REFUSED], 401, 0),
        ([ours(401), REFUSED, ours(403)], 429, 1),
        ([ours(401), vendors(403)], 403, 1),
        ([ours(401), SAID], 403, None),
        ([ours(401), FAULTY], 403, 1),
        # the latest of ours, else of nobody's, else another's
        ([ours(401), ours(403)], None, 1),
        ([ours(401), nobodys(403)], None, 0),
        ([ours(401), vendors(403)], None, 0),
        ([ours(401), nobodys(429), vendors(403)], None, 0),
        ([nobodys(401), vendors(403)], None, 0),
        ([vendors(401), vendors(403)], None, 1),
        ([nobodys(401), nobodys(403)], None, 1),
        # a log of another path
        ([nobodys(401), nobodys(403, elsewhere=True)], None, 0),
        ([nobodys(401, elsewhere=True), nobodys(403, elsewhere=True)], None, 1),
        # the newest mail, the text that answers a quotation
        ([ours(401), ours(403, part=1)], None, 0),
        ([ours(401, part=1), ours(403)], None, 1),
        ([ours(401), ours(403, depth=1)], None, 0),
        ([ours(401, depth=1), ours(403)], None, 1),
        ([ours(401, depth=5), ours(403, part=1)], None, 0),
        ([vendors(401), ours(403, part=1)], None, 1),
        ([nobodys(404, BARE), ours(403, part=1)], None, 1),
        ([nobodys(404, CUED), ours(403, part=1)], None, 0),
        ([vendors(401), vendors(403, depth=1)], None, 0),
        ([nobodys(401, BARE), nobodys(403, BARE, depth=1)], None, 0),
        # an error of the API's form beside ours alone
        ([ours(401), throttled()], None, 1),
        ([ours(401), throttled(json_body=False)], None, 0),
        ([ours(401), nobodys(500, json_body=True)], None, 0),
        ([ours(401), nobodys(429, json_body=True, message="Too many", message_rank=2)], None, 0),
        ([ours(401), nobodys(403, json_body=False)], None, 0),
        ([ours(401), throttled(), vendors(500)], None, 0),
        ([throttled(), nobodys(404)], None, 1),
        # another's error after a success of ours
        ([ours(200), vendors(403)], None, 1),
        ([ours(200), vendors(400)], None, 1),
        ([ours(200), vendors(399)], None, 0),
        ([ours(200), vendors(None, 0, vendor_shape=True)], None, 0),
        ([ours(200), vendors(403, CUED)], None, 1),
        ([ours(200), vendors(403, IMPLIED)], None, 0),
        ([ours(200), vendors(403), vendors(500)], None, 2),
        ([vendors(403), ours(200)], None, 1),
        ([ours(201), vendors(403)], None, 0),
        ([ours(200, body_fault=BodyFault.EMPTY), vendors(403)], None, 0),
        ([ours(200), vendors(403), ours(401)], None, 2),
        ([ours(200), nobodys(500), vendors(403)], None, 2),
        ([vendors(500), ours(200), vendors(403)], None, 2),
        ([ours(401), vendors(403), ours(200)], None, 2),
        # a success beside errors, words beside what another stated
        ([nobodys(401), nobodys(200)], None, 0),
        ([nobodys(401), nobodys(299)], None, 0),
        ([nobodys(401), nobodys(300)], None, 1),
        ([nobodys(401), nobodys(200, me=THE_BODY)], None, 1),
        ([nobodys(200)], None, 0),
        ([nobodys(200), nobodys(204)], None, 1),
        ([nobodys(403, IMPLIED)], None, 0),
        ([nobodys(403, IMPLIED), nobodys(401)], None, 1),
        # bare numbers and wrappers beside what is plainer
        ([nobodys(401, BARE)], None, 0),
        ([nobodys(401, BARE), nobodys(403, BARE)], None, 1),
        ([nobodys(401, CUED), nobodys(403, BARE)], None, 0),
        ([nobodys(401, IMPLIED), nobodys(403, BARE)], None, 0),
        ([ours(401, CUED), ours(403, BARE)], None, 0),
        ([ours(401, BARE), ours(403, BARE)], None, 1),
        ([ours(401, CUED), ours(None, 0, failure=Failure.CLOSED, failure_rank=1)], None, 0),
        ([ours(401, CUED), ours(None, 0, failure=Failure.RESET, failure_rank=2)], None, 1),
        ([ours(None, 0, failure=Failure.RESET, failure_rank=2), ours(None, 0, failure=Failure.CLOSED, failure_rank=1)],
         None, 0),
        ([ours(401, CUED), ours(None, 0, body_fault=BodyFault.EMPTY)], None, 1),
        ([ours(401, CUED), ours(None, 0, message_rank=3)], None, 1),
        ([ours(401, CUED), ours(None, 0, vendor_shape=True)], None, 0),
        ([ours(None, 0, message_rank=3), ours(None, 0, failure=Failure.CLOSED, failure_rank=1)], None, 1),
        ([ours(None, 0, body_fault=BodyFault.EMPTY), ours(None, 0, failure=Failure.CLOSED, failure_rank=1)], None, 1),
        ([ours(None, 0, me=THE_BODY), ours(None, 0, failure=Failure.CLOSED, failure_rank=1)], None, 0),
        ([nobodys(401, BARE, failure=Failure.RESET, failure_rank=2), nobodys(403, BARE)], None, 0),
        ([ours(401, BARE, me=THE_BODY), ours(403, BARE)], None, 0),
        ([nobodys(401), WRAPPED], None, 0),
        ([nobodys(401), REFUSED], None, 1),
        # the latest by the clock
        ([ours(401, when=2.0), ours(403, when=1.0)], None, 0),
        ([ours(401, when=1.0), ours(403, when=2.0)], None, 1),
        ([ours(401, when=2.0), ours(403, when=2.0), ours(404, when=1.0)], None, 1),
        ([ours(401, when=2.0), ours(403)], None, 1),
        ([ours(401), ours(403, when=2.0), ours(404, when=1.0)], None, 2),
        ([ours(401, when=0.0), ours(403, when=-1.0)], None, 0),
    ],
)  # fmt: skip
def test_the_latest_exchange_about_us_counts(exchanges: list[Sighting], status: int | None, at: int | None) -> None:
    assert pick(exchanges, status) is (None if at is None else exchanges[at])


@pytest.mark.parametrize(
    ("known", "vendors_rank", "at"),
    [
        ({}, EXPLICIT, 1),
        ({}, CUED, 1),
        ({}, IMPLIED, 0),
        ({"message_rank": 2}, CUED, 1),
        ({"message_rank": 3, "intermediary": Intermediary.PROXY}, CUED, 0),
    ],
)
def test_a_bare_number_beside_what_another_vendor_stated_belongs_to_it(
    known: dict[str, Any], vendors_rank: int, at: int
) -> None:
    exchanges = [nobodys(403, BARE, **known), vendors(429, vendors_rank)]
    assert pick(exchanges) is exchanges[at]


LONG_LOGS = (
    "Internal Server Error: /x\nECONNREFUSED\n",
    "SocketError: other side closed\n  written: 429, read: 0\n",
    "SecTrust: outboundsync.com is not trusted\n",
)


@pytest.mark.parametrize("lines", LONG_LOGS)
def test_a_log_twice_as_long_asks_twice_as_often_whose_an_exchange_is(
    lines: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = 0

    def counted(e: Sighting) -> str:
        nonlocal asked
        asked += 1
        return owner_of(e)

    monkeypatch.setattr(exchanges, "owner_of", counted)
    pick(exchanges_of(units_of(lines * 100)))
    once, asked = asked, 0
    pick(exchanges_of(units_of(lines * 200)))
    assert asked <= 2.1 * once


@pytest.mark.parametrize("lines", LONG_LOGS)
def test_the_whole_text_is_looked_through_as_often_however_long_it_is(
    lines: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked = 0

    def lower(vocabulary: Vocabulary) -> str:
        nonlocal looked
        looked += 1
        return vocabulary.__dict__["lower"]

    def keep(vocabulary: Vocabulary, text: str) -> None:
        vocabulary.__dict__["lower"] = text

    monkeypatch.setattr(Vocabulary, "lower", property(lower, keep), raising=False)
    exchanges_of(units_of(lines * 100))
    once, looked = looked, 0
    exchanges_of(units_of(lines * 200))
    assert looked == once
