"""Tell the numbers in a line that are HTTP statuses from those that are not, by what stands around them."""

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

from outboundsync_mcp.diagnosis import patterns as p

EXPLICIT, CUED, IMPLIED, BARE = 4, 3, 2, 1
"""How plainly a status is stated: as a field or with its reason; beside "error"; by words alone; as a bare number."""


class Stated(NamedTuple):
    """A status, how plainly it is stated, and where."""

    status: int
    rank: int
    start: int
    end: int
    past: bool = False
    """It is told as over, or wished away."""


NUMBER = re.compile(r"[1-5](?<!\d[1-5])\d\d(?!\d)")  # begins with a plain class, which `re` skips to
_LEFT, _RIGHT = 60, 60  # characters around a number that are looked at
_REQUEST = 500  # a request with its URL may be longer
_OPENING = " \t\xa0:=\"'`([{*_<>|→←-"
_METHODS = frozenset(["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"])
# Access logs that write the status in front of the request: AWS ALB, HAProxy; Squid's.
_LOGGED = re.compile(
    r"\s([1-5]\d\d)(?=\s(?:[^\n\"]{0,120}\s)?\"(?:GET|POST|PUT|PATCH|DELETE|HEAD"
    r"|OPTIONS)\s\S{1,400}\sHTTP/[\d.]{1,3}\"(?!\s[1-5]\d\d\b))"
    r"|\b(?:TCP_[A-Z_]{2,30}/([1-5]\d\d)\s|NONE(?:_NONE)?/([3-5]\d\d) \d{1,12} (?:CONNECT|GET|POST|HEAD|-) )"
)
_WORD = re.compile(r"[^\W\d_][\w'’-]*|[%$€£#~≈+]")
_NEXT = re.compile(r"(?:[\s\xa0]{0,2}|-(?=byte|second|minute|day|page|line))([^\W\d_]+|[%$€£])")
_NOUN = re.compile(r"[\s\xa0]{1,2}([^\W\d_][\w'’]*)(?![\w'’]|[-_=:(]\S)")
_REASON = re.compile(r"[^\w\n]{0,6}([^\W\d_][^\n]{0,40})")
_ARROWS = ("-> ", "=> ", "→ ")
_MEDIA_TYPE = re.compile(r"(?i)[\s,;(|-]{1,3}(?:text/(?:html|plain)|application/(?:problem\+)?json)(?! \w)\b")
_PLURAL = re.compile(r"['’]?(?:s|ers?|ern|(?P<verb>ing|ed|d))\b")
_CLIENT_OR_SERVER = re.compile(r"(?i) (?:client|server) errors?\b")
_ERROR_AFTER = re.compile(
    r"(?i)[\s\"'`*)]{0,4}(?:errors?|status|http|responses?|fehler|erreurs?|errore?|erro|fout|błąd|hata|ошибк|помилк)"
)
# The name of an HTTP client's exception in front: "ClientHttpProxyError: 407, message=…", "ClientError: 403 DENIED".
_CLASS_BEFORE = re.compile(
    r"(?:Http|HTTP|Client|Response|A[Pp][Ii]|Status|Request|Proxy|Server|Service|Web|Auth|Rate|Upstream)\w{0,30}"
    r"(?:Error|Exception)[:(]\s?$"
)
_DEFINED = re.compile(  # code names a number; Lisp compares one
    r"\b(?:const|let|var|final|static|int|number|define)\s[\w: ]{1,40}=?\s$|\(=\s[\w-]{1,60}\s$"
)
_COMPARED = re.compile(r"(?:[=!]==?|[<>]=|\bcase|\bwhen\s\(?)\s?$")  # … and asks for one
_MAY_COMPARE = frozenset("=en(")
# What a client does, not what came.
_POLICY = re.compile(
    r"(?i)\bretr(?:y|ies)[,:]?(?: once| only)? on:?\s{1,25}$|\bretry only (?:an?|the) $"
    r"|\b(?:we|to|i|should|must|can|clients?) retry an? $"
)
_TUNNEL = re.compile(r"(?i) connection established\W*$")  # a proxy's own answer
_WAIT_BEFORE = re.compile(
    r"(?i)retry[-_]?after(?:[-_]?(?:ms|s|sec|secs|seconds))?[\"'`\]]{0,3}\s{0,3}"
    r"(?:(?:header|value|is|was|of|says|said|set to|=>?|->|:)\s{0,2}){0,3}[\"'`\[]{0,2}$"
)
_HTTP_DASH = re.compile(
    r"http (?:response|request)[^\n]{0,60}\s[-–→:]\s$"
)  # .NET: "… HTTP response headers after 4ms - 500"
_NEXT_OF_LIST = re.compile(r",\s?\d")
_COUNTED = re.compile(r"(?i)\W{0,6}replies: $")
_FLIGHT = re.compile(r"(?:[Ff]lights?|[Ff]lug|[Vv]ol|[Vv]uelo|[Vv]oo|[Vv]olo|[Рр]ейс) [A-Z\d]{2} ?$|, [Ee]xtension $")
"""Its airline; a telephone's extension."""
_DIGITS_BEFORE = re.compile(r"\d[\s,./]{0,2}$")
# Who answered, beside the number: "api.hubapi.com returned 429", "429 error from api.hubapi.com".
_DOMAINS = "|".join(re.escape(domain) for domain in (p.OUR_DOMAIN, *(d for row in p.VENDORS for d in row.domains)))
_HOST = (
    rf"(?<![\w.@-])(?P<host>(?:[a-z0-9-]{{1,63}}\.){{0,6}}(?:{_DOMAINS}))(?![\w-]|\.\w)"
    r"(?::\d{1,5})?(?:/[^\s\"'<>]{0,60})?"
)
_HOST_BEFORE = re.compile(
    rf"(?i){_HOST}[\"'`)]{{0,2}}(?:\s?(?::|-+>|=>|→|–|-)|\s(?:says?|said|returns?|returned|gives?|gave|sends?|sent"
    r"|throws?|threw|answer(?:s|ed)|respond(?:s|ed)|replie[sd]|fail(?:s|ed)|reject(?:s|ed))(?: with| us| me)?:?)?"
    r"\s{0,2}(?:(?:an?|the|http|status|code|error)\s?:?\s){0,3}[\"'`(]?$"
)
_HOST_AFTER = re.compile(
    r"(?i)[\"'`)]{0,2}(?:\s[\w'-]{1,20}){0,4}?\s"
    rf"(?:from|by|at|calling|(?:call|request)s? to)\s(?:the |our )?(?:https?://)?[\"'`(]{{0,2}}{_HOST}"
)
_EARLIER = re.compile(r"(?i)\b(?:(?:after|following)\s(?:an?\s|the\s)?$|previous|earlier|but first)")
_CUT = re.compile(
    r"(?i)[,;→]\s|[、，]|\s\(|\s(?:and|but|then|while|after|following|und|aber|dann|et|mais|puis|y|pero|luego|e|ma|poi|mas)\s|->|=>"
)


