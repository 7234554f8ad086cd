"""Join what the units of a text say into exchanges, and pick the one that counts: the fourth layer of the reader."""

import re
from datetime import UTC, datetime
from itertools import accumulate
from typing import Literal

from outboundsync_mcp.diagnosis.error_names import ErrorNames, Told
from outboundsync_mcp.diagnosis.evidence import BodyFault, Failure, Intermediary, KeyFault
from outboundsync_mcp.diagnosis.phrases import Phrase, phrase_in
from outboundsync_mcp.diagnosis.request_key import KeySign
from outboundsync_mcp.diagnosis.retry_after import parse_http_date
from outboundsync_mcp.diagnosis.sighting import REQUEST, SEEN, Sighting, Vocabulary, see, told_in
from outboundsync_mcp.diagnosis.statuses import BARE, CUED, IMPLIED
from outboundsync_mcp.diagnosis.units import Unit, index

Owner = Literal["ours", "vendor", "unknown"]


def exchanges_of(units: list[Unit]) -> list[Sighting]:
    """The units joined into exchanges: facts that do not contradict one another belong together."""
    if not units:
        return []
    for unit in units:
        index(unit)
    vocabulary = Vocabulary(units)
    exchanges: list[Sighting] = []
    current: Sighting | None = None
    request = _Request()
    for unit, looks in zip(units, vocabulary.looks, strict=True):
        keyless = request.ends_without_key(unit, may_begin=bool(looks & REQUEST))
        if current is not None and not looks & SEEN and not keyless and _goes_on(unit, current):
            current.more.append(unit.text)
            continue
        for sighting in see(unit, looks, vocabulary):
            if keyless:
                sighting.key = _NO_AUTHORIZATION
            if current is None or _contradicts(current, sighting):
                current = sighting
                if sighting.outcome or sighting.host or sighting.key or sighting.waits or sighting.intermediary:
                    sighting.quotes.append(sighting.text)
                exchanges.append(current)
            else:
                _join(current, sighting)
    for exchange in exchanges:
        _settle(exchange)
    exchanges = _without_doubles(exchanges)
    for exchange in exchanges:
        _recognise_me(exchange)
        _recognise_cut_me(exchange)
    bare = [exchange for exchange in exchanges if exchange.status_rank == BARE]
    if bare and not _is_about_requests(vocabulary.lower):
        for exchange in bare:
            exchange.status, exchange.status_rank = None, 0
    if (
        not any(exchange.outcome for exchange in exchanges)
        and not vocabulary.vendor_words
        and _OUR_NAME.search(vocabulary.lower)
    ):
        _take_words(units, exchanges, vocabulary)
    is_told = any(exchange.status is not None or exchange.failure_rank > 1 or exchange.told for exchange in exchanges)
    if not is_told and _is_about_requests(vocabulary.lower):
        _take_error_names(units, exchanges, vocabulary)
    return exchanges


_OUR_NAME = re.compile(r"outbound ?sync")
_SENTENCE_CHARS = 400


def _take_words(units: list[Unit], exchanges: list[Sighting], vocabulary: Vocabulary) -> None:
    """Where no number and no program says what happened, what people say of it."""
    first = {(e.depth, e.part): e for e in reversed(exchanges)}
    for unit, looks in zip(units, vocabulary.looks, strict=True):
        exchange = first.get((unit.depth, unit.part))
        if exchange is None or unit.objects or len(unit.text) > _SENTENCE_CHARS:
            continue
        for text in told_in(unit, looks, vocabulary):
            if phrase := phrase_in(text.lower()):
                _take_phrase(exchange, phrase, text)


