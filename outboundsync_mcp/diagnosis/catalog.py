"""The catalog: catalog.toml, checked and typed. Every word of a diagnosis that is not evidence comes from it."""

import tomllib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from string import Formatter
from typing import cast, get_args

from outboundsync_mcp import diagnosis
from outboundsync_mcp.diagnosis.diagnosis import Kind, WhoFixes
from outboundsync_mcp.diagnosis.evidence import Confidence

KINDS: tuple[Kind, ...] = get_args(Kind)


class CatalogError(ValueError):
    """catalog.toml is not what this module reads; the message names the table and the field."""


@dataclass(frozen=True, slots=True)
class Entry:
    """The words for one kind or one situation."""

    id: str
    """The kind's or the situation's name."""
    kind: Kind
    when: str
    """When one sees it: a kind's summary sentence, a situation's phrase."""
    meaning: str
    cause: str
    other_causes: tuple[str, ...]
    confidence: Confidence
    remediation: tuple[str, ...]
    who_fixes: WhoFixes
    retryable: bool
    docs_url: str
    documented_message: str | None
    """The `message` that the vendor documents for it; kinds only."""
    own_meaning: bool
    """Whether `meaning` is a situation's own and outranks the words for the HTTP status."""


@dataclass(frozen=True, slots=True)
class Catalog:
    """catalog.toml. Entries hold {placeholders}; `general` and `fill` put words in their place."""

    entries: Mapping[str, Entry]
    """Every kind, in the contract's order, then every situation; texts as written, placeholders included."""
    meanings: Mapping[int, str]
    """HTTP status → words."""
    facts: Mapping[str, str]
    """Placeholder → its general wording."""
    phrases: Mapping[str, Mapping[str, str]]
    """Placeholder → variant → wording, which may hold facts; every phrase has the variant `general`."""

    def fill(
        self, entry_id: str, facts: Mapping[str, str] | None = None, variants: Mapping[str, str] | None = None
    ) -> Entry:
        """Give the entry with every placeholder filled.

        A fact or phrase variant that is not named gets its general wording, so that any set of facts will do.
        """
        words = {**self.facts, **(facts or {})}
        chosen = variants or {}
        for name, wordings in self.phrases.items():
            words[name] = wordings[chosen.get(name, "general")].format_map(words)
        entry = self.entries[entry_id]

        def put(text: str) -> str:
            return text.format_map(words).strip()

        return Entry(
            id=entry.id,
            kind=entry.kind,
            when=put(entry.when),
            meaning=put(entry.meaning),
            cause=put(entry.cause),
            other_causes=tuple(map(put, entry.other_causes)),
            confidence=entry.confidence,
            remediation=tuple(map(put, entry.remediation)),
            who_fixes=entry.who_fixes,
            retryable=entry.retryable,
            docs_url=entry.docs_url,
            documented_message=entry.documented_message,
            own_meaning=entry.own_meaning,
        )

    def general(self, entry_id: str) -> Entry:
        """Give the entry in general words: for documentation, where there is no evidence."""
        return self.fill(entry_id)

    def kinds(self) -> tuple[Entry, ...]:
        """Give every kind in general words, in the contract's order."""
        return tuple(self.general(kind) for kind in KINDS)

    def situations(self, kind: Kind) -> tuple[Entry, ...]:
        """Give the situations that refine `kind`, in general words, in the file's order."""
        return tuple(
            self.general(entry.id) for entry in self.entries.values() if entry.kind == kind and entry.id != kind
        )

    def who_fixes(self, kind: Kind) -> tuple[WhoFixes, ...]:
        """Give everyone who may have to act on `kind`, the usual one first."""
        usual = self.entries[kind].who_fixes
        others: list[WhoFixes] = [entry.who_fixes for entry in self.situations(kind)]
        return tuple(dict.fromkeys((usual, *others)))


@cache
def load_catalog() -> Catalog:
    """Read and check the package's catalog.toml, once per process. Raises CatalogError."""
    return parse_catalog((files(diagnosis) / "catalog.toml").read_text(encoding="utf-8"))


def parse_catalog(text: str) -> Catalog:
    """Check and type a catalog. Raises CatalogError, and tomllib.TOMLDecodeError for what is no TOML."""
    root = _Table("catalog", tomllib.loads(text))
    docs = root.table("docs").strings()
    facts = root.table("fact").strings()
    phrases = {name: table.strings() for name, table in root.table("phrase").tables()}
    meanings = {int(status): words for status, words in root.table("meaning").strings().items()}
    entries: dict[str, Entry] = {}
    for name, table in root.table("kind").tables():
        entries[name] = _kind(name, table, docs)
    if tuple(entries) != KINDS:
        raise CatalogError(f"the kinds are not the contract's, in its order: {sorted(set(entries) ^ set(KINDS))}")
    for name, table in root.table("situation").tables():
        if name in entries:
            raise CatalogError(f"situation.{name}: the name is a kind's")
        entries[name] = _situation(name, table, entries)
    root.done()
    catalog = Catalog(entries, meanings, facts, phrases)
    _check_placeholders(catalog)
    return catalog


