"""What one unit of a text shows of an exchange: every look, on the unit that it looks at."""

from collections.abc import Mapping
from dataclasses import fields

import pytest

from outboundsync_mcp.diagnosis.evidence import BodyFault, Failure, Intermediary, KeyFault
from outboundsync_mcp.diagnosis.request_key import KeySign
from outboundsync_mcp.diagnosis.sighting import Sighting, Vocabulary, see, told_in, vendor_of_host
from outboundsync_mcp.diagnosis.statuses import BARE, CUED, EXPLICIT, IMPLIED
from outboundsync_mcp.diagnosis.units import Unit, index, pairs_of, units_of

KEY = "osapi_Zq81LmWc0RtY5uHb7NxKe3DvPs9aGj2F"
OF_THE_UNIT = {"text", "opens", "record", "document", "depth", "part", "when"}
NOTHING: dict[str, object] = {}


def unit_of(text: str, page: str = "") -> Unit:
    """A JSON document as the reader cuts it, any other text as one line."""
    if text.startswith("{"):
        (unit,) = units_of(text)
        return unit
    return Unit(text, pairs=pairs_of(text), page=page)


def sightings_of(*units: Unit) -> list[list[Sighting]]:
    """The sightings of each unit of a text."""
    for unit in units:
        index(unit)
    vocabulary = Vocabulary([*units])
    return [see(unit, looks, vocabulary) for unit, looks in zip(units, vocabulary.looks, strict=True)]


def seen(text: str, page: str = "") -> Sighting:
    """The one sighting of a text of one unit."""
    ((sighting,),) = sightings_of(unit_of(text, page))
    return sighting


def facts(sighting: Sighting) -> dict[str, object]:
    """What was seen: all that differs from nothing, without what only repeats the unit."""
    blank = Sighting()
    values = {field.name: getattr(sighting, field.name) for field in fields(sighting) if field.name not in OF_THE_UNIT}
    return {name: value for name, value in values.items() if value != getattr(blank, name)}


def stated(status: int, rank: int = EXPLICIT, /, **more: object) -> dict[str, object]:
    """The facts of a status that a number states."""
    return {"status": status, "status_rank": rank, **more}


def implied(status: int, rank: int = IMPLIED, /, **more: object) -> dict[str, object]:
    """The facts of a status that only words lead to."""
    return {"status": status, "status_rank": rank, "status_implied": True, **more}


def said(message: str, rank: int, /, **more: object) -> dict[str, object]:
    """The facts of a message."""
    return {"message": message, "message_rank": rank, **more}


OURS_BY_NAME: Mapping[str, object] = {"mentions_us": True, "ours_rank": 1}
OURS_BY_PATH: Mapping[str, object] = {"path_is_ours": True, "ours_rank": 2}
BAD_KEY, NO_ACCESS = "Invalid API key", "API access is not enabled for this account"


# Status ----------

STATUSES: list[tuple[str, dict[str, object]]] = [
    ("HTTP/1.1 401 Unauthorized", stated(401)),
    ("HTTP/2 429", stated(429)),
    ("HTTP/3.0 [503] there", stated(503)),
    ('http/1.0", 404', stated(404)),
    ("HTTP/1.1 200 OK", stated(200)),
    ("HTTP/1.1 100 Continue", NOTHING),
    ("HTTP/1.1 199 Odd", NOTHING),
    ("HTTP/1.1 401.5", NOTHING),
    ("HTTP/1.1 4011", NOTHING),
    ("HTTP/1.1 499 Closed", NOTHING),
    ("HTTP/1.1 201 Connection established", stated(201)),
    ("HTTP/1.1 401 Unauthorized\nHTTP/1.1 200 OK", stated(200)),
    ("HTTP/1.1 401 Unauthorized\nHTTP/1.1 200 Connection established", stated(401)),
    ("HTTP/1.1 401 Unauthorized\nHTTP/1.1 200 CONNECTION ESTABLISHED", stated(401)),
    ("HTTP/1.1 401 Unauthorized\nHTTP/1.1 503 Connection established", stated(503)),
    ("HTTP/1.1 200 OK\nHTTP/1.1 101 Switching", stated(200)),
    ("HTTP/1.1 401 Unauthorized\nstatus 503", stated(401)),
    ('200 {"a": 1}', stated(200)),
    ("401 Headers({})", stated(401)),
    ("401 CIMultiDictProxy()", stated(401)),
    ("403 <div>", stated(403)),
    ("502 text/plain", stated(502)),
    ("200 b'{}'", stated(200)),
    ("404 ", stated(404)),
    ("404", stated(404, BARE)),
    ("100 {", NOTHING),
    ("600 {", NOTHING),
    ("200 items", NOTHING),
    ("404 items", NOTHING),
    ("port 401", NOTHING),
    ("error 401\nerror 503", stated(503, CUED)),
    ("status: 401, error 503", stated(401)),
    ("error 503, status=401", stated(401)),
    ("x\n" * 39 + "error 401", stated(401, CUED)),
    ("x\n" * 40 + "error 401", NOTHING),
    ("✓ Status code is 200", NOTHING),
    ("1. AssertionError  Status code is 200", NOTHING),
    ("1. AssertionError  Status code is 300", stated(300)),
    ("1. AssertionError  Status code is 302", stated(302)),
    ("1. AssertionError  Status code is 401", stated(401)),
    ("Status code is 200", stated(200)),
    ("they tell of it: AssertionError  Status code is 200", stated(200)),
    ("we were rate limited", implied(429)),
    ("API key is invalid", implied(401)),
    ("four oh three", implied(403)),
    ("Service Unavailable", implied(503)),
    ("you don’t have permission to access /", implied(403)),
    ("API clé d’api invalide", implied(401)),
    ("rate limited with a 401", stated(401, CUED)),
    ("Unauthorized", implied(401, BARE)),
    ("it is Unauthorised.", implied(401, BARE)),
    ("FORBIDDEN!", implied(403, BARE)),
    ("we have been throttled", implied(429, BARE)),
    ("forbidden is this one", NOTHING),
    ("a b c d e forbidden", implied(403, BARE)),
    ("a b c d e f forbidden", NOTHING),
    ("x" * 89 + " forbidden", implied(403, BARE)),
    ("x" * 90 + " forbidden", NOTHING),
    ("the server says forbidden to our sync whenever it runs", NOTHING),
    ("OutboundSync says forbidden to our sync whenever it runs", implied(403, BARE, **OURS_BY_NAME)),
    ("outbound sync returned unauthorized to our sync whenever it runs", implied(401, BARE, **OURS_BY_NAME)),
    ("the osapi_ key was throttled by some sync that runs", implied(429, BARE, **OURS_BY_NAME)),
    ("OutboundSync says forbidden access is an offence", {**OURS_BY_NAME}),
    ("OutboundSync says forbidden to our sync of the hubspot contacts", {**OURS_BY_NAME}),
    ("OutboundSync: forbidding all of our nightly sync jobs since", {**OURS_BY_NAME}),
    ("nothing of the kind", NOTHING),
]


@pytest.mark.parametrize(("text", "expected"), STATUSES)
def test_a_line_states_or_implies_a_status(text: str, expected: dict[str, object]) -> None:
    assert facts(seen(text)) == expected


@pytest.mark.parametrize(
    "text",
    [
        "500 Can't verify SSL peers without knowing which",
        "500 SSL negotiation went wrong",
        "500 line too long",
        "500 status read failed: x",
        "599 internal exception",
        "599 Network is gone",
        "http_exceptions.ClientResponseError: 400, x",
    ],
)
def test_a_status_that_a_client_makes_up_is_only_quoted(text: str) -> None:
    assert facts(seen(text)) == {"quotes": [text]}


def test_a_warning_of_a_client_says_that_the_status_beside_it_is_made_up() -> None:
    text = "Client-Warning: Internal response 401"
    assert facts(seen(text)) == {"quotes": [text], "made_up": True}


