"""`python -m tests.bench`: the table of ratios on stdout; exit status 1 when a target is missed."""

import argparse
import gc
import os
import sys
from collections.abc import Callable

from tests.bench.measurements import (
    SIMULTANEOUS_CALLS,
    Figure,
    reader,
    round_trip,
    shared_requests,
    start_and_memory,
    table,
)


def main() -> int:
    """Measure, print, and judge against the targets."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--rounds", type=int, default=15, help="process starts per side (default 15); calls: 40 times")
    parser.add_argument("--one-core", action="store_true", help="pin everything to one core (Linux)")
    arguments = parser.parse_args()
    if arguments.one_core:
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    gc.disable()
    rounds: int = arguments.rounds
    parts: tuple[Callable[[], list[Figure]], ...] = (
        lambda: start_and_memory(rounds),
        lambda: round_trip(40 * rounds),
        lambda: shared_requests(SIMULTANEOUS_CALLS),
        lambda: reader(20 * rounds),
    )
    figures = [figure for part in parts for figure in part()]
    print(table(figures))
    missed = [figure.name for figure in figures if figure.missed]
    for name in missed:
        print(f"missed: {name}", file=sys.stderr)
    return 1 if missed else 0


if __name__ == "__main__":
    raise SystemExit(main())
