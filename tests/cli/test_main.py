"""The command line itself: help, wrong usage, and what it never repeats."""

import os
import socket
import subprocess
import sys

import pytest

from outboundsync_mcp import __version__
from outboundsync_mcp.cli import main
from outboundsync_mcp.settings import VARIABLES
from tests.support.stdio import PATIENCE_SECONDS, environment

KEY = "osapi_Zk4vQ9TnB7xLw2HsRd8uYc5M"


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    """Exit status, stdout and stderr."""
    try:
        status = main(arguments)
    except SystemExit as left:
        status = int(left.code or 0)
    out, err = capsys.readouterr()
    return status, out, err


def test_help_names_every_command_and_every_variable(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = run(capsys, "--help")
    assert status == 0
    for name in ("serve", "doctor", "diagnose", "sandbox", "demo", *VARIABLES):
        assert name in out


@pytest.mark.parametrize("command", ["serve", "doctor", "diagnose", "sandbox", "demo"])
def test_help_of_each_command_documents_its_exit_status(capsys: pytest.CaptureFixture[str], command: str) -> None:
    status, out, _ = run(capsys, command, "--help")
    assert status == 0
    assert "exit status: 0" in out
    assert ("141" in out) is (command != "serve")


def test_version_is_the_packages(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, "--version") == (0, f"outboundsync-mcp {__version__}\n", "")


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["--frobnicate"], "--frobnicate"),
        (["serve", "--api-key", "hunter2hunter2"], "--api-key"),
        (["diagnose", "--token=hunter2hunter2"], "--token"),
        (["doctor", "hunter2hunter2"], "too many arguments"),
        (["diagnose", "--status", "hunter2hunter2"], "--status"),
        (["serve", "--port", "hunter2hunter2"], "--port"),
        (["serve", "--port", "65536"], "--port"),
        (["sandbox", "--limit", "0"], "--limit"),
        (["frobnicate"], "COMMAND"),
        (["serve", "--transport", "http", "--host", "0.0.0.0"], "no authentication"),
        (["serve", "--transport", "http", "--host", "example.com"], "authenticating proxy"),
        (["serve", "--transport", "http", "--host", "::ffff:127.0.0.1"], "loopback"),
        (["serve", "--port", "8000"], "--transport http"),
        (["sandbox", "--host", "0.0.0.0"], "loopback"),
    ],
)
def test_wrong_usage_is_one_line_with_exit_status_2(
    capsys: pytest.CaptureFixture[str], arguments: list[str], named: str
) -> None:
    status, out, err = run(capsys, *arguments)
    assert (status, out) == (2, "")
    assert named in err
    assert err.count("\n") == 1
    assert "hunter2" not in err


@pytest.mark.parametrize(
    "arguments",
    [
        [KEY],
        ["serve", KEY],
        ["doctor", f"--key={KEY}"],
        ["diagnose", "--message", f"Bearer {KEY}"],
        ["sandbox", "--host", f'"{KEY}"'],
        ["serve", "pat-na1-12345678-90ab-cdef-1234-567890abcdef"],
    ],
)
def test_a_key_as_an_argument_is_refused_without_repeating_it(
    capsys: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    status, out, err = run(capsys, *arguments)
    assert (status, out) == (2, "")
    assert "never an argument" in err
    assert "OUTBOUNDSYNC_API_KEY" in err
    assert KEY[6:12] not in err
    assert "567890" not in err


@pytest.mark.parametrize("arguments", [["serve", "--transport", "http"], ["sandbox"]])
def test_a_port_in_use_is_one_sentence(capsys: pytest.CaptureFixture[str], arguments: list[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        status, _, err = run(capsys, *arguments, "--port", str(taken.getsockname()[1]))
    assert status == 1
    assert "--port" in err
    assert err.count("\n") == 1


@pytest.mark.parametrize("arguments", [["demo"], ["sandbox", "--port", "0"]])
def test_a_reader_that_has_gone_ends_a_long_command_quietly(arguments: list[str]) -> None:
    read_end, write_end = os.pipe()
    os.close(read_end)
    with os.fdopen(write_end, "wb") as nobody_reads:
        done = subprocess.run(
            [sys.executable, "-m", "outboundsync_mcp", *arguments],
            stdin=subprocess.DEVNULL,
            stdout=nobody_reads,
            stderr=subprocess.PIPE,
            env=environment(),
            timeout=PATIENCE_SECONDS,
            check=False,
        )
    assert (done.returncode, done.stderr) == (141, b"")


def test_a_reader_that_goes_between_two_steps_of_the_demo_is_found_in_exception_groups() -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "outboundsync_mcp", "demo"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(),
    )
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.readline()
    process.stdout.close()
    assert process.wait(PATIENCE_SECONDS) == 141
    assert process.stderr.read() == b""
    process.stderr.close()
