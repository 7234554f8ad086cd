"""The agent examples, each run as the program it is: it starts the server itself, and the sandbox is the API.

Frameworks that need a language model get a scripted one on loopback. All but the official Python client need
environments of their own, and are left to `make proof`.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path

import pytest

from outboundsync_mcp.sandbox.outcomes import BY_NAME
from outboundsync_mcp.sandbox.server import Sandbox
from outboundsync_mcp.sandbox.state import Limits
from outboundsync_mcp.settings import API_KEY, BASE_URL
from tests.proof.toolbox import node, node_environment, python_environment
from tests.support.sandbox import KEYS, running_sandbox
from tests.support.scripted_model import ScriptedModel

FOLDER = Path(__file__).parents[2] / "examples" / "agents"
PATIENCE_SECONDS = 90
WAIT_SECONDS = 6
"""Longer than the 5 seconds after which the OpenAI Agents SDK gives up on a call unless told otherwise."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a program ended."""

    code: int
    out: str
    err: str


@pytest.fixture
def sandbox() -> Generator[Sandbox]:
    with running_sandbox(limits=Limits(retry_after_seconds=WAIT_SECONDS)) as sandbox:
        yield sandbox


def run(command: list[str], key: str | None, sandbox: Sandbox, **environ: str) -> Outcome:
    """Run an example to its end; its output holds no part of the key's secret."""
    done = subprocess.run(
        command,
        env={
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            BASE_URL: sandbox.origin,
            **({API_KEY: key} if key else {}),
            **environ,
        },
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )
    assert key is None or key.rpartition("_")[2] not in done.stdout + done.stderr
    return Outcome(done.returncode, done.stdout, done.stderr)


# Clients without a model: the official ones of Python and TypeScript, the same program twice

OFFICIAL = ("python", pytest.param("typescript", marks=pytest.mark.proof))


@pytest.fixture(params=OFFICIAL)
def client(request: pytest.FixtureRequest) -> list[str]:
    """How to start the example."""
    if request.param == "python":
        return [sys.executable, str(FOLDER / "python_client.py")]
    return [str(node()), str(_typescript() / "typescript_client.mts")]


def test_a_working_key_prints_the_identity(client: list[str], sandbox: Sandbox) -> None:
    outcome = run(client, KEYS["unknown_fields"], sandbox)
    assert (outcome.code, outcome.err) == (0, "")
    assert json.loads(outcome.out) == BY_NAME["unknown_fields"].answer.body


@pytest.mark.parametrize(
    ("key", "kind", "who", "code"),
    [
        (KEYS["revoked"], "invalid_api_key", "You can mend it:", 78),
        (KEYS["api_access_disabled"], "api_access_disabled", "Ask an admin of your OutboundSync account:", 1),
        (KEYS["cloudflare_block"], "forbidden", "Ask whoever runs your network:", 1),
        (KEYS["server_error"], "server_error", "Try again later.", 75),
    ],
    ids=["401", "403", "firewall", "500"],
)
def test_a_failure_says_who_acts_and_whether_to_try_again(
    client: list[str], sandbox: Sandbox, *, key: str, kind: str, who: str, code: int
) -> None:
    outcome = run(client, key, sandbox)
    assert (outcome.code, outcome.out) == (code, "")
    what, whose, *steps = outcome.err.splitlines()
    assert what.startswith(f"{kind}: ")
    assert whose == who
    assert all(step.startswith("- ") for step in steps)
    assert bool(steps) is (code != 75)
    assert len(sandbox.state.requests) == 1


def test_without_a_key_nothing_is_sent_and_the_settings_are_to_blame(client: list[str], sandbox: Sandbox) -> None:
    outcome = run(client, None, sandbox)
    assert outcome.code == 78
    assert "\nmissing_api_key: " in f"\n{outcome.err}"
    assert sandbox.state.requests == []


@pytest.mark.proof
def test_a_429_is_waited_out_with_progress_and_retried_once(client: list[str], sandbox: Sandbox) -> None:
    outcome = run(client, KEYS["rate_limited_once"], sandbox)
    assert outcome.code == 0
    assert outcome.err.startswith("Rate limited: retrying once in ")
    assert [request.status for request in sandbox.state.requests] == [429, 200]


