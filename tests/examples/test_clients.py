"""The reference clients, each run as the program it is: against the sandbox, and against a server with odd answers."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

import pytest

from outboundsync_mcp.reference_clients import REFERENCE_CLIENTS, ReferenceClient
from outboundsync_mcp.sandbox.outcomes import BY_NAME
from outboundsync_mcp.sandbox.server import Sandbox
from outboundsync_mcp.sandbox.state import Limits, SandboxState
from tests.proof.toolbox import node, python_with
from tests.support.scripted import End, Script, ScriptedServer, response

KEY = "osapi_4f9Qz7Lm2Xw8Rt6Bv1Nc3Kd5"
SECRET = KEY.removeprefix("osapi_")
ME = {
    "account": {"id": 42, "email": "you@company.com"},
    "apiKey": {"name": "Production", "scopes": ["read"], "connectionScope": "account"},
    "connections": [{"id": 7, "crm": "HUBSPOT", "organizationId": "123", "organizationDomain": "acme.com"}],
}
OK = response(200, body=ME)
NONE_LEFT = 60.0
"""Seconds that a client may take in all before the test fails."""

Shorter = Literal["time-out", "patience"]
# A shorter limit, so that a hang ends after a second, or a minute's wait is reported instead of slept.
SHORTER: dict[Shorter, dict[str, str]] = {
    "time-out": {
        "TIMEOUT = 15": "TIMEOUT = 1",
        "TIMEOUT=15": "TIMEOUT=1",
        "timeout     = 15 * time.Second": "timeout     = 1 * time.Second",
    },
    "patience": {
        "LONGEST_WAIT = 120": "LONGEST_WAIT = 30",
        "LONGEST_WAIT=120": "LONGEST_WAIT=30",
        "longestWait = 2 * time.Minute": "longestWait = 30 * time.Second",
    },
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a client ended."""

    code: int
    out: str
    err: str


Command = list[str]
Run = Callable[..., Outcome]


def python(source: Path, build: Path) -> Command:
    return [sys.executable, str(source)]


def javascript(source: Path, build: Path) -> Command:
    return [str(node()), str(source)]


def typescript(source: Path, build: Path) -> Command:
    """Compiled by tsc under its strictest rules where there is one, else by Node.js, which strips the types itself."""
    compiler = shutil.which("tsc")
    if compiler is None:
        return [str(node()), str(source)]
    types = Path(compiler).resolve().parents[2] / "@types"
    strictness = ("--strict", "--noUncheckedIndexedAccess", "--exactOptionalPropertyTypes")
    target = ("--target", "es2022", "--module", "nodenext", "--typeRoots", str(types), "--types", "node")
    subprocess.run([compiler, *strictness, *target, "--outDir", str(build), str(source)], check=True)
    return [str(node()), str(build / source.with_suffix(".mjs").name)]


def go(source: Path, build: Path) -> Command:
    program = build / "get-me"
    compiler = shutil.which("go") or str(python_with("go").with_name("go"))
    offline = {"CGO_ENABLED": "0", "GOPROXY": "off", "GOTOOLCHAIN": "local"}
    command = [compiler, "build", "-o", str(program), str(source)]
    subprocess.run(command, check=True, cwd=source.parent, env=os.environ | offline)
    return [str(program)]


def bash(source: Path, build: Path) -> Command:
    return ["bash", str(source)]


COMMANDS = {"Python": python, "JavaScript": javascript, "TypeScript": typescript, "Go": go, "Bash": bash}
SOURCES = Path(__file__).parents[2] / "examples" / "clients"


@pytest.fixture(scope="session")
def prepare(tmp_path_factory: pytest.TempPathFactory) -> Callable[[ReferenceClient, Shorter | None], Command]:
    """How to start a client, as it ships or with a shorter limit; built once."""

    @cache
    def built(client: ReferenceClient, shorter: Shorter | None) -> Command:
        build = tmp_path_factory.mktemp(client.id)
        source = SOURCES / client.file
        if shorter is not None:
            text = source.read_text(encoding="utf-8")
            for calm, hasty in SHORTER[shorter].items():
                text = text.replace(calm, hasty)
            assert sum(hasty in text for hasty in SHORTER[shorter].values()) == 1
            source = build / client.file
            source.write_text(text, encoding="utf-8")
        return COMMANDS[client.language](source, build)

    return built


# Where the machine has no Go, the proof installs it, and runs the client that is written in it.
NEEDS_PROOF = {"Go"} if shutil.which("go") is None else set[str]()


