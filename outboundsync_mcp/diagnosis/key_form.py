"""Is this string a documented `osapi_…` key, and if not, what happened to it? Never tells a character of it.

Surroundings that cannot belong to a key (whitespace, quotes, `Bearer `) are mended; all else is a fault, and a
faulty value must not be sent anywhere: it may be another vendor's secret.
"""

import re
import unicodedata
from base64 import b64decode
from binascii import Error as Base64Error
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from outboundsync_mcp.diagnosis.evidence import KeyFault

PREFIX: Final = "osapi_"
MIN_SECRET_CHARS: Final = 8
"""Shortest secret part that is sent. The vendor documents no length: it is our guess at what was cut off."""
MAX_SECRET_CHARS: Final = 512
"""Longest secret part that is sent, and a guess as well: what is longer was pasted along with something."""
_MAX_VALUE_CHARS = 4096  # what is longer is taken for no key, whatever it is: keeps every check below short
_MAX_RAW_CHARS = 65_536  # the same before the blanks around it are gone


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyForm:
    """What a key-like string is. Either `key` or `fault` is set; no other field has a character of the key."""

    key: str | None = field(default=None, repr=False)
    """The key in its documented form, mended where that was safe."""
    fault: KeyFault | None = None
    detail: str | None = None
    """With a fault: one sentence that begins with "The value"."""
    vendor: str | None = None
    """KeyFault.OTHER_VENDOR: whose key it looks like."""
    mended: tuple[str, ...] = ()
    """What was removed around the key, such as "surrounding quotes were removed"."""
    mended_faults: tuple[KeyFault, ...] = ()
    """The same as faults: what was wrong with a request that sent the value just as it stands."""


def check_key(raw: str) -> KeyForm:
    """Judge a configured or quoted key. Linear time; positions in the detail count characters of `raw` from 1.

    A quoted `Authorization` header is judged by what follows its own `Bearer `: any further one is mended here.
    """
    trimmed = _Trimmed(raw)
    finding = _find_fault(trimmed)
    return KeyForm(
        key=None if finding else trimmed.text,
        fault=finding.fault if finding else None,
        detail=f"The value {finding.detail}." if finding else None,
        vendor=finding.vendor if finding else None,
        mended=tuple(trimmed.mended),
        mended_faults=tuple(dict.fromkeys(trimmed.mended.values())),
    )


def looks_like_a_key(text: str) -> bool:
    """Tell whether the text holds what may be a key, ours or another vendor's, and must not be shown."""
    return PREFIX in text.lower() or vendor_of(_Trimmed(text).text) is not None


def vendor_of(text: str) -> str | None:
    """Return the other vendor whose keys have this form, or None; `text` is a bare key."""
    if len(text) > _MAX_VALUE_CHARS:
        return None
    for vendor, form in _VENDOR_FORMS:
        if form.fullmatch(text):
            return vendor
    return "Instantly" if _is_base64_of_uuid(text) else None


# What surrounds a key -------------------------------------------------------------------------------------

# Whitespace of every script, zero-width and formatting characters, the BOM among them.
_BLANKS = "".join(
    chr(code)
    for first, last in (
        (0x09, 0x0D), (0x1C, 0x20), (0x85, 0x85), (0xA0, 0xA0), (0xAD, 0xAD), (0x61C, 0x61C), (0x1680, 0x1680),
        (0x180E, 0x180E), (0x2000, 0x200F), (0x2028, 0x202F), (0x205F, 0x206F), (0x2800, 0x2800),
        (0x3000, 0x3000), (0x3164, 0x3164), (0xFEFF, 0xFEFF),
    )
    for code in range(first, last + 1)
)  # fmt: skip
_QUOTES = "\"'`´“”„‟‘’‚‛«»‹›″′＂＇"
_QUOTE_PAIRS = (
    *((quote, quote) for quote in _QUOTES),
    *(("“", "”"), ("„", "“"), ("„", "”"), ("‘", "’"), ("‚", "‘"), ("‚", "’")),
    *(("«", "»"), ("»", "«"), ("‹", "›"), ("›", "‹"), ("`", "´"), ("`", "'")),
    *(('\\"', '\\"'), ("\\'", "\\'")),
)
_OPENING_QUOTES = frozenset(opening[0] for opening, _ in _QUOTE_PAIRS)
_BEARER = re.compile(r"bearer(?:[\s:]+|$)", re.IGNORECASE)
_HEADER_NAME = re.compile(r"(?:proxy-)?authorization\s*:\s*", re.IGNORECASE)


