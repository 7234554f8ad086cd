"""`sandbox`: the API on loopback until Ctrl-C."""

import re
import shlex
import signal
import subprocess
import sys

import pytest

from outboundsync_mcp.cli import main
from outboundsync_mcp.sandbox.outcomes import OUTCOMES
from tests.support.sandbox import KEYS, send
from tests.support.stdio import PATIENCE_SECONDS, environment


def test_help_lists_every_key(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["sandbox", "--help"])
    out = capsys.readouterr().out
    for outcome in OUTCOMES:
        assert outcome.key in out
        assert outcome.description in out


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
def test_it_serves_as_told_says_how_to_call_it_and_ends_with_ctrl_c() -> None:
    options = "--host localhost --port 0 --limit 1 --ip-limit 9 --window-seconds 3600 --retry-after 7"
    process = subprocess.Popen(
        [sys.executable, "-m", "outboundsync_mcp", "sandbox", *options.split()],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(),
    )
    assert process.stdout is not None
    assert process.stderr is not None
    lines = [process.stdout.readline()]
    while "doctor" not in lines[-1]:
        lines.append(process.stdout.readline())
    text = "".join(lines)
    found = re.search(r"http://127\.0\.0\.1:\d+", text)
    assert found
    assert f"export OUTBOUNDSYNC_BASE_URL={found[0]}\n" in text
    assert 'curl -i -H "Authorization: Bearer $OUTBOUNDSYNC_API_KEY"' in text
    assert text.endswith(f"  {shlex.quote(sys.executable)} -m outboundsync_mcp doctor\n")
    assert send(found[0], key=KEYS["rate_limited_always"]).headers["Retry-After"] == "7"
    assert [send(found[0], key=KEYS["success"]).status_code for _ in range(2)] == [200, 429]
    process.send_signal(signal.SIGINT)
    assert process.wait(PATIENCE_SECONDS) == 0
    assert process.stderr.read() == ""
    process.stdout.close()
    process.stderr.close()
