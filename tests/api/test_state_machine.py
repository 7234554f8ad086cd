"""Any history of calls, answers, waits and cancellations, against a model of the shared flight, cooldown and ledger."""

import asyncio
import tempfile
from collections.abc import Coroutine
from dataclasses import dataclass, field
from itertools import pairwise
from math import ceil
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import httpx
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from outboundsync_mcp.api.client import Exchange, OutboundSyncClient
from outboundsync_mcp.api.cooldown import FLIGHT_NAME
from outboundsync_mcp.settings import Settings
from tests.api.test_client import ME, OK
from tests.support.clock import FakeClock

KEYS = ("osapi_live_Zq7Kp2Vx9Lm4Rt6W", "osapi_live_Hb3Nd8Ys5Gc1Fj0T")
JITTER = 0.5
CONFIGURED_WAIT = 45
WINDOW = 60
PROGRESS_GAP = 5
"""Seconds that a waiting caller may be left without a word."""

T = TypeVar("T")


@dataclass(frozen=True)
class Reply:
    """What the upstream does with a request. `wait` is what a 429 asks for, in the vendor's terms."""

    status: int | None
    body: bytes = b"{}"
    retry_after: str | None = None
    wait: int = 0
    accepts: bool = False
    """Whether it proves that the key passed the API's key check."""

    @property
    def response(self) -> httpx.Response:
        headers = {} if self.retry_after is None else {"Retry-After": self.retry_after}
        return httpx.Response(self.status or 0, headers=headers, stream=httpx.ByteStream(self.body))


SUCCESS = Reply(200, OK.partition(b"\r\n\r\n")[2], accepts=True)
LIMITED = [
    Reply(429, retry_after=header, wait=wait)
    for header, wait in [("7", 7), ("0", 1), ("2.2", 3), ("45", 45), ("soon", 60), (None, 60), ("300", 300)]
]
OTHERS = [
    Reply(401, b'{"message": "Invalid API key"}'),
    Reply(403, b'{"message": "API access is not enabled for this account"}', accepts=True),
    Reply(403, b'{"message": "blocked"}'),
    Reply(500, b'{"message": "oops"}', retry_after="9"),
    Reply(200, b"<html>"),
    Reply(None),
]
# Most of what can go wrong takes several 429 to one key.
replies = st.sampled_from([SUCCESS, *LIMITED, *LIMITED, *OTHERS])
keys = st.sampled_from([KEYS[0], *KEYS])
budgets = st.sampled_from([0, 5, 7, 45, 60, 120, None])
spans = st.sampled_from([0.5, 3, 7, 30, 100])
places = st.integers(0, 11)


class Outcome(NamedTuple):
    """What a call tells its caller, as far as flights, cooldown and ledger decide it."""

    status: int | None
    body: dict[str, Any] | None
    attempts: int
    waited: float
    retry_after: int | None
    wait_limit: int | None
    cooling_down: bool
    retried: bool
    own_requests: int | None
    worked_before: bool


def outcome_of(exchange: Exchange) -> Outcome:
    evidence = exchange.evidence
    return Outcome(
        evidence.status,
        exchange.body,
        exchange.attempts,
        exchange.waited_seconds,
        evidence.retry_after if evidence.status == 429 else None,
        evidence.wait_limit,
        evidence.cooling_down,
        evidence.retried,
        evidence.own_requests_in_window,
        evidence.key_worked_before,
    )


@dataclass(eq=False)
class Caller:
    key: str
    budget: int
    task: asyncio.Task[Exchange]
    heard: list[float]
    """When `on_wait` was called, after the moment of the call."""
    requests_before: int
    boarded: float
    waited: float = 0.0
    attempts: int = 1
    expected: Outcome | None = None
    """None while the answer is not due."""


@dataclass
class PlannedFlight:
    departs_at: float
    riders: list[Caller]
    is_retry: bool = False
    count: int | None = None
    """The ledger's count with this request; None until it is sent."""
    worked_before: bool = False


