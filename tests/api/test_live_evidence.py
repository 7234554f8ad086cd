"""What one exchange leaves as evidence, whole: nothing was sent, nothing came back, or the request was stopped."""

import asyncio
import errno
import json
import logging
import os
import socket
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from outboundsync_mcp.api.client import Exchange, OutboundSyncClient
from outboundsync_mcp.api.clock import SystemClock
from outboundsync_mcp.api.cooldown import FLIGHT_NAME
from outboundsync_mcp.diagnosis.evidence import BodyFault, Evidence, Failure, Intermediary, KeyFault
from outboundsync_mcp.settings import Settings
from tests.api.test_client import KEY, ME
from tests.support.clock import START, FakeClock
from tests.support.scripted import End, ScriptedServer

pytestmark = pytest.mark.anyio

HOST = "api.example.com"
URL = f"https://{HOST}/api/v1/me"
SENT: dict[str, Any] = {
    "source": "live",
    "host": HOST,
    "api_host": True,
    "key_sent": True,
    "own_requests_in_window": 1,
    "timeout_seconds": 15.0,
}
STEPS: dict[str, list[str]] = {
    "nothing": [],
    "connect": ["connection.connect_tcp.started"],
    "tls": ["connection.connect_tcp.started", "connection.connect_tcp.complete", "connection.start_tls.started"],
    "send": ["connection.connect_tcp.started", "connection.start_tls.started", "http11.send_request_headers.started"],
    "receive": ["http11.send_request_headers.started", "http11.receive_response_headers.started"],
}


class Wire(httpx.AsyncBaseTransport):
    """Tells of the steps that a request took, as httpcore does, and ends it."""

    def __init__(self, steps: Sequence[str], end: httpx.Response | Exception | None) -> None:
        self.steps = steps
        self.end = end
        self.requests: list[httpx.Request] = []
        self.closed = 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        for step in self.steps:
            await request.extensions["trace"](step, {"host": "secret"})
        if self.end is None:
            await asyncio.get_running_loop().create_future()
        if isinstance(self.end, Exception):
            raise self.end
        assert self.end is not None
        return self.end

    async def aclose(self) -> None:
        self.closed += 1


class Body(httpx.AsyncByteStream):
    """A body in parts, the last of which may be an exception."""

    def __init__(self, *parts: bytes | Exception) -> None:
        self.parts = parts
        self.closed = False

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for part in self.parts:
            if isinstance(part, Exception):
                raise part
            yield part

    async def aclose(self) -> None:
        self.closed = True


def client_on(wire: Wire, **variables: str) -> OutboundSyncClient:
    environ = {"OUTBOUNDSYNC_API_KEY": KEY, "OUTBOUNDSYNC_BASE_URL": f"https://{HOST}", **variables}
    return OutboundSyncClient(Settings.from_env(environ), clock=FakeClock(), transport=wire)


async def evidence_of(wire: Wire, **variables: str) -> Evidence:
    exchange = await client_on(wire, **variables).get_me()
    assert (exchange.attempts, exchange.waited_seconds, exchange.body) == (1, 0.0, None)
    return exchange.evidence


# Nothing was sent


async def test_without_a_key_nothing_is_sent_and_the_reason_is_told() -> None:
    wire = Wire([], None)
    vendor = await client_on(wire, OUTBOUNDSYNC_API_KEY="pat-na1-7gQ2xV9mK4tR8wZ1pL6n").get_me()
    faulty = await client_on(wire, OUTBOUNDSYNC_API_KEY=f' "{KEY} x" ').get_me()
    setting = await client_on(wire, OUTBOUNDSYNC_TIMEOUT_SECONDS="soon").get_me()
    assert wire.requests == []
    assert vendor == Exchange(
        evidence=Evidence(
            source="live",
            seen=("No request was sent.",),
            key_fault=KeyFault.OTHER_VENDOR,
            key_fault_detail=vendor.evidence.key_fault_detail,
            key_vendor="HubSpot",
            key_source="OUTBOUNDSYNC_API_KEY",
            key_sent=False,
            host=HOST,
        ),
        body=None,
        attempts=0,
        waited_seconds=0.0,
    )
    assert (vendor.evidence.key_fault_detail or "").startswith("OUTBOUNDSYNC_API_KEY: ")
    assert faulty.evidence.key_fault is KeyFault.WHITESPACE
    assert faulty.evidence.seen[-1] == "No request was sent."
    assert len(setting.evidence.setting_faults) == 1
    assert setting.evidence == Evidence(source="live", setting_faults=setting.evidence.setting_faults, host=HOST)


