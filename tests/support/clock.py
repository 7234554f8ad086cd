"""Virtual time: a Clock on which a minute of Retry-After passes at once and every sleep is on record."""

import asyncio
import contextlib
import heapq
import threading
from collections.abc import AsyncIterator, Generator
from datetime import UTC, datetime, timedelta
from typing import cast

import httpx

START = datetime(2026, 9, 1, 12, 0, 0, tzinfo=UTC)
QUIET_ROUNDS = 5
"""Turns of the event loop, in a row, with nothing else to run: then the loop is idle."""
MOST_ROUNDS = 2_000
"""A task that spins without end must not stop time for good."""
PATIENCE_SECONDS = 10.0
"""Real seconds until a wait for something that never comes fails the test instead of hanging it."""

_Sleeper = tuple[float, int, asyncio.Future[None]]


class FakeClock:
    """Implements `api.clock.Clock` in virtual time. Nothing here waits for real.

    `auto=True`: as soon as the event loop is idle, time jumps to the next sleeper. "Idle" cannot see what
    happens outside the loop: a request on a real socket or a worker thread looks just like nothing to do. As
    long as a `hold()` is open, time therefore stands still; `transport()` holds during each request, from
    the first byte out to the response's end. Without holds, time may pass while a request is in flight,
    which matters when something sleeps at the same moment (a deadline on this clock, another key's cooldown).

    `auto=False`: time passes by `advance()` alone. The pattern that can't race with real I/O is
    `await clock.wait_for_sleepers(1)`, look at `clock.slept`, then `await clock.advance(37)`.

    Explicit `advance()` and `jump()` ignore holds, so that a test can let a deadline pass in mid-request.
    May be read, held and jumped from any thread; sleepers may live in several event loops, but idleness is
    judged in the loop that slept last.
    """

    def __init__(self, *, auto: bool = True, start: datetime = START) -> None:
        self.slept: list[float] = []
        """Seconds of every sleep asked for, in order."""
        self._auto = auto
        self._start = start
        self._elapsed = 0.0
        self._heap: list[_Sleeper] = []
        self._count = 0
        self._holds = 0
        self._spinners = 0
        self._driver: asyncio.Task[None] | None = None
        self._lock = threading.RLock()
        self._watchers: set[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = set()

    def monotonic(self) -> float:
        """Virtual seconds, from 1,000 on: no test passes because 0 was taken for "long ago"."""
        return 1_000.0 + self._elapsed

    def now(self) -> datetime:
        """Virtual UTC."""
        return self._start + timedelta(seconds=self._elapsed)

    def timestamp(self) -> float:
        """`now()` in seconds since the epoch: the sandbox's notion of a clock."""
        return self.now().timestamp()

    @property
    def elapsed(self) -> float:
        """Virtual seconds that have passed."""
        return self._elapsed

    @property
    def sleeping(self) -> int:
        """Tasks that sleep right now; cancelled ones don't count."""
        with self._lock:
            return sum(not future.done() for _, _, future in self._heap)

    async def sleep(self, seconds: float) -> None:
        """Suspend until virtual time has passed; cancellation is effective at once."""
        self.slept.append(seconds)
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        future = asyncio.get_running_loop().create_future()
        with self._lock:
            self._count += 1
            heapq.heappush(self._heap, (self._elapsed + seconds, self._count, future))
            watchers = list(self._watchers)
        for loop, changed in watchers:
            loop.call_soon_threadsafe(changed.set)
        self._drive()
        await future

    @contextlib.contextmanager
    def hold(self) -> Generator[None]:
        """Keep time from passing by itself: something that the event loop can't see is under way."""
        with self._lock:
            self._holds += 1
        try:
            yield
        finally:
            with self._lock:
                self._holds -= 1
                waiting = next((future for _, _, future in self._heap if not future.done()), None)
            if waiting is not None:
                waiting.get_loop().call_soon_threadsafe(self._drive)

    def transport(self, inner: httpx.AsyncBaseTransport | None = None) -> httpx.AsyncBaseTransport:
        """An httpx transport that holds the clock during each exchange."""
        return _HoldingTransport(self, inner or httpx.AsyncHTTPTransport())

    async def wait_for_sleepers(self, count: int = 1) -> None:
        """Wait, in real time, until at least `count` tasks sleep; pointless when time passes by itself."""
        changed = asyncio.Event()
        watcher = (asyncio.get_running_loop(), changed)
        with self._lock:
            self._watchers.add(watcher)
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                while self.sleeping < count:
                    changed.clear()
                    await changed.wait()
        except TimeoutError:
            raise AssertionError(f"{self.sleeping} tasks sleep, {count} were expected") from None
        finally:
            with self._lock:
                self._watchers.discard(watcher)

    async def advance(self, seconds: float) -> None:
        """Let `seconds` pass; every sleeper wakes at its own time and acts before time goes on."""
        target = self._elapsed + seconds
        await self.settle()
        while (wake := self._next_wake()) is not None and wake <= target:
            self._jump_to(wake)
            await self.settle()
        self._jump_to(target)
        await self.settle()

    def jump(self, seconds: float) -> None:
        """Let `seconds` pass in one step, as when a laptop was asleep. From any thread."""
        self._jump_to(self._elapsed + seconds)

    async def settle(self) -> None:
        """Return once this event loop has nothing else to run. Real I/O in flight is not waited for."""
        ready = cast("list[object]", getattr(asyncio.get_running_loop(), "_ready"))  # noqa: B009 - private
        self._spinners += 1
        try:
            quiet = 0
            for _ in range(MOST_ROUNDS):
                await asyncio.sleep(0)
                quiet = quiet + 1 if len(ready) < self._spinners else 0
                if quiet == QUIET_ROUNDS:
                    return
        finally:
            self._spinners -= 1

    def _next_wake(self) -> float | None:
        with self._lock:
            while self._heap and self._heap[0][2].done():
                heapq.heappop(self._heap)
            return self._heap[0][0] if self._heap else None

    def _jump_to(self, elapsed: float) -> None:
        due: list[_Sleeper] = []
        with self._lock:
            self._elapsed = max(self._elapsed, elapsed)
            while self._heap and self._heap[0][0] <= self._elapsed:
                due.append(heapq.heappop(self._heap))
        for _, _, future in due:
            if not future.done():
                future.get_loop().call_soon_threadsafe(_wake, future)

    def _drive(self) -> None:
        """Start the task that lets time pass, unless it runs or must not."""
        if not self._auto or self._holds:
            return
        loop = asyncio.get_running_loop()
        if self._driver is None or self._driver.done() or self._driver.get_loop() is not loop:
            self._driver = loop.create_task(self._let_time_pass(), name="fake-clock")

    async def _let_time_pass(self) -> None:
        while True:
            await self.settle()
            wake = self._next_wake()
            if self._holds or wake is None:
                return  # the next sleep or the end of the hold starts it again
            self._jump_to(wake)


def _wake(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)


class _HoldingTransport(httpx.AsyncBaseTransport):
    def __init__(self, clock: FakeClock, inner: httpx.AsyncBaseTransport) -> None:
        self._clock = clock
        self._inner = inner

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        with contextlib.ExitStack() as stack:
            stack.enter_context(self._clock.hold())
            response = await self._inner.handle_async_request(request)
            response.stream = _HoldingStream(cast("httpx.AsyncByteStream", response.stream), stack.pop_all())
            return response

    async def aclose(self) -> None:
        await self._inner.aclose()


class _HoldingStream(httpx.AsyncByteStream):
    def __init__(self, inner: httpx.AsyncByteStream, hold: contextlib.ExitStack) -> None:
        self._inner = inner
        self._hold = hold

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for chunk in self._inner:
            yield chunk

    async def aclose(self) -> None:
        try:
            await self._inner.aclose()
        finally:
            self._hold.close()
