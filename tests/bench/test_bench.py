"""The benchmarks run and measure what they name. Figures are judged by `make bench`, never by a test."""

import json
from pathlib import Path

import pytest

from tests.bench.measurements import Figure, interleaved, ratio, round_trip, shared_requests, start_and_memory
from tests.bench.processes import ROOT
from tests.bench.reading import grown, growth, kinds, short_pastes
from tests.bench.report import JSON, MARKDOWN, markdown, table, write
from tests.corpus.cases import load


def test_every_measurement_runs_and_gives_a_ratio_of_two_things_that_happened() -> None:
    figures = [*start_and_memory(1), *round_trip(1)]
    assert [figure.target for figure in figures] == [1.10, 1.10, 1.15]
    assert all(figure.value > 0 and figure.spread is not None for figure in figures)


def test_sides_take_turns_and_the_first_round_only_warms_up() -> None:
    calls: list[str] = []

    def side(name: str) -> float:
        calls.append(name)
        return len(calls)

    samples = interleaved(2, lambda: side("a"), lambda: side("b"))
    assert calls == ["b", "a", "a", "b", "b", "a"]
    assert samples == [[3, 6], [4, 5]]


def test_a_ratio_is_of_medians_and_one_above_its_target_is_missed() -> None:
    figure = ratio("x", [1, 2, 9], [1, 1, 1], str, target=1.9)
    assert (figure.value, figure.missed) == (2, True)
    assert not ratio("x", [1], [1], str, target=1.0).missed
    assert "| missed |" in table([figure])
    assert table([Figure("y", "3", "", 3)]).endswith("| y | 3 |  |  |  |  |  |")


def test_of_all_texts_the_one_whose_time_grows_most_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    seconds = {("slow", 2_000_000): 130.0, ("slow", 20_000): 1.0, ("fast", 2_000_000): 50.0, ("fast", 20_000): 1.0}

    def read(text: str) -> float:
        return seconds[text[:4], len(text)]

    monkeypatch.setattr("tests.bench.reading._read", read)
    figure = growth("shapes", {"f": "fast ", "s": "slow "}, 1)
    assert (figure.name, figure.value) == ("reading 2 MB against 20 KB, the worst of 2 shapes: s", 130)
    assert figure.missed


def test_every_kind_that_a_paste_can_have_is_read_in_both_sizes() -> None:
    texts = kinds()
    assert set(texts) == {case.kind for case in load("development")}
    assert all(0 < len(text) <= 20_000 for text in texts.values())
    assert len(grown("abc", 20_000)) == 20_000
    assert short_pastes(1).value > 1


@pytest.mark.parametrize("calls", [20])
def test_calls_that_come_while_one_is_in_flight_share_it(calls: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.bench.measurements.SHARED", (("a 200", ("--delay", "0.5")),))
    (figure,) = shared_requests(calls)
    assert 1 <= figure.value < calls


def test_the_page_is_what_the_last_run_recorded() -> None:
    recorded = json.loads(JSON.read_text(encoding="utf-8"))
    assert MARKDOWN.read_text(encoding="utf-8") == markdown(recorded)


def test_the_readme_quotes_the_last_run() -> None:
    recorded = {row["name"]: row["value"] for row in json.loads(JSON.read_text(encoding="utf-8"))}
    text = " ".join((ROOT / "README.md").read_text(encoding="utf-8").split())
    for name, words in (
        ("start: spawn to `tools/list` answered, against a bare `MCPServer`", "start to `tools/list` {:.2f} times"),
        ("resident memory after `tools/list`, against a bare `MCPServer`", "resident memory {:.2f} times"),
        ("round trip: `get_me`, against a no-op call and a raw HTTP request", "a `get_me` takes {:.2f} times"),
    ):
        assert words.format(recorded[name]) in text
    growth = max(value for name, value in recorded.items() if name.startswith("reading 2 MB"))
    assert f"reading 2 MB takes at most {growth:.0f} times as long as 20 KB" in text


def test_a_recorded_figure_holds_no_absolute_time(tmp_path: Path) -> None:
    figures = [ratio("x", [0.5, 0.5], [0.25, 0.25], str, target=1.9), Figure("requests", "2", "1,000", 2, target=2)]
    write(figures, tmp_path / "b.json", tmp_path / "b.md")
    assert json.loads((tmp_path / "b.json").read_text()) == [
        {"name": "x", "value": 2.0, "middle_half": [2.0, 2.0], "target": 1.9, "met": False},
        {"name": "requests", "value": 2, "middle_half": None, "target": 2, "met": True},
    ]
    assert "| x | 2.00 | 2.00 to 2.00 | ≤ 1.9 | missed |" in (tmp_path / "b.md").read_text()
