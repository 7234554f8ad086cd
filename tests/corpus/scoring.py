"""Runs the corpus through the reader and counts what is right: what `make score` prints and the quick test asserts."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from outboundsync_mcp.diagnosis.diagnose import diagnose
from outboundsync_mcp.diagnosis.diagnosis import Diagnosis
from outboundsync_mcp.diagnosis.reader import read
from tests.corpus.cases import Case, Part, load

NOW: Final = datetime(2026, 12, 1, 12, 0, tzinfo=UTC)
"""When the pastes are read: after every one was recorded. A wait that needs this moment is a wrong wait."""

THRESHOLDS: Final[dict[Part, float]] = {"development": 0.99, "heldout": 0.97}
"""Share of cases with status, kind and wait all right."""
CERTAIN: Final = 0.995
LIKELY: Final = 0.95
"""Share of right kinds among what is called certain, and likely."""
LEAK: Final = 6
"""Characters of a secret in a row that count as a leak."""
_KEY_PROBLEMS = frozenset({"missing_api_key", "malformed_api_key", "invalid_api_key"})


@dataclass(frozen=True, slots=True)
class Result:
    """One case and what was made of it."""

    case: Case
    diagnosis: Diagnosis

    @property
    def status_right(self) -> bool:
        """The HTTP status is the labelled one."""
        return self.diagnosis.status == self.case.status

    @property
    def kind_right(self) -> bool:
        """The kind is the labelled one."""
        return self.diagnosis.kind in (self.case.kind, *self.case.also)

    @property
    def wait_right(self) -> bool:
        """The wait in seconds is the labelled one."""
        return self.diagnosis.retry_after_seconds == self.case.wait

    @property
    def right(self) -> bool:
        """All three are right."""
        return self.status_right and self.kind_right and self.wait_right

    @property
    def leaks(self) -> bool:
        """A run of LEAK characters of a secret is in the diagnosis."""
        shown = self.diagnosis.model_dump_json()
        return any(
            secret[start : start + LEAK] in shown
            for secret in self.case.secrets
            for start in range(max(1, len(secret) - LEAK + 1))
        )

    @property
    def decoy_called_key_problem(self) -> bool:
        """A text about something else is blamed on the OutboundSync key."""
        return (
            "decoy" in self.case.tags and self.diagnosis.kind in _KEY_PROBLEMS and self.case.kind not in _KEY_PROBLEMS
        )

    def missed(self) -> str:
        """One line: expected against read."""
        case, made = self.case, self.diagnosis
        return (
            f"{case.id}: expected {case.status} {case.kind} wait {case.wait}, "
            f"read {made.status} {made.kind} wait {made.retry_after_seconds} ({made.confidence})"
        )


def run(part: Part) -> list[Result]:
    """Every case of the part, read and diagnosed."""
    return [judge(case) for case in load(part)]


def judge(case: Case) -> Result:
    """One case, read and diagnosed."""
    return Result(case, diagnose(read(case.text, now=NOW), now=NOW))


def share(results: Iterable[Result], is_right: Callable[[Result], bool]) -> float:
    """Share of the results that are right; 1 for none at all."""
    judged = [is_right(result) for result in results]
    return sum(judged) / len(judged) if judged else 1.0


def calibration(results: Iterable[Result], confidence: str) -> tuple[int, float]:
    """How many diagnoses have that confidence, and the share of them whose kind and status are right."""
    chosen = [result for result in results if result.diagnosis.confidence == confidence]
    return len(chosen), share(chosen, lambda result: result.kind_right and result.status_right)


def shortcomings(part: Part, results: list[Result]) -> list[str]:
    """What falls short of the thresholds, in words; empty when nothing does."""
    found: list[str] = []
    if (right := share(results, lambda result: result.right)) < THRESHOLDS[part]:
        found.append(f"{part}: {right:.1%} all right, {THRESHOLDS[part]:.0%} wanted")
    for confidence, wanted in (("certain", CERTAIN), ("likely", LIKELY)):
        count, right = calibration(results, confidence)
        if right < wanted:
            found.append(f"{part}: {confidence} is right in {right:.1%} of {count}, {wanted:.1%} wanted")
    if blamed := [result.case.id for result in results if result.decoy_called_key_problem]:
        found.append(f"{part}: decoys called key problems: {', '.join(blamed)}")
    if leaking := [result.case.id for result in results if result.leaks]:
        found.append(f"{part}: secrets shown: {', '.join(leaking)}")
    return found
