"""What a server said, made safe to show."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outboundsync_mcp.diagnosis.clean import MESSAGE_LIMIT, clean, clean_message


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("Invalid API key", "Invalid API key"),
        ("  two\n lines\t", "two lines"),
        (["one", "two", 3, ["three"]], "one; two; three"),
        ("<b>Invalid</b> key", "Invalid key"),
        ("<\u200bscript>alert(1)</script>", "alert(1)"),
        ("<scr<b>ipt>alert(1)</scr</b>ipt>", "alert(1)"),
        (f"<a href='{'x' * 400}'>here</a>", "here"),
        ("<img src=x onerror=alert(1)", "‹img src=x onerror=alert(1)"),
        ("waited 3 < 5 s", "waited 3 < 5 s"),
        ("\u3164\u115f\uffa0\u034f\ufe0f\U000e0100\u17b4\u180b\u2800 seen", "seen"),
        ("\u202eyek\u2066 \U000e0041hidden", "yek hidden"),
        ("<!DOCTYPE html><p>page</p>", None),
        ("\ufeff<html>", None),
        ("", None),
        ("\u200b", None),
        (None, None),
        ({"message": "x"}, None),
        (42, None),
    ],
)
def test_a_message_is_words(said: object, shown: str | None) -> None:
    assert clean_message(said) == shown


def test_a_secret_is_taken_out_before_the_text_is_cut() -> None:
    text = "x" * (MESSAGE_LIMIT - 4) + "SECRET"
    assert "SEC" not in (clean_message(text, lambda words: words.replace("SECRET", "…")) or "")


@given(st.text() | st.lists(st.text()))
def test_a_message_never_holds_a_tag_or_an_invisible_character(said: object) -> None:
    shown = clean_message(said) or ""
    assert len(shown) <= MESSAGE_LIMIT
    assert not any(unicodedata.category(char) in {"Cc", "Cf", "Cs", "Co", "Cn"} for char in shown)
    assert not any(
        shown[at : at + 1] == "<" and shown[at + 1 : at + 2].isalpha() for at in range(len(shown)) if shown.isascii()
    )
    assert clean(shown) == shown