FIELDS: list[tuple[str, dict[str, object]]] = [
    ('{"status": 401}', stated(401)),
    ('{"statusCode": 401, "cause": {"statusCode": 503}}', stated(401)),
    ('{"status": 400, "inner": {"status": 401}}', stated(400)),
    ('{"status": 399, "inner": {"status": 401}}', stated(401)),
    ('{"status": 200, "upstream": {"status": 503}}', stated(503)),
    ('{"status": 100}', NOTHING),
    ('{"status": 199}', NOTHING),
    ('{"status": 200}', stated(200)),
    ('{"status": 594}', stated(594)),
    ('{"status": 595}', NOTHING),  # AnyEvent's
    ('{"status": 599}', NOTHING),
    ('{"status": 444}', NOTHING),
    ('{"status": 600}', NOTHING),
    ('{"status": 4011}', NOTHING),
    ('{"response": {"status": {"code": 200}}}', stated(200)),
    ('{"req": {"http": {"code": 204}}}', stated(204)),
    ('{"mystatuscode": 204}', stated(204)),
    ('{"xhttpstatus": 204}', stated(204)),
    ('{"xhttpcode": 204}', stated(204)),
    ('{"xresponsestatus": 204}', stated(204)),
    ('{"xhttpscode": 204}', NOTHING),
    ('{"code": 401}', stated(401)),
    ('{"code": 400}', stated(400)),
    ('{"code": 399}', NOTHING),
    ('{"errno": 503}', stated(503)),
    ('{"error": "401 Unauthorized"}', stated(401)),
    ('{"size": 401}', NOTHING),
    ('{"status": "(401)"}', stated(401)),
    ('{"status": "401.0"}', stated(401)),
    ('{"status": "401.5"}', NOTHING),
    ('{"status": "401: no"}', stated(401)),
    ('{"status": " 401 "}', stated(401)),
    ('{"status": "401x"}', NOTHING),
    ('{"status": "401, 3"}', NOTHING),
    ('{"code": "PERMISSION_DENIED"}', implied(403, CUED)),
    ('{"StatusCode": "TooManyRequests"}', implied(429, CUED)),
    ('{"http": {"response": {"status_code": "NotFound"}}}', implied(404, CUED)),
    ('{"response_status_code": "Forbidden"}', implied(403, CUED)),
    ("StatusCode: TooManyRequests", implied(429, CUED)),
    ('{"type": "NotFound"}', NOTHING),
    ('{"code": "E_ODD"}', NOTHING),
    ('{"code": "' + "-" * 28 + 'unauthorized"}', implied(401, CUED)),
    ('{"code": "' + "-" * 29 + 'unauthorized"}', NOTHING),
    ('{"status": 500, "code": "NOT_FOUND"}', stated(500)),
    ('{"statusCode": 401, "text": "it got HTTP status 503 from there"}', stated(401)),
    ('{"a": "error 401", "b": "error 503"}', stated(401, CUED)),
    ('{"a": "error 401", "b": "HTTP status 503"}', stated(503)),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), FIELDS)
def test_a_field_states_a_status(text: str, expected: dict[str, object]) -> None:
    assert facts(seen(text)) == expected


NO_STATUSES = [
    "exit_status", "exit_code", "grpc-status", "process_status", "sub_status", "job_status", "order status",
    "build_status", "run_status", "cache_status", "ci_status", "edge_cache_status", "previous_status",
    "expected_status", "retry_status", "retries_status", "min_status", "max_status", "upstream_cache_status",
    "retry_on_status", "retrystatus", "statuses", "status_codes", "statuscodes", "validate_status",
    "validateStatus",
]  # fmt: skip


def test_a_field_of_such_a_name_holds_no_status() -> None:
    for name in NO_STATUSES:
        assert facts(seen(f'{{"{name}": 401}}')) == NOTHING


# Message and body ----------

MESSAGES: list[tuple[str, dict[str, object]]] = [
    ("Invalid API key", implied(401, CUED, **said(BAD_KEY, 3))),
    ("it said INVALID_API_KEY to me", implied(401, CUED, **said(BAD_KEY, 3))),
    ("lnvalid APl key", implied(401, CUED, **said(BAD_KEY, 3))),
    ("Inva1id AP1 key", implied(401, CUED, **said(BAD_KEY, 3))),
    (NO_ACCESS, implied(403, CUED, **said(NO_ACCESS, 3))),
    ("api_access_is_not_enabled_for_this_account", implied(403, CUED, **said(NO_ACCESS, 3))),
    ("APl access is not enab1ed f0r this acc0unt", implied(403, CUED, **said(NO_ACCESS, 3))),
    ('not "Invalid API key"', NOTHING),
    ("rather than the Invalid API key", NOTHING),
    ("instead of Invalid API key", NOTHING),
    ("no Invalid API key at all", NOTHING),
    ("it isn't Invalid API key", NOTHING),
    ("never an Invalid API key", NOTHING),
    ("without Invalid API key", NOTHING),
    ("we looked for it a long while and it is not Invalid API key", NOTHING),
    ("not any more Invalid API key", implied(401, CUED, **said(BAD_KEY, 3))),
    ("Invalid API key, and not Invalid API key", implied(401, CUED, **said(BAD_KEY, 3))),
    ("(401) Invalid API key", stated(401, CUED, **said(BAD_KEY, 3))),
    ("HTTP 401 Invalid API key", stated(401, EXPLICIT, **said(BAD_KEY, 3))),
    ("(403) Invalid API key", stated(403, BARE, **said(BAD_KEY, 3))),
    ("(403) " + NO_ACCESS, stated(403, CUED, **said(NO_ACCESS, 3))),
    (
        "Invalid API key provided: sk-1",
        said(BAD_KEY, 3, vendor="Stripe", vendor_rank=2, vendor_shape=True),
    ),
    (
        "Invalid API key or access token (unrecognized login)",
        said(BAD_KEY, 3, vendor="Shopify", vendor_rank=2, vendor_shape=True),
    ),
    ("Invalid API key or access was sent", said(BAD_KEY, 3)),
    ("statusCode=401 message='Go away' error=Unauthorized", stated(401, **said("Go away", 2, error="Unauthorized"))),
    ("error=Oops msg='Go away'", said("Go away", 2, error="Oops")),
    ("error=Oops msg='Go away' message='Come back'", said("Come back", 2, error="Oops")),
    ("message='Go away'", said("Go away", 1)),
    ("msg='Go away'", NOTHING),
    ("statusCode=401 text='Go away'", stated(401)),
    ('{"msg": "Go away", "statusCode": 401}', stated(401, **said("Go away", 2))),
    ('{"msg": "Go away", "error": "Oops"}', said("Go away", 2, error="Oops")),
    ('{"msg": "Go away"}', NOTHING),
    ('{"inner": {"message": "Go away", "level": "info"}}', NOTHING),
    ('{"message": "Go away", "level": "info"}', NOTHING),
]

