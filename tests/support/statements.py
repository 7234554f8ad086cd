"""What this product says, taken apart into statements: sentences of prose, rows of tables, words inside programs."""

import re
import tomllib
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from typing import cast

from mcp_types import TextContent, TextResourceContents

from outboundsync_mcp.diagnosis.catalog import KINDS, load_catalog
from outboundsync_mcp.diagnosis.diagnose import diagnose
from outboundsync_mcp.diagnosis.reader import read
from outboundsync_mcp.prompts import Template, get_prompt, list_prompts, templates
from outboundsync_mcp.reference_clients import REFERENCE_CLIENTS
from outboundsync_mcp.resources import list_resources, list_templates, read_resource
from outboundsync_mcp.server import INSTRUCTIONS
from outboundsync_mcp.tools import DIAGNOSE_ERROR, GET_ME

ROOT = Path(__file__).parents[2]
CATALOG = ROOT / "outboundsync_mcp" / "diagnosis" / "catalog.toml"
NOW = datetime(2026, 11, 22, 12, 0, 0, tzinfo=UTC)

_SENTENCE_END = re.compile(r"(?<=[.?!])[\"”)]*\s+(?=[^a-z\s]|[a-z]+_)")
_FENCE = re.compile(r"^( *)(`{3,})(\w*)\n(.*?)^\1\2 *$", re.DOTALL | re.MULTILINE)
_NEW_BLOCK = re.compile(r"^\s*(?:[-*+] |\d+\. |\||#)")
_MARKER = re.compile(r"^\s*(?:[-*+] |\d+\. |#+ )")
_EMPHASIS = re.compile(r"(?<![`\w])\*{1,2}(?=\S)|(?<=\S)\*{1,2}(?![`\w])")
_C_LIKE = re.compile(
    r"/\*(?P<block>.*?)\*/|(?P<line>//[^\n]*(?:\n[ \t]*//[^\n]*)*)"
    r"|\"(?P<double>(?:\\.|[^\"\\\n])*)\"|'(?P<single>(?:\\.|[^'\\\n])*)'|`(?P<tick>(?:\\.|[^`\\])*)`",
    re.DOTALL,
)
_HASH = re.compile(
    r"\"\"\"(?P<block>.*?)\"\"\"|(?P<line>(?<![^\s])#[^\n]*(?:\n[ \t]*#[^\n]*)*)"
    r"|\"(?P<double>(?:\\.|[^\"\\\n])*)\"|'(?P<tick>(?:\\.|[^'\\\n])*)'",
    re.DOTALL,
)
_LEXERS = {"python": _HASH, "bash": _HASH, "javascript": _C_LIKE, "typescript": _C_LIKE, "go": _C_LIKE}
_WORDS = re.compile(r"(?:^|(?<=\s))[\"'(]?[A-Za-z][a-z]+[,.;:)\"']*(?=\s|$)")


def sentences(text: str) -> list[str]:
    """The sentences of running text, each on one line and without emphasis."""
    plain = " ".join(_EMPHASIS.sub("", text).split())
    return [sentence for sentence in _SENTENCE_END.split(plain) if sentence]


def of_markdown(text: str) -> Iterator[str]:
    """Each sentence, each row of a table and each sample of a Markdown text; of a program, its words."""
    for fence in _FENCE.finditer(text):
        if fence[3] in _LEXERS:
            yield from of_program(fence[4], fence[3])
        else:
            yield " ".join(fence[4].split())
    for block in _blocks(_FENCE.sub("\n", text)):
        if not block.startswith("|"):
            yield from sentences(block)
        elif re.search(r"[^|\s:-]", block):
            yield " | ".join(cell.strip() for cell in _EMPHASIS.sub("", block).strip("| ").split("|"))


def _blocks(text: str) -> Iterator[str]:
    """Paragraphs, list items, headings and rows of tables, without their markers."""
    block = ""
    for line in re.sub(r"^ *> ?", "", text, flags=re.MULTILINE).splitlines():
        if not line.strip() or _NEW_BLOCK.match(line):
            yield block
            block = ""
        block += " " + _MARKER.sub("", line).strip() if block else _MARKER.sub("", line).strip()
    yield block


def of_program(source: str, language: str) -> Iterator[str]:
    """Each sentence in the comments of a program and in its texts of two words or more."""
    for found in _LEXERS[language].finditer(re.sub(r"\A#!.*", "", source)):
        words = found[found.lastgroup or 0]
        words = re.sub(r"^[ \t]*(?://|#|\*) ?", "", words, flags=re.MULTILINE)
        if len(_WORDS.findall(words)) >= 2:
            yield from sentences(words)