class _Table:
    """A TOML table that gives out typed fields and complains about what is missing or left over."""

    def __init__(self, name: str, values: object) -> None:
        if not isinstance(values, dict):
            raise CatalogError(f"{name}: not a table")
        self.name = name
        self._values = dict(cast("dict[str, object]", values))

    def __contains__(self, key: str) -> bool:
        return key in self._values

    def _take(self, key: str) -> object:
        if key not in self._values:
            raise CatalogError(f"{self.name}.{key}: missing")
        return self._values.pop(key)

    def string(self, key: str) -> str:
        value = self._take(key)
        if not isinstance(value, str):
            raise CatalogError(f"{self.name}.{key}: not a text")
        return value

    def sentence(self, key: str) -> str:
        value = self.string(key)
        if not value.strip():
            raise CatalogError(f"{self.name}.{key}: empty")
        return value

    def boolean(self, key: str) -> bool:
        value = self._take(key)
        if not isinstance(value, bool):
            raise CatalogError(f"{self.name}.{key}: neither true nor false")
        return value

    def sentences(self, key: str) -> tuple[str, ...]:
        value = self._take(key)
        if not isinstance(value, list):
            raise CatalogError(f"{self.name}.{key}: not a list")
        items = _Table(f"{self.name}.{key}", {str(n): item for n, item in enumerate(cast("list[object]", value))})
        return tuple(items.sentence(n) for n in list(items._values))

    def one_of(self, key: str, choices: tuple[str, ...]) -> str:
        value = self.string(key)
        if value not in choices:
            raise CatalogError(f"{self.name}.{key}: {value!r} is none of {', '.join(choices)}")
        return value

    def table(self, key: str) -> "_Table":
        return _Table(key, self._take(key))

    def tables(self) -> Iterator[tuple[str, "_Table"]]:
        for key in list(self._values):
            table = _Table(f"{self.name}.{key}", self._take(key))
            yield key, table
            table.done()

    def strings(self) -> dict[str, str]:
        return {key: self.string(key) for key in list(self._values)}

    def done(self) -> None:
        if self._values:
            raise CatalogError(f"{self.name}: unknown field {', '.join(self._values)}")


def _remediation(table: _Table) -> tuple[str, ...]:
    steps = table.sentences("remediation")
    if not steps:
        raise CatalogError(f"{table.name}.remediation: no step")
    return steps


def _kind(name: str, table: _Table, docs: Mapping[str, str]) -> Entry:
    if name not in KINDS:
        raise CatalogError(f"{table.name}: not a kind of the contract")
    return Entry(
        id=name,
        kind=name,
        when=table.sentence("summary"),
        meaning=table.sentence("meaning"),
        cause=table.sentence("cause"),
        other_causes=table.sentences("other_causes"),
        confidence=cast("Confidence", table.one_of("confidence", get_args(Confidence))),
        remediation=_remediation(table),
        who_fixes=cast("WhoFixes", table.one_of("who_fixes", get_args(WhoFixes))),
        retryable=table.boolean("retryable"),
        docs_url=docs[table.one_of("docs", tuple(docs))],
        documented_message=table.sentence("documented_message") if "documented_message" in table else None,
        own_meaning=False,
    )


def _situation(name: str, table: _Table, entries: Mapping[str, Entry]) -> Entry:
    base = entries[table.one_of("kind", KINDS)]
    return Entry(
        id=name,
        kind=base.kind,
        when=table.sentence("when"),
        meaning=table.sentence("meaning") if (own_meaning := "meaning" in table) else base.meaning,
        cause=table.sentence("cause"),
        other_causes=table.sentences("other_causes") if "other_causes" in table else base.other_causes,
        confidence=cast("Confidence", table.one_of("confidence", get_args(Confidence)))
        if "confidence" in table
        else base.confidence,
        remediation=_remediation(table) if "remediation" in table else base.remediation,
        who_fixes=cast("WhoFixes", table.one_of("who_fixes", get_args(WhoFixes)))
        if "who_fixes" in table
        else base.who_fixes,
        retryable=base.retryable,
        docs_url=base.docs_url,
        documented_message=None,
        own_meaning=own_meaning,
    )


def _check_placeholders(catalog: Catalog) -> None:
    for name, wordings in catalog.phrases.items():
        if name in catalog.facts:
            raise CatalogError(f"phrase.{name}: also a fact")
        if "general" not in wordings:
            raise CatalogError(f"phrase.{name}.general: missing")
        for variant, text in wordings.items():
            _check(f"phrase.{name}.{variant}", text, catalog.facts.keys())
    known = catalog.facts.keys() | catalog.phrases.keys()
    for entry in catalog.entries.values():
        for text in (entry.when, entry.meaning, entry.cause, *entry.other_causes, *entry.remediation):
            _check(entry.id, text, known)


def _check(where: str, text: str, known: Collection[str]) -> None:
    try:
        parts = list(Formatter().parse(text))
    except ValueError as error:
        raise CatalogError(f"{where}: {error} in {text!r}") from None
    for _, name, spec, conversion in parts:
        if name is not None and (name not in known or spec or conversion):
            raise CatalogError(f"{where}: unknown placeholder {{{name}}}")
