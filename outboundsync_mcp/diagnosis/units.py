"""Cut a normalised text into units: a line, a sentence or a JSON record, each with its name-value pairs.

The second layer of the reader. A unit is read as a whole; units are joined into exchanges later.
"""

import csv
import json
import re
from base64 import b64decode
from binascii import Error as Base64Error
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import pairwise
from typing import cast

from outboundsync_mcp.diagnosis.normalize import normalize, unescape
from outboundsync_mcp.diagnosis.patterns import INSTRUCTION

MAX_UNIT_CHARS = 20_000
"""A longer line is cut: no line of an error report is that long, but a minified bundle is."""
MAX_JSON_DEPTH = 40
MAX_NESTED_TEXTS = 12
"""Levels of JSON inside JSON strings that are opened."""


def no_pairs() -> list[tuple[str, str]]:
    """An empty list: some hundred are made per paste, and to call `list[tuple[str, str]]` takes five times as long."""
    return []


def _no_objects() -> list[dict[str, object]]:
    return []


@dataclass(slots=True)
class Unit:
    """One line, sentence or JSON record, in the order of the text."""

    text: str
    keys: list[tuple[str, str]] = field(default_factory=no_pairs)
    """Of each pair's name: the whole path and its last part, in lower case without punctuation."""
    page: str = ""
    """The part of it that is markup of a page: what people read there is no report of an error."""
    pairs: list[tuple[str, str]] = field(default_factory=no_pairs)
    """Names as written and values as text: of JSON, Python and JavaScript dumps, logfmt, headers."""
    depth: int = 0
    """How many levels of mail quoting (`> `) it was under."""
    part: int = 0
    """How many mail separators stand above it: the latest mail of a thread is part 0."""
    opens: bool = False
    """It begins an exchange: a request line, a command, a connection attempt, a status line."""
    record: bool = False
    """It is complete in itself: a JSON record or a line of a log."""
    document: bool = False
    """It is a JSON document that stands by itself, as a body does."""
    when: float | None = None
    """Its time stamp, seconds since 1970."""
    objects: list[dict[str, object]] = field(default_factory=_no_objects)
    """The JSON objects of this unit, outermost first."""

    @property
    def flat(self) -> str:
        """Its pairs in one spelling, `name=value` in lower case: a vendor's shape is found in every notation."""
        return "".join(f"{name.rsplit('.', 1)[-1]}={value[:200]}," for name, value in self.pairs[:80]).lower()


# Lines ----------