Judged = dict[str, list[Stated]]
"""The lines of a text that were judged before, with what they state."""


def statuses_in(text: str, known: Judged | None = None) -> list[Stated]:
    """Every number of a line that is a status, in order. Linear: each number is judged by a bounded window."""
    if (('"' in text and "HTTP/" in text) or "TCP_" in text or "NONE" in text) and (logged := _LOGGED.search(text)):
        group = logged.lastindex or 0
        return [Stated(int(logged[group]), EXPLICIT, *logged.span(group))]
    return [stated for stated in _judged(text, known) if not stated.past]


def clauses(text: str, known: Judged | None = None) -> list[str]:
    """A sentence that names several statuses, cut between them; any other text as it is.

    What is told of an earlier status is left out, for its wait is over: with it all that remains may be nothing.
    """
    if NUMBER.search(text) is None:
        return [text]
    waits = "retry" in text.lower()
    judged = _judged(text, known)
    if judged and not waits and all(one.past for one in judged):
        cut = _CUT.search(text, judged[-1].end)
        return [text[cut.start() :].lstrip(",; ")] if cut else []
    stated = [one for one in judged if waits or not one.past]
    if len({one.status for one in stated}) < 2 and not any(one.past for one in stated):
        return [text]
    parts: list[tuple[str, bool]] = []
    start, is_earlier = 0, stated[0].past
    for one, two in pairwise(stated[:8]):
        cuts = [cut.start() for cut in _CUT.finditer(text, one.end, two.start)]
        if cuts:  # the last of them: what follows a status, as its wait does, belongs to it
            parts.append((text[start : cuts[-1]], is_earlier))
            start, is_earlier = cuts[-1], two.past or _EARLIER.search(text[cuts[-1] : two.start]) is not None
    parts.append((text[start:], is_earlier))
    return [part.lstrip(",; ") for part, is_over in parts if not is_over]