@pytest.fixture(
    params=[
        pytest.param(each, id=each.id, marks=pytest.mark.proof if each.language in NEEDS_PROOF else ())
        for each in REFERENCE_CLIENTS
    ]
)
def client(request: pytest.FixtureRequest) -> ReferenceClient:
    return request.param


@pytest.fixture
def run(client: ReferenceClient, prepare: Callable[[ReferenceClient, Shorter | None], Command]) -> Run:
    """Run the client to its end. Whatever happens, its output holds no part of the key."""

    def to_the_end(base_url: str | None, key: str | None = KEY, *, shorter: Shorter | None = None) -> Outcome:
        settings = {"OUTBOUNDSYNC_BASE_URL": base_url, "OUTBOUNDSYNC_API_KEY": key}
        done = subprocess.run(
            prepare(client, shorter),
            env={"PATH": os.environ["PATH"], **{name: value for name, value in settings.items() if value is not None}},
            capture_output=True,
            text=True,
            timeout=NONE_LEFT,
            check=False,
        )
        secret = (key or "").strip().rpartition("_")[2]  # the sandbox's keys begin with words
        for start in range(max(0, len(secret) - 5)):
            assert secret[start : start + 6] not in done.stdout + done.stderr
        return Outcome(done.returncode, done.stdout, done.stderr)

    return to_the_end


def sentence(outcome: Outcome) -> str:
    """What a client that failed said: one sentence on stderr and nothing else."""
    assert outcome.code == 1
    assert outcome.out == ""
    [line] = outcome.err.splitlines()
    assert line.endswith(".")
    return line


# Against the sandbox


@pytest.mark.parametrize("name", ["success", "unknown_fields"])
def test_the_identity_is_printed_as_json_with_every_field(run: Run, name: str) -> None:
    with Sandbox() as sandbox:
        outcome = run(sandbox.origin, BY_NAME[name].key)
        assert (outcome.code, outcome.err) == (0, "")
        assert json.loads(outcome.out) == BY_NAME[name].answer.body
        assert [request.path for request in sandbox.state.requests] == ["/api/v1/me"]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("revoked", "HTTP 401: check the header Authorization: Bearer osapi_... and the key in OUTBOUNDSYNC_API_KEY"),
        (
            "api_access_disabled",
            "HTTP 403: an admin has to enable API access for the CRM connection in OutboundSync; rotating the key",
        ),
        ("server_error", "HTTP 500: OutboundSync failed; try again later, and write to service@outboundsync.com"),
        ("redirect", "HTTP 302: not an answer of the OutboundSync API"),
        ("html", "HTTP 200: not an answer of the OutboundSync API"),
        ("wrong_shape", "HTTP 200: not an answer of the OutboundSync API"),
        ("truncated", ""),  # some libraries notice, for others it is no JSON
    ],
    ids=["401", "403", "500", "redirect", "html", "wrong shape", "truncated"],
)
def test_a_failure_is_one_request_and_one_sentence(run: Run, name: str, said: str) -> None:
    with Sandbox() as sandbox:
        assert sentence(run(sandbox.origin, BY_NAME[name].key)).startswith(said)
        assert [request.path for request in sandbox.state.requests] == ["/api/v1/me"]


def test_a_429_is_retried_once_after_the_stated_wait(run: Run) -> None:
    with Sandbox(SandboxState(Limits(retry_after_seconds=1))) as sandbox:
        outcome = run(sandbox.origin, BY_NAME["rate_limited_once"].key)
        assert (outcome.code, outcome.err) == (0, "")
        assert json.loads(outcome.out) == BY_NAME["rate_limited_once"].answer.body
        first, second = sandbox.state.requests
        assert second.at - first.at >= 1


def test_a_second_429_ends_it(run: Run) -> None:
    with Sandbox(SandboxState(Limits(retry_after_seconds=1))) as sandbox:
        said = sentence(run(sandbox.origin, BY_NAME["rate_limited_always"].key))
        assert said.startswith("HTTP 429: still rate limited after one retry")
        first, second = sandbox.state.requests
        assert second.at - first.at >= 1


def test_a_hang_ends_with_the_time_out_and_is_not_retried(run: Run) -> None:
    with Sandbox() as sandbox:
        assert sentence(run(sandbox.origin, BY_NAME["hang"].key, shorter="time-out")).startswith(
            "OutboundSync gave no usable answer ("
        )
        assert len(sandbox.state.requests) == 1