def _take_error_names(units: list[Unit], exchanges: list[Sighting], vocabulary: Vocabulary) -> None:
    """Where nothing that the reader knows says what happened, what the names of the errors say: the latest of them."""
    names = ErrorNames(vocabulary.lower)
    latest = {(e.depth, e.part): e for e in exchanges}
    found: dict[tuple[int, int], tuple[Told, str]] = {}
    for unit, looks in zip(units, vocabulary.looks, strict=True):
        place = (unit.depth, unit.part)
        if place not in latest or names.in_line(unit.text[:_LINE_CHARS]) is None or _names_vendor(unit, vocabulary):
            continue
        knows_key = _shows_fault(latest[place].key)
        for text in told_in(unit, looks, vocabulary):
            told = names.in_line(text[:_LINE_CHARS])
            if told is None or (knows_key and told.rank < _SURE):
                continue
            if place not in found or told.rank >= found[place][0].rank:
                found[place] = told, text
    for place, (told, text) in found.items():
        exchange = latest[place]
        rank = 2 if told.rank == _SURE else 1
        if told.rank <= exchange.failure_rank:
            continue
        if isinstance(told.outcome, Failure):
            exchange.failure, exchange.failure_rank, exchange.failure_text = told.outcome, rank, text
        else:
            exchange.body_fault = told.outcome
        exchange.quotes.append(text)


def _names_vendor(unit: Unit, vocabulary: Vocabulary) -> bool:
    lower = unit.text.lower()
    return any(domain in lower for _, domain in vocabulary.vendor_domains)


_SURE = 3
_LINE_CHARS = 2_000


def _take_phrase(e: Sighting, phrase: Phrase, text: str) -> None:
    if isinstance(phrase.outcome, Failure):
        e.failure, e.failure_rank, e.failure_text = phrase.outcome, 2, text
    else:
        e.status, e.status_rank, e.status_implied = phrase.outcome, BARE, True
    e.mentions_us = True
    e.quotes.append(text)


def _without_doubles(exchanges: list[Sighting]) -> list[Sighting]:
    """What is shown in two pieces in one: an answer twice, an answer of nobody's above the request that it ended."""
    joined: list[Sighting] = []
    for e in exchanges:
        last = joined[-1] if joined else None
        if last is not None and last.status is not None and (last.depth, last.part) == (e.depth, e.part):
            is_shown_again = e.status == last.status and e.date is not None and e.date == last.date
            is_logged = e.status == last.status and not e.waits and _is_at(e.when, last.date)
            is_told_again = e.status == last.status and last.date is not None and e.host_is_ours and _adds_nothing(e)
            is_its_request = e.host is not None and e.status is None and e.failure is None
            if (
                is_shown_again
                or is_logged
                or is_told_again
                or (e is exchanges[-1] and _is_its_command(e, last))
                or (is_its_request and owner_of(last) == "unknown" and not last.elsewhere)
            ):
                _join(last, e)
                _settle(last)
                continue
        joined.append(e)
    return joined


def _adds_nothing(e: Sighting) -> bool:
    """Whether it has the status alone, as urllib3's own log of the answer that is shown above."""
    return (
        "urllib3.connectionpool" in e.text[:200]
        and e.key is None
        and e.when is None
        and not e.waits
        and e.message_rank < 2
        and e.record
    )


_UNAUTHORIZED = 401


def _is_its_command(e: Sighting, last: Sighting) -> bool:
    """Whether `e`, which ends nothing, shows what was wrong with the key of the 401 above it."""
    is_refused = last.status == _UNAUTHORIZED and owner_of(last) != "vendor"
    knows_no_key = last.key is None and "osapi_" not in last.text
    return not e.outcome and _shows_fault(e.key) and is_refused and knows_no_key


def _shows_fault(key: KeySign | None) -> bool:
    return key is not None and key.fault is not None


def _is_at(when: float | None, date: str | None) -> bool:
    """Whether a time stamp is that of an answer with this Date, as in the log of a server in between."""
    if when is None or date is None:
        return False
    answered = parse_http_date(date, now=datetime.fromtimestamp(when, UTC))
    return answered is not None and abs(answered.timestamp() - when) < _SAME_SECONDS


_SAME_SECONDS = 2
_ABOUT_REQUESTS = re.compile(
    r"outbound ?sync|osapi_|\b(?:api|https?|endpoint|endpunkt|request|response|curl|authorization|retry-after)s?\b"
    r"|unauthori[sz]ed|forbidden|too many requests"
)
_SHORT_CHARS = 24


def _is_about_requests(lower: str) -> bool:
    """Whether a bare number can be a status here: the text is little more than it, or speaks of requests."""
    return len(lower.strip()) <= _SHORT_CHARS or _ABOUT_REQUESTS.search(lower) is not None


