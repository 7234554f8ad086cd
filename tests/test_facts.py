"""Nothing is invented: what prompts, pages and reference clients state about OutboundSync is on a list with sources.

The list holds what can be looked up: addresses, screens, messages, fields, numbers. Its sources:
A  the vendor's page "Errors and rate limits"
B  the vendor's pages "Creating API keys" and "Get account and connections"
C  the vendor's agent notes
P  this product's own names and limits
"""

import re
from collections.abc import Iterable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
TEXTS = sorted(
    path
    for folder in ("prompts", "outboundsync_mcp/pages", "examples/clients")
    for path in (ROOT / folder).iterdir()
    if path.is_file()
)
WORDS = [path for path in TEXTS if path.suffix == ".md"]

LINKS = {
    "https://app.outboundsync.com": "A",
    "https://app.outboundsync.com/api/v1/me": "A",
    "https://outboundsync.com/docs/api/errors-and-rate-limits/": "A",
    "https://outboundsync.com/docs/api/authentication/creating-api-keys/": "B",
    "https://outboundsync.com/docs/api/endpoints/get-account-and-connections/": "B",
    "service@outboundsync.com": "B",
    "security@outboundsync.com": "B",
    "you@company.com": "B",
}
SCREENS = {
    "**Connected Accounts → API keys**": "B",
    "*Connection scope*": "B",
    "**Create key**": "B",
    "**Rotate**": "B",
}
SPANS = {
    # the request and its answers
    "GET /api/v1/me": "A",
    "/api/v1/me": "A",
    "/me": "A",
    "GET https://app.outboundsync.com/api/v1/me": "A",
    "app.outboundsync.com": "A",
    "Authorization": "A",
    "Authorization: Bearer osapi_…": "A",
    "Authorization: Bearer <key>": "A",
    "osapi_": "B",
    "Invalid API key": "A",
    "API access is not enabled for this account": "A",
    'WWW-Authenticate: Bearer realm="OutboundSync API"': "A",
    "Retry-After": "A",
    "Retry-After: 37": "A",
    "X-RateLimit-Limit": "C",
    "X-RateLimit-Remaining": "C",
    "X-RateLimit-Reset": "C",
    "message": "A",
    "statusCode": "A",
    "error": "A",
    # the documented body
    "account": "B",
    "account.id": "B",
    "account.email": "B",
    "apiKey": "B",
    "apiKey.name": "B",
    "apiKey.scopes": "B",
    "apiKey.connectionScope": "B",
    "connectionScope": "B",
    "read": "B",
    "connection": "B",
    "connections": "B",
    "connections[].id": "B",
    "connections[].crm": "B",
    "connections[].organizationId": "B",
    "connections[].organizationDomain": "B",
    "HUBSPOT": "B",
    "SALESFORCE": "B",
    # this product
    "get_me": "P",
    "diagnose_error": "P",
    "text": "P",
    "me": "P",
    "ok": "P",
    "kind": "P",
    "cause": "P",
    "other_causes": "P",
    "confidence": "P",
    "certain": "P",
    "remediation": "P",
    "who_fixes": "P",
    "outboundsync": "P",
    "retryable": "P",
    "retry_after_seconds": "P",
    "retry_at": "P",
    "max_wait_seconds": "P",
    "missing_api_key": "P",
    "malformed_api_key": "P",
    "api_access_disabled": "P",
    "rate_limited": "P",
    "server_error": "P",
    "upstream_unavailable": "P",
    "timed_out": "P",
    "not_outboundsync": "P",
    "add_retry_handling": "P",
    "outboundsync-mcp sandbox": "P",
    "outboundsync://errors": "P",
    "outboundsync://errors/": "P",
    "outboundsync://errors/rate_limited": "P",
    "outboundsync://rate-limits": "P",
    "outboundsync://api/me": "P",
    "OUTBOUNDSYNC": "P",
    "OUTBOUNDSYNC_API_KEY": "P",
    "OUTBOUNDSYNC_API_KEY_FILE": "P",
    # HTTP's own (RFC 9110)
    "Date": "P",
    "Accept: application/json": "P",
}
NUMBERS = {
    "120 requests": "A",
    "60 seconds": "A",
    "15 seconds": "P",  # the time-out
    "120 seconds": "P",  # the longest wait that a reference client blocks for
    "one second": "P",
    "one request": "P",
    "two requests": "P",
}


def unknown(found: Iterable[str], known: Iterable[str]) -> set[str]:
    return {" ".join(item.split()) for item in found} - set(known)


def prose(path: Path) -> str:
    """A text without front matter, code blocks and placeholders."""
    text = path.read_text(encoding="utf-8")
    text = re.sub(r"\A---\n.*?^---\n", "", text, flags=re.DOTALL | re.MULTILINE)
    text = re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE)
    return re.sub(r"\{\{\w+\}\}", "", text)


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.name)
def test_every_address_is_the_vendors_own(path: Path) -> None:
    found = re.findall(r"https?://[\w./-]*\w/?|[\w.]+@[\w.]+\w", path.read_text(encoding="utf-8"))
    assert unknown(found, LINKS) == set()


@pytest.mark.parametrize("path", WORDS, ids=lambda path: path.name)
def test_every_literal_is_documented(path: Path) -> None:
    assert unknown(re.findall(r"`([^`]+)`", prose(path)), SPANS) == set()


@pytest.mark.parametrize("path", WORDS, ids=lambda path: path.name)
def test_every_screen_exists(path: Path) -> None:
    text = prose(path)
    paths = re.findall(r"\*\*[^*]*→[^*]*\*\*", text)
    buttons = re.findall(r"(?:select(?:s|ing)?|choose the same)\s+(\*+[^*]+\*+)", text)
    assert unknown((*paths, *buttons), SCREENS) == set()


@pytest.mark.parametrize("path", WORDS, ids=lambda path: path.name)
def test_every_amount_is_documented(path: Path) -> None:
    found = re.findall(r"\b(?:\d+|one|two|three) (?:requests?|seconds?|minutes?|hours?|limits|days?)\b", prose(path))
    assert unknown(found, NUMBERS) == set()


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.name)
def test_every_status_is_one_that_is_explained(path: Path) -> None:
    found = re.findall(r"\b[1-5]\d\d\b(?! seconds)", prose(path))
    assert set(found) <= {"200", "302", "401", "403", "429", "500", "120", "123"}
