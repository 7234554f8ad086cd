"""The life cycle held to its full figures: a stop within a second, and 10,000 calls that leave nothing behind."""

import os
import signal

import pytest

from tests.wire.test_lifecycle import check_growth, seconds_to_stop_http, seconds_to_stop_stdio

pytestmark = pytest.mark.proof

TRIES = 3
"""A busy machine can only make a stop slower, so the quickest of a few counts."""
CALLS_IN_A_ROUND = 10


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such signals between processes")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_during_a_wait_stops_the_server_within_a_second(number: signal.Signals) -> None:
    assert min(seconds_to_stop_stdio(number) for _ in range(TRIES)) < 1
    assert min(seconds_to_stop_http(number, modern=False) for _ in range(TRIES)) < 1
    assert min(seconds_to_stop_http(number, modern=True) for _ in range(TRIES)) < 1


@pytest.mark.anyio
async def test_10_000_calls_leave_no_memory_task_thread_or_file_behind() -> None:
    await check_growth(warm_up=50, rounds=10_000 // CALLS_IN_A_ROUND)
