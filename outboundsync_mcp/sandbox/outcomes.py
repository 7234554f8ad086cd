"""Every way the API can answer, as data: one sandbox key per outcome. Any other key is answered 401."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

ME_PATH: Final = "/api/v1/me"

Body = Mapping[str, object] | str
"""A JSON object, or text that is sent as HTML."""

Behaviour = Literal[
    "answer",
    "hang",  # nothing is answered until the client goes
    "truncate",  # Content-Length promises twice what is sent
    "limited_once",  # the three below: the answer follows when the stated wait is over
    "limited_unstated",
    "limited_until_date",
    "limited_always",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One HTTP response."""

    status: int = 200
    body: Body = field(default_factory=dict[str, object])
    headers: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """A key and what the API makes of it."""

    name: str
    key: str = field(repr=False)
    """Opaque but for the word sandbox: a part of it that occurs in an answer would be redacted there."""
    description: str
    """One line, for people."""
    answer: Answer
    behaviour: Behaviour = "answer"
    account: int | None = 42
    """Whose quota the request uses; None when the answer is given before or regardless of that."""


def error(status: int, message: str | list[str], reason: str | None = None) -> Answer:
    """An error in the API's own form: `message`, `statusCode` and mostly `error` (vendor: "Errors and rate limits")."""
    named = {"error": reason} if reason else {}
    return Answer(status=status, body={"message": message, **named, "statusCode": status})


UNAUTHORIZED: Final = Answer(
    status=401,
    body={"message": "Invalid API key", "error": "Unauthorized", "statusCode": 401},
    headers={"WWW-Authenticate": 'Bearer realm="OutboundSync API"'},
)
"""The one answer for a missing, malformed, unknown, revoked and rotated key."""

TOO_MANY: Final = error(429, "ThrottlerException: Too Many Requests")
"""The vendor does not fix the message of a 429; this is what its framework says unless told otherwise."""

LOGIN_PAGE: Final = (
    "<!doctype html><html><head><title>Sign in</title></head><body><form><h1>Sign in</h1></form></body></html>"
)

HUBSPOT: Final = {"id": 7, "crm": "HUBSPOT", "organizationId": "123", "organizationDomain": "acme.com"}
SALESFORCE: Final = {"id": 8, "crm": "SALESFORCE", "organizationId": None, "organizationDomain": None}


def _me(
    *connections: Mapping[str, object],
    scope: Literal["account", "connection"] = "account",
    scopes: tuple[str, ...] = ("read",),
    email: str | None = "you@company.com",
    key_fields: Mapping[str, object] | None = None,
    **top_level: object,
) -> Answer:
    """The documented 200 (vendor: "Get account and connections")."""
    return Answer(
        body={
            "account": {"id": 42, "email": email},
            "apiKey": {"name": "Demo", "scopes": list(scopes), "connectionScope": scope, **(key_fields or {})},
            "connections": list(connections),
            **top_level,
        }
    )


def _page(title: str, *lines: str) -> str:
    text = "".join(f"<p>{line}</p>" for line in lines)
    return f"<html><head><title>{title}</title></head><body><center><h1>{title}</h1></center>{text}</body></html>"


def _gateway(status: int, title: str) -> Answer:
    return Answer(status=status, body=_page(f"{status} {title}", "nginx"), headers={"Server": "nginx"})


def _cloudflare(title: str, *lines: str, **headers: str) -> Answer:
    ray = {"Server": "cloudflare", "CF-RAY": "8f2a6c1d9b3e4a57-FRA"}
    more = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(status=403, body=_page(title, *lines), headers=ray | more)


SUCCESS: Final = _me(HUBSPOT, SALESFORCE)

