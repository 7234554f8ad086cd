"""Plain text wherever it is wanted, and text from outside that stays text."""

import io

import pytest

from outboundsync_mcp.cli.screen import Screen
from outboundsync_mcp.diagnosis.diagnosis import Diagnosis

HOSTILE = "a [red]tag[/red], an \x1b[31mescape\x1b[0m, a \x07bell and a link [link=https://evil.example]here[/link]"
LIMITED = Diagnosis(
    ok=False,
    status=429,
    kind="rate_limited",
    meaning="Too many requests",
    cause="The window is used up, " + "and so on " * 30,
    other_causes=["Something else"],
    confidence="likely",
    remediation=["Wait in **Connected Accounts**.", "Call `get_me` again."],
    who_fixes="agent",
    retryable=True,
    retry_after_seconds=37,
    retry_at="2026-11-22T20:00:37Z",
    message=HOSTILE,
    evidence=["The status was 429."],
    docs_url="https://outboundsync.com/docs/",
)


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("stream", "environ"),
    [(io.StringIO(), {}), (Terminal(), {"NO_COLOR": "1"}), (Terminal(), {"TERM": "dumb"})],
    ids=["pipe", "NO_COLOR", "dumb"],
)
def test_report_is_plain_text_without_a_terminal_or_when_colour_is_refused(
    stream: io.StringIO, environ: dict[str, str]
) -> None:
    screen = Screen(stream, environ)
    screen.report(LIMITED, [("Attempts", ["1"])])
    with screen.waiting() as wait:
        wait(1.0, 3.4, "Rate limited: retrying once in 2 s")
    text = stream.getvalue()
    assert "\x1b" not in text
    assert "\x07" not in text
    assert "[red]tag[/red]" in text
    assert "429 · Too many requests\nKind" in text
    assert "1. Wait in Connected Accounts.\n" in text
    assert "in a terminal, outboundsync-mcp doctor makes the same request" in " ".join(text.replace("`", "").split())
    assert "yes, after 37 s, at 2026-11-22T20:00:37Z" in text
    assert text.endswith("  1 of 3 s  Rate limited: retrying once in 2 s\n")
    assert max(map(len, text.splitlines())) <= 110


def test_report_in_a_terminal_is_coloured_and_interprets_nothing_from_outside() -> None:
    stream = Terminal()
    screen = Screen(stream, {"TERM": "xterm-256color"})
    screen.heading("A part")
    screen.report(LIMITED)
    with screen.waiting() as wait:
        wait(1.0, 3.4, "[red]waiting[/red]")
    text = stream.getvalue()
    assert "\x1b[" in text
    assert "\x1b[31mescape" not in text
    assert "\x1b]8" not in text
    assert "\x07" not in text
    assert "[red]tag[/red]" in text
    assert "[red]waiting[/red]" in text
    assert "429 · rate_limited" in text


def test_json_is_ascii_where_the_stream_carries_no_more() -> None:
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="cp1252")
    Screen(stream, {}).json({"path": "Connected Accounts → API keys"})
    assert b"Accounts \\u2192 API" in raw.getvalue()
