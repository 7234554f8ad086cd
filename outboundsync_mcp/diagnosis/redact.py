"""Take secrets out of text before anyone sees it: keys, tokens, cookies and passwords, by shape and by name.

Every pattern repeats one class of characters at a time, and most start at a literal, so redaction is linear.
"""

import base64
import binascii
import re
from collections.abc import Iterable, Iterator
from itertools import chain, pairwise
from string import ascii_letters, ascii_lowercase, ascii_uppercase, digits
from typing import NamedTuple
from urllib.parse import unquote

MASK = "[redacted]"
PREFIX = "osapi_"
RUN = 6
"""No run of this many characters of a secret survives (the product's rule)."""

_TOKEN = r"""[^\s"'`<>\\,;&(){}\[\]]"""  # noqa: S105 - one character of a token


_Span = tuple[int, int]
"""Offsets of the first character and behind the last."""


class _Shape(NamedTuple):
    """A literal that the text must have, in lower case, and the pattern whose last group, if any, is the secret."""

    hint: str
    pattern: re.Pattern[str]


def _shape(hint: str, pattern: str) -> _Shape:
    return _Shape(hint.lower(), re.compile(pattern))


def _word_shape(start: str, rest: str) -> _Shape:
    """A secret that begins with the literal `start`, where a word begins."""
    literal = re.escape(start)
    return _shape(start, rf"{literal}(?<!\w{literal}){rest}")


# Secrets that give themselves away by their shape, wherever they stand. Sources: the vendors' token formats. What may
# not stand in front is asked behind the literal: `re` skips to a literal that a pattern begins with.
_SHAPES: tuple[_Shape, ...] = (
    _shape("b3NhcGlf", r"b3NhcGlf[\w+/=-]*"),  # "osapi_" in base64
    _shape("sk-", r"sk-(?<![\w-]sk-)[\w*•…-]{4,}"),  # OpenAI, Anthropic
    _shape("k_live_", r"[spr]k_live_(?<!\w[spr]k_live_)[\w*•…]{4,}"),  # Stripe
    _shape("k_test_", r"[spr]k_test_(?<!\w[spr]k_test_)[\w*•…]{4,}"),
    _shape("whsec_", r"whsec_[\w+/=]{4,}"),
    _shape("gh", r"gh[oprsu]_(?<!\wgh[oprsu]_)\w{4,}"),  # GitHub
    _shape("github_pat_", r"github_pat_\w{4,}"),
    _shape("glpat-", r"glpat-[\w.-]{4,}"),  # GitLab
    _word_shape("xox", r"[a-z]-[\w-]{4,}"),  # Slack
    _shape("xapp-", r"xapp-[\w-]{4,}"),
    _shape("hooks.slack.com", r"hooks\.slack\.com/services/([\w/]{6,})"),
    _shape("sshpass", r"sshpass -p\s?[\"']?([^\s\"']{4,})"),
    _word_shape("SG.", r"[\w-]{6,}(?:\.[\w-]{8,})?"),  # SendGrid
    _word_shape("pat-", r"[a-z]{2}\d{1,2}-[\w-]{4,}"),  # HubSpot
    _word_shape("00D", r"\w{9,15}![\w.]{8,}"),  # Salesforce
    _shape("|", r"\d(?<![\w|]\d)\d{0,8}\|\w{16,}"),  # Laravel Sanctum: EmailBison
    _shape("a", r"A(?:KI|SI|RO|ID)A(?<!\wA[KSRI][IOD]A)[0-9A-Z]{4,}"),  # AWS
    _shape("AIza", r"AIza[\w-]{4,}"),  # Google
    _shape("ya29.", r"ya29\.[\w-]{4,}"),
    _shape("GOCSPX-", r"GOCSPX-[\w-]{4,}"),
    _word_shape("eyJ", r"[\w-]{6,}(?:\.[\w-]+)*"),  # JWT
    _word_shape("shp", r"[a-z]{2}_\w{6,}"),  # Shopify
    *(_word_shape(f"{name}_", r"\w{4,}") for name in ("npm", "hf", "dop_v1", "lin_api", "ntn", "phc", "phx", "sntrys")),
    *(_word_shape(name, r"[_-]?\w{16,}") for name in ("xkeysib", "dapi")),
)
# What only chance writes: a key of a vendor that no list knows, or a piece of one; an id at worst.
_MIN_RANDOM = 10
_CLASSES = bytes.maketrans(f"{digits}{ascii_uppercase}{ascii_lowercase}".encode(), b"0" * 10 + b"A" * 26 + b"a" * 26)
"""A table for `bytes.translate`: one character for all digits, one for all capitals, one for all small letters."""
_WORDS = bytes(code if chr(code) in f"{ascii_letters}{digits}_-+" else ord(" ") for code in range(256))
"""A table for `bytes.translate`: letters, digits, `_`, `-` and `+` stay, all else becomes a blank."""
_OURS = re.compile(rf"osapi(?:_|%5f|\\{{1,8}}(?:u00|x)5f|&#95;|&lowbar;|=5f)(?P<value>{_TOKEN}*)")
# Where the rest of a torn secret stands: behind a line break, a terminal code, a stray quote or bracket, an escape, the
# " + " between two pieces of a string. No name of something else: those are followed by a colon.
_TEAR = (
    r"\x1b?\[[0-9;]{0,16}+[A-Za-z]|%[0-9A-Fa-f]{2}|\\{1,8}+(?:u[0-9A-Fa-f]{4}|x[0-9A-Fa-f]{2}|[nrtbf])?|&#?\w{2,6};|=\n"
)
_TORN = re.compile(
    rf"(?:{_TEAR}|[^A-Za-z0-9]){{1,24}}+(?P<rest>[A-Za-z0-9][A-Za-z0-9_~+-]*+={{0,2}}+)"
    r"""(?!["'`\\\]]{0,4}[ \t]{0,2}[:=])"""
)
_TEARS = re.compile(rf"{_TEAR}|[^\w~+-]")
_WORD = re.compile(r"(?:[A-Z]{0,5}+[a-z]{2,}+)*+[A-Z]{0,5}+|[A-Z]+|[a-z]|\d+")  # possessive: tried in one way only

