"""Nothing is invented: whatever this product says about OutboundSync rests on a fact with a source.

`facts.toml` lists each statement of the catalog, the tools, prompts, pages and reference clients, with the facts that
it rests on. A statement that is not there is refused, whoever made it. The lists below hold what can be looked up
literally: addresses, screens, fields, amounts.
Sources: A, B and C are the vendor's pages and notes, P is this product, G is general knowledge (HTTP, TLS, proxies).
"""

import json
import re
import tomllib
from collections import Counter
from collections.abc import Iterable
from difflib import get_close_matches
from pathlib import Path

import pytest

from outboundsync_mcp.diagnosis.catalog import KINDS, load_catalog
from outboundsync_mcp.prompts import Argument, Template
from outboundsync_mcp.reference_clients import REFERENCE_CLIENTS
from tests.support.statements import CATALOG, all_statements, of_markdown, of_prompt

ROOT = Path(__file__).parents[1]
TEXTS = sorted(
    path
    for folder in ("prompts", "outboundsync_mcp/pages", "examples/clients")
    for path in (ROOT / folder).iterdir()
    if path.is_file()
)
STATEMENTS = all_statements()

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
    "**Connected Accounts → API keys → Create key**": "B",
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
    **dict.fromkeys(KINDS, "P"),
    **{name: "P" for client in REFERENCE_CLIENTS for name in (client.file, f"outboundsync://clients/{client.id}")},
    "get_me": "P",
    "diagnose_error": "P",
    "text": "P",
    "me": "P",
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
AMOUNTS = {
    "120 requests": "A",
    "60 seconds": "A",
    "15 seconds": "P",  # the time-out
    "120 seconds": "P",  # the longest wait that a reference client blocks for
    "one second": "P",
    "one request": "P",
    "two requests": "P",
    "two limits": "A",
}
OTHER_NUMBERS = {"120", "123", "599"}
"""Numbers of three digits that are no status: the limit, a sample, the end of a range."""
AMOUNT = r"\b(?:\d+|one|two|three) (?:requests?|seconds?|minutes?|hours?|limits|days?)\b"


def unknown(found: Iterable[str], known: Iterable[str]) -> set[str]:
    return {" ".join(item.split()) for item in found} - set(known)


# What can be looked up literally


@pytest.mark.parametrize("path", [*TEXTS, CATALOG], ids=lambda path: path.name)
def test_every_address_is_the_vendors_own(path: Path) -> None:
    found = re.findall(r"https?://[\w./-]*\w/?|[\w.]+@[\w.]+\w", path.read_text(encoding="utf-8"))
    assert unknown(found, LINKS) == set()


