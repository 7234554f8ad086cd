"""Read anything that a person or an agent pastes into `Evidence`: offline, in linear time, without ever failing.

Layers: `normalize` undoes the transport, `units` cuts the text, `sighting` (with `statuses` and `request_key`) sees
facts in each unit by the tables of `patterns`, `exchanges` joins them and picks the exchange that counts (with
`error_names` and `phrases` where the tables know no word of a text); this module writes the evidence down.
`arguments` takes what is given beside the text, `digest` shortens a huge one.
"""

import re
from datetime import datetime
from typing import TypedDict, cast

from outboundsync_mcp.diagnosis.arguments import as_text, status_of, wait_of
from outboundsync_mcp.diagnosis.clean import clean, clean_message
from outboundsync_mcp.diagnosis.digest import digest
from outboundsync_mcp.diagnosis.evidence import BodyFault, Confidence, Evidence, Failure, Intermediary
from outboundsync_mcp.diagnosis.exchanges import exchanges_of, owner_of, pick
from outboundsync_mcp.diagnosis.normalize import decode, unescape, without_codes
from outboundsync_mcp.diagnosis.own_diagnosis import evidence_of_diagnosis
from outboundsync_mcp.diagnosis.redact import Redactor
from outboundsync_mcp.diagnosis.response import API_REALM, origin_and_path, read_response
from outboundsync_mcp.diagnosis.retry_after import parse_http_date, parse_retry_after
from outboundsync_mcp.diagnosis.sighting import Sighting
from outboundsync_mcp.diagnosis.statuses import BARE, CUED, EXPLICIT, IMPLIED, statuses_in
from outboundsync_mcp.diagnosis.units import Unit, units_of

MAX_QUOTE_CHARS = 200
MAX_QUOTES = 8


def read(
    text: object,
    *,
    status: object = None,
    message: object = None,
    retry_after: object = None,
    now: datetime,
) -> Evidence:
    """Evidence of the error that `text` and the explicit fields tell of; the fields win over the text.

    Every argument may be of any JSON type: what cannot be read is ignored, and `seen` says so. `now` (UTC) is the
    reference of a Retry-After date that has no Date beside it.
    """
    raw = as_text(text)
    said = as_text(message)
    written, said = without_codes(digest(raw)), without_codes(said)
    normal, said_normal = decode(written), decode(said)
    # What is no encoding loses its marks when it is undone; an escape hides a name wherever it stands.
    redact = Redactor(*{written, normal, said, said_normal, unescape(normal) if "\\" in normal else normal})
    notes: list[str] = []
    explicit = status_of(status, notes)
    units = units_of(normal) if normal.strip() else []
    redact.learn(_decoded(units, normal))
    own = next((made for unit in units for item in unit.objects if (made := evidence_of_diagnosis(item, redact))), None)
    exchange = pick(exchanges_of(units), explicit)
    spoken = pick(exchanges_of(units_of(said_normal)), explicit) if said_normal.strip() else None
    if own is not None and explicit is None and spoken is None and retry_after is None:
        return own
    return _evidence(
        exchange,
        spoken,
        status=explicit,
        message=clean_message(cast("object", message) if isinstance(message, list) else said),
        wait=retry_after,
        notes=notes,
        given=bool(raw.strip()),
        redact=redact,
        now=now,
    )


def _decoded(units: list[Unit], text: str) -> str:
    """What of the units is not in the text like that: escapes undone, JSON opened, fields with their columns' names."""
    plain = set(text.split("\n"))
    lines = [line for unit in units for line in unit.text.split("\n") if line not in plain]
    rows = (unit for unit in units if unit.record and not unit.objects)
    lines += [f"{name}: {value}" for unit in rows for name, value in unit.pairs if name not in unit.text]
    return "\n".join(lines)


# Evidence ----------

