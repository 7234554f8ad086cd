"""What one unit of text says about an HTTP exchange: the third layer of the reader.

Every `_see_*` function looks for one thing and writes it into the `Sighting`; the tables it uses are in patterns.py.
"""

import re
from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache, cached_property, partial
from itertools import accumulate
from typing import NamedTuple, cast

from outboundsync_mcp.diagnosis import patterns as p
from outboundsync_mcp.diagnosis.clean import clean_message
from outboundsync_mcp.diagnosis.evidence import BodyFault, Failure, Intermediary
from outboundsync_mcp.diagnosis.needles import Index, Needles
from outboundsync_mcp.diagnosis.request_key import HINTS as KEY_HINTS
from outboundsync_mcp.diagnosis.request_key import KeySign, key_sign
from outboundsync_mcp.diagnosis.statuses import (
    BARE,
    CUED,
    EXPLICIT,
    IMPLIED,
    NUMBER,
    Judged,
    answering_hosts,
    clauses,
    has_reason,
    statuses_in,
)
from outboundsync_mcp.diagnosis.units import Unit, index, key_of, no_pairs, pairs_of


def _no_texts() -> list[str]:
    return []


@dataclass(slots=True)
class Sighting:
    """Facts of one unit, and, joined, of one exchange."""

    text: str = ""
    status: int | None = None
    status_rank: int = 0
    status_implied: bool = False
    """Only words lead to the status: no number states it."""
    made_up: bool = False
    """The status beside it is the client's own (LWP): no answer came."""
    message: str | None = None
    message_rank: int = 0
    error: str | None = None
    headers: list[tuple[str, str]] = field(default_factory=no_pairs)
    waits: list[str] = field(default_factory=_no_texts)
    date: str | None = None
    failure: Failure | None = None
    failure_rank: int = 0
    failure_text: str | None = None
    body_fault: BodyFault | None = None
    intermediary: Intermediary | None = None
    cdn_code: int | None = None
    html: bool = False
    json_body: bool | None = None
    document: bool = False
    """A JSON document stood by itself, as a body does."""
    me: dict[str, object] | None = None
    host: str | None = None
    host_is_ours: bool | None = None
    path_is_ours: bool = False
    elsewhere: bool = False
    """A server's own log of a request for another path."""
    vendor: str | None = None
    vendor_rank: int = 0
    vendor_shape: bool = False
    """It has the form of that vendor's errors."""
    mentions_us: bool = False
    ours_rank: int = 0
    location: str | None = None
    timeout: float | None = None
    key: KeySign | None = None
    opens: bool = False
    record: bool = False
    depth: int = 0
    part: int = 0
    when: float | None = None
    quotes: list[str] = field(default_factory=_no_texts)
    more: list[str] = field(default_factory=_no_texts)
    """Lines that the text is still to have."""

    @property
    def outcome(self) -> bool:
        """Whether it says how the exchange ended."""
        return self.status is not None or self.failure is not None or self.told

    @property
    def told(self) -> bool:
        """Whether a body says so: a fault of it, the documented one, the API's own words, a vendor's form."""
        return self.body_fault is not None or self.me is not None or self.message_rank >= 3 or self.vendor_shape


_FAILURES = Index(((row.needle,), row) for row in p.FAILURES)
_BODY_FAULTS = Index(((row.needle,), row) for row in p.BODY_FAULTS)
_PAGES = Index(((row.needle,), row) for row in p.INTERMEDIARIES)
# "name=value" stands in the text in any notation: only its parts can be searched for.
_SHAPES = Index(
    (tuple(part for needle in row.needles for part in needle.split("=") if part), row) for row in p.VENDOR_SHAPES
)
_VENDOR_WORDS = Index(((word,), (row.name, word)) for row in p.VENDORS for word in row.words)
_VENDOR_DOMAINS = Index(((domain,), (row.name, domain)) for row in p.VENDORS for domain in row.domains)
_UNRELATED = Index(((needle,), needle) for needle in p.UNRELATED)
_IMPLIED = Index(((row[0],), row) for row in p.IMPLIED_BY_WORDS)


_See = Callable[[Unit, str, "Vocabulary", Sighting], None]


class Vocabulary:
    """What of the tables a text has, and in which units: found once for the text, so that a unit costs what it says.

    `looks` has a number for each unit, with the bits of the looks that can see something there.
    """

    def __init__(self, units: list[Unit]) -> None:
        parts = [f"{unit.text}\n{unit.page}\n{unit.flat if unit.objects else ''}\n".lower() for unit in units]
        self.lower = lower = _plain_quotes("".join(parts))
        found = _NEEDLES.found_in(lower)
        self.failures = _FAILURES.rows_in(lower, found)
        self.body_faults = _BODY_FAULTS.rows_in(lower, found)
        self.pages = _PAGES.rows_in(lower, found)
        self.shapes = _SHAPES.rows_in(lower, found)
        self.vendor_words = _VENDOR_WORDS.rows_in(lower, found)
        self.vendor_domains = _VENDOR_DOMAINS.rows_in(lower, found)
        self.unrelated = _UNRELATED.rows_in(lower, found)
        self.implied = _IMPLIED.rows_in(lower, found)
        words = (
            (_see_status, [words for words, _ in self.implied]),
            (_see_failure, [row.needle for row in (*self.failures, *self.body_faults)]),
            (_see_intermediary, [row.needle for row in self.pages]),
            (_see_answering_host, [domain for _, domain in self.vendor_domains]),
            (_see_vendor, [word for _, word in (*self.vendor_words, *self.vendor_domains)]),
            (_see_vendor, [row.needles[0].split("=")[0] for row in self.shapes]),
        )
        no_reports = [p.INSTRUCTION, p.GENERAL, p.HANDLER, p.CONFIGURED]
        if "\ne  " in lower or found.isdisjoint(p.STOPPED):  # pytest shows the code, and then the error
            no_reports.append(p.MADE_ERROR)
        if ("pass" in lower or "\nok" in lower) and p.TESTS_RAN.search(lower):
            no_reports.append(p.PASSED)
        self.no_reports = [pattern.hinted_in(found) for pattern in no_reports]
        self.sets_header = not found.isdisjoint(_SETS_HEADER)
        self.judged: Judged = {}
        self._starts = [0, *accumulate(map(len, parts))]
        self.looks = [_ALL if unit.objects else _looks_at_pairs(unit) for unit in units]
        bits = {hint: _BITS_OF_HINT[hint] for hint in found if hint in _BITS_OF_HINT}
        for bit, hints in (*((_BIT_OF[look], hints) for look, hints in words), (_NO_REPORT, self.unrelated)):
            bits |= {hint: bits.get(hint, 0) | bit for hint in hints}
        for hint, looks in bits.items():
            self._mark(looks, partial(lower.find, hint))
        self._mark(_STATUS, lambda at: match.start() if (match := NUMBER.search(lower, at)) else -1)
        numbered = [i for i, looks in enumerate(self.looks) if looks & _STATUS]
        defined = {i: match[1] for i in numbered if (match := _DEFINES.match(units[i].text))}
        for i in numbered:
            text = units[i].text
            arrow = "->" in text or "=>" in text or "→" in text
            if arrow and not units[i].objects and len({*_MAPS.findall(text)}) >= _DEFINITIONS:
                self.looks[i] = 0
        if len({*defined.values()}) >= _DEFINITIONS:
            for unit in defined:
                self.looks[unit] = 0

    @cached_property
    def tells_of_certificates(self) -> bool:
        """Whether the text speaks of certificates at all."""
        return any(word in self.lower for word in p.CERTIFICATE_WORDS)

    @cached_property
    def goes_on(self) -> bool:
        """Whether wget went on to the request."""
        return "awaiting response" in self.lower

    def _mark(self, bits: int, find: Callable[[int], int]) -> None:
        """Set `bits` for each unit in which `find`, given where to start, finds something."""
        at = find(0)
        while at >= 0:
            unit = bisect_right(self._starts, at) - 1
            self.looks[unit] |= bits
            at = find(self._starts[unit + 1])