_QUOTE_MARKS = frozenset(">|│┃▌›")
_QUOTE = re.compile(r"(?:[ \t]{0,3}[>|│┃▌›][ \t]?){1,12}(?=\S|$)")
_CURL_MARK = re.compile(r"\n[>\s]{0,12}(?:< HTTP/|< (?:GET|HEAD|POST) /|\* (?:[A-Z]|\w+://|$)|\{ \[\d)", re.MULTILINE)
_PROMPT = re.compile(r"^>>> (?:[A-Za-z_][\w.]*(?: ?[(=\[]|$)|import |from )", re.MULTILINE)  # Python's
_CALL = re.compile(r"[A-Za-z_][\w.]{1,40}\((?:[\"'{]|\w{1,30}=|\)$)")  # of an agent's tool, behind a prompt
_SHALLOW_QUOTE = re.compile(r"^>{1,2}(?!>) ?[^>\s]", re.MULTILINE)
_MAIL_HEAD = re.compile(
    r"(?i)^\W{0,3}(?=\*?[-_obaledifvо差发])(?:(?P<attribution>"
    r"-{2,}\s{0,3}(?:original message|forwarded message|ursprüngliche nachricht"
    r"|message d'origine|mensaje original|messaggio originale|mensagem original|oorspronkelijk bericht"
    r"|begin forwarded)"
    r"|(?:on|am|le|el|il|em|op|den|dnia|il giorno)\s.{4,160}\s?(?:wrote|schrieb|a écrit|escribió|ha scritto"
    r"|escreveu|schreef|skrev|napisał\(?a?\)?|write)\b.{0,60}:?\s*$"
    r"|_{8,}\s*$|begin forwarded message:)"
    r"|\*?(?:from|von|de|da|van|fra|från|od|от|差出人|发件人)\*?[ \xa0]?:\*?\s.{2,})"
)
"""What stands above a quoted mail: its separator, or `From:`, which `Sent:` follows in Outlook."""
_SENT = re.compile(
    r"(?i)^\W{0,3}\*?(?:sent|date|gesendet|datum|envoyé|enviado|inviato|verzonden|sendt|skickat|fecha|data|to"
    r"|an|à|para|subject|betreff|objet|asunto)\*?[ \xa0]?:"
)
# What loggers and runners write in front of another program's line: GitHub Actions, docker compose, kubectl, Bun.
_PREFIX = re.compile(
    r"(?:\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?Z? (?=\S)"
    r"|(?:\d{1,2}\|)?[\w./-]{1,60}\s{0,20}\|\s{1,2}(?=\S)|\[pod/[\w./-]{1,80}\]\s|\[[a-z]{1,20}\] (?=[<>] |$))"
)
_PREFIX_START = frozenset("0123456789[")
# A row of a table whose column is a field: "retry_after   | 6" (psql), "retry-after<tab>6" (browsers).
_ROW = re.compile(
    r"(?i)\s{0,4}(?P<name>retry[_-]?after|(?:http_?)?status(?:_?code)?|location|date|www-authenticate)"
    r"(?:\s{1,40}\| |\t|[ \xa0]{2,40}+(?![:=]))(?P<value>[^|\t\n]{1,200})$"
)
_OPENER = re.compile(
    r"(?i)^\W{0,6}(?:\S{0,30}+\s(?:[<>*]\s)?)?(?:(?:GET|POST|PUT|PATCH|DELETE|HEAD|OPTIONS)\s\S{1,400}+\sHTTP/[\d.]+\s*$"
    r"|HTTP/[\d.]+\s[1-5]\d\d\b|(?:\$|%|#|PS [^>\n]{0,80}>|❯|➜)\s{0,2}(?:curl|https?|wget|xh)\b"
    r"|(?:curl|wget)\s.{0,400}https?://|--\d{4}-\d\d-\d\d \d\d:\d\d:\d\d--\s)"
    r"|^\W{0,6}(?:\d\S{7,30}+\s)?(?:(?:\[[\w.-]{1,40}+\]|[\w.-]{1,30}+=\S{1,40}+|\w{1,30}+\]|[A-Z]{4,8}+)\s){0,6}(?:[-=]?>\s|→\s)?"
    r"(?:GET|POST|PUT|PATCH|DELETE|HEAD|OPTIONS) https?://\S{1,400}\s*$"
    r"|^\W{0,6}(?:tool_call|tool_use|function_call)\b"
    r"|^\W{0,3}(?:await )?[a-z_][\w.]{1,40}+\((?:url=)?[\"']https?://[^\s\"']{1,400}[\"']\)$"
)
_OPENING_URL = re.compile(r"http(?:(?<= http)|(?<=[(=][\"']http))")
_FARADAY_OPENER = re.compile(
    r".{0,120} -- (?:: )?request: (?:GET|POST|PUT|PATCH|DELETE|HEAD|OPTIONS) https?://\S{1,400}\s*$"
)
_STAMP = re.compile(
    r"(?P<date>\d{4}([-/])\d\d\2\d\d)[T ](?P<time>\d\d:\d\d:\d\d)"
    r"|(?P<day>\d\d)/(?P<month>[A-Z][a-z]{2})/(?P<year>\d{4}):(?P<clock>\d\d:\d\d:\d\d)"
)
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_LIST_NUMBER = re.compile(r"\s{0,40}\d{1,3}\.")
_ABBREVIATION = re.compile(
    r"(?i)\b(?:no|nr|num|núm|p|pp|vol|art|ca|approx|vs|e\.g|i\.e|z\.b|bzw|inkl|ext|tel|wew|pok|ul|abt|ref)\.$"
)
_SENTENCE_END = re.compile(r"[.!?;。！？；](?:(?<=[。！？；])|(?=\s+[A-ZÀ-ÞА-Я0-9]))")
_WHOLE_HEADER = re.compile(
    r"(?i)[\s<>|*-]{0,8}(?:x-(?!auth|session)[\w-]{2,40}|user-agent|cookie|set-cookie|referer|content-security-policy)\s?:\s"
)
"""A header whose value can have the marks of sentences in it."""
_LOG_LINE = re.compile(
    r"^\W{0,4}+(?=[\dA-Z\[])(?:\d{4}[-/]\d\d[-/]\d\d[T ]|\d\d:\d\d:\d\d|\d{1,3}(?:\.\d{1,3}){3} \S+ \S+ \["
    r"|[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d |\d\d/[A-Z][a-z]{2}/\d{4}:|\[?(?:TRACE|DEBUG|INFO|NOTICE|WARN"
    r"|WARNING|ERROR|CRITICAL|FATAL)\b)"
)