@pytest.mark.parametrize("path", [*TEXTS, CATALOG], ids=lambda path: path.name)
def test_every_screen_exists(path: Path) -> None:
    text = re.sub(r"^#.*|\{\{\w+\}\}", "", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
    paths = re.findall(r"\*\*[^*]*→[^*]*\*\*", text)
    buttons = re.findall(r"(?:select(?:s|ing)?|choose the same)\s+(\*+[^*]+\*+)", text, re.IGNORECASE)
    assert unknown((*paths, *buttons), SCREENS) == set()


@pytest.mark.parametrize("place", STATEMENTS)
def test_every_literal_amount_and_status_is_documented(place: str) -> None:
    text = "\n".join(STATEMENTS[place]).replace("{base_host}", "app.outboundsync.com")
    statuses = {str(status) for status in load_catalog().meanings}
    assert unknown(re.findall(r"`([^`\n]+)`", text), SPANS) == set()
    assert unknown(re.findall(AMOUNT, text), AMOUNTS) == set()
    assert set(re.findall(r"(?<!:)\b[1-5]\d\d\b(?! characters)", text)) <= statuses | OTHER_NUMBERS


# Statements and what they rest on


class Ledger:
    """`facts.toml`: what is known, and what each statement rests on."""

    def __init__(self, text: str) -> None:
        tables = tomllib.loads(text)
        self.known: dict[str, dict[str, str]] = {
            **tables["fact"],
            **{f"{table}.{name}": fact for table in ("general", "own") for name, fact in tables[table].items()},
        }
        self.silent: dict[str, str] = tables["silent"]
        self.said: dict[str, dict[str, str]] = tables["said"]
        self.traces = {statement: rests for said in self.said.values() for statement, rests in said.items()}


LEDGER_FILE = Path(__file__).with_name("facts.toml")
LEDGER = Ledger(LEDGER_FILE.read_text(encoding="utf-8"))
TELLING = re.compile(
    r"\b(?:OutboundSync|the API) (?:is|are|was|has|had|may|can|do|did|does|(?!access)\w+s|\w+ed)\b(?! API)|"
    r"API access|scope|permission|plaintext|rotat|revoke|\b(?:in)?active\b|delete|\badmin|documented|account owner|"
    r"\bwindow|\bsame (?:answer|limit)|validated|osapi_|@outboundsync|→|"
    r"\b\d+ (?:requests?|seconds?|minutes?|hours?|days?)\b|\bkeys? (?:expires?|stops?|works?)\b",
    re.IGNORECASE,
)
"""What a statement about OutboundSync cannot do without: no statement that is called silent may hold it."""
UNTRACED = """
{place} says something that is not in tests/facts.toml:

{lines}

For each: if it tells of OutboundSync, find the facts in [fact] that say so, and write their names in place of the
question mark. If no fact says it, do not say it. If it tells of this product, name an [own] fact, whose test proves it;
of HTTP, networks or libraries, a [general] one; of none of these, one kind of [silent]. Then remove what it replaces.
"""


def untraced(statements: Iterable[str]) -> list[str]:
    """The statements that nobody has traced to anything."""
    return [statement for statement in statements if statement not in LEDGER.traces]


def as_entry(statement: str) -> str:
    """A line for the ledger, with the listed statement that comes closest."""
    line = f"{json.dumps(statement, ensure_ascii=False)} = "
    for old in get_close_matches(statement, LEDGER.traces, n=1):
        return f'{line}"?"  # is it still "{LEDGER.traces[old]}", as {json.dumps(old, ensure_ascii=False)} is?'
    return f'{line}"?"'


@pytest.mark.parametrize("place", STATEMENTS)
def test_every_statement_is_traced_to_what_it_rests_on(place: str) -> None:
    lines = "\n".join(map(as_entry, untraced(STATEMENTS[place])))
    assert not lines, UNTRACED.format(place=place, lines=lines)


@pytest.mark.parametrize("place", LEDGER.said)
def test_every_traced_statement_is_still_made_where_the_ledger_says(place: str) -> None:
    gone = [statement for statement in LEDGER.said[place] if statement not in STATEMENTS[place]]
    assert gone == [], f"{place} does not say this any more: remove it from tests/facts.toml"


def test_no_statement_is_traced_twice() -> None:
    assert len(LEDGER.traces) == sum(map(len, LEDGER.said.values()))


def test_every_statement_rests_on_known_facts_or_on_one_kind_of_silence() -> None:
    wrong = {
        statement: rests
        for statement, rests in LEDGER.traces.items()
        if rests not in LEDGER.silent and not (rests.split() and set(rests.split()) <= LEDGER.known.keys())
    }
    assert wrong == {}


def test_what_is_called_silent_tells_nothing_of_outboundsync() -> None:
    telling = {
        statement: found[0]
        for statement, rests in LEDGER.traces.items()
        if rests in LEDGER.silent and (found := TELLING.search(statement))
    }
    assert telling == {}, "name the facts that these statements rest on"


def test_every_fact_has_a_source_and_is_used() -> None:
    used = {name for rests in LEDGER.traces.values() for name in rests.split()}
    assert sorted(LEDGER.known.keys() - used) == []
    for name, fact in LEDGER.known.items():
        assert fact["words"], name
        if "." not in name:
            assert set(fact["source"].split(", ")) <= {"A", "B", "C"}, name
        elif name.startswith("general."):
            assert fact["source"], name


def test_every_fact_about_this_product_is_proven_by_a_test_that_exists() -> None:
    for name, fact in LEDGER.known.items():
        if name.startswith("own."):
            file, _, test = fact["proof"].partition("::")
            assert re.search(rf"^(?:async )?def {test}\(", (ROOT / file).read_text(encoding="utf-8"), re.MULTILINE), (
                name
            )


@pytest.mark.parametrize("path", [path for path in TEXTS if path.suffix == ".md"], ids=lambda path: path.name)
def test_taking_a_text_apart_loses_no_word(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    body = text.split("---\n", 2)[2] if text.startswith("---\n") else text
    words = re.findall(r"\w+", re.sub(r"^```\w*$|^ *\d+\. ", "", body, flags=re.MULTILINE))
    assert Counter(re.findall(r"\w+", " ".join(of_markdown(body)))) == Counter(words)


INVENTED = "Unused keys stop working after 90 days."


@pytest.mark.parametrize(
    "page",
    [
        f"# A page\n\n{INVENTED}\n",
        f"# A page\n\nKeys start with `osapi_`. {INVENTED} There is no body.\n",
        f"```text\n{INVENTED}\n```\n",
        f"1. Keys start with `osapi_`.\n   {INVENTED}\n",
        "> **Unused keys**\n> stop working after 90 days.\n",
        f'```python\n# {INVENTED}\nprint("no")\n```\n',
        f'```python\n"""{INVENTED}"""\n```\n',
        f'```go\nfail("{INVENTED}") // the one retry\n```\n',
        f"```bash\nfail '{INVENTED}' # the one retry\n```\n",
        f"```typescript\n/** {INVENTED} */\n```\n",
        "```javascript\n// Unused keys stop\n// working after 90 days.\nfail(`no`)\n```\n",
    ],
)
def test_an_invented_sentence_is_noticed_wherever_it_stands(page: str) -> None:
    assert INVENTED in untraced(of_markdown(page))


def test_an_invented_row_or_cell_of_a_table_is_noticed() -> None:
    row = "| IP address | 240 requests | 60 seconds, fixed | before the key is validated |"
    assert untraced(
        of_markdown(f"| Counted per | Limit | Window | When it is counted |\n|---|---|---|---|\n{row}\n")
    ) == ["IP address | 240 requests | 60 seconds, fixed | before the key is validated"]


def test_an_invented_default_or_description_of_an_argument_is_noticed() -> None:
    argument = Argument(name="a", title="The error", description=INVENTED, default=INVENTED)
    template = Template(name="t", title="T", description="T.", arguments=(argument,), body="# Test it\n")
    assert untraced(of_prompt(template)) == [INVENTED, INVENTED]


def test_an_edited_sentence_is_offered_with_what_it_was() -> None:
    entry = as_entry("Keys begin with `osapi_`.")
    assert entry.startswith('"Keys begin with `osapi_`." = "?"')
    assert "prefix" in entry


@pytest.mark.parametrize(
    "statement",
    [
        "Check that the key is listed and active.",
        "OutboundSync deletes unused keys.",
        "Ask for a higher limit of the account owner.",
        "The API answers 423 to a locked key.",
        "Old keys stop working.",
        "Look for it under Settings → API.",
    ],
)
def test_a_statement_about_outboundsync_cannot_be_called_silent(statement: str) -> None:
    assert TELLING.search(statement)