_JOINTS = re.compile(r"[-_+~=]+")

# Names whose value is a secret: headers, JSON, query strings, environment dumps, flags. Searched in lower case.
_KEYS_OF = (
    "api", "access", "account", "client", "consumer", "encryption", "license", "master", "private", "shared", "signing",
)  # fmt: skip
_KEY = "|".join(rf"(?<={kind}{between}key)" for kind in _KEYS_OF for between in ("", " ", r"\."))
_NAMES = (
    ("authori", "authori[sz]ation"), ("passw", "passw(?:or)?d"), ("pass", "pass(?<=[-_]pass)"),
    ("key", rf"key(?:{_KEY}|(?<=[-_]key)|(?<=authkey))"), ("credential", "credentials?"), ("session", "session[-_]?id"),
    ("dsn", "dsn(?<=[-_]dsn)"), ("connection", "connection[-_]?string"),
    *((name, name) for name in ("cookie", "passphrase", "pwd", "secret", "token", "sessid", "jwt", "signature",
    "x-amz-security", "x-auth", "csrf", "xsrf", "database_url", "redis_url")),
)  # fmt: skip
_SCHEMES = ("bearer", "basic", "token", "negotiate", "ntlm", "digest", "apikey", "bot")
_SEPARATOR = (
    r"""(?:["'\\]{1,8}\s{0,2},\s{0,2}["'\\]{0,8}value["'\\]{0,8}\s{0,2}[:=]"""  # {"name": "Cookie", "value": …}
    r"""|["'\\\]>)]{0,8}\s{0,4}(?:=>|->|[:=,]|%3[ad]|>(?=\S)|\s(?:is|was)\s))"""
)
_NAMED = tuple(
    _shape(
        hint,
        rf"(?P<name>{name})[\w.-]{{0,40}}{_SEPARATOR}\s{{0,4}}(?:(?:\[|\(|array\()\s{{0,2}})?"
        rf"""(?:[bur]?\\{{0,8}}["'`](?P<quoted>[^"'`\n\\]+)|(?P<bare>{_TOKEN}+))""",
    )
    for hint, name in _NAMES
)
# Values that go on to the end of the line: a scheme and its secret, several cookies, an exported variable.
_LINES = (
    *(
        _shape(name, rf"""{name}2?["'\\\]]{{0,8}}\s{{0,4}}(?:=>|[:=])\s{{0,4}}(?P<value>[^\s"'`\\\[{{(][^"'`\n\\]*)""")
        for name in ("authorization", "cookie")
    ),
    *(
        _shape(
            f"{name}=",
            r"(?m)^[ \t]*(?:export |set |env |-e )?[a-z][a-z0-9]{0,30}_(?:[a-z0-9]{1,30}_)?"
            rf"{name}=(?P<value>[^\s\"'][^\n]*)",
        )
        for name in ("key", "token", "secret", "password")
    ),
)
# A scheme behind a scheme is none of its values: "Bearer bearer …".
_SCHEME = tuple(
    _shape(
        name,
        rf"{name}(?<![\w-]{name})(?:\s|%20|\+|:){{1,3}}(?!(?:{'|'.join(_SCHEMES[:-1])})(?:\s|%20|\+|:))"
        rf"(?P<value>{_TOKEN}{{6,}})",
    )
    for name in _SCHEMES
)
# In code, from one string into the next: `'Bearer' + 'secret'`.
_SCHEME_IN_CODE = tuple(
    _shape(name, rf"""{name}\s?["'`]\s{{0,2}}[+.]\s{{0,2}}["'`](?P<value>{_TOKEN}{{6,}})""")
    for name in ("bearer", "basic")
)
_IN_URLS = (
    _shape("://", r"""://(?P<value>[^\s/@"'<>\\?#]{1,400})@"""),
    _shape("//", r"""//(?<!://)[^\s/@:"'<>\\]{0,100}:(?P<value>[^\s/@"'<>\\?#]{3,400})@"""),
    _shape("://", r"""://[^\s/@:"'<>\\]{1,100}:(?!\d{1,5}(?!\w))(?P<value>[^\s/@"'<>\\]{4,400})"""),  # its "@" is lost
    *(
        _shape(
            mark,
            rf"{re.escape(mark)}(?:[\w.-]{{0,40}}[_.-])?(?:key|apikey|token|secret|password|pwd|auth|sig|signature|code"
            r"|state|jwt|sid|session|x-amz-[a-z-]{1,30})=(?P<value>[^\s&\"'<>\\#]+)",
        )
        for mark in "?&;"
    ),
)
_FLAG = re.compile(
    r"-(?<![\w-]-)(?:u|-user|-proxy-user|U|a|-auth|-password|-token|-api-key|-http-password)[ =]{1,2}"
    r"""["']?(?P<value>[^\s"']+)"""
)
_PEM_BEGIN = "-----BEGIN "
_PEM_END = "-----END "