_WITHOUT_ANSWER = frozenset(
    {Failure.DNS, Failure.REFUSED, Failure.UNREACHABLE, Failure.PROXY, Failure.CONNECT_TIMEOUT}
    | {failure for failure in Failure if failure.name.startswith("TLS")}
)
_OWN_ERROR = 500
_NOT_REACHED = re.compile(
    r"(?i)\b(?:enotfound|eai_again|resolv(?:e|ing)(?: host)?|lookup|host=|connect(?:ion)? to)[\s'\"(:]{0,4}"
    r"(?:https?://)?app\.outboundsync\.com"
)
_EMPTY_BODY = re.compile(
    r"""(?i)\b(?:text|body|data|content)["']?\s?(?:=>|[:=])\s?["']?(?:\{\}|\[\]|null)["']?[\s,;)}]*$""", re.MULTILINE
)


def _evidence(
    exchange: Sighting | None,
    spoken: Sighting | None,
    *,
    status: int | None,
    message: str | None,
    wait: object,
    notes: list[str],
    given: bool,
    redact: Redactor,
    now: datetime,
) -> Evidence:
    e = exchange or Sighting()
    if spoken is not None:
        e = _with_spoken(e, spoken, message)
    read_status = e.status
    if e.failure_rank >= 2 and e.status_rank == BARE:
        read_status = None
    if e.failure_rank >= 3 and e.status_rank == CUED and e.status_implied and e.message_rank < 3 and not e.cdn_code:
        read_status = None  # a platform's own code for what became of the request: "BadRequest"
    if (
        e.failure_rank >= 3
        and e.status == _OWN_ERROR
        and e.failure in _WITHOUT_ANSWER
        and _NOT_REACHED.search((e.failure_text or "")[:2000])
    ):
        read_status = None  # what the program between answered, for it did not reach the API
    if read_status is None and e.me is not None:
        read_status = 200  # the documented body implies its status
    final = status if status is not None else read_status
    waits = wait_of(wait, e.date, now, notes)
    answered = final is not None and final < 500 and final != 429
    is_default = e.waits == ["0"] and (answered or (final is None and e.failure is not None))
    if waits is None and e.waits and not is_default:  # libcurl says 0 where there is none
        waits = parse_retry_after(e.waits, date=e.date, now=now)
    failure = e.failure if final is None or 200 <= final < 300 else None
    if e.body_fault is not None and failure is not None and (final is not None or _is_weak(failure, e.failure_rank)):
        failure = None
    if status is None and final is not None and failure in _WITHOUT_ANSWER:
        final = None  # what was hoped for, or another answer
    text = message or (
        e.message
        if e.message_rank >= 2
        or (e.message_rank == 1 and e.message and final is not None and not _client_words(e.message))
        else None
    )
    fault, fault_detail = _body_fault(e, final, failure, now)
    headers = {name: clean(redact(value), 300) for name, value in dict(e.headers).items()}
    vendor = None
    if owner_of(e) == "vendor" and (final is not None or failure is not None or e.outcome):
        vendor = e.vendor or e.host
    key = e.key if failure is None else None
    seen = [*_quotes(e, redact), *notes]
    between = _intermediary(e, final)
    is_silent = not e.outcome and not (key and key.fault) and status is None and message is None
    if given and is_silent and not _is_blocked(e):
        seen.append("Nothing in the text reads as an HTTP error.")
    if status is None and final is not None and (e.status_implied or e.status is None):
        seen.append(
            f"The {'words imply' if e.status is not None else 'body implies'} HTTP {final}; no status is stated."
        )
    me = e.me if final in (None, 200) else None
    return Evidence(
        source="pasted",
        seen=tuple(seen),
        certainty=_certainty(e, explicit=status is not None),
        status=final,
        message=clean(redact(text)) if text else None,
        error=clean(redact(e.error), 200) if e.error else None,
        headers=headers,
        documented_realm=_realm(e) if final == 401 else None,
        json_body=e.json_body if not e.html else False,
        body_fault=fault,
        body_fault_detail=fault_detail,
        intermediary=between,
        cdn_code=e.cdn_code,
        location=redact(origin_and_path(e.location) or "") or None
        if final is not None and 300 <= final < 400
        else None,
        retry_after=waits,
        observed_at=parse_http_date(e.date, now=now) if e.date else None,
        failure=failure,
        failure_detail=clean(redact(e.failure_text), 300) if failure and e.failure_text else None,
        host=clean(redact(e.host), 253) if e.host else None,
        api_host=True if e.host_is_ours else None,
        vendor=clean(redact(vendor), 100) if vendor else None,
        timeout_seconds=e.timeout
        if failure in (Failure.READ_TIMEOUT, Failure.CONNECT_TIMEOUT, Failure.DEADLINE)
        else None,
        key_fault=key.fault if key else None,
        key_fault_detail=redact(key.detail) if key and key.detail else None,
        key_vendor=key.vendor if key else None,
        key_sent=key.sent if key else None,
        key_source="the request",
        **_identity(me, redact),
    )