_BODY_OF_ME = re.compile(r'\{\s{0,20}"account"\s{0,3}:\s{0,3}[{,]')  # its inner objects can be opened already
_ME = tuple(re.compile(rf"(?<!\w){name}[\"']?\s{{0,3}}(?:=>|[:=])") for name in ("account", "apiKey", "connections"))
_RETRIES = re.compile(r"(?i)\b(?:will retry|retrying|retry in \d+s?|attempts? left)\b")
_CRM = re.compile(r"(?<!\w)crm[\"']?\s{0,3}(?:=>|[:=])")


def _recognise_cut_me(e: Sighting) -> None:
    """The documented body, of which the end is not there."""
    told = e.me is not None or e.body_fault is not None or e.failure is not None
    if not told and e.status in (None, 200) and (start := _BODY_OF_ME.search(e.text)):
        body = e.text[start.start() :]
        if '"apiKey"' in body and body.count("{") > body.count("}") and "..." not in body and "…" not in body:
            e.body_fault, e.ours_rank = BodyFault.TRUNCATED, max(e.ours_rank, 2)


def _recognise_me(e: Sighting) -> None:
    """The documented body in a notation that is not JSON: JavaScript's, Python's, Ruby's dumps."""
    if e.me is None and "apiKey" in e.text and not e.json_body and all(name.search(e.text) for name in _ME):
        if e.status not in (None, 200):
            if _RETRIES.search(e.text) is None:
                return
            e.status, e.waits = 200, []  # what the client tried again ended well
        if e.text.count("{") > e.text.count("}"):
            e.body_fault = e.body_fault or BodyFault.TRUNCATED
            return
        e.ours_rank = max(e.ours_rank, 2)
        scope = re.search(r"connectionScope[\"']?\W{1,8}(\w{1,40})", e.text)
        e.me = {
            "apiKey": {"connectionScope": scope[1] if scope else None},
            "connections": [{} for _ in _CRM.findall(e.text)],
        }


class _Request:
    """Watches for a request that is shown whole and carries no Authorization header."""

    _LINE = re.compile(
        r"(?:^|[\s>\"'.])(?:GET|POST|HEAD) {1,2}\S{1,300} {1,2}HTTP/[\d.]{1,3}\s*$|^[\s>]{0,6}(?:GET|POST"
        r"|HEAD) https?://\S{1,300}\s*$"
        r"|^[\s>-]{0,16}→ (?:GET|POST|HEAD) https?://\S{1,300}\s*$"  # Playwright
        r"|^[\s>]{0,6}HTTP/[\d.]{1,3} (?:GET|POST|HEAD) https?://\S{1,300}\s*$"  # Bun
        r"|^[\d.]{7,15}:\d{1,5}: (?:GET|POST|HEAD) https?://\S{1,300}(?: HTTP/[\d.]{1,3})?$"  # mitmdump
        r"|^\W{0,8}(?i:request headers)\W{0,3}$"
    )
    _LEVEL = re.compile(r"(?:trce|dbug|info|warn|fail|crit): System\.Net\.Http\.")  # .NET's, which look like headers
    _END = re.compile(
        r"[\s>\"',;]*$|[\s-]{0,16}←|\s?<< |\W{0,8}NO CONTENT\b"
        r"|\W{0,4}(?i:response headers|response body|response|request body)\b"
    )
    _HEADER = re.compile(r"^[\s>-]{0,16}:?[A-Za-z][\w-]{0,60}\s{0,6}:(?:\s|$)")

    def __init__(self) -> None:
        self._names: set[str] | None = None

    def ends_without_key(self, unit: Unit, *, may_begin: bool) -> bool:
        """Whether the request that the units so far showed ends here, whole and without the header.

        `may_begin`: the unit has words of a request's first line.
        """
        if may_begin and self._LINE.search(unit.text[:600]):
            self._names = set()
            return False
        if self._names is None:
            return False
        ends = self._LEVEL.match(unit.text)
        if not ends and self._HEADER.match(unit.text):
            self._names.add(unit.text.lstrip(" \t>-").split(":", 1)[0].strip().lower())
            return False
        names, self._names = self._names, None
        is_whole = (ends or self._END.match(unit.text)) and names & {"host", "user-agent", "accept", "accept-encoding"}
        return bool(is_whole) and not any("auth" in name or "key" in name for name in names)