_DEFINES = re.compile(
    r"\W{0,12}(?:case |when )?[\"'`*]{0,3}(?<!\()([1-5]\d\d)(?:\s?[/,]\s?[1-5]\d\d){0,4}[\"'`*]{0,3}"
    r"(?:\s{0,3}(?:[:|–-]|->|=>)(?:\s|$)|\)\s\S)(?![^\n]*://)"
)
_MAPS = re.compile(r"(?<![\w.])([1-5]\d\d)[\"'`]?\s?(?:→|->|=>)\s[\"'`]?[A-Za-z][^\d\n,;]{0,60}(?:[,;]|\.?$)")
"""`401 → InvalidKey, 403 → …` on one line."""
_DEFINITIONS = 3
"""From this many different statuses on, each at the beginning of a line, the lines say what statuses mean."""


def _plain_quotes(text: str) -> str:
    return text if text.isascii() else text.replace("’", "'").replace("‘", "'")


def _looks_at_pairs(unit: Unit) -> int:
    looks = 0
    for key, last in unit.keys:
        looks |= _LOOKS_OF_KEY.get(key, 0) | _LOOKS_OF_KEY.get(last, 0)
    return looks


def see(unit: Unit, looks: int, vocabulary: Vocabulary) -> list[Sighting]:
    """The sightings of a unit: one, or several where a sentence tells of several statuses.

    `looks` and `vocabulary` say what can be there at all: see `Vocabulary`.
    """
    sightings: list[Sighting] = []
    for text in told_in(unit, looks, vocabulary):
        part = unit if text == unit.text else _clause(text)
        sighting = Sighting(
            text=text + part.page[:_PAGE_CHARS],
            opens=unit.opens,
            record=unit.record,
            document=unit.document,
            depth=unit.depth,
            part=unit.part,
            when=unit.when,
        )
        if looks & SEEN:
            lower = _plain_quotes(text.lower())
            for look in _looks_of(looks):
                look.see(part, lower, vocabulary, sighting)
        if part.page:
            sighting.html = True
            if looks & _ON_PAGE:
                _see_page(part.page[:_PAGE_CHARS], vocabulary, sighting)
        sightings.append(sighting)
    if any(s.mentions_us for s in sightings) and not any(s.vendor for s in sightings):
        for sighting in sightings:  # a sentence has one subject
            sighting.mentions_us, sighting.ours_rank = True, max(sighting.ours_rank, 1)
    return sightings or [Sighting(text=unit.text, depth=unit.depth, part=unit.part)]


def told_in(unit: Unit, looks: int, vocabulary: Vocabulary) -> list[str]:
    """The clauses of a unit that report: none of a line that speaks to its reader, none of what is told as over."""
    if looks & _NO_REPORT and not unit.objects and _is_no_report(unit.text[:2000], vocabulary):
        return []
    if not looks & _STATUS or unit.objects or unit.record or len(unit.text) >= 600:
        return [unit.text]
    is_prose = not any(map(_is_field, unit.pairs, unit.keys))
    return clauses(unit.text, vocabulary.judged) if is_prose else [unit.text]


def _is_field(pair: tuple[str, str], key: tuple[str, str]) -> bool:
    """Whether a name and its value are data: no wait that a sentence tells, no speaker and what was said."""
    return key[1] not in _WAIT_KEYS and pair[1].count(" ") < _SPOKEN_WORDS


_SPOKEN_WORDS = 3


@cache
def _looks_of(bits: int) -> tuple["_Look", ...]:
    return tuple(look for bit, look in enumerate(_LOOKS) if bits >> bit & 1)


def _clause(text: str) -> Unit:
    clause = Unit(text, pairs=pairs_of(text))
    index(clause)
    return clause


_PAGE_CHARS = 8000
_METRIC = re.compile(
    r"\s{0,8}[a-zA-Z_:][\w:]{2,80}\{[^{}\n]{0,400}\}\s{1,4}[\d.e+-]{1,30}(?:\s\d{1,20})?\s*$"
    r"|\s{0,16}(?:- )?(?:expr: ?)?(?:rate|increase|sum|avg|count|max|min|histogram_quantile|topk|absent)\b[^\n]{0,200}"
    r"\w\{\w{1,40}\s?(?:=~?|![=~])\s?\""
)


def _is_no_report(text: str, vocabulary: Vocabulary) -> bool:
    """Whether a line speaks to its reader, counts (a Prometheus metric), or is of a database or a queue."""
    lower = text.lower()
    return (
        any(pattern.search(text, lower) is not None for pattern in vocabulary.no_reports)
        or ("{" in text and _METRIC.match(text) is not None)
        or (any(needle in lower for needle in vocabulary.unrelated) and p.OUR_PATH not in lower)
    )


_NAMED_ON_PAGE = re.compile(r"(?i)\b(?:HTTP|error)(?:\s(?:status|error|code)){0,2}[\s:]{1,2}\Z")


def _see_page(page: str, vocabulary: Vocabulary, s: Sighting) -> None:
    """Of a page only what its server says of itself: a status with its reason, and who wrote the page."""
    lower = page.lower()
    for stated in statuses_in(page[:4000]):
        named = _NAMED_ON_PAGE.search(page, max(0, stated.start - 30), stated.start) is not None
        named = named or has_reason(stated.status, page[stated.end :][:60])
        if stated.status >= 400 and s.status_rank < EXPLICIT and named:
            _state(s, stated.status, EXPLICIT)
    if s.status is None and any(words in lower for words in p.CHALLENGE_WORDS):
        _state(s, 403, IMPLIED, implied=True)
    _see_answerer(lower, vocabulary, s)
    s.body_fault = s.body_fault or next((fault for needle, fault in vocabulary.body_faults if needle in lower), None)