class _Trimmed:
    """A raw value without its surroundings: `text`, where that starts in the raw value, and what was removed."""

    def __init__(self, raw: str) -> None:
        self.text = raw
        self.start = 0
        self.bearers = 0
        self.mended: dict[str, KeyFault] = {}
        if len(raw) > _MAX_RAW_CHARS:
            return
        self._drop_blanks()
        # One step a round, so the length is bounded first.
        while len(self.text) <= _MAX_VALUE_CHARS and (self._unquote() or self._drop_header() or self._drop_bearer()):
            self._drop_blanks()
        if self.bearers:
            times = "a leading" if self.bearers == 1 else "a repeated leading"
            self.mended[f'{times} "Bearer" was removed'] = KeyFault.DOUBLE_BEARER

    def _cut(self, front: int, back: int = 0) -> None:
        self.start += front
        self.text = self.text[front : len(self.text) - back]

    def _drop_blanks(self) -> None:
        front = len(self.text) - len(self.text.lstrip(_BLANKS))
        back = len(self.text) - front - len(self.text[front:].rstrip(_BLANKS))
        removed = {*self.text[:front], *self.text[len(self.text) - back :]}
        self._cut(front, back)
        if any(char.isascii() for char in removed):
            self.mended["surrounding whitespace was removed"] = KeyFault.WHITESPACE
        for char in sorted(char for char in removed if not char.isascii())[:3]:
            self.mended[f"surrounding {_code_point(char)} was removed"] = KeyFault.INVISIBLE

    def _unquote(self) -> bool:
        if self.text[:1] not in _OPENING_QUOTES:
            return False
        for opening, closing in _QUOTE_PAIRS:
            size = len(opening)
            if len(self.text) >= 2 * size and self.text.startswith(opening) and self.text.endswith(closing):
                self._cut(size, size)
                self.mended["surrounding quotes were removed"] = KeyFault.QUOTED
                return True
        return False

    def _drop_header(self) -> bool:
        if match := _HEADER_NAME.match(self.text):
            self._cut(match.end())
            self.mended['the header name "Authorization:" in front was removed'] = KeyFault.DOUBLE_BEARER
        return match is not None

    def _drop_bearer(self) -> bool:
        if match := _BEARER.match(self.text):
            self._cut(match.end())
            self.bearers += 1
        return match is not None


# What a value can be --------------------------------------------------------------------------------------


class _Finding(NamedTuple):
    fault: KeyFault
    detail: str
    """The sentence after "The value"."""
    vendor: str | None = None


def _find_fault(trimmed: _Trimmed) -> _Finding | None:
    """Return what is wrong with a trimmed value, the most telling fault first."""
    text = trimmed.text
    if not text:
        what = 'has the word "Bearer" and nothing after it' if trimmed.bearers else "is empty"
        return _Finding(KeyFault.MISSING, what)
    if len(text) > _MAX_VALUE_CHARS:
        return _Finding(
            KeyFault.TOO_LONG, f"has more than {_MAX_VALUE_CHARS} characters: this server takes it for no key"
        )
    for stands_in, finding in _STAND_INS:
        if stands_in(text):
            return finding
    return _find_vendor(text) or _find_character(trimmed) or _find_prefix(text) or _find_length(text)


