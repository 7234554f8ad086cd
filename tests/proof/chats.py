"""A user's chat with a host program: what its scripted model does, and the wire between the program and the server."""

import json
import shlex
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from outboundsync_mcp.settings import BASE_URL
from tests.examples.hosts import BY_FILE, COMMAND, NAME
from tests.proof.desk import Desk, approve_server, trust_project
from tests.support.scripted_model import Call, Json


@dataclass(frozen=True, slots=True)
class Wire:
    """What went over a server's stdin and stdout, copied by a shell on the way."""

    folder: Path

    def command(self, origin: str) -> str:
        """A program that is the server, with its wire tapped and `origin` for the API."""
        script = self.folder / "tapped-server"
        heard, said, server = (shlex.quote(str(path)) for path in (self.folder / "in", self.folder / "out", COMMAND))
        pipeline = f"tee -a {heard} | {server} | tee -a {said}"
        script.write_text(f"#!/bin/sh\nexport {BASE_URL}={origin}\n{pipeline}\n", "utf-8")
        script.chmod(0o755)
        return str(script)

    def sent(self, method: str) -> list[Json]:
        """The parameters of every request of this method."""
        return [message.get("params", {}) for message in self._messages("in") if message.get("method") == method]

    def results(self, method: str) -> list[Json]:
        """What the server answered these requests, as far as it did."""
        answers: dict[Any, Json] = {
            message["id"]: message["result"] for message in self._messages("out") if "result" in message
        }
        asked = [message["id"] for message in self._messages("in") if message.get("method") == method]
        return [answers[number] for number in asked if number in answers]

    def protocol(self) -> str:
        """The version that the tool calls were made in."""
        modern = self.sent("tools/call")[0].get("_meta", {}).get("io.modelcontextprotocol/protocolVersion")
        return modern or self.results("initialize")[0]["protocolVersion"]

    def _messages(self, name: str) -> list[Json]:
        return [json.loads(line) for line in (self.folder / name).read_text("utf-8").splitlines()]


@dataclass(frozen=True, slots=True)
class Chat:
    """A host program with which a user has a chat, and what its run cannot tell about it."""

    name: str
    package: str
    program: tuple[str, ...]
    """The command line; `PROMPT` stands for what the user types."""
    prepare: Callable[[Desk, str, str, int], dict[str, str]]
    """Puts its files for the command of the server, the model's origin and a time-out; the variables it needs."""
    before: tuple[Call, ...]
    """What its model does before it calls the tools: find them, list the resources and read one."""
    get_me: Call
    diagnose: Call
    typed: str
    """What a user types to use a prompt of the server; a plain question where the host has no prompts."""
    too_late: str
    """What the model is told when the time-out ends a call, with a place for its seconds."""
    timeout: str
    to_wait: str
    remarks: str

    def calls(self, *get_me: Json) -> list[Call]:
        """Everything that its model is to do."""
        return [
            *self.before,
            *(Call(self.get_me.tool, given, self.get_me.namespace) for given in get_me),
            self.diagnose,
        ]


def _claude(desk: Desk, command: str, origin: str, seconds: int) -> dict[str, str]:
    desk.put(BY_FILE["claude_code.mcp.json"], desk.project / ".mcp.json", command, seconds)
    approve_server(desk)
    # It would start the chat before the server is there, and a slash command of the server would not exist yet.
    return {"ANTHROPIC_BASE_URL": origin, "ANTHROPIC_API_KEY": "local", "MCP_CONNECTION_NONBLOCKING": "0"}


def _codex(desk: Desk, command: str, origin: str, seconds: int) -> dict[str, str]:
    path = desk.home / ".codex" / "config.toml"
    desk.put(BY_FILE["codex_cli.config.toml"], path, command, seconds)
    provider = ["[model_providers.local]", 'name = "local"', f'base_url = "{origin}/v1"', 'env_key = "LOCAL_KEY"']
    lines = ['model = "scripted"', 'model_provider = "local"', path.read_text("utf-8"), *provider]
    path.write_text("\n".join(lines) + "\n", "utf-8")
    return {"LOCAL_KEY": "local"}