# A name, a separator, a value; the name starts at a word boundary and is taken whole, so this is linear. It takes the
# dash of an arrow, too.
_PAIR = re.compile(
    r"""(?<![\w.-])(?P<name>:?[A-Za-z_@][\w.@-]{0,60}+(?:\[\w{1,20}\])?)(?P<quote>["'`]?)\]?\s{0,12}(?P<sep>=>"""
    r"""|->|(?<=-)>|==?|:=|:|(?<=["'])\s{0,2},(?=\s{0,2}b?["']\S))\s{0,8}"""
    r"""(?:(?:b|u|r|\[|\(|\{'?|[SID][a-z]{2,5}\(|@){0,2}(?P<mark>["'`])(?P<quoted>(?:(?!(?P=mark)).){0,2000})(?P=mark)(?!=>)"""
    r"""|\[(?P<listed>[^\[\]\n"']{0,300})\]|(?P<bare>[^\s"'`<>{}\[\](),;|&]{1,400}))"""
)
_QUOTE_AND_COMMA = re.compile(r"""["']\s{0,14},""")
_NAME_VALUE = re.compile(
    r"""["']?\b(?:name"""
    r"""|key)["']?\s{0,2}[:=]\s{0,2}["'](?P<name>[\w.-]{2,60})["']\s{0,2},\s{0,2}["']?\bvalue["']?\s{0,2}[:=]\s{0,2}["'](?P<value>[^"'\n]{0,500})["']"""
)
_NAME_THEN_VALUE = re.compile(r"\bname: (?P<name>[\w-]{2,60})\s{1,8}value: (?P<value>\S[^\n]{0,500})")
_HEADER = re.compile(
    r"^(?:[\s<>|*]{0,8}|-> \"|<- \")(?P<name>:?[A-Za-z][A-Za-z0-9_-]{1,50})\s?:[ \t](?P<value>\S.{0,2000})$"
)
_SINGLE_HEADER = re.compile(
    r"^[\s<>|*]{0,8}(?P<name>retry-after|date|location|www-authenticate|authorization)\s?:(?P<value>\S.{0,2000})$",
    re.IGNORECASE,
)


_ANSWER_ARROW = re.compile(r"\n<< (?:HTTP/|[1-5]\d\d )")
# What tests print above a difference, and the sign of the side that was only hoped for: Node, AVA, Mocha, Jest.
_DIFF_LEGENDS = (
    ("+ actual - expected", "-"),
    ("- actual, + expected", "+"),
    ("+ expected - actual", "+"),
    ("\n+ Received", "-"),
)


def units_of(text: str) -> list[Unit]:
    """The units of a normalised text in reading order; never raises, linear in its length."""
    whole = _whole_json(text)
    if isinstance(whole, str):
        text = normalize(whole)
    elif whole is not None:
        return _Json().units(whole)
    units: list[Unit] = []
    lines: list[Unit] = []
    table = _Table() if _STATUS_COLUMN.search(text.lower()) and _HEAD_ROW.search(text) else None
    has_curl_marks = ("< " in text or "* " in text or "{ [" in text) and _CURL_MARK.search("\n" + text) is not None
    has_prompts = ">>> " in text and _PROMPT.search(text) is not None and _SHALLOW_QUOTE.search(text) is None
    has_arrows = ">> " in text and _ANSWER_ARROW.search(text) is not None
    expected = next((sign for legend, sign in _DIFF_LEGENDS if legend in text), None)
    part = 0
    previous_from = False
    for quoted, documents in _lines(text):
        typed = quoted.removeprefix(">>> ") if has_prompts else quoted.removeprefix(">> ") if has_arrows else quoted
        if expected is not None and documents is None and typed.lstrip().startswith((expected, "expected:")):
            typed = ""
        depth, line = _strip_quotes(typed, has_curl_marks=has_curl_marks)
        head = _MAIL_HEAD.match(line) if documents is None else None
        if (head and head["attribution"]) or (previous_from and documents is None and _SENT.match(line)):
            part += 1
            previous_from = False
            continue
        previous_from = head is not None
        made = _of_line(line, documents)
        if table is not None and len(made) == 1 and documents is None:
            table.name_fields(line, made[0])
        for unit in made:
            unit.depth, unit.part = depth, part
        units += made
        if documents is None:
            lines += made
    return _with_pairs(_split_pages(units), lines)