_NO_AUTHORIZATION = KeySign(
    fault=KeyFault.MISSING, detail="The request was sent without an Authorization header.", sent=False, rank=3
)


def _goes_on(unit: Unit, e: Sighting) -> bool:
    """Whether a unit in which nothing is to be seen is one more line of the exchange, and no more than that."""
    plain = not (unit.page or unit.opens or unit.record or unit.document or unit.when)
    return plain and unit.depth == e.depth and unit.part == e.part


_CDN_TIMEOUTS = frozenset({522, 524})
"""Cloudflare's, of the server behind it."""
_GATEWAYS = frozenset({502, 503, 504})
_TIMEOUTS = frozenset({Failure.CONNECT_TIMEOUT, Failure.READ_TIMEOUT, Failure.DEADLINE})


def _contradicts(e: Sighting, s: Sighting) -> bool:
    """Whether `s` tells of another exchange than `e`."""
    if (s.depth, s.part) != (e.depth, e.part) and (s.outcome or e.outcome or s.part != e.part):
        return True
    if s.me is not None and e.status not in (None, 200):
        return True
    if e.elsewhere and not s.elsewhere and (s.outcome or s.host):
        return True
    if s.elsewhere and not e.elsewhere and e.outcome and s.status != e.status:
        return True
    if s.status is not None and e.status is not None and s.status != e.status:
        if s.message_rank == 3:  # the API's own words, which have one status
            return True
        is_its_body = s.document and not e.document
        if IMPLIED in (s.status_rank, e.status_rank) and (is_its_body or not (s.record or s.opens or s.when)):
            return False
        return not (s.status_rank == BARE and e.status_rank > BARE and not s.record)
    if e.outcome and s.opens and not (s.status is not None and e.status is None):
        is_its_dump = s.status == e.status and s.status is not None and s.host is None
        return not is_its_dump or bool(e.json_body or e.waits)
    if s.status is not None and e.status is None and e.failure is not None and e.failure_rank > 1:
        return s.status_rank > BARE
    is_success = e.status is not None and e.status < 300
    if is_success and s.failure is not None and s.status is None and owner_of(e) == "vendor":
        return True
    if e.failure is Failure.PROXY and s.failure is Failure.RESET and s.status is None:
        return False  # what becomes of a tunnel that the proxy refused
    if (
        e.status in _CDN_TIMEOUTS
        and s.failure in _TIMEOUTS
        and s.status is None
        and not (s.record or s.opens or s.host)
    ):
        return False  # what the page of the CDN says of its own request
    if e.status in _GATEWAYS and s.failure is not None and s.status is None and _is_in_its_body(s, e):
        return False
    if s.failure is not None and s.status is None and s.failure_rank >= 3 and e.status is not None:
        return not 200 <= e.status < 300 or s.record
    if s.json_body and s.when is None and s.status == e.status and s.host_is_ours and e.host_is_ours:
        return _differ(s, e)  # told once more, by the exception that it became
    if s.record and e.record and s.outcome and e.outcome and (s.when is None or s.when != e.when):
        return (_names_request(s) and _names_request(e)) or _differ(s, e)
    if (
        s.host
        and e.host
        and s.host != e.host
        and (s.vendor is None or s.vendor != e.vendor)
        and (s.host_is_ours or e.host_is_ours or s.vendor or e.vendor)
    ):
        return e.outcome or s.outcome
    if (s.vendor_rank == 1 and e.mentions_us) or (e.vendor_rank == 1 and s.mentions_us):
        return e.outcome and s.outcome
    if (
        s.vendor_shape
        and s.outcome
        and e.outcome
        and e.vendor is None
        and (_tells_of_us(e) or (s.status is not None and s.status != e.status))
    ):
        return True
    return bool(s.message_rank >= 2 and e.message_rank >= 2 and s.message != e.message and s.status is not None)


_RESPONSE_LINES = 60
_CLIENT_SAYS = re.compile(
    r"(?i)curl: \(|getaddrinfo|und_err|fetch failed|\bretr(?:y|ied)|exception:|traceback|requests\.|urllib3|\beconn"
    r"|enotfound|etimedout|\bdial tcp"
)
_HEAD = re.compile(r"[\s<]{0,4}HTTP/[\d.]{1,3} \d{3}\b")


