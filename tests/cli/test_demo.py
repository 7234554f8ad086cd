"""`demo`: every outcome for real, and no lie about any."""

import subprocess
import sys
from dataclasses import replace

import pytest

from outboundsync_mcp.cli import demo, main
from tests.support.sandbox import KEYS
from tests.support.stdio import environment


def test_the_demo_shows_every_outcome_without_the_users_own_settings() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "outboundsync_mcp", "demo"],
        env=environment(
            OUTBOUNDSYNC_API_KEY="osapi_Zk4vQ9TnB7xLw2HsRd8uYc5M",
            OUTBOUNDSYNC_BASE_URL="https://unreachable.invalid",
            OUTBOUNDSYNC_MAX_WAIT_SECONDS="0",
            HTTP_PROXY="http://127.0.0.1:9",
            ALL_PROXY="http://127.0.0.1:9",
        ),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "every outcome as expected" in done.stdout
    for step in demo.STEPS:
        assert f"== {step.title} ==" in done.stdout
        assert step.expected in done.stdout
    assert "\x1b" not in done.stdout
    assert "API answered  429, then 200" in done.stdout
    assert "Rate limited: retrying once in " in done.stdout  # a busy machine skips seconds
    shown = done.stdout.split("Evidence")[-1]
    assert KEYS["success"] not in shown
    assert "[redacted]" in shown


def test_an_unexpected_outcome_fails_the_demo(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    wrong = replace(demo.STEPS[1], expected="ok", statuses=(200,))
    monkeypatch.setattr(demo, "STEPS", (wrong,))
    assert main(["demo"]) == 1
    out = capsys.readouterr().out
    assert f"{wrong.title}: kind should be ok, and was invalid_api_key." in out
    assert "the API's answers should be (200,), and was (401,)." in out
    assert "The demo FAILED." in out