def _gemini(desk: Desk, command: str, origin: str, seconds: int) -> dict[str, str]:
    desk.put(BY_FILE["gemini_cli.settings.json"], desk.home / ".gemini" / "settings.json", command, seconds)
    trust_project(desk)
    own = desk.project / ".gemini" / "settings.json"
    own.parent.mkdir()
    own.write_text(json.dumps({"security": {"auth": {"selectedType": "gemini-api-key"}}}), "utf-8")
    return {"GOOGLE_GEMINI_BASE_URL": origin, "GEMINI_API_KEY": "local"}


QUESTION = "Is my key all right?"
PROMPT = "<what the user types>"
SERVER = {"server": NAME}
PAGE = SERVER | {"uri": "outboundsync://rate-limits"}
FORBIDDEN: Json = {"status": 403}
CLAUDE_TOOLS = (f"mcp__{NAME}__get_me", f"mcp__{NAME}__diagnose_error", "ListMcpResourcesTool", "ReadMcpResourceTool")
CHATS = (
    Chat(
        name="Claude Code",
        package="@anthropic-ai/claude-code",
        program=("claude", "-p", PROMPT, "--allowedTools", f"mcp__{NAME}"),
        prepare=_claude,
        before=(
            Call("ToolSearch", {"query": f"select:{','.join(CLAUDE_TOOLS)}"}),
            Call("ListMcpResourcesTool", SERVER),
            Call("ReadMcpResourceTool", PAGE),
        ),
        get_me=Call(CLAUDE_TOOLS[0]),
        diagnose=Call(CLAUDE_TOOLS[1], FORBIDDEN),
        typed=f"/mcp__{NAME}__add_retry_handling Python",
        too_late=f'MCP server "{NAME}" tool "get_me" timed out after {{}}s',
        timeout="none that a call reaches: 10⁸ ms in its program",
        to_wait="`timeout` of the server's entry, or `MCP_TOOL_TIMEOUT`, milliseconds; progress does not extend it",
        remarks="finds the tools by `ToolSearch`; `claude -p` waits for the server if `MCP_CONNECTION_NONBLOCKING=0`",
    ),
    Chat(
        name="Codex CLI",
        package="@openai/codex",
        program=("codex", "exec", "--skip-git-repo-check", PROMPT),
        prepare=_codex,
        before=(Call("list_mcp_resources", SERVER), Call("read_mcp_resource", PAGE)),
        get_me=Call("get_me", namespace="mcp__outboundsync_mcp"),
        diagnose=Call("diagnose_error", FORBIDDEN, "mcp__outboundsync_mcp"),
        typed=QUESTION,
        too_late="timed out awaiting tools/call after {}s",
        timeout="300 s",
        to_wait="`tool_timeout_sec`, seconds",
        remarks="a chat can begin before the server is there, and then without its tools; shows no prompts",
    ),
    Chat(
        name="Gemini CLI",
        package="@google/gemini-cli",
        program=("gemini", "--model", "gemini-2.5-pro", "--approval-mode", "yolo", "--prompt", PROMPT),
        prepare=_gemini,
        before=(Call("list_mcp_resources", {"serverName": NAME}), Call("read_mcp_resource", {"uri": PAGE["uri"]})),
        get_me=Call(f"mcp_{NAME}_get_me"),
        diagnose=Call(f"mcp_{NAME}_diagnose_error", FORBIDDEN),
        typed="/add_retry_handling --language=Python",
        too_late="MCP error -32001: Request timed out",
        timeout="600 s, says its documentation",
        to_wait="`timeout` of the server's entry, milliseconds, which holds for the start of the server too",
        remarks="`gemini -p` offers no MCP tools unless they need no approval: `trust: true` or `--approval-mode yolo`",
    ),
)
