"""Take secrets out of text before anyone sees it: keys, tokens, cookies and passwords, by shape and by name.

Every pattern is linear: it starts at a literal or a word boundary and repeats one character class at a time.
"""

import base64
import binascii
import re
from collections.abc import Iterable, Iterator

MASK = "[redacted]"
RUN = 6
"""No run of this many characters of a secret survives (the product's rule)."""

_VALUE_END = r"""\s"'`<>\\"""
_TOKEN = rf"[^{_VALUE_END},;&(){{}}\[\]]"

# Secrets that give themselves away by their shape. The vendor's documentation of its token format is the source.
_SHAPES: tuple[str, ...] = (
    rf"(?i:osapi_)(?P<s0>{_TOKEN}+)",  # OutboundSync; the prefix is public
    r"b3NhcGlf[\w+/=-]*",  # the same in base64
    r"(?<![\w-])sk-[\w-]{12,}",  # OpenAI, Anthropic
    r"(?<!\w)(?:sk|rk|pk)_(?:live|test)_\w{6,}",  # Stripe
    r"(?<!\w)whsec_[\w+/=]{6,}",  # Stripe webhooks
    r"(?<!\w)gh[oprsu]_\w{16,}",  # GitHub
    r"(?<!\w)github_pat_\w{16,}",
    r"(?<!\w)gl(?:pat|ptt|rt)-[\w-]{10,}",  # GitLab
    r"(?<!\w)x(?:ox[a-z]|app)-[\w-]{8,}",  # Slack
    r"hooks\.slack\.com/services/(?P<s1>[\w/]{6,})",
    r"(?<!\w)SG\.[\w-]{8,}(?:\.[\w-]{8,})?",  # SendGrid
    r"(?<!\w)pat-(?:na|eu|ap)\d{1,2}-[\w-]{8,}",  # HubSpot private app
    r"(?<!\w)00D\w{9,15}![\w.]{8,}",  # Salesforce session
    r"(?<![\w|])\d{1,9}\|\w{16,}",  # Laravel Sanctum: EmailBison
    r"(?<!\w)A(?:KI|SI|RO|ID)A[0-9A-Z]{12,}",  # AWS
    r"(?<!\w)AIza[\w-]{20,}",  # Google
    r"(?<!\w)ya29\.[\w-]{10,}",
    r"(?<!\w)1//0[\w-]{10,}",
    r"(?<!\w)eyJ[\w-]{6,}(?:\.[\w-]+)*",  # JWT
    r"(?<!\w)(?:npm|hf|dop_v1|shp[a-z]{2}|lin_api|ntn|secret|phc|phx|sntrys|xkeysib|re|key|tok|tkn|dapi)[_-]\w{16,}",
)
_SHAPE = re.compile("|".join(_SHAPES))

