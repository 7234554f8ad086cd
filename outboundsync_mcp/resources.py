"""The catalog and the endpoint reference, readable as Markdown at `outboundsync://…`.

`pages/*.md` hold the words, `{{name}}` marks what the catalog fills in. Nothing is read before the first request.
"""

import re
from collections.abc import Callable, Sequence
from functools import cache
from importlib.resources import files

from mcp.shared.exceptions import MCPError
from mcp_types import (
    INVALID_PARAMS,
    Annotations,
    ReadResourceResult,
    Resource,
    ResourceTemplate,
    TextResourceContents,
)

from outboundsync_mcp.diagnosis.catalog import KINDS, Entry, load_catalog
from outboundsync_mcp.diagnosis.diagnosis import Kind
from outboundsync_mcp.markdown import line, numbered, table
from outboundsync_mcp.reference_clients import REFERENCE_CLIENTS, ReferenceClient, algorithm

MIME_TYPE = "text/markdown"
ERRORS = "outboundsync://errors"
RATE_LIMITS = "outboundsync://rate-limits"
API_ME = "outboundsync://api/me"
KIND_TEMPLATE = "outboundsync://errors/{kind}"
CLIENT_TEMPLATE = "outboundsync://clients/{client}"

_SLOT = re.compile(r"\{\{(\w+)\}\}")
# The statuses that the vendor's page documents, and the kinds they become.
_DOCUMENTED: tuple[tuple[int, Kind], ...] = (
    (401, "invalid_api_key"),
    (403, "api_access_disabled"),
    (429, "rate_limited"),
    (500, "server_error"),
)
_CLIENTS = {client.id: client for client in REFERENCE_CLIENTS}


def list_resources() -> list[Resource]:
    """What `resources/list` answers; sizes are in bytes."""
    return [
        Resource(
            uri=uri,
            name=name,
            title=title,
            description=description,
            mime_type=MIME_TYPE,
            size=len(_PAGES[uri]().encode()),
            annotations=_annotations(priority),
        )
        for uri, name, title, description, priority in (
            (
                ERRORS,
                "errors",
                "OutboundSync API errors",
                "Every way in which a call to OutboundSync can end: what it means, who has to act, what to do.",
                0.8,
            ),
            (
                RATE_LIMITS,
                "rate-limits",
                "OutboundSync rate limits and retries",
                "The two limits, what a 429 asks for, and the documented single retry, for code in any language.",
                0.6,
            ),
            (
                API_ME,
                "api-me",
                "OutboundSync GET /api/v1/me",
                "The request, the documented answer field by field, and its errors.",
                0.6,
            ),
        )
    ]


def list_templates() -> list[ResourceTemplate]:
    """What `resources/templates/list` answers."""
    return [
        ResourceTemplate(
            uri_template=KIND_TEMPLATE,
            name="error-kind",
            title="One kind of OutboundSync error",
            description="The page for one `kind` of a diagnosis: cause, steps, and every special case.",
            mime_type=MIME_TYPE,
            annotations=_annotations(0.7),
        ),
        ResourceTemplate(
            uri_template=CLIENT_TEMPLATE,
            name="reference-client",
            title="A reference client for OutboundSync",
            description="A short, tested program that calls OutboundSync and follows its retry guidance.",
            mime_type=MIME_TYPE,
            annotations=_annotations(0.5),
        ),
    ]


def read_resource(uri: str) -> ReadResourceResult:
    """One page. Raises `MCPError` -32602 (the SDK's code for it in every protocol era) for an unknown address."""
    contents = TextResourceContents(uri=uri, mime_type=MIME_TYPE, text=_page(uri))
    return ReadResourceResult(contents=[contents])


def complete_resource(uri_template: str, argument: str, value: str) -> list[str]:
    """The known values that begin with `value`. Raises `MCPError` -32602 for an unknown template or argument."""
    known: dict[tuple[str, str], Sequence[str]] = {
        (KIND_TEMPLATE, "kind"): KINDS,
        (CLIENT_TEMPLATE, "client"): tuple(_CLIENTS),
    }
    values = known.get((uri_template, argument))
    if values is None:
        templates = " and ".join(template for template, _ in known)
        raise _unknown(
            f'There is nothing to complete for "{line(argument)}" in "{line(uri_template)}": '
            f"the templates are {templates}.",
            uri_template,
        )
    start = value.strip().casefold()
    return [known_value for known_value in values if known_value.startswith(start)]


def kinds_table() -> str:
    """Every kind in one table: when it is seen, who has to act, whether the same call can succeed later."""
    catalog = load_catalog()
    return table(
        ("Kind", "When", "Who fixes it", "Worth repeating unchanged"),
        (
            (
                f"`{entry.kind}`",
                entry.when,
                " or ".join(catalog.who_fixes(entry.kind)),
                "yes" if entry.retryable else "no",
            )
            for entry in catalog.kinds()
        ),
    )