BODIES: list[tuple[str, dict[str, object]]] = [
    ('{"statusCode": 401, "message": "Go away"}', stated(401, **said("Go away", 2, json_body=True))),
    (
        '{"statusCode": 401, "message": "Go away", "error": "Unauthorized", "msg": "Other"}',
        stated(401, **said("Go away", 2, error="Unauthorized", json_body=True)),
    ),
    ('{"error": "Oops", "message": "Go away", "x": 1}', said("Go away", 2, error="Oops", json_body=True)),
    ('{"status": 401, "message": "Go away", "x": 1}', stated(401, **said("Go away", 2, json_body=True))),
    ('{"status": "401", "message": "Go away", "x": 1}', stated(401, **said("Go away", 1))),
    ('{"statusCode": null, "status": 401, "message": "Go away", "x": 1}', stated(401, **said("Go away", 2))),
    ('{"message": "Go away", "x": 1}', said("Go away", 1)),
    ('{"message": "Go away"}', said("Go away", 2, json_body=True)),
    ('{"message": "Go away", "code": "x"}', said("Go away", 2, json_body=True)),
    ('{"message": "Go away", "status": "x"}', said("Go away", 2, json_body=True)),
    ('{"message": "Go away", "remediation": "x"}', said("Go away", 2, json_body=True)),
    ('{"message": "Go away", "retryAfterSeconds": 3}', said("Go away", 2, json_body=True, waits=["3"])),
    ('{"statusCode": 401, "message": "Go away", "stack": "x"}', stated(401, **said("Go away", 2))),
    ('{"statusCode": 401, "message": "Go away", "config": {}}', stated(401, **said("Go away", 2))),
    ('{"error": "Oops", "in": {"status": 401, "message": "Go away", "stack": "x"}}', stated(401, **said("Go away", 1))),
    ('{"error": "Oops", "in": {"status": 401, "message": "Go away", "config": {}}}', stated(401, **said("Go away", 1))),
    ('{"message": ["one", "two"], "statusCode": 400}', stated(400, **said("one; two", 2, json_body=True))),
    ('{"message": "", "statusCode": 400}', stated(400)),
    (
        '{"message": "Outer one", "statusCode": 400, "error": "Bad", "inner": {"message": "Inner", "statusCode": 401}}',
        stated(400, **said("Inner", 2, error="Bad", json_body=True)),
    ),
    (
        '{"message": "Outer", "status": 400, "error": "Bad", "in": {"message": "In", "status": 401, "error": "Worse"}}',
        stated(400, **said("In", 2, error="Worse", json_body=True)),
    ),
    ('{"message": "Outer one", "x": 1, "inner": {"message": "Inner", "y": 401}}', said("Outer one", 1)),
    (
        '{"message": "Outer one", "x": 1, "inner": {"message": "Inner", "statusCode": 401}}',
        stated(401, **said("Inner", 2, json_body=True)),
    ),
    (
        '{"message": "Outer one", "statusCode": 401, "inner": {"message": "Inner", "x": 1}}',
        stated(401, **said("Outer one", 2, json_body=True)),
    ),
    (
        '{"statusCode": 401, "message": "INVALID API KEY for this host", "error": "Unauthorized"}',
        stated(401, **said("INVALID API KEY for this host", 3, error="Unauthorized", json_body=True)),
    ),
    (
        '{"statusCode": 401, "message": "no luck", "detail": "Invalid API key", "error": "Unauthorized"}',
        stated(401, **said(BAD_KEY, 3, json_body=True)),
    ),
    ('{"statusCode": 401, "message": "Invalid API key", "config": 1}', stated(401, **said(BAD_KEY, 3))),
    ('{"message": "Invalid API key", "foo": 1}', implied(401, CUED, **said(BAD_KEY, 3))),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), MESSAGES + BODIES)
def test_a_message_is_taken_with_how_surely_it_is_the_apis(text: str, expected: dict[str, object]) -> None:
    assert facts(seen(text)) == expected


OF_LOGS = [
    "level", "severity", "time", "timestamp", "ts", "logger", "logger_name", "pid", "thread", "function",
    "lineno", "levelname",
]  # fmt: skip


def test_a_record_of_a_log_is_no_body() -> None:
    for name in OF_LOGS:
        assert facts(seen(f'{{"statusCode": 401, "message": "Go away", "{name}": "x"}}')) == stated(
            401, **said("Go away", 2)
        )


def me(name: str = "A", connections: str = "[{}]", key: str = '{"name": "K"}') -> str:
    """The documented body with its parts exchanged."""
    return f'{{"account": {{"name": "{name}"}}, "apiKey": {key}, "connections": {connections}}}'


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (me(), {"ours_rank": 2}),
        (me(connections="[]"), {"ours_rank": 2}),
        (me("error 401"), {"ours_rank": 2}),
        (me("we got 200"), {"ours_rank": 2}),
        (me("HTTP/1.1 401 No"), {"ours_rank": 2}),
        (me("HTTP/1.1 200 OK"), stated(200, ours_rank=2)),
        (me("OutboundSync API realm"), {"mentions_us": True, "ours_rank": 3}),
    ],
)
def test_the_documented_body_is_known_and_numbers_in_its_names_are_no_status(
    text: str, expected: dict[str, object]
) -> None:
    sighting = seen(text)
    shown = facts(sighting)
    assert shown.pop("me") == unit_of(text).objects[0]
    assert shown == {**expected, "json_body": True}


@pytest.mark.parametrize("connections", ['"..."', "[1]", "[{}, 1]", "null", "{}"])
def test_connections_of_another_shape_are_a_fault_of_the_body(connections: str) -> None:
    assert facts(seen(me(connections=connections))) == {"body_fault": BodyFault.WRONG_SHAPE, "json_body": True}


@pytest.mark.parametrize(
    "text",
    [
        me(key="null"),
        me(key='"***"'),
        me().replace('{"name": "A"}', '"***"'),
        me().replace("connections", "links"),
        me().replace("account", "user"),
    ],
)
def test_what_lacks_a_part_of_the_documented_body_is_none(text: str) -> None:
    assert facts(seen(text)) == NOTHING


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("<!DOCTYPE html>", True),
        ("<html lang=en>", True),
        ("<HEAD>", True),
        ("<body>", True),
        ("<body class=x>", True),
        ("<center><h1>Oh", True),
        ("Content-Type: text/html", True),
        ("content-type => 'text/html'", True),
        ("<p>plain</p>", False),
        ("text/html it was", False),
        (" " * 3985 + "<!doctype html>", True),
        (" " * 3986 + "<!doctype html>", True),
        (" " * 3987 + "<!doctype html>", False),
    ],
)
def test_markup_of_a_page_is_known(text: str, html: bool) -> None:
    assert seen(text).html is html


# Headers, waits ----------


KEPT_HEADERS = [
    "WWW-Authenticate", "Proxy-Authenticate", "CF-Ray", "CF-Mitigated", "Server", "Via", "X-Cache",
    "X-Squid-Error", "Content-Type", "X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset",
]  # fmt: skip


def test_a_header_that_matters_is_kept_under_its_name() -> None:
    for name in KEPT_HEADERS:
        assert seen(f"{name}: abc").headers == [(name.lower(), "abc")]


def test_other_headers_and_endless_ones_are_not_kept() -> None:
    assert facts(seen("X-Other: abc")) == NOTHING
    assert seen("Server: " + "x" * 399).headers == [("server", "x" * 399)]
    assert seen("Server: " + "x" * 400).headers == []


@pytest.mark.parametrize(
    ("name", "waits"),
    [
        ("Retry-After", ["500"]),
        ("retryAfterSeconds", ["500"]),
        ("retry_after_secs", ["500"]),
        ("retry_after_sec", ["500"]),
        ("retry_after_s", ["500"]),
        ("HTTP_RETRY_AFTER", ["500"]),
        ("origin_Retry-After", ["500"]),
        ("x.retryafter", ["500"]),
        ("retryAfterMs", ["0.5"]),
        ("retry_after_milliseconds", ["0.5"]),
        ("retryAfterMillis", ["0.5"]),
        ("max_retry_after", []),
        ("retry_after_max", []),
    ],
)
def test_a_field_states_a_wait(name: str, waits: list[str]) -> None:
    assert facts(seen(f'{{"{name}": "500"}}')) == ({"waits": waits} if waits else {})