async def test_a_key_file_is_named_as_the_source(tmp_path: Path) -> None:
    file = tmp_path / "key"
    exchange = await client_on(Wire([], None), OUTBOUNDSYNC_API_KEY="", OUTBOUNDSYNC_API_KEY_FILE=str(file)).get_me()
    assert exchange.evidence.key_source == f"OUTBOUNDSYNC_API_KEY_FILE ({file})"
    file.write_text(KEY)
    wire = Wire([], httpx.Response(500, stream=Body()))
    evidence = await evidence_of(wire, OUTBOUNDSYNC_API_KEY="", OUTBOUNDSYNC_API_KEY_FILE=str(file))
    assert evidence.key_source == f"OUTBOUNDSYNC_API_KEY_FILE ({file})"


async def test_who_is_told_of_a_cooldown_gets_the_429_that_began_it() -> None:
    headers = {"Retry-After": "100", "Date": "Tue, 01 Sep 2026 12:00:00 GMT"}
    client = client_on(Wire([], httpx.Response(429, headers=headers, stream=Body(b'{"message": "slow"}'))))
    first = (await client.get_me(0)).evidence
    told = await client.get_me(7)
    assert first.observed_at == START
    assert (told.attempts, told.evidence.message, told.evidence.observed_at) == (0, "slow", None)
    assert told.evidence.seen == ("No request was sent: an earlier 429 is still in force.", *first.seen)
    assert (told.evidence.cooling_down, told.evidence.retry_after, told.evidence.wait_limit) == (True, 100, 7)


