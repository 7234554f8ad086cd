"""The measurements. Each is a ratio of interleaved runs (A B A B …), so that a busy machine slows both sides alike."""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from statistics import median, quantiles
from types import MappingProxyType

import httpx

from tests.bench.processes import BARE, KEY, OURS, Server, server_for, upstream

SIMULTANEOUS_CALLS = 1_000
SHARED = (
    ("a 200 that takes 5 s", ("--delay", "5")),
    ("a 429 with Retry-After 5, then a 200", ("--limited",)),
)
"""Upstreams that simultaneous calls meet: what they answer, and the options that make them."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One row of the table. `target` is the largest value that is good enough, None for a figure without one."""

    name: str
    ours: str
    reference: str
    value: float
    spread: tuple[float, float] | None = None
    target: float | None = None
    unit: str = ""

    @property
    def missed(self) -> bool:
        """Whether the figure is worse than its target."""
        return self.target is not None and self.value > self.target


def interleaved(rounds: int, *sides: Callable[[], float]) -> list[list[float]]:
    """What each side measured, round by round; the order turns with every round. One round more warms up."""
    samples: list[list[float]] = [[] for _ in sides]
    for number in range(rounds + 1):
        order = range(len(sides)) if number % 2 else reversed(range(len(sides)))
        for index in order:
            value = sides[index]()
            if number:
                samples[index].append(value)
    return samples


def timed(action: Callable[[], object]) -> float:
    """Seconds that an action takes."""
    begun = time.perf_counter()
    action()
    return time.perf_counter() - begun


def ratio(
    name: str,
    ours: Sequence[float],
    reference: Sequence[float],
    shown: Callable[[float], str],
    target: float | None = None,
) -> Figure:
    """Our median over the reference's; the spread is the middle half of the rounds' own ratios."""
    rounds = [a / b for a, b in zip(ours, reference, strict=True)]
    low, _, high = quantiles(rounds, n=4) if len(rounds) > 1 else (rounds * 3)
    value = median(ours) / median(reference)
    return Figure(name, shown(median(ours)), shown(median(reference)), value, (low, high), target)


def milliseconds(seconds: float) -> str:
    """Seconds as text."""
    return f"{seconds * 1e3:.3g} ms"


def megabytes(size: float) -> str:
    """Bytes as text."""
    return f"{size / 2**20:.1f} MiB"


def start_and_memory(rounds: int, others: Mapping[str, tuple[str, ...]] = MappingProxyType({})) -> list[Figure]:
    """From spawn to the answer of `tools/list`, and the memory held then; the bare server's have a target."""
    sides = {"ours": OURS, "a bare `MCPServer`": BARE, **others}
    memory: dict[str, list[float]] = {name: [] for name in sides}

    def start(name: str) -> float:
        begun = time.perf_counter()
        with Server(sides[name], OUTBOUNDSYNC_API_KEY=KEY, OUTBOUNDSYNC_BASE_URL="http://127.0.0.1:9") as server:
            server.open()
            seconds = time.perf_counter() - begun
            memory[name].append(server.resident_bytes())
        return seconds

    times = dict(zip(sides, interleaved(rounds, *(partial(start, name) for name in sides)), strict=True))
    figures: list[Figure] = []
    for what, samples, shown in (
        ("start: spawn to `tools/list` answered", times, milliseconds),
        ("resident memory after `tools/list`", memory, megabytes),
    ):
        for name in list(sides)[1:]:
            target = 1.10 if sides[name] is BARE else None
            figures.append(ratio(f"{what}, against {name}", samples["ours"], samples[name], shown, target))
    return figures


def round_trip(rounds: int) -> list[Figure]:
    """`get_me` against what it cannot do without: a tool call that does nothing, and the HTTP request."""
    with (
        upstream() as origin,
        server_for(origin).open() as server,
        Server(BARE).open() as bare,
        asyncio.Runner() as runner,
    ):
        answer = server.call("get_me")
        if not answer["structuredContent"]["ok"]:
            raise RuntimeError(f"get_me failed: {answer}")
        http = httpx.AsyncClient(headers={"Authorization": f"Bearer {KEY}"}, trust_env=False)

        async def request() -> float:
            begun = time.perf_counter()
            (await http.get(f"{origin}/api/v1/me")).json()
            return time.perf_counter() - begun

        ours, noop, raw = interleaved(
            rounds,
            lambda: timed(lambda: server.call("get_me")),
            lambda: timed(lambda: bare.call("noop")),
            lambda: runner.run(request()),
        )
        runner.run(http.aclose())
    floor = [call + request for call, request in zip(noop, raw, strict=True)]
    return [
        ratio(
            "round trip: `get_me`, against a no-op call and a raw HTTP request", ours, floor, milliseconds, target=1.15
        )
    ]


def shared_requests(calls: int) -> list[Figure]:
    """Upstream requests that calls of one key cost while the first is in flight, or while the key cools down."""
    figures: list[Figure] = []
    for name, options in SHARED:
        with upstream(*options) as origin, server_for(origin).open() as server:
            answers = server.call_at_once("get_me", calls)
            count = httpx.get(f"{origin}/count", trust_env=False).json()
        right = sum(answer["structuredContent"]["ok"] for answer in answers)
        if right != calls:
            raise RuntimeError(f"{calls - right} of {calls} simultaneous calls got a wrong answer")
        title = f"requests for {calls:,} simultaneous calls: {name}"
        figures.append(Figure(title, f"{count}", f"{calls:,}", count, target=2))
    return figures