def _with_pairs(units: list[Unit], lines: list[Unit]) -> list[Unit]:
    """The units with the pairs of those that are lines of text; markup has none."""
    for unit in lines:
        if not unit.page:
            unit.pairs = pairs_of(unit.text) + unit.pairs
    return units


_STATUS_NAME = r"status(?:[ _-]?code)?[\"']?[ \t]{0,20}(?:[,;\t|]|$)"
_STATUS_COLUMN = re.compile(_STATUS_NAME, re.MULTILINE)  # searched in lower case
_HEAD_ROW = re.compile(rf"(?mi)^[ \t\"'\w.()|,;#/-]{{0,300}}\b{_STATUS_NAME}")
_COLUMN = re.compile(r"[A-Za-z#][\w .()/#-]{0,40}")
_STATUS_COLUMNS = frozenset({"status", "statuscode", "httpstatus", "httpstatuscode", "scstatus", "responsestatus"})
_REQUEST_COLUMNS = frozenset({
    "time", "timestamp", "date", "datetime", "ts", "url", "uri", "path", "endpoint", "host", "method", "request",
    "call", "service", "job", "step", "attempt", "run", "requestid", "duration", "durationms", "ms", "latency",
})  # fmt: skip
# A table that says what statuses mean has one of these.
_MEANING_COLUMNS = frozenset({"meaning", "description", "cause", "action", "remediation", "fix", "when", "what"})


class _Table:
    """Gives the fields of a table's rows (CSV, TSV, Markdown) the names of its columns, where one is the status."""

    def __init__(self) -> None:
        self._names: list[str] = []
        self._separator = ""

    def name_fields(self, line: str, unit: Unit) -> None:
        """Take a line for the names of columns, for a row below them, or for neither."""
        if not line.strip(" |:-"):  # the rule below the names in Markdown
            return
        if self._names and self._separator in line:
            fields = _fields(line, self._separator)
            if len(fields) >= len(self._names) - 1:
                unit.pairs += [(name, field) for name, field in zip(self._names, fields, strict=False) if field]
                unit.record = True
            return
        self._separator = max("|\t;,", key=line.count)
        fields = _fields(line, self._separator) if line.count(self._separator) >= 2 else []
        names = {key_of(field) for field in fields if _COLUMN.fullmatch(field)}
        is_head = names & _STATUS_COLUMNS and names & _REQUEST_COLUMNS and not names & _MEANING_COLUMNS
        self._names = fields if is_head else []


def _fields(line: str, separator: str) -> list[str]:
    row = line[:4000].strip(" ").removeprefix("|").removesuffix("|")
    try:
        return [field.strip() for field in next(csv.reader([row], delimiter=separator, skipinitialspace=True))]
    except (csv.Error, StopIteration):
        return []


_PAGE_START = re.compile(r"(?i)<!doctype html|<html[\s>]")


def _split_pages(units: list[Unit]) -> list[Unit]:
    """Move the markup of pages from `text` to `page`, up to `</html>`, or as far as lines look like markup."""
    marked = [i for i, unit in enumerate(units) if "<" in unit.text or unit.page]
    if not marked:
        return units
    last_end = max((i for i in marked if "</html" in units[i].text.lower()), default=-1)
    inside = False
    for i, unit in enumerate(units):
        if not inside and (start := _PAGE_START.search(unit.text) if "<" in unit.text else None):
            inside = True
            unit.text, unit.page = unit.text[: start.start()], unit.text[start.start() :]
        elif inside and i > last_end and "<" not in unit.text and ">" not in unit.text:
            inside = False
        elif inside:
            unit.text, unit.page = "", unit.text
        if unit.page:
            unit.pairs = pairs_of(unit.text) if not unit.objects else unit.pairs
        inside = inside and "</html" not in unit.page.lower()
    return units


def _opens(line: str) -> bool:
    if "request: " in line and _FARADAY_OPENER.match(line):
        return True
    words = "HTTP/" in line or "curl" in line or "wget" in line or "xh " in line or "--20" in line
    words = words or "tool_" in line or "function_call" in line or ("http" in line and bool(_OPENING_URL.search(line)))
    return words and _OPENER.match(line) is not None


