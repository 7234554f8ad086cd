"""Prints how much of the corpus is read right, per kind and per tool, and what was missed: `make score`.

Ends with 1 when a threshold of `scoring.py` is not met. `--part development` leaves the held-out part unread.
"""

import argparse
import sys
from collections import defaultdict
from collections.abc import Callable, Iterable

from tests.corpus.cases import PARTS, Part
from tests.corpus.scoring import Result, calibration, run, share, shortcomings

_COLUMNS: tuple[tuple[str, Callable[[Result], bool]], ...] = (
    ("status", lambda result: result.status_right),
    ("kind", lambda result: result.kind_right),
    ("wait", lambda result: result.wait_right),
    ("all", lambda result: result.right),
)


def main(argv: list[str] | None = None) -> int:
    """Score both parts, or one."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--part", choices=PARTS, help="score this part only")
    chosen: Part | None = parser.parse_args(argv).part
    short: list[str] = []
    parts: tuple[Part, ...] = (chosen,) if chosen else PARTS
    for part in parts:
        results = run(part)
        _print_part(part, results)
        short += shortcomings(part, results)
    print("\nShort of the thresholds:\n  " + "\n  ".join(short) if short else "\nEvery threshold is met.")
    return 1 if short else 0


def _print_part(part: Part, results: list[Result]) -> None:
    print(f"\n== {part}: {len(results)} cases ==")
    _print_table("kind", results, lambda result: result.case.kind)
    _print_table("tool", results, lambda result: result.case.tool)
    for confidence in ("certain", "likely", "possible"):
        count, right = calibration(results, confidence)
        print(f"{confidence:9} {count:5} diagnoses, {right:7.1%} right")
    decoys = [result for result in results if "decoy" in result.case.tags]
    secrets = [result for result in results if result.case.secrets]
    blamed = sum(result.decoy_called_key_problem for result in decoys)
    print(f"decoys    {len(decoys):5}, {blamed} called a problem of the OutboundSync key")
    print(f"secrets   {len(secrets):5}, {sum(result.leaks for result in secrets)} shown")
    missed = [result for result in results if not result.right]
    print(f"missed    {len(missed):5}" + "".join(f"\n  {result.missed()}" for result in missed))


def _print_table(title: str, results: list[Result], key: Callable[[Result], str]) -> None:
    groups: dict[str, list[Result]] = defaultdict(list)
    for result in results:
        groups[key(result)].append(result)
    print(f"{title:22} cases" + "".join(f" {name:>7}" for name, _ in _COLUMNS))
    for name, group in [*sorted(groups.items()), ("total", results)]:
        print(f"{name:22} {len(group):5}" + _shares(group))
    print()


def _shares(group: Iterable[Result]) -> str:
    rows = list(group)
    return "".join(f" {share(rows, is_right):7.1%}" for _, is_right in _COLUMNS)


if __name__ == "__main__":
    sys.exit(main())