OUTCOMES: Final[tuple[Outcome, ...]] = (
    Outcome(
        name="success",
        key="osapi_sandbox_niR8urC2sa52Ldh9QsZ6bjS9",
        description="200: an account-wide key that reads two connections",
        answer=SUCCESS,
    ),
    Outcome(
        name="connection_scoped",
        key="osapi_sandbox_UXJ82jZ8qQ36pQh53qb6uDG9",
        description="200: a key for one connection, of an account without e-mail address",
        answer=_me(HUBSPOT, scope="connection", email=None),
    ),
    Outcome(
        name="unknown_fields",
        key="osapi_sandbox_2Yf4MmV8SMk4ydn5eFn7WcJ9",
        description="200: with fields and scopes that the documentation does not list",
        answer=_me(
            HUBSPOT,
            {"id": 9, "crm": "DEMO_CRM", "organizationId": "a-1", "organizationDomain": None},
            scopes=("read", "demo:more"),
            key_fields={"connectionId": None},
            links={"documentation": "https://outboundsync.com/docs/api/errors-and-rate-limits/"},
        ),
    ),
    Outcome(
        name="empty_connections",
        key="osapi_sandbox_qn87x487cBb5dvL4TcG63sH8",
        description="200: no connection at all, which the documentation rules out",
        answer=_me(),
    ),
    Outcome(
        name="revoked",
        key="osapi_sandbox_MhU589f5Lzb4MJn97uW3Hur8",
        description="401: as for every missing, malformed, unknown, revoked or rotated key",
        answer=UNAUTHORIZED,
        account=None,
    ),
    Outcome(
        name="api_access_disabled",
        key="osapi_sandbox_TEQ6FHa5P3p9PwY4tpv8xtD5",
        description="403: no accessible connection has API access enabled",
        answer=error(403, "API access is not enabled for this account", "Forbidden"),
        account=43,
    ),
    Outcome(
        name="forbidden",
        key="osapi_sandbox_g8W37rd8xTB9RXR9BPk8R668",
        description="403: refused for another reason than API access",
        answer=error(403, "This API key does not have the required scope", "Forbidden"),
    ),
    Outcome(
        name="message_list",
        key="osapi_sandbox_npq2anj4q6u2BwV2DcG2N386",
        description="403: the documented message, as a list and without `error`",
        answer=error(403, ["API access is not enabled for this account"]),
        account=43,
    ),
    Outcome(
        name="rate_limited_once",
        key="osapi_sandbox_AWT9gPA5jfn79sA9aak24Z29",
        description="429 with Retry-After; 200 for the first request after that wait, then from the start",
        answer=SUCCESS,
        behaviour="limited_once",
        account=None,
    ),
    Outcome(
        name="rate_limited_always",
        key="osapi_sandbox_Uyg4Cg95gmm5aqA9XPG2zPw3",
        description="429 with Retry-After, every time",
        answer=TOO_MANY,
        behaviour="limited_always",
        account=None,
    ),
    Outcome(
        name="rate_limited_unstated",
        key="osapi_sandbox_UvW74eU6uxW8Wri6xhH7HAX8",
        description="like rate_limited_once, but without Retry-After",
        answer=SUCCESS,
        behaviour="limited_unstated",
        account=None,
    ),
    Outcome(
        name="rate_limited_until_date",
        key="osapi_sandbox_xQw58kE3pKi86Pk5e2z6Bux3",
        description="like rate_limited_once, but Retry-After is an HTTP date",
        answer=SUCCESS,
        behaviour="limited_until_date",
        account=None,
    ),
    Outcome(
        name="server_error",
        key="osapi_sandbox_ftC2HHH5YDN5Wpg6ekK6Msy5",
        description="500: an unexpected failure of the API",
        answer=error(500, "Internal server error"),
    ),
    Outcome(
        name="bad_gateway",
        key="osapi_sandbox_B3b33Y49Bix5Ac84Jku8y4n6",
        description="502: HTML from a gateway in front of the API",
        answer=_gateway(502, "Bad Gateway"),
        account=None,
    ),
    Outcome(
        name="unavailable",
        key="osapi_sandbox_bTw2hCM5Hf79WpT4qPh9sRD7",
        description="503: HTML from a gateway in front of the API",
        answer=_gateway(503, "Service Temporarily Unavailable"),
        account=None,
    ),
    Outcome(
        name="gateway_timeout",
        key="osapi_sandbox_ATY6UKL4PwK59df6iUe6ANi7",
        description="504: HTML from a gateway in front of the API",
        answer=_gateway(504, "Gateway Time-out"),
        account=None,
    ),
    Outcome(
        name="cloudflare_block",
        key="osapi_sandbox_bqv4FTt4rEh6h2d8QEw3Jne4",
        description="403: Cloudflare's page for error 1020, a firewall rule",
        answer=_cloudflare("Access denied", "Error code: 1020", "This website is using a security service."),
        account=None,
    ),
    Outcome(
        name="cloudflare_challenge",
        key="osapi_sandbox_fzY8ELY5wYL8igZ3dVk6Qyw6",
        description="403: Cloudflare's challenge, which only a browser can pass",
        answer=_cloudflare("Just a moment...", "Enable JavaScript and cookies to continue", CF_Mitigated="challenge"),
        account=None,
    ),
    Outcome(
        name="redirect",
        key="osapi_sandbox_mQG2Gfn2AgG75Fu2wf87jKj9",
        description="302 to /login, a page for people",
        answer=Answer(status=302, body="", headers={"Location": "/login"}),
        account=None,
    ),
    Outcome(
        name="html",
        key="osapi_sandbox_hBR93me2v5e3HgZ8kRk3VCA6",
        description="200: a sign-in page instead of JSON",
        answer=Answer(body=LOGIN_PAGE),
        account=None,
    ),
    Outcome(
        name="wrong_shape",
        key="osapi_sandbox_XNb7rz93wKg3MAF26Ve5C525",
        description="200: JSON that is not the documented body",
        answer=Answer(body={"status": "ok"}),
    ),
    Outcome(
        name="truncated",
        key="osapi_sandbox_7KM4HEP4zbM6Tg85D8E9s835",
        description="200: the connection ends in the middle of the body",
        answer=SUCCESS,
        behaviour="truncate",
    ),
    Outcome(
        name="hang",
        key="osapi_sandbox_kBW5ijM89Ky6fJy32E56n4b6",
        description="no answer until the client gives up",
        answer=SUCCESS,
        behaviour="hang",
        account=None,
    ),
)

BY_KEY: Final[Mapping[str, Outcome]] = {outcome.key: outcome for outcome in OUTCOMES}
BY_NAME: Final[Mapping[str, Outcome]] = {outcome.name: outcome for outcome in OUTCOMES}


def key_table() -> str:
    """Every key with its outcome, two lines each, for `--help` and `GET /`."""
    return "\n".join(f"  {outcome.key}  {outcome.name}\n      {outcome.description}" for outcome in OUTCOMES)
