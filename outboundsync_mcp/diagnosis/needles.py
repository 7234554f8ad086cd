"""Find out which literals of large tables a text has, without searching it for each: one pass for all tables."""

from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import chain
from operator import itemgetter
from typing import Generic, TypeVar

RowT = TypeVar("RowT")


class Index(Generic[RowT]):
    """The rows of a table by the longest of their needles."""

    def __init__(self, rows: Iterable[tuple[tuple[str, ...], RowT]]) -> None:
        self._rows: dict[str, list[tuple[int, tuple[str, ...], RowT]]] = {}
        for number, (needles, row) in enumerate(rows):
            self._rows.setdefault(max(needles, key=len), []).append((number, needles, row))
        self.needles = self._rows.keys()

    def rows_in(self, lower: str, found: set[str]) -> list[RowT]:
        """The rows whose needles `lower` has, in the table's order; `found` are the indexed needles that it has."""
        likely = [entry for needle in self.needles & found for entry in self._rows[needle]]
        fitting = [(number, row) for number, needles, row in likely if all(needle in lower for needle in needles)]
        return [row for _, row in sorted(fitting, key=itemgetter(0))]


def _runs(data: bytes) -> Iterator["memoryview[int]"]:
    """Every second run of four bytes, as numbers: quick to collect, and telling. What is no whole run is left out."""
    for start in (0, 2):
        size = max(len(data) - start, 0) & ~3
        if size:
            yield memoryview(data)[start : start + size].cast("I")


_MIN_BYTES = 5  # two runs


class Needles:
    """Finds out which needles a text has, and searches it for few of them.

    Of two neighbouring runs of a needle one is among every second run of the text: two of its runs, the rarest of the
    even and of the odd ones, give the needle away. A needle shorter than two runs is always searched for.
    """

    def __init__(self, *tables: Iterable[str]) -> None:
        needles = {needle: needle.encode() for table in tables for needle in table}
        short = [needle for needle, data in needles.items() if len(data) < _MIN_BYTES]
        self._short, self._short_in_ascii = short, [needle for needle in short if needle.isascii()]
        long = {needle: data for needle, data in needles.items() if len(data) >= _MIN_BYTES}
        usual = Counter(run for data in long.values() for at in (0, 1) for runs in _runs(data[at:]) for run in runs)
        self._by_run: dict[int, list[str]] = {}
        for needle, data in long.items():
            for at in (0, 1):
                rarest = min(chain(*_runs(data[at:])), key=lambda run: (usual[run], run))
                self._by_run.setdefault(rarest, []).append(needle)

    def found_in(self, text: str) -> set[str]:
        """The needles that the text has."""
        indexed = self._by_run.keys()
        found = [indexed & runs for runs in _runs(text.encode("utf-8", "surrogatepass"))]
        likely = {needle for run in chain(*found) for needle in self._by_run[run]}
        short = self._short_in_ascii if text.isascii() else self._short
        return {needle for needle in (*short, *likely) if needle in text}
