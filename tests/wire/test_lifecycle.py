"""How the server's life goes and ends: clients that leave, kill, cancel or babble, signals, and many calls."""

import asyncio
import gc
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
import tracemalloc
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from mcp import Client

from outboundsync_mcp.api.client import OutboundSyncClient
from outboundsync_mcp.server import create_server
from outboundsync_mcp.settings import Settings
from outboundsync_mcp.tools import Tools
from tests.support.clock import FakeClock
from tests.support.scripted import ScriptedServer, response
from tests.support.stdio import MODERN_META, PATIENCE_SECONDS, StdioPeer, environment
from tests.wire.test_surface import LIMITED, MODES, OK, connected

KEY = "osapi_live_Zq7Kp2Vx9Lm4Rt6W"
FAR = response(429, {"Retry-After": "40"}, {"statusCode": 429, "message": "Too Many Requests"})
"""A wait that the default setting affords and no test sits out."""
AT_ONCE_SECONDS = 8.0
"""On a machine that is busy with other tests. The proof holds a stop to one second."""
ERAS = (False, True)
SIGNALS = (signal.SIGINT, signal.SIGTERM)
POSIX = pytest.mark.skipif(os.name == "nt", reason="Windows has no such signals between processes")

Meta = Mapping[str, Any]


def _environ(upstream: ScriptedServer) -> dict[str, str]:
    return {"OUTBOUNDSYNC_API_KEY": KEY, "OUTBOUNDSYNC_BASE_URL": upstream.origin}


def _start_to_wait(peer: StdioPeer) -> int:
    """Start a get_me that meets FAR, and return its id once it waits."""
    call = peer.start("tools/call", {"name": "get_me", "arguments": {}, "_meta": {"progressToken": "wait"}})
    peer.notification("notifications/progress")
    return call


def _is_well(peer: StdioPeer) -> bool:
    answer = peer.request("tools/call", {"name": "diagnose_error", "arguments": {"status": 403}})
    return answer["result"]["structuredContent"]["kind"] == "api_access_disabled"


# Stdio: the client leaves


def test_closing_stdin_ends_an_idle_server_with_status_0() -> None:
    with StdioPeer(modern=True) as peer:
        began = time.monotonic()
        assert peer.close() == 0
        assert time.monotonic() - began < AT_ONCE_SECONDS
    assert "Traceback" not in peer.stderr


@pytest.mark.parametrize("modern", ERAS)
def test_closing_stdin_during_a_wait_ends_the_server_with_status_0(modern: bool) -> None:
    with ScriptedServer(FAR) as upstream, StdioPeer(modern=modern, environ=_environ(upstream)) as peer:
        _start_to_wait(peer)
        began = time.monotonic()
        assert peer.close() == 0
        assert time.monotonic() - began < AT_ONCE_SECONDS
        assert len(upstream.requests) == 1
    assert peer.stderr == ""


@POSIX
@pytest.mark.parametrize("number", SIGNALS)
def test_a_signal_during_a_wait_stops_the_stdio_server_without_a_word(number: signal.Signals) -> None:
    assert seconds_to_stop_stdio(number) < AT_ONCE_SECONDS


def seconds_to_stop_stdio(number: signal.Signals) -> float:
    """From the signal to the end of a server over stdio that waits for Retry-After."""
    with ScriptedServer(FAR) as upstream, StdioPeer(environ=_environ(upstream)) as peer:
        _start_to_wait(peer)
        began = time.monotonic()
        peer.process.send_signal(number)
        assert peer.process.wait(PATIENCE_SECONDS) == 128 + number
        took = time.monotonic() - began
        peer.close()
    assert peer.stderr == ""
    return took


PARENT = """\
import subprocess, sys, time
server = subprocess.Popen([sys.executable, "-m", "outboundsync_mcp"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
for line in sys.argv[1:]:
    server.stdin.write(line.encode() + b"\\n")
    server.stdin.flush()
for line in server.stdout:
    print(line.decode(), end="", flush=True)
"""
"""A host that starts the server, says what it is told to, and passes on what it hears."""


@POSIX
def test_the_server_does_not_outlive_a_host_that_is_killed_during_a_wait() -> None:
    params = {"name": "get_me", "arguments": {}, "_meta": {**MODERN_META, "progressToken": "wait"}}
    with ScriptedServer(FAR) as upstream:
        host = subprocess.Popen(
            [sys.executable, "-c", PARENT, json.dumps(_request(1, "tools/call", params))],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,  # the server's stderr is the same pipe: it ends when both have gone
            env=environment(**_environ(upstream)),
        )
        assert host.stdout is not None
        assert host.stderr is not None
        with host, _killed_if_stuck(host):
            assert "progress" in host.stdout.readline().decode()
            began = time.monotonic()
            host.kill()
            said = host.stderr.read().decode()
            assert time.monotonic() - began < AT_ONCE_SECONDS
    assert "Traceback" not in said