async def test_what_is_left_of_a_cooldown_is_rounded_up_and_told_with_where_the_key_came_from(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text(KEY)
    clock = FakeClock(auto=False)
    environ = {"OUTBOUNDSYNC_API_KEY_FILE": str(file), "OUTBOUNDSYNC_BASE_URL": f"https://{HOST}"}
    limited = httpx.Response(429, headers={"Retry-After": "10"}, stream=Body())
    client = OutboundSyncClient(Settings.from_env(environ), clock=clock, transport=Wire([], limited))
    await client.get_me(0)
    await clock.advance(7.5)
    assert (await client.get_me(0)).evidence.retry_after == 3
    await clock.advance(2.25)
    told = (await client.get_me(0)).evidence
    assert (told.retry_after, told.key_source) == (1, f"OUTBOUNDSYNC_API_KEY_FILE ({file})")


# The request


async def test_one_request_asks_for_json_with_the_key_and_says_who_asks() -> None:
    wire = Wire([], httpx.Response(200, stream=Body(json.dumps(ME).encode())))
    exchange = await client_on(wire).get_me()
    [request] = wire.requests
    assert (request.method, str(request.url), exchange.body) == ("GET", URL, ME)
    headers = dict(request.headers)
    assert headers.pop("user-agent").startswith("outboundsync-mcp/")
    assert headers == {
        "host": HOST,
        "accept": "application/json",
        "accept-encoding": "gzip",
        "authorization": f"Bearer {KEY}",
    }


async def test_a_port_is_part_of_the_host_header() -> None:
    wire = Wire([], httpx.Response(500, stream=Body()))
    evidence = await evidence_of(wire, OUTBOUNDSYNC_BASE_URL="https://api.example.com:8443")
    assert (wire.requests[0].headers["host"], evidence.host) == ("api.example.com:8443", HOST)


@pytest.mark.parametrize(("asked", "level"), [(logging.DEBUG, logging.WARNING), (logging.ERROR, logging.ERROR)])
async def test_the_http_librarys_debug_lines_which_may_quote_the_key_are_never_logged(asked: int, level: int) -> None:
    library = logging.getLogger("httpcore")
    before = library.level
    library.setLevel(asked)
    try:
        with ScriptedServer(End.CLOSE) as server:
            environ = {"OUTBOUNDSYNC_API_KEY": KEY, "OUTBOUNDSYNC_BASE_URL": server.origin}
            client = OutboundSyncClient(Settings.from_env(environ), clock=FakeClock())
            await client.get_me()
            await client.aclose()
        assert library.level == level
    finally:
        library.setLevel(before)


async def test_connections_are_closed_once() -> None:
    wire = Wire([], httpx.Response(500, stream=Body()))
    client = client_on(wire)
    await client.aclose()
    await client.get_me()
    await client.aclose()
    await client.aclose()
    assert wire.closed == 1


# Nothing came back


@pytest.mark.parametrize(
    ("step", "failure", "detail"),
    [
        ("nothing", Failure.CONNECT_TIMEOUT, "no TCP connection after 2.5 s"),
        ("connect", Failure.CONNECT_TIMEOUT, "no TCP connection after 2.5 s"),
        ("tls", Failure.CONNECT_TIMEOUT, "no TLS handshake after 2.5 s"),
        ("send", Failure.READ_TIMEOUT, "no response after 2.5 s"),
        ("receive", Failure.READ_TIMEOUT, "no response after 2.5 s"),
    ],
)
async def test_a_time_out_says_how_far_the_request_got(step: str, failure: Failure, detail: str) -> None:
    evidence = await evidence_of(Wire(STEPS[step], TimeoutError()), OUTBOUNDSYNC_TIMEOUT_SECONDS="2.5")
    seen = (f"GET {URL} got no complete HTTP response: {detail}.",)
    expected = Evidence(**SENT, failure=failure, failure_detail=detail, seen=seen)
    assert evidence == replace(expected, timeout_seconds=2.5)


@pytest.mark.parametrize(("status", "timed_out"), [(199, False), (200, True), (299, True), (300, False), (500, False)])
async def test_a_body_that_comes_too_slowly_is_a_time_out_of_a_success_alone(status: int, timed_out: bool) -> None:
    body = Body(b"{", TimeoutError())
    evidence = await evidence_of(Wire([], httpx.Response(status, stream=body)))
    assert body.closed
    detail = "the body was not complete after 15 s"
    expected: dict[str, Any] = {"failure": Failure.DEADLINE, "failure_detail": detail} if timed_out else {}
    seen = f"GET {URL} got no complete HTTP response: {detail}." if timed_out else f"GET {URL} answered HTTP {status}."
    assert evidence == Evidence(**SENT, status=status, seen=(seen,), **expected)


async def test_a_failure_is_told_in_the_systems_words() -> None:
    evidence = await evidence_of(Wire(STEPS["tls"], ConnectionResetError(104, "Connection reset by peer")))
    detail = "Connection reset by peer"
    seen = (f"GET {URL} got no complete HTTP response: {detail}.",)
    assert evidence == Evidence(**SENT, failure=Failure.RESET, failure_detail=detail, seen=seen)


async def test_a_proxys_refusal_of_the_tunnel_is_its_status() -> None:
    evidence = await evidence_of(Wire([], httpx.ProxyError("407 Proxy Authentication Required")))
    seen = (f"The proxy answered HTTP 407 to the request for a tunnel to {HOST}.",)
    assert evidence == Evidence(**SENT, status=407, intermediary=Intermediary.PROXY, seen=seen)


async def test_a_proxy_that_cannot_be_used_is_told_without_its_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "socks5://user:proxypassword@127.0.0.1:1")
    settings = Settings.from_env({"OUTBOUNDSYNC_API_KEY": KEY, "OUTBOUNDSYNC_BASE_URL": f"https://{HOST}"})
    client = OutboundSyncClient(settings, clock=FakeClock())
    evidence = (await client.get_me()).evidence
    detail = "HTTPS_PROXY does not start with http:// or https://"
    seen = (f"The proxy named by the environment (HTTPS_PROXY or ALL_PROXY) cannot be used: {detail}.",)
    assert evidence == Evidence(**SENT, failure=Failure.PROXY, failure_detail=detail, seen=seen)