# Retry-After in every form. These clients have no patience, so they report the wait instead of sleeping it.


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, 60),
        ({"Retry-After": "037"}, 37),
        ({"Retry-After": "36.2"}, 37),
        ({"Retry-After": "-5"}, 60),
        ({"Retry-After": "soon"}, 60),
        ({"Retry-After": "9" * 5000}, 60),
        ({"Date": "Thu, 01 Jan 2004 23:59:50 GMT", "Retry-After": "Fri, 02 Jan 2004 00:00:30 GMT"}, 40),
        ({"Date": "Thu, 01 Jan 2004 23:59:50 GMT", "Retry-After": "Fri, 32 Jan 2004 00:00:30 GMT"}, 60),
    ],
    ids=["missing", "zeros", "fraction", "negative", "words", "endless", "date", "no date"],
)
def test_retry_after_is_seconds_or_a_date_and_60_otherwise(run: Run, headers: dict[str, str], seconds: int) -> None:
    with ScriptedServer(response(429, headers, {"message": "Too Many Requests"})) as server:
        said = sentence(run(server.origin, shorter="patience"))
        assert said == f"HTTP 429: rate limited; try again in {seconds} seconds."
        assert len(server.requests) == 1


def test_a_wait_that_is_over_is_still_a_second(run: Run) -> None:
    past = {"Date": "Fri, 02 Jan 2004 00:00:30 GMT", "Retry-After": "Fri, 02 Jan 2004 00:00:00 GMT"}
    with ScriptedServer(response(429, past), OK) as server:
        assert json.loads(run(server.origin).out) == ME
        first, second = server.requests
        assert second.at - first.at >= 1


def test_a_day_is_too_long_to_block_on(run: Run) -> None:
    with ScriptedServer(response(429, {"Retry-After": "86400"})) as server:
        assert sentence(run(server.origin)) == "HTTP 429: rate limited; try again in 86400 seconds."
        assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("second", "said"),
    [(response(401), "HTTP 401"), (End.RESET, "OutboundSync gave no usable answer (")],
    ids=["401", "reset"],
)
def test_what_follows_the_retry_is_not_retried(run: Run, second: Script, said: str) -> None:
    with ScriptedServer(response(429, {"Retry-After": "0"}), second) as server:
        assert sentence(run(server.origin)).startswith(said)
        assert len(server.requests) == 2


# The key


def test_the_key_travels_in_the_authorization_header_and_nowhere_else(run: Run) -> None:
    with ScriptedServer(OK) as server:
        run(server.origin + "/", f" {KEY}\n")
        [request] = server.requests
        assert (request.method, request.target, request.body) == ("GET", "/api/v1/me", b"")
        assert request.header("Authorization") == f"Bearer {KEY}"
        assert request.head.count(SECRET.encode()) == 1


def test_a_server_that_repeats_the_key_does_not_get_it_printed(run: Run) -> None:
    with ScriptedServer(response(403, {"X-Key": KEY}, {"message": f"no: {KEY}"})) as server:
        assert sentence(run(server.origin)).startswith("HTTP 403: ")


def test_a_redirect_does_not_carry_the_key_away(run: Run) -> None:
    with ScriptedServer(OK) as other, ScriptedServer(response(307, {"Location": other.origin})) as server:
        assert sentence(run(server.origin)).startswith("HTTP 307: ")
        assert other.connections == 0


@pytest.mark.parametrize(
    "key",
    [None, "pat-na1-0b3fca2e-1c2d-4a55-9f0e-77d1c4a3b2e1", f'{KEY}" x', f"{KEY}\u200b"],
    ids=["unset", "another vendor's", "with more", "invisible"],
)
def test_what_is_no_outboundsync_key_is_not_sent(run: Run, key: str | None) -> None:
    with ScriptedServer(OK) as server:
        said = sentence(run(server.origin, key))
        assert said == "OUTBOUNDSYNC_API_KEY must hold an OutboundSync API key, which starts with osapi_."
        assert server.connections == 0


# The network


@pytest.mark.parametrize(
    "script", [End.RESET, (b"SSH-2.0-OpenSSH_9.2\r\n", End.CLOSE)], ids=["reset", "another protocol"]
)
def test_no_http_answer_is_one_sentence(run: Run, script: Script) -> None:
    with ScriptedServer(script) as server:
        assert sentence(run(server.origin)).startswith("OutboundSync gave no usable answer (")


def test_a_refused_connection_is_one_sentence(run: Run) -> None:
    with ScriptedServer() as server:
        closed = server.origin
    assert sentence(run(closed)).startswith("OutboundSync gave no usable answer (")


def test_an_impossible_address_is_one_sentence(run: Run) -> None:
    assert sentence(run("http://127.0.0.1:99999")).startswith("OutboundSync gave no usable answer (")
