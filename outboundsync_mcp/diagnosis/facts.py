"""Evidence in words: the facts that fill the catalog's placeholders, and the lines of a diagnosis' evidence."""

import math
import re
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta

from outboundsync_mcp.diagnosis.evidence import BodyFault, Evidence, Failure, Intermediary, KeyFault

LONGEST_CALL_SECONDS = 120
"""The most that `max_wait_seconds` of get_me accepts."""

DEFAULT_KEY_VARIABLE = "OUTBOUNDSYNC_API_KEY"

_HOST = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?", re.ASCII)

_BODY = {
    BodyFault.EMPTY: "The body was empty.",
    BodyFault.HTML: "The body was a web page (HTML).",
    BodyFault.NOT_JSON: "The body was not JSON.",
    BodyFault.WRONG_SHAPE: "The body was JSON, but not the documented one.",
    BodyFault.TRUNCATED: "The body ended before its end.",
    BodyFault.UNDECODABLE: "The body could not be decoded.",
    BodyFault.OVERSIZE: "The body was larger than the reading limit.",
}
_INTERMEDIARY = {
    Intermediary.PROXY: "A proxy seems to have answered.",
    Intermediary.CLOUDFLARE: "Cloudflare seems to have answered.",
    Intermediary.CAPTIVE_PORTAL: "A captive portal seems to have answered.",
    Intermediary.FIREWALL: "A firewall or a CDN's block page seems to have answered.",
    Intermediary.GATEWAY: "A gateway or load balancer seems to have answered.",
}
_FAILURE = {
    Failure.DNS: "The host name was not resolved.",
    Failure.REFUSED: "The connection was refused.",
    Failure.UNREACHABLE: "The network or host was unreachable.",
    Failure.PROXY: "The proxy could not be used.",
    Failure.CONNECT_TIMEOUT: "The connection was not made in time.",
    Failure.TLS_EXPIRED: "The certificate counted as expired.",
    Failure.TLS_NOT_YET_VALID: "The certificate counted as not valid yet.",
    Failure.TLS_UNTRUSTED: "The certificate's authority was not trusted.",
    Failure.TLS_HOSTNAME: "The certificate was for another host name.",
    Failure.TLS_PLAINTEXT: "The other side did not speak TLS.",
    Failure.TLS_HANDSHAKE: "The TLS handshake failed.",
    Failure.RESET: "The connection was reset.",
    Failure.CLOSED: "The connection was closed without a byte of a response.",
    Failure.NOT_HTTP: "The answer was not HTTP.",
    Failure.REDIRECTS: "The client gave up after too many redirects.",
    Failure.READ_TIMEOUT: "No answer came in time.",
    Failure.DEADLINE: "The whole request took too long.",
    Failure.INTERRUPTED: "The request was stopped before it ended.",
}
_KEY = {
    KeyFault.MISSING: "There was no key.",
    KeyFault.UNREADABLE_FILE: "The key file could not be read.",
    KeyFault.UNEXPANDED: "The key was an unexpanded variable or an assignment.",
    KeyFault.PLACEHOLDER: "The key was a placeholder.",
    KeyFault.MASKED: "The key was masked.",
    KeyFault.QUOTED: "The key had quotes in it.",
    KeyFault.DOUBLE_BEARER: "The word Bearer occurred twice.",
    KeyFault.WRONG_SCHEME: "The key was not offered as `Authorization: Bearer`.",
    KeyFault.WHITESPACE: "The key had whitespace in it.",
    KeyFault.INVISIBLE: "The key had an invisible or non-ASCII character in it.",
    KeyFault.OTHER_VENDOR: "The key had the form of another vendor's.",
    KeyFault.NO_PREFIX: "The key did not start with `osapi_`.",
    KeyFault.TOO_SHORT: "The key was too short.",
    KeyFault.TOO_LONG: "The key was too long.",
    KeyFault.BAD_CHARACTER: "The key had a character that a Bearer token cannot hold.",
}

_Line = Callable[[Evidence], str | None]


