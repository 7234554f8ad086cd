"""Where the fault matrix is played: real servers, their upstream and proxies, and official clients of both eras."""

import asyncio
import hashlib
import socket
import subprocess
import sys
import time
from base64 import b64encode
from collections.abc import Generator
from concurrent.futures import Future
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from functools import cached_property
from pathlib import Path
from typing import Any, TextIO

from anyio.from_thread import BlockingPortal, start_blocking_portal
from mcp import Client, StdioServerParameters
from mcp.client.stdio import stdio_client
from mcp_types import CallToolResult

from tests.proof.faults import PLACES, PROXY_USER, Fault, Place
from tests.proof.laboratory import CLEAR, Laboratory, laboratory
from tests.proof.serving import http_server
from tests.proof.toolbox import tinyproxy
from tests.support.certs import Certificates
from tests.support.scripted import Drip, Script, ScriptedServer
from tests.support.stdio import environment
from tests.test_situations import CANARY

PATIENCE_SECONDS = 60.0
CHANNELS = {
    "stdio, 2025": ("stdio", "legacy"),
    "stdio, 2026": ("stdio", "auto"),
    "HTTP, 2025": ("http", "legacy"),
    "HTTP, 2026": ("http", "auto"),
}
_HEAD, _TAIL = CANARY[:-20], CANARY[-20:]