_HARMLESS = frozenset(
    [
        "realm",
        "error",
        "scope",
        "token",
        "tokens",
        "header",
        "headers",
        "auth",
        "authentication",
        "authorization",
        "scheme",
        "key",
        "keys",
        "null",
        "none",
        "true",
        "false",
        "undefined",
        "required",
        "invalid",
        "missing",
        "expired",
        "revoked",
        "string",
        "object",
        "bearer",
        "basic",
        "digest",
        "redacted",
        "filtered",
        "secure",
        "hidden",
        "masked",
        "empty",
        "unauthorized",
        "forbidden",
        "provided",
        "value",
        "not",
        "was",
        "is",
        "and",
        "or",
        "the",
    ]
)
_CHALLENGE = re.compile(r"(?:realm|error|scope|charset)=")
_PLAIN_WORD = re.compile(r"[a-z]+[.,:;!?]?")
_PIECE = re.compile(r"[A-Za-z0-9_\-+!|~*$%^#]{6,}")
_VARIABLE = re.compile(r"[A-Za-z]+(?:_[A-Za-z]+)+")
_BASE64 = re.compile(r"[A-Za-z0-9+/]{16,}={0,2}")
_ANY_BASE64 = re.compile(r"[\w+/=-]+", re.ASCII)
_WORD_CHARS = f"{ascii_letters}{digits}_-"
_WORD_BEFORE = 200
"""Characters in front of a run in which the beginning of its word is looked for."""
_WORD_START = re.compile(r"[A-Za-z0-9_-]*")
_SCHEME_NAME = re.compile(rf"(?:{'|'.join(_SCHEMES[:-1])})(?:\s|%20|\+|:){{1,3}}")