def facts_of(e: Evidence, *, wait: int | None, until: str | None) -> dict[str, str]:
    """Give the catalog's facts that `e` knows; `wait` in seconds and its end go with it.

    A host is taken over only when it is a plain host name: it may end up in a command that somebody copies.
    """
    known: dict[str, str | None] = {
        "argument_faults": " ".join(e.argument_faults) or None,
        "base_host": e.host if e.host is not None and _HOST.fullmatch(e.host) else None,
        "clock_skew": None if e.clock_skew is None else duration(abs(e.clock_skew)),
        "key_vendor": e.key_vendor,
        "own_requests": None if e.own_requests_in_window is None else _count(e.own_requests_in_window, "request"),
        "retry_after_seconds": None if wait is None else str(wait),
        "retry_at": until,
        "setting_faults": " ".join(e.setting_faults) or None,
        "status": None if e.status is None else str(e.status),
        "timeout": None if e.timeout_seconds is None else duration(e.timeout_seconds),
        "vendor": e.vendor,
        "wait": None if wait is None else _count(wait, "second"),
    }
    return {name: value for name, value in known.items() if value}


def variants_of(e: Evidence, *, wait: int | None, until: datetime | None, now: datetime) -> dict[str, str]:
    """Choose the catalog's phrases: live or pasted, key in a variable or a file, wait short, long or over."""
    stated = wait is not None
    over = until is not None and until <= now
    if e.source == "pasted":
        wait_step = "pasted_over" if over else "pasted" if stated else "pasted_unstated"
        later = "pasted_over" if over else "pasted_stated" if stated else "pasted"
        place = "pasted"
    else:
        wait_step = "live" if wait is None or wait <= LONGEST_CALL_SECONDS else "live_long"
        later = "live_stated" if stated else "live"
        place = "variable" if e.key_source == DEFAULT_KEY_VARIABLE else "file"
    return {
        "again": e.source,
        "key_place": place,
        "restart": place,
        "not_sent": e.source,
        "wait_step": wait_step,
        "later": later,
    }


def evidence_lines(e: Evidence, *, meaning: str | None, wait: int | None, documented: bool) -> list[str]:
    """Say what the diagnosis rests on: what was seen, then the facts in plain words that it does not say already."""
    facts = [_status(e, meaning), "The message is the documented one." if documented else None]
    facts += [line(e) for line in _LINES]
    kept: list[str] = []
    for line in (*e.seen, *e.setting_faults, *e.argument_faults, *facts, _stated_wait(e, wait)):
        said = (line or "").strip()
        if said and not _mentioned(said, kept):
            kept.append(said)
    return kept


def _mentioned(words: str, lines: Iterable[str]) -> bool:
    sought = words.casefold().rstrip(".")
    return any(sought in line.casefold() for line in lines)


def duration(seconds: float) -> str | None:
    """Say a duration in its largest unit: 15 seconds, 2.5 seconds, 3 hours. None for no number."""
    if not math.isfinite(seconds):
        return None
    for unit, length in (("day", 86400), ("hour", 3600), ("minute", 60)):
        if seconds >= 2 * length:
            return _count(round(seconds / length), unit)
    return _count(round(seconds, 1), "second")


def moment_after(start: datetime, seconds: int) -> datetime:
    """Give the whole second, UTC, that is `seconds` after `start`, at most the calendar's last."""
    try:
        start = start.replace(tzinfo=UTC) if start.tzinfo is None else start.astimezone(UTC)
        end = start + timedelta(seconds=seconds)
        return (end + timedelta(seconds=1)).replace(microsecond=0) if end.microsecond else end
    except OverflowError:
        return datetime.max.replace(microsecond=0, tzinfo=UTC)


def iso(moment: datetime) -> str:
    """Write a UTC moment as ISO 8601 with Z, to the second."""
    return moment.isoformat()[:19] + "Z"


def _count(number: float, unit: str) -> str:
    words = str(number) if isinstance(number, int) else f"{number:g}"
    return f"{words} {unit}{'' if words == '1' else 's'}"


def _status(e: Evidence, meaning: str | None) -> str | None:
    if e.status is None or any(re.search(rf"(?<!\d){e.status}(?!\d)", line) for line in e.seen):
        return None
    return f"The status was {e.status}{f' ({meaning})' if meaning else ''}."