@pytest.mark.parametrize(
    ("name", "value", "waits"),
    [
        ("Retry-After", "37", ["37"]),
        ("Retry-After", "37s", ["37"]),
        ("Retry-After", "37 s", ["37"]),
        ("Retry-After", "37 sec", ["37"]),
        ("Retry-After", "37 secs", ["37"]),
        ("Retry-After", "37 second", ["37"]),
        ("Retry-After", "37 Seconds.", ["37"]),
        ("Retry-After", "37 Sekunden", ["37"]),
        ("Retry-After", "37 segundos", ["37"]),
        ("Retry-After", "37 secondes", ["37"]),
        ("Retry-After", "1.5 s", ["1.5"]),
        ("Retry-After", "'37'", ["37"]),
        ("Retry-After", "“37”,", ["37"]),
        ("Retry-After", "«37»", ["37"]),
        ("Retry-After", "*[`37`];", ["37"]),
        ("Retry-After", "[37]", ["37"]),
        ("Retry-After", "37 and then more", ["37"]),
        ("Retry-After", "2.5 and then more", ["2.5"]),
        ("Retry-After", "5 m", ["5 m"]),
        ("Retry-After", "5 min", ["5 min"]),
        ("Retry-After", "2 hours", ["2 hours"]),
        ("Retry-After", "3 Std", ["3 Std"]),
        ("Retry-After", "5 ms", ["5 ms"]),
        ("Retry-After", "37 мин", ["37 мин"]),
        ("Retry-After", "5 d", ["5 d"]),
        ("Retry-After", "soon", ["soon"]),
        ("Retry-After", "", []),
        ("retryAfterMs", "1500", ["1.5"]),
        ("retryAfterMs", "2000", ["2"]),
        ("retryAfterMs", "100000", ["100"]),
        ("retryAfterMs", "0.4", ["0.0004"]),
        ("retryAfterMs", "soon", []),
    ],
)
def test_a_wait_comes_in_seconds_where_it_is_a_number_of_them(name: str, value: str, waits: list[str]) -> None:
    assert seen(f'{{"{name}": "{value}"}}').waits == waits


def test_a_wait_counts_once_and_a_second_one_is_kept_beside_it() -> None:
    assert seen('{"Retry-After": "37", "x": {"retry_after": "37"}}').waits == ["37"]
    assert seen('{"Retry-After": "37", "x": {"retry_after": "12"}}').waits == ["37", "12"]


VERBS = """
    header value is was of says said shows set to reads tells me about steht stand auf ist war beträgt betrug lautet
    lautete heißt liegt bei est était indique indiquait vaut dit disait de es era en estaba dice vale é eram in wynosi
    był je byl on är er var egy olarak ora zei stond
"""


def test_a_sentence_tells_a_wait_in_many_languages() -> None:
    assert [verb for verb in VERBS.split() if seen(f"retry-after {verb} 17").waits != ["17"]] == []
    assert seen("retry-after perhaps 17").waits == []


SOON = "Sun, 22 Nov 2026 20:00:37 GMT"


@pytest.mark.parametrize(
    ("text", "waits"),
    [
        ("Retry-After 37", ["37"]),
        ("retry after 30 seconds", ["30"]),
        ("retry_after was 12", ["12"]),
        ("RetryAfter is 8", ["8"]),
        ("retry after 500ms", ["0.5"]),
        ("retry after 1500 milliseconds", ["1.5"]),
        ("the retry after 2.5, again", ["2.5"]),
        ("retry after 5.", ["5"]),
        ("retry-after header says: 17", ["17"]),
        ("retry-after steht auf 17", ["17"]),
        ("retry-after は 17", ["17"]),
        ("retry-after = 17", ["17"]),
        ("`retry-after` (17)", ["17"]),
        ("Retry-After 3, Retry-After 9", ["3"]),
        ("retry after 401", []),
        ("retry after 403", []),
        ("retry after 429", []),
        ("retry after 503", []),
        ("retry after 429s", ["429"]),
        ("retry after 429 s", ["429"]),
        ("retry after 405", ["405"]),
        ("retry-after soon 17", []),
        ("retry on 17", []),
        ("no retry-after 5", []),
        ("without retry-after 5", []),
        ("sin retry-after 5", []),
        ("sans retry-after 5", []),
        ("ohne retry-after 5", []),
        ("kein retry-after 5", []),
        ("missing retry-after 5", []),
        (f"Retry-After {SOON}", [SOON]),
        (f"retry after: [b'{SOON}']", [SOON]),
        (f"Retry-After: {SOON}", [SOON]),
        ("Retry-After Someday soon it will be all over", []),
    ],
)
def test_a_line_tells_a_wait(text: str, waits: list[str]) -> None:
    assert seen(text).waits == waits


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"Date: {SOON}", {"date": SOON}),
        (f"date => ['{SOON}']", {"date": SOON}),
        (f"the date {SOON} was", {"date": SOON}),
        (f'{{"date": "{SOON}"}}', {"date": SOON}),
        ("date: Sun Nov 22 20:00:37 2026", {"date": "Sun Nov 22 20:00:37 2026"}),
        ('{"Date": "22 Nov 2026 20:00:37 GMT"}', {"date": "22 Nov 2026 20:00:37 GMT"}),
        ("Date: 22 Nov 2026 20:00:37 GMT", {"date": "22 Nov 2026 20:00:37 GMT"}),
        (f"x-date {SOON}", {}),
        (f"update {SOON}", {}),
        ('{"date": "2026-11-22"}', {}),
        ("Date: today", {}),
        ("Location: /login", {"location": "/login"}),
        ("Location: nowhere", {}),
        ('{"location": "/a", "x": {"location": "/b"}}', {"location": "/a"}),
        ('{"timeout": 30}', {"timeout": 30.0}),
        ('{"timeout": "30s"}', {"timeout": 30.0}),
        ('{"timeout": "30 seconds"}', {"timeout": 30.0}),
        ('{"timeout": "2.5"}', {"timeout": 2.5}),
        ('{"timeout": 30, "x": {"timeout": 12}}', {"timeout": 30.0}),
        ('{"timeout": "none", "x": {"timeout": 12}}', {"timeout": 12.0}),
        ("config.timeout=30", {"timeout": 30.0}),
        ('{"timeout": 0}', {}),
        ('{"timeout": "30ms"}', {}),
        ('{"timeout": 1234567}', {}),
        ('{"timeouts": 30}', {}),
    ],
)
def test_of_other_fields_the_date_the_target_and_the_time_out_are_taken(text: str, expected: dict[str, object]) -> None:
    assert facts(seen(text)) == expected


# Failures ----------


