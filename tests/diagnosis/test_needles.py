"""The index of needles finds what a plain search finds: in any text, for needles of any length and script."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outboundsync_mcp.diagnosis.needles import Index, Needles

_TEXT = st.text(alphabet="ab -é界🙂\ud800", max_size=40)
_NEEDLES = st.lists(st.text(alphabet="ab -é界🙂", min_size=1, max_size=14), max_size=8)


@given(_NEEDLES, _TEXT, st.data())
def test_the_needles_of_a_text_are_those_that_stand_in_it(needles: list[str], text: str, data: st.DataObject) -> None:
    if needles:  # most drawn texts hold none
        text = text[:20] + data.draw(st.sampled_from(needles)) + text[20:]
    half = len(needles) // 2
    assert Needles(needles[:half], needles[half:]).found_in(text) == {needle for needle in needles if needle in text}


@pytest.mark.parametrize("length", range(1, 30))
def test_a_needle_of_any_length_is_found_at_any_place(length: int) -> None:
    needle = "the quick brown fox jumps over"[:length]
    needles = Needles([needle], ["the quick brown cat"])
    for before in range(9):
        assert needles.found_in(f"{'-' * before}{needle}--") == {needle}
        assert not needles.found_in(f"{'-' * before}{needle[:-1]}--{needle[1:]}"[: before + length + 1]) or length == 1
    assert needles.found_in(needle) == {needle}
    assert needles.found_in("") == set()


def test_rows_come_in_the_order_of_their_table_whatever_their_needles() -> None:
    rows = [(("zz",), "first"), (("a", "longest of all"), "second"), (("longest of all",), "third"), (("b",), "fourth")]
    index = Index(rows)
    assert set(index.needles) == {"zz", "longest of all", "b"}
    text = "longest of all, zz, a"
    found = Needles(index.needles).found_in(text)
    assert index.rows_in(text, found) == ["first", "second", "third"]


def test_a_row_needs_all_of_its_needles() -> None:
    index = Index([(("statuscode", "error", "message"), "ours"), (("statuscode",), "any")])
    assert index.rows_in("statuscode, error", {"statuscode"}) == ["any"]
    assert index.rows_in("statuscode, error, message", {"statuscode"}) == ["ours", "any"]
    assert index.rows_in("statuscode, error, message", set()) == []


def test_rows_that_cannot_be_compared_are_sorted_by_their_place_alone() -> None:
    index = Index([(("one",), {"a": 1}), (("two",), {"b": 2})])
    assert index.rows_in("two one", {"one", "two"}) == [{"a": 1}, {"b": 2}]
