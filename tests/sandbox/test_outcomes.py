"""Every sandbox key gives over real HTTP what its row says."""

import json
from collections.abc import Generator
from email.utils import parsedate_to_datetime
from typing import Any

import httpx
import pytest

from outboundsync_mcp.api.credentials import ApiKey
from outboundsync_mcp.diagnosis.key_form import check_key
from outboundsync_mcp.sandbox.outcomes import OUTCOMES
from outboundsync_mcp.sandbox.server import Sandbox
from outboundsync_mcp.sandbox.state import Limits
from tests.support.clock import FakeClock
from tests.support.sandbox import KEYS, running_sandbox, send

ACCESS_DISABLED = "API access is not enabled for this account"
ANSWERS: dict[str, tuple[int, str, str]] = {  # status, content type, what the body holds
    "success": (200, "application/json", '"crm":"SALESFORCE","organizationId":null'),
    "connection_scoped": (200, "application/json", '"connectionScope":"connection"'),
    "unknown_fields": (200, "application/json", '"links":{'),
    "empty_connections": (200, "application/json", '"connections":[]'),
    "revoked": (401, "application/json", '"message":"Invalid API key"'),
    "api_access_disabled": (403, "application/json", f'"message":"{ACCESS_DISABLED}","error":"Forbidden"'),
    "forbidden": (403, "application/json", "scope"),
    "message_list": (403, "application/json", f'"message":["{ACCESS_DISABLED}"],"statusCode":403'),
    "rate_limited_once": (429, "application/json", '"statusCode":429'),
    "rate_limited_always": (429, "application/json", '"statusCode":429'),
    "rate_limited_unstated": (429, "application/json", '"statusCode":429'),
    "rate_limited_until_date": (429, "application/json", '"statusCode":429'),
    "server_error": (500, "application/json", '{"message":"Internal server error","statusCode":500}'),
    "bad_gateway": (502, "text/html; charset=utf-8", "502 Bad Gateway"),
    "unavailable": (503, "text/html; charset=utf-8", "503 Service Temporarily Unavailable"),
    "gateway_timeout": (504, "text/html; charset=utf-8", "504 Gateway Time-out"),
    "cloudflare_block": (403, "text/html; charset=utf-8", "Error code: 1020"),
    "cloudflare_challenge": (403, "text/html; charset=utf-8", "Just a moment..."),
    "redirect": (302, "text/html; charset=utf-8", ""),
    "html": (200, "text/html; charset=utf-8", "Sign in"),
    "wrong_shape": (200, "application/json", '{"status":"ok"}'),
}
"""Outcomes that are a whole HTTP response; the other two have their own tests."""


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(auto=False)


@pytest.fixture
def sandbox(clock: FakeClock) -> Generator[Sandbox]:
    with running_sandbox(clock, Limits(retry_after_seconds=7)) as sandbox:
        yield sandbox


def ask(sandbox: Sandbox, name: str, *, timeout: float = 10) -> httpx.Response:
    return send(sandbox.origin, key=KEYS[name], timeout=timeout)


def test_each_key_gives_its_documented_answer(sandbox: Sandbox) -> None:
    answers = {name: ask(sandbox, name) for name in ANSWERS}
    assert {
        name: (answer.status_code, answer.headers["content-type"], ANSWERS[name][2] in answer.text)
        for name, answer in answers.items()
    } == {name: (status, content_type, True) for name, (status, content_type, _) in ANSWERS.items()}
    assert [(entry.outcome, entry.status) for entry in sandbox.state.requests] == [
        (name, status) for name, (status, _, _) in ANSWERS.items()
    ]


def test_the_table_above_and_the_tests_below_cover_every_outcome() -> None:
    assert set(ANSWERS) | {"truncated", "hang"} == {outcome.name for outcome in OUTCOMES}


def test_each_description_begins_with_its_status() -> None:
    for outcome in OUTCOMES:
        if outcome.name in ANSWERS and not outcome.description.startswith("like "):
            assert outcome.description.startswith(str(ANSWERS[outcome.name][0])), outcome.name


def test_the_success_body_is_the_documented_one(sandbox: Sandbox) -> None:
    body: dict[str, Any] = ask(sandbox, "success").json()
    assert body == {
        "account": {"id": 42, "email": "you@company.com"},
        "apiKey": {"name": "Demo", "scopes": ["read"], "connectionScope": "account"},
        "connections": [
            {"id": 7, "crm": "HUBSPOT", "organizationId": "123", "organizationDomain": "acme.com"},
            {"id": 8, "crm": "SALESFORCE", "organizationId": None, "organizationDomain": None},
        ],
    }