@pytest.mark.parametrize(
    ("text", "failure", "rank"),
    [
        ("getaddrinfo ENOTFOUND app.example.org", Failure.DNS, 3),
        ("connect ECONNREFUSED 10.0.0.1:443", Failure.REFUSED, 3),
        ("connect ETIMEDOUT 10.0.0.1:443", Failure.CONNECT_TIMEOUT, 4),
        ("fetch failed", Failure.CLOSED, 1),
        ("fetch failed: read ECONNRESET", Failure.RESET, 3),
        ("read ECONNRESET: fetch failed", Failure.RESET, 3),
        ("ECONNRESET, then ECONNREFUSED", Failure.REFUSED, 3),
        ("certificate verify failed: certificate has expired", Failure.TLS_EXPIRED, 5),
        ("SSLError: certificate verify failed", Failure.TLS_UNTRUSTED, 2),
        ("errno 110", Failure.CONNECT_TIMEOUT, 4),
        ("errno 1101", None, 0),
        ("errno 11001", None, 0),
        ("errno 111, connected", Failure.REFUSED, 3),
        ("http/0.9 it is", Failure.NOT_HTTP, 3),
        ("http/0.99 it is", None, 0),
        ("unknown CA", Failure.TLS_UNTRUSTED, 4),
        ("unknown ca, alert", Failure.TLS_UNTRUSTED, 4),
        ("unknown caller", None, 0),
        ("not trusted", None, 0),
        ("the certificate is not trusted", Failure.TLS_UNTRUSTED, 4),
        ("cannot verify the API key", None, 0),
        ("cannot verify x509", Failure.TLS_UNTRUSTED, 2),
        ("TLS: cannot verify", Failure.TLS_UNTRUSTED, 2),
        ("name mismatch", None, 0),
        ("ssl name mismatch", Failure.TLS_HOSTNAME, 5),
        ("pretending to be", Failure.TLS_UNTRUSTED, 4),
        ("SecTrust: not trusted", Failure.TLS_UNTRUSTED, 4),
        ("not yet activated", None, 0),
        ("Zertifikat not yet activated", Failure.TLS_NOT_YET_VALID, 6),
        ("connectTimeout: 0:00:10", None, 0),
        ("connectTimeout=10", None, 0),
        ("'connectTimeout': '10'", None, 0),
        ("ConnectTimeout: it failed", Failure.CONNECT_TIMEOUT, 4),
        ('"connectTimeout": 10, ConnectTimeout', Failure.CONNECT_TIMEOUT, 4),
        ("ENOTFOUND", Failure.DNS, 3),
        ("ModuleNotFoundError: x", None, 0),
        ("enotfound_x", None, 0),
        ("x enotfoundx", None, 0),
        ("xenotfound", None, 0),
        ("retry on ['ECONNRESET', 'ETIMEDOUT']", None, 0),
        ('retry on ["ECONNRESET", "EPIPE"]', None, 0),
        ("'ECONNRESET'", None, 0),
        ("code: 'ECONNRESET'", Failure.RESET, 3),
        ("errno: 'ECONNRESET'", Failure.RESET, 3),
        ("cause('ECONNRESET')", Failure.RESET, 3),
        ('error: "ECONNRESET"', Failure.RESET, 3),
        ('reason="ECONNRESET"', Failure.RESET, 3),
        ("=> 'ECONNRESET'", Failure.RESET, 3),
        ("name:'ECONNRESET'", Failure.RESET, 3),
        ("['ECONNRESET'] code: 'ECONNRESET'", Failure.RESET, 3),
        ("'EPIPE', 'EPIPE' (EPIPE)", Failure.RESET, 3),
        ("nothing", None, 0),
    ],
)
def test_words_tell_of_a_failure_where_they_stand_for_themselves(text: str, failure: Failure | None, rank: int) -> None:
    sighting = seen(text)
    assert (sighting.failure, sighting.failure_rank) == (failure, rank)
    assert sighting.failure_text == (text if failure else None)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("timeout of 15000ms exceeded", 15.0),
        ("timed out after 30 s", 30.0),
        ("timed out after 30 sec", 30.0),
        ("it timed out within 10 seconds", 10.0),
        ("Read timed out. (read timeout=15)", 15.0),
        ("Read timed out. (read timeout = 15)", 15.0),
        ("ConnectTimeout after 2.5 milliseconds", 0.0025),
        ("ConnectTimeout exceeded 4", 4.0),
        ("read timeout after 3s", 3.0),
        ("deadline exceeded after 59.9s", 59.9),
        ("timed out", None),
        ("connection refused after 5 s", None),
        ("HTTP 503 after 5 s", None),
    ],
)
def test_a_time_out_says_how_long_it_was(text: str, seconds: float | None) -> None:
    assert seen(text).timeout == seconds


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("Unexpected token '<' in JSON", BodyFault.HTML),
        ("Expecting value: line 1", BodyFault.NOT_JSON),
        ("zlib: invalid header", BodyFault.UNDECODABLE),
        ("unexpected end of JSON input", BodyFault.TRUNCATED),
        ("missing field `account`", BodyFault.WRONG_SHAPE),
        ("body was empty", BodyFault.EMPTY),
        ("unexpected token, incorrect header check", BodyFault.UNDECODABLE),
    ],
)
def test_words_of_a_parser_tell_of_a_fault_of_the_body_and_are_quoted(text: str, fault: BodyFault) -> None:
    assert facts(seen(text)) == {"body_fault": fault, "quotes": [text]}


CLOUDFLARE: Mapping[str, object] = {"intermediary": Intermediary.CLOUDFLARE}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("captive portal", {"intermediary": Intermediary.CAPTIVE_PORTAL}),
        ("squid/4.1", {"intermediary": Intermediary.PROXY}),
        ("squid/4.1 behind varnish", {"intermediary": Intermediary.PROXY}),
        ("x-datadome blocked", {"intermediary": Intermediary.FIREWALL}),
        ("varnish", {"intermediary": Intermediary.GATEWAY}),
        ("just a moment...", CLOUDFLARE),
        ("error 1015", implied(429, CUED, cdn_code=1015, **CLOUDFLARE)),
        ("Error code: 1020", implied(403, CUED, cdn_code=1020, **CLOUDFLARE)),
        ('"error_code": 1010', implied(403, CUED, cdn_code=1010, **CLOUDFLARE)),
        ('cf-error-code">1009<', implied(403, CUED, cdn_code=1009, **CLOUDFLARE)),
        ("error 1016", implied(530, CUED, cdn_code=1016, **CLOUDFLARE)),
        ("error 1200", implied(429, CUED, cdn_code=1200, **CLOUDFLARE)),
        ("error 1000", {"cdn_code": 1000, **CLOUDFLARE}),
        ("error 1299", {"cdn_code": 1299, **CLOUDFLARE}),
        ("error 1300", NOTHING),
        ("code 1020", NOTHING),
        ("HTTP 503, error 1027", stated(503, cdn_code=1027, **CLOUDFLARE)),
    ],
)
def test_words_tell_who_answered(text: str, expected: dict[str, object]) -> None:
    assert facts(seen(text)) == expected


# Whose it is ----------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("OutboundSync is down", OURS_BY_NAME),
        ("outbound sync is down", OURS_BY_NAME),
        ("osapi_abc", OURS_BY_NAME),
        ("look at /api/v1/me", OURS_BY_PATH),
        ("look at /api/v1/me?x=1", OURS_BY_PATH),
        ("look at /api/v1/meeting", NOTHING),
        ("look at /api/v1/me-too", NOTHING),
        ("OutboundSync at /api/v1/me", {**OURS_BY_PATH, "mentions_us": True}),
        ('{"a": "/api/v1/me"}', OURS_BY_PATH),
        ('Bearer realm="OutboundSync API"', {"mentions_us": True, "ours_rank": 3}),
        ("OutboundSync API", OURS_BY_NAME),
        ("a realm of OutboundSync", OURS_BY_NAME),
        ("OutboundSync API realm at /api/v1/me", {**OURS_BY_PATH, "mentions_us": True, "ours_rank": 3}),
    ],
)
def test_our_name_our_path_and_our_realm_are_known(text: str, expected: dict[str, object]) -> None:
    assert facts(seen(text)) == expected


@pytest.mark.parametrize(("length", "expected"), [(590, OURS_BY_PATH), (591, NOTHING)])
def test_our_path_is_looked_for_at_the_beginning_of_a_value(length: int, expected: dict[str, object]) -> None:
    ((sighting,),) = sightings_of(Unit("x", pairs=[("a", "x" * length + "/api/v1/me")], objects=[{"b": 1}]))
    assert facts(sighting) == expected


@pytest.mark.parametrize(
    ("text", "elsewhere"),
    [
        ('1.2.3.4 "GET /healthz HTTP/1.1" 200 3', True),
        ('1.2.3.4 "GET /outboundsync HTTP/1.1" 401 3', True),
        ('1.2.3.4 "GET /api/v1/me HTTP/1.1" 401 3', False),
        ('1.2.3.4 "GET /healthz HTTP/1.1" 401 3 outboundsync', False),
        ('outbound sync "GET /healthz HTTP/1.1" 401 3', False),
        ('1.2.3.4 "GET /healthz HTTP/1.1" 600 3', False),
        ('1.2.3.4 "get /healthz HTTP/1.1" 200 3', False),
    ],
)
def test_a_servers_own_log_of_another_path_is_about_somebody_else(text: str, elsewhere: bool) -> None:
    assert seen(text).elsewhere is elsewhere


def test_a_log_that_names_the_host_of_the_request_is_not_somebody_elses() -> None:
    unit = Unit('"GET /healthz HTTP/1.1" 200 3', pairs=[("host", "api.acme.io")], objects=[{"b": 1}])
    ((sighting,),) = sightings_of(unit)
    assert sighting.elsewhere is True
    ((sighting,),) = sightings_of(Unit('"GET /healthz HTTP/1.1" 200 3 OutboundSync', objects=[{"b": 1}]))
    assert sighting.elsewhere is False