def _leaves(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for below in cast("dict[str, object]", value).values():
            yield from _leaves(below)
    elif isinstance(value, list):
        for below in cast("list[object]", value):
            yield from _leaves(below)


def of_catalog() -> Iterator[str]:
    """Each sentence of the catalog as it is written, its placeholders in braces."""
    root = tomllib.loads(CATALOG.read_text(encoding="utf-8"))
    for table in ("fact", "phrase", "kind", "situation"):
        for entry in root[table].values():
            words = entry if isinstance(entry, str) else {
                name: below
                for name, below in entry.items()
                if name not in {"kind", "confidence", "who_fixes", "docs"}
            }  # fmt: skip
            for text in _leaves(words):
                yield from sentences(text)


def of_server() -> Iterator[str]:
    """What a host shows to a model before anything is called."""
    yield from sentences(INSTRUCTIONS)
    for tool in (GET_ME, DIAGNOSE_ERROR):
        yield from sentences(tool.title or "")
        yield from sentences(tool.description or "")
        for schema in (tool.input_schema, tool.output_schema or {}):
            for text in _descriptions(schema):
                yield from sentences(text)
    for listed in (*list_prompts(), *list_resources(), *list_templates()):
        yield from sentences(listed.title or "")
        yield from sentences(listed.description or "")


def _descriptions(schema: object) -> Iterator[str]:
    if isinstance(schema, dict):
        for name, below in cast("dict[str, object]", schema).items():
            if name == "description" and isinstance(below, str):
                yield below
            yield from _descriptions(below)
    elif isinstance(schema, list):
        for below in cast("list[object]", schema):
            yield from _descriptions(below)


def of_prompt(template: Template) -> Iterator[str]:
    """Each statement of a prompt's file, arguments included; where an argument goes, its name in braces."""
    for argument in template.arguments:
        for text in (argument.title, argument.description, argument.default):
            yield from sentences(text)
    yield from of_markdown(template.body)


COMPUTED: tuple[tuple[str, dict[str, str]], ...] = (
    *(
        ("add_retry_handling", {"language": client.language, "http_client": client.http_client})
        for client in REFERENCE_CLIENTS
    ),
    ("add_retry_handling", {"language": "Python", "http_client": "another"}),
    ("add_retry_handling", {"language": "another"}),
    ("troubleshoot_error", {"error": "HTTP/1.1 429 Too Many Requests\nRetry-After: 60\n\nslow down"}),
    *(
        ("troubleshoot_error", {"error": error})
        for error in (
            "HTTP/1.1 200 OK",
            "HTTP/1.1 401 Unauthorized",
            '{"statusCode": 403, "message": "API access is not enabled for this account"}',
            "HTTP/1.1 500 Internal Server Error",
            "curl: (6) Could not resolve host: app.outboundsync.com",
        )
    ),
)
"""Prompts with arguments that make the server write every sentence of its own."""


def of_computed(name: str, arguments: dict[str, str]) -> Iterator[str]:
    """What the server itself writes into a prompt, apart from the words of a diagnosis."""
    template = templates()[name]
    [message] = get_prompt(name, arguments, now=NOW).messages
    assert isinstance(message.content, TextContent)
    form = re.escape(template.body)
    for slot in template.placeholders:
        form = form.replace(re.escape(f"{{{{{slot}}}}}"), f"(?P<{slot}>.*?)")
    match = re.fullmatch(form, message.content.text, re.DOTALL)
    assert match, f"the prompt {name} is not its template with values in it"
    diagnosis = diagnose(read(arguments["error"], now=NOW), now=NOW) if "error" in arguments else None
    known = _Known(_leaves(diagnosis.model_dump(mode="json")) if diagnosis else ())
    for slot in template.computed:
        evidence_left_out = re.sub(r"^(`{3,})text\n.*?^\1$", "", match[slot], flags=re.DOTALL | re.MULTILINE)
        yield from known.taken_from(of_markdown(evidence_left_out))


def of_page(uri: str) -> Iterator[str]:
    """Each statement of a resource, apart from the words of the catalog."""
    [contents] = read_resource(uri).contents
    assert isinstance(contents, TextResourceContents)
    catalog = load_catalog()
    entries = [case for kind in catalog.kinds() for case in (kind, *catalog.situations(kind.kind))]
    known = _Known(
        text
        for entry in entries
        for text in (
            *(entry.kind, f"`{entry.kind}`", entry.docs_url, entry.when, entry.meaning, entry.cause),
            *(*entry.other_causes, *entry.remediation, " or ".join(catalog.who_fixes(entry.kind)), entry.who_fixes),
        )
    )
    yield from known.taken_from(of_markdown(contents.text))


class _Known:
    """Texts that have been read elsewhere: the catalog's, in a page or a diagnosis that quotes them."""

    def __init__(self, texts: Iterable[str]) -> None:
        texts = {"yes", "no", *texts}
        self._texts = {_folded(part) for text in texts for part in (text, *sentences(text))}

    def taken_from(self, found: Iterable[str]) -> Iterator[str]:
        """What is left: no known sentence; in the row of a table and after a label, … for a known text."""
        for statement in found:
            cells = statement.split(" | ")
            labels = (colon.end() for colon in re.finditer(": ", statement))
            if len(cells) > 1:
                yield " | ".join("…" if self._has(cell) else cell for cell in cells)
            elif not self._has(statement):
                label = next((end for end in labels if self._has(statement[end:])), None)
                yield statement if label is None else f"{statement[:label]}…"

    def _has(self, text: str) -> bool:
        return _folded(text) in self._texts


def _folded(text: str) -> str:
    return " ".join(_EMPHASIS.sub("", text).split()).rstrip(".").casefold()


LISTED_PAGES = tuple(resource.uri for resource in list_resources())
KIND_PAGES = tuple(f"outboundsync://errors/{kind}" for kind in KINDS)
CLIENT_PAGES = tuple(f"outboundsync://clients/{client.id}" for client in REFERENCE_CLIENTS)


def all_statements() -> dict[str, tuple[str, ...]]:
    """Every place that speaks, with what it says, each statement once."""
    places: dict[str, Iterable[str]] = {"catalog.toml": of_catalog(), "the server": of_server()}
    places |= {f"prompts/{name}.md": of_prompt(template) for name, template in templates().items()}
    places |= {uri: of_page(uri) for uri in LISTED_PAGES}
    places |= {
        "outboundsync://errors/{kind}": chain.from_iterable(of_page(uri) for uri in KIND_PAGES),
        "outboundsync://clients/{client}": chain.from_iterable(of_page(uri) for uri in CLIENT_PAGES),
        "prompts.py": chain.from_iterable(of_computed(name, arguments) for name, arguments in COMPUTED),
    }
    return {place: tuple(dict.fromkeys(said)) for place, said in places.items()}