def test_the_redirect_leads_to_the_login_page(sandbox: Sandbox) -> None:
    answer = ask(sandbox, "redirect")
    assert answer.headers["location"] == "/login"
    assert "Sign in" in send(sandbox.origin, path="/login").text


def test_intermediaries_leave_their_marks(sandbox: Sandbox) -> None:
    assert ask(sandbox, "bad_gateway").headers["server"] == "nginx"
    assert ask(sandbox, "cloudflare_block").headers["server"] == "cloudflare"
    challenge = ask(sandbox, "cloudflare_challenge").headers
    assert (challenge["cf-mitigated"], "cf-ray" in challenge) == ("challenge", True)


def test_a_truncated_body_ends_before_its_content_length(sandbox: Sandbox) -> None:
    with pytest.raises(httpx.RemoteProtocolError, match="without sending complete message body"):
        ask(sandbox, "truncated")


def test_hang_says_nothing_until_the_client_goes(sandbox: Sandbox) -> None:
    with pytest.raises(httpx.ReadTimeout):
        ask(sandbox, "hang", timeout=0.05)
    assert [(entry.outcome, entry.status) for entry in sandbox.state.requests] == [("hang", None)]
    assert ask(sandbox, "success").status_code == 200


@pytest.mark.parametrize(
    ("name", "stated"),
    [
        ("rate_limited_once", "7"),
        ("rate_limited_unstated", None),
        ("rate_limited_until_date", "Tue, 01 Sep 2026 12:00:07 GMT"),
    ],
)
def test_a_key_that_is_limited_once_is_served_after_the_wait_and_not_before(
    sandbox: Sandbox, clock: FakeClock, name: str, stated: str | None
) -> None:
    first = ask(sandbox, name)
    assert (first.status_code, first.headers.get("retry-after")) == (429, stated)
    clock.jump(6.5)
    assert ask(sandbox, name).status_code == 429
    clock.jump(0.5)
    assert ask(sandbox, name).status_code == 200
    assert ask(sandbox, name).status_code == 429
    assert [entry.at - sandbox.state.requests[0].at for entry in sandbox.state.requests] == [0, 6.5, 7, 7]


def test_an_early_retry_is_told_what_is_left_of_the_wait(sandbox: Sandbox, clock: FakeClock) -> None:
    ask(sandbox, "rate_limited_once")
    clock.jump(4.2)
    assert ask(sandbox, "rate_limited_once").headers["retry-after"] == "3"


def test_a_stated_date_is_never_before_the_wait_is_over(sandbox: Sandbox, clock: FakeClock) -> None:
    clock.jump(0.4)
    answer = ask(sandbox, "rate_limited_until_date")
    assert answer.headers["date"] == "Tue, 01 Sep 2026 12:00:00 GMT"
    until = parsedate_to_datetime(answer.headers["retry-after"])
    clock.jump((until - clock.now()).total_seconds())
    assert ask(sandbox, "rate_limited_until_date").status_code == 200


def test_a_key_that_is_always_limited_stays_so(sandbox: Sandbox, clock: FakeClock) -> None:
    for _ in range(3):
        answer = ask(sandbox, "rate_limited_always")
        assert (answer.status_code, answer.headers["retry-after"]) == (429, "7")
        assert (answer.headers["x-ratelimit-remaining"], answer.headers["x-ratelimit-reset"]) == ("0", "7")
        clock.jump(60)


@pytest.mark.parametrize("outcome", OUTCOMES, ids=lambda outcome: outcome.name)
def test_each_key_has_the_documented_form_and_says_that_it_is_a_sandbox_key(outcome: Any) -> None:
    form = check_key(outcome.key)
    assert (form.key, form.fault, form.mended) == (outcome.key, None, ())
    assert outcome.key.startswith("osapi_sandbox_")
    assert outcome.key not in repr(outcome)


@pytest.mark.parametrize("outcome", OUTCOMES, ids=lambda outcome: outcome.name)
def test_no_answer_holds_a_part_of_its_key_that_would_be_redacted(outcome: Any) -> None:
    body = outcome.answer.body if isinstance(outcome.answer.body, str) else json.dumps(outcome.answer.body)
    assert ApiKey(outcome.key).scrub(body) == body
