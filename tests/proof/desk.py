"""Claude Code, Codex CLI and Gemini CLI, each run in a home of its own and without a network."""

import json
import os
import subprocess
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from outboundsync_mcp.settings import API_KEY
from tests.examples.hosts import COMMAND, NAME, PLACEHOLDER, Host
from tests.proof.toolbox import node, node_environment

PROGRAMS = {
    "@anthropic-ai/claude-code": "2.1.330",
    "@openai/codex": "0.169.0",
    "@google/gemini-cli": "0.61.0",
}
KEY = "osapi_7cQ2Vn9Lx4Rb6Tz1Wm8Kd3Hs"
PATIENCE_SECONDS = 120
EXAMPLE_SECONDS = 180
"""The time-out of the examples."""
NO_NETWORK = {
    **dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"), "http://127.0.0.1:9"),
    **dict.fromkeys(("NO_PROXY", "no_proxy"), "127.0.0.1"),
}
"""A proxy that refuses: what the programs want from the internet, they do not get."""
QUIET = {"DISABLE_AUTOUPDATER": "1", "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1", "NO_COLOR": "1"}


@dataclass(frozen=True, slots=True)
class Desk:
    """A home directory and a project of their own, in which a host program runs."""

    home: Path
    project: Path
    programs: Path

    def put(self, host: Host, path: Path, command: str = COMMAND, seconds: int | None = None) -> None:
        """The example, with this command and time-out, where the host looks for it."""
        text = host.text().replace(PLACEHOLDER, command)
        if seconds is not None:
            was = str(EXAMPLE_SECONDS * host.per_second)
            assert text.count(was) == 1
            text = text.replace(was, str(seconds * host.per_second))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")

    def run(
        self, program: str, *arguments: str, key: str | None = KEY, **environ: str
    ) -> subprocess.CompletedProcess[str]:
        """The program at its end; the key, which it has in its environment, is in nothing that it printed."""
        done = subprocess.run(
            [self._path(program), *arguments],
            cwd=self.project,
            env=self._environ(key) | environ,
            stdin=subprocess.DEVNULL,
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


def new_desk(folder: Path) -> Desk:
    """A desk in this folder, with the programs at hand."""
    home, project = folder / "home", folder / "project"
    home.mkdir()
    project.mkdir()
    return Desk(home, project, node_environment("hosts", PROGRAMS))


def approve_server(desk: Desk) -> None:
    """Note what the dialogue of the first start would: the user trusts this project and its server."""
    noted = {str(desk.project): {"hasTrustDialogAccepted": True, "enabledMcpjsonServers": [NAME]}}
    (desk.home / ".claude.json").write_text(json.dumps({"projects": noted}), "utf-8")


def trust_project(desk: Desk) -> None:
    trusted = desk.home / ".gemini" / "trustedFolders.json"
    trusted.write_text(json.dumps({str(desk.project): "TRUST_FOLDER"}), "utf-8")
