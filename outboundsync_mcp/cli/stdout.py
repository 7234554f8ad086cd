"""Stdout for the protocol alone, written without a thread where that cannot block."""

import io
import os
import select
import stat
from typing import cast

import anyio


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
