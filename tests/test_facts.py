"""Nothing is invented: what this product states about OutboundSync is on a list with sources.

Prompts, pages, reference clients, every text of the catalog, the tools' descriptions and the server's instructions are
read. The list holds what can be looked up (addresses, screens, messages, fields, numbers) and, for the catalog and the
server, each statement on how OutboundSync behaves. Its sources:
A  the vendor's page "Errors and rate limits"
B  the vendor's pages "Creating API keys" and "Get account and connections"
C  the vendor's agent notes
P  this product's own names and limits
G  general knowledge: HTTP, TLS, proxies, Cloudflare's headers
"""

import re
import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import cast

import pytest

from outboundsync_mcp.diagnosis.catalog import load_catalog
from outboundsync_mcp.server import INSTRUCTIONS
from outboundsync_mcp.tools import DIAGNOSE_ERROR, GET_ME

ROOT = Path(__file__).parents[1]
TEXTS = sorted(
    path
    for folder in ("prompts", "outboundsync_mcp/pages", "examples/clients")
    for path in (ROOT / folder).iterdir()
    if path.is_file()
)
WORDS = [path for path in TEXTS if path.suffix == ".md"]
CATALOG = ROOT / "outboundsync_mcp" / "diagnosis" / "catalog.toml"


def leaves(name: str, value: object) -> Iterator[tuple[str, str]]:
    """Every text below a table or list, with the path that leads to it."""
    if isinstance(value, str):
        yield name, value
    elif isinstance(value, dict):
        for key, below in cast("dict[str, object]", value).items():
            yield from leaves(f"{name}.{key}", below)
    elif isinstance(value, list):
        for number, below in enumerate(cast("list[object]", value), 1):
            yield from leaves(f"{name}.{number}", below)


def catalog_texts() -> Iterator[tuple[str, str]]:
    """Kinds, situations and every wording of a phrase. Facts are filled in; a phrase is a text of its own."""
    root = tomllib.loads(CATALOG.read_text(encoding="utf-8"))
    words = {**dict.fromkeys(root["phrase"], ""), **root["fact"]}
    for table in ("docs", "meaning", "fact", "phrase", "kind", "situation"):
        for name, text in leaves(table, root[table]):
            if not name.endswith("who_fixes"):
                yield name, text.format_map(words)


def server_texts() -> Iterator[tuple[str, str]]:
    """What a host shows to a model before anything is called."""
    yield "instructions", INSTRUCTIONS
    for tool in (GET_ME, DIAGNOSE_ERROR):
        for name, text in leaves(tool.name, tool.model_dump(mode="json", by_alias=True)):
            if name.endswith((f"{tool.name}.title", "description")):
                yield name, text


