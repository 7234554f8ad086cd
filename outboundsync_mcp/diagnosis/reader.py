"""Read anything that a person or an agent pastes into `Evidence`: offline, in linear time, without ever failing.

Layers: `normalize` undoes the transport, `units` cuts the text, `sighting` sees facts in each unit by the tables of
`patterns`; this module joins the sightings into exchanges, picks the one that counts and writes it down.
"""

import json
import math
import re
from datetime import datetime
from typing import cast
from urllib.parse import urlsplit

from outboundsync_mcp.diagnosis import patterns as p
from outboundsync_mcp.diagnosis.clean import clean, clean_message
from outboundsync_mcp.diagnosis.evidence import BodyFault, Confidence, Evidence, Failure, Intermediary, KeyFault
from outboundsync_mcp.diagnosis.redact import Redactor
from outboundsync_mcp.diagnosis.request_key import KeySign
from outboundsync_mcp.diagnosis.response import API_REALM, evidence_of_response, http_date
from outboundsync_mcp.diagnosis.retry_after import parse_retry_after
from outboundsync_mcp.diagnosis.sighting import Sighting, Vocabulary, see
from outboundsync_mcp.diagnosis.statuses import BARE, EXPLICIT, IMPLIED, statuses_in
from outboundsync_mcp.diagnosis.units import Unit, units_of

MAX_QUOTE_CHARS = 200
MAX_QUOTES = 8
DIGEST_FROM_CHARS = 400_000
"""From this size on, only the lines that may matter are read, and their surroundings."""
_DIGEST_CHARS = 300_000


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
    raw = _as_text(text)
    said = _as_text(message)
    raw = _digest(raw)
    redact = Redactor(raw, said)
    notes: list[str] = []
    explicit = _explicit_status(status, notes)
    units = units_of(raw) if raw.strip() else []
    own = next((made for unit in units for item in unit.objects if (made := _of_diagnosis(item, redact, now))), None)
    exchange = _pick(_exchanges(units), explicit)
    spoken = _pick(_exchanges(units_of(said)), explicit) if said.strip() else None
    if own is not None and explicit is None and spoken is None and retry_after is None:
        return own
    return _evidence(
        exchange,
        spoken,
        status=explicit,
        message=clean_message(message if isinstance(message, list) else said) if message is not None else None,
        wait=retry_after,
        notes=notes,
        given=bool(raw.strip()),
        redact=redact,
        now=now,
    )


# Arguments ----------


def _as_text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, bytes | bytearray):
        return bytes(value).decode("utf-8", "replace")
    try:
        return json.dumps(value, ensure_ascii=False, default=str)
    except (ValueError, TypeError, RecursionError):
        return str(type(value).__name__)


def _explicit_status(status: object, notes: list[str]) -> int | None:
    if status is None or (isinstance(status, str) and not status.strip()):
        return None
    number: int | None = None
    if isinstance(status, int | float) and not isinstance(status, bool):
        if math.isfinite(status) and status == int(status):
            number = int(status)
    elif isinstance(status, str) and len(status) <= 200:
        match = re.fullmatch(
            r"(?i)\W{0,3}(?:HTTP(?:/[\d.]{1,3})?|status|code"
            r"|error)?(?:[ _-]?code)?\W{0,3}(\d{3})(?:\.0)?(?:\W.{0,100})?",
            status.strip(),
        )
        number = int(match[1]) if match else None
    if number is not None and 100 <= number <= 599 and number not in p.MADE_UP_STATUSES:
        return number
    notes.append("The given status is not an HTTP status and was ignored.")
    return None


def _explicit_wait(value: object, date: str | None, now: datetime, notes: list[str]) -> int | None:
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    words: str | None = None
    if isinstance(value, bool):
        words = None
    elif isinstance(value, int):
        words = str(value) if 0 <= value < 10**10 else None
    elif isinstance(value, float):
        words = f"{value:.6f}" if math.isfinite(value) and 0 <= value < 10**10 else None
    elif isinstance(value, str) and len(value) <= 500:
        words = re.sub(r"(?i)^\s*retry-after\s*[:=]\s*", "", value).strip(" \t\r\n\"'")
        unit = re.fullmatch(r"(?i)(\d{1,10}(?:\.\d{1,6})?)\s?(?:s|secs?|seconds?)", words)
        words = unit[1] if unit else words
    elif isinstance(value, list):
        items = [
            str(item)
            for item in cast("list[object]", value)
            if isinstance(item, str | int) and not isinstance(item, bool)
        ]
        wait = parse_retry_after(items, date=date, now=now)
        if wait is not None:
            return wait
    wait = parse_retry_after([words], date=date, now=now) if words is not None else None
    if wait is None:
        notes.append("The given retry_after is neither seconds nor an HTTP date and was ignored.")
    return wait


