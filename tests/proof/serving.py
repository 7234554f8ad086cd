"""The real server over HTTP, as a process of its own on a free port."""

import re
import subprocess
import sys
import threading
from collections.abc import Generator
from contextlib import contextmanager

from tests.support.stdio import environment

START_SECONDS = 60.0


@contextmanager
def http_server(**variables: str) -> Generator[str]:
    """`serve --transport http` with these OUTBOUNDSYNC_* variables; yields its URL."""
    process = subprocess.Popen(
        [sys.executable, "-m", "outboundsync_mcp", "serve", "--transport", "http", "--port", "0"],
        stderr=subprocess.PIPE,
        text=True,
        env=environment(**variables),
    )
    assert process.stderr is not None
    watchdog = threading.Timer(START_SECONDS, process.kill)
    watchdog.start()
    drain = threading.Thread(target=process.stderr.read)
    said = ""
    try:
        while not (announced := re.search(r"http://\S+/mcp", said)):
            line = process.stderr.readline()
            assert line, f"the server ended: {said}"
            said += line
        watchdog.cancel()
        drain.start()
        yield announced.group()
    finally:
        watchdog.cancel()
        process.terminate()
        process.wait(START_SECONDS)
        if drain.is_alive():
            drain.join(START_SECONDS)
        process.stderr.close()