def _find_vendor(text: str) -> _Finding | None:
    vendor = vendor_of(text)
    if vendor is None:
        return None
    detail = f"has the form of a key from {vendor}, which OutboundSync does not accept"
    return _Finding(KeyFault.OTHER_VENDOR, detail, vendor)


def _find_character(trimmed: _Trimmed) -> _Finding | None:
    """Find the first character that a Bearer token cannot hold (RFC 6750 §2.1).

    It is said by its position, and by its code point if it is not printed.
    """
    match = _BAD_CHARACTER.search(trimmed.text)
    if match is None:
        return None
    char = match[0]
    where = f"at position {trimmed.start + match.start() + 1}"
    if char in _QUOTES:
        name = "a quote" if char.isascii() else _code_point(char)
        return _Finding(KeyFault.QUOTED, f"has {name} {where}")
    if char in "\r\n":
        return _Finding(KeyFault.WHITESPACE, f"has a line break {where}, inside the key")
    if char in " \t\v\f":
        return _Finding(KeyFault.WHITESPACE, f"has {_code_point(char)} {where}, inside the key")
    if not char.isascii() or not char.isprintable():
        return _Finding(KeyFault.INVISIBLE, f"has {_code_point(char)} {where}, which a Bearer token cannot hold")
    return _find_prefix(trimmed.text) or _Finding(
        KeyFault.BAD_CHARACTER,
        f"has a character {where} that a Bearer token cannot hold: letters, digits and . _ ~ + / = - are allowed",
    )


def _find_prefix(text: str) -> _Finding | None:
    if text.startswith(PREFIX):
        if PREFIX not in text[len(PREFIX) :]:
            return None
        return _Finding(KeyFault.BAD_CHARACTER, "has `osapi_` twice, as if the key was pasted twice")
    if text.lower().startswith(PREFIX):
        detail = "begins with `osapi_` in the wrong case: a key begins with it in small letters"
    elif PREFIX in text:
        detail = "has something in front of `osapi_`: a key begins with it"
    else:
        detail = "does not begin with `osapi_`, as every OutboundSync API key does"
    return _Finding(KeyFault.NO_PREFIX, detail)


def _find_length(text: str) -> _Finding | None:
    length = len(text) - len(PREFIX)
    if length < MIN_SECRET_CHARS:
        return _Finding(
            KeyFault.TOO_SHORT,
            f"has fewer than {MIN_SECRET_CHARS} characters after `osapi_`: this server takes it for cut off",
        )
    if length > MAX_SECRET_CHARS:
        detail = (
            f"has more than {MAX_SECRET_CHARS} characters after `osapi_`: "
            "this server takes it for a key with something else pasted along"
        )
        return _Finding(KeyFault.TOO_LONG, detail)
    return None


def _code_point(char: str) -> str:
    """Return `U+200B ZERO WIDTH SPACE`."""
    if "\udc80" <= char <= "\udcff":  # how Python reads an environment that is not UTF-8
        return f"a byte that is not UTF-8 (0x{ord(char) - 0xDC00:02X})"
    name = _NAMES.get(char) or unicodedata.name(char, "")
    return f"U+{ord(char):04X} {name}".rstrip()


_NAMES = {
    "\0": "NULL",
    "\t": "TAB",
    "\x1b": "ESCAPE",
    "\x7f": "DELETE",
    "\x85": "NEXT LINE",
    "\ufeff": "BYTE ORDER MARK",
}
_BAD_CHARACTER = re.compile(r"[^A-Za-z0-9._~+/=-]")

# Stand-ins: what people, templates and logs put where the key should be -----------------------------------

