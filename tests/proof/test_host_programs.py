"""Claude Code, Codex CLI and Gemini CLI themselves, offline: they read their example, start the server and connect to
it, and a scripted model has them call the tools. What it was told goes into `docs/clients.md`.
"""

import json
import shlex
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, cast

import pytest

from outboundsync_mcp.settings import API_KEY
from tests.examples.hosts import BY_FILE, COMMAND, NAME, PLACEHOLDER, claude_mcp_add
from tests.proof.chats import CHATS, PROMPT, QUESTION, Chat, Wire
from tests.proof.desk import EXAMPLE_SECONDS, KEY, PROGRAMS, Desk, approve_server, new_desk, trust_project
from tests.proof.pages import write_section
from tests.support.scripted import ScriptedServer, response
from tests.support.scripted_model import Call, Json, ScriptedModel, Told
from tests.wire.test_surface import DENIED, OK

pytestmark = pytest.mark.proof


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return new_desk(tmp_path)


# Claude Code


@pytest.fixture
def approved(desk: Desk) -> Desk:
    """A project whose `.mcp.json` its user has approved."""
    desk.put(BY_FILE["claude_code.mcp.json"], desk.project / ".mcp.json")
    approve_server(desk)
    return desk


def test_claude_code_connects_to_the_server_of_its_project_file(approved: Desk) -> None:
    assert f"{NAME}: {COMMAND}  - ✔ Connected" in approved.run("claude", "mcp", "list").stdout
    shown = approved.run("claude", "mcp", "get", NAME).stdout
    assert "Status: ✔ Connected" in shown
    assert f"{API_KEY}=${{{API_KEY}}}" in shown
    assert "Timeout: 180000ms" in shown


def test_claude_code_names_the_variable_that_is_not_set(approved: Desk) -> None:
    assert f"Missing environment variables: {API_KEY}" in approved.run("claude", "mcp", "list", key=None).stdout


def test_claude_code_connects_to_what_the_command_added_and_stores_the_reference(desk: Desk) -> None:
    program, *arguments = shlex.split(claude_mcp_add().replace(PLACEHOLDER, COMMAND))
    desk.run(program, *arguments)
    assert f"{NAME}: {COMMAND}  - ✔ Connected" in desk.run("claude", "mcp", "list").stdout
    stored = json.loads((desk.home / ".claude.json").read_text("utf-8"))
    added = stored["projects"][str(desk.project)]["mcpServers"][NAME]
    example = BY_FILE["claude_code.mcp.json"].entry()
    assert added == {**{field: value for field, value in example.items() if field != "timeout"}, "command": COMMAND}


# Codex CLI


@pytest.fixture
def codex(desk: Desk) -> Desk:
    desk.put(BY_FILE["codex_cli.config.toml"], desk.home / ".codex" / "config.toml")
    return desk


def test_codex_reads_its_example_and_hides_the_key(codex: Desk) -> None:
    assert f"{API_KEY}=*****" in codex.run("codex", "mcp", "list").stdout
    (server,) = json.loads(codex.run("codex", "mcp", "list", "--json").stdout)
    assert server["enabled"] is True
    assert server["tool_timeout_sec"] == 180
    assert server["transport"]["command"] == COMMAND
    assert server["transport"]["env_vars"] == [API_KEY]


def test_codex_starts_the_server_and_lists_its_tools_and_resources(codex: Desk) -> None:
    """Asked through Codex's own server for editors: `codex mcp list` starts nothing."""
    requests: list[dict[str, Any]] = [
        {"id": 1, "method": "initialize", "params": {"clientInfo": {"name": "proof", "version": "1"}}},
        {"method": "initialized"},
        {"id": 2, "method": "mcpServerStatus/list", "params": {}},
    ]
    (server,) = codex.answer("codex", "app-server", requests=requests)["data"]
    assert server["serverInfo"]["name"] == NAME
    assert sorted(server["tools"]) == ["diagnose_error", "get_me"]
    assert "outboundsync://rate-limits" in {resource["uri"] for resource in server["resources"]}


# Gemini CLI


def test_gemini_connects_to_the_server_of_its_settings(desk: Desk) -> None:
    desk.put(BY_FILE["gemini_cli.settings.json"], desk.home / ".gemini" / "settings.json")
    trust_project(desk)
    assert f"✓ {NAME}: {COMMAND}  (stdio) - Connected" in desk.run("gemini", "mcp", "list").stderr


# Tool calls


LIMITED = response(429, {"Retry-After": "1"}, {"statusCode": 429, "message": "Too Many Requests"})
LIMITED_FOR_LONG = response(429, {"Retry-After": "12"}, {"statusCode": 429, "message": "Too Many Requests"})
SHORT_SECONDS = 8
"""Less than the wait, and time enough to start the server."""
KINDS = ["ok", "invalid_api_key", "ok", "api_access_disabled"]


@pytest.fixture(scope="module")
def rows() -> dict[str, Sequence[str]]:
    """What this run has shown of each program, for the page."""
    return {}


