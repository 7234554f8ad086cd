"""Stdin and stdout for the protocol alone: each line can be read, and none waits for a thread that it does not need."""

import io
import os
import re
import select
import stat
import sys
from typing import cast

import anyio

# A pair of surrogates; a lone one; any other escape, of a backslash in front of a "u", say.
_ESCAPE = re.compile(
    r"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(?P<lone>u[dD][89a-fA-F][0-9a-fA-F]{2})|.)"
)


def without_lone_surrogates(line: str) -> str:
    """The line of JSON with U+FFFD for every escaped half of a pair, as JavaScript writes one for a cut emoji.

    The SDK would drop the whole line, and its sender would wait for ever.
    """
    if "\\ud" not in line and "\\uD" not in line:
        return line
    return _ESCAPE.sub(lambda escape: escape[0] if escape["lone"] is None else r"\ufffd", line)


class _Lines(io.TextIOWrapper):
    """Text whose every line can be read as JSON, if it is JSON at all."""

    def readline(self, size: int = -1, /) -> str:
        """One line."""
        return without_lone_surrogates(super().readline(size))


def take_stdin() -> "anyio.AsyncFile[str]":
    """The protocol's stdin; descriptor 0 becomes the null device, as the SDK has it."""
    if sys.stdin is None:  # started with stdin closed: nobody is there
        return anyio.wrap_file(_Lines(io.BytesIO()))
    null = os.open(os.devnull, os.O_RDONLY)
    wire = os.dup(0)
    os.dup2(null, 0)
    os.close(null)
    # Never closed: a thread may still wait on it when the server ends.
    return anyio.wrap_file(_Lines(open(wire, "rb", closefd=False), encoding="utf-8", errors="replace"))


class Answers:
    """Where the SDK writes its messages, in the two methods of an `anyio.AsyncFile` that it calls.

    anyio writes and flushes in a thread each, and the two hand-overs take longer than the diagnosis itself. A pipe that
    has room takes PIPE_BUF bytes at once (POSIX, write(2)); what is longer, and any other stdout, keeps to the thread.
    """

    def __init__(self, file: io.FileIO) -> None:
        """`file` is unbuffered; it may be non-blocking, as hosts can make their end's twin."""
        self._file = file
        self._room = None
        if hasattr(select, "poll") and stat.S_ISFIFO(os.fstat(file.fileno()).st_mode):
            self._room = select.poll()
            self._room.register(file.fileno(), select.POLLOUT)

    async def write(self, text: str) -> None:
        """Write one message, whole; raises OSError when the client has gone."""
        data = text.encode()
        at_once = self._room is not None and len(data) <= select.PIPE_BUF and self._room.poll(0)
        if not at_once or self._file.write(data) is None:
            await anyio.to_thread.run_sync(self._write_all, data)

    async def flush(self) -> None:
        """Nothing is kept back."""

    def _write_all(self, data: bytes) -> None:
        rest = memoryview(data)
        while rest:
            written = self._file.write(rest)
            if written is None:  # non-blocking, and full
                select.select([], [self._file], [])
            rest = rest[written or 0 :]


def take_stdout() -> "anyio.AsyncFile[str] | None":
    """The protocol's stdout; descriptor 1 becomes stderr, as the SDK has it. None where there is no stdout."""
    try:
        wire = os.dup(1)
        os.dup2(2, 1)
    except OSError:
        return None
    # Never closed: a thread may still wait on it when the server ends.
    return cast("anyio.AsyncFile[str]", Answers(io.FileIO(wire, "w", closefd=False)))