def _is_weak(failure: Failure, rank: int) -> bool:
    """Whether what a parser then says of the body counts for more."""
    return rank < 3 and not failure.name.startswith("TLS")


def _with_spoken(e: Sighting, spoken: Sighting, message: str | None) -> Sighting:
    """The exchange of the text with what the explicit message says; the message wins."""
    if e.status is not None and spoken.status is not None and e.status != spoken.status and spoken.status_rank > BARE:
        return spoken
    if e.status is None and spoken.status is not None:
        e.status, e.status_rank, e.status_implied = spoken.status, spoken.status_rank, spoken.status_implied
        if e.failure_rank < 3:
            e.failure = None
    if spoken.failure_rank > e.failure_rank and e.status is None:
        e.failure, e.failure_rank, e.failure_text = spoken.failure, spoken.failure_rank, spoken.failure_text
    if spoken.message_rank == 3:
        e.message, e.message_rank = spoken.message, 3
    e.body_fault = e.body_fault or spoken.body_fault
    e.html = e.html or spoken.html
    e.intermediary = e.intermediary or spoken.intermediary
    e.cdn_code = e.cdn_code or spoken.cdn_code
    e.vendor, e.vendor_rank = (
        (spoken.vendor, spoken.vendor_rank) if spoken.vendor_rank > e.vendor_rank else (e.vendor, e.vendor_rank)
    )
    e.waits = e.waits or spoken.waits
    e.key = e.key or spoken.key
    e.mentions_us = e.mentions_us or spoken.mentions_us
    if message:
        e.quotes.append(message)
    return e


_CLIENT_WORDS = re.compile(
    r"(?i)request failed with status|status code|client error|server error for url|\bhttp error|fetch failed"
    r"|unexpected status|\bHTTP [45]\d\d"
)


def _client_words(message: str) -> bool:
    """Whether a message is a client's own sentence about the response, not the server's."""
    return _CLIENT_WORDS.search(message) is not None or bool(statuses_in(message))


def _body_fault(
    e: Sighting, status: int | None, failure: Failure | None, now: datetime
) -> tuple[BodyFault | None, str | None]:
    if e.me is not None or failure is not None:
        return None, None
    if status is None:
        return e.body_fault or (BodyFault.HTML if e.html else None), None
    if not 200 <= status < 300:
        return None, None
    if e.body_fault is not None:
        return e.body_fault, None
    if e.html:
        return BodyFault.HTML, None
    if not e.json_body and _EMPTY_BODY.search(e.text):
        return BodyFault.WRONG_SHAPE, None
    body = _raw_body(e.text)
    if not (body or "").strip() and re.search(r"(?i)content-length[\"']?\W{1,4}0\b", e.text):
        body = ""
    if e.document and body is not None:
        return BodyFault.WRONG_SHAPE, None
    if body is None or (not body.strip() and body):
        return (BodyFault.WRONG_SHAPE, None) if e.json_body else (None, None)
    made, _ = read_response(status, [], body, source="pasted", now=now)
    return made.body_fault, made.body_fault_detail


_RAW_RESPONSE = re.compile(
    r"(?m)^[\s<]{0,4}HTTP/[\d.]{1,3} 2\d\d[^\n]{0,80}\n"
    r"(?:[\s<]{0,4}[A-Za-z][\w-]{0,60}:[^\n]{0,2000}\n){1,100}[ <\t]{0,4}\n"
)