def test_a_wait_that_is_too_long_is_left_to_a_scheduler(client: list[str]) -> None:
    with running_sandbox(limits=Limits(retry_after_seconds=600)) as sandbox:
        outcome = run(client, KEYS["rate_limited_always"], sandbox)
        assert outcome.code == 75
        assert "\nTry again at 20" in outcome.err
        assert len(sandbox.state.requests) == 1


@pytest.mark.proof
def test_the_typescript_example_passes_the_strictest_rules_of_its_compiler() -> None:
    home = _typescript()
    checked = subprocess.run(
        [str(node()), str(home / "node_modules" / "typescript" / "bin" / "tsc")],
        cwd=home,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (checked.returncode, checked.stdout) == (0, "")


def _typescript() -> Path:
    """The example beside the packages that its manifest names."""
    manifest = json.loads((FOLDER / "package.json").read_text("utf-8"))
    home = node_environment("typescript-client", manifest["dependencies"] | manifest["devDependencies"])
    for file in ("typescript_client.mts", "tsconfig.json"):
        shutil.copy2(FOLDER / file, home)
    return home


# Agents with a model


AGENTS = ("openai_agents_sdk", "pydantic_ai_agent")


@pytest.fixture(params=AGENTS)
def agent(request: pytest.FixtureRequest) -> list[str]:
    """How to start the example with the Python of its own environment."""
    return [str(_python_of(request.param)), str(FOLDER / f"{request.param}.py")]


def _python_of(name: str) -> Path:
    return python_environment(name, (FOLDER / f"{name}.requirements.txt").read_text("utf-8"))


def ask(agent: list[str], key: str | None, sandbox: Sandbox, model: ScriptedModel) -> Outcome:
    local = {"OPENAI_BASE_URL": model.base_url, "OPENAI_API_KEY": "local", "OPENAI_AGENTS_DISABLE_TRACING": "1"}
    return run([*agent, "Is my key all right?"], key, sandbox, **local)


@pytest.mark.proof
@pytest.mark.parametrize(
    ("key", "kind", "words", "step"),
    [
        ("success", "ok", "OK.", "done"),
        ("revoked", "invalid_api_key", "Unauthorized.", "wait for the user: invalid_api_key"),
        (
            "api_access_disabled",
            "api_access_disabled",
            "Forbidden.",
            "open a ticket for an admin of the OutboundSync account: api_access_disabled",
        ),
        ("server_error", "server_error", "Internal server error.", "run again later"),
        ("rate_limited_once", "ok", "OK.", "done"),
    ],
    ids=["200", "401", "403", "500", "429 then 200"],
)
def test_the_model_sees_the_whole_diagnosis_and_the_code_acts_on_it(
    agent: list[str], sandbox: Sandbox, *, key: str, kind: str, words: str, step: str
) -> None:
    with ScriptedModel("get_me") as model:
        outcome = ask(agent, KEYS[key], sandbox, model)
    assert outcome.code == 0, outcome.err
    assert outcome.out.startswith(words)
    assert f"Next: {step}\n" in outcome.err
    assert model.offered == ["get_me", "diagnose_error"]
    (diagnosis,) = map(model.read, model.seen)
    assert diagnosis["kind"] == kind
    assert {"remediation", "who_fixes", "retryable", "retry_at", "me"} <= diagnosis.keys()
    assert len(model.requests) == 2
    assert len(sandbox.state.requests) == (2 if key == "rate_limited_once" else 1)


@pytest.mark.proof
def test_the_model_is_told_how_to_use_the_answers_and_never_to_ask_for_a_key(
    agent: list[str], sandbox: Sandbox
) -> None:
    with ScriptedModel("get_me") as model:
        ask(agent, None, sandbox, model)
    told = model.requests[0]["instructions"]
    assert "ever ask for an API key" in told
    assert "who_fixes" in told
    assert sandbox.state.requests == []


@pytest.mark.proof
@pytest.mark.parametrize("name", AGENTS)
def test_an_agent_example_fits_the_types_of_its_framework(name: str, tmp_path: Path) -> None:
    python = _python_of(name)
    settings = tmp_path / "pyright.json"
    example = os.path.relpath(FOLDER / f"{name}.py", settings.parent)
    settings.write_text(json.dumps({"include": [example], "typeCheckingMode": "strict"}), "utf-8")
    command = [sys.executable, "-m", "pyright", "--project", str(settings), "--pythonpath", str(python)]
    checked = subprocess.run(command, capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout
    assert "0 errors" in checked.stdout
