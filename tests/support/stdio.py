"""The real server as a subprocess, spoken to in raw JSON-RPC lines: the wire, not what a client makes of it."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from queue import Empty, Queue
from types import TracebackType
from typing import Any, Self

PATIENCE_SECONDS = 30.0
"""Real seconds until an answer that never comes fails the test instead of hanging it."""
MODERN_META = {
    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
    "io.modelcontextprotocol/clientInfo": {"name": "wire-test", "version": "1"},
    "io.modelcontextprotocol/clientCapabilities": {},
}


def environment(**variables: str) -> dict[str, str]:
    """This process's environment without settings of its own, plus `variables`."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("OUTBOUNDSYNC_")}
    return {**inherited, **variables}


class StdioPeer:
    """One server process and its one client. `modern` chooses the protocol era; leaving closes stdin.

    `enter` is what the command begins with, to run somewhere else.
    """

    def __init__(
        self, *, modern: bool = False, environ: Mapping[str, str] | None = None, enter: Sequence[str] = ()
    ) -> None:
        self.modern = modern
        self._enter = enter
        self.stderr = ""
        self._environ = environ or {}
        self._next_id = 0
        self._lines: Queue[dict[str, Any]] = Queue()
        self.notifications: list[dict[str, Any]] = []
        self.sent: list[dict[str, Any]] = []
        self.received: list[dict[str, Any]] = []
        """Every message of the server, in order, read or not."""

    def __enter__(self) -> Self:
        self.process = subprocess.Popen(
            [*self._enter, sys.executable, "-m", "outboundsync_mcp"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment(**self._environ),
        )
        self._readers = [threading.Thread(target=target) for target in (self._read_stdout, self._read_stderr)]
        for reader in self._readers:
            reader.start()
        if not self.modern:
            self.opening = self.request(
                "initialize",
                {
                    "protocolVersion": "2025-11-25",
                    "capabilities": {},
                    "clientInfo": {"name": "wire-test", "version": "1"},
                },
            )
            self.send({"jsonrpc": "2.0", "method": "notifications/initialized"})
        else:
            self.opening = self.request("server/discover")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> int:
        """Close stdin and wait for the process to end; returns its exit status."""
        assert self.process.stdin is not None
        if not self.process.stdin.closed:
            self.process.stdin.close()
        try:
            return self.process.wait(PATIENCE_SECONDS)
        finally:
            self.process.kill()
            for reader in self._readers:
                reader.join(PATIENCE_SECONDS)
            for stream in (self.process.stdout, self.process.stderr):
                assert stream is not None
                stream.close()

    def send(self, message: dict[str, Any] | bytes) -> None:
        """One line to the server's stdin."""
        assert self.process.stdin is not None
        line = message if isinstance(message, bytes) else json.dumps(message).encode()
        if not isinstance(message, bytes):
            self.sent.append(message)
        self.process.stdin.write(line + b"\n")
        self.process.stdin.flush()

    def start(self, method: str, params: dict[str, Any] | None = None) -> int:
        """Send a request; returns its id."""
        self._next_id += 1
        given = dict(params or {})
        if self.modern:
            given["_meta"] = {**MODERN_META, **given.get("_meta", {})}
        message: dict[str, Any] = {"jsonrpc": "2.0", "id": self._next_id, "method": method}
        self.send({**message, "params": given} if given else message)
        return self._next_id

    def answer(self, request_id: int) -> dict[str, Any]:
        """The response with that id; notifications on the way are kept."""
        while True:
            message = self._next()
            if message.get("id") == request_id and "method" not in message:
                return message
            self.notifications.append(message)

    def notification(self, method: str) -> dict[str, Any]:
        """The next notification of that method; a response on the way to it is a mistake of the test."""
        while True:
            message = self._next()
            assert "method" in message, f"an answer came before {method}: {message}"
            self.notifications.append(message)
            if message["method"] == method:
                return message

    def request(self, method: str, params: dict[str, Any] | None = None) -> dict[str, Any]:
        """Send a request and return its response, result or error."""
        return self.answer(self.start(method, params))

    def _next(self) -> dict[str, Any]:
        try:
            return self._lines.get(timeout=PATIENCE_SECONDS)
        except Empty:
            raise AssertionError(f"no answer; stderr: {self.stderr[-2000:]}") from None

    def _read_stdout(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            message = json.loads(line)
            self.received.append(message)
            self._lines.put(message)

    def _read_stderr(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.stderr += line.decode(errors="replace")