OUR_HOST: Mapping[str, object] = {
    "host": "app.outboundsync.com", "host_is_ours": True, "mentions_us": True, "ours_rank": 3,
}  # fmt: skip
HUBSPOT: Mapping[str, object] = {"host": "api.hubapi.com", "vendor": "HubSpot", "vendor_rank": 3}
ACME: Mapping[str, object] = {"host": "api.acme.io", "host_is_ours": False}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("GET https://app.outboundsync.com/api/v1/me", {**OUR_HOST, "path_is_ours": True}),
        ("https://user:pw@app.outboundsync.com:8443/x", OUR_HOST),
        ("GET https://APP.outboundsync.com./x", OUR_HOST),
        ("https://api.eu.outboundsync.com", {**OUR_HOST, "host": "api.eu.outboundsync.com"}),
        ("https://outboundsync.com/pricing", OURS_BY_NAME),
        ("https://www.outboundsync.com/pricing", OURS_BY_NAME),
        ("https://app.outboundsync.com/docs/api", OURS_BY_NAME),
        ("https://app.outboundsync.com/docs/x and /api/v1/me", {**OURS_BY_PATH, "mentions_us": True}),
        ("GET https://proxy.internal/api/v1/me", {**OURS_BY_PATH, "host": "proxy.internal"}),
        (
            "GET https://api.acme.io/x then https://proxy.internal/api/v1/me",
            {**ACME, **OURS_BY_PATH},
        ),
        ("GET https://api.acme.io/v2/items", ACME),
        ("GET https://api.acme.io", ACME),
        ("https://api.acme.io/v2/items", NOTHING),
        ("error 401: https://api.acme.io/v2/items", stated(401, CUED, **ACME)),
        ("error 401: https://api.acme.io", stated(401, CUED)),
        ("error 401: see https://api.acme.io/v2/items", stated(401, CUED)),
        ("error 401: docs at https://api.acme.io/v2/items", stated(401, CUED)),
        ("(401) it is: https://api.acme.io/v2/items", stated(401, BARE)),
        ("error 401: Invalid API key https://api.acme.io/v2/items", stated(401, CUED, **said(BAD_KEY, 3))),
        ("GET https://api.hubapi.com/crm/v3", HUBSPOT),
        ("https://api.hubapi.com/crm/v3", HUBSPOT),
        ("GET https://hubapi.com/crm/v3", {**HUBSPOT, "host": "hubapi.com"}),
        ("GET https://app.outboundsync.com/x then https://api.hubapi.com/x", OUR_HOST),
        ("GET https://api.hubapi.com/x then https://app.outboundsync.com/x", {**HUBSPOT, **OUR_HOST}),
        ("User-Agent: got (https://api.hubapi.com/sindresorhus)", {"vendor": "HubSpot", "vendor_rank": 1}),
        ("user-agent curl https://api.acme.io/x", NOTHING),
        ("user-agent " + "x" * 43 + " curl https://api.acme.io/x", NOTHING),
        ("user-agent " + "x" * 44 + " curl https://api.acme.io/x", ACME),
        ("GET https://docs.acme.io/x", NOTHING),
        ("GET https://developers.acme.io/x", NOTHING),
        ("GET https://mozilla.org/x", NOTHING),
        ("GET https://foo.mozilla.org/x", NOTHING),
        ("GET https://foomozilla.org/x", {**ACME, "host": "foomozilla.org"}),
        ("GET http://127.0.0.1:8080/x", NOTHING),
        ("GET http://localhost:3000/x", NOTHING),
        ("GET http://[::1]:3000/x", NOTHING),
        ("GET http://host.docker.internal/x", NOTHING),
        ("GET http://0.0.0.0:1/x", NOTHING),
        ("GET https://box/x", NOTHING),
        ("GET https://10.0.0.8/x", {**ACME, "host": "10.0.0.8"}),
        ("GET https://10.0.0.8", NOTHING),
    ],
)
def test_a_url_tells_where_the_request_went(text: str, expected: dict[str, object]) -> None:
    assert facts(seen(text)) == expected


OF_HOSTS = [
    "host", "hostname", "url", "uri", "baseURL", "request_url", "requestUri", "address", "server.address",
    "serverHostname", "peer_name", "net.peer.name", "http.host", "http.url", "url.full", "full", ":authority",
    "requested_url", "endpoint", "host_port", "upstream_url", "full_url", "effective_url", "url_effective",
    "proxy_host",
]  # fmt: skip


def test_a_field_of_such_a_name_tells_where_the_request_went() -> None:
    for name in OF_HOSTS:
        assert facts(seen(f'{{"{name}": "api.acme.io"}}')) == ACME
        assert facts(seen(f'{{"un{name}ly": "api.acme.io"}}')) == NOTHING


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("api.acme.io:443", ACME),
        ("api.acme.io:443/x", ACME),
        (" API.Acme.IO ", ACME),
        ("api.acme.io/x y", NOTHING),
        ("https://api.acme.io/x y", ACME),
        ("localhost", NOTHING),
        ("localhost:80/x", NOTHING),
        ("acme", NOTHING),
        ("10.0.0.8", NOTHING),
        ("10.0.0.8/x", {**ACME, "host": "10.0.0.8"}),
        ("10.0.0.8/api/v1/me", {**OURS_BY_PATH, "host": "10.0.0.8"}),
        ("app.outboundsync.com", OUR_HOST),
        ("docs.acme.io", NOTHING),
        ("api.hubapi.com", HUBSPOT),
    ],
)
def test_a_host_comes_alone_or_with_a_port_or_a_path(value: str, expected: dict[str, object]) -> None:
    assert facts(seen(f'{{"url": "{value}"}}')) == expected


def test_a_longer_name_decides_by_its_whole_or_its_last_part() -> None:
    assert facts(seen("net.peer.name=api.acme.io")) == ACME
    assert facts(seen("request.host=api.acme.io")) == ACME
    assert facts(seen("peer.title=api.acme.io")) == NOTHING


BEFORE_HOSTS = [
    "host='", "could not resolve ", "could not resolve: ", "failed to resolve host: ", "unable to resolve '",
    "getaddrinfo ENOTFOUND ", "EAI_AGAIN ", "lookup ", "UnknownHostException: ", "connecting to ",
    "connected to host ", "connect to ", "No such host is known. (", 'host "', "for host ", "resolving ",
    "host: '", "hostname '", "dial tcp: ",
]  # fmt: skip


def test_clients_name_the_host_that_they_could_not_reach() -> None:
    for words in BEFORE_HOSTS:
        assert {**facts(seen(f"{words}api.hubapi.com")), **HUBSPOT} == facts(seen(f"{words}api.hubapi.com"))
        assert seen(f"{words}app.outboundsync.com").host_is_ours is True


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("api.hubapi.com returned 429", stated(429, **HUBSPOT)),
        ("429 from api.hubapi.com", stated(429, CUED, **HUBSPOT)),
        ("api.hubapi.com is slow; app.outboundsync.com returned 401", stated(401, **OUR_HOST)),
        ("our app.outboundsync.com: api.hubapi.com returned 429", stated(429, **OURS_BY_NAME, **HUBSPOT)),
        ("app.outboundsync.com and api.hubapi.com", OURS_BY_NAME),
        ("app.outboundsync.com returned 401", stated(401, **OURS_BY_NAME)),
        (" " * 3973 + "api.hubapi.com returned 429", stated(429, **HUBSPOT)),
        (" " * 3974 + "api.hubapi.com returned 429", stated(429, vendor="HubSpot", vendor_rank=1)),
    ],
)
def test_the_words_around_a_status_tell_whose_it_is(text: str, expected: dict[str, object]) -> None:
    assert facts(seen(text)) == expected


