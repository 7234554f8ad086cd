"""Both fixed windows, in the documented order, over real HTTP on virtual time."""

import asyncio
from collections.abc import Generator

import httpx
import pytest

from outboundsync_mcp.sandbox.outcomes import ME_PATH
from outboundsync_mcp.sandbox.server import Sandbox
from outboundsync_mcp.sandbox.state import KEPT_REQUESTS, Limits, SandboxState
from tests.support.clock import FakeClock
from tests.support.sandbox import KEYS, NO_TLS, running_sandbox, send

RATE_HEADERS = ("x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset")


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(auto=False)


@pytest.fixture
def sandbox(clock: FakeClock) -> Generator[Sandbox]:
    """Three requests per IP address, two per account owner."""
    with running_sandbox(clock, Limits(limit=2, ip_limit=3)) as sandbox:
        yield sandbox


def ask(sandbox: Sandbox, key: str | None = "success") -> httpx.Response:
    return send(sandbox.origin, key=KEYS[key] if key else None)


def rates(response: httpx.Response) -> tuple[str | None, ...]:
    return tuple(response.headers.get(name) for name in RATE_HEADERS)


def test_the_ip_limit_comes_before_the_key_check(sandbox: Sandbox) -> None:
    assert [ask(sandbox, None).status_code for _ in range(4)] == [401, 401, 401, 429]
    assert ask(sandbox, "success").status_code == 429


def test_the_account_limit_comes_after_the_key_check(sandbox: Sandbox) -> None:
    assert [ask(sandbox, name).status_code for name in ("revoked", "success", "success")] == [401, 200, 200]
    assert ask(sandbox, None).status_code == 429  # the address's fourth


def test_an_account_owner_is_limited_whichever_key_is_used(sandbox: Sandbox) -> None:
    assert [ask(sandbox, name).status_code for name in ("success", "connection_scoped")] == [200, 200]
    assert ask(sandbox, "unknown_fields").status_code == 429


def test_another_account_owner_has_a_window_of_its_own(sandbox: Sandbox) -> None:
    assert [ask(sandbox).status_code for _ in range(2)] == [200, 200]
    assert ask(sandbox, "api_access_disabled").status_code == 403


def test_the_account_limit_states_itself_in_headers(sandbox: Sandbox, clock: FakeClock) -> None:
    clock.jump(22.5)
    assert [rates(ask(sandbox)) for _ in range(2)] == [("2", "1", "38"), ("2", "0", "38")]
    limited = ask(sandbox)
    assert (limited.status_code, limited.headers["retry-after"]) == (429, "38")
    assert rates(limited) == ("2", "0", "38")


def test_the_ip_limit_states_nothing_but_retry_after(sandbox: Sandbox, clock: FakeClock) -> None:
    clock.jump(59.9)
    for _ in range(3):
        assert rates(ask(sandbox, None)) == (None, None, None)
    limited = ask(sandbox)
    assert (limited.status_code, limited.headers["retry-after"]) == (429, "1")
    assert rates(limited) == (None, None, None)


def test_waiting_retry_after_opens_the_window_again_and_less_does_not(sandbox: Sandbox, clock: FakeClock) -> None:
    clock.jump(10)
    assert [ask(sandbox).status_code for _ in range(3)] == [200, 200, 429]
    clock.jump(49.9)
    assert ask(sandbox).status_code == 429
    clock.jump(0.1)
    assert [ask(sandbox).status_code for _ in range(3)] == [200, 200, 429]


def test_windows_are_fixed_and_do_not_slide(sandbox: Sandbox, clock: FakeClock) -> None:
    clock.jump(59)
    assert [ask(sandbox).status_code for _ in range(2)] == [200, 200]
    clock.jump(1)
    assert [ask(sandbox).status_code for _ in range(2)] == [200, 200]


def test_the_documented_limits_are_the_default() -> None:
    clock = FakeClock(auto=False)
    with running_sandbox(clock) as sandbox, httpx.Client(verify=NO_TLS) as client:
        headers = {"Authorization": f"Bearer {KEYS['success']}"}
        answers = [client.get(sandbox.origin + ME_PATH, headers=headers) for _ in range(121)]
    assert [answer.status_code for answer in answers] == [200] * 120 + [429]
    assert answers[-1].headers["retry-after"] == "60"


def test_concurrent_requests_are_counted_exactly() -> None:
    async def main(origin: str) -> list[int]:
        headers = {"Authorization": f"Bearer {KEYS['success']}"}
        async with httpx.AsyncClient(headers=headers, timeout=30, verify=NO_TLS) as client:
            answers = await asyncio.gather(*(client.get(origin + ME_PATH) for _ in range(150)))
        return [answer.status_code for answer in answers]

    with running_sandbox(FakeClock(auto=False), Limits(limit=70, ip_limit=100)) as sandbox:
        statuses = asyncio.run(main(sandbox.origin))
        assert len(sandbox.state.requests) == 150
    assert (statuses.count(200), statuses.count(429)) == (70, 80)


@pytest.mark.parametrize("field", ["limit", "window_seconds", "ip_limit", "retry_after_seconds"])
def test_limits_below_one_are_refused_by_name(field: str) -> None:
    with pytest.raises(ValueError, match=f"^{field} must be at least 1, not 0$"):
        Limits(**{field: 0})


def test_one_limit_serves_both_layers_unless_the_ip_address_has_its_own() -> None:
    assert (Limits(limit=9).per_ip, Limits(limit=9, ip_limit=4).per_ip) == (9, 4)


def test_the_log_keeps_the_latest_requests_alone() -> None:
    state = SandboxState()
    for number in range(KEPT_REQUESTS + 5):
        state.log("GET", f"/{number}", None, 401)
    assert len(state.requests) == KEPT_REQUESTS
    assert (state.requests[0].path, state.requests[-1].path) == ("/5", f"/{KEPT_REQUESTS + 4}")