def _annotations(priority: float) -> Annotations:
    return Annotations(audience=["user", "assistant"], priority=priority)


def _page(uri: str) -> str:
    if uri in _PAGES:
        return _PAGES[uri]()
    scheme_and_folder, _, name = uri.rpartition("/")
    if scheme_and_folder == ERRORS:
        for kind in KINDS:
            if kind == name:
                return _kind_page(kind)
        raise _unknown(f'There is no kind "{line(name)}". The kinds are: {", ".join(KINDS)}.', uri)
    if scheme_and_folder == CLIENT_TEMPLATE.rpartition("/")[0]:
        if name in _CLIENTS:
            return _client_page(_CLIENTS[name])
        raise _unknown(f'There is no reference client "{line(name)}". There are: {", ".join(_CLIENTS)}.', uri)
    known = ", ".join((*_PAGES, KIND_TEMPLATE, CLIENT_TEMPLATE))
    raise _unknown(f'There is no resource "{line(uri)}". The resources are: {known}.', uri)


@cache
def _errors_page() -> str:
    details = "\n\n".join(
        f"### `{entry.kind}`\n\n{entry.cause}\n\n{numbered(entry.remediation)}" for entry in load_catalog().kinds()
    )
    return _fill("errors.md", documented_errors=_documented_errors(), kinds=kinds_table(), details=details)


@cache
def _rate_limits_page() -> str:
    entry = load_catalog().general("rate_limited")
    clients = table(
        ("Language", "HTTP client", "Read"),
        (
            (client.language, client.http_client, f"`{CLIENT_TEMPLATE.format(client=client.id)}`")
            for client in REFERENCE_CLIENTS
        ),
    )
    return _fill(
        "rate-limits.md",
        cause=entry.cause,
        clients=clients,
        algorithm=algorithm(),
    )


@cache
def _me_page() -> str:
    return _fill("api-me.md", documented_errors=_documented_errors())


@cache
def _kind_page(kind: Kind) -> str:
    catalog = load_catalog()
    entry = catalog.general(kind)
    parts = [
        f"# `{kind}`",
        f"**{entry.meaning}.** {entry.when}",
        "\n".join(
            (
                f"- **Who fixes it:** {' or '.join(catalog.who_fixes(kind))}",
                f"- **Worth repeating with nothing changed:** {'yes' if entry.retryable else 'no'}",
                f"- **The vendor's page:** {entry.docs_url}",
            )
        ),
        "## The cause",
        entry.cause,
    ]
    if entry.other_causes:
        parts += ["It can also be one of these:", "\n".join(f"- {cause}" for cause in entry.other_causes)]
    parts += ["## What to do", numbered(entry.remediation)]
    if catalog.situations(kind):
        parts += ["## Special cases", _situations(entry)]
    return "\n\n".join(parts) + "\n"


def _situations(entry: Entry) -> str:
    """Each special case of a kind; its steps only where they differ from the kind's own."""
    parts: list[str] = []
    for case in load_catalog().situations(entry.kind):
        parts += [f"### {case.when[0].upper()}{case.when[1:]}", case.cause]
        if case.who_fixes != entry.who_fixes:
            parts.append(f"Who fixes it: {case.who_fixes}.")
        if case.remediation != entry.remediation:
            parts.append(numbered(case.remediation))
    return "\n\n".join(parts)


def _client_page(client: ReferenceClient) -> str:
    return (
        f"# {client.language} with {client.http_client}\n\n"
        "A complete program that follows OutboundSync's documented retry guidance; tests run it against every answer. "
        "It reads `OUTBOUNDSYNC_API_KEY` and `OUTBOUNDSYNC_BASE_URL`, and prints the identity as JSON, or one sentence "
        f"on stderr with exit status 1. The rules behind it are in `{RATE_LIMITS}`. It needs {client.runs_with}.\n\n"
        f"`{client.file}`:\n\n{client.fenced}\n"
    )


def _documented_errors() -> str:
    catalog = load_catalog()
    rows: list[tuple[str, str, str, str, str]] = []
    for status, kind in _DOCUMENTED:
        entry = catalog.general(kind)
        message = f"`{entry.documented_message}`" if entry.documented_message else "(varies)"
        rows.append((str(status), message, entry.cause, entry.remediation[0], f"`{kind}`"))
    return table(("Status", "`message`", "What it means", "What to do first", "Kind"), rows)


def _fill(page: str, **slots: str) -> str:
    text = files("outboundsync_mcp").joinpath("pages", page).read_text(encoding="utf-8")
    return _SLOT.sub(lambda match: slots[match[1]], text)


def _unknown(message: str, uri: str) -> MCPError:
    return MCPError(INVALID_PARAMS, message, data={"uri": line(uri)})


_PAGES: dict[str, Callable[[], str]] = {
    ERRORS: _errors_page,
    RATE_LIMITS: _rate_limits_page,
    API_ME: _me_page,
}
