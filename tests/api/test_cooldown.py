"""State of a key where the client alone does not show it: two loops, forgotten keys, the edges of the window."""

import asyncio

import pytest

from outboundsync_mcp.api.cooldown import FLIGHT_NAME, MAX_STATES, Flight, KeyState, KeyStates
from outboundsync_mcp.diagnosis.evidence import Evidence

pytestmark = pytest.mark.anyio

FIRST, SECOND = Evidence(source="live", status=429, retry_after=60), Evidence(source="live", status=429, retry_after=5)


async def test_a_later_429_prolongs_the_cooldown_and_never_shortens_it() -> None:
    state = KeyState[None]()
    state.cool_down(160.0, FIRST)
    state.cool_down(105.0, SECOND)  # the answer to another loop's request
    assert (state.cooldown_until, state.cooldown_evidence) == (160.0, FIRST)
    state.cool_down(161.0, SECOND)
    assert (state.cooldown_until, state.cooldown_evidence) == (161.0, SECOND)


async def test_of_two_429_that_end_together_the_first_is_told() -> None:
    state = KeyState[None]()
    state.cool_down(160.0, FIRST)
    state.cool_down(160.0, SECOND)
    assert state.cooldown_evidence is FIRST


@pytest.mark.parametrize(("now", "seconds"), [(100.0, 60.0), (159.5, 0.5), (160.0, 0.0), (200.0, 0.0)])
async def test_what_is_left_of_a_cooldown_is_never_negative(now: float, seconds: float) -> None:
    state = KeyState[None](cooldown_until=160.0)
    assert state.cooling_seconds(now) == seconds


async def test_a_key_that_was_never_limited_is_not_cooling() -> None:
    assert KeyState[None]().cooling_seconds(0.0) == 0


async def test_a_request_leaves_the_ledger_after_sixty_seconds() -> None:
    state = KeyState[None]()
    assert [state.record_request(at) for at in (0.0, 0.0, 59.9, 60.0, 119.8, 119.9, 1000.0)] == [1, 2, 3, 2, 3, 3, 1]


async def test_the_oldest_keys_are_forgotten_and_one_in_use_is_not_old() -> None:
    states = KeyStates[None]()
    first, second = states.of("first"), states.of("second")
    for number in range(MAX_STATES - 2):
        states.of(str(number))
    assert states.of("first") is first
    states.of("one more")
    assert states.of("first") is first
    assert states.of("second") is not second


async def test_a_loop_that_is_gone_takes_its_flight_along() -> None:
    state = KeyState[str]()

    async def fly() -> str:
        return "landed"

    async def elsewhere() -> None:
        flight = Flight(fly, departs_at=0.0)
        state.set_flight(flight)
        assert state.current_flight() is flight
        await flight.task
        assert state.current_flight() is None

    await asyncio.to_thread(lambda: asyncio.run(elsewhere()))
    assert len(state.flights) == 1
    assert state.current_flight() is None
    assert not state.flights


async def test_a_flight_is_known_by_its_name_and_ends_with_its_last_rider() -> None:
    landing = asyncio.Event()

    async def fly() -> bool:
        return await landing.wait()

    flight = Flight(fly, departs_at=7.0)
    assert (flight.task.get_name(), flight.departs_at, flight.is_retry, flight.successor) == (
        FLIGHT_NAME,
        7.0,
        False,
        None,
    )
    flight.board()
    flight.board()
    flight.leave()
    assert not flight.landed
    flight.leave()
    assert flight.landed
    assert not flight.task.done()
    with pytest.raises(asyncio.CancelledError):
        await flight.task


async def test_who_leaves_after_the_landing_leaves_the_answer_alone() -> None:
    async def fly() -> str:
        return "answer"

    flight = Flight(fly, departs_at=0.0)
    flight.board()
    await asyncio.wait({flight.task})
    flight.leave()
    assert flight.task.result() == "answer"
