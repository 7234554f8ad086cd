"""`python -m tests.bench`: docs/benchmarks.md and .json, the table on stdout; exit status 1 when a target is missed."""

import argparse
import gc
import os
import sys
from collections.abc import Callable

from tests.bench.measurements import (
    SIMULTANEOUS_CALLS,
    Figure,
    round_trip,
    shared_requests,
    start_and_memory,
)
from tests.bench.reading import reading
from tests.bench.report import table, write
from tests.bench.throughput import calls_per_second, fastmcp
from tests.proof.toolbox import python_with


def main() -> int:
    """Measure, write, print, and judge against the targets."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--rounds", type=int, default=15, help="process starts per side (default 15); calls: 100 times")
    parser.add_argument("--one-core", action="store_true", help="pin everything to one core (Linux)")
    arguments = parser.parse_args()
    if arguments.one_core:
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    other = python_with("fastmcp")
    gc.disable()
    rounds: int = arguments.rounds
    parts: tuple[Callable[[], list[Figure]], ...] = (
        lambda: start_and_memory(rounds, {"FastMCP": fastmcp(other)}),
        lambda: round_trip(100 * rounds),
        lambda: calls_per_second(max(1, rounds // 2), other),
        lambda: shared_requests(SIMULTANEOUS_CALLS),
        lambda: reading(rounds),
    )
    figures = [figure for part in parts for figure in part()]
    print(table(figures))
    write(figures)
    missed = [figure.name for figure in figures if figure.missed]
    for name in missed:
        print(f"missed: {name}", file=sys.stderr)
    return 1 if missed else 0


if __name__ == "__main__":
    raise SystemExit(main())