@pytest.mark.parametrize("chat", CHATS, ids=[chat.program[0] for chat in CHATS])
def test_the_model_of_a_host_is_told_the_whole_diagnosis(
    chat: Chat, desk: Desk, rows: dict[str, Sequence[str]]
) -> None:
    calls = chat.calls({}, {}, {"max_wait_seconds": 30})
    with ScriptedServer(OK, DENIED, LIMITED, OK) as upstream:
        model, wire = _talk(chat, desk, upstream.origin, calls, typed=chat.typed)
        assert len(upstream.requests) == 4
    results = wire.results("tools/call")
    assert [result["structuredContent"]["kind"] for result in results] == KINDS
    told = model.told[len(chat.before) :]
    carried = [_carried(given, result) for given, result in zip(told, results, strict=True)]
    assert all(carried)
    assert results[1]["structuredContent"]["remediation"][0] in _unescaped(told[1].text)
    assert "120 requests" in model.told[len(chat.before) - 1].text
    assert ("## Test it" in json.dumps(model.requests[0])) is (chat.typed != QUESTION)
    rows[chat.name] = _row(chat, wire, told, carried)
    if len(rows) == len(CHATS):
        write_section("Hosts", TEXT, HEAD, [rows[chat.name] for chat in CHATS])


@pytest.mark.parametrize("chat", CHATS, ids=[chat.program[0] for chat in CHATS])
def test_the_time_out_of_a_host_is_the_setting_of_its_example(chat: Chat, desk: Desk) -> None:
    with ScriptedServer(LIMITED_FOR_LONG, OK) as upstream:
        model, _ = _talk(chat, desk, upstream.origin, chat.calls({}), seconds=SHORT_SECONDS)
    late, diagnosed = model.told[len(chat.before) :]
    assert chat.too_late.format(SHORT_SECONDS) in late.text
    assert '"api_access_disabled"' in _unescaped(diagnosed.text)


def _talk(
    chat: Chat, desk: Desk, api: str, calls: list[Call], *, typed: str = QUESTION, seconds: int = EXAMPLE_SECONDS
) -> tuple[ScriptedModel, Wire]:
    """One turn of the user, and all that the model makes of it; no request to the model holds the key."""
    wire = Wire(desk.home)
    with ScriptedModel(*calls, closing="All done.") as model:
        environ = chat.prepare(desk, wire.command(api), model.origin, seconds)
        program, *arguments = [typed if word == PROMPT else word for word in chat.program]
        done = desk.run(program, *arguments, **environ)
    assert "All done." in done.stdout
    assert len(model.told) == len(calls)
    assert KEY not in json.dumps(model.requests)
    return model, wire


def _carried(told: Told, result: Json) -> list[str]:
    """Which channels of a result reached the model whole."""
    (block,) = result["content"]
    text, rest = block["text"], told.text
    for written in (text, json.dumps(text, ensure_ascii=False)):
        rest = rest.replace(written, "")
    shown = ["the text"] if rest != told.text else []
    return [*shown, "the structured content"] if result["structuredContent"] in _objects(rest) else shown


def _objects(text: str) -> Iterator[Any]:
    """Every JSON object in the text, and what is inside them."""
    decoder, start = json.JSONDecoder(), 0
    while (start := text.find("{", start)) >= 0:
        try:
            value, start = decoder.raw_decode(text, start)
        except ValueError:
            start += 1
        else:
            yield from _within(value)


def _within(value: Any) -> Iterator[Any]:
    yield value
    match value:
        case {}:
            parts = list(cast("Json", value).values())
        case [*items]:
            parts = items
        case _:
            parts = []
    for part in parts:
        yield from _within(part)


def _unescaped(text: str) -> str:
    """JSON in JSON, as one would read it."""
    return text.replace("\\", "")


TEXT = """\
Each program itself, in a home of its own and without a network, with the example of `examples/hosts`. A scripted model
on loopback had it read a resource, call `get_me` (200, 401, and a 429 that is waited out and retried) and
`diagnose_error`; the server's prompt came in as the slash command, where there is one. The key was in no request to the
model. With a shorter time-out the model was told so and nothing else, and the next call worked.
"""
HEAD = (
    "host",
    "version",
    "protocol",
    "lists",
    "on success the model gets",
    "on failure the model gets",
    "asks for progress",
    "time-out",
    "to wait longer",
    "good to know",
)


def _row(chat: Chat, wire: Wire, told: Sequence[Told], carried: Sequence[Sequence[str]]) -> Sequence[str]:
    listed = [name for name in ("tools", "prompts", "resources") if wire.sent(f"{name}/list")]
    asks = all("progressToken" in call.get("_meta", {}) for call in wire.sent("tools/call"))
    marked = "marked as an error" if told[1].error else "not marked as an error"
    return (
        chat.name,
        PROGRAMS[chat.package],
        wire.protocol(),
        ", ".join(listed),
        " and ".join(carried[0]),
        f"{' and '.join(carried[1])}, {marked}",
        "yes" if asks else "no",
        chat.timeout,
        chat.to_wait,
        chat.remarks,
    )