def _judged(text: str, known: Judged | None) -> list[Stated]:
    if known is None:
        return list(_judge(text))
    if text not in known:
        known[text] = list(_judge(text))
    return known[text]


def _judge(text: str) -> Iterator[Stated]:
    for match in NUMBER.finditer(text):
        status = int(match[0])
        left = text[max(0, match.start() - _LEFT) : match.start()]
        right = text[match.end() : match.end() + _RIGHT]
        if _is_part_of_something(left, right):
            named = left[-1:] in (",", ":") and has_reason(status, right)
            # Erlang's clients answer {ok,401,[…
            is_tuple = left.endswith("{ok,") and status in p.REASONS and right[:1] == ","
            rank = EXPLICIT if named or is_tuple else 0
            if not rank and status in p.REASONS and _is_field_of_request(left, right):
                rank = CUED
        elif plural := _PLURAL.match(right) if right[:1].isalpha() or right[:1] in "'’" else None:
            rank = _rank(status, left, right[plural.end() :], text, match.start())
            if rank < CUED:
                rank = CUED if plural["verb"] and status in p.COMMON_STATUSES else 0
        else:
            rank = _rank(status, left, right, text, match.start())
        if rank:
            yield Stated(status, rank, match.start(), match.end(), _is_past(left, right))


def _is_part_of_something(left: str, right: str) -> bool:
    """Whether the digits belong to a word, a number, a path, a price, a port, a line number …."""
    before, after = left[-1:], right[:1]
    if (before.isascii() and before.isalpha()) or (before in "_-" and before):
        if not left.lower().rstrip("_-").endswith(p.GLUED_WORDS):
            return True
    elif (
        (before in ".,/$€£+@#–" and before)
        or (before == ":" and left[-2:-1].isalnum() and not left[:-1].lower().endswith(p.GLUED_WORDS))
        or (before == "=" and not left[:-1].lower().rstrip("\"' ").endswith(p.EXPLICIT_TAILS))
    ):
        return True
    if before == "[" and right.startswith("]:") and left[-2:-1].isalnum():  # a process's number in a log
        return not left[:-1].lower().endswith(p.GLUED_WORDS)
    if after.isascii() and after.isalpha():
        return not _PLURAL.match(right)
    return (
        after in p.COUNTERS
        or right.startswith(("만원", "만 원"))
        or (after in "_%°²#(" and after != "" and right[1:2] != " ")
        or (after in ".,:/-" and right[1:2].isdigit())
    )


_REQUEST_FIELD_BEFORE = re.compile(rf"(?:https?:/|[,\s\"'])/[^\s,]{{0,60}}[\"']?,$|\b(?:{'|'.join(_METHODS)})[\"']?,$")
_REQUEST_FIELD_AFTER = re.compile(rf"[\"']?,[\"']?(?:https?://|/|(?:{'|'.join(_METHODS)})\b)")


def _is_field_of_request(left: str, right: str) -> bool:
    """A field of comma-separated values beside the URL or the method."""
    if left[-1:] != "," or right[:1] not in (",", ""):
        return False
    return _REQUEST_FIELD_AFTER.match(right) is not None or _REQUEST_FIELD_BEFORE.search(left) is not None