# Status ----------

_STATUS_LINE = re.compile(
    r"(?i)\bHTTP/(?:1\.[01]|2(?:\.0)?|3(?:\.0)?)[\"']?,?\s{1,3}\[?([1-5]\d\d)(?!\d|\.\d)(?P<rest>[^\n]{0,60})"
)
# A program that prints the status and then the body or the headers: `200 {…}`, `401 Headers(…)`.
_STATUS_FIRST = re.compile(
    r"\W{0,3}([2-5]\d\d)[ \t]{1,4}(?:[{<\[]|b?['\"][{<]|Headers\(|CIMultiDict|$"
    r"|(?:application|text)/[\w.+-]{1,40}\s{0,3}(?:;|$))"
)
# "✓ Status code is 200", "1. AssertionError  Status code is 200": what a test hopes for.
_TEST_NAME = re.compile(
    r"\W{0,8}(?:[✓✔✗✕✖×√]|\d{1,3}(?:\.\d{1,3})?[.)⠄]\s|has status code \d|\d{0,3}\.?\s{0,3}Assertion"
    r"|(?:Start|End|Runn)ing test\b"
    r"|(?:FAIL\s{1,4})?[\w./-]{1,200}\.(?:test|spec)\.|\s{0,4}(?:Then|And|\*) (?:the )?(?:response )?status "
    r"|(?:# Subtest: |not ok \d)|FAILURE in step '|[▶►] )"
)
_NOT_A_STATUS_KEY = re.compile(
    r"(?i)(?:exit|last|grpc|process|sub|job|order|build|run|cache|ci|edge_cache|previous|expected|retry|retries|min"
    r"|max|upstream_cache)[_. -]?(?:status|code)"
    r"|retry_?(?:on_?)?status|statuses|status_?codes|validate_?status"
)
_SHORT_WORD = re.compile(r"\W{0,6}(?:[^\W\d]+\W{1,3}){0,5}(unauthorized|unauthorised|forbidden|throttled)\W{0,6}$")
_REFUSED = re.compile(
    r"\b(?:as|is|are|was|were|back|got|get|gets|getting|an?|says?|said|returns?|returned|with|me|us|it"
    r"|geting \S{1,300}:) (unauthorized|unauthorised|forbidden|throttled)\b(?! (?:access|use|user|people|party|third))"
)
"""What someone says of their requests."""
_MADE_UP_HINTS = ("client-warning", "500 ", "599 ", " 400")
_MADE_UP = re.compile(
    r"(?i)client-warning:\s{0,2}internal response"
    r"|\b500 (?:can't connect|internal response:|can.t verify|status read failed"
    r"|server closed connection|read timeout|ssl|no host|ssl negotiation|connect failed|line too long)"
    r"|\b599 (?:internal exception|network)|http_exceptions\.\w{3,40}: 400\b"
    r"|(?:contentencoding|transferencoding|contentlength|payloadencoding|clientpayload)error:? 400\b"
)


def _see_status(unit: Unit, lower: str, vocabulary: Vocabulary, s: Sighting) -> None:
    if any(hint in lower for hint in _MADE_UP_HINTS) and _MADE_UP.search(unit.text):
        s.quotes.append(unit.text)
        s.made_up = "client-warning" in lower
        return
    line = None
    for line in _STATUS_LINE.finditer(unit.text) if "http/" in lower else ():
        status = int(line[1])
        if status == 200 and "connection established" in line["rest"].lower():
            continue
        _state(s, status, EXPLICIT)
    for (name, value), (key, last) in zip(unit.pairs, unit.keys, strict=True):
        status = _status_of_pair(name, value, key, last)
        if status is not None:
            if s.status is None or s.status < 400:  # the outermost error of an object wins
                _state(s, status, EXPLICIT)
        elif last in p.WORDED_STATUS_KEYS and s.status is None and (word := p.CODE_WORDS.get(key_of(value[:40]))):
            _state(s, word, CUED, implied=True)
    if s.status_rank == EXPLICIT and (unit.objects or line):
        return
    if match := _STATUS_FIRST.match(unit.text):
        _state(s, int(match[1]), EXPLICIT)
        return
    for text in unit.text.split("\n", 40)[:40]:
        for status, rank, *_ in statuses_in(text, vocabulary.judged):
            if status < 300 and _TEST_NAME.match(text):
                continue
            if rank > s.status_rank or (rank == s.status_rank and not unit.objects):
                _state(s, status, rank)
    if s.status is None:
        for words, status in vocabulary.implied:
            if words in lower:
                _state(s, status, IMPLIED, implied=True)
                return
        if not any(word in lower for word in p.ONE_WORD):
            return
        match = _SHORT_WORD.match(lower) if len(lower) < 100 else None
        if match is None and any(name in lower for name in _OUR_NAMES) and not vocabulary.vendor_words:
            match = _REFUSED.search(lower)
        if match:
            _state(s, p.ONE_WORD[match[1]], BARE, implied=True)


def _state(s: Sighting, status: int, rank: int, *, implied: bool = False) -> None:
    if status in p.MADE_UP_STATUSES or status < 200 or rank < s.status_rank:
        return
    s.status, s.status_rank, s.status_implied = status, rank, implied


_STATUS_VALUE = re.compile(r"\(?([1-5]\d\d)(?:\.0)?(?:[\s:,;)]\D{0,80})?$")


def _status_of_pair(name: str, value: str, key: str, last: str) -> int | None:
    known = (
        last in p.STATUS_KEYS
        or key in p.STATUS_KEYS
        or key.endswith(("statuscode", "httpstatus", "httpcode", "responsestatus"))
    )
    loose = last in p.LOOSE_STATUS_KEYS
    if not (known or loose) or _NOT_A_STATUS_KEY.search(name):
        return None
    match = _STATUS_VALUE.match(value.strip())
    if match is None:
        return None
    status = int(match[1])
    if not known and status < 400:
        return None
    return status


# Message, body ----------

_HTML_HINTS = ("<!doctype", "<html", "<head>", "<body", "<center>", "text/html")
_HTML = re.compile(
    r"(?i)<!doctype html|<html[\s>]|<head>|<body[\s>]|content-type[\"']?\s?[:=]>?\s?\[?[\"']?text/html|<center><h1>"
)