class _Patterns(NamedTuple):
    """The patterns of secrets, by what their matches mean."""

    shapes: tuple[_Shape, ...]
    values: tuple[_Shape, ...]
    named: tuple[_Shape, ...]
    schemes: tuple[_Shape, ...]

    def hinted_in(self, lower: str) -> "_Patterns":
        """Those whose hint is in the text; no part of it can have another."""
        return _Patterns(*[tuple([shape for shape in shapes if shape.hint in lower]) for shapes in self])


_PATTERNS = _Patterns(_SHAPES, (*_LINES, *_IN_URLS, *_SCHEME_IN_CODE), _NAMED, _SCHEME)


class _Secret(NamedTuple):
    """A secret as the spans of its pieces, of which most have one."""

    spans: list[_Span]
    rest: str = ""
    """A few letters behind a tear: they may be its last, which only another place can tell."""


_FEW = 2
MAX_RUNS = 200_000
"""Runs of secrets that are remembered: what a text has more of is no report but a list of keys."""


class Redactor:
    """Knows the secrets of some texts, and takes them out of any string, whole or in part."""

    def __init__(self, *texts: str) -> None:
        self._secrets: set[str] = set()
        self._runs: set[str] = set()
        self._done: dict[str, str] = {}
        self._hinted: dict[str, _Patterns] = {}
        for text in texts:
            self.learn(text)

    def learn(self, text: str) -> None:
        """Remember the secrets of one more text."""
        if text:
            lower = _lower(text)
            self._hinted[lower] = patterns = _PATTERNS.hinted_in(lower)
            self._remember(text, _secrets(text, lower, patterns))

    def __call__(self, text: str) -> str:
        """`text` with every secret replaced by `[redacted]`."""
        if len(text) < RUN:
            return text
        if text not in self._done:
            lower = _lower(text)
            known = next((patterns for whole, patterns in self._hinted.items() if lower in whole), _PATTERNS)
            secrets = list(_secrets(text, lower, known.hinted_in(lower)))
            self._remember(text, secrets)
            spans = chain.from_iterable(secret.spans for secret in secrets)
            self._done[text] = _replace(text, _merge([*spans, *self._known(text)]))
        return self._done[text]

    def _remember(self, text: str, secrets: Iterable[_Secret]) -> None:
        for spans, rest in secrets:
            parts = [text[start:end] for start, end in spans]
            for secret in {*parts, "\n".join(parts)} - self._secrets:
                self._secrets.add(secret)
                for piece in _pieces(secret):
                    self._know(piece)
            if rest:
                self._know(parts[-1][1 - RUN :] + rest)

    def _know(self, piece: str) -> None:
        if len(self._runs) < MAX_RUNS:
            self._runs.update([piece[i : i + RUN] for i in range(len(piece) - RUN + 1)])

    def _known(self, text: str) -> Iterator[_Span]:
        """Where runs of known secrets stand, with the rest of the words that they are parts of."""
        runs = self._runs
        hits = [(at, at + RUN) for at in range(len(text) - RUN + 1) if text[at : at + RUN] in runs] if runs else ()
        for start, end in _merge(hits):
            before, after = text[max(0, start - _WORD_BEFORE) : start], _WORD_START.match(text, end)
            word = start - len(before) + len(before.rstrip(_WORD_CHARS))
            prefix = len(PREFIX) if text[word:start].lower().startswith(PREFIX) else 0
            yield word + prefix, after.end() if after else end


