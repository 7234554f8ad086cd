"""`serve` as hosts run it: a process that starts whatever happens, and stops at once when told to."""

import asyncio
import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest
from mcp import Client

from outboundsync_mcp.cli.serve import WAITING, listen
from outboundsync_mcp.cli.stdio import without_lone_surrogates
from tests.support.scripted import ScriptedServer, response
from tests.support.stdio import MODERN_META, PATIENCE_SECONDS, StdioPeer, environment

KEY = "osapi_Zk4vQ9TnB7xLw2HsRd8uYc5M"
SLOW_DOWN = response(429, {"Retry-After": "40"}, {"message": "slow down", "statusCode": 429})
STOP_SECONDS = 5.0
"""Far less than the wait that is interrupted, and far more than a busy machine needs."""


def variables(upstream: ScriptedServer, level: str = "WARNING") -> dict[str, str]:
    return {"OUTBOUNDSYNC_API_KEY": KEY, "OUTBOUNDSYNC_BASE_URL": upstream.origin, "OUTBOUNDSYNC_LOG_LEVEL": level}


def begin_to_wait(peer: StdioPeer, upstream: ScriptedServer) -> None:
    """Have a `get_me` that waits for Retry-After."""
    peer.start("tools/call", {"name": "get_me", "arguments": {}})
    upstream.wait_for_requests(1)
    peer.request("tools/list")


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_during_a_wait_ends_the_process_at_once_and_quietly(number: signal.Signals, status: int) -> None:
    with ScriptedServer(SLOW_DOWN) as upstream, StdioPeer(environ=variables(upstream)) as peer:
        begin_to_wait(peer, upstream)
        told = time.monotonic()
        peer.process.send_signal(number)
        assert peer.process.wait(PATIENCE_SECONDS) == status
        assert time.monotonic() - told < STOP_SECONDS
    assert peer.stderr == ""


@pytest.mark.parametrize("modern", [False, True])
def test_closed_stdin_during_a_wait_ends_the_process_with_status_0(modern: bool) -> None:
    with ScriptedServer(SLOW_DOWN) as upstream, StdioPeer(modern=modern, environ=variables(upstream, "DEBUG")) as peer:
        begin_to_wait(peer, upstream)
        told = time.monotonic()
        assert peer.close() == 0
        assert time.monotonic() - told < STOP_SECONDS
    assert len(upstream.requests) == 1
    assert "Traceback" not in peer.stderr
    assert KEY[6:12] not in peer.stderr


def test_closed_stdout_during_a_wait_ends_the_process() -> None:
    with ScriptedServer(SLOW_DOWN) as upstream:
        process = subprocess.Popen(
            [sys.executable, "-m", "outboundsync_mcp", "serve"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment(**variables(upstream)),
        )
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdout.close()
        process.stdin.write(json.dumps({"jsonrpc": "2.0", "id": 1, "method": "ping"}).encode() + b"\n")
        process.stdin.flush()
        assert process.wait(PATIENCE_SECONDS) == 1
        process.stdin.close()
        assert process.stderr is not None
        assert process.stderr.read() == b"outboundsync-mcp: the client closed its end of stdout\n"
        process.stderr.close()


def test_a_server_without_key_and_with_bad_settings_says_so_and_answers() -> None:
    environ = {
        "OUTBOUNDSYNC_TIMEOUT_SECONDS": "soon",
        "OUTBOUNDSYNC_BASE_URL": "ftp://x",
        "OUTBOUNDSYNC_LOG_LEVEL": "CRITICAL",
    }
    with StdioPeer(environ=environ) as peer:
        answer = peer.request("tools/call", {"name": "get_me", "arguments": {}})["result"]
        assert answer["structuredContent"]["kind"] == "bad_request"
        assert answer["structuredContent"]["attempts"] == 0
    lines = peer.stderr.splitlines()
    assert len(lines) == 3
    for line, name in zip(lines, ["BASE_URL", "TIMEOUT_SECONDS", "API_KEY"], strict=True):
        assert line.startswith(f"outboundsync-mcp: OUTBOUNDSYNC_{name}")


@contextmanager
def serving_http(environ: dict[str, str], *options: str) -> Generator[tuple[subprocess.Popen[str], str]]:
    """A `serve --transport http` on a free port, and its URL."""
    process = subprocess.Popen(
        [sys.executable, "-m", "outboundsync_mcp", "serve", "--transport", "http", "--port", "0", *options],
        stderr=subprocess.PIPE,
        text=True,
        env=environment(**environ),
    )
    assert process.stderr is not None
    try:
        found = re.search(r"http://\S+/mcp", line := process.stderr.readline())
        assert found, line + process.stderr.read()
        yield process, found[0]
    finally:
        process.kill()
        process.wait(PATIENCE_SECONDS)
        process.stderr.close()


def test_http_serves_both_eras_refuses_rebound_names_and_stops_during_a_wait() -> None:
    with ScriptedServer(SLOW_DOWN) as upstream, serving_http(variables(upstream)) as (process, url):

        async def names(mode: str) -> list[str]:
            async with Client(url, mode=mode) as client:
                return [tool.name for tool in (await client.list_tools()).tools]

        for mode in ("legacy", "2026-07-28"):
            assert asyncio.run(names(mode)) == ["get_me", "diagnose_error"]

        host, port = url.split("/")[2].rsplit(":", 1)
        for headers in ({"Host": "rebound.example"}, {"Origin": "http://rebound.example"}):
            connection = http.client.HTTPConnection(host, int(port), timeout=PATIENCE_SECONDS)
            connection.request("POST", "/mcp", b"{}", {"Content-Type": "application/json", **headers})
            assert connection.getresponse().status in {403, 421}
            connection.close()

        connection = http.client.HTTPConnection(host, int(port), timeout=PATIENCE_SECONDS)
        connection.request("POST", "/mcp", _get_me(), _MODERN_HEADERS)
        upstream.wait_for_requests(1)
        told = time.monotonic()
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE_SECONDS) == 143
        assert time.monotonic() - told < STOP_SECONDS
        connection.close()
        assert process.stderr is not None
        told_of = process.stderr.read().splitlines()
        assert len(told_of) == 2, told_of
        assert all("rebound.example" in line for line in told_of)