def _rank(status: int, left: str, right: str, text: str, start: int) -> int:
    """How surely a free-standing number between `left` and `right` is a status: 0 for not at all."""
    if (match := _NEXT.match(right)) and match[1].lower() in p.UNIT_WORDS:
        return 0
    before = left.rstrip()[-1:]
    if (before in _MAY_COMPARE and _COMPARED.search(left[-10:])) or (left[-1:].isspace() and _DEFINED.search(left)):
        return 0
    if ("fter" in left or "FTER" in left) and _WAIT_BEFORE.search(left):
        return 0
    if status == 200 and _TUNNEL.match(right):
        return 0
    if (
        has_reason(status, right)
        or _CLIENT_OR_SERVER.match(right)
        or (left.endswith(_ARROWS) and _MEDIA_TYPE.match(right))
    ):
        return EXPLICIT
    if "etr" in left and _POLICY.search(left):
        return 0
    tail = _tail(left)
    if tail.endswith(p.NOT_A_STATUS_TAILS):
        return 0
    if tail.endswith(p.EXPLICIT_TAILS) or _follows_request(text[max(0, start - _REQUEST) : start]):
        return 0 if tail.endswith(p.WEAK_TAILS) and _counts_a_noun(right) else EXPLICIT
    if left.endswith("<-- "):  # OkHttp's log of a response
        return EXPLICIT
    if before in tuple(":(") and _CLASS_BEFORE.search(left) and not _counts_a_noun(right):
        return EXPLICIT
    if not right.strip() and _HTTP_DASH.search(left.lower()):
        return EXPLICIT
    if right.startswith(" error responses"):  # urllib3: "too many 429 error responses"
        return EXPLICIT
    if status == 200 and f" {tail}".endswith(p.SUCCESS_TAILS) and not _counts_a_noun(right):
        return CUED
    if status not in p.REASONS or status < 300:
        return 0
    if left.endswith("expected ") and _ACTUAL.match(right):
        return CUED
    return _rank_in_prose(status, left, right)


def _rank_in_prose(status: int, left: str, right: str) -> int:
    common = BARE if status in p.COMMON_STATUSES else 0
    if left.endswith("*") and not right.startswith("*"):  # nginx's connection number
        return 0
    words = [word.lower() for word in _WORD.findall(left)][-3:]
    last = words[-1] if words else ""
    if left.endswith("(") and right.startswith(")"):  # "Forbidden (403)", ".NET: ошибку: (502)"
        is_error = left.endswith(": (") and last in p.STATUS_WORDS
        return CUED if is_error or left[:-1].rstrip().lower().endswith(p.REASONS[status]) else common
    if (
        last in p.NUMBER_WORDS
        or _FLIGHT.search(left)
        or left.rstrip()[-1:] in tuple("#$€£~№")
        or _DIGITS_BEFORE.search(left)
    ):
        return 0
    if _NEXT_OF_LIST.match(right) or _COUNTED.match(left):
        return 0
    noun = _counts_a_noun(right)
    near = (left[-12:], right[:8])
    if any(word in p.STATUS_WORDS for word in words) or any(part in side for part in p.STATUS_PARTS for side in near):
        return CUED if last in p.STATUS_WORDS or not noun else 0
    if _ERROR_AFTER.match(right):
        return CUED
    if noun:
        return 0
    if answering_host(left, right):
        return CUED
    if last in p.GIVING_WORDS:
        return CUED
    return 0 if _counts_a_noun(right, of_any_script=True) else common


def answering_host(left: str, right: str) -> str | None:
    """The host, ours or a known vendor's, that the words around a status say it came from."""
    match = _HOST_BEFORE.search(left) or _HOST_AFTER.match(right)
    return match["host"] if match else None


def answering_hosts(text: str) -> list[str]:
    """The hosts that the statuses of a line came from, where the line says so."""
    around = ((text[max(0, one.start - _LEFT) : one.start], text[one.end :][: 2 * _RIGHT]) for one in statuses_in(text))
    return [host for left, right in around if (host := answering_host(left, right))]


