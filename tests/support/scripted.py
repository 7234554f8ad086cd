"""A server that says what its script says, byte for byte: all that HTTP libraries are too polite to do."""

import contextlib
import json
import selectors
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from http import HTTPStatus
from types import TracebackType
from typing import Self

PATIENCE_SECONDS = 10.0
"""Real seconds until a wait for something that never comes fails the test instead of hanging it."""

Headers = Mapping[str, str] | Sequence[tuple[str, str]]


class End(Enum):
    """How a script leaves the connection. Without one, the connection stays open for the next request."""

    CLOSE = "close"
    """Orderly end (FIN, over TLS close_notify before it); reads on until the client has gone as well."""
    RESET = "reset"
    """RST, as a firewall or a crashed process sends it. Bytes that the client has not read yet may be lost."""
    STALL = "stall"
    """Silence, until the client goes or the test ends."""


@dataclass(frozen=True, slots=True)
class Drip:
    """Bytes that leave one by one, each when the test lets it: `ScriptedServer.let_through(count)`."""

    data: bytes


Step = bytes | Drip | End
Script = Step | tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Request:
    """One request as it arrived. For bytes that are not HTTP (a TLS ClientHello), `target` is empty."""

    head: bytes
    method: str
    target: str
    headers: tuple[tuple[str, str], ...]
    body: bytes
    at: float
    """When its last byte was read, on the server's clock."""
    connection: int
    """Which connection it came on, from 1."""

    def header(self, name: str) -> str | None:
        """The first header of that name in any case; None when there is none."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)


def response(status: int = 200, headers: Headers = (), body: object = b"", *, reason: str | None = None) -> bytes:
    """One HTTP/1.1 response. A str or bytes body is sent as is, anything else as JSON.

    Content-Length is added unless the headers frame the body themselves.
    """
    pairs = list(headers.items() if isinstance(headers, Mapping) else headers)
    names = {name.lower() for name, _ in pairs}
    if isinstance(body, str):
        body = body.encode()
    elif not isinstance(body, bytes):
        body = json.dumps(body).encode()
        if "content-type" not in names:
            pairs.append(("Content-Type", "application/json; charset=utf-8"))
    if not names & {"content-length", "transfer-encoding"}:
        pairs.append(("Content-Length", str(len(body))))
    if reason is None:
        reason = HTTPStatus(status).phrase if status in list(HTTPStatus) else ""
    head = f"HTTP/1.1 {status} {reason}\r\n" + "".join(f"{name}: {value}\r\n" for name, value in pairs)
    return head.encode("latin-1") + b"\r\n" + body


class ScriptedServer:
    """Plays one script per request, in order; the last one is played again for every further request.

    `on_connect` is played when a connection opens, before anything is read. `tls` makes it a TLS server;
    without it, a TLS client's ClientHello counts as a request: `response(400)` is plain HTTP on a TLS port.
    It doubles as an HTTP proxy: absolute-form targets and CONNECT are requests like any other.

    Use it as a context manager; leaving it ends every connection and thread. `listen` must be loopback
    addresses; all of them share one port. `listener` is a socket that listens already, in place of those.
    """

    def __init__(
        self,
        *scripts: Script,
        on_connect: Script = (),
        tls: ssl.SSLContext | None = None,
        listen: Sequence[str] = ("127.0.0.1",),
        listener: socket.socket | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.requests: list[Request] = []
        self.connections = 0
        self.departures = 0
        """Connections that have ended, whoever ended them."""
        self.tls_failures: list[str] = []
        """Handshakes that failed, in OpenSSL's words."""
        self._scripts = [_steps(script) for script in scripts]
        self._on_connect = _steps(on_connect)
        self._tls = tls
        self._listen = tuple(listen)
        self._listener = listener
        self._clock = clock
        self._state = threading.Condition()
        self._permits = 0
        self._stopped = False
        self._open: set[socket.socket] = set()
        self._threads: list[threading.Thread] = []
        self._listeners: list[socket.socket] = []
        self.port = 0

    @property
    def origin(self) -> str:
        """`http://127.0.0.1:49152`, or https with TLS; the first address listened on."""
        host = f"[{self._listen[0]}]" if ":" in self._listen[0] else self._listen[0]
        return f"{'https' if self._tls else 'http'}://{host}:{self.port}"

    def let_through(self, count: int) -> None:
        """Let `count` more bytes of `Drip` steps leave."""
        with self._state:
            self._permits += count
            self._state.notify_all()

    def wait_for_requests(self, count: int = 1) -> None:
        """Block until that many requests have arrived; from async code, use `asyncio.to_thread`."""
        self._wait(lambda: len(self.requests) >= count, f"{count} requests")

    def wait_for_departures(self, count: int = 1) -> None:
        """Block until that many connections have ended."""
        self._wait(lambda: self.departures >= count, f"{count} departures")

    def __enter__(self) -> Self:
        self._listeners = _bind(self._listen) if self._listener is None else [self._listener]
        self._waker, self._wakee = socket.socketpair()
        self.port = self._listeners[0].getsockname()[1]
        self._spawn(self._accept)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._state:
            self._stopped = True
            self._state.notify_all()
            for connection in self._open:
                _shut(connection)
        self._waker.send(b"x")
        for thread in self._threads:  # the accepting thread is the first, and the only one to add others
            thread.join(PATIENCE_SECONDS)
            assert not thread.is_alive(), f"{thread.name} did not end"
        for held in (*self._listeners, self._waker, self._wakee):
            held.close()

    def _wait(self, condition: Callable[[], bool], what: str) -> None:
        with self._state:
            if not self._state.wait_for(condition, PATIENCE_SECONDS):
                raise AssertionError(f"waited for {what}; saw {len(self.requests)} requests")

    def _spawn(self, target: Callable[..., None], *args: object) -> None:
        thread = threading.Thread(target=target, args=args, name="scripted-server", daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        with selectors.DefaultSelector() as selector:
            for listener in (*self._listeners, self._wakee):
                selector.register(listener, selectors.EVENT_READ)
            while True:
                for key, _ in selector.select():
                    if key.fileobj is self._wakee:
                        return
                    assert isinstance(key.fileobj, socket.socket)
                    connection, _ = key.fileobj.accept()
                    self._spawn(self._serve, connection)

    def _serve(self, connection: socket.socket) -> None:
        with self._state:
            self.connections += 1
            number = self.connections
        try:
            self._adopt(connection)
            if self._tls is not None:
                plain, connection = (
                    connection,
                    self._tls.wrap_socket(connection, server_side=True, do_handshake_on_connect=False),
                )
                self._adopt(connection, instead_of=plain)
                connection.do_handshake()
            self._converse(connection, number)
        except ssl.SSLError as error:
            self.tls_failures.append(str(error))
        except OSError:
            pass  # the client left, or the test is over: both are what scripts are for
        finally:
            with self._state:
                self._open.discard(connection)
                connection.close()
                self.departures += 1
                self._state.notify_all()

    def _adopt(self, connection: socket.socket, *, instead_of: socket.socket | None = None) -> None:
        with self._state:
            if instead_of is not None:
                self._open.discard(instead_of)
            self._open.add(connection)
            if self._stopped:
                _shut(connection)

    def _converse(self, connection: socket.socket, number: int) -> None:
        if not self._play(self._on_connect, connection):
            return
        while (request := _read_request(connection, self._clock, number)) is not None:
            with self._state:
                self.requests.append(request)
                turn = min(len(self.requests), len(self._scripts)) - 1
                self._state.notify_all()
            if not self._play(self._scripts[turn] if self._scripts else (End.STALL,), connection):
                return

    def _play(self, steps: tuple[Step, ...], connection: socket.socket) -> bool:
        """Whether the connection is still in use afterwards."""
        for step in steps:
            match step:
                case bytes():
                    connection.sendall(step)
                case Drip():
                    self._drip(step.data, connection)
                case End():
                    _end(step, connection)
                    return False
        return True

    def _drip(self, data: bytes, connection: socket.socket) -> None:
        for byte in data:
            with self._state:
                self._state.wait_for(lambda: self._permits > 0 or self._stopped)
                self._permits -= 1
            connection.sendall(bytes([byte]))


def _steps(script: Script) -> tuple[Step, ...]:
    return script if isinstance(script, tuple) else (script,)


def _bind(addresses: Sequence[str]) -> list[socket.socket]:
    """Listeners on one free port of every address; another process may hold the port on one of them."""
    for attempt in range(20):
        with contextlib.ExitStack() as stack:
            listeners: list[socket.socket] = []
            port = 0
            try:
                for address in addresses:
                    family = socket.AF_INET6 if ":" in address else socket.AF_INET
                    listener = stack.enter_context(socket.create_server((address, port), family=family, backlog=1024))
                    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # connections inherit it
                    port = listener.getsockname()[1]
                    listeners.append(listener)
            except OSError:
                if attempt == 19:
                    raise
                continue
            stack.pop_all()
            return listeners
    raise AssertionError("unreachable")


def _read_request(connection: socket.socket, clock: Callable[[], float], number: int) -> Request | None:
    """The next request, or None when the client has gone."""
    received = b""
    while b"\r\n\r\n" not in received and not received.startswith(b"\x16"):
        chunk = connection.recv(65_536)
        if not chunk:
            return None
        received += chunk
    if received.startswith(b"\x16"):  # a TLS record: a ClientHello for someone else
        return Request(received, "", "", (), b"", clock(), number)
    head, _, body = received.partition(b"\r\n\r\n")
    request_line, *lines = head.decode("latin-1").split("\r\n")
    method, target, *_ = [*request_line.split(" "), "", ""]
    headers = tuple((name, value.strip()) for name, _, value in (line.partition(":") for line in lines))
    length = int(next((value for name, value in headers if name.lower() == "content-length"), "0"))
    while len(body) < length:
        chunk = connection.recv(65_536)
        if not chunk:
            return None
        body += chunk
    return Request(head, method, target, headers, body, clock(), number)


def _end(end: End, connection: socket.socket) -> None:
    if end is End.RESET:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        return  # the close that follows sends RST
    if end is End.CLOSE:
        if isinstance(connection, ssl.SSLSocket):
            connection.unwrap()
        connection.shutdown(socket.SHUT_WR)
    # Closing with unread bytes would send RST where the script says FIN, so read until the client has gone.
    while connection.recv(65_536):
        pass


def _shut(connection: socket.socket) -> None:
    """Wake the thread that is blocked on it; SSLSocket's own shutdown would pull the TLS state away."""
    with contextlib.suppress(OSError):
        socket.socket.shutdown(connection, socket.SHUT_RDWR)
