"""The corpus holds what it promises, and the reader is right about it."""

import re
from collections import Counter
from typing import get_args

import pytest

from outboundsync_mcp.diagnosis.diagnosis import Kind
from tests.corpus.cases import CORPUS, PARTS, Case, Part, heldout_tools, load
from tests.corpus.scoring import LEAK, Result, judge, run, shortcomings


def _all_cases() -> list[Case]:
    return [case for part in PARTS for case in load(part)]


@pytest.mark.parametrize("part", PARTS)
def test_reader_meets_every_threshold(part: Part) -> None:
    assert shortcomings(part, run(part)) == []


def test_corpus_is_large_and_covers_every_kind() -> None:
    cases = _all_cases()
    kinds = Counter(case.kind for case in cases)
    assert len(cases) >= 400
    assert {kind: kinds[kind] for kind in get_args(Kind) if kinds[kind] < 12} == {}
    assert set(kinds) <= set(get_args(Kind))


def test_corpus_has_enough_decoys_and_secrets() -> None:
    cases = _all_cases()
    assert sum("decoy" in case.tags for case in cases) >= 60
    assert sum(bool(case.secrets) for case in cases) >= 50


def test_every_text_has_one_label_and_every_secret_is_in_its_text() -> None:
    cases = _all_cases()
    assert len({case.id for case in cases}) == len(cases)
    on_disk = {path.stem for part in PARTS for path in (CORPUS / part).rglob("*.txt")}
    assert on_disk == {case.id for case in cases}
    # What a text holds in base64 must not come out decoded either.
    plain = [case for case in cases if "base64" not in case.tags]
    assert [case.id for case in plain for secret in case.secrets if secret not in case.text or len(secret) < LEAK] == []


def test_no_text_is_in_the_corpus_twice() -> None:
    counts = Counter(case.text for case in _all_cases())
    assert [case.id for case in _all_cases() if counts[case.text] > 1] == []


def test_heldout_tools_are_in_the_heldout_part_alone() -> None:
    assert {case.tool for case in load("heldout")} == heldout_tools()
    assert not {case.tool for case in load("development")} & heldout_tools()


def test_no_text_names_the_machine_that_recorded_it() -> None:
    private = re.compile(rf"/root/|\.pyenv|{re.escape(str(CORPUS.parents[1]))}(?!\w)")
    assert [case.id for case in _all_cases() if private.search(case.text)] == []


def test_a_shown_secret_counts_as_a_leak() -> None:
    case = next(case for case in _all_cases() if case.secrets)
    shown = judge(case).diagnosis.model_copy(update={"message": f"key …{case.secrets[0][3 : 3 + LEAK]}…"})
    assert Result(case, shown).leaks
    assert not Result(case, shown.model_copy(update={"message": case.secrets[0][: LEAK - 1]})).leaks