_NOTHING = frozenset({"null", "none", "nil", "undefined", "nan", "false", "true", "(null)", "<null>", "n/a"})
_VARIABLE_NAME = re.compile(r"(?:OUTBOUND_?SYNC|OSAPI)_[A-Z_]*(?:KEY|TOKEN|SECRET)[A-Z_]*")
_REFERENCE = re.compile(
    r"\$[{(A-Za-z_]|%[A-Za-z_][A-Za-z0-9_]*%|\{\{|\}\}|<%|#\{"
    r"|^(?:op|vault|secret|ssm|aws-?sm|gcpsm|keyring|keychain|doppler|infisical|bws|ref\+[a-z]{1,20}|file)://"
    r"|^(?:env|vault|ssm|secret|input|keyring|aws-?sm|file):"
    r"|^arn:aws|^@Microsoft\.KeyVault|^projects/[^/]+/secrets/|^!(?:Ref|Sub|GetAtt|env|vault)\b"
    r"|^(?:process\.env|import\.meta\.env|os\.environ|os\.getenv|ENV\[|getenv\()",
    re.IGNORECASE,
)
_PATH = re.compile(r"(?:~|\.{1,2})/\S+|/[\w.~-]+(?:/[\w.~-]+)+|[A-Za-z]:\\\S+", re.ASCII)
_PLACEHOLDER_WORD = (
    "outboundsync|placeholder|credentials?|changeme|changeit|secrets?|example|replace|actual|bearer|insert|sample"
    "|string|values?|tokens?|change|dummy|fixme|paste|enter|osapi|keys?|your|here|goes|with|this|todo|fake|real|api"
    "|put|add|tbd|the|own|new|me|my|(?:(?:live|test|prod)[_-])?x{3,}"
    "|schl(?:ue|ü)ssel|chiave|sleutel|nyckel|anahtar|chave|clave|llave|klucz|tutaj|votre|cl[eé]|dein|mein|hier|jouw"
    "|mijn|twoj|twój|aqu[ií]|ici|sua|seu|tua|ihr|tu|su|la|il"
)
# Possessive, so that no value can make it try every way of splitting it into words.
_PLACEHOLDER = re.compile(
    rf"(?:(?:{_PLACEHOLDER_WORD})[\s_.:-]*+)++!?|osapi[_-]*|(?:osapi_)?(?:\.{{2,}}|…+)", re.IGNORECASE
)
_BRACKETED = re.compile(r"(?:osapi_)?(?:<[^<>]*>|\[[^\[\]]*\]|\{[^{}\"]*\})", re.IGNORECASE)
_MASK = re.compile(
    r"[*•●∙·⋅▪■█░▒▓☆★✱＊]{2,}|_\*|[…⋯‥]|\.{3,}|x{8,}|#{4,}"
    r"|[\[<({](?:filtered|redacted|masked|hidden|removed|sensitive)"
    r"|(?<![a-z0-9])(?:filtered|redacted|masked)(?![a-z0-9])",
    re.IGNORECASE,
)
_OTHER_SCHEME = re.compile(
    r"(?:basic|digest|negotiate|ntlm|token|api-?key|aws4-hmac-sha256)\s+\S|(?:x-(?:api|auth)|api|auth)-?(?:key|token)\s*:",
    re.IGNORECASE,
)
_ASSIGNMENT = re.compile(
    r"""(?:(?:export|setx?|env|-e|--env)\s+)?["']?(?P<name>[A-Za-z_][A-Za-z0-9_.-]*)["']?\s*[=:]\s*["']?(?P<value>.*)""",
    re.DOTALL | re.IGNORECASE,
)
_KEY_NAME = re.compile(r"KEY|TOKEN|SECRET|BEARER|AUTH|OUTBOUNDSYNC", re.IGNORECASE)


def _is_assignment(text: str) -> bool:
    """`NAME=value` or `name: value`, told from a key that has `=` in it by the words on either side."""
    if text.lower().startswith(PREFIX) or vendor_of(text):
        return False
    match = _ASSIGNMENT.match(text)
    if match is None:
        return False
    return match["value"].lower().startswith((PREFIX, "bearer")) or _KEY_NAME.search(match["name"]) is not None