# Names whose value is a secret, in headers, JSON, query strings, environment dumps and flags.
_SECRET_NAME = (
    r"(?:authorization|authori[sz]ation|cookie|passw(?:or)?d|passwd|passphrase|pwd|secret|token|credentials?"
    r"|api[-_. ]?key|apikey|access[-_ ]?key|private[-_ ]?key|auth[-_]?key|signing[-_]?key|encryption[-_]?key"
    r"|account[-_]?key|[_-]key|session[-_]?id|sessid|jwt|signature|x-amz-security|csrf|xsrf|database_url|redis_url"
    r"|\bdsn|connection[-_]?string)"
)
_SEPARATOR = (
    r"""["'\\\]>)]{0,6}\s{0,4}(?:=>|->|[:=,]|%3[ad]|["'\\]{1,4}\s{0,2},\s{0,2}["'\\]{0,4}value["'\\]{1,4}\s{0,2}:)"""
)
_NAMED = re.compile(
    rf"(?P<name>{_SECRET_NAME})(?P<tail>[\w.-]{{0,40}}){_SEPARATOR}\s{{0,4}}(?:(?:\[|\(|array\()\s{{0,2}})?"
    rf"""(?:[bur]?\\{{0,6}}["'`](?P<quoted>[^"'`\n\\]+)|(?P<bare>{_TOKEN}+))"""
)
# The value of these goes on to the end of the line: a scheme, then the secret; or several cookies.
_LINE = re.compile(
    r"""(?:(?:proxy-)?authorization|(?:set-)?cookie2?)(?P<sep>["'\\\]]{0,6}\s{0,4}(?:=>|[:=])\s{0,4})(?P<line>[^\s"'\\\[{(][^"'\n\\]*)"""
)
_SCHEME = re.compile(
    rf"(?<![\w-])(?:bearer|basic|token|negotiate|ntlm|digest|apikey|bot)(?:\s|%20|\+|:){{1,3}}(?P<value>{_TOKEN}{{6,}})"
)
_URL_LOGIN = re.compile(r"""://(?P<value>[^\s/@"'<>\\?#]{1,400})@""")
_QUERY = re.compile(
    r"[?&;](?:[\w.-]{0,40}[_.-])?(?:key|api_?key|token|secret|password|pwd|auth|sig|signature|code|state|jwt|access_token|sid|session"
    r"|x-amz-[a-z-]{1,30})=(?P<value>[^\s&\"'<>\\#]+)"
)
_FLAG = re.compile(
    r"""(?<![\w-])(?:-u|--user|--proxy-user|-U|-a|--auth|--password|--token|--api-key|--http-password)[ =]{1,2}["']?(?P<value>[^\s"']+)"""
)
_LONG = re.compile(r"(?<![\w.\-+=])[A-Za-z0-9_\-+=]{24,}")
_PEM_BEGIN = "-----BEGIN "
_PEM_END = "-----END "

# Words that follow a secret's name or a scheme in prose and in challenges: never a secret.
_HARMLESS = frozenset(
    "realm error scope token tokens header headers auth authentication authorization scheme key keys null none true"
    " false undefined required invalid missing expired revoked string object bearer basic digest redacted filtered"
    " secure hidden masked empty unauthorized forbidden".split()
)
_PLAIN_WORD = re.compile(r"[a-z]+[.,:;!?]?")
_PIECE = re.compile(r"[A-Za-z0-9_\-+!|~*$%^#]{6,}")
_KNOWN_SCHEME = re.compile(r"(?:bearer|basic|token|digest|negotiate|ntlm|apikey)(?:\s|%20|\+|:){1,3}")


class Redactor:
    """Knows the secrets of some texts, and takes them out of any string, whole or in part."""

    def __init__(self, *texts: str) -> None:
        self._grams: set[str] = set()
        self._done: dict[str, str] = {}
        for text in texts:
            for start, end in _spans(text):
                self._learn(text[start:end])

    def __call__(self, text: str) -> str:
        """`text` with every secret replaced by `[redacted]`; doing it twice changes nothing."""
        if text not in self._done:
            spans = list(_spans(text))
            for start, end in spans:
                self._learn(text[start:end])
            self._done[text] = _replace(text, _merge([*spans, *self._runs(text)]))
        return self._done[text]

    def _learn(self, secret: str) -> None:
        for piece in _pieces(secret):
            self._grams.update(piece[i : i + RUN] for i in range(len(piece) - RUN + 1))

    def _runs(self, text: str) -> Iterator[tuple[int, int]]:
        grams = self._grams
        if not grams:
            return
        for i in range(len(text) - RUN + 1):
            if text[i : i + RUN] in grams:
                yield i, i + RUN


def redact(text: str) -> str:
    """`text` without its secrets: keys, bearer tokens, cookies, logins, other vendors' tokens.

    Idempotent, linear in the length of the text. A secret seen in one place is removed everywhere.
    """
    return Redactor()(text)


def spans_of(text: str) -> list[tuple[int, int]]:
    """Where the secrets of `text` stand: merged, ordered (start, end) offsets."""
    return _merge(_spans(text))


