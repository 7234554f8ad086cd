"""The catalog as shipped, and the complaints about a catalog that is not right."""

import re
from importlib.resources import files

import pytest

from outboundsync_mcp import diagnosis
from outboundsync_mcp.diagnosis.catalog import KINDS, CatalogError, Entry, load_catalog, parse_catalog
from outboundsync_mcp.diagnosis.diagnosis import Kind, WhoFixes
from outboundsync_mcp.diagnosis.evidence import BodyFault, Failure, KeyFault

CATALOG = load_catalog()
TEXT = (files(diagnosis) / "catalog.toml").read_text(encoding="utf-8")
ENTRIES = list(CATALOG.entries)

# contract.md: kind → (everyone who may have to act, retryable)
CONTRACT: dict[Kind, tuple[set[WhoFixes], bool]] = {
    "ok": ({"nobody"}, False),
    "missing_api_key": ({"user"}, False),
    "malformed_api_key": ({"user"}, False),
    "invalid_api_key": ({"user"}, False),
    "api_access_disabled": ({"admin"}, False),
    "forbidden": ({"network", "admin"}, False),
    "rate_limited": ({"agent"}, True),
    "server_error": ({"outboundsync"}, True),
    "upstream_unavailable": ({"outboundsync"}, True),
    "not_found": ({"user"}, False),
    "unexpected_redirect": ({"user", "network"}, False),
    "bad_request": ({"user"}, False),
    "unexpected_response": ({"network"}, False),
    "connection_failed": ({"network"}, True),
    "tls_failed": ({"network"}, False),
    "timed_out": ({"network", "outboundsync"}, True),
    "not_outboundsync": ({"user"}, False),
    "unknown": ({"user"}, False),
}

VERBS = frozenset(
    re.findall(
        r"\w+",
        """Add Ask Call Change Check Come Compare Copy Correct Create Do Find Go Install Leave Log Look Open Pass Put
        Raise Read Remove Repeat Restart Retry Retype Run Select Send Set Spread Unset Use Wait Write""",
    )
)
PLACES = re.compile(
    r"`|\*\*|OutboundSync|administrator|network team|browser|\bURL\b|diagnose_error|service@outboundsync\.com|host"
)


def texts(entry: Entry) -> list[str]:
    return [entry.when, entry.meaning, entry.cause, *entry.other_causes, *entry.remediation]


def every_wording(entry_id: str) -> list[Entry]:
    """The entry with every variant of every phrase."""
    variants = {variant for wordings in CATALOG.phrases.values() for variant in wordings}
    chosen = [
        {name: variant if variant in wordings else "general" for name, wordings in CATALOG.phrases.items()}
        for variant in sorted(variants)
    ]
    return [CATALOG.fill(entry_id, {}, choice) for choice in chosen]


def test_the_kinds_are_the_contracts_in_its_order() -> None:
    assert tuple(CONTRACT) == KINDS
    assert tuple(entry.kind for entry in CATALOG.kinds()) == KINDS


@pytest.mark.parametrize("kind", KINDS)
def test_who_fixes_and_retryable_are_the_contracts(kind: Kind) -> None:
    people, retryable = CONTRACT[kind]
    assert set(CATALOG.who_fixes(kind)) == people
    assert {entry.retryable for entry in CATALOG.entries.values() if entry.kind == kind} == {retryable}


@pytest.mark.parametrize("entry_id", ENTRIES)
def test_no_text_keeps_a_placeholder_or_a_stray_space(entry_id: str) -> None:
    for entry in every_wording(entry_id):
        for text in texts(entry):
            assert text
            assert text == text.strip()
            assert not re.search(r"[{}]|  | [,.]|,,|\.\.(?!\.)(?<!\.\.\.)", text), text


@pytest.mark.parametrize("entry_id", ENTRIES)
def test_each_step_starts_with_a_verb_and_names_a_place(entry_id: str) -> None:
    for entry in every_wording(entry_id):
        for step in entry.remediation:
            assert step.split()[0] in VERBS, step
            if step.split()[0] not in {"Wait", "Repeat", "Send", "Spread", "Retry", "Leave", "Do", "Go", "Come"}:
                assert PLACES.search(step), step