def _see_message(unit: Unit, lower: str, _vocabulary: Vocabulary, s: Sighting) -> None:
    scanned = _as_scanned(lower) if "ap" in lower else ""
    for words, status, message in p.DOCUMENTED_MESSAGES:
        at = scanned.find(_SCANNED[words])
        if at >= 0 and _TALK.search(lower[max(0, at - 30) : at]) is None:
            if _OVER.match(lower, at + len(words)) and not unit.objects:
                continue
            s.message, s.message_rank = message, 3
            is_open = s.status is None or (s.status_implied and s.status_rank <= IMPLIED)
            if is_open and not (status == 401 and "invalid api key" in lower and _another_key(lower)):
                _state(s, status, CUED, implied=True)
            elif s.status == status:  # a bare number that the message confirms
                s.status_rank = max(s.status_rank, CUED)
    for item in unit.objects:
        _see_body(item, s)
    if s.message_rank < 2 and unit.pairs:
        named = {key: value for (_, value), (key, _) in zip(unit.pairs, unit.keys, strict=True)}
        for name in ("message", "msg"):
            value = named.get(name)
            is_loggers = name == "msg" and not unit.objects and not named.get("error")
            if value and (named.get("statuscode") or named.get("error")) and s.message_rank < 2 and not is_loggers:
                s.message, s.message_rank = clean_message(value), 2
                s.error = s.error or clean_message(named.get("error"))
        quoted = named.get("message")
        is_cut = quoted is not None and f": {quoted} " in unit.text  # "Error Message: Failed with code 403."
        if quoted and s.message_rank < 1 and not unit.objects and not is_cut and not _CODE.fullmatch(quoted):
            s.message, s.message_rank = clean_message(quoted), 1
    if any(hint in lower for hint in _HTML_HINTS) and _HTML.search(unit.text[:4000]):
        s.html = True


_CODE = re.compile(r"[a-z_]\w*(?:\.[a-z_]\w*)+")  # "message = message.format(…)"


def _as_scanned(lower: str) -> str:
    """Letters that OCR takes for one another as one: "enab1ed", "APl"."""
    return lower.replace("_", " ").replace("i", "l").replace("1", "l").replace("0", "o")


_SCANNED = {words: _as_scanned(words) for words, *_ in p.DOCUMENTED_MESSAGES}
_TALK = re.compile(r"(?i)(?:not|isn't|is not|no|never|without|instead of|rather than)\W{1,3}(?:the |an? |\"|'|“){0,2}$")
_OVER = re.compile(r" (?:thing|one|problem|issue|trouble) (?:from|of) (?:yesterday|last (?:week|month|time))\b(?! on)")


def _another_key(lower: str) -> bool:
    return "invalid api key provided" in lower or "invalid api key or access" in lower


_LOG_KEYS = frozenset(
    [
        "level",
        "severity",
        "time",
        "timestamp",
        "ts",
        "logger",
        "logger_name",
        "pid",
        "thread",
        "function",
        "lineno",
        "levelname",
    ]
)


def _see_body(item: dict[str, object], s: Sighting) -> None:
    if isinstance(item.get("account"), dict) and isinstance(item.get("apiKey"), dict) and "connections" in item:
        # Values may be masked in a paste, the shape is not.
        s.json_body = True
        connections = item["connections"]
        if isinstance(connections, list) and all(isinstance(each, dict) for each in cast("list[object]", connections)):
            s.me = item
            s.ours_rank = max(s.ours_rank, 2)
            if s.status_rank < EXPLICIT or s.status != 200:  # numbers in its names
                s.status, s.status_rank = None, 0
        else:
            s.body_fault = BodyFault.WRONG_SHAPE
        return
    message = clean_message(item.get("message"))
    if message is None:
        return
    error = item.get("error")
    status = item.get("statusCode", item.get("status"))
    if _LOG_KEYS & item.keys():
        return
    is_body = (isinstance(status, int) or isinstance(error, str)) and not ("stack" in item or "config" in item)
    is_clients = bool(status) and f" {status} " in message  # "Response Error: 429 Too Many Requests"
    is_body = is_body and not is_clients
    rank = 2 if is_body or set(item) <= {"message", "code", "status", "retryAfterSeconds", "remediation"} else 1
    if rank > s.message_rank or (rank == s.message_rank == 2):
        s.message, s.message_rank = message, rank
        s.error = clean_message(error) or s.error
    elif s.message_rank == 3 and s.message and s.message.lower() in message.lower():
        s.message = message
        s.error = clean_message(error) or s.error
    if rank == 2:
        s.json_body = True


# Headers ----------

_KEPT_HEADERS = """
    www-authenticate proxy-authenticate cf-ray cf-mitigated server via x-cache x-squid-error content-type
    x-ratelimit-limit x-ratelimit-remaining x-ratelimit-reset
"""
_KEPT = {name.replace("-", ""): name for name in _KEPT_HEADERS.split()}
_WAIT_KEYS = {
    "retryafter": 1.0,
    "retryafterseconds": 1.0,
    "retryaftersecs": 1.0,
    "retryaftersec": 1.0,
    "retryafters": 1.0,
    "retryafterms": 0.001,
    "retryaftermilliseconds": 0.001,
    "retryaftermillis": 0.001,
    "httpretryafter": 1.0,
}
_LOGGED_WAIT = re.compile(
    r"(?:origin|downstream|upstream|sent|resp|response|http|headers?){1,4}retryafter"
)  # of proxies
_WAIT_VERBS = """
    header value is was of says said shows set to reads tells me about
    steht stand auf ist war beträgt betrug lautet lautete heißt liegt bei
    est était indique indiquait vaut dit disait de es era en estaba dice vale é eram in
    wynosi był je byl on är er var egy olarak ora zei stond
"""
_WAIT_WORDS = re.compile(
    r"(?i)\b(?<!\bno )(?<!\bsin )(?<!\bsans )(?<!\bohne )(?<!\bkein )(?<!\bmissing )(?<!\bwithout )"
    r"retry(?:[-_]?after| after(?! (?:4(?:01|03|29)|50\d)(?! ?(?:s|m(?:s\b|illi)))\b))[\"'`*]{0,3}(?:\] = \[)?"
    rf"(?:[\s-](?:{'|'.join(_WAIT_VERBS.split())}):?(?![\w'])|\s=|\s?[^\x00-\x7f]){{0,4}}\s{{0,3}}[:=]{{0,2}}[\s\"'`*(]{{0,4}}"
    r"(?P<wait>\d{1,10}(?:\.\d{1,6})?)(?P<ms>\s?ms\b|\s?milli)?"
)
_WAIT_SECONDS = re.compile(
    r"(\d{1,10}(?:\.\d+)?)\s?(?:s|sec|secs|seconds?|sekunden|segundos|secondes)\.?", re.IGNORECASE
)
_WAIT_AND_MORE = re.compile(
    r"(?i)(\d{1,10}(?:\.\d+)?)\s{1,3}(?!(?:m|h|d)\b|min|std|hour|heure|hora|day|ms|milli|мин|час|[分時小时분시])[^\W\d_]"
)
"""Seconds, and then the rest of a sentence or of a line."""
_WEEKDAY = re.compile(r"(?i)(?:mon|tue|wed|thu|fri|sat|sun)[a-z]{0,6}")
"""What a pair keeps of a date."""
_WAIT_DATE = re.compile(
    r"(?i)\bretry[-_ ]?after[\"'\]]{0,3}\s?(?:=>|[:=,])?\s{0,3}[\[b(\"']{0,4}(?P<date>(?:Mon|Tue|Wed|Thu|Fri"
    r"|Sat|Sun)[a-z]{0,6},? [^\"'\n\])}]{10,40})"
)
_DATE = re.compile(
    r"(?i)(?<![\w-])date[\"'\]]{0,3}\s{0,2}(?:=>|[:=,])?\s{0,3}[\[b(\"']{0,4}(?P<date>(?:Mon|Tue|Wed|Thu|Fri"
    r"|Sat|Sun)[a-z]{0,6},? [^\"'\n\])}]{10,40}?(?:GMT|\d{4}(?=\s|$|[\"'])))"
)


