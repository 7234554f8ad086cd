"""What one process knows of one key: its cooldown, its flights and its ledger of sent requests.

State is found by the key's fingerprint, is shared by every event loop and thread of the process, and
outlives every call: a cancelled caller leaves the cooldown in force.
"""

import asyncio
import threading
from collections import deque
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from outboundsync_mcp.diagnosis.evidence import Evidence

WINDOW_SECONDS = 60.0
"""Both documented rate limits count requests of a fixed 60 s window (vendor: "Errors and rate limits")."""
FLIGHT_NAME = "outboundsync-flight"
"""Name of the tasks that carry requests."""
MAX_STATES = 64
"""Keys remembered per process; a process that rotates its key forgets the oldest."""

ResultT = TypeVar("ResultT")


class Flight(Generic[ResultT]):
    """One request on its way (after a wait, if there is a cooldown), shared by everyone who asked meanwhile.

    Riders come and go; when the last one leaves, the flight is cancelled. A rider's cancellation reaches no other.
    """

    def __init__(self, run: Callable[[], Coroutine[Any, Any, ResultT]], *, departs_at: float) -> None:
        """Start flying in the running event loop.

        `departs_at` is the monotonic second of the request: planned, and set anew after a wait. `is_retry` marks the
        documented single retry: a 429 to it is final for everyone aboard.
        """
        self.departs_at = departs_at
        self.is_retry = False
        self.successor: Flight[ResultT] | None = None
        self._riders = 0
        self._deserted = False
        self._task: asyncio.Task[ResultT] = asyncio.create_task(run(), name=FLIGHT_NAME)

    @property
    def landed(self) -> bool:
        """Whether the flight has ended, or has been told to: nobody can board it any more."""
        return self._deserted or self._task.done()

    @property
    def task(self) -> "asyncio.Task[ResultT]":
        """What riders wait on; never await it directly, a rider's cancellation would end it."""
        return self._task

    def board(self) -> None:
        """Count one rider in."""
        self._riders += 1

    def leave(self) -> None:
        """Count one rider out; the last one ends a flight that has not landed."""
        self._riders -= 1
        if self._riders == 0 and not self._task.done():
            self._deserted = True
            self._task.cancel()


@dataclass(slots=True)
class KeyState(Generic[ResultT]):
    """Cooldown, flights and ledger of one key."""

    cooldown_until: float = 0.0
    """Monotonic second until which nothing is sent."""
    cooldown_evidence: Evidence | None = None
    """The 429 that began the cooldown."""
    accepted: bool = False
    """Whether this key ever passed the API's key check (200 or the documented 403) in this process."""
    flights: "dict[asyncio.AbstractEventLoop, Flight[ResultT]]" = field(
        default_factory=dict["asyncio.AbstractEventLoop", Flight[ResultT]]
    )
    _sent: deque[float] = field(default_factory=deque[float])
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def cooling_seconds(self, now: float) -> float:
        """Seconds until a request may be sent again; 0 when it may be sent now."""
        return max(0.0, self.cooldown_until - now)

    def cool_down(self, until: float, evidence: Evidence) -> None:
        """Begin, or prolong, the cooldown; it is never shortened."""
        with self._lock:
            if until > self.cooldown_until:
                self.cooldown_until = until
                self.cooldown_evidence = evidence

    def record_request(self, now: float) -> int:
        """Enter one sent request into the ledger; returns how many were sent in the last 60 s, this one included."""
        with self._lock:
            while self._sent and self._sent[0] <= now - WINDOW_SECONDS:
                self._sent.popleft()
            self._sent.append(now)
            return len(self._sent)

    def current_flight(self) -> Flight[ResultT] | None:
        """The flight of the running loop that can still be boarded. Each loop has its own: tasks cannot be shared."""
        loop = asyncio.get_running_loop()
        with self._lock:
            for other in [known for known in self.flights if known.is_closed()]:
                del self.flights[other]
            flight = self.flights.get(loop)
        return None if flight is None or flight.landed else flight

    def set_flight(self, flight: Flight[ResultT]) -> None:
        """Make `flight` the one that new callers of the running loop board."""
        with self._lock:
            self.flights[asyncio.get_running_loop()] = flight


class KeyStates(Generic[ResultT]):
    """The states of all keys that this process has used, by fingerprint; the oldest beyond 64 are forgotten."""

    def __init__(self) -> None:
        self._states: dict[str, KeyState[ResultT]] = {}
        self._lock = threading.Lock()

    def of(self, fingerprint: str) -> KeyState[ResultT]:
        """The state of the key with this fingerprint, new if it was never seen."""
        with self._lock:
            state = self._states.pop(fingerprint, None) or KeyState[ResultT]()
            self._states[fingerprint] = state
            while len(self._states) > MAX_STATES:
                del self._states[next(iter(self._states))]
            return state
