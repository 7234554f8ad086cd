"""The MCP surface through the official client, in both eras, in process and over HTTP."""

import asyncio
import json
import threading
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import jsonschema
import pytest
import uvicorn
from mcp import Client
from mcp.server.lowlevel import Server
from mcp.shared.exceptions import MCPError
from mcp.types import CallToolResult, PromptReference, ResourceTemplateReference

from outboundsync_mcp.api.client import OutboundSyncClient
from outboundsync_mcp.server import create_server
from outboundsync_mcp.settings import Settings
from outboundsync_mcp.tools import DIAGNOSE_ERROR, GET_ME, Tools
from tests.support.clock import FakeClock
from tests.support.scripted import End, ScriptedServer, response

pytestmark = pytest.mark.anyio

KEY = "osapi_live_Zq7Kp2Vx9Lm4Rt6W"
ME: dict[str, Any] = {
    "account": {"id": 42, "email": "you@company.com"},
    "apiKey": {"name": "Production", "scopes": ["read"], "connectionScope": "account"},
    "connections": [{"id": 7, "crm": "HUBSPOT", "organizationId": None, "organizationDomain": "acme.com"}],
}
OK = response(200, body=ME)
DENIED = response(
    401, {"WWW-Authenticate": 'Bearer realm="OutboundSync API"'}, {"statusCode": 401, "message": "Invalid API key"}
)
LIMITED = response(429, {"Retry-After": "12"}, {"statusCode": 429, "message": "Too Many Requests"})
MODES = ["in process, 2025", "in process, 2026", "HTTP, 2025", "HTTP, 2026"]


@contextmanager
def over_http(server: Server[Any]) -> Generator[str]:
    """The server over streamable HTTP in a thread of its own; yields its URL."""
    app = server.streamable_http_app(host="127.0.0.1")
    runner = uvicorn.Server(uvicorn.Config(app, port=0, log_config=None, timeout_graceful_shutdown=1))
    started = threading.Event()
    ports: list[int] = []

    async def serve() -> None:
        task = asyncio.create_task(runner.serve())
        while not runner.started:  # noqa: ASYNC110 - uvicorn has no event for it
            await asyncio.sleep(0)
        ports.append(runner.servers[0].sockets[0].getsockname()[1])
        started.set()
        await task

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    assert started.wait(30)
    try:
        yield f"http://127.0.0.1:{ports[0]}/mcp"
    finally:
        runner.should_exit = True
        thread.join(30)
        assert not thread.is_alive()


@asynccontextmanager
async def connected(mode: str, upstream: ScriptedServer, clock: FakeClock) -> AsyncGenerator[Client]:
    """An official client of a server whose upstream is scripted and whose clock is virtual."""
    settings = Settings.from_env({"OUTBOUNDSYNC_API_KEY": KEY, "OUTBOUNDSYNC_BASE_URL": upstream.origin})
    api = OutboundSyncClient(settings, clock=clock, transport=clock.transport(), jitter=lambda: 0.5)
    server = create_server(settings, tools=Tools(settings, api))
    era = "legacy" if mode.endswith("2025") else "auto"
    if mode.startswith("in process"):
        async with Client(server, mode=era) as client:
            yield client
        return
    with over_http(server) as url:
        async with Client(url, mode=era) as client:
            yield client


def diagnosis_of(result: CallToolResult, schema: dict[str, Any] | None) -> dict[str, Any]:
    """The structured answer, checked: valid, whole, and the same as the text."""
    answer: dict[str, Any] = result.structured_content
    jsonschema.Draft202012Validator(schema or {}).validate(answer)  # pyright: ignore[reportUnknownMemberType]
    assert set(answer) == set((schema or {})["properties"])
    assert [block.type for block in result.content] == ["text"]
    assert json.loads(getattr(result.content[0], "text", "")) == answer
    return answer


@pytest.mark.parametrize("mode", MODES)
async def test_success_and_failure_reach_the_model_whole_on_both_channels(mode: str) -> None:
    with ScriptedServer(OK, DENIED) as upstream:
        async with connected(mode, upstream, FakeClock()) as client:
            good, bad = await client.call_tool("get_me", {}), await client.call_tool("get_me", {})
            recalled = await client.call_tool("diagnose_error", {})
    assert (good.is_error, bad.is_error, recalled.is_error) == (False, True, False)
    assert diagnosis_of(good, GET_ME.output_schema)["me"] == ME
    failure = diagnosis_of(bad, GET_ME.output_schema)
    assert (failure["kind"], failure["status"], failure["me"]) == ("invalid_api_key", 401, None)
    again = diagnosis_of(recalled, DIAGNOSE_ERROR.output_schema)
    assert (again["kind"], again["cause"]) == (failure["kind"], failure["cause"])