def _see_headers(unit: Unit, lower: str, _vocabulary: Vocabulary, s: Sighting) -> None:
    for (_, value), (_, key) in zip(unit.pairs, unit.keys, strict=True):
        if key in _KEPT and len(value) < 400:
            s.headers.append((_KEPT[key], value))
        elif key in _WAIT_KEYS or (key.endswith("retryafter") and _LOGGED_WAIT.fullmatch(key)):
            if value[:3].isdecimal() and has_reason(
                int(value[:3]), value[3:]
            ):  # "no Retry-After: 429 Too Many Requests"
                continue
            wait = value.strip(" \"'[].,;“”„‘’«»`*")
            scale = _WAIT_KEYS.get(key, 1.0)
            if scale != 1.0:
                wait = _seconds(wait, scale)
            elif match := _WAIT_SECONDS.fullmatch(wait) or _WAIT_AND_MORE.match(wait):
                wait = match[1]
            if wait and wait not in s.waits and not _WEEKDAY.fullmatch(wait):
                s.waits.append(wait)
        elif key == "location" and s.location is None and "/" in value:
            s.location = value
        elif key == "timeout" and s.timeout is None:
            s.timeout = _timeout(value)
    if "retry" in lower:
        for pattern, group in ((_WAIT_DATE, "date"), (_WAIT_WORDS, "wait")):
            for match in pattern.finditer(unit.text):
                wait = match[group].strip(" .,;")
                if group == "wait" and match["ms"]:
                    wait = _seconds(wait, 0.001)
                if not s.waits and wait:
                    s.waits.append(wait)
    if "date" in lower:
        match = _DATE.search(unit.text)
        if match:
            s.date = match["date"].strip()
    for (_, value), (_, key) in zip(unit.pairs, unit.keys, strict=True):
        if key == "date" and "GMT" in value:
            s.date = value


def _seconds(text: str, scale: float) -> str:
    try:
        return f"{float(text) * scale:.6f}".rstrip("0").rstrip(".")
    except ValueError:
        return ""


_TIMEOUT_VALUE = re.compile(r"(\d{1,6}(?:\.\d{1,6})?)\s?(?:s|seconds)?")


def _timeout(value: str) -> float | None:
    match = _TIMEOUT_VALUE.fullmatch(value)
    return float(match[1]) if match and float(match[1]) else None


# Failures ----------

_TIMEOUT_SECONDS = re.compile(
    r"(?i)(?:timeout ?= ?|timed out after |timeout of |within |exceeded |after )"
    r"(\d{1,6}(?:\.\d{1,3})?)(?![\d.]|\s?(?:m\b|min|h))\s?(ms|milliseconds|s\b|sec)?"
)


_WARNED = re.compile(r"\s{0,8}warning: (?:the certificate of|cannot verify)")
"""What wget says and goes on, told to check no certificate."""


def _see_failure(unit: Unit, lower: str, vocabulary: Vocabulary, s: Sighting) -> None:
    if _WARNED.match(lower) and vocabulary.goes_on:
        return
    for needle, failure, rank in vocabulary.failures:
        if rank > s.failure_rank and needle in lower and _stands_alone(needle, unit.text, lower, vocabulary):
            s.failure, s.failure_rank, s.failure_text = failure, rank, unit.text
    if s.failure in (Failure.READ_TIMEOUT, Failure.CONNECT_TIMEOUT, Failure.DEADLINE):
        match = _TIMEOUT_SECONDS.search(unit.text)
        if match:
            s.timeout = float(match[1]) / (1000 if (match[2] or "").startswith("m") else 1)
    for needle, fault in vocabulary.body_faults:
        if needle in lower:
            s.body_fault = fault
            s.quotes.append(unit.text)
            break


_ERRNO = re.compile(r"e[a-z_]{3,18}")
_OPTION = re.compile(r"(?<![A-Za-z])(?:connect|read|connection|socket)Timeout[\"']?\s?[:=]\s?[\"']?\d")
"""`connectTimeout: 0:00:10`, `readTimeout=15` are settings; `ReadTimeout: 15` is an exception."""


_STOPPED_REDIRECTS = re.compile(r"stopped after \d{1,3} redirects")
_UNLESS = {
    "premature eof": "parse error: premature eof",  # of a body
    "unexpected eof": "decode: unexpected eof",
    "networkerror": "networkerror.noerror",  # Qt's
    "request blocked": "request blocked - received",  # Crawlee's own words for any 403
}
_RESOLVED_BY_BUILDS = re.compile(r"failed to resolve (?:source|import|module|dependenc|reference|entry|package|plugin)")


def _stands_alone(needle: str, text: str, lower: str, vocabulary: Vocabulary) -> bool:
    """Names and numbers of errno are whole words: `ENOTFOUND` is not in `ModuleNotFoundError`."""
    if needle[-1].isdigit() or needle.endswith(" ca"):  # `errno 110` is not in `errno 11001`
        return re.search(rf"{re.escape(needle)}(?!\w)", lower) is not None
    if needle in _UNLESS:
        return _UNLESS[needle] not in lower
    if needle == "stopped after":
        return _STOPPED_REDIRECTS.search(lower) is not None
    if needle == "failed to resolve":
        return _RESOLVED_BY_BUILDS.search(lower) is None
    if needle == "' expired on":
        return "certificate '" in lower
    if needle in p.OF_CERTIFICATES:
        return vocabulary.tells_of_certificates
    if needle in ("connecttimeout", "readtimeout", "connectiontimeout", "sockettimeout"):
        return len(_OPTION.findall(text)) < lower.count(needle)
    if _ERRNO.fullmatch(needle) is None:
        return True
    return any(not _is_listed(lower, match.start()) for match in re.finditer(rf"(?<![a-z]){needle}(?![a-z_])", lower))


