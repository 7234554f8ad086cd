"""The sandbox on a free port of this machine, on virtual time if wanted."""

import ssl
from collections.abc import Generator, Mapping
from contextlib import contextmanager

import httpx

from outboundsync_mcp.sandbox.outcomes import BY_NAME, ME_PATH
from outboundsync_mcp.sandbox.server import Sandbox
from outboundsync_mcp.sandbox.state import Limits, SandboxState
from tests.support.clock import FakeClock

KEYS = {name: outcome.key for name, outcome in BY_NAME.items()}
"""Sandbox keys by the name of their outcome."""

NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""Trusts nobody: the sandbox has no TLS, and loading every authority of the machine costs 50 ms a request."""


@contextmanager
def running_sandbox(
    clock: FakeClock | None = None, limits: Limits | None = None, *, host: str = "127.0.0.1"
) -> Generator[Sandbox]:
    """A sandbox in a thread: `origin` to talk to, `state.requests` for what arrived and when.

    With a clock, its windows, waits, Date headers and log follow that clock.
    """
    state = SandboxState(limits, clock=clock.timestamp) if clock else SandboxState(limits)
    with Sandbox(state, host=host) as sandbox:
        yield sandbox


def send(
    origin: str,
    method: str = "GET",
    path: str = ME_PATH,
    *,
    key: str | None = None,
    headers: Mapping[str, str] | None = None,
    timeout: float = 10,
) -> httpx.Response:
    """One request on a connection of its own, without any retry. `key` is sent as Bearer."""
    authorization = {"Authorization": f"Bearer {key}"} if key else {}
    return httpx.request(
        method, origin + path, headers=authorization | dict(headers or {}), timeout=timeout, verify=NO_TLS
    )