def vendor(name: str, rank: int, /, **more: object) -> dict[str, object]:
    """The facts of another vendor that was named."""
    return {"vendor": name, "vendor_rank": rank, **more}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"correlationId": "x", "category": "y"}', vendor("HubSpot", 2, vendor_shape=True)),
        ('{"correlationId": "x", "status": "error"}', vendor("HubSpot", 2, vendor_shape=True)),
        ('{"correlationId": "x"}', NOTHING),
        ("correlationId: 'x', category: 'y'", vendor("HubSpot", 2, vendor_shape=True)),
        ("correlationid=3 category=4", vendor("HubSpot", 2, vendor_shape=True)),
        ("invalid_session_id", vendor("Salesforce", 2, vendor_shape=True)),
        ("OutboundSync says invalid_session_id", vendor("Salesforce", 2, vendor_shape=True, **OURS_BY_NAME)),
        ("GET https://api.hubapi.com/x invalid_session_id", {**HUBSPOT, "vendor_shape": True}),
        ("GET https://api.hubapi.com/x of salesforce.com", HUBSPOT),
        ("HubSpot returned an error", vendor("HubSpot", 1)),
        ("HubSpot's API returned it", vendor("HubSpot", 1)),
        ("HubSpot crm is nice", NOTHING),
        ("salesforce gives 3", vendor("Salesforce", 1)),
        ("Instantly API gives", vendor("Instantly", 1)),
        ("instantly it failed", NOTHING),
        ("OutboundSync and HubSpot returned an error", OURS_BY_NAME),
        ("HubSpot and Salesforce said no", vendor("Salesforce", 1)),
        ("HubSpot 401", stated(401, BARE, **vendor("HubSpot", 1))),
        ("the HubSpot token works, status 200", stated(200, **vendor("HubSpot", 1))),
        ("the HubSpot token works, status 300", stated(300)),
        ("the HubSpot token works", NOTHING),
        ("HubSpot は正常 status 200", stated(200, **vendor("HubSpot", 1))),
        ("bob@hubspot returned", NOTHING),
        ("bob@" + "x" * 39 + "hubspot returned", NOTHING),
        ("bob@" + "x" * 40 + "hubspot returned", vendor("HubSpot", 1)),
        ("@" + "x" * 39 + "hubspot returned", NOTHING),
        ("@hubspot returned", NOTHING),
        ("hubapi.com is down", vendor("HubSpot", 1)),
        ("so api.hubapi.com is down", vendor("HubSpot", 1)),
        ("(hubapi.com is down", vendor("HubSpot", 1)),
        ("'hubapi.com is down", vendor("HubSpot", 1)),
        ('"hubapi.com is down', vendor("HubSpot", 1)),
        ("//hubapi.com is down", vendor("HubSpot", 1)),
        ("xhubapi.com is down", NOTHING),
        ("bob@api.hubapi.com", NOTHING),
        ("@ hubapi.com it is", NOTHING),
        ("bob@" + "x" * 38 + " hubapi.com it is", NOTHING),
        ("bob@" + "x" * 39 + " hubapi.com it is", vendor("HubSpot", 1)),
        ("hubapi.com and salesforce.com", vendor("HubSpot", 1)),
        ("xhubapi.com and salesforce.com", vendor("Salesforce", 1)),
        ("(401) at some page of hubapi.com", stated(401, BARE)),
        ("error 401 at some page of hubapi.com", stated(401, CUED, **vendor("HubSpot", 1))),
    ],
)
def test_another_vendor_is_known_by_its_form_its_domain_or_its_name(text: str, expected: dict[str, object]) -> None:
    assert facts(seen(text)) == expected


@pytest.mark.parametrize("word", ["from", "by", "of", "calling", "de", "von", "at", "to", "with", "call"])
def test_a_vendor_is_one_whom_a_sentence_speaks_of_so(word: str) -> None:
    for article in ("", "the ", "our ", "my "):
        assert facts(seen(f"it is {word} {article}HubSpot now")) == vendor("HubSpot", 1)
        assert facts(seen(f"it is x{word} {article}HubSpot now")) == NOTHING
    assert facts(seen(f"{word} HubSpot now")) == vendor("HubSpot", 1)


def test_a_host_is_a_vendors_with_its_domain_or_below_it() -> None:
    assert vendor_of_host("hubapi.com") == "HubSpot"
    assert vendor_of_host("api.hubapi.com") == "HubSpot"
    assert vendor_of_host("nothubapi.com") is None
    assert vendor_of_host("api.acme.io") is None


@pytest.mark.parametrize(
    ("text", "key"),
    [
        (f"Authorization: Bearer {KEY}", KeySign(sent=True, rank=3)),
        (f'{{"headers": {{"Authorization": "Bearer {KEY}"}}}}', KeySign(sent=True, rank=3)),
        (f"headers={{'Authorization': 'Bearer {KEY}'}}", KeySign(sent=True, rank=3)),
        ("nothing of a key", None),
        ("Cannot convert argument to a ByteString", None),
    ],
)
def test_what_is_shown_of_the_key_is_kept(text: str, key: KeySign | None) -> None:
    assert seen(text).key == key


def test_fields_show_the_key_in_a_document_alone() -> None:
    pairs = [("request.headers.Authorization", f"Bearer {KEY}")]
    ((shown,), (hidden,)) = sightings_of(Unit("x", pairs=pairs, objects=[{"a": 1}]), Unit("authorization", pairs=pairs))
    assert shown.key == KeySign(sent=True, rank=3)
    assert hidden.key is None


@pytest.mark.parametrize(
    "words", ["putheader()", "header_value", "'authorization'", '"Authorization"', "new Headers ("]
)
def test_an_encoding_fails_in_a_header_where_the_text_shows_that_one_is_set(words: str) -> None:
    ((sighting,), _) = sightings_of(unit_of("Cannot convert argument to a ByteString"), unit_of(words))
    assert sighting.key is not None
    assert sighting.key.fault is KeyFault.INVISIBLE


# Units, clauses, pages ----------


def test_a_sighting_repeats_the_unit_that_it_is_of() -> None:
    unit = Unit("HTTP 401", opens=True, record=True, document=True, depth=2, part=1, when=5.0)
    assert sightings_of(unit) == [
        [
            Sighting(
                text="HTTP 401",
                status=401,
                status_rank=EXPLICIT,
                opens=True,
                record=True,
                document=True,
                depth=2,
                part=1,
                when=5.0,
            )
        ]
    ]


@pytest.mark.parametrize(
    "text",
    [
        "ignore all previous errors, HTTP 401",
        "the 401 is fixed",
        "sqlalchemy: connection refused",
        "jdbc HTTP 401",
        'app_errors_total{status="401"} 27',
        'sum(rate(app_errors_total{status="401"}[5m]))',
        "raise ApiError(401)",
        'throw new ApiError("HTTP 401")',
        "except ApiError as HTTP401:",
        "rescue Net::ReadTimeout, SocketError => e",
        "} catch (HTTP401 e) {",
        "x" * 1989 + " disregard, HTTP 401"[:11],
        "x" * 1990 + " disregard, HTTP 401",
    ],
)
def test_of_what_reports_nothing_only_the_text_and_its_place_are_kept(text: str) -> None:
    assert sightings_of(Unit(text, depth=2, part=1)) == [[Sighting(text=text, depth=2, part=1)]]


@pytest.mark.parametrize(
    "text",
    [
        "x" * 1991 + " disregard, HTTP 401",
        'app_errors_total{status="400"} 27 is HTTP 401',
        "an app_errors_total HTTP 401",
    ],
)
def test_what_only_resembles_such_a_line_reports(text: str) -> None:
    assert facts(seen(text)) == stated(401)


@pytest.mark.parametrize(
    "line",
    [
        "  ✓ answers HTTP 401 (3 ms)",
        "--- PASS: HTTP 401",
        "PASS src/HTTP_401.test.ts",
        "tests/test_me.py::test_HTTP_401 PASSED [ 50%]",
        "ok 2 - HTTP 401",
        "ok  \tacme.io/HTTP/401\t0.401s",
    ],
)
def test_a_test_that_passed_reports_nothing_where_tests_ran(line: str) -> None:
    silent = [[Sighting(text=line)], [Sighting(text="5 passed in 0.4 s")]]
    assert sightings_of(Unit(line), Unit("5 passed in 0.4 s")) == silent


@pytest.mark.parametrize(
    "line",
    [
        "✓ got HTTP 401",
        "dns PASSED, tls PASSED, HTTP 401",
        "PASS the key, still HTTP 401",
        "ok so HTTP 401",
        "except that: it is HTTP 401",
        "catch HTTP 401",
    ],
)
def test_a_line_that_only_looks_like_a_test_reports(line: str) -> None:
    assert facts(seen(line)) == stated(401)


