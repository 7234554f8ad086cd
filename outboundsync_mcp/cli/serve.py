"""`outboundsync-mcp serve`: the MCP server over stdio, or over streamable HTTP on loopback."""

import asyncio
import ipaddress
import logging
import os
import signal
import socket
import sys
import threading
from types import FrameType
from typing import Literal

from outboundsync_mcp.cli.logs import log_to_stderr, report_crash
from outboundsync_mcp.settings import Settings

Transport = Literal["stdio", "http"]
DEFAULT_HOST = "127.0.0.1"
DEFAULT_PORT = 8000
PATH = "/mcp"
STOP_SECONDS = 0.5
"""How long open HTTP exchanges may go on after Ctrl-C or SIGTERM."""
LEAVE_SECONDS = 1.0
"""How long the process may go on after everything is answered and stdin has ended."""
WAITING = "outboundsync-mcp: waiting for an MCP client on stdin; Ctrl-C stops; --help tells more.\n"
"""For whoever started the server by hand, in a terminal."""
CLIENT_GONE = "outboundsync-mcp: the client closed its end of stdout\n"


def run(transport: Transport, *, host: str | None, port: int | None) -> int:
    """Serve until the client leaves or a signal arrives; returns the exit status."""
    if transport == "stdio":
        if host is not None or port is not None:
            return _refuse("--host and --port belong to --transport http", status=2)
        return serve_stdio()
    return serve_http(DEFAULT_HOST if host is None else host, DEFAULT_PORT if port is None else port)


def serve_stdio() -> int:
    """Serve one client over stdin and stdout until it closes stdin."""
    _stop_on_signals()
    settings = _start()
    if sys.stdin is not None and sys.stdin.isatty():
        sys.stderr.write(WAITING)
        sys.stderr.flush()
    asyncio.run(_serve_stdio(settings))
    return 0


async def _serve_stdio(settings: Settings) -> None:
    from mcp.server.stdio import stdio_server

    from outboundsync_mcp.cli.stdio import take_stdin, take_stdout
    from outboundsync_mcp.server import create_server

    server = create_server(settings)
    try:
        async with stdio_server(take_stdin(), take_stdout()) as (read_stream, write_stream):
            try:
                await server.run(read_stream, write_stream, server.create_initialization_options())
            except BaseException as error:  # noqa: BLE001 - the process ends here
                # Leaving this block would wait for the thread that reads stdin. A cancellation is the transport's own:
                # it cannot write to stdout any more.
                if isinstance(error, asyncio.CancelledError):
                    sys.stderr.write(CLIENT_GONE)
                else:
                    report_crash(type(error), error, error.__traceback__)
                os._exit(1)
    except* OSError:  # the client was killed: stdin ended first, and then nobody read the last of stdout
        sys.stderr.write(CLIENT_GONE)
    # Everything is answered. A look-up that a silent name server holds up, in a thread, would keep the process.
    _end_within(LEAVE_SECONDS, 0)


def serve_http(host: str, port: int) -> int:
    """Serve streamable HTTP at /mcp on a loopback address; port 0 picks a free one."""
    address = loopback_address(host)
    if address is None:
        return _refuse(
            f"--host {host!r} is not a loopback address. The server holds your OutboundSync key and has no "
            "authentication, so it listens on 127.0.0.1, ::1 or localhost alone; to offer it to others, put an "
            "authenticating proxy in front of it",
            status=2,
        )
    try:
        listener = listen(address, port)
    except OSError as error:
        return _refuse(f"cannot listen on {host} port {port}: {error.strerror}; choose another --port", status=1)
    _stop_on_signals()
    settings = _start()
    _serve_http(settings, address, listener)
    return 0


def _serve_http(settings: Settings, address: str, listener: socket.socket) -> None:
    import uvicorn
    from mcp.server.transport_security import TransportSecuritySettings

    from outboundsync_mcp.server import create_server

    shown = f"[{address}]" if ":" in address else address
    origin = f"{shown}:{listener.getsockname()[1]}"

    class Announcing(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            sys.stderr.write(f"outboundsync-mcp: serving MCP at http://{origin}{PATH} (Ctrl-C stops)\n")
            sys.stderr.flush()

        def handle_exit(self, sig: int, frame: FrameType | None) -> None:
            # Exchanges that are cut off now are no news to whoever stopped the server.
            logging.disable(logging.ERROR)
            # The SDK would wait a second for clients that do not read; nothing is stored, so nothing is lost.
            _end_within(STOP_SECONDS, 128 + sig)
            super().handle_exit(sig, frame)

    hosts = {shown, "127.0.0.1", "localhost", "[::1]"}
    allowed = [*hosts, *(f"{name}:*" for name in hosts)]
    app = create_server(settings).streamable_http_app(
        streamable_http_path=PATH,
        host=address,
        transport_security=TransportSecuritySettings(
            enable_dns_rebinding_protection=True,
            allowed_hosts=allowed,
            allowed_origins=[f"http://{name}" for name in allowed],
        ),
    )
    config = uvicorn.Config(app, log_config=None, access_log=False, timeout_graceful_shutdown=1, ws="none")
    Announcing(config).run([listener])


def loopback_address(host: str) -> str | None:
    """The loopback address that a --host names; None for any other host."""
    if host.lower() == "localhost":
        return DEFAULT_HOST
    try:
        address = ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return None
    return str(address) if address.is_loopback and getattr(address, "ipv4_mapped", None) is None else None


def listen(address: str, port: int) -> socket.socket:
    """A bound TCP socket; raises OSError when the port is taken or not allowed."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    # Only where the protocol is TCP by number does asyncio spare connections Nagle's delay, 40 ms an answer.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        if sys.platform != "win32":  # where the option would let two processes share the port
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((address, port))
    except OSError:
        listener.close()
        raise
    return listener


def _start() -> Settings:
    """Read the settings, set up logging, and say on stderr what is wrong with settings and key."""
    from outboundsync_mcp.api.credentials import load_credential

    settings = Settings.from_env()
    log_to_stderr(settings)
    credential = load_credential(settings)
    for sentence in (*settings.faults, *settings.unread_note, *([credential.detail] if credential.detail else [])):
        sys.stderr.write(f"outboundsync-mcp: {sentence}\n")
    sys.stderr.flush()
    return settings


def _stop_on_signals() -> None:
    """Ctrl-C and SIGTERM end the process at once, with status 128 + signal.

    Not by unwinding: the SDK reads stdin in a thread that cannot be interrupted, and the interpreter would wait for
    it. Nothing is lost, for nothing is stored.
    """
    for number in (signal.SIGINT, signal.SIGTERM):
        if signal.getsignal(number) is not signal.SIG_IGN:  # ignored for us: a job in a shell's background
            signal.signal(number, _stop)


def _end_within(seconds: float, status: int) -> None:
    """End the process with this status, unless it ends by itself before."""
    end = threading.Timer(seconds, os._exit, (status,))
    end.daemon = True
    end.start()


def _stop(number: int, _: FrameType | None) -> None:
    os._exit(128 + number)


def _refuse(sentence: str, *, status: int) -> int:
    from outboundsync_mcp.diagnosis.redact import redact

    sys.stderr.write(f"outboundsync-mcp: {redact(sentence)}.\n")
    return status