# Large texts ----------

_OF_INTEREST = re.compile(
    r"(?i)outboundsync|osapi_|/api/v1/me|HTTP/[12]|status.{0,3}code|\b[45]\d\d\b|error|exception|refused"
    r"|timed? ?out|certificate|retry-after|unauthorized|forbidden"
)
_OURS = re.compile(r"(?i)outboundsync|osapi_|/api/v1/me|invalid api key|api access is not enabled")


def _digest(text: str) -> str:
    """The text, or of a huge one the lines that may tell of an error, the last ones and ours first in favour."""
    if len(text) <= DIGEST_FROM_CHARS or _is_document(text):
        return text
    if "\x00" in text:
        text = text.replace("\x00", "")
    kept: list[tuple[int, str]] = []
    budget = {True: _DIGEST_CHARS, False: _DIGEST_CHARS}
    near = 0
    lines = text.splitlines() if text.count("\n") > 20 else [text[i : i + 10_000] for i in range(0, len(text), 10_000)]
    for number in range(len(lines) - 1, -1, -1):
        line = lines[number]
        head = line if len(line) <= 12_000 else line[:6000] + " " + line[-6000:]
        ours = _OURS.search(head) is not None
        near = 25 if ours else near - 1
        wanted = ours or near > 0 or _OF_INTEREST.search(head) is not None or number > len(lines) - 200
        mine = ours or near > 0
        if wanted and budget[mine] > 0:
            budget[mine] -= len(head)
            kept.append((number, head))
        if budget[True] <= 0:
            break
    return "\n".join(line for _, line in reversed(kept))


def _is_document(text: str) -> bool:
    if text.lstrip()[:1] not in ("{", "["):
        return False
    try:
        json.loads(text, strict=False)
    except (ValueError, RecursionError):
        return False
    return True


# Exchanges ----------


def _exchanges(units: list[Unit]) -> list[Sighting]:
    """The units joined into exchanges: facts that do not contradict one another belong together."""
    if not units:
        return []
    for unit in units:
        unit.flat = "".join(f"{name.rsplit('.', 1)[-1]}={value[:200]}," for name, value in unit.pairs[:80]).lower()
    whole = "\n".join(f"{unit.text}\n{unit.flat}" for unit in units).lower()
    vocabulary = Vocabulary(whole)
    exchanges: list[Sighting] = []
    current: Sighting | None = None
    request = _Request()
    for unit in units:
        for sighting in see(unit, vocabulary):
            request.watch(unit, sighting)
            if current is None or _contradicts(current, sighting):
                current = sighting
                exchanges.append(current)
            else:
                _join(current, sighting)
    return exchanges


class _Request:
    """Watches for a request that is shown whole and carries no Authorization header."""

    _LINE = re.compile(r"^[\s>]{0,6}(?:GET|POST|HEAD) \S{1,300} HTTP/[\d.]{1,3}\s*$")
    _HEADER = re.compile(r"^[\s>]{0,6}:?[A-Za-z][\w-]{0,60}:\s")

    def __init__(self) -> None:
        self._names: set[str] | None = None

    def watch(self, unit: Unit, sighting: Sighting) -> None:
        if self._LINE.match(unit.text):
            self._names = set()
        elif self._names is not None and self._HEADER.match(unit.text):
            self._names.add(unit.text.lstrip(" >").split(":", 1)[0].lower())
        elif self._names is not None:
            complete = unit.text.strip(" >\t") == "" and self._names & {
                "host",
                "user-agent",
                "accept",
                "accept-encoding",
            }
            if complete and not any("auth" in name or "key" in name for name in self._names):
                sighting.key = KeySign(
                    fault=KeyFault.MISSING,
                    detail="The request was sent without an Authorization header.",
                    sent=False,
                    rank=3,
                )
            self._names = None