def _is_listed(lower: str, at: int) -> bool:
    """A quoted name that no `code:` introduces is an element of a list: the errors that a client would retry."""
    return lower[at - 1 : at] in ("'", '"') and _CODE_BEFORE.search(lower[max(0, at - 30) : at - 1]) is None


_CODE_BEFORE = re.compile(r"(?:code|errno|cause|name|reason|error|message)[\"']?\s?[:=(]\s?$|[:(]\s?$|=>\s?$")


def _see_intermediary(_unit: Unit, lower: str, vocabulary: Vocabulary, s: Sighting) -> None:
    _see_answerer(lower, vocabulary, s)


def _see_answerer(lower: str, vocabulary: Vocabulary, s: Sighting) -> None:
    for needle, who in vocabulary.pages:
        if needle in lower and _UNLESS.get(needle, "\0") not in lower:
            s.intermediary = who
            break
    if "error" in lower:
        match = p.CDN_CODE.search(lower)
        if match and int(match[1]) < 1300:
            s.cdn_code = int(match[1])
            if s.status is None and (status := p.CDN_STATUSES.get(s.cdn_code)):
                _state(s, status, CUED, implied=True)
            s.intermediary = Intermediary.CLOUDFLARE


# Whose error ----------

_URL = re.compile(
    r"(?i)\bhttps?://(?:[^\s/@\"'<>]{1,200}@)?(?P<host>\[[0-9a-f:]{2,45}\]"
    r"|[a-z0-9._-]{1,253})(?P<port>:\d{1,5})?(?P<path>/[^\s\"'<>`)\]},|\\]{0,400})?"
)
# Where clients name the host that they could not reach. Searched in lower case.
_HOST_IN_TEXT = re.compile(
    r"(?:host=['\"]|(?:could not|failed to|unable to) resolve(?: host)?:? ['‘]?|enotfound |eai_again |lookup "
    r"|unknownhostexception: "
    r"|connect(?:ing|ed|ion)? to (?:host )?|no such host is known\. \(|host \"|for host |resolving "
    r"|host(?:name)?:? ?['\"]|dial tcp:? )"
    r"(?P<host>[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63}){1,8})"
)
_HOST_HINTS = (
    *("host=", 'host"', "host'", 'host "', "host '", 'host:"', "host:'", 'host: "', "host: '", "hostname", "for host "),
    *("resolv", "enotfound ", "eai_again ", "lookup ", "unknownhostexception", "such host is known", "dial tcp"),
    *("connect to ", "connecting to ", "connected to ", "connection to "),
)
_HOST_KEYS = frozenset(
    [
        "host",
        "hostname",
        "url",
        "uri",
        "baseurl",
        "requesturl",
        "requesturi",
        "address",
        "serveraddress",
        "serverhostname",
        "peername",
        "netpeername",
        "httphost",
        "httpurl",
        "urlfull",
        "full",
        "authority",
        "requestedurl",
        "endpoint",
        "hostport",
        "upstreamurl",
        "fullurl",
        "effectiveurl",
        "urleffective",
        "proxyhost",
    ]
)
_LOOPBACK = re.compile(r"(?i)(?:127\.\d+\.\d+\.\d+|localhost|\[?::1\]?|0\.0\.0\.0|host\.docker\.internal)$")
_TO_READ = re.compile(
    r"(?i)\b(?:see|more|check|visit|docs?|documentation|info|information|here|help|read|refer|guide|at"
    r"|learn)\b[^/]{0,30}$"
)
_SCREEN = re.compile(
    r"(?i)https?://(?:[\w-]{1,60}\.){0,3}(?:console\.aws\.amazon\.com|console\.cloud\.google\.com|portal\.azure\.com"
    r"|app\.hubspot\.com/contacts|datadoghq\.(?:com|eu)/logs|gitlab\.com/\S{1,100}/-|zapier\.com/(?:app|editor)"
    r"|make\.com/\d{1,12}|slack\.com/(?:archives|client)|atlassian\.net/(?:browse|wiki|jira|servicedesk)"
    r"|zendesk\.com/(?:agent|hc)|linear\.app/\w{1,40}/issue|trello\.com/c"
    r"|(?<!api\.)github\.com/[\w.-]{1,60}/[\w.-]{1,100}/(?:issues|pull|blob|tree|wiki|discussions|actions|commit))\b"
)
"""What a person looks at: a run, a ticket, a log, a page of instructions. No API answers there."""
_PATH = re.compile(r"/api/v1/me(?![\w-])")
_REQUEST_CONTEXT = re.compile(
    r"(?i)(?:\b(?:GET|POST|PUT|PATCH|DELETE|HEAD)\s|for url:? |\burl[\"']?[:=\s]|\buri[\"']?[:=\s]|request(?:ed"
    r"|ing)?:? |http request|curl|wget|fetch|calling |call to |connect(?:ing|ed) to |--\s?$|at '|from |endpoint"
    r"|on GET|for: ?)[^\n]{0,40}$"
)


_BARE_HOST = re.compile(
    r"(?i)(?P<host>[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63}){1,8}|localhost)(?P<port>:\d{1,5})?(?P<path>/\S{0,300})?$"
)
_NUMBERS_ALONE = re.compile(r"[\d.]+")
_OUR_NAMES = ("outboundsync", "outbound sync", "osapi_")


def _see_us(unit: Unit, lower: str, _vocabulary: Vocabulary, s: Sighting) -> None:
    if any(name in lower for name in _OUR_NAMES):
        s.mentions_us = True
        s.ours_rank = 1
    if _PATH.search(unit.text) or any(_PATH.search(value[:600]) for _, value in unit.pairs):
        s.path_is_ours = True
        s.ours_rank = 2
    if "outboundsync api" in lower and "realm" in lower:
        s.ours_rank = 3


