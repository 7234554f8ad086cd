"""Calls per second of `get_me`, against servers that offer the same tool in the simplest way."""

from collections.abc import Callable, Generator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tests.bench.measurements import Figure, interleaved, ratio, timed
from tests.bench.over_http import HttpServer
from tests.bench.processes import KEY, OURS, ROOT, Server, upstream

CALLERS = (1, 16, 128)
CALLS = 256
"""Calls of one sample: twice the most callers, so that each makes two."""
Command = tuple[str, ...]
AnyServer = Server | HttpServer
MCPSERVER = (OURS[0], str(ROOT / "tests" / "bench" / "same_tool_mcpserver.py"))


def fastmcp(python: Path) -> Command:
    """The command of the FastMCP server, which runs in FastMCP's own environment."""
    return (str(python), str(ROOT / "tests" / "bench" / "same_tool_fastmcp.py"))


@contextmanager
def stdio(command: Command, origin: str) -> Generator[Server]:
    """The server over stdio, after the handshake."""
    with Server(command, OUTBOUNDSYNC_API_KEY=KEY, OUTBOUNDSYNC_BASE_URL=origin) as server:
        yield server.open()


@contextmanager
def http(command: Command, origin: str) -> Generator[HttpServer]:
    """The server over streamable HTTP, after the handshake."""
    options = ("serve", "--transport", "http", "--port", "0") if command == OURS else ("http",)
    with HttpServer((*command, *options), OUTBOUNDSYNC_API_KEY=KEY, OUTBOUNDSYNC_BASE_URL=origin) as server:
        yield server.open()


def calls_per_second(rounds: int, fastmcp_python: Path, callers: tuple[int, ...] = CALLERS) -> list[Figure]:
    """Time for the same calls, ours over theirs: below 1 we answer more calls per second."""
    figures: list[Figure] = []
    for transport in (http, stdio):
        with upstream() as origin, ExitStack() as stack:
            ours, mcpserver, other = (
                stack.enter_context(transport(command, origin))
                for command in (OURS, MCPSERVER, fastmcp(fastmcp_python))
            )
            for at_once in callers:
                samples = interleaved(rounds, *(_sample(server, at_once) for server in (ours, mcpserver, other)))
                for name, theirs in (("MCPServer", samples[1]), ("FastMCP", samples[2])):
                    title = f"{CALLS} calls by {at_once} at once over {transport.__name__}, against {name}"
                    figures.append(ratio(title, samples[0], theirs, per_second))
    return figures


def _sample(server: AnyServer, callers: int) -> Callable[[], float]:
    return lambda: timed(lambda: server.calls(callers, CALLS))


def per_second(seconds: float) -> str:
    """Calls per second as text."""
    return f"{CALLS / seconds:.0f}/s"