class Bench:
    """Everything that places are made of; it is set up when a place first asks for it, by its name in a template."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.stack = ExitStack()
        self.portal: BlockingPortal = self.stack.enter_context(start_blocking_portal("asyncio"))
        self.key_file = folder / "key"
        self._crew: Crew | None = None

    def crew(self, place: str) -> "Crew":
        """The servers of that place; those of the place before are stopped."""
        if self._crew is None or self._crew.name != place:
            self._dismiss()
            self._crew = Crew(self, place)
        return self._crew

    def close(self) -> None:
        """Stop everything."""
        with self.stack:
            self._dismiss()

    def _dismiss(self) -> None:
        crew, self._crew = self._crew, None
        if crew is not None:
            crew.close()

    @cached_property
    def laboratory(self) -> Laboratory:
        return self.stack.enter_context(laboratory(self.folder))

    @cached_property
    def certificates(self) -> Certificates:
        return Certificates(self.folder)

    @cached_property
    def authority(self) -> str:
        return str(self.certificates.ca_file)

    @cached_property
    def upstream(self) -> int:
        """A port that is ours as long as the bench stands, whether anybody listens on it or not."""
        return self.stack.enter_context(_on_port(0)).getsockname()[1]

    def listener(self, *, far: bool) -> socket.socket:
        """A socket that listens where the places look for their upstream."""
        if far:
            return self.laboratory.listener(443)
        listener = _on_port(self.upstream)
        listener.listen()
        return listener

    @cached_property
    def tinyproxy(self) -> int:
        """The port for it."""
        with socket.create_server(("127.0.0.1", 0)) as free:
            return free.getsockname()[1]

    @contextmanager
    def proxy(self, password: str, port: int, *, inside: bool) -> Generator[None]:
        """A tinyproxy that accepts this password and lets tunnels to this port through."""
        config = self.folder / "tinyproxy.conf"
        config.write_text(
            f"Port {self.tinyproxy}\nListen 127.0.0.1\nTimeout 30\nMaxClients 20\nConnectPort {port}\n"
            f"BasicAuth {PROXY_USER} {password}\nLogLevel Error\n",
            encoding="utf-8",
        )
        enter = self.laboratory.enter if inside else ()
        command = [*enter, str(tinyproxy()), "-d", "-c", str(config)]
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
            try:
                give_up = time.monotonic() + PATIENCE_SECONDS
                while not self._is_open(self.tinyproxy, inside=inside):
                    assert process.poll() is None, "tinyproxy ended"
                    assert time.monotonic() < give_up, "tinyproxy does not listen"
                    time.sleep(0.01)  # it has no other way to say that it is ready
                yield
            finally:
                process.kill()  # a SIGTERM that comes just before it polls is not seen until the next connection

    def _is_open(self, port: int, *, inside: bool) -> bool:
        try:
            with self.laboratory.connected(port) if inside else socket.create_connection(("127.0.0.1", port)):
                return True
        except ConnectionRefusedError:
            return False


def _on_port(port: int) -> socket.socket:
    """A socket of loopback that shares its port with others of ours."""
    held = socket.socket()
    held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    held.bind(("127.0.0.1", port))
    return held


class Crew:
    """The servers of one place, over both transports, and a client of each era for each; started when asked."""

    def __init__(self, bench: Bench, name: str) -> None:
        self.name = name
        self.place: Place = PLACES[name]
        self.keys: list[str] = []
        self._bench = bench
        self._stack = ExitStack()
        self._clients: dict[str, Client] = {}
        self._schemas: dict[str, dict[str, Any]] = {}
        self._said: list[str] = []
        self._errors: list[TextIO] = []
        self._enter = bench.laboratory.enter if self.place.laboratory else ()
        self._url = ""

    def close(self) -> None:
        """Stop the servers."""
        self._stack.close()

    def stderr(self) -> str:
        """What all servers of this place have said on stderr."""
        texts = [Path(file.name).read_text(encoding="utf-8", errors="replace") for file in self._errors]
        return "".join((*texts, *self._said))

    def schema(self, channel: str, tool: str) -> dict[str, Any]:
        """The output schema, as listed."""
        self._client(channel)
        return self._schemas[channel + tool]

    def start(self, channel: str, tool: str, arguments: dict[str, Any]) -> Future[CallToolResult]:
        """Begin a call."""
        return self._bench.portal.start_task_soon(self._client(channel).call_tool, tool, arguments)

    def call(self, channel: str, tool: str, arguments: dict[str, Any]) -> CallToolResult:
        """A call and its result."""
        return self.start(channel, tool, arguments).result(PATIENCE_SECONDS)

    def upstream(self, fault: Fault, key: str) -> AbstractContextManager[ScriptedServer]:
        """The server that plays the fault's scripts to whoever comes to this place's upstream."""
        listener = self._bench.listener(far=self.place.laboratory) if fault.listening else None
        tls = self._bench.certificates.server(fault.tls) if fault.tls else None
        return ScriptedServer(*(_with_key(script, key) for script in fault.scripts), tls=tls, listener=listener)

    @contextmanager
    def circumstances(self, fault: Fault) -> Generator[None]:
        """The proxy, the name server and the weather of this fault."""
        inside = self.place.laboratory
        with ExitStack() as stack:
            if "{tinyproxy}" in "".join(self.place.environ.values()):
                stack.enter_context(self._bench.proxy(fault.proxy_password, fault.proxy_port, inside=inside))
            if inside:
                laboratory = self._bench.laboratory
                laboratory.name(fault.address)
                if fault.resolver != -1:
                    stack.enter_context(laboratory.resolver(fault.resolver))
                stack.callback(laboratory.cable.set, CLEAR)
                laboratory.cable.set(fault.weather)
            yield

    def turn(self, fault: Fault) -> None:
        """Let the weather turn."""
        assert fault.turns is not None
        self._bench.laboratory.cable.set(fault.turns)

    def put_key(self, fault: Fault, channel: str) -> str:
        """A key of its own for this call, so that nothing of other calls bears on it; returns it."""
        digest = hashlib.sha256(f"{fault.name}/{channel}".encode()).digest()
        tail = b64encode(digest, altchars=b"xY").decode()[:20]
        self._bench.key_file.write_text(fault.key if fault.key is not None else _HEAD + tail, encoding="utf-8")
        self.keys.append(tail)
        return tail

    def _client(self, channel: str) -> Client:
        if channel not in self._clients:
            transport, era = CHANNELS[channel]
            server = self._http() if transport == "http" else self._stdio(channel)
            context = self._bench.portal.wrap_async_context_manager(Client(server, mode=era))
            client = self._stack.enter_context(context)
            for tool in self._bench.portal.call(client.list_tools).tools:
                self._schemas[channel + tool.name] = tool.output_schema or {}
            self._clients[channel] = client
        return self._clients[channel]

    @cached_property
    def _environ(self) -> dict[str, str]:
        things = {name: getattr(self._bench, name) for name in ("upstream", "tinyproxy", "authority")}
        given = {name: value.format_map(things) for name, value in self.place.environ.items()}
        return {
            **given,
            "OUTBOUNDSYNC_API_KEY_FILE": str(self._bench.key_file),
            "OUTBOUNDSYNC_LOG_LEVEL": "DEBUG",
        }

    def _stdio(self, channel: str) -> Any:  # the SDK's name for a transport is private
        errors = self._stack.enter_context((self._bench.folder / f"{self.name}, {channel}").open("w"))
        self._errors.append(errors)
        command, *arguments = [*self._enter, sys.executable, "-m", "outboundsync_mcp"]
        parameters = StdioServerParameters(command=command, args=arguments, env=environment(**self._environ))
        return stdio_client(parameters, errlog=errors)

    def _http(self) -> str:
        """The URL of the one server over HTTP, which serves both eras."""
        if not self._url:
            server = http_server(enter=self._enter, said=self._said, **self._environ)
            self._url = self._stack.enter_context(server)
            if self.place.laboratory:
                self._url = self._relayed(self._url)
        return self._url

    def _relayed(self, url: str) -> str:
        """The URL at which a server in the near namespace can be reached from outside."""
        authority = url.split("/")[2]
        port = int(authority.rpartition(":")[2])

        async def relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            inner_reader, inner_writer = await asyncio.open_connection(sock=self._bench.laboratory.connected(port))
            await asyncio.gather(_pump(reader, inner_writer), _pump(inner_reader, writer))

        server = self._bench.portal.call(asyncio.start_server, relay, "127.0.0.1", 0)
        self._stack.callback(self._bench.portal.call, server.close)
        return url.replace(authority, f"127.0.0.1:{server.sockets[0].getsockname()[1]}")


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError):
        while data := await reader.read(65_536):
            writer.write(data)
            await writer.drain()
    writer.close()


def _with_key(script: Script, tail: str) -> Script:
    """The script with this key where it has the canary of its table, plain or as JSON escapes of the same length."""

    def swap(data: bytes) -> bytes:
        for form in (str, _escaped):
            data = data.replace(form(_TAIL).encode(), form(tail).encode())
        return data

    steps = script if isinstance(script, tuple) else (script,)
    return tuple(
        swap(step) if isinstance(step, bytes) else Drip(swap(step.data)) if isinstance(step, Drip) else step
        for step in steps
    )


def _escaped(text: str) -> str:
    return "".join(f"\\u{ord(character):04x}" for character in text)
