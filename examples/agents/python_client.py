"""Check OutboundSync access through the MCP server, and act on the answer. Official Python client (mcp)."""

import asyncio
import json
import os
import shutil
import sys
from typing import Any

from mcp import Client, StdioServerParameters

LONGEST_WAIT = 120  # seconds that this program can spare for Retry-After: the server waits, and retries once
TIMEOUT = 180  # seconds for the whole call: that wait, and two requests

# A server over stdio gets no variable but those named here, so it sees no secrets of other programs.
SERVER = StdioServerParameters(
    command="outboundsync-mcp",
    env={name: value for name, value in os.environ.items() if name.startswith("OUTBOUNDSYNC_")},
)

WHO = {
    "user": "You can mend it",
    "admin": "Ask an admin of your OutboundSync account",
    "agent": "This program has to mend it",
    "outboundsync": "OutboundSync has to mend it",
    "network": "Ask whoever runs your network",
}
OUR_SETTINGS = {"missing_api_key", "malformed_api_key", "invalid_api_key", "bad_request"}


async def show_wait(progress: float, total: float | None, message: str | None) -> None:
    print(f"{message} ({progress:.0f} of {total or 0:.0f} s)", file=sys.stderr)


async def get_me() -> dict[str, Any]:
    """A diagnosis: the same fields whether the call succeeded or not."""
    async with Client(SERVER, read_timeout_seconds=TIMEOUT) as client:
        answer = await client.call_tool("get_me", {"max_wait_seconds": LONGEST_WAIT}, progress_callback=show_wait)
    return answer.structured_content or {}


def act_on(diagnosis: dict[str, Any]) -> int:
    """Say what happens next, also to a scheduler: 0 works, 75 try later, 78 our settings are wrong, 1 all else."""
    if diagnosis["ok"]:
        print(json.dumps(diagnosis["me"], indent=2))
        return 0
    print(f"{diagnosis['kind']}: {diagnosis['cause']}", file=sys.stderr)
    if diagnosis["retryable"]:  # the same call can succeed with nothing changed
        print("Try again", f"at {diagnosis['retry_at']}." if diagnosis["retry_at"] else "later.", file=sys.stderr)
        return 75
    print(f"{WHO[diagnosis['who_fixes']]}:", *diagnosis["remediation"], sep="\n- ", file=sys.stderr)
    return 78 if diagnosis["kind"] in OUR_SETTINGS else 1


if __name__ == "__main__":
    if shutil.which(SERVER.command) is None:
        sys.exit(f"{SERVER.command} is not on the PATH: install it, or activate the environment that has it.")
    sys.exit(act_on(asyncio.run(get_me())))