def time_of(text: str) -> float | None:
    """The first time stamp within the first characters of a line."""
    head = text[:120]
    match = _STAMP.search(head) if "20" in head and ":" in head else None  # every year has it
    if match is None:
        return None
    try:
        if match["date"]:
            moment = datetime.fromisoformat(f"{match['date'].replace('/', '-')}T{match['time']}")
        else:
            month = _MONTHS.index(match["month"]) + 1
            moment = datetime.fromisoformat(f"{match['year']}-{month:02}-{match['day']}T{match['clock']}")
    except ValueError:
        return None
    return moment.replace(tzinfo=UTC).timestamp()


_PUNCTUATION = {code: code for code in range(128)} | str.maketrans("", "", "-_. :@$[]/")
"""With all of ASCII in it, for what is not in a table takes ten times as long."""


def key_of(name: str) -> str:
    """A name as the tables spell it: lower case, no punctuation."""
    lower = name.lower()
    return lower if lower.isalnum() else lower.translate(_PUNCTUATION)


def index(unit: Unit) -> None:
    """Fill in `keys` from the pairs."""
    for name, _ in unit.pairs:
        key = key_of(name)
        unit.keys.append((key, key_of(name.rsplit(".", 1)[-1]) if "." in name else key))


def pairs_of(text: str) -> list[tuple[str, str]]:
    """Names and values in one line, in any of the notations that programs dump them in."""
    pairs: list[tuple[str, str]] = []
    if not (":" in text or "=" in text or "->" in text or ("," in text and _QUOTE_AND_COMMA.search(text))):
        return pairs
    header = _HEADER.match(text) or _SINGLE_HEADER.match(text)
    if header and header["value"][:1] in ("'", '"', "[", "{"):
        header = None  # a property of a dumped object
    if header:
        value = header["value"]
        pairs.append((header["name"], value.strip()))
        if not (":" in value or "=" in value or ">" in value or "," in value):
            return pairs
    for match in _PAIR.finditer(text):
        name, separator, quoted, listed, bare = match.group("name", "sep", "quoted", "listed", "bare")
        if separator == "==" or (header and match.start("name") <= header.end("name")):
            continue  # a comparison; the header itself
        value = quoted if quoted is not None else listed if listed is not None else bare
        pairs.append((name.removesuffix("-") if separator == ">" else name, value.strip()))
    if "value" in text:
        shown = (*_NAME_VALUE.finditer(text), *_NAME_THEN_VALUE.finditer(text))
        pairs += [(match["name"], match["value"]) for match in shown]
    return pairs


def _strip_quotes(line: str, *, has_curl_marks: bool) -> tuple[int, str]:
    match = _QUOTE.match(line) if line.lstrip(" \t")[:1] in _QUOTE_MARKS else None
    if match is None or (match[0].strip()[:1] in tuple("|│┃") and line.rstrip().endswith(("|", "│", "┃"))):  # a table
        return 0, line
    quotes = sum(match[0].count(char) for char in ">|┃▌›")  # "│" is drawn by programs
    rest = line[match.end() :]
    if quotes == 1 and _CALL.match(rest):
        return 0, rest
    if has_curl_marks and match[0].rstrip().endswith(">"):
        return quotes - 1, "> " + rest
    return quotes, rest


def _of_line(line: str, documents: list[object] | None) -> list[Unit]:
    if ("|" in line or "\t" in line or "  " in line) and (row := _ROW.match(line)):
        line = f"{row['name']}: {row['value']}"
    prefix = _PREFIX.match(line) if line[:1] in _PREFIX_START or "|" in line else None
    units = _of_bare_line(line[prefix.end() :] if prefix else line, documents)
    if prefix and units:
        units[0].when = units[0].when or time_of(prefix[0])
        units[0].record = units[0].record or units[0].when is not None
    return units


def _of_bare_line(line: str, documents: list[object] | None) -> list[Unit]:
    if documents is not None:
        reader = _Json()
        units = [unit for document in documents for unit in reader.units(document)]
        head = line[:MAX_UNIT_CHARS]
        if units and not head.strip():
            units[0].document = True
        elif units:
            first = units[0]
            first.text = f"{head}\n{first.text}"
            first.pairs = [*pairs_of(head), *first.pairs]
            first.opens = first.opens or _opens(head)
            first.when = time_of(head) or first.when
        return units
    line = line[:MAX_UNIT_CHARS]
    if not line.strip():
        return [Unit("")]
    record = _LOG_LINE.match(line) is not None
    pieces = [line] if record or len(line) > 4000 else _sentences(line)
    units = [Unit(piece, opens=_opens(piece), record=record) for piece in pieces]
    if units:
        units[0].when = time_of(line)
    return units