_ACCESS_LOG = re.compile(
    r"\"[A-Z]{3,7} (?!\S{0,200}/api/v1/me)/\S{0,400} HTTP/[\d.]{1,3}\",? [1-5]\d\d\b"
    r"|^\W{0,8}(?:GET|POST|PUT|PATCH|DELETE) (?!\S{0,200}/me\b)/\S{0,400} [1-5]\d\d (?:in )?[\d.]{1,9} ?m?s\b"
    r"|\b(?:GET|POST|PUT|PATCH|DELETE) [1-5]\d\d [\w.-]{3,100} (?!\S{0,200}/api/v1/me\b)/\S{1,400}"  # Vercel
    r"|\b(?:Internal Server Error|Bad Gateway|Service Unavailable|Not Found|Forbidden|Unauthorized|Bad Request"
    r"|Too Many Requests): /(?!\S{0,200}/api/v1/me\b)\S{0,400}\s*$"  # Django
)
"""Of a server's: what it answered, and, of a server in development, how long that took."""
_LOG_HINTS = (
    *(f'http/{version}"' for version in ("1.1", "1.0", "2.0", "2", "3.0", "3")),
    *(f"{method} {at}" for method in ("get", "post", "put", "patch", "delete") for at in "/2345"),
    ": /",
)


_ASKED_PATH = frozenset(
    {"path", "uri", "url", "requestpath", "requesturi", "requesturl", "route", "httptarget", "urlpath"}
)
_OWN_ERROR = 500
_METHOD_KEYS = frozenset({"method", "requestmethod", "httpmethod", "httprequestmethod"})


def _see_own_answer(unit: Unit, s: Sighting) -> None:
    """A record of what the user's own server answered, and why it could not do better: the reason is what counts."""
    told = s.failure_rank >= 3 or s.body_fault is not None or s.message_rank == 3
    if not told or s.status != _OWN_ERROR:
        return
    named = [(key, value) for (_, value), keys in zip(unit.pairs, unit.keys, strict=True) for key in keys]
    asked = [value for key, value in named if key in _ASKED_PATH]
    ours = any(p.OUR_DOMAIN in value for key, value in named if key in _HOST_KEYS) or any(
        _PATH.search(value) or value.endswith("/me") for value in asked
    )
    if not ours and any(value.startswith("/") for value in asked) and any(key in _METHOD_KEYS for key, _ in named):
        s.status, s.status_rank = None, 0
        said = (s.message or "").lower() if s.message_rank == 3 else ""
        if status := next((status for words, status, _ in p.DOCUMENTED_MESSAGES if words in said), None):
            _state(s, status, CUED, implied=True)


def _see_log(unit: Unit, _lower: str, _vocabulary: Vocabulary, s: Sighting) -> None:
    _see_own_answer(unit, s)
    match = _ACCESS_LOG.search(unit.text)
    if match is not None and s.host is None:
        around = (unit.text[: match.start()] + unit.text[match.end() :]).lower()
        s.elsewhere = not any(name in around for name in _OUR_NAMES)


def _see_url(unit: Unit, _lower: str, _vocabulary: Vocabulary, s: Sighting) -> None:
    is_nginx = ", client: " in unit.text and ", server: " in unit.text  # its error log names the host that it serves
    for (_, value), keys in zip(unit.pairs, unit.keys, strict=True):
        if not _HOST_KEYS.isdisjoint(keys) and (not is_nginx or p.OUR_DOMAIN in value):
            _take_host(value, s, asked=True)
    for match in _URL.finditer(unit.text):
        before = unit.text[max(0, match.start() - 60) : match.start()]
        if "user-agent" in before.lower():
            continue  # "got (https://github.com/sindresorhus/got)"
        is_screen = (s.status is None or "github.com" in match[0]) and _SCREEN.match(match[0])
        if is_screen and not _REQUEST_CONTEXT.search(before):
            continue
        asked = _REQUEST_CONTEXT.search(before) is not None or (
            s.status_rank >= CUED and s.message_rank < 3 and _TO_READ.search(before) is None and bool(match["path"])
        )
        _take_host(match[0], s, asked=asked)


def _see_named_host(_unit: Unit, lower: str, _vocabulary: Vocabulary, s: Sighting) -> None:
    for match in _HOST_IN_TEXT.finditer(lower):
        _take_host(match["host"], s, asked=False)


def _see_answering_host(unit: Unit, _lower: str, vocabulary: Vocabulary, s: Sighting) -> None:
    if vocabulary.vendor_domains and s.status is not None:
        for host in answering_hosts(unit.text[:4000]):
            _take_host(host, s, asked=False)


def _take_host(value: str, s: Sighting, *, asked: bool) -> None:
    match = _URL.match(value.strip()) or _BARE_HOST.match(value.strip())
    if match is None or match["host"].endswith(".."):  # cut short
        return
    host, path = match["host"].lower().rstrip("."), match["path"] or ""
    if host == p.OUR_DOMAIN or host.endswith("." + p.OUR_DOMAIN):
        s.mentions_us = True
        s.ours_rank = max(s.ours_rank, 1)
        if not path.startswith("/docs") and host not in (p.OUR_DOMAIN, "www." + p.OUR_DOMAIN):
            s.host, s.host_is_ours, s.ours_rank = host, True, 3
        return
    if s.host_is_ours:
        return
    if _PATH.search(path):
        s.path_is_ours, s.ours_rank = True, max(s.ours_rank, 2)
        s.host = s.host or host
        return
    if host.startswith(p.DOC_PREFIXES) or any(host == doc or host.endswith("." + doc) for doc in p.DOC_HOSTS):
        return
    vendor = vendor_of_host(host)
    if vendor:
        s.host, s.vendor, s.vendor_rank = host, vendor, 3
    elif (
        asked
        and not _LOOPBACK.match(host)
        and ("." in host or (match["port"] and not s.mentions_us))
        and (path or not _NUMBERS_ALONE.fullmatch(host))
    ):
        s.host, s.host_is_ours = host, False


def vendor_of_host(host: str) -> str | None:
    """The vendor whose API is at `host`, or None."""
    for vendor in p.VENDORS:
        if any(host == domain or host.endswith("." + domain) for domain in vendor.domains):
            return vendor.name
    return None


_VENDOR_SAYS = re.compile(
    r"(?:['’]s)?(?:\s(?:crm|rest|api|v\d)){0,3}\s{0,2}\w{0,12}\s?"
    r"(?:error|return|says|said|gives?|gave|respon|throw|threw|reject|answer|api|:|request|call|gibt|liefert"
    r"|devuelve|renvoie|meldet|antwort|sagt|wirft|schickt|répond|responde|retorna|dice|risponde|geeft|zegt|zwraca|odpowiada"
    r"|возвращает|отвечает|пишет|返回|が|から"
    r"|40[134]|429|500)"
)
_RAISED = re.compile(r"[\\.:]{1,2}[\w\\.:]{0,60}(?:error|exception): ")  # "Twilio\Exceptions\RestException: "
_WORKS = re.compile(  # "the HubSpot token works, 200 OK"
    r"(?:['’]s)?(?: [^\W\d_]{1,12}){0,3} (?:works?|working|fine|marche|fonctionne|funktioniert|läuft|geht|funciona"
    r"|funziona|werkt|działa|fungerar|virker|работает)\b|[^。,.]{0,10}(?:正常|動い|動作)"
)
_OF_VENDOR = re.compile(r"\b(?:from|by|of|calling|de|von|at|to|with|call) (?:the |our |my )?$")


