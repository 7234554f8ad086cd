"""Resources: what is listed, that each page holds the catalog's words, and what is refused."""

import re
from typing import get_args

import pytest
from mcp.shared.exceptions import MCPError
from mcp_types import TextResourceContents

from outboundsync_mcp.diagnosis.catalog import load_catalog
from outboundsync_mcp.diagnosis.diagnosis import Kind
from outboundsync_mcp.reference_clients import REFERENCE_CLIENTS, ReferenceClient
from outboundsync_mcp.resources import (
    complete_resource,
    kinds_table,
    list_resources,
    list_templates,
    read_resource,
)

KINDS: tuple[Kind, ...] = get_args(Kind)
CLIENTS = tuple(client.id for client in REFERENCE_CLIENTS)
ADDRESSES = (
    *(resource.uri for resource in list_resources()),
    *(f"outboundsync://errors/{kind}" for kind in KINDS),
    *(f"outboundsync://clients/{client}" for client in CLIENTS),
)
KEY = "osapi_4f9Qz7Lm2Xw8Rt6Bv1Nc3Kd5"


def page(uri: str) -> str:
    [contents] = read_resource(uri).contents
    assert isinstance(contents, TextResourceContents)
    assert (contents.uri, contents.mime_type) == (uri, "text/markdown")
    return contents.text


def refusal(uri: str) -> MCPError:
    with pytest.raises(MCPError) as caught:
        read_resource(uri)
    assert caught.value.code == -32602
    return caught.value


def test_the_contracts_resources_are_listed() -> None:
    assert [resource.uri for resource in list_resources()] == [
        "outboundsync://errors",
        "outboundsync://rate-limits",
        "outboundsync://api/me",
    ]
    assert [template.uri_template for template in list_templates()] == [
        "outboundsync://errors/{kind}",
        "outboundsync://clients/{client}",
    ]


def test_everything_listed_says_what_it_is() -> None:
    for listed in (*list_resources(), *list_templates()):
        assert listed.title
        assert listed.description
        assert listed.mime_type == "text/markdown"
        assert listed.annotations
        assert listed.annotations.audience == ["user", "assistant"]


def test_the_listed_size_is_the_pages_size_in_bytes() -> None:
    for resource in list_resources():
        assert resource.size == len(page(resource.uri).encode())


@pytest.mark.parametrize("uri", ADDRESSES)
def test_a_page_is_markdown_with_one_title_whole_tables_and_closed_fences(uri: str) -> None:
    text = page(uri)
    prose = re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)
    assert text.startswith("# ")
    assert len(re.findall("^# ", prose, re.MULTILINE)) == 1
    assert "```" not in prose
    assert "{{" not in prose
    assert text.endswith("\n")
    for rows in re.findall(r"(?:^\|.*\|\n)+", prose, re.MULTILINE):
        assert len({len(re.findall(r"(?<!\\)\|", row)) for row in rows.splitlines()}) == 1


@pytest.mark.parametrize("kind", KINDS)
def test_a_kinds_page_holds_its_cause_its_steps_and_its_special_cases(kind: Kind) -> None:
    text = page(f"outboundsync://errors/{kind}")
    entry = load_catalog().general(kind)
    for words in (entry.meaning, entry.when, entry.cause, *entry.other_causes, *entry.remediation, entry.docs_url):
        assert words in text
    for case in load_catalog().situations(kind):
        for words in (case.cause, *case.remediation):
            assert words in text


def test_the_catalog_page_has_every_kind() -> None:
    text = page("outboundsync://errors")
    for entry in load_catalog().kinds():
        assert f"| `{entry.kind}` | {entry.when} |" in text
        assert f"### `{entry.kind}`\n\n{entry.cause}\n\n1. {entry.remediation[0]}" in text


@pytest.mark.parametrize("uri", ["outboundsync://errors", "outboundsync://api/me"])
def test_the_documented_errors_are_in_the_vendors_terms(uri: str) -> None:
    text = page(uri)
    assert "| 401 | `Invalid API key` |" in text
    assert "| 403 | `API access is not enabled for this account` |" in text
    assert "| 429 | (varies) |" in text
    assert "| 500 | (varies) |" in text


def test_a_403_is_never_answered_with_a_new_key() -> None:
    text = page("outboundsync://errors/api_access_disabled")
    assert not re.search(r"\b(rotat|creat|select)\w*\b.*\bkey", text, re.IGNORECASE)
    assert "a new secret for it would get the same answer" in text


def test_the_rate_limit_page_leads_to_every_reference_client_and_to_the_algorithm() -> None:
    text = page("outboundsync://rate-limits")
    for client in CLIENTS:
        assert f"`outboundsync://clients/{client}`" in text
    assert "In any language:" in text


@pytest.mark.parametrize("client", REFERENCE_CLIENTS, ids=CLIENTS)
def test_a_clients_page_quotes_its_source(client: ReferenceClient) -> None:
    assert client.source.rstrip() in page(f"outboundsync://clients/{client.id}")


def test_an_unknown_kind_is_refused_with_the_known_ones() -> None:
    error = refusal("outboundsync://errors/teapot")
    assert '"teapot"' in error.message
    assert all(kind in error.message for kind in KINDS)
    assert error.data == {"uri": "outboundsync://errors/teapot"}


def test_an_unknown_reference_client_is_refused_with_the_known_ones() -> None:
    message = refusal("outboundsync://clients/cobol").message
    assert all(client in message for client in CLIENTS)


@pytest.mark.parametrize(
    "uri",
    [
        "",
        "outboundsync://",
        "outboundsync://errors/",
        "outboundsync://errors/unknown/more",
        "outboundsync://errors/../api/me",
        "outboundsync://nothing",
        "OUTBOUNDSYNC://ERRORS",
        "file:///etc/passwd",
    ],
)
def test_any_other_address_is_refused(uri: str) -> None:
    assert "are: " in refusal(uri).message


def test_a_refusal_repeats_no_key() -> None:
    error = refusal(f"outboundsync://errors/{KEY}")
    assert KEY[6:12] not in error.message
    assert KEY[6:12] not in str(error.data)


def test_a_kind_is_completed() -> None:
    assert complete_resource("outboundsync://errors/{kind}", "kind", "") == list(KINDS)
    assert complete_resource("outboundsync://errors/{kind}", "kind", "un") == [
        "unexpected_redirect",
        "unexpected_response",
        "unknown",
    ]
    assert complete_resource("outboundsync://errors/{kind}", "kind", "x") == []


def test_a_reference_client_is_completed() -> None:
    assert complete_resource("outboundsync://clients/{client}", "client", "Py") == ["python-httpx", "python-requests"]


@pytest.mark.parametrize(
    ("template", "argument"), [("outboundsync://errors/{kind}", "client"), ("outboundsync://x/{y}", "y")]
)
def test_completion_of_something_unknown_is_refused(template: str, argument: str) -> None:
    with pytest.raises(MCPError) as caught:
        complete_resource(template, argument, "")
    assert caught.value.code == -32602


def test_the_table_of_kinds_names_everyone_who_may_have_to_act() -> None:
    assert "| `forbidden` |" in kinds_table()
    assert "network or admin | no |" in kinds_table()