def has_reason(status: int, right: str) -> bool:
    """The status's own reason phrase follows; below 400 it must look like one, for "found" is also a word."""
    match = _REASON.match(right)
    if match is None or status not in p.REASONS:
        return False
    return match[1].lower().startswith(p.REASONS[status]) and (status >= 400 or match[1][0].isupper())


def _tail(left: str) -> str:
    """What stands before the number, without punctuation and the small words between a name and its value."""
    tail = left.lower().rstrip(_OPENING)
    if tail.endswith(("status)", "code)", "code()", "status()")):  # print(r.status) -> 200, getStatusCode() = 200
        tail = tail.rstrip("()")
    for _ in range(2 if tail.endswith(p.FILLERS) else 0):
        for filler in p.FILLERS:
            if tail.endswith(filler):
                tail = tail[: -len(filler)].rstrip(_OPENING)
    return tail


def _follows_request(before: str) -> bool:
    """`GET https://… 401`, `"GET /api/v1/me HTTP/1.1" 401`, `GET /me -> 401`."""
    edge = before[-1:]
    if edge not in tuple(" \t\"'`>|") and not (edge in tuple("([") and before[-2:-1].isspace()):
        return False
    words = before.rstrip(_OPENING).rsplit(None, 2)
    if not words or len(before) - len(before.rstrip(_OPENING)) > 8:
        return False
    if words[-1].startswith("HTTP/"):
        return True
    url = words[-1].lstrip("\"'`<")
    return len(words) > 1 and url.startswith(("http://", "https://", "/")) and words[-2].lstrip("\"'[(") in _METHODS


_ACTUAL = re.compile(r" (?:not )?to (?:be|eql|equal|deeply|have)\b")  # "expected 429 to equal 200"


_PAST_WORDS = frozenset(phrase.split()[0] for phrase in (*p.PAST_BEFORE, *p.OVER_BEFORE))


def _is_past(left: str, right: str) -> bool:
    words = [word.lower() for word in _WORD.findall(left)]
    if _ACTUAL.match(right) or (words and words[-1] in p.NOW_WORDS and p.PAST_AFTER.match(right) is None):
        return False
    wanted = max(i for i, word in enumerate(words) if word in p.WANTING_WORDS) if p.WANTING_WORDS & {*words} else None
    return (
        (not _PAST_WORDS.isdisjoint(words[-5:]) and _tells_of_the_past(words[-5:]))
        or (wanted is not None and p.GETTING_WORDS.isdisjoint(words[wanted:]))
        or p.PAST_AFTER.match(right) is not None
    )


def _tells_of_the_past(words: list[str]) -> bool:
    padded = p.SINCE.sub("", f" {' '.join(words)} ")
    return padded.endswith(p.OVER_BEFORE) or any(phrase in padded for phrase in p.PAST_BEFORE)


# A particle with nothing or a verb of answers behind it, "is", "error": what may follow a status in CJK.
_CJK_GRAMMAR = re.compile(
    r"です|でし|だ(?:った)?$|(?:が|を|と|の|に|で)(?:$|返|出|来|き|エラ|なり|なっ)|エラー|返|에러|오류|[가이를을로]$|입니다|라고|错误|报错|錯誤|報錯|了$"
)
_CODE_AFTER = re.compile(r"\s{1,3}[A-Z]{2,30}_[A-Z]")
"""`401 INVALID_SESSION_ID`: the vendor's own name of the error."""


def _counts_a_noun(right: str, *, of_any_script: bool = False) -> bool:
    """A word follows directly that never follows a status: the number counts what the word names."""
    match = _NOUN.match(right)
    if match is None or "_" in match[1] or _CODE_AFTER.match(right):
        return False
    if _CJK_GRAMMAR.match(match[1]):
        return False
    word = match[1].lower()
    return (of_any_script or word.isascii()) and word not in p.FOLLOWING_WORDS and not word.startswith(p.MISSPELT)