@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_a_proxy_that_does_not_answer_is_told_in_the_systems_words(
    scheme: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    monkeypatch.setenv("HTTPS_PROXY", f"{scheme}://user:proxypassword@127.0.0.1:{port}")
    settings = Settings.from_env({"OUTBOUNDSYNC_API_KEY": KEY, "OUTBOUNDSYNC_BASE_URL": f"https://{HOST}"})
    client = OutboundSyncClient(settings, clock=FakeClock())
    evidence = (await client.get_me()).evidence
    await client.aclose()
    detail = os.strerror(errno.ECONNREFUSED)
    seen = (f"The proxy named by the environment (HTTPS_PROXY or ALL_PROXY) cannot be used: {detail}.",)
    assert evidence == Evidence(**SENT, failure=Failure.PROXY, failure_detail=detail, seen=seen)


async def test_a_fault_of_ours_is_an_interrupted_request_whose_text_is_not_repeated(
    caplog: pytest.LogCaptureFixture,
) -> None:
    evidence = await evidence_of(Wire([], KeyError(KEY)))
    seen = (f"GET {URL} did not end.",)
    assert evidence == Evidence(**SENT, failure=Failure.INTERRUPTED, failure_detail="an unexpected KeyError", seen=seen)
    assert [record.getMessage() for record in caplog.records] == ["get_me failed unexpectedly: KeyError"]


async def test_a_request_that_is_stopped_under_its_riders_is_interrupted() -> None:
    call = asyncio.create_task(client_on(Wire([], None)).get_me())
    await FakeClock().settle()
    (flight,) = (task for task in asyncio.all_tasks() if task.get_name() == FLIGHT_NAME)
    flight.cancel()
    assert (await call).evidence == Evidence(
        source="live",
        seen=(f"GET {URL} did not end.",),
        failure=Failure.INTERRUPTED,
        failure_detail="the request was stopped before it ended",
        host=HOST,
        api_host=True,
    )


# A body that is not the documented one


CUT = "The connection ended before the body was complete."
UNDECODABLE = "The body does not match its Content-Encoding, or is not UTF-8."


@pytest.mark.parametrize("status", [200, 403])
@pytest.mark.parametrize(
    ("encoding", "parts", "fault", "words"),
    [
        (None, (b'{"a"', httpx.ReadError("x")), BodyFault.TRUNCATED, CUT),
        (None, (b"\xff",), BodyFault.UNDECODABLE, UNDECODABLE),
        ("br", (b"{}",), BodyFault.UNDECODABLE, UNDECODABLE),
        (" GZIP ", (b"{}",), BodyFault.UNDECODABLE, UNDECODABLE),
        ("identity", (b" " * 1_048_576, b" "), BodyFault.OVERSIZE, "The body is larger than 1024 KiB."),
    ],
)
async def test_what_is_wrong_with_a_body_is_seen_and_counts_in_a_success(
    status: int, encoding: str | None, parts: tuple[bytes | Exception, ...], fault: BodyFault, words: str
) -> None:
    headers = {} if encoding is None else {"Content-Encoding": encoding}
    evidence = await evidence_of(Wire([], httpx.Response(status, headers=headers, stream=Body(*parts))))
    assert evidence.seen == (f"GET {URL} answered HTTP {status}.", words)
    assert (evidence.body_fault, evidence.body_fault_detail) == ((fault, words) if status == 200 else (None, None))


async def test_runs_of_the_key_of_twelve_characters_are_hidden_in_a_200_and_shorter_ones_are_names() -> None:
    secret = KEY.removeprefix("osapi_")
    short, long = secret[:11], secret[:12]
    body = {**ME, "links": {short: [short, long, {long: 1}], "account": 2}}
    client = client_on(Wire([], httpx.Response(200, stream=Body(json.dumps(body).encode()))))
    assert (await client.get_me()).body == {
        **ME,
        "links": {short: [short, "[redacted]", {"[redacted]": 1}], "account": 2},
    }


async def test_a_replacement_character_of_the_servers_own_is_no_damage() -> None:
    body = {**ME, "note": "\ufffd"}
    text = json.dumps(body, ensure_ascii=False).encode()
    assert (await client_on(Wire([], httpx.Response(200, stream=Body(text)))).get_me()).body == body


async def test_a_body_of_the_limit_is_read_whole() -> None:
    text = json.dumps(ME).ljust(1_048_576).encode()
    exchange = await client_on(Wire([], httpx.Response(200, stream=Body(text[:700_000], text[700_000:])))).get_me()
    assert exchange.body == ME


async def test_the_clock_skew_of_a_response_is_known_to_the_next_failure() -> None:
    wire = Wire([], httpx.Response(500, headers={"Date": "Tue, 01 Sep 2026 11:00:00 GMT"}, stream=Body()))
    client = client_on(wire)
    assert (await client.get_me()).evidence.clock_skew == 3600
    wire.end = ConnectionRefusedError(111, "Connection refused")
    assert (await client.get_me()).evidence.clock_skew == 3600


# The clock and the jitter of every day


async def test_the_systems_clock_counts_seconds_and_is_utc() -> None:
    clock = SystemClock()
    before = clock.monotonic()
    await clock.sleep(0.01)
    assert clock.monotonic() - before >= 0.009
    assert clock.now().utcoffset() is not None
    assert str(clock.now().tzinfo) == "UTC"


async def test_every_wait_has_a_tenth_of_a_second_to_one_second_added() -> None:
    waits: set[float] = set()
    for _ in range(40):
        clock = FakeClock()
        wire = Wire([], None)
        wire.end = httpx.Response(429, headers={"Retry-After": "5"}, stream=Body())
        environ = {"OUTBOUNDSYNC_API_KEY": KEY, "OUTBOUNDSYNC_BASE_URL": f"https://{HOST}"}
        client = OutboundSyncClient(Settings.from_env(environ), clock=clock, transport=wire)
        waits.add((await client.get_me()).waited_seconds)
    assert 5.1 <= min(waits) < 5.6 < max(waits) <= 6.0
