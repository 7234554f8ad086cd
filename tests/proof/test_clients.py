"""The real server under other people's clients; the run writes `docs/clients.md`."""

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.proof.pages import write_section
from tests.proof.toolbox import PINS, ROOT, node, node_modules, python_with
from tests.support.scripted import ScriptedServer, response
from tests.support.stdio import environment
from tests.wire.test_surface import DENIED, KEY, OK

pytestmark = pytest.mark.proof

CLIENT_SECONDS = 120.0
LIMITED = response(429, {"Retry-After": "1"}, {"statusCode": 429, "message": "Too Many Requests"})
PATIENT_SECONDS, LONG_WAIT_SECONDS = 10, 12
"""A client's time-out that leaves time to start the server, and a wait that outlasts it."""
LIMITED_FOR_LONG = response(429, {"Retry-After": str(LONG_WAIT_SECONDS)}, {"statusCode": 429, "message": "Slow down"})
TOOLS = ["get_me", "diagnose_error"]
KINDS = {
    "success": "ok",
    "failure": "invalid_api_key",
    "retried": "ok",
    "diagnosed": "api_access_disabled",
    "undiagnosed": "unknown",
}
"""What each call is answered."""

Report = dict[str, Any]


def _script(command: Callable[[], list[str]], environ: dict[str, str], home: Path) -> Report:
    """Run a client's own program; what it prints is its report."""
    return json.loads(_run(command(), environ, home))


def _inspector(era: str, environ: dict[str, str], home: Path) -> Report:
    """The Inspector has no program: each question is a command, and a server of its own."""
    folder = node_modules() / "@modelcontextprotocol" / "inspector"
    command = [str(node()), str(folder / "clients" / "launcher" / "build" / "index.js"), "--cli"]
    given = [word for name, value in environ.items() for word in ("-e", f"{name}={value}")]
    server = [sys.executable, "-m", "outboundsync_mcp"]

    def ask(method: str, *options: str) -> Any:  # any result of the protocol
        options = (*options, *given, "--protocol-era", era, "--format", "json")
        text = _run([*command, "--method", method, *options, *server], environ, home, allowed=(0, 5))
        return json.loads(text)["result"]

    def call(name: str, arguments: Report) -> Report:
        result = ask("tools/call", "--tool-name", name, "--tool-args-json", json.dumps(arguments))
        texts = [json.loads(block["text"]) for block in result["content"]]
        return {
            "text": texts[0]["kind"],
            "structured": result["structuredContent"]["kind"],
            "error": result.get("isError", False),
            "exception": None,
        }

    prompt = ask("prompts/get", "--prompt-name", "add_retry_handling", "--prompt-args", "language=Python")
    page = ask("resources/read", "--uri", "outboundsync://errors")
    return {
        "client": "Inspector CLI",
        "version": json.loads((folder / "package.json").read_text(encoding="utf-8"))["version"],
        "protocol": "2026-07-28" if era == "modern" else "2025-11-25",
        "tools": [tool["name"] for tool in ask("tools/list")["tools"]],
        "prompts": [prompt["name"] for prompt in ask("prompts/list")["prompts"]],
        "resources": [resource["uri"] for resource in ask("resources/list")["resources"]],
        "read": bool(prompt["messages"] and page["contents"]),
        "success": call("get_me", {}),
        "failure": call("get_me", {}),
        "retried": call("get_me", {"max_wait_seconds": 30}),
        "diagnosed": call("diagnose_error", {"status": 403}),
        "undiagnosed": call("diagnose_error", {"text": "nothing to see here"}),
        "progress": None,
        "timeout": "not stated",
    }


def _run(command: list[str], environ: dict[str, str], home: Path, allowed: tuple[int, ...] = (0,)) -> str:
    done = subprocess.run(
        command,
        env=environment(**environ, HOME=str(home), PYTHONPATH=str(ROOT)),
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=CLIENT_SECONDS,
        check=False,
    )
    assert done.returncode in allowed, f"{command}\n{done.stdout[-2000:]}\n{done.stderr[-3000:]}"
    return done.stdout


def _python(name: str, requirements: str | None = None, *more: str) -> Callable[[], list[str]]:
    def command() -> list[str]:
        interpreter = str(python_with(requirements)) if requirements else sys.executable
        return [interpreter, str(PINS / f"{name}.py"), sys.executable, *more]

    return command


def _node(name: str, *more: str) -> Callable[[], list[str]]:
    return lambda: [str(node()), str(PINS / f"{name}.mjs"), sys.executable, str(node_modules()), *more]


@dataclass(frozen=True, slots=True)
class Client:
    """How a client is run, and what its run cannot tell."""

    explore: Callable[[dict[str, str], Path], Report]
    protocol: str
    model_sees: str
    """What of a result its maker hands to a model."""
    to_wait: str
    """The setting that lets a call take longer than the client's time-out."""