def _spans(text: str) -> Iterator[tuple[int, int]]:
    lower = _lower(text)
    for match in _SHAPE.finditer(text):
        yield match.span(match.lastgroup or 0)
    for match in _LINE.finditer(lower):
        yield from _line_value(match)
    for match in _NAMED.finditer(lower):
        group = "quoted" if match["quoted"] is not None else "bare"
        if _is_secret_value(match[group], spaced=" " in match["name"], quoted=group == "quoted"):
            yield match.span(group)
    for pattern in (_SCHEME, _URL_LOGIN, _QUERY):
        for match in pattern.finditer(lower):
            if _is_secret_value(match["value"], spaced=pattern is _SCHEME, quoted=False):
                yield match.span("value")
    for match in _FLAG.finditer(text):
        if _is_secret_value(match["value"], spaced=False, quoted=False):
            yield match.span("value")
    for match in _LONG.finditer(text):
        token = match[0]
        if any(c.isdigit() for c in token) and any(c.isalpha() for c in token):
            yield match.span()
    yield from _pem_blocks(text)


def _lower(text: str) -> str:
    """Lower case of the same length, so that offsets hold: patterns without IGNORECASE search much faster."""
    lower = text.lower()
    return lower if len(lower) == len(text) else "".join(c.lower() if c.isascii() else c for c in text)


def _line_value(match: re.Match[str]) -> Iterator[tuple[int, int]]:
    start, end = match.span("line")
    value = match["line"]
    if MASK in value and not value.replace(MASK, "").strip(" ;,"):
        return
    scheme = _KNOWN_SCHEME.match(value)
    if scheme:
        start += scheme.end()
    rest = value[scheme.end() :] if scheme else value
    if rest.strip() and not rest.startswith(MASK) and _first_word(rest) not in _HARMLESS:
        yield start, end


def _is_secret_value(value: str, *, spaced: bool, quoted: bool) -> bool:
    """Whether the value beside a secret's name is one: not a mask, a number, a plain word of prose."""
    bare = value.strip()
    if len(bare) < 4 or "[redacted" in bare or _first_word(bare) in _HARMLESS or bare.isdecimal():
        return False
    return not spaced or quoted or len(bare) >= 20 or not _PLAIN_WORD.fullmatch(bare)


def _first_word(text: str) -> str:
    return re.split(r"[^a-z]", text.strip()[:40].lower(), maxsplit=1)[0]


def _pem_blocks(text: str) -> Iterator[tuple[int, int]]:
    start = text.find(_PEM_BEGIN)
    while start >= 0:
        end = text.find(_PEM_END, start)
        if end < 0:
            yield start, len(text)
            return
        body = text.find("-----", start + len(_PEM_BEGIN))
        yield (body + 5 if 0 <= body < end else start), end
        start = text.find(_PEM_BEGIN, end)


def _pieces(secret: str) -> Iterator[str]:
    """Parts of a secret by which it is known elsewhere, the two halves of a Basic login included."""
    for piece in _PIECE.findall(secret):
        if not piece.isalpha() or len(piece) >= 16 or not (piece.islower() or piece.istitle() or piece.isupper()):
            yield piece
    decoded = _from_base64(secret)
    if decoded:
        for half in decoded.split(":", 1):
            if len(half) >= RUN:
                yield half


def _from_base64(text: str) -> str | None:
    token = text.strip()
    if len(token) < 8 or len(token) > 4096 or not re.fullmatch(r"[\w+/=-]+", token):
        return None
    try:
        raw = base64.b64decode(token.replace("-", "+").replace("_", "/") + "=" * (-len(token) % 4))
        decoded = raw.decode("utf-8")
    except (binascii.Error, ValueError):
        return None
    return decoded if decoded.isprintable() else None


def _merge(spans: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    merged: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        elif end > start:
            merged.append((start, end))
    return merged


def _replace(text: str, spans: list[tuple[int, int]]) -> str:
    parts: list[str] = []
    at = 0
    for start, end in spans:
        parts += (text[at:start], MASK)
        at = end
    return "".join((*parts, text[at:]))