def _is_in_its_body(s: Sighting, e: Sighting) -> bool:
    """Whether `s` stands behind a response's status line, headers and the empty line that ends them."""
    if s.record or s.opens or s.when or len(e.more) > _RESPONSE_LINES or _CLIENT_SAYS.search(s.text[:2000]):
        return False
    lines = [e.text, *e.more]
    head = max((at for at, line in enumerate(lines) if _HEAD.match(line)), default=len(lines))
    behind = lines[head:]
    return sum(not line.strip("< \t\r") for line in behind) == 1 and not any(map(_CLIENT_SAYS.search, behind))


def _tells_of_us(e: Sighting) -> bool:
    """Whether it is ours for more than a name in a line of its record that tells nothing of the outcome."""
    return e.ours_rank >= 2 or (bool(e.ours_rank) and any(_OUR_NAME.search(quote.lower()) for quote in e.quotes))


def _names_request(s: Sighting) -> bool:
    return s.host is not None or s.path_is_ours


def _differ(one: Sighting, two: Sighting) -> bool:
    """Both say something of the failure, the wait or the message, and not the same."""
    pairs = ((one.failure, two.failure), (one.waits, two.waits), (_said(one), _said(two)))
    return any(this and that and this != that for this, that in pairs)


def _said(s: Sighting) -> str | None:
    return s.message if s.message_rank >= 2 else None


_LWP_FAILED = 500


def _join(e: Sighting, s: Sighting) -> None:
    """Add the facts of `s` to `e`."""
    told = False
    if s.made_up and e.status == _LWP_FAILED:
        e.status, e.status_rank = None, 0
    if not e.outcome:
        e.depth, e.part = s.depth, s.part
    if s.status is not None and s.status_rank >= e.status_rank:
        told = e.status != s.status or s.status_rank > e.status_rank
        e.status_implied = s.status_implied and (e.status_implied or e.status != s.status)
        e.status, e.status_rank = s.status, s.status_rank
    elif s.status is not None and s.status == e.status and e.status_implied and not s.status_implied:
        e.status_implied, told = False, True
    if s.message_rank > e.message_rank:
        e.message, e.message_rank, told = s.message, s.message_rank, True
    if s.failure is not None and s.failure_rank > e.failure_rank:
        e.failure, e.failure_rank, e.failure_text, told = s.failure, s.failure_rank, s.failure_text, True
    if s.host and (e.host is None or (s.host_is_ours and not e.host_is_ours)):
        e.host, e.host_is_ours, told = s.host, s.host_is_ours, True
    if s.vendor and s.vendor_rank > e.vendor_rank:
        e.vendor, e.vendor_rank = s.vendor, s.vendor_rank
        told = True
    if s.key is not None and (e.key is None or _tells_more(s.key, e.key)):
        e.key, told = s.key, True
    if s.waits:
        if s.status is not None and s.status == e.status:  # the same answer again: its wait is the one that counts
            e.waits = []
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
    e.document = e.document or s.document
    e.path_is_ours = e.path_is_ours or s.path_is_ours
    e.elsewhere = e.elsewhere or s.elsewhere
    # Another vendor's success stays one, whatever is then said of us.
    if s.outcome or s.host or not (e.vendor and e.status is not None and e.status < 300):
        e.mentions_us = e.mentions_us or s.mentions_us
    e.ours_rank = max(e.ours_rank, s.ours_rank)
    e.location = e.location or s.location
    e.timeout = e.timeout or s.timeout
    e.record = e.record or s.record
    e.when = s.when or e.when
    if told or s.intermediary or s.body_fault or s.location:
        e.quotes.append(s.text)
    e.more.append(s.text)


def _tells_more(new: KeySign, known: KeySign) -> bool:
    """A fault, or that a key was sent; a header that was sent also counts for more than a command that names none."""
    if known.fault is None:
        return new.fault is not None or bool(new.sent)
    return known.fault is KeyFault.MISSING and bool(new.sent) and new.rank > known.rank


_MAX_TEXT = 40_000


def _settle(e: Sighting) -> None:
    """Put the text of the lines that were added where it belongs, once for all of them."""
    size = accumulate(map(len, e.more), initial=len(e.text))
    e.text = "\n".join((e.text, *(line for line, before in zip(e.more, size, strict=False) if before < _MAX_TEXT)))
    e.more = []


