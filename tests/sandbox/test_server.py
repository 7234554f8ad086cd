"""What the sandbox listens on, how it explains itself, what it refuses, and how it ends."""

import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Generator

import pytest

from outboundsync_mcp.sandbox.outcomes import ME_PATH, OUTCOMES
from outboundsync_mcp.sandbox.server import Sandbox, run_sandbox
from outboundsync_mcp.sandbox.state import Limits
from tests.support.sandbox import KEYS, running_sandbox, send

UNAUTHORIZED = {"message": "Invalid API key", "error": "Unauthorized", "statusCode": 401}


@pytest.fixture(scope="module")
def sandbox() -> Generator[Sandbox]:
    with running_sandbox(limits=Limits(limit=10_000, window_seconds=86_400, retry_after_seconds=3)) as sandbox:
        yield sandbox


@pytest.mark.parametrize(
    ("sent", "logged"),
    [
        (None, None),
        ("", "unknown"),
        ("Bearer", "unknown"),
        ("Bearer osapi_live_Zq7Kp2Vx9Lm4Rt6W", "unknown"),
        ("Bearer pat-na1-0123", "unknown"),
        (KEYS["success"], "unknown"),
        (f"Basic {KEYS['success']}", "unknown"),
        (f"Bearer {KEYS['success']}x", "unknown"),
        (f"Bearer Bearer {KEYS['success']}", "unknown"),
        (f"Bearer {KEYS['revoked']}", "revoked"),
    ],
)
def test_every_key_that_is_not_valid_gets_one_uniform_401(
    sandbox: Sandbox, sent: str | None, logged: str | None
) -> None:
    answer = send(sandbox.origin, headers={} if sent is None else {"Authorization": sent})
    assert (answer.status_code, answer.json()) == (401, UNAUTHORIZED)
    assert answer.headers["www-authenticate"] == 'Bearer realm="OutboundSync API"'
    assert sandbox.state.requests[-1].outcome == logged


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
def test_the_scheme_is_read_in_any_case(sandbox: Sandbox, scheme: str) -> None:
    headers = {"Authorization": f"{scheme} {KEYS['success']}"}
    assert send(sandbox.origin, headers=headers).status_code == 200


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/api/v1"),
        ("GET", "/api/v1/me/"),
        ("GET", "/api/v2/me"),
        ("GET", "/api/v1/contacts"),
        ("POST", ME_PATH),
        ("PUT", ME_PATH),
        ("DELETE", ME_PATH),
        ("OPTIONS", ME_PATH),
        ("POST", "/"),
    ],
)
def test_everything_else_is_the_apis_own_404(sandbox: Sandbox, method: str, path: str) -> None:
    answer = send(sandbox.origin, method, path, key=KEYS["success"])
    assert (answer.status_code, answer.json()) == (
        404,
        {"message": f"Cannot {method} {path}", "error": "Not Found", "statusCode": 404},
    )
    assert "allow" not in answer.headers


def test_head_answers_as_get_does_but_without_a_body(sandbox: Sandbox) -> None:
    head, get = (send(sandbox.origin, method, key=KEYS["success"]) for method in ("HEAD", "GET"))
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == get.headers["content-length"] == str(len(get.content))


def test_the_start_page_explains_every_key_in_text(sandbox: Sandbox) -> None:
    page = send(sandbox.origin, path="/")
    assert page.headers["content-type"] == "text/plain; charset=utf-8"
    assert sandbox.origin + ME_PATH in page.text
    assert "10000 requests per IP address" in page.text
    for outcome in OUTCOMES:
        assert f"{outcome.key}  {outcome.name}\n      {outcome.description}" in page.text


def test_the_start_page_is_json_for_programs(sandbox: Sandbox) -> None:
    page = send(sandbox.origin, path="/", headers={"Accept": "application/json"}).json()
    assert page["endpoint"] == sandbox.origin + ME_PATH
    assert page["limits"] == {
        "requestsPerAccountOwner": 10_000,
        "requestsPerIpAddress": 10_000,
        "windowSeconds": 86_400,
        "retryAfterSeconds": 3,
    }
    assert [(row["name"], row["key"]) for row in page["keys"]] == list(KEYS.items())


def test_the_start_page_costs_no_quota_and_is_not_logged() -> None:
    with running_sandbox(limits=Limits(limit=1, window_seconds=86_400)) as sandbox:
        assert [send(sandbox.origin, path="/").status_code for _ in range(3)] == [200] * 3
        assert sandbox.state.requests == []


def test_the_log_holds_no_key_wherever_it_was_sent(sandbox: Sandbox) -> None:
    key = "osapi_live_Zq7Kp2Vx9Lm4Rt6W"
    send(sandbox.origin, path=f"/{key}?key={key}", key=key)
    assert "Zq7K" not in repr(sandbox.state.requests)
    assert sandbox.state.requests[-1].path == "/osapi_…"


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "", "localhost", "127.0.0.2", "192.168.0.1", "example.com"])
def test_only_loopback_can_be_bound(host: str) -> None:
    sandbox = Sandbox(host=host)
    with pytest.raises(ValueError, match=r"^the sandbox listens on 127\.0\.0\.1 or ::1 only, not on "):
        sandbox.__enter__()
    with pytest.raises(ValueError, match=r"^the sandbox listens on 127\.0\.0\.1 or ::1 only, not on "):
        run_sandbox(host=host, on_ready=print)


def test_the_other_loopback_address_works_too() -> None:
    with running_sandbox(host="::1") as sandbox:
        assert sandbox.origin.startswith("http://[::1]:")
        assert send(sandbox.origin).status_code == 401


def test_a_taken_port_is_an_error_at_once() -> None:
    with running_sandbox() as sandbox:
        port = int(sandbox.origin.rpartition(":")[2])
        with pytest.raises(OSError, match="already in use"):
            run_sandbox(port=port, on_ready=print)


def test_leaving_ends_the_thread_and_every_connection_hanging_ones_included() -> None:
    before = threading.active_count()
    with running_sandbox() as sandbox:
        port = int(sandbox.origin.rpartition(":")[2])
        idle, hanging = (socket.create_connection(("127.0.0.1", port)) for _ in range(2))
        hanging.sendall(f"GET {ME_PATH} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {KEYS['hang']}\r\n\r\n".encode())
        while not sandbox.state.requests:  # the request is on its way over a real socket
            assert send(sandbox.origin, path="/").status_code == 200
    assert threading.active_count() == before
    for connection in (idle, hanging):
        connection.settimeout(10)
        assert connection.recv(1) == b""
        connection.close()


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_without_a_word(number: signal.Signals) -> None:
    program = (
        "from outboundsync_mcp.sandbox.server import run_sandbox\n"
        "run_sandbox(on_ready=lambda origin: print(origin, flush=True))\n"
        "print('ended')"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=dict(os.environ)
    ) as process:
        assert process.stdout is not None
        origin = process.stdout.readline().strip()
        assert send(origin).status_code == 401
        process.send_signal(number)
        assert process.communicate(timeout=30) == ("ended\n", "")
    assert process.returncode == 0