_CONTRAST = re.compile(r"\b(?:but|while|whereas|though|although|aber|mais|pero|mas|maar|ale)\b|\bно\b|;")


_OURS_WORKS = re.compile(r"outbound ?sync\b[^.,;]{0,30}\b(?:works?|working|fine|ok|okay|200)\b")


def _see_contrast(line: str, vocabulary: Vocabulary, s: Sighting) -> None:
    """A body in a sentence that tells of another vendor first, and of us behind the "but"."""
    contrast = _CONTRAST.search(line)
    if contrast is None or any(name in line[: contrast.start()] for name in _OUR_NAMES):
        return
    if _OURS_WORKS.search(line, contrast.end()) is None:
        return
    for vendor, word in vocabulary.vendor_words:
        at = line.find(word, 0, contrast.start())
        if at >= 0 and _VENDOR_SAYS.match(line, at + len(word)):
            s.vendor, s.vendor_rank, s.mentions_us, s.ours_rank = vendor, 2, False, 0
            return


def _see_vendor(unit: Unit, lower: str, vocabulary: Vocabulary, s: Sighting) -> None:
    for vendor, needles in vocabulary.shapes:
        if all(needle in lower or needle in unit.flat for needle in needles):
            s.vendor, s.vendor_rank, s.vendor_shape = s.vendor or vendor, max(s.vendor_rank, 2), True
            return
    if s.mentions_us and unit.objects and vocabulary.vendor_words:
        _see_contrast(lower.split("\n", 1)[0], vocabulary, s)
    if s.mentions_us or s.vendor:
        return
    lower = _SCREEN.sub("", lower) if s.status is None and "://" in lower else lower
    for vendor, domain in vocabulary.vendor_domains:
        at = lower.find(domain)
        if (
            at >= 0
            and (at == 0 or lower[at - 1] in "./ '\"(")
            and "@" not in lower[max(0, at - 40) : at]
            and s.status_rank != BARE
        ):
            s.vendor, s.vendor_rank = vendor, 1
            return
    for vendor, word in vocabulary.vendor_words:
        at = lower.find(word)
        if at < 0 or "@" in lower[max(0, at - 40) : at]:
            continue
        works = s.status is not None and s.status < 300 and _WORKS.match(lower, at + len(word))
        raised = s.message_rank < 3 and lower[at - 1 : at] in ("", " ") and _RAISED.match(lower, at + len(word))
        if (
            raised
            or works
            or _VENDOR_SAYS.match(lower, at + len(word))
            or _OF_VENDOR.search(lower[max(0, at - 20) : at])
        ):
            s.vendor, s.vendor_rank = vendor, 1
            return


def _see_key(unit: Unit, _lower: str, vocabulary: Vocabulary, s: Sighting) -> None:
    s.key = key_sign(unit.text, unit.pairs if unit.objects else [], sets_header=vocabulary.sets_header)


class _Look(NamedTuple):
    """A look, literals of which it needs one in the text (or a word of its tables), and the pairs that it reads."""

    see: _See
    hints: tuple[str, ...] = ()
    keys: frozenset[str] = frozenset()


_LOOKS: tuple[_Look, ...] = (
    _Look(_see_status, (*p.ONE_WORD, "client-warning"), p.STATUS_KEYS | p.LOOSE_STATUS_KEYS),
    _Look(
        _see_message,
        (
            "api key",
            "api_key",
            "api access",
            "api_access",
            "apl key",
            "ap1 key",
            "apl access",
            "ap1 access",
            *_HTML_HINTS,
        ),
        frozenset({"message", "msg"}),
    ),
    _Look(_see_headers, ("retry", "date"), frozenset({*_KEPT, *_WAIT_KEYS, "location", "timeout", "date"})),
    _Look(_see_failure),
    _Look(_see_intermediary, ("error", *p.CHALLENGE_WORDS)),
    _Look(_see_us, (*_OUR_NAMES, p.OUR_PATH)),
    _Look(_see_log, _LOG_HINTS, _METHOD_KEYS),
    _Look(_see_url, ("://",), _HOST_KEYS),
    _Look(_see_named_host, _HOST_HINTS),
    _Look(_see_answering_host, (p.OUR_DOMAIN,)),
    _Look(_see_vendor),
    _Look(_see_key, KEY_HINTS),
)
_STATUS = 1  # the first look's bit
_ON_PAGE = sum(
    1 << bit for bit, look in enumerate(_LOOKS) if look.see in (_see_status, _see_failure, _see_intermediary)
)
_NO_REPORT = 1 << len(_LOOKS)
_NO_REPORT_HINTS = (
    *(
        hint
        for told in (p.INSTRUCTION, p.GENERAL, p.HANDLER, p.CONFIGURED, p.MADE_ERROR, p.PASSED)
        for hint in told.hints
    ),
    "{",
)
_SETS_HEADER = ("putheader", "header_value", "'authorization'", '"authorization"', "new headers (")
_REQUEST_HINTS = ("get ", "post ", "head ", "request headers")
REQUEST = 2 * _NO_REPORT
"""The bit of units that have words of a request's first line."""
_ALL = 2 * REQUEST - 1
SEEN = _NO_REPORT - 1
"""The bits of units in which something may be seen."""
_LOOKS_OF_KEY = {
    key: sum(1 << bit for bit, look in enumerate(_LOOKS) if key in look.keys)
    for key in frozenset[str]().union(*(look.keys for look in _LOOKS))
}
_BIT_OF = {look.see: 1 << bit for bit, look in enumerate(_LOOKS)}
_HINTS_OF_BIT = [
    *((_BIT_OF[look.see], look.hints) for look in _LOOKS),
    (_NO_REPORT, _NO_REPORT_HINTS),
    (REQUEST, _REQUEST_HINTS),
]
_BITS_OF_HINT = {
    hint: sum(bit for bit, hints in _HINTS_OF_BIT if hint in hints) for _, hints in _HINTS_OF_BIT for hint in hints
}
_NEEDLES = Needles(
    *(
        table.needles
        for table in (_FAILURES, _BODY_FAULTS, _PAGES, _SHAPES, _VENDOR_WORDS, _VENDOR_DOMAINS, _UNRELATED, _IMPLIED)
    ),
    _BITS_OF_HINT,
    _SETS_HEADER,
    p.STOPPED,
)