_MODERN_HEADERS = {
    "Content-Type": "application/json",
    "Accept": "application/json, text/event-stream",
    "MCP-Protocol-Version": "2026-07-28",
    "Mcp-Method": "tools/call",
    "Mcp-Name": "get_me",
}


def _get_me() -> bytes:
    meta = {
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientInfo": {"name": "test", "version": "1"},
        "io.modelcontextprotocol/clientCapabilities": {},
    }
    params = {"name": "get_me", "arguments": {}, "_meta": meta}
    return json.dumps({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}).encode()


def test_a_key_file_is_never_quoted_at_debug_level(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text(KEY)
    body = {"message": f"no such key: {KEY}", "statusCode": 401}
    with ScriptedServer(response(401, {"X-Echo": KEY}, body)) as upstream:
        environ = {**variables(upstream, "DEBUG"), "OUTBOUNDSYNC_API_KEY_FILE": str(file)}
        del environ["OUTBOUNDSYNC_API_KEY"]
        with StdioPeer(environ=environ) as peer:
            answer = json.dumps(peer.request("tools/call", {"name": "get_me", "arguments": {}}))
    assert f"Bearer {KEY}" == upstream.requests[0].header("Authorization")
    for at in range(6, len(KEY) - 5):
        assert KEY[at : at + 6] not in answer + peer.stderr


@pytest.mark.parametrize(
    ("escaped", "meant"),
    [
        (r"cut \ud83d", "cut \ufffd"),
        (r"\uDE00", "\ufffd"),
        (r"\ud83d\u0041\uDBFF\n", "\ufffdA\ufffd\n"),
        (r"\uD83D\uDE00", "\U0001f600"),
        (r"\ud83d\ud83d\ude00\ude00", "\ufffd\U0001f600\ufffd"),
        (r"\\ud83d \\\ud83d", "\\ud83d \\\ufffd"),  # an escaped backslash, then its text
        (r"\u00e9\"\t", '\u00e9"\t'),
    ],
)
def test_a_lone_surrogate_in_json_becomes_a_character_and_nothing_else_does(escaped: str, meant: str) -> None:
    assert json.loads(without_lone_surrogates(f'"{escaped}"')) == meant


STRAY = """
import os
from outboundsync_mcp.cli import main
from outboundsync_mcp.tools import Tools
answer = Tools.diagnose_error
async def noisy(self, *args, **kwargs):
    print("stray", flush=True)
    os.write(1, b"stray")
    assert os.read(0, 1) == b""
    return await answer(self, *args, **kwargs)
Tools.diagnose_error = noisy
main([])
"""


def test_what_a_handler_prints_or_reads_misses_the_wire() -> None:
    params = {"name": "diagnose_error", "arguments": {"status": 403}, "_meta": MODERN_META}
    process = subprocess.Popen(
        [sys.executable, "-c", STRAY],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(),
        text=True,
    )
    with process:
        assert process.stdin is not None
        assert process.stdout is not None
        for number in (1, 2):
            request = {"jsonrpc": "2.0", "id": number, "method": "tools/call", "params": params}
            process.stdin.write(f"{json.dumps(request)}\n")
            process.stdin.flush()
            answer = json.loads(process.stdout.readline())
            assert (answer["id"], answer["result"]["structuredContent"]["status"]) == (number, 403)
        out, err = process.communicate(timeout=PATIENCE_SECONDS)
    assert out == ""
    assert err.count("stray") == 4


@pytest.mark.skipif(sys.platform == "win32", reason="a POSIX shell closes stdin")
def test_a_server_that_is_started_without_stdin_ends_with_status_0() -> None:
    command = f'"{sys.executable}" -m outboundsync_mcp <&-'
    run = subprocess.run(["/bin/sh", "-c", command], env=environment(), capture_output=True, text=True, check=False)
    assert (run.returncode, run.stdout) == (0, "")
    assert "Traceback" not in run.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="pseudo-terminals")
def test_a_terminal_is_told_what_the_server_waits_for_and_which_variable_is_not_read() -> None:
    ours, theirs = os.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "outboundsync_mcp"],
        stdin=theirs,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(OUTBOUNDSYNC_API_KEY=KEY, OUTBOUNDSYNC_BASEURL="http://hunter2"),
    )
    os.close(theirs)
    assert process.stderr is not None
    said = [process.stderr.readline() for _ in range(2)]
    process.send_signal(signal.SIGTERM)
    assert process.wait(PATIENCE_SECONDS) == 143
    assert process.stderr.read() == ""
    process.stderr.close()
    os.close(ours)
    assert said == ["outboundsync-mcp: OUTBOUNDSYNC_BASEURL is set but this server does not read it.\n", WAITING]


def test_answers_over_http_leave_without_nagles_delay() -> None:
    async def main() -> int:
        undelayed: asyncio.Future[int] = asyncio.get_running_loop().create_future()

        def accepted(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            connection: socket.socket = writer.get_extra_info("socket")
            undelayed.set_result(connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
            writer.close()

        listener = listen("127.0.0.1", 0)
        async with await asyncio.start_server(accepted, sock=listener):
            _, writer = await asyncio.open_connection(*listener.getsockname())
            writer.close()
            return await undelayed

    assert asyncio.run(main()) != 0
