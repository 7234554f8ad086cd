"""What is fuzzed: each target takes any bytes, and fails where a promise of the reader is broken.

`planted` hides a key in the text, in one of the places that keys are pasted in, whole or torn: no six characters in a
row of it may come out. Everything is a function of the bytes, so that a finding can be run again.
"""

import base64
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import pairwise

from outboundsync_mcp.diagnosis.diagnose import diagnose
from outboundsync_mcp.diagnosis.diagnosis import Diagnosis
from outboundsync_mcp.diagnosis.evidence import Evidence
from outboundsync_mcp.diagnosis.reader import read
from outboundsync_mcp.diagnosis.redact import RUN, redact
from outboundsync_mcp.diagnosis.response import parse_json, read_response
from outboundsync_mcp.diagnosis.retry_after import MAX_SECONDS, parse_http_date, parse_retry_after

NOW = datetime(2026, 12, 1, 12, 0, tzinfo=UTC)
SECRETS = ("Zk93mQpL2vX8sT4wYb7NcRd6", "9f86d081884c7d659a2feaa0")
"""Of random letters and digits, as keys are; and of hexadecimal digits."""
PLACES = (
    "Authorization: Bearer osapi_{}",
    "> authorization: bearer osapi_{}",
    "'Authorization': 'Bearer osapi_{}',",
    '{{"headers":{{"authorization":"Bearer osapi_{}"}}}}',
    '{{\\"authorization\\":\\"Bearer osapi_{}\\"}}',
    '{{"name":"Authorization","value":"Bearer {}"}}',
    "[(b'Authorization', b'Bearer {}')]",
    "OUTBOUNDSYNC_API_KEY=osapi_{}",
    'export OUTBOUNDSYNC_API_KEY="osapi_{}"',
    "the key osapi_{} fails with 401",
    "osapi%5F{}",
    "curl -H 'Authorization: Bearer osapi_{}' https://app.outboundsync.com/api/v1/me",
    "curl -u me:{} https://proxy.example/",
    "https://user:{}@proxy.example:3128/",
    "https://server.smartlead.ai/api/v1/campaigns?api_key={}&x=1",
    "Set-Cookie: session={}; path=/; HttpOnly",
    "Cookie: a=b; sid={}",
    "X-Api-Key: {}",
    '{{"client_secret":"{}"}}',
    "password={}",
    "sk-ant-{}",
    "sk_live_{}",
    "ghp_{}",
    "xoxb-{}",
    "pat-na1-{}",
    "eyJhbGciOi.eyJ{}.{}",
    "-----BEGIN PRIVATE KEY-----\n{}\n{}\n-----END PRIVATE KEY-----",
)  # fmt: skip
ENCODED = "Authorization: Basic {}"
TEARS = (
    "", "\n", "\r\n", "\n> ", "\x1b[0m", "\\n", '" + "', "'\n '", "\\\n", "=\n", "\u200b", "\x00", "`", '"', "{", "\t",
    " ",
)  # fmt: skip
"""What damages a key on its way into a paste."""

FIRST = 6
"""Characters of a torn key that stay with what marks it."""


def planted(data: bytes) -> tuple[str, str]:
    """The text that the bytes stand for, with a secret in it, and the secret."""
    control, rest = data[:5].ljust(5, b"\0"), data[5:].decode("utf-8", "surrogateescape")
    secret = SECRETS[control[4] & 1]
    cut = FIRST + control[3] % (len(secret) - FIRST)
    torn = secret[:cut] + TEARS[control[2] % len(TEARS)] + secret[cut:]
    number = control[0] % (len(PLACES) + 1)
    if number < len(PLACES):
        place = PLACES[number].format(*[torn] * PLACES[number].count("{}"))
    else:
        place = ENCODED.format(base64.b64encode(f"user:{secret}".encode()).decode())
    at = len(rest) * control[1] // 256
    again = f"\nit ends in {secret[cut:]}" if control[4] & 2 and len(secret) - cut >= RUN else ""
    across = f"\nit has {secret[cut - 3 : cut + 4]}" if control[4] & 4 else ""
    return f"{rest[:at]}\n{place}\n{rest[at:]}{again}{across}", secret


def runs_of(secret: str, shown: str) -> list[str]:
    """The runs of the secret that are shown."""
    return [secret[i : i + RUN] for i in range(len(secret) - RUN + 1) if secret[i : i + RUN] in shown]


def paste(data: bytes) -> None:
    """`diagnose_error`: no exception, a valid answer, no secret in it."""
    text, secret = planted(data)
    evidence = read(text, now=NOW)
    shown = _answer(evidence)
    assert not runs_of(secret, shown + repr(evidence)), "a secret is shown"


def redaction(data: bytes) -> None:
    """`redact`: no exception, no secret left, and doing it twice changes nothing."""
    text, secret = planted(data)
    redacted = redact(text)
    assert not runs_of(secret, redacted), "a secret is left"
    assert redact(redacted) == redacted, "it is not idempotent"


def response(data: bytes) -> None:
    """The parsers of a response: no exception, a wait of at least a second, a valid answer."""
    lines = data.decode("utf-8", "surrogateescape").split("\n")
    wait = parse_retry_after(lines[:3], date=lines[-1], now=NOW)
    assert wait is None or 1 <= wait <= MAX_SECONDS
    moment = parse_http_date(lines[0], now=NOW)
    assert moment is None or moment.tzinfo is UTC
    headers = [("Retry-After", lines[0]), *((name, value) for name, value in pairwise(lines[:20]))]
    body = "\n".join(lines[1:])
    parse_json(body)
    _answer(read_response(100 + len(data) % 500, headers, body, source="live", now=NOW)[0])


def _answer(evidence: Evidence) -> str:
    shown = diagnose(evidence, now=NOW).model_dump_json()
    Diagnosis.model_validate_json(shown)
    return shown


TARGETS: dict[str, Callable[[bytes], None]] = {"paste": paste, "redaction": redaction, "response": response}