def _stated_wait(e: Evidence, wait: int | None) -> str | None:
    if wait is None:
        return None
    if e.source == "pasted":
        return f"The stated wait (Retry-After) is {_count(wait, 'second')}."
    if e.retry_after is None:
        return f"No valid Retry-After was stated, so the vendor's example applies: {_count(wait, 'second')}."
    return f"The next request may be sent in {_count(wait, 'second')}."


def _host(e: Evidence) -> str | None:
    if e.host is None or e.cooling_down or (e.status is None and e.failure is None) or _mentioned(e.host, e.seen):
        return None
    return f"The request went to `{e.host}`."


def _body(e: Evidence) -> str | None:
    if e.body_fault is None:
        return None
    if e.body_fault is BodyFault.WRONG_SHAPE and e.body_fault_detail:
        return f"{_BODY[e.body_fault].rstrip('.')}: {e.body_fault_detail.rstrip('.')}."
    return e.body_fault_detail or _BODY[e.body_fault]


def _own_requests(e: Evidence) -> str | None:
    if e.status != 429 or e.own_requests_in_window is None:
        return None
    return f"This process sent {_count(e.own_requests_in_window, 'request')} in the current 60 seconds."


def _realm(e: Evidence) -> str | None:
    if e.status != 401 or e.documented_realm is None:
        return None
    if e.documented_realm:
        return 'The header `WWW-Authenticate: Bearer realm="OutboundSync API"` was present, as documented.'
    return (
        'The documented header `WWW-Authenticate: Bearer realm="OutboundSync API"` was missing, '
        "so this 401 may not come from the API."
    )


def _connections(e: Evidence) -> str | None:
    if e.connections is None:
        return None
    line = f"The key sees {_count(e.connections, 'connection')}"
    if e.connection_scope == "connection":
        return f"{line}; it is scoped to one connection, so seeing only that one is normal."
    if e.connection_scope:
        return f"{line}; its connection scope is `{e.connection_scope}`."
    return f"{line}."


def _skew(e: Evidence) -> str | None:
    if e.clock_skew is None or not abs(e.clock_skew) >= 60:  # NaN is no skew
        return None
    amount = duration(abs(e.clock_skew))
    side = "ahead of" if e.clock_skew > 0 else "behind"
    return f"The local clock is {amount} {side} the server's." if amount else None


def _waiting(e: Evidence) -> str | None:
    if e.wait_limit is None:
        return None
    return f"This call may wait {_count(e.wait_limit, 'second')} at most, which is less than the wait."


def _timeout(e: Evidence) -> str | None:
    timed = (Failure.CONNECT_TIMEOUT, Failure.READ_TIMEOUT, Failure.DEADLINE)
    if e.timeout_seconds is None or e.failure not in timed or (limit := duration(e.timeout_seconds)) is None:
        return None
    return f"The time limit was {limit}."


_LINES: tuple[_Line, ...] = (
    _host,
    lambda e: "That is not the host of the OutboundSync API." if e.api_host is False else None,
    lambda e: None if e.vendor is None else f"It has the marks of {e.vendor}.",
    lambda e: None if e.failure is None else _FAILURE[e.failure],
    lambda e: e.failure_detail,
    _timeout,
    _skew,
    lambda e: None if e.intermediary is None else _INTERMEDIARY[e.intermediary],
    lambda e: None if e.cdn_code is None else f"Cloudflare's own error code is {e.cdn_code}.",
    lambda e: None if e.location is None else f"The redirect leads to `{e.location}`.",
    _body,
    _realm,
    lambda e: e.key_fault_detail or (None if e.key_fault is None else _KEY[e.key_fault]),
    lambda e: None if e.key_vendor is None else f"The key looks like one of {e.key_vendor}.",
    lambda e: "No key of the documented form was sent." if e.key_sent is False else None,
    lambda e: "The same key worked earlier in this process." if e.key_worked_before else None,
    lambda e: "No request was sent: an earlier 429 is still in force." if e.cooling_down else None,
    lambda e: "This answer came after the documented wait and single retry." if e.retried else None,
    _own_requests,
    _waiting,
    _connections,
    lambda e: None if e.key_name is None else f"The key's name is `{e.key_name}`.",
)
