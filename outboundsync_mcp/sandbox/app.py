"""The API itself as an ASGI application: IP limit, key check, account owner limit, answer, in this order."""

import json
import math
from collections.abc import Mapping
from email.utils import formatdate

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from outboundsync_mcp.sandbox.outcomes import (
    BY_KEY,
    LOGIN_PAGE,
    ME_PATH,
    OUTCOMES,
    TOO_MANY,
    UNAUTHORIZED,
    Answer,
    Outcome,
    error,
    key_table,
)
from outboundsync_mcp.sandbox.state import Limits, Quota, SandboxState


def create_app(state: SandboxState) -> Starlette:
    """The application over `state`, which tests may look into meanwhile.

    `GET /` explains the sandbox, `GET /api/v1/me` is the API, all else is the API's own 404.
    """

    async def me(request: Request) -> Response:
        outcome = _outcome_of(request)
        response = _answer(state, request, outcome)
        named = outcome.name if outcome else "unknown" if "authorization" in request.headers else None
        state.log(
            request.method, request.url.path, named, None if isinstance(response, _Hang) else response.status_code
        )
        return response

    async def not_found(request: Request, _: Exception) -> Response:
        state.log(request.method, request.url.path, None, 404)
        return _response(state, error(404, f"Cannot {request.method} {request.url.path}", "Not Found"))

    async def about(request: Request) -> Response:
        origin = str(request.base_url).rstrip("/")
        if "application/json" in request.headers.get("accept", ""):
            return Response(json.dumps(_about(origin, state.limits), indent=2), media_type="application/json")
        return PlainTextResponse(_about_text(origin, state.limits))

    async def login(_: Request) -> Response:
        return HTMLResponse(LOGIN_PAGE)

    app = Starlette(
        routes=[Route("/", about), Route("/login", login), Route(ME_PATH, me)],
        exception_handlers={404: not_found, 405: not_found},
    )
    app.router.redirect_slashes = False
    return app


def _outcome_of(request: Request) -> Outcome | None:
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    return BY_KEY.get(key.strip()) if scheme.lower() == "bearer" else None


def _answer(state: SandboxState, request: Request, outcome: Outcome | None) -> Response:
    quota = state.count_ip(request.client.host if request.client else "")
    if quota.exceeded:
        return _response(state, TOO_MANY, {"Retry-After": str(quota.resets_in)})
    if outcome is None:
        return _response(state, UNAUTHORIZED)
    headers: Mapping[str, str] = {}
    if outcome.account is not None:
        quota = state.count_account(outcome.account)
        headers = quota.headers
        if quota.exceeded:
            return _response(state, TOO_MANY, {**headers, "Retry-After": str(quota.resets_in)})
    return _behave(state, outcome, headers)


def _behave(state: SandboxState, outcome: Outcome, headers: Mapping[str, str]) -> Response:
    match outcome.behaviour:
        case "answer":
            return _response(state, outcome.answer, headers)
        case "hang":
            return _Hang()
        case "truncate":
            return _response(state, outcome.answer, headers, of=_Truncated)
        case "limited_always":
            return _limited(state, outcome, state.limits.retry_after_seconds)
        case "limited_once" | "limited_unstated" | "limited_until_date":
            wait = state.remaining_wait(outcome.name)
            return _limited(state, outcome, wait) if wait else _response(state, outcome.answer)


def _limited(state: SandboxState, outcome: Outcome, wait: float) -> Response:
    """A 429 as if something else had used up the account owner's window, which ends in `wait` seconds."""
    if outcome.behaviour == "limited_unstated":
        return _response(state, TOO_MANY)
    seconds = max(1, math.ceil(wait))
    stated = str(seconds)
    if outcome.behaviour == "limited_until_date":
        stated = formatdate(math.ceil(state.clock() + wait), usegmt=True)
    quota = Quota(state.limits.limit, state.limits.limit, seconds)
    return _response(state, TOO_MANY, {**quota.headers, "Retry-After": stated})


class _Hang(Response):
    """Answers nothing until the client goes."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002
        while (await receive())["type"] != "http.disconnect":
            pass


class _Truncated(Response):
    """Ends the connection half-way through the body."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        half = bytes(self.body)[: len(self.body) // 2]
        await send({"type": "http.response.body", "body": half, "more_body": True})


def _response(
    state: SandboxState, answer: Answer, headers: Mapping[str, str] | None = None, *, of: type[Response] = Response
) -> Response:
    html = isinstance(answer.body, str)
    content = answer.body if isinstance(answer.body, str) else json.dumps(answer.body, separators=(",", ":"))
    stamped = {"Date": formatdate(state.clock(), usegmt=True), **answer.headers, **(headers or {})}
    return of(content, answer.status, stamped, "text/html" if html else "application/json")


def _about(origin: str, limits: Limits) -> dict[str, object]:
    return {
        "about": "A sandbox of the OutboundSync API. Nothing here is real, and nothing leaves this machine.",
        "endpoint": f"{origin}{ME_PATH}",
        "limits": {
            "requestsPerAccountOwner": limits.limit,
            "requestsPerIpAddress": limits.per_ip,
            "windowSeconds": limits.window_seconds,
            "retryAfterSeconds": limits.retry_after_seconds,
        },
        "keys": [{"name": row.name, "key": row.key, "outcome": row.description} for row in OUTCOMES],
    }


def _about_text(origin: str, limits: Limits) -> str:
    return f"""\
A sandbox of the OutboundSync API. Nothing here is real, and nothing leaves this machine.

  curl -i -H "Authorization: Bearer {OUTCOMES[0].key}" {origin}{ME_PATH}

Limits, in fixed windows of {limits.window_seconds} s: {limits.per_ip} requests per IP address, before the key is
checked, and {limits.limit} per account owner after it. The keys that are rate limited by name wait
{limits.retry_after_seconds} s.

Keys, one for each outcome (any other is answered 401):

{key_table()}
"""