_DOCUMENTATION = _Finding(KeyFault.PLACEHOLDER, "is a placeholder from documentation or a template, not a key")
_STAND_INS: tuple[tuple[Callable[[str], object], _Finding], ...] = (
    (
        lambda text: text.lower() in _NOTHING,
        _Finding(KeyFault.PLACEHOLDER, "is a word that programs write for an unset variable, not a key"),
    ),
    (
        _VARIABLE_NAME.fullmatch,
        _Finding(KeyFault.UNEXPANDED, "is the name of a variable, not the key that it holds"),
    ),
    (
        _REFERENCE.search,
        _Finding(KeyFault.UNEXPANDED, "is a reference to a variable or a secret store that nothing has expanded"),
    ),
    (
        _PATH.fullmatch,
        _Finding(KeyFault.UNEXPANDED, "is the path of a file, not a key: a path belongs in OUTBOUNDSYNC_API_KEY_FILE"),
    ),
    (
        re.compile(r'\{\s*"').match,
        _Finding(KeyFault.UNEXPANDED, "is a JSON object: only the key itself belongs there"),
    ),
    (_PLACEHOLDER.fullmatch, _DOCUMENTATION),
    (
        _MASK.search,
        _Finding(KeyFault.MASKED, "is masked or cut short, as a log or a screen shows a key: the key itself is needed"),
    ),
    (
        _BRACKETED.fullmatch,
        _Finding(KeyFault.PLACEHOLDER, "is in brackets, as documentation writes a placeholder"),
    ),
    (
        _OTHER_SCHEME.match,
        _Finding(
            KeyFault.WRONG_SCHEME, "begins with another way to sign in: the API takes `Authorization: Bearer osapi_…`"
        ),
    ),
    (
        _is_assignment,
        _Finding(KeyFault.UNEXPANDED, "is a whole NAME=value line: only the part after the name belongs there"),
    ),
)

# Other vendors' keys --------------------------------------------------------------------------------------

_VENDOR_FORMS = tuple(
    (vendor, re.compile(form))
    for vendor, form in (
        ("HubSpot", r"pat-[a-z]{2,4}[0-9]{0,2}-[0-9A-Za-z-]{4,}"),
        ("Salesforce", r"00D[A-Za-z0-9]{6,15}!\S+"),
        ("Smartlead", r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}_[0-9A-Za-z]{3,32}"),
        ("EmailBison", r"[0-9]{1,9}\|[A-Za-z0-9]{8,}"),
        ("Anthropic", r"sk-ant-[A-Za-z0-9_-]{4,}"),
        ("OpenAI", r"sk-[A-Za-z0-9_-]{8,}"),
        ("GitHub", r"gh[pousr]_[A-Za-z0-9_]{8,}|github_pat_[A-Za-z0-9_]{8,}"),
        ("Slack", r"(?:xox[a-z]|xapp)-[A-Za-z0-9.-]{8,}"),
        ("SendGrid", r"SG\.[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]+)?"),
        ("Stripe", r"(?:sk|rk|pk)_(?:live|test)_[A-Za-z0-9]{8,}"),
        ("AWS", r"(?:AKIA|ASIA)[A-Z0-9]{16}"),
        ("Google", r"AIza[A-Za-z0-9_-]{30,}|ya29\.[A-Za-z0-9_.-]{20,}"),
        ("an issuer of JSON Web Tokens", r"eyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*"),
        ("HeyReach", r"[A-Za-z0-9+/]{43}="),
        ("Instantly", r"[A-Za-z0-9+/]{58,}={1,2}"),
    )
)
_LONG_BASE64 = re.compile(r"[A-Za-z0-9+/]{50,}={0,2}")
_UUID_IN_FRONT = re.compile(rb"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}:")


def _is_base64_of_uuid(text: str) -> bool:
    """Instantly's keys are a UUID, a colon and a secret, in base64; the padding is easily lost in a copy."""
    if not _LONG_BASE64.fullmatch(text):
        return False
    try:
        return _UUID_IN_FRONT.match(b64decode(text + "==")) is not None  # more padding than it takes does no harm
    except Base64Error:
        return False
