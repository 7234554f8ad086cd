"""The real server over HTTP, as a process of its own on a free port."""

import re
import subprocess
import sys
import threading
from collections.abc import Generator, Sequence
from contextlib import contextmanager

from tests.support.stdio import environment

START_SECONDS = 60.0


@contextmanager
def http_server(*, enter: Sequence[str] = (), said: list[str] | None = None, **variables: str) -> Generator[str]:
    """`serve --transport http` with these variables; yields its URL. `said` takes every line of its stderr.

    `enter` is what the command begins with, to run somewhere else.
    """
    lines: list[str] = [] if said is None else said
    process = subprocess.Popen(
        [*enter, sys.executable, "-m", "outboundsync_mcp", "serve", "--transport", "http", "--port", "0"],
        stderr=subprocess.PIPE,
        text=True,
        env=environment(**variables),
    )
    assert process.stderr is not None
    watchdog = threading.Timer(START_SECONDS, process.kill)
    watchdog.start()
    drain = threading.Thread(target=lines.extend, args=(process.stderr,))
    try:
        while not (lines and (announced := re.search(r"http://\S+/mcp", lines[-1]))):
            line = process.stderr.readline()
            assert line, f"the server ended: {lines}"
            lines.append(line)
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