@dataclass
class KeyModel:
    """What must be known of one key to foretell every answer."""

    cooldown_until: float = 0.0
    cooldown_began: tuple[int | None, bool] = (None, False)
    sent: list[float] = field(default_factory=list[float])
    accepted: bool = False
    flight: PlannedFlight | None = None

    def cooling(self, now: float) -> float:
        return max(0.0, self.cooldown_until - now)

    def call(self, caller: Caller, now: float) -> None:
        cooling = self.cooling(now)
        departs_later = self.flight is not None and self.flight.departs_at > now
        if cooling > caller.budget or (caller.budget == 0 and departs_later):
            count, worked = self.cooldown_began
            seconds = max(1, ceil(cooling))
            caller.expected = Outcome(429, None, 0, 0.0, seconds, caller.budget, True, False, count, worked)
        elif self.flight is not None:
            self.flight.riders.append(caller)
        else:
            self.flight = PlannedFlight(now + cooling + JITTER if cooling else now, [caller])
            self.depart(now)

    def depart(self, now: float) -> None:
        """Send the request that is due, if any."""
        flight = self.flight
        if flight is None or flight.count is not None or flight.departs_at > now:
            return
        self.sent.append(flight.departs_at)
        flight.count = sum(at > flight.departs_at - WINDOW for at in self.sent)
        flight.worked_before = self.accepted
        for rider in flight.riders:
            rider.waited += flight.departs_at - rider.boarded

    def land(self, reply: Reply, now: float) -> None:
        flight = self.flight
        assert flight is not None
        self.flight = None
        self.accepted = self.accepted or reply.accepts
        if reply.status == 429:
            self.cooldown_until = now + reply.wait
            self.cooldown_began = (flight.count, flight.worked_before)
        cooling = self.cooling(now)
        staying: list[Caller] = []
        for rider in flight.riders:
            may_retry = reply.status == 429 and not flight.is_retry
            if may_retry and rider.waited + cooling <= rider.budget:
                rider.attempts, rider.boarded = 2, now
                staying.append(rider)
                continue
            rider.expected = Outcome(
                reply.status,
                ME if reply is SUCCESS else None,
                rider.attempts,
                rider.waited,
                ceil(cooling) if reply.status == 429 else None,
                rider.budget if may_retry else None,
                False,
                rider.attempts == 2,
                flight.count,
                flight.worked_before,
            )
        if staying:
            self.flight = PlannedFlight(now + cooling + JITTER, staying, is_retry=True)

    def cancel(self, caller: Caller) -> None:
        if self.flight is not None and caller in self.flight.riders:
            self.flight.riders.remove(caller)
            if not self.flight.riders:
                self.flight = None


class Upstream(httpx.AsyncBaseTransport):
    """Answers when the test says so; in process, so that no socket's pace decides which of two things came first."""

    def __init__(self, clock: FakeClock) -> None:
        self.clock = clock
        self.received: list[tuple[float, str]] = []
        """When a request came, and with which key."""
        self.open: list[tuple[str, asyncio.Future[Reply]]] = []
        self.closed_until: dict[str, float] = dict.fromkeys(KEYS, 0.0)
        self.too_early: list[tuple[float, str]] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        key = request.headers["Authorization"].removeprefix("Bearer ")
        arrived = (self.clock.monotonic(), key)
        self.received.append(arrived)
        if arrived[0] < self.closed_until[key]:
            self.too_early.append(arrived)
        entry = (key, asyncio.get_running_loop().create_future())
        self.open.append(entry)
        try:
            reply = await entry[1]
        finally:
            self.open.remove(entry)
        if reply.status is None:
            raise httpx.ConnectError("refused") from ConnectionRefusedError(111, "Connection refused")
        return reply.response

    def answer(self, key: str, reply: Reply) -> None:
        if reply.status == 429:
            self.closed_until[key] = self.clock.monotonic() + reply.wait
        next(future for open_key, future in self.open if open_key == key).set_result(reply)