def test_a_client_that_closes_its_end_of_stdout_ends_the_server_with_one_sentence() -> None:
    meta = {"_meta": dict(MODERN_META)}
    server = subprocess.Popen(
        [sys.executable, "-m", "outboundsync_mcp"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(),
    )
    assert server.stdin is not None
    assert server.stdout is not None
    assert server.stderr is not None
    with server, _killed_if_stuck(server):
        server.stdin.write(json.dumps(_request(1, "server/discover", meta)).encode() + b"\n")
        server.stdin.flush()
        assert '"result"' in server.stdout.readline().decode()
        server.stdout.close()
        began = time.monotonic()
        server.stdin.write(json.dumps(_request(2, "tools/list", meta)).encode() + b"\n")
        server.stdin.flush()
        assert server.wait(PATIENCE_SECONDS) == 1
        assert time.monotonic() - began < AT_ONCE_SECONDS
        *_, last = server.stderr.read().decode().splitlines()
    assert last == "outboundsync-mcp: the client closed its end of stdout"


@contextmanager
def _killed_if_stuck(process: subprocess.Popen[bytes]) -> Generator[None]:
    """A read that never ends fails the test instead of hanging it."""
    timer = threading.Timer(PATIENCE_SECONDS, process.kill)
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        process.kill()


# Stdio: the client cancels


@pytest.mark.parametrize("modern", ERAS)
def test_a_cancelled_call_ends_its_flight_and_leaves_the_cooldown(modern: bool) -> None:
    with ScriptedServer(FAR) as upstream, StdioPeer(modern=modern, environ=_environ(upstream)) as peer:
        call = _start_to_wait(peer)
        peer.send({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": call}})
        after = peer.request("tools/call", {"name": "get_me", "arguments": {"max_wait_seconds": 0}})
        answer = after["result"]["structuredContent"]
        assert (answer["kind"], answer["attempts"], answer["retry_after_seconds"] > 30) == ("rate_limited", 0, True)
        assert _is_well(peer)
        assert len(upstream.requests) == 1
    assert call not in {message.get("id") for message in peer.received}
    assert peer.stderr == ""


@pytest.mark.anyio
@pytest.mark.parametrize("mode", MODES)
async def test_a_cancelled_call_leaves_nothing_that_waits(mode: str) -> None:
    clock = FakeClock(auto=False)
    with ScriptedServer(LIMITED) as upstream:
        async with connected(mode, upstream, clock) as client:
            call = asyncio.create_task(client.call_tool("get_me", {}))
            await clock.wait_for_sleepers()
            call.cancel()
            await asyncio.gather(call, return_exceptions=True)
            await _until(lambda: clock.sleeping == 0)
            assert not (await client.call_tool("diagnose_error", {"status": 403})).is_error
        assert len(upstream.requests) == 1


async def _until(condition: Callable[[], bool]) -> None:
    """Wait, without sleeping, for what another thread or task is about to do."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0)


# Stdio: the client babbles

DEEP = 200_000
GARBAGE: Mapping[str, bytes] = {
    "not JSON": b"hello {",
    "nothing": b"",
    "blanks": b" \t\r",
    "not an object": b"[1, 2, 3]",
    "a batch": json.dumps([{"jsonrpc": "2.0", "id": 9, "method": "tools/list"}] * 2).encode(),
    "another protocol": b'{"jsonrpc": "1.0", "id": 9, "method": "tools/list"}',
    "no method": b'{"jsonrpc": "2.0", "id": 9}',
    "wrong types": b'{"jsonrpc": "2.0", "id": {}, "method": 5, "params": "x"}',
    "an answer to nothing": b'{"jsonrpc": "2.0", "id": 9, "result": {}}',
    "invalid UTF-8": b'{"jsonrpc": "2.0", "id": 9, "method": "\xff\xfe\xc3("}',
    "a lone surrogate": b'{"jsonrpc": "2.0", "id": 9, "method": "\\ud800"}',
    "NUL bytes": b"\x00" * 4096,
    "deep arrays": b"[" * DEEP + b"]" * DEEP,
    "deep objects": b'{"a":' * DEEP + b"1" + b"}" * DEEP,
    "deep params": b'{"jsonrpc":"2.0","id":9,"method":"tools/call","params":' + b"[" * DEEP + b"]" * DEEP + b"}",
    "a huge number": b'{"jsonrpc":"2.0","id":' + b"9" * 10_000 + b',"method":"tools/list"}',
    "10 MB of noise": b"x" * 10_000_000,
    **{
        f"cancelling {what}": b'{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":%s}}' % shown
        for what, shown in {
            "what is over": b"2",
            "what never was": b"4711",
            "a name": b'"x"',
            "nothing": b"null",
        }.items()
    },
}


@pytest.mark.parametrize("modern", ERAS)
def test_no_line_on_stdin_kills_the_server(modern: bool) -> None:
    with StdioPeer(modern=modern) as peer:
        for what, line in GARBAGE.items():
            peer.send(line)
            assert _is_well(peer), what
        assert peer.close() == 0
    assert "Traceback" not in peer.stderr


@pytest.mark.parametrize("modern", ERAS)
def test_half_an_emoji_in_a_paste_is_answered(modern: bool) -> None:
    with StdioPeer(modern=modern) as peer:
        # What JavaScript writes for a paste that was cut inside an emoji; Python's json writes the same.
        text = "HTTP 401 \ud83d Invalid API key \U0001f600"
        answer = peer.request("tools/call", {"name": "diagnose_error", "arguments": {"text": text}})
        assert answer["result"]["structuredContent"]["kind"] == "invalid_api_key"
        assert peer.close() == 0


def test_a_paste_of_a_megabyte_in_one_line_is_read() -> None:
    text = "x" * 1_000_000 + '\nHTTP/1.1 401 Unauthorized\n\n{"statusCode": 401, "message": "Invalid API key"}'
    with StdioPeer(modern=True) as peer:
        answer = peer.request("tools/call", {"name": "diagnose_error", "arguments": {"text": text}})
        assert answer["result"]["structuredContent"]["kind"] == "invalid_api_key"
        assert _is_well(peer)


# HTTP

INITIALIZE = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {
        "protocolVersion": "2025-11-25",
        "capabilities": {},
        "clientInfo": {"name": "wire-test", "version": "1"},
    },
}
ACCEPT = {"Accept": "application/json, text/event-stream", "Content-Type": "application/json"}


def _request(number: int, method: str, params: Meta) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": number, "method": method, "params": params}


class _HttpPeer:
    """`serve --transport http` as a process of its own, spoken to in raw requests."""

    def __init__(self, process: subprocess.Popen[bytes], url: str, client: httpx.Client, *, modern: bool) -> None:
        self.process = process
        self.client = client
        self._url = url
        self._modern = modern
        self._session: dict[str, str] = {}
        if not modern:
            opened = client.post(url, headers=ACCEPT, json=INITIALIZE)
            self._session = {"Mcp-Session-Id": opened.headers["mcp-session-id"]}
            note = {"jsonrpc": "2.0", "method": "notifications/initialized"}
            client.post(url, headers=ACCEPT | self._session, json=note)

    @contextmanager
    def calling(self, name: str, arguments: Meta) -> Generator[httpx.Response]:
        """The open response to a tool call, as a stream."""
        meta = {"progressToken": "wait", **(MODERN_META if self._modern else {})}
        body = _request(2, "tools/call", {"name": name, "arguments": arguments, "_meta": meta})
        with self.client.stream("POST", self._url, headers=self._headers(name), json=body) as answer:
            yield answer

    def post(self, body: bytes) -> int:
        """Send any bytes; returns the status."""
        return self.client.post(self._url, headers=self._headers("diagnose_error"), content=body).status_code

    def is_well(self) -> bool:
        """Whether a tool call is answered as it should be."""
        with self.calling("diagnose_error", {"status": 403}) as answer:
            return "api_access_disabled" in answer.read().decode()

    def _headers(self, name: str) -> dict[str, str]:
        if not self._modern:
            return {**ACCEPT, **self._session, "MCP-Protocol-Version": "2025-11-25"}
        return {**ACCEPT, "MCP-Protocol-Version": "2026-07-28", "Mcp-Method": "tools/call", "Mcp-Name": name}


@contextmanager
def _http_peer(upstream: ScriptedServer, *, modern: bool) -> Generator[_HttpPeer]:
    process = subprocess.Popen(
        [sys.executable, "-m", "outboundsync_mcp", "serve", "--transport", "http", "--port", "0"],
        stderr=subprocess.PIPE,
        env=environment(**_environ(upstream)),
    )
    assert process.stderr is not None
    with process, _killed_if_stuck(process), httpx.Client(timeout=PATIENCE_SECONDS, trust_env=False) as client:
        announced = re.search(r"http://\S+/mcp", process.stderr.readline().decode())
        assert announced
        yield _HttpPeer(process, announced.group(), client, modern=modern)


@POSIX
@pytest.mark.parametrize(("number", "modern"), list(zip(SIGNALS, ERAS, strict=True)))
def test_a_signal_during_a_wait_stops_the_http_server_without_a_word(number: signal.Signals, modern: bool) -> None:
    assert seconds_to_stop_http(number, modern=modern) < AT_ONCE_SECONDS


def seconds_to_stop_http(number: signal.Signals, *, modern: bool) -> float:
    """From the signal to the end of a server over HTTP whose client watches a wait."""
    with ScriptedServer(FAR) as upstream, _http_peer(upstream, modern=modern) as peer:
        with peer.calling("get_me", {}) as answer:
            assert any("notifications/progress" in line for line in answer.iter_lines())
            began = time.monotonic()
            peer.process.send_signal(number)
            assert peer.process.wait(PATIENCE_SECONDS) == 128 + number
            took = time.monotonic() - began
        assert peer.process.stderr is not None
        assert peer.process.stderr.read() == b""
    return took


@pytest.mark.parametrize("modern", ERAS)
def test_no_body_kills_the_http_server_and_a_client_that_hangs_up_harms_no_other(modern: bool) -> None:
    with ScriptedServer(FAR) as upstream, _http_peer(upstream, modern=modern) as peer:
        statuses = {what: peer.post(line) for what, line in GARBAGE.items()}
        with peer.calling("get_me", {}) as answer:  # and leave while it waits
            assert any("notifications/progress" in line for line in answer.iter_lines())
        assert peer.is_well()
        assert len(upstream.requests) == 1
        peer.process.terminate()
        assert peer.process.stderr is not None
        said = peer.process.stderr.read().decode()
    accepted = {what for what in GARBAGE if what.startswith("cancelling") or what == "an answer to nothing"}
    assert {what for what, status in statuses.items() if status < 400} <= accepted
    assert {what for what, status in statuses.items() if status >= 500} == set()
    assert "Traceback" not in said


# Many calls

WARM_UP, ROUNDS = 10, 15
"""A round is ten calls, of which eight ask the API and wait, and one is cancelled."""
ALLOWED_BYTES_PER_CALL = 200
"""One diagnosis kept by mistake is 2,000 and more."""


def test_many_calls_leave_no_memory_task_thread_or_file_behind() -> None:
    # In a process of its own: what other tests left on (logging, tracing) would count as growth.
    call = f"asyncio.run(check_growth({WARM_UP}, {ROUNDS}))"
    code = f"import asyncio; from tests.wire.test_lifecycle import check_growth; {call}"
    subprocess.run(
        [sys.executable, "-c", code],
        cwd=Path(__file__).parents[2],
        env=environment(),
        check=True,
        timeout=PATIENCE_SECONDS * 4,
    )


async def check_growth(warm_up: int, rounds: int) -> None:
    """Fail when `rounds` rounds of calls leave something behind that `warm_up` rounds had not left already."""
    clock = FakeClock()
    with ScriptedServer(LIMITED, OK) as upstream:
        settings = Settings.from_env({"OUTBOUNDSYNC_API_KEY": KEY, "OUTBOUNDSYNC_BASE_URL": upstream.origin})
        api = OutboundSyncClient(settings, clock=clock, transport=clock.transport(), jitter=lambda: 0.5)
        async with Client(create_server(settings, tools=Tools(settings, api))) as client:
            tracemalloc.start()
            try:
                await _rounds(warm_up, client, clock, upstream)
                before = _measure()
                await _rounds(rounds, client, clock, upstream)
                after = _measure()
            finally:
                tracemalloc.stop()
    grown = {what: after[what] - before[what] for what in after}
    assert grown.pop("bytes") < ALLOWED_BYTES_PER_CALL * 10 * rounds
    assert all(more <= 2 for more in grown.values()), grown


async def _rounds(count: int, client: Client, clock: FakeClock, upstream: ScriptedServer) -> None:
    for number in range(count):
        upstream.requests.clear()  # the script begins anew, and the test's own record does not count as growth
        clock.slept.clear()
        calls = [asyncio.create_task(client.call_tool("get_me", {})) for _ in range(8)]
        await asyncio.sleep(0)
        calls.pop(number % 8).cancel()
        wrong = await client.call_tool("get_me", {"max_wait_seconds": -1 - number})
        pasted = await client.call_tool("diagnose_error", {"text": f"HTTP/1.1 500 no {number}", "retry_after": number})
        answers = await asyncio.gather(*calls)
        assert [answer.is_error for answer in answers] == [False] * 7
        assert len(upstream.requests) == 2
        assert (wrong.is_error, pasted.is_error) == (True, False)


def _measure() -> dict[str, int]:
    gc.collect()
    files = "/proc/self/fd"
    return {
        "bytes": tracemalloc.get_traced_memory()[0],
        "tasks": len(asyncio.all_tasks()),
        "threads": threading.active_count(),
        "files": len(os.listdir(files)) if os.path.isdir(files) else 0,  # noqa: PTH112, PTH208
    }
