"""One GET of `/api/v1/me` and the documented single retry, turned into an `Exchange`.

    get_me ── key checked ── cooling down? ── flight (shared) ── 429? ── wait (shared) ── flight (shared) ── Exchange

Only a 429 is retried, once, after Retry-After. Everyone who asks with the same key meanwhile shares the flight.
"""

import asyncio
import logging
import math
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Any

import httpx

from outboundsync_mcp.api.clock import Clock, SystemClock
from outboundsync_mcp.api.cooldown import Flight, KeyState, KeyStates
from outboundsync_mcp.api.credentials import ApiKey, Credential, load_credential
from outboundsync_mcp.api.request import Answer, Requester, documented_messages
from outboundsync_mcp.diagnosis.diagnose import DEFAULT_WAIT_SECONDS
from outboundsync_mcp.diagnosis.evidence import Evidence, Failure
from outboundsync_mcp.settings import Settings

PROGRESS_SECONDS = 1.0
"""How often a waiting caller hears of the wait."""

OnWait = Callable[[float, float], Awaitable[None]]
"""Called while waiting with (seconds waited, seconds to wait)."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Exchange:
    """What one call learnt.

    `body` is the API's own JSON object, only after the documented 200; `attempts` the requests that the answer
    cost (0, 1 or 2); `waited_seconds` what this call spent waiting.
    """

    evidence: Evidence
    body: dict[str, Any] | None
    attempts: int
    waited_seconds: float


def _jitter() -> float:
    return random.uniform(0.1, 1.0)  # noqa: S311 - spreads retries, guards no secret


class OutboundSyncClient:
    """Calls the API for one configuration. Safe for concurrent calls, cancellation, several loops and threads."""

    def __init__(
        self,
        settings: Settings,
        *,
        clock: Clock | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
        jitter: Callable[[], float] = _jitter,
    ) -> None:
        """Nothing is read, checked or sent until the first call.

        `jitter` returns the seconds (0.1 to 1) added to every wait.
        """
        self._settings = settings
        self.clock: Clock = clock or SystemClock()
        self._jitter = jitter
        self._states = KeyStates[Answer]()
        self._requester = Requester(settings, self.clock, transport)

    async def get_me(self, max_wait_seconds: int | None = None, on_wait: OnWait | None = None) -> Exchange:
        """Ask who the key is; wait out one 429 if the caller can afford it. Raises nothing but CancelledError.

        `max_wait_seconds` is the longest wait this caller affords, None for the configured one; a longer wait is
        not begun. `on_wait` hears of the wait at least every five seconds.
        """
        exchange = await self._get_me(max_wait_seconds, on_wait)
        if not self._settings.unread_note:
            return exchange
        seen = (*exchange.evidence.seen, *self._settings.unread_note)
        return replace(exchange, evidence=replace(exchange.evidence, seen=seen))

    async def _get_me(self, max_wait_seconds: int | None, on_wait: OnWait | None) -> Exchange:
        if self._settings.faults:
            return self._unsent(
                Evidence(source="live", setting_faults=self._settings.faults, host=self._requester.host)
            )
        credential = load_credential(self._settings)
        if credential.key is None:
            return self._unsent(self._without_key(credential))
        budget = self._settings.max_wait_seconds if max_wait_seconds is None else max_wait_seconds
        state = self._states.of(credential.key.fingerprint)
        now = self.clock.monotonic()
        cooling, flight = state.cooling_seconds(now), state.current_flight()
        # Who cannot wait at all does not board a flight that departs after the stated wait, at its jitter.
        if cooling > budget or (budget == 0 and flight is not None and flight.departs_at > now):
            return self._still_cooling(state, credential, cooling, budget)
        flight = flight or self._launch(state, credential.key)
        answer, waited = await self._ride(flight, on_wait)
        attempts = 1
        evidence = answer.evidence
        if evidence.status == 429 and not flight.is_retry:
            if waited + state.cooling_seconds(self.clock.monotonic()) > budget:
                evidence = replace(evidence, wait_limit=budget)
            else:
                retry = self._retry_of(flight, state, credential.key)
                answer, more = await self._ride(retry, on_wait)
                waited += more
                attempts = 2
                evidence = replace(answer.evidence, retried=True)
        if evidence.status == 429:
            cooling = state.cooling_seconds(self.clock.monotonic())
            evidence = replace(evidence, retry_after=max(1, math.ceil(cooling)))
        if credential.notes or credential.source != evidence.key_source:
            evidence = replace(evidence, seen=(*credential.notes, *evidence.seen), key_source=credential.source)
        return Exchange(
            evidence=evidence,
            body=answer.body,
            attempts=attempts,
            waited_seconds=round(waited, 3),
        )

    async def aclose(self) -> None:
        """Close the running loop's connections."""
        await self._requester.aclose()

    # Answers that cost no request

    def _unsent(self, evidence: Evidence) -> Exchange:
        return Exchange(evidence=evidence, body=None, attempts=0, waited_seconds=0.0)

    def _without_key(self, credential: Credential) -> Evidence:
        return Evidence(
            source="live",
            seen=(*credential.notes, "No request was sent."),
            key_fault=credential.fault,
            key_fault_detail=credential.detail,
            key_vendor=credential.vendor,
            key_source=credential.source,
            key_sent=False,
            host=self._requester.host,
        )

    def _still_cooling(self, state: KeyState[Answer], credential: Credential, cooling: float, budget: int) -> Exchange:
        earlier = state.cooldown_evidence or Evidence(source="live", status=429)
        return self._unsent(
            replace(
                earlier,
                seen=(
                    *credential.notes,
                    "No request was sent: an earlier 429 is still in force.",
                    *earlier.seen,
                ),
                key_source=credential.source,
                cooling_down=True,
                retry_after=max(1, math.ceil(cooling)),
                observed_at=None,
                wait_limit=budget,
            )
        )

    # Flights

    def _launch(self, state: KeyState[Answer], key: ApiKey) -> Flight[Answer]:
        """A new flight of the running loop: waits out the cooldown, if any, then sends one request."""
        now = self.clock.monotonic()
        cooling = state.cooling_seconds(now)
        planned = now + cooling + self._jitter() if cooling else now

        async def run() -> Answer:
            # A cooldown can be prolonged meanwhile by another loop's 429.
            while (wait := max(planned, state.cooldown_until) - self.clock.monotonic()) > 0:
                await self.clock.sleep(wait)
                flight.departs_at = self.clock.monotonic()
            return await self._request(state, key)

        flight = Flight(run, departs_at=planned)
        state.set_flight(flight)
        return flight

    def _retry_of(self, flight: Flight[Answer], state: KeyState[Answer], key: ApiKey) -> Flight[Answer]:
        """The one retry of a flight that got a 429, the same for all its riders and for who came meanwhile."""
        if flight.successor is None:
            flight.successor = state.current_flight() or self._launch(state, key)
            flight.successor.is_retry = True
        return flight.successor

    async def _ride(self, flight: Flight[Answer], on_wait: OnWait | None) -> tuple[Answer, float]:
        """The flight's answer, and the seconds this rider waited for its departure."""
        boarded = self.clock.monotonic()
        flight.board()
        try:
            if on_wait is not None and flight.departs_at > boarded:
                await self._report_wait(flight, boarded, flight.departs_at - boarded, on_wait)
            await asyncio.wait({flight.task})
        finally:
            flight.leave()
        waited = max(0.0, min(flight.departs_at, self.clock.monotonic()) - boarded)
        if flight.task.cancelled():
            # Not our cancellation (that would have left above): the flight was stopped under us.
            return Answer(self._interrupted("the request was stopped before it ended")), waited
        return flight.task.result(), waited

    async def _report_wait(self, flight: Flight[Answer], boarded: float, total: float, on_wait: OnWait) -> None:
        while not flight.landed:
            elapsed = min(total, self.clock.monotonic() - boarded)
            await on_wait(elapsed, total)
            if elapsed >= total:
                return
            tick = asyncio.ensure_future(self.clock.sleep(min(PROGRESS_SECONDS, total - elapsed)))
            try:
                await asyncio.wait({tick, flight.task}, return_when=asyncio.FIRST_COMPLETED)
            finally:
                tick.cancel()

    def _interrupted(self, detail: str) -> Evidence:
        return Evidence(
            source="live", seen=(f"GET {self._requester.url} did not end.",), failure=Failure.INTERRUPTED,
            failure_detail=detail, host=self._requester.host, api_host=True,
        )  # fmt: skip

    # One request

    async def _request(self, state: KeyState[Answer], key: ApiKey) -> Answer:
        """Send one request and enter what it shows into the key's state. Never raises but CancelledError."""
        sent = state.record_request(self.clock.monotonic())
        worked_before = state.accepted
        try:
            answer = await self._requester.send(key)
        except Exception as error:  # noqa: BLE001 - a fault of ours is an answer too; its text may quote anything
            logger.error("get_me failed unexpectedly: %s", type(error).__name__)  # noqa: TRY400
            answer = Answer(self._interrupted(f"an unexpected {type(error).__name__}"))
        evidence = replace(
            answer.evidence,
            host=self._requester.host,
            api_host=True,
            key_sent=True,
            key_worked_before=worked_before,
            own_requests_in_window=sent,
            timeout_seconds=self._settings.timeout_seconds,
            clock_skew=self._requester.clock_skew,
        )
        if evidence.status == 429:
            if evidence.retry_after is None:
                fallback = f"It stated no valid Retry-After; {DEFAULT_WAIT_SECONDS} s is the vendor's own fallback."
                evidence = replace(evidence, seen=(*evidence.seen, fallback))
            wait = evidence.retry_after or DEFAULT_WAIT_SECONDS
            state.cool_down(self.clock.monotonic() + wait, evidence)
        elif answer.body is not None or (evidence.status == 403 and evidence.message in documented_messages()):
            state.accepted = True
        return Answer(evidence, answer.body)
