"""Evidence in, diagnosis out: one ordered table of rules picks the situation, the catalog has the words."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from ipaddress import ip_address
from urllib.parse import SplitResult, urlsplit

from outboundsync_mcp.diagnosis.catalog import Catalog, Entry, load_catalog
from outboundsync_mcp.diagnosis.diagnosis import Diagnosis
from outboundsync_mcp.diagnosis.evidence import (
    BodyFault,
    Confidence,
    Evidence,
    Failure,
    Intermediary,
    KeyFault,
)
from outboundsync_mcp.diagnosis.facts import evidence_lines, facts_of, iso, moment_after, variants_of

DEFAULT_WAIT_SECONDS = 60
"""The wait for a live 429 that states none: the vendor's own example ("Errors and rate limits")."""

OWN_QUOTA_REQUESTS = 100
"""From so many requests of ours in a window of 120 on, we are the likely cause of the 429."""

CLOCK_SKEW_SECONDS = 300
"""A local clock this far off explains a certificate that counts as expired or not yet valid."""

_LONGEST_WAIT = 2**53 - 1  # the largest integer that every JSON reader keeps
_STRENGTH: dict[Confidence, int] = {"possible": 0, "likely": 1, "certain": 2}
_CLOUDFLARE_BLOCKS = frozenset({1005, 1006, 1007, 1008, 1009, 1010, 1012})  # Cloudflare, "1xxx errors"
_PORTAL_WORDS = (
    "captive",
    "portal",
    "hotspot",
    "login",
    "logon",
    "signin",
    "sign-in",
    "sso",
    "splash",
    "guest",
    "wifi",
)


@dataclass(frozen=True, slots=True)
class Rule:
    """A situation of the catalog (or a kind, for its plain case) and the evidence that it takes."""

    situation: str
    fits: Callable[[Evidence], bool]


def diagnose(evidence: Evidence, *, now: datetime) -> Diagnosis:
    """Turn evidence into a diagnosis, for any evidence; `now` is the current UTC time.

    The first rule that fits wins. `retry_at` is `now` plus the wait for a live exchange, whose wait counts from
    now, and the response's own Date plus the wait for a pasted one.
    """
    catalog = load_catalog()
    situation = situation_of(evidence)
    kind = catalog.entries[situation].kind
    # A wait makes no sense to who will not retry; a paste's is a fact of the paste.
    waits = catalog.entries[situation].retryable or (evidence.source == "pasted" and kind != "ok")
    wait = _wait(evidence, rate_limited=kind == "rate_limited") if waits else None
    start = evidence.observed_at if evidence.source == "pasted" and evidence.observed_at else now
    end = None if wait is None else moment_after(start, wait)
    until = None if end is None else iso(end)
    entry = catalog.fill(
        situation,
        facts_of(evidence, wait=wait, until=until),
        variants_of(evidence, wait=wait, until=end, now=moment_after(now, 0)),
    )
    return Diagnosis(
        ok=entry.kind == "ok",
        status=evidence.status,
        kind=entry.kind,
        meaning=_meaning(catalog, entry, evidence.status),
        cause=entry.cause,
        other_causes=list(entry.other_causes),
        confidence=_weaker(entry.confidence, evidence.certainty),
        remediation=list(entry.remediation),
        who_fixes=entry.who_fixes,
        retryable=entry.retryable,
        retry_after_seconds=wait,
        retry_at=until,
        message=evidence.message,
        evidence=evidence_lines(
            evidence,
            meaning=catalog.meanings.get(evidence.status or 0),
            wait=wait,
            documented=_is_documented(catalog, evidence),
        ),
        docs_url=entry.docs_url,
    )


def situation_of(evidence: Evidence) -> str:
    """Name the situation of the catalog that `evidence` is: the first rule that fits."""
    return next(
        rule.situation for applies, rules in GROUPS if applies(evidence) for rule in rules if rule.fits(evidence)
    )


def _wait(e: Evidence, *, rate_limited: bool) -> int | None:
    if e.retry_after is not None:
        return min(max(1, e.retry_after), _LONGEST_WAIT)
    return DEFAULT_WAIT_SECONDS if rate_limited and e.source == "live" else None