_PASSES = 5
"""More than any text has needed; a bound, so that none takes longer than five."""


def redact(text: str) -> str:
    """`text` without its secrets: keys, bearer tokens, cookies, logins, other vendors' tokens.

    Idempotent, linear in the length of the text. A secret seen in one place is removed everywhere.
    """
    for _ in range(_PASSES):  # what is left of a value can read as another secret
        before, text = text, Redactor()(text)
        if text == before:
            break
    return text


def _secrets(text: str, lower: str, patterns: _Patterns) -> Iterator[_Secret]:
    """The secrets of the text, in no order. Our keys' public prefix is left out."""
    for start, end in _marked(text, lower, patterns):
        spans = [_without_prefix(lower, start, end)]
        torn = _TORN.match(text, end)
        while torn and (_is_piece(torn["rest"]) or _is_wrapped(text, torn)):
            spans.append(torn.span("rest"))
            torn = _TORN.match(text, torn.end())
        yield _Secret(spans, torn["rest"] if torn and len(torn["rest"]) <= _FEW else "")
    for span in _random(text):
        yield _Secret([_without_prefix(lower, *span)])
    for span in _pem_blocks(text):
        yield _Secret([span])


def _is_wrapped(text: str, torn: re.Match[str]) -> bool:
    """Whether the rest is the last letters of a secret that a mail wrapped: alone behind "=" and a line break."""
    return len(torn["rest"]) <= _FEW and "=\n" in text[torn.start() - 1 : torn.start() + 2]


def _without_prefix(lower: str, start: int, end: int) -> _Span:
    return start + len(PREFIX) if lower.startswith(PREFIX, start) else start, end


def _marked(text: str, lower: str, patterns: _Patterns) -> Iterator[_Span]:
    for match in _matches(patterns.shapes, text):
        yield match.span(match.lastindex or 0)
    for match in _OURS.finditer(lower) if "osapi" in lower else ():
        yield match.span("value")
    for match in _matches(patterns.values, lower):
        if span := _secret(match, "value", quoted=True):
            yield span
    for match in _named(patterns.named, lower):
        quoted = match["quoted"] is not None
        spaced = match["name"] == "key" and lower.startswith(" ", match.start() - 1)  # "the api key: …"
        prose = spaced or match[0].endswith((f" is {match['bare']}", f" was {match['bare']}"))
        if span := _secret(match, "quoted" if quoted else "bare", quoted=quoted or not prose):
            yield span
    for match in (*_matches(patterns.schemes, lower), *_FLAG.finditer(text)):
        if span := _secret(match, "value", quoted=False):
            yield span


def _named(shapes: Iterable[_Shape], lower: str) -> Iterator[re.Match[str]]:
    """Names with their values, in order; a name within another's value is none, as in a list of names."""
    found = [match for shape in shapes if (match := shape.pattern.search(lower))]
    while found:
        first = min(found, key=lambda match: match.start())
        yield first
        end = first.end()
        found = [later for match in found if (later := _from(end, match))]


def _from(at: int, match: re.Match[str]) -> re.Match[str] | None:
    """The match, or the next of its pattern where it begins before `at`."""
    return match if match.start() >= at else match.re.search(match.string, at)


def _matches(shapes: Iterable[_Shape], text: str) -> list[re.Match[str]]:
    return [match for shape in shapes for match in shape.pattern.finditer(text)]


def _is_piece(token: str) -> bool:
    """Whether what follows a secret is more of it: no word, no number, no name of several words."""
    return not all(_WORD.fullmatch(word) for word in _JOINTS.split(token) if word)


def _random(text: str) -> Iterator[_Span]:
    """Where words stand that only chance writes, with the `=` that fills up base64 behind them."""
    end = 0
    words = text.encode("ascii", "replace").translate(_WORDS)  # one byte for each character
    for word in [word for word in words.split() if len(word) >= _MIN_RANDOM and not word.isalpha()]:
        start = words.index(word, end)
        end = start + len(word)
        fill = text[end : end + 2]
        end += len(fill) - len(fill.lstrip("="))
        if _is_random(text[start:end]):
            yield start, end


