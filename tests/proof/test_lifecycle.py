"""The life cycle held to its full figures: a stop within a second, and 10,000 calls that leave nothing behind."""

import asyncio
import gc
import os
import random
import signal
from collections import Counter
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from mcp import Client

from outboundsync_mcp.api.client import OutboundSyncClient
from outboundsync_mcp.api.cooldown import Flight, KeyState
from outboundsync_mcp.diagnosis.diagnosis import Diagnosis
from outboundsync_mcp.sandbox.state import Limits
from outboundsync_mcp.server import create_server
from outboundsync_mcp.settings import Settings
from outboundsync_mcp.tools import Tools
from tests.proof.laboratory import laboratory
from tests.support.clock import FakeClock
from tests.support.sandbox import KEYS, running_sandbox
from tests.support.stdio import StdioPeer
from tests.wire.test_lifecycle import check_growth, seconds_to_stop_http, seconds_to_stop_stdio

pytestmark = pytest.mark.proof

TRIES = 3
"""A busy machine can only make a stop slower, so the quickest of a few counts."""
CALLS_IN_A_ROUND = 10
TWO_HOURS = 7_200
KEY = "osapi_Zk4vQ9TnB7xLw2HsRd8uYc5M"
RESOLVER_SECONDS = 6
"""Less than the ten seconds for which the C library asks a silent name server."""
KEPT = {kind.__name__ for kind in (KeyState, Flight, Diagnosis)}
EXPECTED = {
    "success": {"ok", "rate_limited"},
    "revoked": {"invalid_api_key", "rate_limited"},
    "api_access_disabled": {"api_access_disabled", "rate_limited"},
    "rate_limited_once": {"ok", "rate_limited"},
    "rate_limited_always": {"rate_limited"},
    "server_error": {"server_error", "rate_limited"},
}
"""Sandbox key → the kinds its calls may be answered; all of them share one IP address and its limit."""


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such signals between processes")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_during_a_wait_stops_the_server_within_a_second(number: signal.Signals) -> None:
    assert min(seconds_to_stop_stdio(number) for _ in range(TRIES)) < 1
    assert min(seconds_to_stop_http(number, modern=False) for _ in range(TRIES)) < 1
    assert min(seconds_to_stop_http(number, modern=True) for _ in range(TRIES)) < 1


def test_a_look_up_that_never_ends_does_not_keep_the_process(tmp_path: Path) -> None:
    environ = {"OUTBOUNDSYNC_API_KEY": KEY, "OUTBOUNDSYNC_BASE_URL": "https://other.example"}
    with laboratory(tmp_path) as lab, lab.resolver(None):
        lab.name(None)
        with StdioPeer(enter=lab.enter, environ={**environ, "OUTBOUNDSYNC_TIMEOUT_SECONDS": "1"}) as peer:
            answer = peer.request("tools/call", {"name": "get_me", "arguments": {}})
            assert answer["result"]["structuredContent"]["kind"] == "timed_out"
            assert peer.process.stdin is not None
            peer.process.stdin.close()
            assert peer.process.wait(RESOLVER_SECONDS) == 0


@pytest.mark.anyio
async def test_10_000_calls_leave_no_memory_task_thread_or_file_behind() -> None:
    await check_growth(warm_up=50, rounds=10_000 // CALLS_IN_A_ROUND)


@pytest.mark.anyio
async def test_two_hours_of_mixed_load_keep_to_the_limits_and_to_the_truth_and_leave_nothing_behind() -> None:
    clock, chance = FakeClock(), random.Random(7)
    kinds = {name: Counter[str]() for name in EXPECTED}
    limits = Limits(limit=8, ip_limit=8, retry_after_seconds=9)
    calls = 0
    after_each_hour: list[Counter[str]] = []
    with running_sandbox(clock, limits) as sandbox:
        async with AsyncExitStack() as stack:
            clients: dict[str, Client] = {}
            for name in EXPECTED:
                settings = Settings.from_env(
                    {"OUTBOUNDSYNC_API_KEY": KEYS[name], "OUTBOUNDSYNC_BASE_URL": sandbox.origin}
                )
                api = OutboundSyncClient(settings, clock=clock, transport=clock.transport(), jitter=lambda: 0.5)
                server = create_server(settings, tools=Tools(settings, api))
                clients[name] = await stack.enter_async_context(Client(server))
            while clock.elapsed < TWO_HOURS:
                asked = chance.choices(list(EXPECTED), k=chance.choice((1, 2, 5, 40)))
                calls += len(asked)
                wait = {"max_wait_seconds": chance.choice((0, 10, 70))}
                answers = await asyncio.gather(*(clients[name].call_tool("get_me", wait) for name in asked))
                for name, answer in zip(asked, answers, strict=True):
                    kinds[name][answer.structured_content["kind"]] += 1
                recalled = await clients["revoked"].call_tool("diagnose_error", {})
                assert recalled.structured_content["kind"] in {*EXPECTED["revoked"], "unknown"}
                await clock.sleep(chance.choice((0.5, 3, 20)))
                if clock.elapsed >= TWO_HOURS / 2 * (len(after_each_hour) + 1):
                    after_each_hour.append(_alive())
        requests = len(sandbox.state.requests)
    assert {name: set(seen) for name, seen in kinds.items()} == EXPECTED
    assert calls > 2_000
    assert requests < calls / 2, "simultaneous calls share a flight, and nobody asks while a key cools down"
    first, second = after_each_hour
    assert all(second[what] <= first[what] for what in second), (first, second)


def _alive() -> Counter[str]:
    """What the server keeps of calls, keys and flights, and the tasks that run, when every call has been answered."""
    gc.collect()
    names = [type(each).__name__ for each in gc.get_objects()]
    kept = Counter(name for name in names if name in KEPT)
    return kept + Counter({"tasks": len(asyncio.all_tasks())})