SPOKEN = [pytest.param(text, id=name) for name, text in (*catalog_texts(), *server_texts())]

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
CLAIMS = {
    # keys
    "OutboundSync did not accept the key": "A",
    "OutboundSync did not accept it": "A",
    "the same answer for a missing, malformed, invalid, revoked or rotated key": "A",
    "the API gives the same answer for all of these": "A",
    "one answer for a missing, malformed, invalid, revoked or rotated key": "A",
    "it is missing, malformed, invalid, revoked or rotated": "A",
    "it is wrong, incomplete, revoked or rotated": "A",
    "it has been revoked or rotated since": "A",
    "the key was revoked or rotated": "A",
    "whether this one was rotated": "A",
    "key rotation": "B",
    "a new secret for it would get the same answer": "A",
    "OutboundSync keys start with `osapi_`": "B",
    "the key does not start with `osapi_`, so it is not an OutboundSync API key": "B",
    "not of the documented form `osapi_…`": "B",
    "a key of the documented form": "B",
    "not a documented key": "B",
    "keys of other services do not work here": "B",
    "select **Rotate** on the key in **Connected Accounts → API keys** if": "B",
    "select **Rotate** in **Connected Accounts → API keys** if": "B",
    "select **Rotate** on it if its plaintext is lost": "B",
    "select **Rotate** or **Create key** if nobody has its plaintext (it is shown once)": "B",
    "the plaintext is shown once": "B",
    "OutboundSync shows the plaintext only once, when the key is created": "B",
    # access
    "API access is not enabled for this account": "A",
    "the key is valid and at least one accessible connection has API access enabled": "B",
    "a 200 is documented to mean at least one accessible connection with API access": "B",
    "no CRM connection that it can access has API access enabled": "A",
    "the documented meaning of a 403 on `/me`": "A",
    "the documented meaning of OutboundSync's 403 on `/me`": "A",
    "ask an administrator to enable API access for the CRM connection in the OutboundSync app": "A",
    "an administrator has to enable API access": "A",
    "ask an administrator to check that the connection is active, not deleted and has API access enabled": "B",
    "the connection has to be active and not deleted": "B",
    "the connection was deleted, became inactive or lost API access": "B",
    "scoped to one connection, which has API access enabled": "B",
    "with `connection` the key reaches one connection, with `account` all that have API access enabled": "B",
    "CRM connections with API access that this key may read": "B",
    "a connection-scoped key that sees its one connection": "C",
    "seeing only that connection is normal for such a key": "C",
    "*Connection scope* all connections": "B",
    "`get_me` shows `apiKey.scopes` and `apiKey.connectionScope`": "B",
    "`apiKey.connectionScope` in the body": "B",
    "name, scopes, connectionScope (account or connection)": "B",
    "most likely a permission is missing: a scope or a feature that the request needs": "C",
    "another endpoint or feature than `/api/v1/me`, which needs a scope that the key does not have": "C",
    "another OutboundSync permission is missing": "C",
    "another permission is missing in OutboundSync": "C",
    "another permission than API access is missing in OutboundSync": "C",
    "ask an OutboundSync administrator for the permission that it names": "C",
    "with another reason than the documented one for `/me`": "C",
    "not OutboundSync's documented one": "A",
    "a 200 says nothing about the health of a sync": "C",
    # limits
    "the IP address or the account used up its 120 requests of the current 60 seconds": "A",
    "the IP address or the account owner used up the 120 requests of the current fixed 60-second window": "A",
    "120 per 60 seconds, for each IP address and for each account owner, all clients together": "A",
    "the limit is 120 for each IP address and each account owner": "A",
    "the IP address or the account owner used up the API's own limit": "A",
    "the account owner's limit is used up by other clients of the same account": "A",
    "it is counted before the key is validated": "A",
    "using up the window of the IP address or the account": "A",
    "the API answered 429 again after the stated wait and the one documented retry": "A",
    "most of the current 60-second window": "A",
    "most of the window's requests": "A",
    "another request would only meet the same limit": "A",
    "the documented wait and the single retry": "A",
    "the documented single retry": "A",
    "the documented retry guidance": "A",
    # request and answers
    "the documented header": "A",
    "the documented `WWW-Authenticate` header": "A",
    'what OutboundSync documents for its own, the header `WWW-Authenticate: Bearer realm="OutboundSync API"`': "A",
    "the message is the documented one": "A",
    "the documented message": "A",
    "another message than the documented one": "A",
    "the documented one is `GET https://app.outboundsync.com/api/v1/me` with `Authorization: Bearer osapi_...`": "A",
    "the documented one is `https://app.outboundsync.com/api/v1/me`": "A",
    "the documented one is `/api/v1/me`": "A",
    "the documented `GET /api/v1/me`": "A",
    "the documented one: method `GET`, no body, one `Authorization` header, the path `/api/v1/me`": "A",
    "the documented request has no body": "A",
    "no redirect is documented": "B",
    "the documented JSON body": "B",
    "the documented body": "B",
    "the documented answer": "B",
    "not the documented one with `account`, `apiKey` and `connections`": "B",
    "another body than the documented one": "B",
    "a body far larger than the documented one": "B",
    "the API sends JSON with `account`, `apiKey` and `connections`": "B",
    "the API answers success with 200 and a JSON body": "B",
    "the answer is not JSON, as the API's are": "A",
    "the API's 404 is JSON": "C",
    "a path that the API does not know can answer with a web page": "C",
    "OutboundSync had an unexpected failure on its side": "A",
    "an unexpected failure on OutboundSync's side": "A",
    # what the evidence shows, not what OutboundSync is
    "this key was not validated in this process before": "P",
    "before the key was ever validated in this process": "P",
    "OutboundSync answered something else": "P",
    "in front of OutboundSync could not get an answer from it": "G",  # what 502 and 504 mean, RFC 9110
    "a gateway or CDN in front of OutboundSync answered in its place": "G",
    "in front of the API refused the request": "P",
    "between the client and the API changed it": "P",
    "between the client and the API produced it": "P",
    "the proxy between this network and OutboundSync wants": "P",
    "another server than the API seems": "P",
    "to see what the API says": "P",
    "the key as OutboundSync knows it": "P",
    "check OutboundSync access": "P",
    "OutboundSync refused the request": "P",
    "the API may not have seen the request": "P",
    "the API changed its answer": "P",
    "before the API saw it": "P",
    "(N requests in this window)": "P",
    "its key, limits and permissions are its own": "P",  # of the other vendor
}
"""Statements on how OutboundSync behaves, as the catalog and the server word them."""
TELLING = re.compile(
    r"\b(?:OutboundSync|the API) (?:is|are|was|has|had|may|can|do|did|does|\w+s|\w+ed)\b(?! API)|API access|scope|"
    r"permission|plaintext|rotat|revoke|\b(?:in)?active\b|delete|\blisted\b|\badmin|documented|account owner|"
    r"\bwindow|\bsame (?:answer|limit)|validated|as the API's|the API's \d|\bCDN in front of (?!it)",
    re.IGNORECASE,
)
"""What such a statement cannot do without. What is left of it once the known ones are gone has no source."""
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
    "status": "P",
    "user": "P",
    "admin": "P",
    "agent": "P",
    "network": "P",
    "OUTBOUNDSYNC_*": "P",
    "OUTBOUNDSYNC_BASE_URL": "P",
    "OUTBOUNDSYNC_TIMEOUT_SECONDS": "P",
    "outboundsync-mcp doctor": "P",
    # as the catalog words it
    "osapi_…": "B",
    "Authorization: Bearer osapi_...": "A",
    "Authorization: Bearer $OUTBOUNDSYNC_API_KEY": "A",
    "Authorization: Bearer": "A",
    "Bearer": "A",
    "WWW-Authenticate": "A",
    "GET": "A",
    "https://app.outboundsync.com": "A",
    "https://app.outboundsync.com/api/v1/me": "A",
    'curl -i -H "Authorization: Bearer $OUTBOUNDSYNC_API_KEY" https://app.outboundsync.com/api/v1/me': "A",
    # general knowledge
    "Date": "G",
    "Accept: application/json": "G",
    "Accept": "G",
    "Content-Type": "G",
    "Content-Encoding": "G",
    "If-None-Match": "G",
    "If-Modified-Since": "G",
    "CF-Ray": "G",  # Cloudflare puts it into its answers
    "Basic": "G",
    "Token": "G",
    "X-Api-Key": "G",
    "http://": "G",
    "https://": "G",
    "www": "G",
    "HTTPS_PROXY": "G",
    "HTTP_PROXY": "G",
    "ALL_PROXY": "G",
    "NO_PROXY": "G",
    "SSL_CERT_FILE": "G",
    "$VAR": "G",
    "%VAR%": "G",
    "NAME=value": "G",
    "curl -v": "G",
    "date -u": "G",
    "nslookup app.outboundsync.com": "G",
    "openssl s_client -connect app.outboundsync.com:443": "G",
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
OTHER_STATUSES = {"120", "599"}
"""Numbers of three digits in the catalog that are no status: the limit, the end of a range."""