def _contradicts(e: Sighting, s: Sighting) -> bool:
    """Whether `s` tells of another exchange than `e`."""
    if (s.depth, s.part) != (e.depth, e.part) and (s.outcome or e.outcome or s.part != e.part):
        return True
    if s.status is not None and e.status is not None and s.status != e.status:
        if IMPLIED in (s.status_rank, e.status_rank) and not (s.record or s.opens or s.when):
            return False
        return not (s.status_rank == BARE and e.status_rank > BARE and not s.record)
    if e.outcome and s.opens and not (s.status is not None and e.status is None):
        return True
    if s.status is not None and e.status is None and e.failure is not None and e.failure_rank > 1:
        return s.status_rank > BARE
    if s.failure is not None and s.status is None and s.failure_rank >= 3 and e.status is not None:
        return not 200 <= e.status < 300 or s.record
    if (
        s.record
        and e.record
        and s.outcome
        and e.outcome
        and s.when is not None
        and e.when is not None
        and s.when != e.when
    ):
        return (s.failure, s.waits, s.message) != (e.failure, e.waits, e.message) or s.host != e.host
    if s.host and e.host and s.host != e.host and (s.host_is_ours or e.host_is_ours or s.vendor or e.vendor):
        return e.outcome or s.outcome
    if (s.vendor_rank == 1 and e.mentions_us) or (e.vendor_rank == 1 and s.mentions_us):
        return e.outcome and s.outcome
    if s.vendor_shape and s.outcome and e.outcome and e.vendor is None and (s.status or e.ours_rank):
        return True
    return bool(s.message_rank >= 2 and e.message_rank >= 2 and s.message != e.message and s.status is not None)


def _join(e: Sighting, s: Sighting) -> None:
    """Add the facts of `s` to `e`."""
    told = False
    if s.status is not None and s.status_rank >= e.status_rank:
        told = e.status != s.status or s.status_rank > e.status_rank
        e.status, e.status_rank = s.status, s.status_rank
    if s.message_rank > e.message_rank:
        e.message, e.message_rank, told = s.message, s.message_rank, True
    if s.failure is not None and s.failure_rank > e.failure_rank:
        e.failure, e.failure_rank, e.failure_text, told = s.failure, s.failure_rank, s.failure_text, True
    if s.host and (e.host is None or (s.host_is_ours and not e.host_is_ours)):
        e.host, e.host_is_ours, told = s.host, s.host_is_ours, True
    if s.vendor and s.vendor_rank > e.vendor_rank:
        e.vendor, e.vendor_rank = s.vendor, s.vendor_rank
        told = True
    if s.key is not None and (e.key is None or (e.key.fault is None and (s.key.fault is not None or s.key.sent))):
        e.key, told = s.key, True
    if s.waits:
        e.waits += [wait for wait in s.waits if wait not in e.waits]
        told = True
    e.vendor_shape = e.vendor_shape or s.vendor_shape
    e.headers += s.headers
    e.error = e.error or s.error
    e.date = s.date or e.date
    e.body_fault = e.body_fault or s.body_fault
    e.intermediary = e.intermediary or s.intermediary
    e.cdn_code = e.cdn_code or s.cdn_code
    e.html = e.html or s.html
    e.json_body = e.json_body or s.json_body
    e.me = s.me or e.me
    e.path_is_ours = e.path_is_ours or s.path_is_ours
    e.mentions_us = e.mentions_us or s.mentions_us
    e.ours_rank = max(e.ours_rank, s.ours_rank)
    e.location = e.location or s.location
    e.timeout = e.timeout or s.timeout
    e.record = e.record or s.record
    e.when = s.when or e.when
    if told or s.intermediary or s.body_fault or s.location:
        e.quotes.append(s.text)
    e.text = f"{e.text}\n{s.text}" if len(e.text) < 40_000 else e.text


# The exchange that counts ----------


def _pick(exchanges: list[Sighting], status: int | None) -> Sighting | None:
    """The latest exchange about OutboundSync; else the latest of no known owner; else another vendor's."""
    told = [e for e in exchanges if e.outcome]
    if status is not None:
        told = [e for e in told if e.status == status] or [e for e in told if e.status is None] or []
    if not told:
        keyed = [e for e in exchanges if e.key is not None and e.key.fault is not None]
        return keyed[-1] if keyed else (exchanges[0] if exchanges and status is None else None)
    ours = [e for e in told if _owner(e) == "ours"]
    nobodys = [
        e
        for e in told
        if _owner(e) == "unknown" and not (e.status is not None and e.status < 300 and e.me is None and len(told) > 1)
    ]
    strong = [e for e in ours if e.ours_rank >= 2 or e.message_rank == 3]
    if not strong and ours and nobodys:  # a mere mention does not outweigh a later, plainer statement
        ours = ours + [e for e in nobodys if e.status_rank == EXPLICIT and e.message_rank == 3]
    candidates = _plain(ours) or _plain(nobodys) or ours or nobodys or told
    return _latest(candidates, exchanges)


