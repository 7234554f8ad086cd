"""A measured server over streamable HTTP, driven by bare sockets: the driver must not be what is measured."""

import asyncio
import json
import re
import subprocess
import threading
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import IO, Any, Self, cast

from tests.bench.processes import ENVIRONMENT, HANDSHAKE, ROOT

CALL: dict[str, Any] = {"method": "tools/call", "params": {"name": "get_me", "arguments": {}}}


class HttpServer:
    """An MCP server process on a free port of loopback, which it names on stderr, in the 2025-11-25 era."""

    def __init__(self, command: tuple[str, ...], **variables: str) -> None:
        self._process = subprocess.Popen(
            command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, env=ENVIRONMENT | variables, cwd=ROOT
        )
        stderr = cast("IO[bytes]", self._process.stderr)
        self._port = _announced_port(stderr)
        self._drain = threading.Thread(target=stderr.read, daemon=True)
        self._drain.start()
        self._session = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()
        self._drain.join()
        cast("IO[bytes]", self._process.stderr).close()

    def open(self) -> Self:
        """Shake hands; every later request is of this session."""
        asyncio.run(self._shake_hands())
        return self

    def calls(self, callers: int, count: int) -> None:
        """Make `count` calls of `get_me`, each caller the next one as soon as its last is answered."""
        asyncio.run(self._calls(callers, count))

    async def _shake_hands(self) -> None:
        async with self._connection() as (reader, writer):
            head, _ = await self._post(reader, writer, {"id": 0, "method": "initialize", "params": HANDSHAKE})
            found = re.search(rb"mcp-session-id: *(\S+)", head, re.IGNORECASE)
            self._session = f"Mcp-Session-Id: {found[1].decode()}\r\n" if found else ""
            await self._post(reader, writer, {"method": "notifications/initialized"})

    async def _calls(self, callers: int, count: int) -> None:
        numbers = iter(range(1, count + 1))

        async def caller() -> None:
            async with self._connection() as (reader, writer):
                for number in numbers:
                    _, body = await self._post(reader, writer, {"id": number, **CALL})
                    if b'"isError":true' in body or b'"result"' not in body:
                        raise RuntimeError(f"get_me failed: {body[:2000]!r}")

        async with asyncio.TaskGroup() as group:
            for _ in range(callers):
                group.create_task(caller())

    @asynccontextmanager
    async def _connection(self) -> AsyncGenerator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
        reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
        try:
            yield reader, writer
        finally:
            writer.close()

    async def _post(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, message: dict[str, Any]
    ) -> tuple[bytes, bytes]:
        """Head and body of the answer to one message."""
        payload = json.dumps({"jsonrpc": "2.0", **message}).encode()
        head = (
            f"POST /mcp HTTP/1.1\r\nHost: 127.0.0.1:{self._port}\r\nContent-Type: application/json\r\n"
            f"Accept: application/json, text/event-stream\r\nMCP-Protocol-Version: {HANDSHAKE['protocolVersion']}\r\n"
            f"{self._session}Content-Length: {len(payload)}\r\n\r\n"
        )
        writer.write(head.encode() + payload)
        answer = await reader.readuntil(b"\r\n\r\n")
        length = re.search(rb"content-length: *(\d+)", answer, re.IGNORECASE)
        if length:
            return answer, await reader.readexactly(int(length[1]))
        return answer, await reader.readuntil(b"\r\n0\r\n\r\n")


def _announced_port(stderr: IO[bytes]) -> int:
    lines: list[bytes] = []
    while line := stderr.readline():
        lines.append(line)
        if found := re.search(rb"http://127\.0\.0\.1:([1-9]\d*)", line):
            return int(found[1])
    raise RuntimeError(f"the server ended: {b''.join(lines).decode(errors='replace')}")