# The exchange that counts ----------


def pick(exchanges: list[Sighting], status: int | None = None) -> Sighting | None:
    """The latest exchange about OutboundSync; else the latest of no known owner; else another vendor's.

    With a `status` given, only exchanges that ended with it, or with none.
    """
    told = outcomes = [e for e in exchanges if e.outcome]
    if status is not None:
        told = [e for e in told if e.status == status] or [e for e in told if e.status is None]
    if not told:
        keyed = [e for e in exchanges if e.key is not None and e.key.fault is not None]
        return keyed[-1] if keyed else (exchanges[0] if exchanges and not outcomes else None)
    everything = told = [e for e in told if not e.elsewhere] or told
    told = _newest([e for e in told if owner_of(e) != "vendor" and e.status_rank != BARE]) or told
    ours = [e for e in told if owner_of(e) == "ours"]
    if ours and all(owner_of(e) != "vendor" for e in everything):
        ours = [e for e in told if owner_of(e) == "ours" or _is_throttled(e)]
    if (
        ours
        and ours[-1].status == 200
        and ours[-1].body_fault is None
        and (errors := _later_errors(ours[-1], everything))
    ):
        return _latest(errors)  # what failed is not OutboundSync
    of_vendor = any(owner_of(e) == "vendor" and e.status_rank > IMPLIED for e in told)
    nobodys = [e for e in told if owner_of(e) == "unknown" and not _belongs_to_another(e, told, of_vendor=of_vendor)]
    return _latest(_plain(ours) or _plain(nobodys) or ours or nobodys or told)


def _is_throttled(e: Sighting) -> bool:
    """The throttler's own answer, of no named owner: where OutboundSync alone is spoken of, it is its own."""
    is_answer = bool(e.json_body or e.waits)
    return owner_of(e) == "unknown" and is_answer and "throttlerexception" in (e.message or "").lower()


def _later_errors(success: Sighting, told: list[Sighting]) -> list[Sighting]:
    """Other vendors' errors that are plainly stated after a success of ours."""
    later = told[next(i for i, e in enumerate(told) if e is success) + 1 :]
    return [e for e in later if owner_of(e) == "vendor" and (e.status or 0) >= 400 and e.status_rank >= CUED]


def _newest(exchanges: list[Sighting]) -> list[Sighting]:
    """Those in the newest mail of a thread, in the text that answers a quotation."""
    newest = min(((e.part, e.depth) for e in exchanges), default=None)
    return [e for e in exchanges if (e.part, e.depth) == newest]


def _belongs_to_another(e: Sighting, told: list[Sighting], *, of_vendor: bool) -> bool:
    """A success beside errors, or words that imply a status beside another vendor's that is plainly stated."""
    if e.status is not None and e.status < 300 and e.me is None and len(told) > 1:
        return True
    return of_vendor and e.status_rank <= IMPLIED and e.message_rank < 3


def _plain(exchanges: list[Sighting]) -> list[Sighting]:
    """Without bare numbers and wrappers where something plainer was said."""
    if any(e.status_rank > BARE or e.failure_rank > 1 or e.me for e in exchanges):
        return [
            e
            for e in exchanges
            if e.status_rank > BARE or e.failure_rank > 1 or e.me or e.body_fault or e.message_rank == 3
        ]
    return exchanges


def _latest(candidates: list[Sighting]) -> Sighting:
    candidates = _newest(candidates)
    if all(e.when is not None for e in candidates):
        latest = max(e.when or 0.0 for e in candidates)
        candidates = [e for e in candidates if e.when == latest]
    return candidates[-1]


def owner_of(e: Sighting) -> Owner:
    """Whose exchange it is, by the host, then by its form, then by who is named."""
    if e.host_is_ours or e.ours_rank >= 2:
        return "ours"
    if e.vendor is None and (e.status == 407 or e.intermediary is Intermediary.PROXY):
        return "unknown"  # the host is the proxy's
    if e.vendor_rank >= 2 or (e.vendor and not e.mentions_us):
        return "vendor"
    if e.host_is_ours is False and e.host:
        return "vendor"
    return "ours" if e.mentions_us or (e.message_rank == 3 and not e.vendor) else "unknown"
