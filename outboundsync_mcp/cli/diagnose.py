"""`outboundsync-mcp diagnose`: a pasted error from a file or stdin, explained offline."""

import errno
import sys
from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from datetime import UTC, datetime
from pathlib import Path

LIMIT = 32 * 1024 * 1024
"""Bytes that are read."""


def run(file: str | None, *, status: int | None, message: str | None, retry_after: str | None, as_json: bool) -> int:
    """Print a diagnosis; returns the exit status. The named values win over the text."""
    named = any(value is not None for value in (status, message, retry_after))
    try:
        text = _read(file, named=named)
    except OSError as error:
        sys.stderr.write(f"outboundsync-mcp diagnose: {_unreadable(file, error)}.\n")
        return 2

    from outboundsync_mcp.cli.screen import Screen
    from outboundsync_mcp.diagnosis.diagnose import diagnose
    from outboundsync_mcp.diagnosis.reader import read

    now = datetime.now(UTC)
    diagnosis = diagnose(read(text, status=status, message=message, retry_after=retry_after, now=now), now=now)
    if as_json:
        Screen().json(diagnosis.model_dump(mode="json"))
    else:
        Screen().report(diagnosis)
    return 0


def _unreadable(file: str | None, error: OSError) -> str:
    """The sentence for it, and the way out for whoever gave a text, keys and all, in place of a file's name."""
    from outboundsync_mcp.diagnosis.clean import clean
    from outboundsync_mcp.diagnosis.redact import redact

    words = f"cannot read {clean(redact(file), 200) if file else 'stdin'}: {error.strerror}"
    if error.errno not in {errno.ENOENT, errno.ENAMETOOLONG, errno.EINVAL}:
        return words
    return f"{words}; to diagnose a text, pipe it in: echo '…' | outboundsync-mcp diagnose"


def _read(file: str | None, *, named: bool) -> str | None:
    """The text; None when there is none. In a terminal, named values need no pasting. Raises OSError."""
    if file is not None and file != "-":
        with Path(file).open("rb") as stream:
            return _bounded(stream.read(LIMIT + 1))
    stdin: object = sys.stdin
    if stdin is None:  # a process without a console, on Windows
        return None
    if sys.stdin.isatty():
        if named and file is None:
            return None
        end = "Ctrl-Z and Enter" if sys.platform == "win32" else "Ctrl-D"
        sys.stderr.write(f"Paste the error, then press {end}:\n")
        sys.stderr.flush()
    return _bounded(sys.stdin.buffer.read(LIMIT + 1))


def _bounded(data: bytes) -> str:
    if len(data) > LIMIT:
        sys.stderr.write(f"outboundsync-mcp diagnose: only the first {LIMIT // 1024**2} MiB are read.\n")
    return decode(data[:LIMIT])


def decode(data: bytes) -> str:
    """Bytes of any origin as text: UTF-8, UTF-16 as Windows PowerShell writes it, else Latin-1."""
    if data.startswith((BOM_UTF16_LE, BOM_UTF16_BE)):
        return data.decode("utf-16", errors="replace")
    head = data[:400]
    if head.count(0) * 3 >= len(head) > 0:  # every second byte of UTF-16 text in Latin script is zero
        return data.decode("utf-16-le" if head[:1] != b"\0" else "utf-16-be", errors="replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("latin-1")
