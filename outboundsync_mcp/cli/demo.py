"""`outboundsync-mcp demo`: the real server, a real MCP client and a sandbox of the API, through every outcome.

Each outcome is compared with the expected one, on the client's side and on the API's: a demo that lies fails.
"""

import asyncio
import json
import os
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from mcp import Client, StdioServerParameters
from mcp_types import CallToolResult, TextContent

from outboundsync_mcp.cli.screen import Row, Screen
from outboundsync_mcp.diagnosis.diagnosis import Diagnosis, Kind
from outboundsync_mcp.sandbox.outcomes import BY_NAME, OUTCOMES
from outboundsync_mcp.sandbox.server import Sandbox
from outboundsync_mcp.sandbox.state import Limits, SandboxState
from outboundsync_mcp.settings import API_KEY_FILE, BASE_URL

WAIT_SECONDS = 3
"""Retry-After of the sandbox's rate-limited keys."""
LIMIT_SECONDS = 30
"""The demo fails rather than take longer."""

_PASTED = f"""\
$ curl -si -H "Authorization: Bearer {BY_NAME["success"].key}" https://app.outboundsync.com/api/v1/me
HTTP/1.1 429 Too Many Requests
Content-Type: application/json; charset=utf-8
Retry-After: 37

{{"statusCode":429,"message":"ThrottlerException: Too Many Requests"}}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One tool call, and what must come of it."""

    title: str
    key: str | None = None
    """Name of the sandbox key that the server is given first; None leaves it."""
    tool: str = "get_me"
    arguments: Mapping[str, object] = field(default_factory=dict[str, object])
    pasted: str | None = None
    expected: Kind
    statuses: tuple[int, ...] = ()
    """The answers that the API must have given meanwhile: one for each request."""
    expected_wait: int | None = None
    """`retry_after_seconds`, where it is known beforehand."""


STEPS = (
    Step(title="200: the key works", key="success", expected="ok", statuses=(200,)),
    Step(title="401: the key was revoked", key="revoked", expected="invalid_api_key", statuses=(401,)),
    Step(
        title="403: no connection has API access",
        key="api_access_disabled",
        expected="api_access_disabled",
        statuses=(403,),
    ),
    Step(title="429: waited out, retried once", key="rate_limited_once", expected="ok", statuses=(429, 200)),
    Step(
        title="429: the caller cannot wait",
        key="rate_limited_always",
        arguments={"max_wait_seconds": 0},
        expected="rate_limited",
        statuses=(429,),
        expected_wait=WAIT_SECONDS,
    ),
    Step(title="500: OutboundSync fails", key="server_error", expected="server_error", statuses=(500,)),
    Step(
        title="A pasted error, read offline",
        tool="diagnose_error",
        arguments={"text": _PASTED},
        pasted=_PASTED,
        expected="rate_limited",
        expected_wait=37,
    ),
)


def run() -> int:
    """Show every step; returns 0 when each outcome was the expected one, else 1."""
    screen = Screen()
    began = time.monotonic()
    limits = Limits(retry_after_seconds=WAIT_SECONDS)
    with tempfile.TemporaryDirectory(prefix="outboundsync-demo-") as folder, Sandbox(SandboxState(limits)) as sandbox:
        screen.say(
            f"A sandbox of the OutboundSync API runs at {sandbox.origin}; the MCP server is started as a host starts "
            "it, and its answers are shown as an assistant sees them. No real key, no internet."
        )
        wrong = asyncio.run(_walk(screen, sandbox, Path(folder) / "key"))
    screen.heading("Summary")
    for sentence in wrong:
        screen.say(sentence, "bold red")
    right = f"{len(STEPS)} calls in {time.monotonic() - began:.0f} s, every outcome as expected."
    screen.say("The demo FAILED." if wrong else right, "bold red" if wrong else "bold green")
    return 1 if wrong else 0


async def _walk(screen: Screen, sandbox: Sandbox, key_file: Path) -> list[str]:
    """Make every call; returns a sentence for each outcome that differs from the expected one."""

    def give(name: str) -> None:
        """Put a sandbox key into the file, which the running server reads anew."""
        key_file.write_text(BY_NAME[name].key, encoding="ascii")

    give("success")
    # The client passes none of the user's own variables on, other than those of a login shell.
    environ = {BASE_URL: sandbox.origin, API_KEY_FILE: str(key_file)}
    if "PYTHONPATH" in os.environ:
        environ["PYTHONPATH"] = os.environ["PYTHONPATH"]
    server = StdioServerParameters(command=sys.executable, args=["-m", "outboundsync_mcp"], env=environ)
    wrong: list[str] = []
    async with asyncio.timeout(LIMIT_SECONDS), Client(server) as client:
        for step in STEPS:
            screen.heading(step.title)
            if step.key is not None:
                give(step.key)
            seen_before = len(sandbox.state.requests)
            result = await _call(screen, client, step)
            statuses = tuple(request.status for request in sandbox.state.requests[seen_before:])
            wrong += _compare(step, result, statuses)
            _show(screen, step, result, statuses)
    return wrong


async def _call(screen: Screen, client: Client, step: Step) -> CallToolResult:
    shown = ", ".join(f"{name}={value}" for name, value in step.arguments.items() if value != step.pasted)
    screen.say(f"Assistant calls {step.tool}({shown})")
    if step.pasted is not None:
        for line in step.pasted.splitlines():
            screen.say(line, "dim", first="  ")
    with screen.waiting() as show_wait:

        async def on_progress(progress: float, total: float | None, message: str | None) -> None:
            show_wait(progress, total, message)

        return await client.call_tool(step.tool, dict(step.arguments), progress_callback=on_progress)


def _answer(result: CallToolResult) -> dict[str, Any]:
    return cast("dict[str, Any]", result.structured_content or {})


def _compare(step: Step, result: CallToolResult, statuses: tuple[int | None, ...]) -> list[str]:
    answer = _answer(result)
    text = result.content[0].text if result.content and isinstance(result.content[0], TextContent) else "null"
    pairs = [
        ("kind", step.expected, answer.get("kind")),
        ("is_error", step.tool == "get_me" and step.expected != "ok", result.is_error),
        ("the API's answers", step.statuses, statuses),
        ("attempts", len(step.statuses) if step.tool == "get_me" else None, answer.get("attempts")),
        ("the text channel", answer, json.loads(text)),
        ("a key in the answer", False, any(outcome.key in text for outcome in OUTCOMES)),
    ]
    if step.expected_wait is not None:
        pairs.append(("retry_after_seconds", step.expected_wait, answer.get("retry_after_seconds")))
    if 429 in step.statuses and step.expected == "ok":
        pairs.append(("the wait was long enough", True, answer.get("waited_seconds", 0) >= WAIT_SECONDS))
    return [
        f"{step.title}: {name} should be {expected}, and was {found}."
        for name, expected, found in pairs
        if found != expected
    ]


def _show(screen: Screen, step: Step, result: CallToolResult, statuses: tuple[int | None, ...]) -> None:
    answer = _answer(result)
    diagnosis = Diagnosis.model_validate({name: answer.get(name) for name in Diagnosis.model_fields})
    more: list[Row] = []
    if answer.get("me"):
        more.append(("Me", [json.dumps(answer["me"], ensure_ascii=False)]))
    if "attempts" in answer:
        more.append(("Attempts", [str(answer["attempts"])]))
        more.append(("Waited", [f"{answer['waited_seconds']:.1f} s"]))
    more.append(("API answered", [", then ".join(map(str, statuses)) or "(was not asked)"]))
    screen.report(diagnosis, more, brief=step.pasted is None)