@pytest.mark.parametrize("entry_id", ENTRIES)
def test_the_last_step_says_how_to_verify(entry_id: str) -> None:
    for entry in every_wording(entry_id):
        assert "get_me" in entry.remediation[-1], entry.remediation[-1]


@pytest.mark.parametrize("entry_id", ENTRIES)
def test_no_text_holds_a_key_or_sends_one_elsewhere(entry_id: str) -> None:
    for entry in every_wording(entry_id):
        for text in texts(entry):
            assert not re.search(r"osapi_\w", text), text
            if "curl" in text:
                assert "$OUTBOUNDSYNC_API_KEY" in text or "`curl -v` output" in text


@pytest.mark.parametrize("kind", ["api_access_disabled", "forbidden"])
def test_nothing_about_a_403_suggests_to_rotate_the_key(kind: Kind) -> None:
    for entry in CATALOG.entries.values():
        if entry.kind == kind:
            assert not any("rotat" in text.casefold() or "**Create key" in text for text in texts(entry))


def test_urls_and_addresses_are_the_documented_ones() -> None:
    assert set(re.findall(r"https://[^\s`\"]+", TEXT)) == {
        "https://outboundsync.com/docs/api/errors-and-rate-limits/",
        "https://outboundsync.com/docs/api/authentication/creating-api-keys/",
        "https://outboundsync.com/docs/api/endpoints/get-account-and-connections/",
        "https://app.outboundsync.com",
        "https://app.outboundsync.com/api/v1/me",
    }
    assert set(re.findall(r"\S+@[\w.]+\w", TEXT)) == {"service@outboundsync.com"}


def test_the_variables_are_the_contracts() -> None:
    assert set(re.findall(r"OUTBOUNDSYNC_[A-Z_]+\b", TEXT)) == {
        "OUTBOUNDSYNC_API_KEY",
        "OUTBOUNDSYNC_API_KEY_FILE",
        "OUTBOUNDSYNC_BASE_URL",
        "OUTBOUNDSYNC_TIMEOUT_SECONDS",
    }


def test_the_documented_messages_are_the_vendors() -> None:
    assert {entry.documented_message for entry in CATALOG.kinds()} == {
        None,
        "Invalid API key",
        "API access is not enabled for this account",
    }


@pytest.mark.parametrize(
    ("prefix", "values"),
    [("failure_", list(Failure)), ("body_", list(BodyFault)), ("key_", [k for k in KeyFault if k != KeyFault.MISSING])],
)
def test_every_observed_fault_has_its_own_situation(prefix: str, values: list[str]) -> None:
    assert [value for value in values if f"{prefix}{value}" not in CATALOG.entries] == []


def test_every_fact_and_phrase_is_used() -> None:
    for name in (*CATALOG.facts, *CATALOG.phrases):
        assert f"{{{name}}}" in TEXT


def test_a_situation_takes_from_its_kind_what_it_does_not_say() -> None:
    kind = CATALOG.entries["forbidden"]
    situation = CATALOG.entries["forbidden_html"]
    assert situation.remediation == kind.remediation
    assert situation.docs_url == kind.docs_url
    assert situation.cause != kind.cause
    assert situation.id in {entry.id for entry in CATALOG.situations("forbidden")}


def test_a_fact_that_holds_braces_is_put_in_as_it_is() -> None:
    filled = CATALOG.fill("bad_setting", {"setting_faults": "OUTBOUNDSYNC_BASE_URL is {base_host}."})
    assert filled.cause == "OUTBOUNDSYNC_BASE_URL is {base_host}. Nothing was sent."


# What is wrong is refused, by name