def _weaker(one: Confidence, other: Confidence) -> Confidence:
    return one if _STRENGTH[one] <= _STRENGTH[other] else other


def _meaning(catalog: Catalog, entry: Entry, status: int | None) -> str:
    if entry.own_meaning or status is None:
        return entry.meaning
    return catalog.meanings.get(status, entry.meaning)


def _is_documented(catalog: Catalog, e: Evidence) -> bool:
    documented = {401: "invalid_api_key", 403: "api_access_disabled"}.get(e.status or 0)
    return documented is not None and _says(e, catalog.entries[documented].documented_message or "")


# Readings of the evidence that several rules share


def _says(e: Evidence, words: str) -> bool:
    return e.message is not None and " ".join(words.split()).casefold() in " ".join(e.message.split()).casefold()


def _silent(e: Evidence) -> bool:
    """No response and no failure: only the key or a setting can be the reason."""
    return e.status is None and e.failure is None


def _key_in_doubt(e: Evidence) -> bool:
    """The key's own form can be the reason: nothing came back, or a 401 did."""
    return e.failure is None and e.status in (None, 401) and not _documented_body(e)


def _documented_body(e: Evidence) -> bool:
    """The body of a success, pasted without its status."""
    return e.status is None and e.failure is None and e.body_fault is None and e.connections is not None


def _no_final_answer(e: Evidence) -> bool:
    """The exchange broke off: no status, or a success whose body did not arrive. An error status outranks that."""
    return e.status is None or e.status < 300


def _any(_: Evidence) -> bool:
    return True


def _is(status: int) -> Callable[[Evidence], bool]:
    return lambda e: e.status == status


def _from(*intermediaries: Intermediary) -> Callable[[Evidence], bool]:
    return lambda e: e.intermediary in intermediaries


def _bare(e: Evidence) -> bool:
    """A body without words of its own: none, or JSON that only repeats the status."""
    words = e.message is not None and e.message.strip().casefold().rstrip(".") not in ("", "forbidden")
    return not words and e.body_fault in (None, BodyFault.EMPTY) and (e.json_body is not False or e.message is None)


def _challenged(e: Evidence) -> bool:
    """Cloudflare says so in a header, or in the title of its page."""
    return e.headers.get("cf-mitigated", "").strip().casefold() == "challenge" or (
        e.intermediary is Intermediary.CLOUDFLARE and _says(e, "Just a moment")
    )


def _blocked(e: Evidence) -> bool:
    """What was seen says so, in a text that states no status."""
    return any(word in seen.casefold() for seen in e.seen for word in ("blocked", "access denied"))


def _leads_to_login(e: Evidence) -> bool:
    """The redirect leaves OutboundSync, or leaves the host for what reads like a log-in page or a private address."""
    target = _split(e.location)
    if target is None or not target.hostname or _is_outboundsync(target.hostname):
        return False
    origin = _hostname(e.host or "")
    if origin == target.hostname:
        return False
    return (
        (origin is not None and _is_outboundsync(origin))
        or _is_private(target.hostname)
        or any(word in f"{target.hostname}{target.path}".casefold() for word in _PORTAL_WORDS)
    )


def _is_outboundsync(host: str) -> bool:
    return host == "outboundsync.com" or host.endswith(".outboundsync.com")


def _hostname(host: str) -> str | None:
    split = _split(f"//{host}")
    return split.hostname.casefold() if split and split.hostname else None


def _split(url: str | None) -> SplitResult | None:
    try:
        return None if url is None else urlsplit(url)
    except ValueError:
        return None


def _is_private(host: str) -> bool:
    try:
        return not ip_address(host).is_global
    except ValueError:
        return False


def _wrong_clock(e: Evidence) -> bool:
    """The local clock is off in the direction that makes a good certificate fail."""
    skew = e.clock_skew or 0.0
    return (e.failure is Failure.TLS_EXPIRED and skew >= CLOCK_SKEW_SECONDS) or (
        e.failure is Failure.TLS_NOT_YET_VALID and skew <= -CLOCK_SKEW_SECONDS
    )


def _few_own_requests(e: Evidence) -> bool:
    return e.own_requests_in_window is not None and e.own_requests_in_window < OWN_QUOTA_REQUESTS