@pytest.mark.parametrize("mode", MODES)
async def test_a_wait_is_told_as_progress_and_other_requests_are_answered_meanwhile(mode: str) -> None:
    clock = FakeClock(auto=False)
    heard: list[tuple[float, float | None, str | None]] = []

    async def on_progress(progress: float, total: float | None, message: str | None) -> None:
        heard.append((progress, total, message))

    with ScriptedServer(LIMITED, OK) as upstream:
        async with connected(mode, upstream, clock) as client:
            call = asyncio.create_task(client.call_tool("get_me", {}, progress_callback=on_progress))
            await clock.wait_for_sleepers(2)
            other = await client.call_tool("diagnose_error", {"status": 403})
            assert not call.done()
            for seconds in [1] * 12 + [0.5]:
                await clock.wait_for_sleepers(2)  # the flight, and the next report
                clock.jump(seconds)
            result = await call
    assert diagnosis_of(other, DIAGNOSE_ERROR.output_schema)["status"] == 403
    answer = diagnosis_of(result, GET_ME.output_schema)
    assert (answer["ok"], answer["attempts"], answer["waited_seconds"]) == (True, 2, 12.5)
    assert len(heard) >= 10
    assert [progress for progress, _, _ in heard] == sorted({progress for progress, _, _ in heard})
    assert all(total == 12.5 and message and "retry" in message for _, total, message in heard)


@pytest.mark.parametrize("mode", MODES)
async def test_a_cancelled_call_stops_at_once_and_harms_no_other(mode: str) -> None:
    clock = FakeClock(auto=False)
    with ScriptedServer(LIMITED, OK) as upstream:
        async with connected(mode, upstream, clock) as client:
            calls = [asyncio.create_task(client.call_tool("get_me", {})) for _ in range(2)]
            await clock.wait_for_sleepers(3)  # the flight, and a progress report for each caller
            calls[0].cancel()
            await asyncio.gather(calls[0], return_exceptions=True)
            clock.jump(13)
            result = await calls[1]
        assert len(upstream.requests) == 2
    assert diagnosis_of(result, GET_ME.output_schema)["ok"]


@pytest.mark.parametrize("mode", MODES)
async def test_protocol_errors_follow_the_specification(mode: str) -> None:
    with ScriptedServer((End.CLOSE,)) as upstream:
        async with connected(mode, upstream, FakeClock()) as client:
            wrong = {
                "Unknown tool": client.call_tool("get_you", {}),
                "no prompt": client.get_prompt("nope", {}),
                "no kind": client.read_resource("outboundsync://errors/nope"),
                "outboundsync://": client.read_resource("outboundsync://nope"),
                "Unknown cursor": client.list_tools(cursor="2"),
                "error": client.get_prompt("troubleshoot_error", {"eror": "HTTP 401"}),
            }
            for words, call in wrong.items():
                with pytest.raises(MCPError) as caught:
                    await call
                assert (caught.value.code, words in caught.value.message) == (-32602, True), caught.value.message


@pytest.mark.parametrize("mode", MODES)
async def test_wrong_arguments_are_answered_with_the_way_out(mode: str) -> None:
    with ScriptedServer(OK) as upstream:
        async with connected(mode, upstream, FakeClock()) as client:
            for arguments in ({"max_wait_seconds": 121}, {"max_wait_seconds": "soon"}, {"api_key": KEY}, {KEY: 1}):
                result = await client.call_tool("get_me", arguments)
                answer = diagnosis_of(result, GET_ME.output_schema)
                assert (result.is_error, answer["kind"], answer["attempts"]) == (True, "bad_request", 0)
                assert "max_wait_seconds" in answer["cause"]
                assert "Zq7Kp2" not in str(result)
        assert upstream.requests == []


@pytest.mark.parametrize("mode", MODES)
async def test_completions_offer_known_values(mode: str) -> None:
    with ScriptedServer(OK) as upstream:
        async with connected(mode, upstream, FakeClock()) as client:
            languages = await client.complete(
                PromptReference(type="ref/prompt", name="add_retry_handling"), {"name": "language", "value": "py"}
            )
            kinds = await client.complete(
                ResourceTemplateReference(type="ref/resource", uri="outboundsync://errors/{kind}"),
                {"name": "kind", "value": "rate"},
            )
    assert "python" in [value.lower() for value in languages.completion.values]
    assert kinds.completion.values == ["rate_limited"]


async def test_diagnose_error_never_fails_whatever_it_is_given() -> None:
    odd: list[dict[str, Any]] = [
        {},
        {"text": None},
        {"text": {"statusCode": 401, "message": "Invalid API key"}},
        {"text": ["HTTP/1.1 500 Internal Server Error"]},
        {"text": 429},
        {"text": "\x00\ud800\ufffe" * 10},
        {"status": "four hundred"},
        {"status": True},
        {"status": 10**400},
        {"status": -1, "retry_after": {"a": 1}, "message": 5},
        {"retry_after": [1, 2], "status": 429},
        {"nonsense": "x", "text": "HTTP 403"},
    ]
    with ScriptedServer(OK) as upstream:
        async with connected(MODES[1], upstream, FakeClock()) as client:
            for arguments in odd:
                result = await client.call_tool("diagnose_error", arguments)
                assert result.is_error is False
                diagnosis_of(result, DIAGNOSE_ERROR.output_schema)
        assert upstream.requests == []


async def test_last_failures_are_kept_per_caller() -> None:
    settings = Settings.from_env({})
    server = create_server(settings)
    with over_http(server) as url:
        async with Client(url, mode="legacy") as one, Client(url, mode="legacy") as other:
            await one.call_tool("get_me", {})
            mine = await one.call_tool("diagnose_error", {})
            theirs = await other.call_tool("diagnose_error", {})
    assert (mine.structured_content["kind"], theirs.structured_content["kind"]) == ("missing_api_key", "unknown")