def _plain(exchanges: list[Sighting]) -> list[Sighting]:
    """Without bare numbers and wrappers where something plainer was said."""
    if any(e.status_rank > BARE or e.failure_rank > 1 or e.me for e in exchanges):
        return [
            e
            for e in exchanges
            if e.status_rank > BARE or e.failure_rank > 1 or e.me or e.body_fault or e.message_rank == 3
        ]
    return exchanges


def _latest(candidates: list[Sighting], exchanges: list[Sighting]) -> Sighting:
    part = min(e.part for e in candidates)
    candidates = [e for e in candidates if e.part == part]
    depth = min(e.depth for e in candidates)
    candidates = [e for e in candidates if e.depth == depth]
    if len(candidates) > 1 and all(e.when is not None for e in candidates):
        latest = max(e.when or 0.0 for e in candidates)
        candidates = [e for e in candidates if e.when == latest]
    return candidates[-1]


def _owner(e: Sighting) -> str:
    if e.host_is_ours or e.ours_rank >= 2:
        return "ours"
    if e.vendor_rank >= 2 or (e.vendor and not e.mentions_us):
        return "vendor"
    if e.host_is_ours is False and e.host:
        return "vendor"
    return "ours" if e.mentions_us or (e.message_rank == 3 and not e.vendor) else "unknown"


# Evidence ----------


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
    if read_status is not None and e.failure_rank >= 2 and e.status_rank == BARE:
        read_status = None
    final = status if status is not None else read_status
    waits = _explicit_wait(wait, e.date, now, notes)
    if waits is None and e.waits:
        waits = parse_retry_after(e.waits, date=e.date, now=now)
    failure = e.failure if final is None or 200 <= final < 300 else None
    if e.body_fault is not None and failure is not None and (final is not None or e.failure_rank < 3):
        failure = None
    text = message or (
        e.message
        if e.message_rank >= 2
        or (e.message_rank == 1 and e.message and final is not None and not _client_words(e.message))
        else None
    )
    fault, fault_detail = _body_fault(e, final, failure, now)
    headers = {name: clean(redact(value), 300) for name, value in e.headers}
    vendor = None
    if _owner(e) == "vendor" and (final is not None or failure is not None or e.outcome):
        vendor = e.vendor or e.host
    key = e.key if failure is None else None
    seen = [*_quotes(e, redact), *notes]
    if given and not e.outcome and not (key and key.fault) and status is None and message is None:
        seen.append("Nothing in the text reads as an HTTP error.")
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
        intermediary=_intermediary(e, final),
        cdn_code=e.cdn_code,
        location=_location(e.location, redact) if final is not None and 300 <= final < 400 else None,
        retry_after=waits,
        observed_at=http_date(e.date),
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
        **_identity(me),
    )


def _with_spoken(e: Sighting, spoken: Sighting, message: str | None) -> Sighting:
    """The exchange of the text with what the explicit message says; the message wins."""
    if e.status is not None and spoken.status is not None and e.status != spoken.status and spoken.status_rank > BARE:
        return spoken
    if e.status is None and spoken.status is not None:
        e.status, e.status_rank = spoken.status, spoken.status_rank
        if e.failure_rank < 3:
            e.failure = None
    if spoken.failure_rank > e.failure_rank and e.status is None:
        e.failure, e.failure_rank, e.failure_text = spoken.failure, spoken.failure_rank, spoken.failure_text
    if spoken.message_rank == 3:
        e.message, e.message_rank = spoken.message, 3
    e.body_fault = e.body_fault or spoken.body_fault
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
        return e.body_fault, None
    if not 200 <= status < 300:
        return None, None
    if e.body_fault is not None:
        return e.body_fault, None
    if e.html:
        return BodyFault.HTML, None
    body = _raw_body(e.text)
    if not (body or "").strip() and re.search(r"(?i)content-length[\"']?\W{1,4}0\b", e.text):
        body = ""
    if body is None or (not body.strip() and body):
        return (BodyFault.WRONG_SHAPE, None) if e.json_body else (None, None)
    made = evidence_of_response(status, [], body, source="pasted", now=now)
    return made.body_fault, made.body_fault_detail