def _sentences(line: str) -> list[str]:
    if line.isascii() and not (". " in line or "; " in line or "! " in line or "? " in line or "\t" in line):
        return [line]
    if ":" in line and _WHOLE_HEADER.match(line):
        return [line]
    ends = [match.end() for match in _SENTENCE_END.finditer(line) if not _is_no_end(line, match.end())]
    if not ends:
        return [line]
    pieces = [line[start:end] for start, end in pairwise([0, *ends, len(line)])]
    return [piece for piece in pieces if piece.strip()]


def _is_no_end(line: str, end: int) -> bool:
    return bool(_LIST_NUMBER.fullmatch(line, 0, end) or _ABBREVIATION.search(line, max(0, end - 12), end))


# JSON ----------

_JSON_START = re.compile(r"""\{\s{0,40}["}]|\[\s{0,40}\{""")
_DECODER = json.JSONDecoder()
_JSON_START_CHARS = 42
"""As far as the beginning of a document can reach into the next line."""
_WINDOW = 400_000


def _whole_json(text: str) -> object | None:
    stripped = text.strip()
    if not stripped or stripped[0] not in '{["':
        return None
    try:
        value: object = json.loads(stripped, strict=False)
    except (ValueError, RecursionError):
        return None
    for _ in range(MAX_NESTED_TEXTS):  # a string that holds JSON, maybe several times over
        if not isinstance(value, str):
            break
        try:
            value = json.loads(value, strict=False)
        except (ValueError, RecursionError):
            return value
    return cast("object", value) if isinstance(value, dict | list | str) else None


def _lines(text: str) -> Iterator[tuple[str, list[object] | None]]:
    """Lines of the text; JSON in it, on one line or many, comes decoded with the line it began on."""
    decoder = _Decoder(text)
    for chunk in _chunks(text):
        position = 0
        while position < len(chunk):
            first = _json_start(chunk, position, len(chunk)) if decoder.goes_on else None
            begin = chunk.rfind("\n", position, first.start()) + 1 if first else len(chunk)
            if begin > position:
                yield from ((line, None) for line in chunk[position:begin].removesuffix("\n").split("\n"))
                position = begin
                continue
            end = _line_end(chunk, position)
            documents: list[object] = []
            outside: list[str] = []
            at = position
            while decoder.goes_on and (found := _json_start(chunk, at, end)):
                start = found.start()
                if start >= end:
                    break
                goes_on = found.end() > end or chunk[start:end].rstrip().endswith(("{", "[", ",", ":"))
                decoded = decoder.decode(chunk[start : start + _WINDOW] if goes_on else chunk[start:end])
                if decoded is None:
                    outside.append(chunk[at : min(found.end(), end)])
                    at = min(found.end(), end)
                    continue
                value, length = decoded
                stop = start + length
                if isinstance(value, dict | list) and value:
                    documents.append(cast("object", value))
                    outside.append(chunk[at:start])
                else:
                    outside.append(chunk[at:stop])
                if stop > end:
                    end = _line_end(chunk, stop)
                at = stop
            outside.append(chunk[at:end])
            yield "".join(outside), documents or None
            position = end + 1


def _json_start(text: str, at: int, end: int) -> re.Match[str] | None:
    """Where a document may begin before `end`, or a little behind it."""
    end += _JSON_START_CHARS
    brace = text.find("{", at, end)
    return _JSON_START.search(text, max(at, brace - _JSON_START_CHARS), end) if brace >= 0 else None


class _Decoder:
    """Decodes the JSON that windows of a text begin with.

    Work spent on what does not parse is bounded by a budget, so that no text makes this quadratic.
    """

    def __init__(self, text: str) -> None:
        self._budget = 4 * len(text) + 200_000

    @property
    def goes_on(self) -> bool:
        """Whether any of the budget is left."""
        return self._budget > 0

    def decode(self, window: str) -> tuple[object, int] | None:
        """The document that the window begins with and its length, or None where there is none."""
        self._budget -= len(window) // 64  # to copy it
        try:
            value, length = _DECODER.raw_decode(window)
        except (ValueError, RecursionError) as error:
            self._budget -= _read_before(error, window)
            return None
        self._budget -= length
        return value, length


