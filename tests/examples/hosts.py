"""The example configurations of `examples/hosts`, read as their hosts read them."""

import json
import sys
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from outboundsync_mcp.settings import API_KEY

FOLDER = Path(__file__).parents[2] / "examples" / "hosts"
PLACEHOLDER = "/absolute/path/to/.venv/bin/outboundsync-mcp"
COMMAND = str(Path(sys.executable).parent / "outboundsync-mcp")
"""The console script of the environment that runs the tests."""
NAME = "outboundsync-mcp"

READERS: Mapping[str, Callable[[str], Any]] = {".json": json.loads, ".toml": tomllib.loads, ".yaml": yaml.safe_load}


@dataclass(frozen=True, slots=True)
class Host:
    """Where a host's format keeps things. None: the host has no such thing."""

    file: str
    servers: str
    """The table of servers."""
    reference: str | None = None
    """What stands for the key and is replaced by the host."""
    named_in: str | None = None
    """The field that names the variables to pass on."""
    timeout: str | None = None
    """The field of the tool call's time-out, and below, how many of its units make a second."""
    per_second: int = 1

    def text(self) -> str:
        return (FOLDER / self.file).read_text("utf-8")

    def entry(self) -> dict[str, Any]:
        """The server's own entry."""
        return self.parse()[self.servers][NAME]

    def parse(self) -> dict[str, Any]:
        return READERS[Path(self.file).suffix](self.text())

    def command(self) -> list[str]:
        """The launch command with this environment's program."""
        entry = self.entry()
        program = entry["cmd"] if "cmd" in entry else entry["command"]
        assert program == PLACEHOLDER
        return [COMMAND, *entry.get("args", [])]

    def environment(self, key: str) -> dict[str, str]:
        """What the server gets in its environment where `key` is known to the host."""
        entry = self.entry()
        resolved = {name: key if value == self.reference else value for name, value in entry.get("env", {}).items()}
        return resolved | {name: key for name in entry.get(self.named_in or "", []) if name == API_KEY}


HOSTS = (
    Host("claude_desktop_config.json", "mcpServers"),
    Host("claude_code.mcp.json", "mcpServers", reference="${" + API_KEY + "}", timeout="timeout", per_second=1000),
    Host("cursor.mcp.json", "mcpServers", reference="${env:" + API_KEY + "}"),
    Host("vscode.mcp.json", "servers", reference="${input:outboundsync-key}"),
    Host("windsurf.mcp_config.json", "mcpServers", reference="${env:" + API_KEY + "}"),
    Host("zed.settings.json", "context_servers", timeout="timeout"),
    Host("gemini_cli.settings.json", "mcpServers", reference="$" + API_KEY, timeout="timeout", per_second=1000),
    Host("codex_cli.config.toml", "mcp_servers", named_in="env_vars", timeout="tool_timeout_sec"),
    Host("goose.config.yaml", "extensions", named_in="env_keys", timeout="timeout"),
)
BY_FILE = {host.file: host for host in HOSTS}


def claude_mcp_add() -> str:
    """The command for Claude Code in the folder's README."""
    readme = (FOLDER / "README.md").read_text("utf-8")
    (command,) = [line for line in readme.splitlines() if line.startswith("claude mcp add ")]
    return command
