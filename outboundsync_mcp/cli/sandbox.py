"""`outboundsync-mcp sandbox`: the OutboundSync API on loopback, with a key for every outcome."""

import shlex
import shutil
import sys
from pathlib import Path


def help_text() -> str:
    """The end of `sandbox --help`: every key with its outcome."""
    from outboundsync_mcp.sandbox.outcomes import key_table

    return f"""\
The sandbox answers GET /api/v1/me as the API does: the limit of the IP address, then the key, then the limit of the
account owner. It listens on this machine alone. GET / explains it.

keys, one for each outcome (any other key is answered 401):
{key_table()}

examples:
  outboundsync-mcp sandbox --limit 3 --window-seconds 10     the fourth request in ten seconds is a 429
  OUTBOUNDSYNC_BASE_URL=http://127.0.0.1:8787 outboundsync-mcp doctor

exit status: 0 after Ctrl-C or SIGTERM, 1 when the port cannot be used, 2 wrong usage,
141 whoever read the output has gone
"""


def run(*, host: str, port: int, limit: int, ip_limit: int | None, window_seconds: int, retry_after: int | None) -> int:
    """Serve until Ctrl-C or SIGTERM; returns the exit status. Times are in seconds."""
    from outboundsync_mcp.cli.serve import loopback_address
    from outboundsync_mcp.sandbox.server import run_sandbox
    from outboundsync_mcp.sandbox.state import Limits

    limits = Limits(
        limit=limit,
        ip_limit=ip_limit,
        window_seconds=window_seconds,
        **({} if retry_after is None else {"retry_after_seconds": retry_after}),
    )
    listening = False

    def on_ready(origin: str) -> None:
        nonlocal listening
        listening = True
        _introduce(origin)

    try:
        run_sandbox(limits, host=loopback_address(host) or host, port=port, on_ready=on_ready)
    except ValueError:
        sys.stderr.write("outboundsync-mcp sandbox: --host takes a loopback address, 127.0.0.1 or ::1, only.\n")
        return 2
    except OSError as error:
        if listening:  # then it is stdout that failed
            raise
        sys.stderr.write(
            f"outboundsync-mcp sandbox: cannot listen on port {port}: {error.strerror}; choose another --port.\n"
        )
        return 1
    return 0


def _introduce(origin: str) -> None:
    from outboundsync_mcp.sandbox.outcomes import ME_PATH, OUTCOMES, key_table

    print(
        f"""\
The OutboundSync sandbox listens on {origin} (Ctrl-C stops it).

Keys, one for each outcome (any other key is answered 401):
{key_table()}

In another shell:
  export OUTBOUNDSYNC_BASE_URL={origin}
  export OUTBOUNDSYNC_API_KEY={OUTCOMES[0].key}
  curl -i -H "Authorization: Bearer $OUTBOUNDSYNC_API_KEY" "$OUTBOUNDSYNC_BASE_URL{ME_PATH}"
  {_own_command()} doctor""",
        flush=True,
    )


def _own_command() -> str:
    """How this command can be called again: by its name, or as it was called where the PATH does not lead to it."""
    called = Path(sys.argv[0])
    if called.stem != "outboundsync-mcp":
        return f"{shlex.quote(sys.executable)} -m outboundsync_mcp"
    on_path = shutil.which(called.stem)
    known = on_path is not None and Path(on_path).resolve() == called.resolve()
    return called.stem if known else shlex.quote(sys.argv[0])