@pytest.mark.parametrize(
    ("right", "wrong", "complaint"),
    [
        ('summary = "HTTP 404', 'summry = "HTTP 404', r"kind\.not_found\.summary: missing"),
        ('who_fixes = "nobody"', 'who_fixes = "somebody"', r"kind\.ok\.who_fixes: 'somebody' is none of"),
        ("retryable = false", 'retryable = "no"', r"kind\.ok\.retryable: neither"),
        ('docs = "me"', 'docs = "moon"', r"kind\.ok\.docs: 'moon' is none of"),
        ('meaning = "OK"', 'meaning = " "', r"kind\.ok\.meaning: empty"),
        ('meaning = "OK"', "meaning = 1", r"kind\.ok\.meaning: not a text"),
        ("other_causes = []", 'other_causes = "none"', r"kind\.ok\.other_causes: not a list"),
        ("other_causes = []", "other_causes = [1]", r"kind\.ok\.other_causes\.0: not a text"),
        ("[kind.ok]", "[kind.okay]", r"kind\.okay: not a kind"),
        ("{wait_step}", "{wait_stop}", r"rate_limited: unknown placeholder \{wait_stop\}"),
        ("{wait_step}", "{wait_step!r}", r"rate_limited: unknown placeholder"),
        ("{wait_step}", "{wait_step:>9}", r"rate_limited: unknown placeholder"),
        ("{wait_step}", "{wait_step", r"rate_limited: .*expected '}'"),
        ('wait = "the stated time"', 'waits = "the stated time"', r"phrase\.\w+\.\w+: unknown placeholder"),
        ('general = "Such a key', 'other = "Such a key', r"phrase\.not_sent\.general: missing"),
        ("[phrase.not_sent]", "[phrase.wait]", r"phrase\.wait: also a fact"),
        ("[situation.gone]", "[situation.ok]", r"situation\.ok: the name is a kind's"),
        ('kind = "ok"', 'kind = "gone"', r"situation\.ok_one_connection\.kind: 'gone' is none of"),
        ('when = "HTTP 451"', 'when = "HTTP 451"\nwhy = "x"', r"situation\.legal: unknown field why"),
        ('when = "a 2xx other', 'remediation = []\nwhen = "a', r"situation\.success_odd\.remediation: no step"),
        ("[docs]", "[surprise]\nx = 1\n[docs]", r"catalog: unknown field surprise"),
    ],
)
def test_a_catalog_that_is_not_right_is_refused_by_name(right: str, wrong: str, complaint: str) -> None:
    assert right in TEXT
    text = TEXT.replace(right, wrong, 1)
    with pytest.raises(CatalogError, match=complaint):
        parse_catalog(text)


def test_what_should_be_a_table_and_is_none_is_refused_by_name() -> None:
    with pytest.raises(CatalogError, match="docs: not a table"):
        parse_catalog("docs = 1")


def test_a_missing_kind_is_refused_by_name() -> None:
    text = TEXT[: TEXT.index("[kind.unknown]")] + TEXT[TEXT.index("[situation.nothing_given]") :]
    with pytest.raises(CatalogError, match=r"not the contract's.*unknown"):
        parse_catalog(text)


def test_the_catalog_is_read_once() -> None:
    assert load_catalog() is load_catalog()


def test_an_entry_is_all_that_its_table_and_its_kinds_say() -> None:
    catalog = parse_catalog(TEXT)
    assert {name: entry.id for name, entry in catalog.entries.items()} == {name: name for name in catalog.entries}
    assert {entry.kind for entry in catalog.entries.values()} == set(KINDS)
    for kind in KINDS:
        entry = catalog.entries[kind]
        assert (entry.kind, entry.own_meaning) == (kind, False)
        for situation in catalog.situations(kind):
            kept = (situation.kind, situation.retryable, situation.docs_url, situation.documented_message)
            assert kept == (kind, entry.retryable, entry.docs_url, None)
            assert situation.own_meaning is True or situation.meaning == entry.meaning
    assert catalog.entries["rate_limited_cooling_down"].own_meaning is True
    assert catalog.entries["rate_limited_own"].own_meaning is False
    assert catalog.meanings[401] == "Unauthorized"


def test_a_complaint_lists_what_is_allowed_and_what_is_not_known() -> None:
    with pytest.raises(CatalogError, match=r"is none of certain, likely, possible$"):
        parse_catalog(re.sub("(?m)^confidence = .*", 'confidence = "sure"', TEXT, count=1))
    with pytest.raises(CatalogError, match=r"unknown field one, two$"):
        parse_catalog(re.sub("(?m)^confidence = ", "one = 1\ntwo = 2\nconfidence = ", TEXT, count=1))