_RAW_RESPONSE = re.compile(
    r"(?m)^[\s<]{0,4}HTTP/[\d.]{1,3} 2\d\d[^\n]{0,80}\n(?:[\s<]{0,4}[A-Za-z][\w-]{0,60}:[^\n]{0,2000}\n){1,100}[ <\t]{0,4}\n"
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


def _intermediary(e: Sighting, status: int | None) -> Intermediary | None:
    """Who answered; a needle of a page counts only where a page or a proxy can have answered."""
    if status == 407 or (e.intermediary is Intermediary.PROXY and status is not None):
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


def _location(location: str | None, redact: Redactor) -> str | None:
    if not location:
        return None
    try:
        parts = urlsplit(location.strip())
        origin = f"{parts.scheme}://{parts.hostname}" if parts.hostname else ""
    except ValueError:
        return None
    return clean(redact(f"{origin}{parts.path or '/'}"), 200)


def _identity(me: dict[str, object] | None) -> dict[str, object]:  # pyright: ignore
    if me is None:
        return {}
    key = cast("dict[str, object]", me["apiKey"])
    connections = me["connections"]
    return {
        "connections": len(cast("list[object]", connections)) if isinstance(connections, list) else None,
        "connection_scope": clean_message(key.get("connectionScope")),
        "key_name": clean_message(key.get("name")),
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
    quotes: dict[str, None] = {}
    first = e.text.split("\n", 1)[0]
    for text in [first, *e.quotes] if e.outcome or e.key else []:
        line = next((line for line in text.split("\n") if line.strip()), "")
        quote = clean(redact(line[:2000]), MAX_QUOTE_CHARS - 4)
        if quote and not quote.isspace():
            quotes[f"“{quote}”"] = None
        if len(quotes) >= MAX_QUOTES:
            break
    return list(quotes)


# Our own diagnosis, pasted back ----------

_BY_KIND: dict[str, dict[str, object]] = {
    "ok": {"connections": 1},
    "missing_api_key": {"key_fault": KeyFault.MISSING},
    "malformed_api_key": {"key_fault": KeyFault.NO_PREFIX},
    "connection_failed": {"failure": Failure.CLOSED},
    "tls_failed": {"failure": Failure.TLS_HANDSHAKE},
    "timed_out": {"failure": Failure.DEADLINE},
    "unexpected_response": {"body_fault": BodyFault.WRONG_SHAPE},
    "not_outboundsync": {"vendor": "another vendor"},
    "api_access_disabled": {"api_host": True},
    "forbidden": {"intermediary": Intermediary.FIREWALL},
    "unknown": {},
}
"""The least evidence that leads to the same kind again."""


def _of_diagnosis(item: dict[str, object], redact: Redactor, now: datetime) -> Evidence | None:
    """Evidence from a diagnosis of this product (its JSON has kind, who_fixes and retryable)."""
    kind = item.get("kind")
    if not isinstance(kind, str) or "who_fixes" not in item or "retryable" not in item:
        return None
    status = item.get("status")
    lines = (
        [line for line in cast("list[object]", item.get("evidence") or []) if isinstance(line, str)]
        if isinstance(item.get("evidence"), list)
        else []
    )
    wait = item.get("retry_after_seconds")
    confidence = item.get("confidence")
    fields: dict[str, object] = dict(_BY_KIND.get(kind, {}))
    if kind in ("connection_failed", "tls_failed", "timed_out"):
        told = " ".join([str(item.get("cause") or ""), *lines])
        better = _pick(_exchanges(units_of(told)), None)
        same = {
            "connection_failed": ("dns", "refused", "unreachable", "proxy", "reset", "closed"),
            "tls_failed": ("tls",),
            "timed_out": ("connect_timeout", "read_timeout", "deadline"),
        }[kind]
        if better and better.failure and better.failure.value.startswith(same):
            fields["failure"] = better.failure
    number = status if isinstance(status, int) and not isinstance(status, bool) and 100 <= status <= 599 else None
    if kind == "forbidden" and number == 407:
        fields["intermediary"] = Intermediary.PROXY
    if kind == "forbidden" and item.get("message"):
        fields = {"json_body": True}
    known: Confidence = confidence if confidence in ("certain", "likely", "possible") else "likely"  # type: ignore[assignment]
    return Evidence(
        source="pasted",
        seen=(
            "A diagnosis of this server was pasted.",
            *(clean(redact(line), MAX_QUOTE_CHARS) for line in lines[:MAX_QUOTES]),
        ),
        certainty=known,
        status=number,
        message=clean(redact(message)) if (message := clean_message(item.get("message"))) else None,
        retry_after=wait if isinstance(wait, int) and not isinstance(wait, bool) and wait > 0 else None,
        **fields,  # type: ignore[arg-type]
    )