class Histories(RuleBasedStateMachine):
    """Each step does something to the client and to the model; after each they must agree."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.clock = FakeClock(auto=False)
        self.upstream = Upstream(self.clock)
        self.directory = tempfile.TemporaryDirectory()
        self.key_file = Path(self.directory.name, "key")
        self.key_file.write_text(KEYS[0])
        environ = {"OUTBOUNDSYNC_API_KEY_FILE": str(self.key_file), "OUTBOUNDSYNC_TIMEOUT_SECONDS": "600"}
        self.client = OutboundSyncClient(
            Settings.from_env(environ), clock=self.clock, transport=self.upstream, jitter=lambda: JITTER
        )
        self.models = {key: KeyModel() for key in KEYS}
        self.callers: list[Caller] = []
        """Those whose answer is not due yet, or was not looked at."""
        self.gone: list[Caller] = []
        """Those who were cancelled in the last step."""

    # What happens

    @rule(key=keys, budget=budgets, count=st.integers(1, 4))
    def callers_come(self, key: str, budget: int | None, count: int) -> None:
        for _ in range(count):
            self.call(key, budget)

    @precondition(lambda self: self.moments())
    @rule(place=places)
    def something_is_due(self, place: int) -> None:
        self.time_passes(pick(self.moments(), place) - self.now)

    @rule(seconds=spans)
    def time_passes(self, seconds: float) -> None:
        self.run(self.clock.advance(seconds))
        for model in self.models.values():
            model.depart(self.now)

    @precondition(lambda self: self.flying())
    @rule(place=places, reply=replies)
    def the_upstream_answers(self, place: int, reply: Reply) -> None:
        self.answer(pick(self.flying(), place), reply)

    @precondition(lambda self: self.flying())
    @rule(place=places, reply=replies, budget=budgets)
    def it_answers_as_a_caller_comes(self, place: int, reply: Reply, budget: int | None) -> None:
        key = pick(self.flying(), place)
        self.call(key, budget)
        self.answer(key, reply)

    @precondition(lambda self: self.callers)
    @rule(place=places)
    def a_caller_leaves(self, place: int) -> None:
        self.cancel(pick(self.callers, place))

    @precondition(lambda self: self.callers)
    @rule(place=places, budget=budgets, first=st.booleans())
    def a_caller_leaves_as_another_comes(self, place: int, budget: int | None, first: bool) -> None:
        leaver = pick(self.callers, place)
        if first:
            self.call(leaver.key, budget)
        self.cancel(leaver)
        if not first:
            self.call(leaver.key, budget)

    @precondition(lambda self: self.shared_requests())
    @rule(place=places, reply=replies)
    def a_caller_leaves_as_the_others_are_answered(self, place: int, reply: Reply) -> None:
        leaver = pick(self.shared_requests(), place)
        self.cancel(leaver)
        self.answer(leaver.key, reply)

    @rule()
    def the_connections_are_closed(self) -> None:
        self.run(self.client.aclose())

    # What must be so after each step

    @invariant()
    def everyone_is_told_what_the_model_foretells(self) -> None:
        self.run(self.clock.settle())
        for caller in [caller for caller in self.callers if caller.expected is not None]:
            assert caller.task.done(), caller
            assert outcome_of(caller.task.result()) == caller.expected
            self.callers.remove(caller)
            paid = [key for _, key in self.upstream.received[caller.requests_before :] if key == caller.key]
            assert len(paid) <= 2, "no call sees more than its request and its one retry"
        assert not [caller for caller in self.callers if caller.task.done()], "nobody is answered early"

    @invariant()
    def requests_are_sent_when_the_model_foretells(self) -> None:
        assert not self.upstream.too_early, "nothing is sent during a cooldown"
        for key, model in self.models.items():
            assert [at for at, sent_key in self.upstream.received if sent_key == key] == model.sent
        assert sorted(key for key, _ in self.upstream.open) == sorted(self.flying())

    @invariant()
    def flights_live_as_long_as_someone_rides(self) -> None:
        tasks = [task.get_name() for task in asyncio.all_tasks(self.loop)]
        assert tasks.count(FLIGHT_NAME) == sum(model.flight is not None for model in self.models.values())
        assert all(caller.task.cancelled() for caller in self.gone), "who leaves has left at once"
        self.gone.clear()

    @invariant()
    def who_waits_hears_of_it(self) -> None:
        for model in self.models.values():
            if model.flight is not None and model.flight.count is None:
                for rider in model.flight.riders:
                    moments = [rider.boarded, *(at for at in rider.heard if at > rider.boarded), self.now]
                    assert max(later - earlier for earlier, later in pairwise(moments)) <= PROGRESS_GAP

    def teardown(self) -> None:
        try:
            for caller in self.callers:
                caller.task.cancel()
            self.run(self.clock.settle())
            self.run(self.client.aclose())
            assert not asyncio.all_tasks(self.loop), "nothing outlives the callers"
        finally:
            self.loop.close()
            self.directory.cleanup()

    # The hands

    @property
    def now(self) -> float:
        return self.clock.monotonic()

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        return self.loop.run_until_complete(coroutine)

    def call(self, key: str, budget: int | None) -> None:
        heard: list[float] = []

        async def on_wait(waited: float, total: float) -> None:
            assert 0 <= waited <= total
            heard.append(self.now)

        self.key_file.write_text(key)
        caller = Caller(
            key=key,
            budget=CONFIGURED_WAIT if budget is None else budget,
            task=self.loop.create_task(self.client.get_me(budget, on_wait)),
            heard=heard,
            requests_before=len(self.upstream.received),
            boarded=self.now,
        )
        self.callers.append(caller)
        self.models[key].call(caller, self.now)

    def answer(self, key: str, reply: Reply) -> None:
        self.upstream.answer(key, reply)
        self.models[key].land(reply, self.now)

    def cancel(self, caller: Caller) -> None:
        caller.task.cancel()
        self.callers.remove(caller)
        self.gone.append(caller)
        self.models[caller.key].cancel(caller)

    def moments(self) -> list[float]:
        """When something changes next: a departure, the end of a cooldown, a request that leaves the ledger."""
        ahead = {
            moment
            for model in self.models.values()
            for moment in (
                model.cooldown_until,
                *(at + WINDOW for at in model.sent),
                *([model.flight.departs_at] if model.flight else []),
            )
            if moment > self.now
        }
        return sorted(ahead)

    def flying(self) -> list[str]:
        """The keys with a request on its way."""
        return [
            key for key, model in self.models.items() if model.flight is not None and model.flight.count is not None
        ]

    def shared_requests(self) -> list[Caller]:
        """Callers who are not alone with a request on its way."""
        flights = [model.flight for key, model in self.models.items() if key in self.flying()]
        return [rider for flight in flights if flight and len(flight.riders) > 1 for rider in flight.riders]


def pick(choices: list[T], place: int) -> T:
    return choices[place % len(choices)]


def test_no_history_of_calls_answers_and_cancellations_departs_from_the_model() -> None:
    run_state_machine_as_test(
        Histories, settings=settings(max_examples=70, stateful_step_count=40, deadline=None, derandomize=True)
    )
