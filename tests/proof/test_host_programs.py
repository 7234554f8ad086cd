"""Claude Code, Codex CLI and Gemini CLI themselves read their example, start the server and connect to it, offline."""

import json
import os
import shlex
import subprocess
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from outboundsync_mcp.settings import API_KEY
from tests.examples.hosts import BY_FILE, COMMAND, NAME, PLACEHOLDER, Host, claude_mcp_add
from tests.support.environments import node, node_environment

pytestmark = pytest.mark.proof

PROGRAMS = {
    "@anthropic-ai/claude-code": "2.1.330",
    "@openai/codex": "0.169.0",
    "@google/gemini-cli": "0.61.0",
}
KEY = "osapi_7cQ2Vn9Lx4Rb6Tz1Wm8Kd3Hs"
PATIENCE_SECONDS = 120
NO_NETWORK = dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"), "http://127.0.0.1:9")
"""A proxy that refuses: what the programs want from the internet, they do not get."""
QUIET = {"DISABLE_AUTOUPDATER": "1", "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1", "NO_COLOR": "1"}


@dataclass(frozen=True, slots=True)
class Desk:
    """A home directory and a project of their own, in which a host program runs."""

    home: Path
    project: Path
    programs: Path

    def put(self, host: Host, path: Path) -> None:
        """The example, with this environment's command, where the host looks for it."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(host.text().replace(PLACEHOLDER, COMMAND), "utf-8")

    def run(self, program: str, *arguments: str, key: str | None = KEY) -> subprocess.CompletedProcess[str]:
        """The program at its end; the key, which it has in its environment, is in nothing that it printed."""
        done = subprocess.run(
            [self._path(program), *arguments],
            cwd=self.project,
            env=self._environ(key),
            capture_output=True,
            text=True,
            timeout=PATIENCE_SECONDS,
            check=False,
        )
        shown = done.stdout + done.stderr
        assert done.returncode == 0, shown
        assert KEY not in shown
        return done

    def answer(self, program: str, *arguments: str, requests: list[dict[str, Any]]) -> dict[str, Any]:
        """The result of the last of these JSON-RPC requests, each a line to the program's stdin."""
        with subprocess.Popen(
            [self._path(program), *arguments],
            cwd=self.project,
            env=self._environ(KEY),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        ) as process:
            assert process.stdin is not None
            assert process.stdout is not None
            watchdog = threading.Timer(PATIENCE_SECONDS, process.kill)
            watchdog.start()
            process.stdin.writelines(json.dumps(request) + "\n" for request in requests)
            process.stdin.flush()
            answers = (json.loads(line) for line in process.stdout)
            result = next(answer["result"] for answer in answers if answer.get("id") == requests[-1]["id"])
            process.stdin.close()
            process.wait()
            watchdog.cancel()
        assert KEY not in json.dumps(result)
        return result

    def _path(self, program: str) -> str:
        return str(self.programs / "node_modules" / ".bin" / program)

    def _environ(self, key: str | None) -> dict[str, str]:
        return {
            "PATH": f"{node().parent}{os.pathsep}{os.environ['PATH']}",
            "HOME": str(self.home),
            **NO_NETWORK,
            **QUIET,
            **({API_KEY: key} if key else {}),
        }


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    home, project = tmp_path / "home", tmp_path / "project"
    home.mkdir()
    project.mkdir()
    return Desk(home, project, node_environment("hosts", PROGRAMS))


# Claude Code


@pytest.fixture
def approved(desk: Desk) -> Desk:
    """A project whose `.mcp.json` its user has approved, as the dialogue of the first start would note it."""
    desk.put(BY_FILE["claude_code.mcp.json"], desk.project / ".mcp.json")
    noted = {str(desk.project): {"hasTrustDialogAccepted": True, "enabledMcpjsonServers": [NAME]}}
    (desk.home / ".claude.json").write_text(json.dumps({"projects": noted}), "utf-8")
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
    trusted = desk.home / ".gemini" / "trustedFolders.json"
    trusted.write_text(json.dumps({str(desk.project): "TRUST_FOLDER"}), "utf-8")
    assert f"✓ {NAME}: {COMMAND}  (stdio) - Connected" in desk.run("gemini", "mcp", "list").stderr