def _read_before(error: Exception, window: str) -> int:
    """How many characters the decoder read before it failed; all of a string without an end."""
    if isinstance(error, json.JSONDecodeError) and not error.msg.startswith("Unterminated"):
        return error.pos + 50
    return len(window) + 1000


def _chunks(text: str) -> Iterator[str]:
    """The text with escapes undone, except lines with JSON as it stands: its escapes belong to it."""
    if "\\" not in text or _json_start(text, 0, len(text)) is None:
        yield unescape(text)
        return
    decoder = _Decoder(text)
    begun = at = 0
    while at < len(text):
        end = _line_end(text, at)
        found = _json_start(text, at, end) if decoder.goes_on else None
        start = found.start() if found else end
        if start < end and (decoded := decoder.decode(text[start : start + _WINDOW])):
            stop = start + decoded[1]
            end = _line_end(text, stop)
            if "\\" in text[start:stop]:
                if begun < at:
                    yield unescape(text[begun : at - 1])
                yield text[at:end]
                begun = end + 1
        at = end + 1
    if begun < len(text):
        yield unescape(text[begun:])


def _line_end(text: str, at: int) -> int:
    end = text.find("\n", at)
    return len(text) if end < 0 else end


_LISTS_OF_OPTIONS = frozenset({"errorcodes", "statuscodes", "methods", "retryon", "codes", "retryable"})


class _Json:
    """Turns a decoded document into units: one per record of a list, all else in the unit it belongs to."""

    def __init__(self, level: int = 0) -> None:
        self._level = level
        self._units: list[Unit] = []

    def units(self, value: object) -> list[Unit]:
        self._units = []
        unit = Unit("", record=True)
        self._units.append(unit)
        self._walk(value, "", unit, 0)
        return [unit for unit in self._units if unit.text.strip() or unit.page or unit.pairs or unit.objects]

    def _walk(self, value: object, path: str, unit: Unit, depth: int) -> None:
        if depth > MAX_JSON_DEPTH:
            return
        if isinstance(value, dict):
            self._walk_dict(cast("dict[str, object]", value), path, unit, depth)
        elif isinstance(value, list):
            self._walk_list(cast("list[object]", value), path, unit, depth)
        elif isinstance(value, str):
            self._leaf(path, value, unit)
        else:
            unit.pairs.append((path, "null" if value is None else str(value)))

    def _walk_dict(self, value: dict[str, object], path: str, unit: Unit, depth: int) -> None:
        named = _named_value(value)
        if named:
            self._walk(named[1], f"{path}.{named[0]}" if path else named[0], unit, depth + 1)
            return
        if "lineno" in value and ("filename" in value or "function" in value):
            local = value.get("vars")
            for name, item in cast("dict[str, object]", local).items() if isinstance(local, dict) else ():
                if isinstance(item, str | int | float):
                    unit.pairs.append((name, str(item).strip("'")))
                if str(item).startswith("<Response ["):
                    unit.text += f"{item}\n"
            return  # all else of a stack's frame says where, not what
        unit.objects.append(value)
        # What led to the error was before it, wherever the document puts it.
        for name in sorted(value, key=lambda name: name != "breadcrumbs") if "breadcrumbs" in value else value:
            item = value[name]
            if name == "breadcrumbs":
                at = self._place_of(unit)
                self._units[at:at] = _Json(self._level).units(item)
                continue
            if name == "text" and value.get("encoding") == "base64" and isinstance(item, str):
                item = _decoded(item)
            self._walk(item, f"{path}.{name}" if path else str(name), unit, depth + 1)

    def _place_of(self, unit: Unit) -> int:
        """Where the unit stands, which is nearly always at the end."""
        at = len(self._units) - 1
        while at > 0 and self._units[at] is not unit:
            at -= 1
        return at

    def _walk_list(self, value: list[object], path: str, unit: Unit, depth: int) -> None:
        last = path.rsplit(".", 1)[-1].lower()
        if value and all(isinstance(item, str | int | float) for item in value):
            if len(value) <= 6:  # a header's values; a validation's messages
                for item in value:
                    unit.pairs.append((path, str(item)))
            if key_of(last) not in _LISTS_OF_OPTIONS:
                self._leaf_texts([item for item in value if isinstance(item, str)], unit)
            return
        own = len(value) > 1 and last not in {
            "errors",
            "frames",
            "details",
            "headers",
            "attributes",
            "tags",
            "causes",
            "connections",
        }
        for item in value:
            if own and isinstance(item, dict) and not _named_value(cast("dict[str, object]", item)):
                record = Unit("", record=True)
                self._units.append(record)
                self._walk(cast("object", item), "", record, depth + 1)
            elif isinstance(item, list) and len(cast("list[object]", item)) == 2:  # [["Retry-After", "37"], …]
                name, content = cast("list[object]", item)
                self._walk(
                    content, f"{path}.{name}" if isinstance(name, str) and len(name) < 60 else path, unit, depth + 1
                )
            else:
                self._walk(cast("object", item), path, unit, depth + 1)

    def _leaf(self, path: str, value: str, unit: Unit) -> None:
        if INSTRUCTION.search(value[:2000], value[:2000].lower()):
            return
        name = path.rsplit(".", 1)[-1]
        unit.pairs.append((path, value[:MAX_UNIT_CHARS]))
        if unit.when is None and ("time" in name.lower() or name.lower() == "ts" or "date" in name.lower()):
            unit.when = time_of(value)
        if self._level < MAX_NESTED_TEXTS and len(value) > 1 and _worth_opening(value):
            nested = _nested_units(value, self._level + 1)
            for inner in nested[1:]:
                inner.when = inner.when or unit.when
            if len(nested) == 1 or not any(inner.opens for inner in nested):
                for inner in nested:
                    unit.pairs += inner.pairs
                    unit.objects += inner.objects
                    unit.text += inner.text + "\n"
                    unit.page += inner.page and inner.page + "\n"
                return
            self._units += nested
            return
        self._leaf_texts([value], unit)

    def _leaf_texts(self, values: list[str], unit: Unit) -> None:
        for value in values:
            if " " in value or len(value) > 3:
                unit.text += value[:MAX_UNIT_CHARS] + "\n"


