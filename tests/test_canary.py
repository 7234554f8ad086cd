"""No character of the key in any output, log, exception, `repr` or trace, whatever the server or the client does."""

import asyncio
import json
import subprocess
import sys
import traceback
from collections.abc import Generator
from typing import Any

import mcp_types as types
import pytest
from mcp import Client
from mcp.shared.exceptions import MCPError
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from outboundsync_mcp.api.client import OutboundSyncClient
from outboundsync_mcp.api.credentials import load_credential
from outboundsync_mcp.server import create_server
from outboundsync_mcp.settings import Settings
from tests.support.scripted import End, Script, ScriptedServer, response
from tests.support.stdio import StdioPeer, environment

SECRET = "7gQ2xV9mK4tR8wZ1pL6nB3"
CANARY = f"osapi_{SECRET}"
ECHOES: list[Script] = [
    response(401, {"WWW-Authenticate": f'Bearer realm="{CANARY}"', "X-Key": CANARY}, {"message": f"No: {CANARY}"}),
    response(500, {"Server": CANARY}, {"message": [CANARY, {"deep": CANARY}], "error": CANARY}),
    response(302, {"Location": f"https://{CANARY}.example/{CANARY}?{CANARY}#{CANARY}"}),
    response(200, {"Content-Type": "text/plain"}, f"Bearer {CANARY}"),
    response(200, body={"account": CANARY}),
    response(403, body=f"<html>{CANARY}</html>", reason=CANARY),
    response(429, {"Retry-After": CANARY}, CANARY),
    (f"{CANARY}\r\n\r\n".encode(), End.CLOSE),
    (f"HTTP/1.1 200 OK\r\n{CANARY}\r\n\r\n".encode(), End.CLOSE),
    (f"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 28\r\n\r\n{CANARY}".encode(), End.CLOSE),
]
ME: dict[str, Any] = {
    "account": {"id": 1, "email": f"{CANARY}@example.com"},
    "apiKey": {"name": f"name {CANARY}", "scopes": [CANARY], "connectionScope": "account"},
    "connections": [],
}


def assert_clean(text: str) -> None:
    found = [SECRET[i : i + 6] for i in range(len(SECRET) - 5) if SECRET[i : i + 6] in text]
    assert not found, text[max(0, text.find(found[0]) - 300) :][:600]


def settings_for(origin: str) -> Settings:
    return Settings.from_env({"OUTBOUNDSYNC_API_KEY": CANARY, "OUTBOUNDSYNC_BASE_URL": origin})


def test_a_server_at_debug_level_never_shows_the_key_it_holds_or_is_sent() -> None:
    with ScriptedServer(*ECHOES, response(200, body=ME)) as upstream:
        variables = {
            "OUTBOUNDSYNC_API_KEY": CANARY,
            "OUTBOUNDSYNC_BASE_URL": upstream.origin,
            "OUTBOUNDSYNC_LOG_LEVEL": "DEBUG",
            "OUTBOUNDSYNC_MAX_WAIT_SECONDS": "0",
            "PYTHONASYNCIODEBUG": "1",
        }
        with StdioPeer(environ=variables) as peer:
            said = [peer.request("tools/call", {"name": "get_me", "arguments": {}}) for _ in ECHOES]
            for name, arguments in (
                ("diagnose_error", {"text": f'curl -H "Authorization: Bearer {CANARY}" https://x/ -> 401'}),
                ("diagnose_error", {"message": CANARY, "status": CANARY, "retry_after": CANARY}),
                ("diagnose_error", {CANARY: CANARY}),
                ("get_me", {"max_wait_seconds": CANARY}),
                (CANARY, {}),
            ):
                said.append(peer.request("tools/call", {"name": name, "arguments": arguments}))
            said.append(peer.request("prompts/get", {"name": CANARY}))
            said.append(peer.request("prompts/get", {"name": "troubleshoot_error", "arguments": {"error": CANARY}}))
            said.append(peer.request("prompts/get", {"name": "troubleshoot_error", "arguments": {CANARY: CANARY}}))
            said.append(peer.request("resources/read", {"uri": f"outboundsync://errors/{CANARY}"}))
            said.append(peer.request("no/such/method", {"key": CANARY}))
            peer.send(f"garbage {CANARY}".encode())
            peer.send({"jsonrpc": "2.0", "id": 10_000, "method": "tools/call", "params": {"name": {"a": CANARY}}})
            peer.send({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"reason": CANARY}})
            said.append(peer.request("ping"))
            assert peer.close() == 0
    assert_clean(json.dumps(said))
    assert_clean(peer.stderr)
    assert "DEBUG" in peer.stderr


LETTERS = "QwertzUiopAsdfghJklYxcvb"
"""The secret of a key that nothing but its prefix tells from a name."""