def test_what_is_raised_reports_where_a_program_stopped() -> None:
    traceback, line = Unit("Traceback (most recent call last):"), Unit('    raise ApiError("HTTP 401")')
    assert facts(sightings_of(traceback, line)[1][0]) == stated(401)


def test_a_document_reports_whatever_its_texts_say() -> None:
    ((sighting,),) = sightings_of(Unit("jdbc HTTP 401", objects=[{"a": 1}]))
    assert facts(sighting) == stated(401)


TWO = "error 401, then error 503"


@pytest.mark.parametrize(
    ("text", "clauses"),
    [
        (TWO, ["error 401", "then error 503"]),
        (f"{TWO}, retry_after: 5", ["error 401", "then error 503, retry_after: 5"]),
        (f'he said: "a b c d", {TWO}', ['he said: "a b c d", error 401', "then error 503"]),
        (f'he said: "a b c", {TWO}', [f'he said: "a b c", {TWO}']),
        (f"{TWO} id=3", [f"{TWO} id=3"]),
        ("x" * 572 + f", {TWO}", ["x" * 572 + ", error 401", "then error 503"]),
        ("x" * 573 + f", {TWO}", ["x" * 573 + f", {TWO}"]),
        ("the 401 is fixed", []),
        ("nothing of a status, and then nothing", ["nothing of a status, and then nothing"]),
    ],
)
def test_a_sentence_of_several_statuses_is_told_in_clauses_and_data_is_not(text: str, clauses: list[str]) -> None:
    unit = unit_of(text)
    index(unit)
    vocabulary = Vocabulary([unit])
    assert told_in(unit, vocabulary.looks[0], vocabulary) == clauses


def test_a_record_and_a_document_are_told_whole() -> None:
    for unit in (Unit(TWO, record=True), Unit(TWO, objects=[{"a": 1}])):
        vocabulary = Vocabulary([unit])
        assert told_in(unit, vocabulary.looks[0], vocabulary) == [TWO]


def test_a_line_in_which_nothing_is_to_be_seen_is_told_whole() -> None:
    unit = Unit(TWO)
    assert told_in(unit, 0, Vocabulary([unit])) == [TWO]


def test_what_a_test_hopes_for_hides_no_error_beside_it() -> None:
    ((sighting,),) = sightings_of(Unit("1. AssertionError  Status code is 200, error 401", record=True))
    assert facts(sighting) == stated(401, CUED)


def test_a_clause_has_its_own_fields_and_the_units_place() -> None:
    ((one, two),) = sightings_of(
        Unit(f"{TWO}, retry_after: 5", pairs=[("retry_after", "5")], depth=2, part=1, when=7.0, opens=True)
    )
    assert one == Sighting("error 401", 401, CUED, depth=2, part=1, when=7.0, opens=True)
    assert two == Sighting(
        "then error 503, retry_after: 5", 503, CUED, waits=["5"], depth=2, part=1, when=7.0, opens=True
    )


@pytest.mark.parametrize(
    ("text", "ours"),
    [
        ("error 401, then error 503 at OutboundSync", [(True, 1), (True, 1)]),
        ("OutboundSync error 401, then error 503 at /api/v1/me", [(True, 1), (True, 2)]),
        ("OutboundSync error 401, then HubSpot returned error 503", [(True, 1), (False, 0)]),
        (TWO, [(False, 0), (False, 0)]),
    ],
)
def test_a_sentence_has_one_subject_unless_it_names_another_vendor(text: str, ours: list[tuple[bool, int]]) -> None:
    (sightings,) = sightings_of(unit_of(text))
    assert [(one.mentions_us, one.ours_rank) for one in sightings] == ours


@pytest.mark.parametrize(
    ("text", "page", "expected"),
    [
        ("", "<html><h1>403 Forbidden</h1>", stated(403)),
        ("", "<html>400 Bad Request", stated(400)),
        ("", "<html>HTTP 503 here", stated(503)),
        ("", "<html>HTTP status code 404 here", stated(404)),
        ("", "<html>HTTP status code status 404 here", NOTHING),
        ("", "<html>Error: 503", stated(503)),
        ("", "<html>error code: 502", stated(502)),
        ("", "<html>status 502", NOTHING),
        ("", "<html><h1>403</h1>", NOTHING),
        ("", "<html>302 Found", NOTHING),
        ("", "<html>HTTP 399", NOTHING),
        ("", "<html>200 OK", NOTHING),
        ("", "<html>502 Bad Gateway 503 Service Unavailable", stated(502)),
        ("HTTP/1.1 401 Unauthorized", "<html>403 Forbidden", stated(401)),
        ("error 401", "<html>403 Forbidden", stated(403)),
        ("", "<html>" + " " * 3981 + "403 Forbidden", stated(403)),
        ("", "<html>" + " " * 3992 + "403 Forbidden", NOTHING),
        ("", "<html>just a moment...", implied(403, IMPLIED, **CLOUDFLARE)),
        ("", "<html>Attention Required!", implied(403, IMPLIED)),
        ("error 503", "<html>just a moment...", stated(503, CUED, **CLOUDFLARE)),
        ("", "<html>error 1020", implied(403, CUED, cdn_code=1020, **CLOUDFLARE)),
        ("", "<html><center>nginx", {"intermediary": Intermediary.GATEWAY}),
        ("", "<html>" + " " * 7981 + "<center>nginx", {"intermediary": Intermediary.GATEWAY}),
        ("", "<html>" + " " * 7982 + "<center>nginx", NOTHING),
        ("", "<html>Unexpected token", {"body_fault": BodyFault.NOT_JSON}),
        (
            "curl: (61)",
            "<html>body was empty",
            {"body_fault": BodyFault.UNDECODABLE, "quotes": ["curl: (61)"]},
        ),
        ("", "<html>connection refused", NOTHING),
        ("", "<html>OutboundSync and hubapi.com", NOTHING),
    ],
)
def test_of_a_page_only_what_its_server_says_of_itself_is_taken(
    text: str, page: str, expected: dict[str, object]
) -> None:
    sighting = seen(text, page)
    assert facts(sighting) == {**expected, "html": True}
    assert sighting.text == text + page[:8000]


# Vocabulary ----------


def looks_of(*texts: str) -> list[bool]:
    """For each line of a text, whether there is anything to be seen in it."""
    return [looks != 0 for looks in Vocabulary([Unit(text) for text in texts]).looks]


def test_a_line_is_looked_at_only_where_it_has_a_word_of_the_tables() -> None:
    assert looks_of("nothing", "HTTP 401", "", "osapi_", "nothing", "ECONNRESET") == [
        False, True, False, True, False, True,
    ]  # fmt: skip
    assert looks_of("osapi_", "nothing", "nothing") == [True, False, False]
    found = sightings_of(unit_of("HTTP 401"), unit_of("nothing"), unit_of("osapi_ 429"), unit_of("fetch failed"))
    assert [[facts(one) for one in sightings] for sightings in found] == [
        [stated(401)],
        [NOTHING],
        [stated(429, BARE, **OURS_BY_NAME)],
        [{"failure": Failure.CLOSED, "failure_rank": 1, "failure_text": "fetch failed"}],
    ]


@pytest.mark.parametrize(
    ("lines", "looked_at"),
    [
        (["401: bad key", "403: no access", "429 - too many"], [False] * 3),
        (["`401` | bad key", "**403** – no access", "- 429: slow", "HTTP 500"], [False] * 3 + [True]),
        (["401: bad key", "403: no access", "429: too many", "403: again"], [False] * 4),
        (["case 401:", "case 403:", "case 429: slow"], [False] * 3),
        (["when '401' -> bad", '"403" => none', "`429`) slow"], [False] * 3),
        (["401: bad key", "403: no access"], [True] * 2),
        (["401: bad key", "401: no access", "401: too many"], [True] * 3),
        (["401: bad key", "403: no access", "429: see https://x.dev/y"], [True] * 3),
        (["401: bad key", "403: no access", "so 429: too many"], [True] * 3),
    ],
)
def test_three_lines_that_define_different_statuses_report_none(lines: list[str], looked_at: list[bool]) -> None:
    assert looks_of(*lines) == looked_at