# The rules: the first that fits wins. A group's last rule takes what is left of it.

_BEFORE_SENDING = (
    Rule("bad_argument", lambda e: bool(e.argument_faults) and _silent(e)),
    Rule("bad_setting", lambda e: bool(e.setting_faults) and _silent(e)),
    Rule("rate_limited_cooling_down", lambda e: e.cooling_down),
    Rule("not_outboundsync", lambda e: e.vendor is not None),
)

_KEY = (
    Rule(
        "key_not_sent",
        lambda e: (
            (e.key_fault is KeyFault.MISSING and e.source == "pasted") or (e.key_fault is None and e.key_sent is False)
        ),
    ),
    *(
        Rule(
            "missing_api_key" if fault is KeyFault.MISSING else f"key_{fault}",
            lambda e, fault=fault: e.key_fault is fault,
        )
        for fault in KeyFault
    ),
)

_NO_RESPONSE = (
    Rule("tls_local_clock", _wrong_clock),
    *(Rule(f"failure_{failure}", lambda e, failure=failure: e.failure is failure) for failure in Failure),
)

_UNAUTHORIZED = (
    # Some proxies refuse wrong credentials of their own with 401 in place of 407.
    Rule("proxy_authentication", lambda e: e.intermediary is Intermediary.PROXY and e.documented_realm is not True),
    Rule("unauthorized_intermediary", lambda e: e.intermediary is not None and e.documented_realm is not True),
    Rule("key_revoked", lambda e: e.key_worked_before),
    Rule("unauthorized_foreign", lambda e: e.api_host is False and e.documented_realm is not True),
    Rule("unauthorized_no_realm", lambda e: e.documented_realm is False and _says(e, "Invalid API key")),
    Rule("unauthorized_foreign", lambda e: e.documented_realm is False),
    Rule("key_refused", lambda e: e.key_sent is True),
    Rule("invalid_api_key", _any),
)

_FORBIDDEN = (
    Rule("api_access_disabled", lambda e: _says(e, "API access is not enabled")),
    Rule("cloudflare_1020", lambda e: e.cdn_code == 1020),
    Rule("cloudflare_challenge", _challenged),
    Rule("cloudflare_block", lambda e: e.cdn_code is not None or e.intermediary is Intermediary.CLOUDFLARE),
    Rule("forbidden_proxy", _from(Intermediary.PROXY)),
    Rule("forbidden_portal", _from(Intermediary.CAPTIVE_PORTAL)),
    Rule("forbidden_firewall", _from(Intermediary.FIREWALL)),
    Rule("forbidden_gateway", _from(Intermediary.GATEWAY)),
    Rule("forbidden_foreign", lambda e: e.api_host is False),
    Rule("api_access_bare", lambda e: _bare(e) and e.api_host is True),
    Rule("api_access_guess", _bare),
    Rule("forbidden_html", lambda e: e.json_body is False or e.body_fault is not None),
    Rule("forbidden_permission", lambda e: e.json_body is True or e.api_host is True),
    Rule("forbidden", _any),
)

_RATE_LIMITED = (
    Rule("rate_limited_cdn", lambda e: e.cdn_code is not None or e.intermediary is Intermediary.CLOUDFLARE),
    Rule("rate_limited_intermediary", lambda e: e.intermediary is not None),
    Rule("rate_limited", lambda e: e.source == "pasted"),
    Rule("rate_limited_own", lambda e: (e.own_requests_in_window or 0) >= OWN_QUOTA_REQUESTS),
    Rule("rate_limited_again", lambda e: e.retried),
    Rule(
        "rate_limited_ip", lambda e: not e.key_worked_before and not any(h.startswith("x-ratelimit") for h in e.headers)
    ),
    Rule("rate_limited_shared", _few_own_requests),
    Rule("rate_limited", _any),
)

_BODY = (
    Rule("network_login", _from(Intermediary.CAPTIVE_PORTAL)),
    *(Rule(f"body_{fault}", lambda e, fault=fault: e.body_fault is fault) for fault in BodyFault),
)