def unknown(found: Iterable[str], known: Iterable[str]) -> set[str]:
    return {" ".join(item.split()) for item in found} - set(known)


def unsourced(text: str) -> list[str]:
    """What a text says of OutboundSync's behaviour beyond the listed statements."""
    rest = " ".join(text.split())
    for claim in sorted(CLAIMS, key=len, reverse=True):
        rest = re.sub(re.escape(claim), "…", rest, flags=re.IGNORECASE)
    return TELLING.findall(rest)


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


@pytest.mark.parametrize("text", SPOKEN)
def test_every_word_of_the_catalog_and_the_server_is_documented(text: str) -> None:
    links = re.findall(r"https?://[\w./-]*\w/?|[\w.]+@[\w.]+\w", text)
    assert unknown(links, LINKS) == set()
    assert unknown(re.findall(r"`([^`]+)`", text), SPANS) == set()
    assert (
        unknown(re.findall(r"\*+[^*]+\*+", text), (*SCREENS, "**Connected Accounts → API keys → Create key**")) == set()
    )
    assert unknown(re.findall(r"\b\d+ (?:requests?|seconds?|minutes?|hours?|days?)\b", text), NUMBERS) == set()
    statuses = {str(status) for status in load_catalog().meanings}
    assert set(re.findall(r"(?<!:)\b[1-5]\d\d\b(?! characters)", text)) <= statuses | OTHER_STATUSES


@pytest.mark.parametrize("text", SPOKEN)
def test_every_statement_on_how_outboundsync_behaves_has_a_source(text: str) -> None:
    assert unsourced(text) == []


@pytest.mark.parametrize(
    "text",
    [
        "Check that the key is listed and active.",
        "OutboundSync deletes unused keys after 90 days.",
        "An admin can raise the limit of the account owner.",
        "The API answers 423 to a locked key.",
    ],
)
def test_a_statement_without_a_source_is_noticed(text: str) -> None:
    assert unsourced(text) != []


def test_every_listed_statement_is_made_somewhere() -> None:
    spoken = [" ".join(text.split()).casefold() for _, text in (*catalog_texts(), *server_texts())]
    assert [claim for claim in CLAIMS if not any(claim.casefold() in text for text in spoken)] == []