def _worth_opening(value: str) -> bool:
    return (
        value.lstrip()[:1] == "["
        or "\n" in value
        or "\\" in value
        or "{" in value
        or "HTTP/" in value
        or "=" in value
        or ": " in value
        or "<html" in value.lower()
        or "<!doctype" in value.lower()
    )


def _nested_units(value: str, level: int) -> list[Unit]:
    whole = _whole_json(value)
    if whole is not None and not isinstance(whole, str):
        return _Json(level).units(whole)
    units: list[Unit] = []
    lines: list[Unit] = []
    for line, documents in _lines(value):
        if documents is not None:
            reader = _Json(level)
            made = [unit for document in documents for unit in reader.units(document)]
            if made:
                made[0].text = f"{line[:MAX_UNIT_CHARS]}\n{made[0].text}"
                made[0].pairs = [*pairs_of(line[:MAX_UNIT_CHARS]), *made[0].pairs]
                made[0].opens = made[0].opens or _opens(line)
            units += made
        else:
            lines += (plain := _of_line(line, None))
            units += plain
    return [unit for unit in _with_pairs(_split_pages(units), lines) if unit.text.strip() or unit.page or unit.pairs]


def _named_value(value: dict[str, object]) -> tuple[str, object] | None:
    """`{"name": "Retry-After", "value": "37"}` (HAR) and OpenTelemetry's `{"key": …, "value": {"intValue": …}}`."""
    name = value.get("name", value.get("key"))
    if not isinstance(name, str) or "value" not in value or len(value) > 6 or "domain" in value:
        return None
    content = _only_value(value["value"])
    if isinstance(content, dict):
        listed = cast("dict[str, object]", content).get("values")
        return name, [_only_value(item) for item in cast("list[object]", listed)] if isinstance(listed, list) else None
    return name, content


def _only_value(content: object) -> object:
    """What a one-entry object holds: OpenTelemetry wraps every value in its type."""
    if not isinstance(content, dict):
        return content
    fields = cast("dict[str, object]", content)
    return next(iter(fields.values())) if len(fields) == 1 else fields


def _decoded(text: str) -> str:
    try:
        return b64decode(text[:400_000] + "=" * (-len(text[:400_000]) % 4)).decode("utf-8", "replace")
    except (Base64Error, ValueError):
        return text
