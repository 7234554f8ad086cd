"""The measured processes, driven with as little of our own in the way as can be: pipes and JSON lines."""

import json
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Self, cast

ROOT = Path(__file__).resolve().parents[2]
OURS = (sys.executable, "-m", "outboundsync_mcp")
BARE = (sys.executable, str(ROOT / "tests" / "bench" / "bare_server.py"))
KEY = "osapi_" + "bench" * 8
ENVIRONMENT = {"PATH": "/usr/bin:/bin", "PYTHONHASHSEED": "0"}
HANDSHAKE = {
    "protocolVersion": "2025-11-25",
    "capabilities": {},
    "clientInfo": {"name": "bench", "version": "1"},
}


class Server:
    """An MCP server process, spoken to over stdio in the 2025-11-25 era, one request at a time."""

    def __init__(self, command: tuple[str, ...], **variables: str) -> None:
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=ENVIRONMENT | variables,
            cwd=ROOT,
        )
        self._stdin = cast("IO[bytes]", self._process.stdin)
        self._stdout = cast("IO[bytes]", self._process.stdout)
        self._requests = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stdin.close()
        self._stdout.close()
        self._process.kill()
        self._process.wait()

    def open(self) -> Self:
        """Shake hands and list the tools, as every client does first."""
        self.request("initialize", HANDSHAKE)
        self._send({"method": "notifications/initialized"})
        self.request("tools/list", {})
        return self

    def call(self, tool: str) -> dict[str, Any]:
        """Call a tool without arguments; its result."""
        return self.request("tools/call", {"name": tool, "arguments": {}})

    def call_at_once(self, tool: str, times: int) -> list[dict[str, Any]]:
        """Call a tool many times before reading any answer; the results, in the order they came."""
        lines = b"".join(self._line("tools/call", {"name": tool, "arguments": {}}) for _ in range(times))
        self._stdin.write(lines)
        self._stdin.flush()
        return [self._result() for _ in range(times)]

    def calls(self, callers: int, count: int) -> None:
        """Make `count` calls of `get_me`, `callers` of them unanswered at any time."""
        for number in range(count + min(callers, count)):
            if number < count:
                self._stdin.write(self._line("tools/call", {"name": "get_me", "arguments": {}}))
                self._stdin.flush()
            if number >= callers and (answer := self._result()).get("isError"):
                raise RuntimeError(f"get_me failed: {answer}")

    def request(self, method: str, params: dict[str, Any]) -> dict[str, Any]:
        """Send one request and wait for its result."""
        self._stdin.write(self._line(method, params))
        self._stdin.flush()
        return self._result()

    def resident_bytes(self) -> int:
        """Memory of the process that is in RAM."""
        status = Path(f"/proc/{self._process.pid}/status")
        if status.exists():
            return (
                next(int(line.split()[1]) for line in status.read_text().splitlines() if line.startswith("VmRSS"))
                * 1024
            )
        shown = subprocess.run(["ps", "-o", "rss=", "-p", str(self._process.pid)], capture_output=True, check=True)
        return int(shown.stdout) * 1024

    def _send(self, message: dict[str, Any]) -> None:
        self._stdin.write(json.dumps({"jsonrpc": "2.0", **message}).encode() + b"\n")
        self._stdin.flush()

    def _line(self, method: str, params: dict[str, Any]) -> bytes:
        self._requests += 1
        message = {"jsonrpc": "2.0", "id": self._requests, "method": method, "params": params}
        return json.dumps(message).encode() + b"\n"

    def _result(self) -> dict[str, Any]:
        while line := self._stdout.readline():
            message = json.loads(line)
            if "id" in message and "method" not in message:
                return message["result"]
        raise RuntimeError(f"the server ended with {self._process.wait()}")


@contextmanager
def upstream(*options: str) -> Generator[str]:
    """The stand-in for the API in a process of its own: its origin."""
    with subprocess.Popen(
        (sys.executable, "-m", "tests.bench.upstream", *options),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=ENVIRONMENT,
        cwd=ROOT,
    ) as process:
        port = int(cast("IO[bytes]", process.stdout).readline())
        yield f"http://127.0.0.1:{port}"


def server_for(origin: str) -> Server:
    """Our server, configured for an upstream."""
    return Server(OURS, OUTBOUNDSYNC_API_KEY=KEY, OUTBOUNDSYNC_BASE_URL=origin)