RESULT = "what its host passes on of either"
NO_LIMIT = "none needed; `read_timeout_seconds` would set one"
TYPESCRIPT = "`callTool(…, { timeout: 180_000 })`, or `resetTimeoutOnProgress: true` with `onprogress`"
INSPECTOR = "`requestTimeout` of the server's entry in its configuration"
CLIENTS: dict[str, Client] = {
    "python-2x": Client(partial(_script, _python("python_2x", None, "auto")), "2026-07-28", RESULT, NO_LIMIT),
    "python-2x-legacy": Client(partial(_script, _python("python_2x", None, "legacy")), "2025-11-25", RESULT, NO_LIMIT),
    "python-1x": Client(partial(_script, _python("python_1x", "python-1.x")), "2025-11-25", RESULT, NO_LIMIT),
    "typescript-2x": Client(partial(_script, _node("typescript_2x", "auto")), "2026-07-28", RESULT, TYPESCRIPT),
    "typescript-2x-legacy": Client(
        partial(_script, _node("typescript_2x", "legacy")), "2025-11-25", RESULT, TYPESCRIPT
    ),
    "typescript-1x": Client(partial(_script, _node("typescript_1x")), "2025-11-25", RESULT, TYPESCRIPT),
    "inspector": Client(partial(_inspector, "modern"), "2026-07-28", RESULT, INSPECTOR),
    "inspector-legacy": Client(partial(_inspector, "legacy"), "2025-11-25", RESULT, INSPECTOR),
    "fastmcp": Client(
        partial(_script, _python("fastmcp_client", "fastmcp")),
        "2026-07-28",
        RESULT,
        "none needed; `timeout` would set one",
    ),
    "langchain": Client(
        partial(_script, _python("langchain_adapters", "langchain")),
        "2025-11-25",
        "the text; the structured content is the message's `artifact`",
        "none needed; `session_kwargs` of the connection would set one",
    ),
    "openai-agents": Client(
        partial(_script, _python("openai_agents_sdk", "openai-agents", "60")),
        "2026-07-28",
        "the text; after the time-out only `An error occurred while running the tool. Please try again.`",
        "`client_session_timeout_seconds=180`: by default every wait for `Retry-After` over 5 s fails",
    ),
    "pydantic-ai": Client(
        partial(_script, _python("pydantic_ai_agent", "pydantic-ai")),
        "2026-07-28",
        'the structured content, of a failure within `{"error": …}`; a second failure in a row ends the agent\'s run, '
        'unless `tool_error_behavior="failed"`',
        "none needed; `read_timeout` would set another",
    ),
}


@pytest.fixture(scope="module")
def reports() -> dict[str, Report]:
    """What the clients of this run reported, filled test by test."""
    return {}


@pytest.mark.parametrize("name", list(CLIENTS))
def test_a_client_lists_everything_and_is_told_success_and_failure(
    name: str, reports: dict[str, Report], tmp_path: Path
) -> None:
    client = CLIENTS[name]
    with ScriptedServer(OK, DENIED, LIMITED, OK) as upstream:
        environ = {"OUTBOUNDSYNC_API_KEY": KEY, "OUTBOUNDSYNC_BASE_URL": upstream.origin}
        report = client.explore(environ, tmp_path)
        assert len(upstream.requests) == 4
    assert (report["protocol"], report["tools"]) == (client.protocol, TOOLS)
    assert (len(report["prompts"]), len(report["resources"]), report["read"]) == (6, 3, True)
    for label, kind in KINDS.items():
        seen = report[label]
        assert {seen["text"], seen["structured"]} - {None} == {kind}, label
        assert seen["error"] is (label == "failure"), label
        assert seen.get("told", kind) == kind, label
    assert report["progress"] is None or report["progress"] >= 1
    reports[name] = report
    if len(reports) == len(CLIENTS):
        write_section("Libraries and frameworks", TEXT, HEAD, _rows(reports))


def test_openai_agents_tells_its_model_nothing_when_a_wait_outlasts_its_time_out(tmp_path: Path) -> None:
    command = _python("openai_agents_sdk", "openai-agents", str(PATIENT_SECONDS))
    with ScriptedServer(LIMITED_FOR_LONG, OK, OK, OK) as upstream:
        environ = {"OUTBOUNDSYNC_API_KEY": KEY, "OUTBOUNDSYNC_BASE_URL": upstream.origin}
        report = _script(command, environ, tmp_path)
    assert report["timeout"] == "5 s"
    assert report["success"]["given"] == "An error occurred while running the tool. Please try again."
    assert report["retried"]["told"] == "ok"


@pytest.mark.parametrize(("behaviour", "ended"), [("retry", True), ("failed", False)])
def test_pydantic_ai_ends_the_run_at_the_second_failure_in_a_row_unless_told_otherwise(
    behaviour: str, tmp_path: Path, *, ended: bool
) -> None:
    command = _python("pydantic_ai_agent", "pydantic-ai", behaviour)
    with ScriptedServer(OK, DENIED, DENIED) as upstream:
        environ = {"OUTBOUNDSYNC_API_KEY": KEY, "OUTBOUNDSYNC_BASE_URL": upstream.origin}
        report = _script(command, environ, tmp_path)
    assert report["failure"]["told"] == "invalid_api_key"
    assert ("exceeded max retries" in (report["ended"] or "")) is ended
    assert ("undiagnosed" in report) is not ended


TEXT = """\
Each client started the server over stdio, listed tools, prompts and resources, read one of each, and called `get_me`
(200, 401, and a 429 that is waited out and retried) and `diagnose_error`. What "the model gets" of a framework is what
a scripted model was given; a client library passes both channels on to its host.
"""
HEAD = (
    "client",
    "version",
    "protocol",
    "on success",
    "on failure",
    "the model gets",
    "progress",
    "time-out",
    "to wait longer",
)


def _rows(reports: dict[str, Report]) -> list[tuple[str, ...]]:
    return [
        (
            report["client"],
            report["version"],
            report["protocol"],
            _words(report["success"]),
            _words(report["failure"]),
            CLIENTS[name].model_sees,
            "not shown" if report["progress"] is None else "yes",
            report["timeout"],
            CLIENTS[name].to_wait,
        )
        for name, report in sorted(reports.items(), key=lambda item: list(CLIENTS).index(item[0]))
    ]


def _words(seen: Report) -> str:
    """`isError, text and structured content`, or the exception that carries them."""
    channels = " and ".join(
        words for name, words in (("text", "text"), ("structured", "structured content")) if seen[name]
    )
    if seen["exception"]:
        return f"`{seen['exception']}` with the {channels}"
    return f"`isError`, {channels}" if seen["error"] else channels