_SUCCESS = (
    *_BODY,
    Rule("body_empty", lambda e: e.status in (204, 205)),
    Rule("success_odd", lambda e: e.status != 200),
    Rule("ok_no_connections", lambda e: e.connections == 0),
    Rule("ok_one_connection", lambda e: e.connection_scope == "connection" and e.connections == 1),
    Rule("ok_body_unseen", lambda e: e.connections is None and e.source == "pasted"),
    Rule("ok", _any),
)

_UPSTREAM = (
    Rule("upstream_cloudflare", lambda e: e.status is not None and e.status >= 520),
    Rule("upstream_proxy", _from(Intermediary.PROXY)),
    Rule("upstream_unavailable", _any),
)

_STATUS = (
    (range(401, 402), _UNAUTHORIZED),
    (range(403, 404), _FORBIDDEN),
    (
        range(404, 405),
        (
            Rule("not_found_page", lambda e: e.json_body is False or e.intermediary is not None),
            Rule("not_found", _any),
        ),
    ),
    (range(407, 408), (Rule("proxy_authentication", _any),)),
    (range(429, 430), _RATE_LIMITED),
    (range(511, 512), (Rule("network_login", _any),)),
    (range(502, 505), _UPSTREAM),
    (range(520, 528), _UPSTREAM),
    (range(530, 531), _UPSTREAM),
    (range(200, 300), _SUCCESS),
    (
        range(300, 400),
        (
            Rule("not_modified", _is(304)),
            Rule("redirect_portal", lambda e: e.intermediary is Intermediary.CAPTIVE_PORTAL or _leads_to_login(e)),
            Rule("unexpected_redirect", _any),
        ),
    ),
    (
        range(400, 500),
        (
            Rule("method_not_allowed", _is(405)),
            Rule("request_timeout", _is(408)),
            Rule("gone", _is(410)),
            Rule("too_large", lambda e: e.status in (413, 414, 431)),
            Rule("media_type", lambda e: e.status in (406, 415)),
            Rule("misdirected", _is(421)),
            Rule("upgrade_required", _is(426)),
            Rule("legal", _is(451)),
            Rule("bad_request", _any),
        ),
    ),
    (
        range(500, 600),
        (
            Rule("upstream_proxy", _from(Intermediary.PROXY)),
            Rule("server_error_intermediary", lambda e: e.intermediary is not None),
            Rule("server_error", _any),
        ),
    ),
)


_NO_STATUS = (
    Rule("ok_no_connections", lambda e: _documented_body(e) and e.connections == 0),
    Rule(
        "ok_one_connection", lambda e: _documented_body(e) and e.connection_scope == "connection" and e.connections == 1
    ),
    Rule("ok", _documented_body),
    *_BODY,
    Rule("rate_limited_cdn", lambda e: e.cdn_code == 1015),
    Rule("cloudflare_1020", lambda e: e.cdn_code == 1020),
    Rule("cloudflare_block", lambda e: e.cdn_code in _CLOUDFLARE_BLOCKS or _challenged(e)),
    Rule("upstream_cloudflare", lambda e: e.cdn_code is not None),
    Rule("forbidden_proxy", lambda e: _blocked(e) and e.intermediary is Intermediary.PROXY),
    Rule("no_answer", lambda e: e.source == "live"),
    Rule("nothing_given", lambda e: not any(line.strip() for line in e.seen)),
    Rule("unknown", _any),
)

_ODD_STATUS = (Rule("status_odd", lambda e: e.source == "live"), Rule("status_unknown", _any))


def _status_in(statuses: range) -> Callable[[Evidence], bool]:
    return lambda e: e.status in statuses


GROUPS: tuple[tuple[Callable[[Evidence], bool], tuple[Rule, ...]], ...] = (
    (_any, _BEFORE_SENDING),
    (lambda e: (e.key_fault is not None or e.key_sent is False) and _key_in_doubt(e), _KEY),
    (lambda e: e.failure is not None and _no_final_answer(e), _NO_RESPONSE),
    *((_status_in(statuses), rules) for statuses, rules in _STATUS),
    (lambda e: e.status is not None, _ODD_STATUS),
    (_any, _NO_STATUS),
)
"""Whom a group's rules are for, and the rules."""
