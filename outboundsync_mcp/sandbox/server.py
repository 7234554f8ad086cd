"""Serves the sandbox on loopback: `Sandbox` in a thread of this process, `run_sandbox` until a signal ends it."""

import socket
import threading
from collections.abc import Callable
from types import FrameType, TracebackType
from typing import Final, Self

import uvicorn

from outboundsync_mcp.sandbox.app import create_app
from outboundsync_mcp.sandbox.state import Limits, SandboxState

LOOPBACK: Final = ("127.0.0.1", "::1")

_START_SECONDS = 10.0
_KEEP_ALIVE_SECONDS = 130  # longer than any wait for Retry-After, so that no client's retry meets a closing connection


def run_sandbox(
    limits: Limits | None = None,
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    on_ready: Callable[[str], None],
) -> None:
    """Serve until SIGINT or SIGTERM, then return. `on_ready` gets the origin once connections are accepted.

    Raises ValueError for an address other than loopback, OSError if the port is taken.
    """
    with _listen(host, port) as listener:
        origin = _origin(listener)
        _Server(SandboxState(limits), lambda: on_ready(origin)).run(sockets=[listener])


class Sandbox:
    """A sandbox in a thread of this process, as a context manager; `origin` and `state` are valid inside.

    Raises as `run_sandbox` does, on entering. Leaving it ends every connection, hanging ones included.
    """

    def __init__(self, state: SandboxState | None = None, *, host: str = "127.0.0.1", port: int = 0) -> None:
        self.state = state or SandboxState()
        self.origin = ""
        self._address = (host, port)

    def __enter__(self) -> Self:
        self._listener = _listen(*self._address)
        self.origin = _origin(self._listener)
        ready = threading.Event()
        self._server = _Server(self.state, ready.set)
        self._thread = threading.Thread(
            target=self._server.run, args=([self._listener],), name="outboundsync-sandbox", daemon=True
        )
        self._thread.start()
        if not ready.wait(_START_SECONDS):
            self._listener.close()
            raise RuntimeError(f"the sandbox did not start within {_START_SECONDS:.0f} s")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.should_exit = True
        self._thread.join()
        self._listener.close()


class _Server(uvicorn.Server):
    """uvicorn, silent, told when it is ready, and ended by a signal without passing that signal on."""

    def __init__(self, state: SandboxState, on_ready: Callable[[], None]) -> None:
        super().__init__(
            uvicorn.Config(
                create_app(state),
                loop="asyncio",
                http="h11",
                ws="none",
                lifespan="off",
                log_config=None,
                log_level="critical",  # a truncated body is an error to uvicorn, and our purpose
                access_log=False,
                server_header=False,
                date_header=False,  # the application's own Date follows the state's clock
                timeout_keep_alive=_KEEP_ALIVE_SECONDS,
            )
        )
        self._on_ready = on_ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Tell that it is ready, once it is."""
        await super().startup(sockets)
        self._on_ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End connections rather than wait for them: a hanging one never ends by itself."""
        for connection in list(self.server_state.connections):
            connection.transport.close()
        await super().shutdown(sockets)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002
        """Stop; uvicorn's own would raise the signal once more afterwards."""
        self.should_exit = True


def _listen(host: str, port: int) -> socket.socket:
    if host not in LOOPBACK:
        raise ValueError(f"the sandbox listens on {' or '.join(LOOPBACK)} only, not on {host!r}")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.create_server((host, port), family=family, backlog=1024)
    # Connections inherit it. asyncio does it for listeners of its own only, and without it each answer takes 40 ms.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener


def _origin(listener: socket.socket) -> str:
    host, port, *_ = listener.getsockname()
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"