def _raw_body(text: str) -> str | None:
    """The body below the header lines of a response that was pasted raw."""
    match = _RAW_RESPONSE.search(text)
    if match is None:
        return None
    lines = [line for line in text[match.end() :].split("\n") if not re.match(r"[*{}<>] |\* |curl: ", line)]
    return "\n".join(lines)


def _realm(e: Sighting) -> bool | None:
    named = [value for name, value in e.headers if name == "www-authenticate"]
    if named:
        return any(API_REALM.lower() in value.lower().replace("'", '"') for value in named)
    return None


_BLOCKED = re.compile(r"(?i)\bblocked\b|access denied")


def _is_blocked(e: Sighting) -> bool:
    """Whether a page says so that states no status, and nothing else is told."""
    is_proxy = e.intermediary is Intermediary.PROXY and owner_of(e) != "vendor"
    return is_proxy and not e.outcome and _BLOCKED.search(e.text) is not None


def _intermediary(e: Sighting, status: int | None) -> Intermediary | None:
    """Who answered; a needle of a page counts only where a page or a proxy can have answered."""
    if status == _OWN_ERROR and e.json_body and (e.message or "").lower().startswith("internal server error"):
        return None  # through a proxy that names itself in a header
    if status == 407 or (e.intermediary is Intermediary.PROXY and (status is not None or _is_blocked(e))):
        return Intermediary.PROXY
    if status == 511:
        return Intermediary.CAPTIVE_PORTAL
    if e.message_rank == 3 or e.me is not None:
        return None
    if e.intermediary in (Intermediary.CLOUDFLARE, Intermediary.CAPTIVE_PORTAL):
        return e.intermediary
    if e.intermediary is Intermediary.FIREWALL and (e.html or not e.json_body):
        return Intermediary.FIREWALL
    if status is not None and 520 <= status <= 527:
        return Intermediary.CLOUDFLARE
    if e.html and e.intermediary is Intermediary.GATEWAY:
        return (
            Intermediary.GATEWAY if status is not None and (status >= 500 or status == 404) else Intermediary.FIREWALL
        )
    if e.html and status in (401, 403, 406, 429):
        return Intermediary.FIREWALL
    return None


class _Identity(TypedDict, total=False):
    connections: int | None
    connection_scope: str | None
    key_name: str | None


def _identity(me: dict[str, object] | None, redact: Redactor) -> _Identity:
    if me is None:
        return {}
    key = cast("dict[str, object]", me["apiKey"])
    connections = me["connections"]
    return {
        "connections": len(cast("list[object]", connections)) if isinstance(connections, list) else None,
        "connection_scope": clean_message(redact(str(key.get("connectionScope") or ""))),
        "key_name": clean_message(redact(str(key.get("name") or ""))),
    }


def _certainty(e: Sighting, *, explicit: bool) -> Confidence:
    if explicit or e.message_rank == 3:
        return "certain"
    ours = e.ours_rank >= 2 or e.host_is_ours is True
    if e.status is not None:
        if e.status_rank == EXPLICIT:
            return "certain" if ours else "likely"
        return "likely" if e.status_rank >= IMPLIED else "possible"
    if e.failure_rank >= 3 or e.me is not None:
        return "certain" if ours or e.me else "likely"
    return "likely" if e.failure_rank > 1 or e.vendor_rank >= 2 or e.key is not None else "possible"


def _quotes(e: Sighting, redact: Redactor) -> list[str]:
    """What led to the reading, quoted line by line."""
    quotes: dict[str, None] = {}
    for text in (e.quotes or [e.text]) if e.outcome or e.key or _is_blocked(e) else []:
        line = next((line for line in text.split("\n") if any(char.isalnum() for char in line)), None)
        if line is not None and len(quotes) < MAX_QUOTES:
            quotes[f"“{clean(redact(line[:2000]), MAX_QUOTE_CHARS - 2)}”"] = None
    return list(quotes)