def _is_random(token: str) -> bool:
    """Letters and digits in an order that no word has; from 24 characters on, any mixture of them."""
    classes = token.encode().translate(_CLASSES)
    digits = classes.count(b"0")
    if not digits or not (b"a" in classes or b"A" in classes):
        return False
    if len(token) >= 24:
        return True
    if digits < 2 or not (b"a" in classes and b"A" in classes):
        return False
    return sum(one != two for one, two in pairwise(classes)) >= 6


def _lower(text: str) -> str:
    """Lower case of the same length, so that offsets hold: a search without IGNORECASE is several times faster."""
    lower = text.lower()
    return lower if len(lower) == len(text) else "".join(c.lower() if c.isascii() else c for c in text)


def _secret(match: re.Match[str], group: str, *, quoted: bool) -> _Span | None:
    """The span of the secret in a matched value: without its scheme; None for a mask, a challenge, a plain word."""
    start, end = match.span(group)
    value = match[group]
    while scheme := _SCHEME_NAME.match(value):
        value = value[scheme.end() :]
        start += scheme.end()
    bare = value.strip(" \t.,:;!?*")
    if len(bare) < 4 or bare in _HARMLESS or (bare.isdecimal() and len(bare) < 12) or _CHALLENGE.match(bare):
        return None
    if not value.replace(MASK, "").replace(PREFIX, "").strip(" ;,."):
        return None
    return (start, end) if quoted or len(bare) >= 20 or not _PLAIN_WORD.fullmatch(bare) else None


def _pem_blocks(text: str) -> Iterator[_Span]:
    start = text.find(_PEM_BEGIN)
    while start >= 0:
        end = text.find(_PEM_END, start)
        if end < 0:
            yield start, len(text)
            return
        body = text.find("-----", start + len(_PEM_BEGIN), end)
        yield (body + 5 if body >= 0 else start), end
        start = text.find(_PEM_BEGIN, end)


def _pieces(secret: str) -> Iterator[str]:
    """Parts of a secret by which it is known elsewhere: as they are, decoded, in base64, mended where it is torn."""
    plain = secret.replace(MASK, " ").replace(PREFIX, " ")
    for piece in _PIECE.findall(f"{unquote(plain)} {plain}" if "%" in plain else plain):
        if _VARIABLE.fullmatch(piece) or (len(piece) < 16 and _WORD.fullmatch(piece)):
            continue
        yield piece
        for shift in range(3) if len(piece) <= 200 else ():
            encoded = base64.b64encode(b"\0" * shift + piece.encode()).decode()
            yield encoded[shift + (shift > 0) : -4]  # without what its neighbours have a part in
    if "/" in plain or "=" in plain:  # what has neither is part of a piece above
        yield from (token for token in _BASE64.findall(plain) if _is_random(token))
    decoded = _from_base64(secret)
    if decoded:
        yield from (half for half in decoded.split(":", 1) if len(half) >= RUN)
    left = ""
    for half in _TEARS.split(plain):
        if half.strip("~+-_"):
            yield left + half[: RUN - 1]
            left = (left + half)[1 - RUN :]


def _from_base64(text: str) -> str | None:
    token = text.strip()
    if not 8 <= len(token) <= 4096 or not _ANY_BASE64.fullmatch(token):
        return None
    try:
        raw = base64.b64decode(token.replace("-", "+").replace("_", "/") + "=" * (-len(token) % 4))
        decoded = raw.decode("utf-8")
    except (binascii.Error, ValueError):
        return None
    return decoded if decoded.isprintable() else None


def _merge(spans: Iterable[_Span]) -> list[_Span]:
    merged: list[_Span] = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        elif end > start:
            merged.append((start, end))
    return merged


def _replace(text: str, spans: list[_Span]) -> str:
    parts: list[str] = []
    at = 0
    for start, end in spans:
        parts += (text[at:start], MASK)
        at = end
    return "".join((*parts, text[at:]))