@pytest.mark.parametrize("misplaced", [LETTERS, f"osapi_{LETTERS}", f"osapi_{LETTERS.lower()}"])
@pytest.mark.parametrize("modern", [False, True])
def test_a_key_in_the_place_of_a_name_is_not_repeated(misplaced: str, modern: bool) -> None:
    with StdioPeer(modern=modern, environ={"OUTBOUNDSYNC_LOG_LEVEL": "DEBUG"}) as peer:
        said = [
            peer.request("tools/call", {"name": misplaced}),
            peer.request("prompts/get", {"name": misplaced}),
            peer.request(misplaced, {"name": misplaced}),
            peer.request("tools/call", {"name": "get_me", "arguments": {misplaced: 1, misplaced.upper(): 2}}),
        ]
        peer.send({"jsonrpc": "2.0", "method": misplaced, "params": {}})
        said.append(peer.request("tools/list", {"name": misplaced}))
        assert peer.close() == 0
    assert ["error" in answer for answer in said] == [True, True, True, False, False]
    assert LETTERS.lower() not in (json.dumps(said) + peer.stderr).lower()


@pytest.mark.parametrize(
    "crash",
    [
        "raise RuntimeError(key)",
        "threading.Thread(target=lambda: [][key]).start()",
        "asyncio.run(boom(key))",
        "logging.getLogger('x').error('failed with %s', key, exc_info=ValueError(key))",
        "warnings.warn(key)",
        "os.abort()",
    ],
)
def test_a_crash_of_the_process_shows_no_key(crash: str) -> None:
    code = f"""
import asyncio, faulthandler, logging, os, threading, warnings
from outboundsync_mcp.cli.logs import log_to_stderr
from outboundsync_mcp.settings import Settings
faulthandler.enable()
settings = Settings.from_env()
log_to_stderr(settings)
key = settings.api_key_env
async def boom(key):
    task = asyncio.get_running_loop().create_task(sub(key)); await asyncio.sleep(0); await asyncio.sleep(0); del task
async def sub(key):
    raise RuntimeError(key)
{crash}
"""
    run = subprocess.run(
        [sys.executable, "-c", code],
        env=environment(OUTBOUNDSYNC_API_KEY=CANARY, OUTBOUNDSYNC_LOG_LEVEL="DEBUG"),
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.stderr
    assert_clean(run.stdout + run.stderr)


@pytest.fixture
def spans() -> Generator[InMemorySpanExporter]:
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    trace.set_tracer_provider(provider)
    yield exporter
    provider.shutdown()


def test_traces_hold_no_key_and_nothing_that_a_caller_pasted(spans: InMemorySpanExporter) -> None:
    async def main(origin: str) -> None:
        async with Client(create_server(settings_for(origin)), mode="legacy") as client:
            await client.call_tool("get_me", {"max_wait_seconds": 0})
            await client.call_tool("diagnose_error", {"text": CANARY})
            for name in (CANARY, "nope"):
                with pytest.raises(MCPError):
                    await client.call_tool(name, {"x": CANARY})
                with pytest.raises(MCPError):
                    await client.get_prompt(name, {"x": CANARY})
            with pytest.raises(MCPError):
                await client.get_prompt("troubleshoot_error", {CANARY: CANARY})
            for name in (CANARY, LETTERS):
                with pytest.raises(MCPError):
                    await client.call_tool(name, {})
                with pytest.raises(MCPError):
                    await client.session.send_request(
                        types.Request[Any, Any](method=name, params=None), types.EmptyResult
                    )

    with ScriptedServer(ECHOES[0]) as upstream:
        asyncio.run(main(upstream.origin))
    recorded = [span.to_json() for span in spans.get_finished_spans() if str(span.kind) == "SpanKind.SERVER"]
    assert any("tools/call get_me" in span for span in recorded)
    assert LETTERS not in "".join(recorded)
    assert_clean("".join(recorded))


@pytest.mark.parametrize("script", ECHOES)
def test_no_object_of_a_call_shows_the_key(script: Script) -> None:
    async def main(origin: str) -> list[Any]:
        settings = settings_for(origin)
        client = OutboundSyncClient(settings)
        exchange = await client.get_me(max_wait_seconds=0)
        shown = [settings, load_credential(settings), client, exchange, vars(client)]
        await client.aclose()
        return shown

    with ScriptedServer(script) as upstream:
        for item in asyncio.run(main(upstream.origin)):
            assert_clean(repr(item) + str(item))


def test_the_exception_for_a_key_that_a_header_cannot_hold_never_arises() -> None:
    try:
        settings = Settings.from_env({"OUTBOUNDSYNC_API_KEY": f"{CANARY}\r\nX-Evil: 1"})
        asyncio.run(OutboundSyncClient(settings).get_me())
    except Exception:  # noqa: BLE001
        pytest.fail(traceback.format_exc())
