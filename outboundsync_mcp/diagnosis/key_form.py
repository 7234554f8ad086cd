"""Is this string a documented `osapi_…` key, and if not, what happened to it? Never tells a character of it.

Surroundings that cannot belong to a key (whitespace, quotes, `Bearer `) are mended; all else is a fault, and a
faulty value must not be sent anywhere: it may be another vendor's secret.
"""

import re
import unicodedata
from base64 import b64decode
from binascii import Error as Base64Error
from dataclasses import dataclass, field
from typing import Final

from outboundsync_mcp.diagnosis.evidence import KeyFault

PREFIX: Final = "osapi_"
MIN_SECRET_CHARS: Final = 8
"""Shortest secret part that is sent. The vendor documents no length: this only catches cut-off values."""
MAX_SECRET_CHARS: Final = 512
_MAX_VALUE_CHARS = 4096  # what is longer is no key, whatever it is: keeps every check below linear and short


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
    """The same as faults: what is wrong with a request that sent the value just as it stands."""


def check_key(raw: str) -> KeyForm:
    """Judge a configured or quoted key value. Positions in details count characters from 1. Linear time."""
    trimmed = _Trimmed(raw)
    form = _judge(trimmed)
    if form.fault is None:
        return KeyForm(key=trimmed.text, mended=tuple(trimmed.notes), mended_faults=tuple(trimmed.faults))
    return KeyForm(
        fault=form.fault,
        detail=f"The value {form.detail}.",
        vendor=form.vendor,
        mended=tuple(trimmed.notes),
        mended_faults=tuple(trimmed.faults),
    )


def looks_like_a_key(text: str) -> bool:
    """Tell whether the text holds what may be a key, ours or another vendor's, and must not be shown."""
    if len(text) > _MAX_VALUE_CHARS or PREFIX in text.lower():
        return True
    return vendor_of(_Trimmed(text).text) is not None


def vendor_of(text: str) -> str | None:
    """Return the vendor whose key has this form, or None; `text` is the bare key."""
    for vendor, form in _VENDOR_FORMS:
        if form.fullmatch(text):
            return vendor
    return "Instantly" if _is_base64_of_uuid(text) else None


# What surrounds a key -------------------------------------------------------------------------------------

_QUOTE_PAIRS = (
    ('\\"', '\\"'),
    ("\\'", "\\'"),
    *((quote, quote) for quote in "\"'`´“”„‟‘’‚‛″′＂＇"),
    *(("“”", "”“", "„“", "„”", "‘’", "’‘", "‚‘", "‚’", "«»", "»«", "‹›", "`´", "`'")),
)
_QUOTES = frozenset("\"'`´“”„‟‘’‚‛«»‹›″′＂＇")
_BEARER = re.compile(r"bearer(?:[\s:]+|$)", re.IGNORECASE)
_HEADER_NAME = re.compile(r"(?:proxy-)?authorization\s*:\s*", re.IGNORECASE)


class _Trimmed:
    """A raw value without its surroundings: `text`, where it starts in the raw value, and what was removed."""

    def __init__(self, raw: str) -> None:
        self.text = raw
        self.start = 0
        self.notes: dict[str, None] = {}
        self.faults: dict[KeyFault, None] = {}
        self.bearers = 0
        self._trim_edges()
        # The length is bounded before the loop, which may take one pair of quotes a round.
        while len(self.text) <= _MAX_VALUE_CHARS and (
            self._unquote() or self._drop_header_name() or self._drop_bearer()
        ):
            self._trim_edges()

    def _cut(self, front: int, back: int = 0) -> None:
        self.start += front
        self.text = self.text[front : len(self.text) - back]

    def _note(self, note: str, fault: KeyFault) -> None:
        self.notes[note] = None
        self.faults[fault] = None

    def _trim_edges(self) -> None:
        front = next((i for i, char in enumerate(self.text) if not _is_blank(char)), len(self.text))
        back = next((i for i, char in enumerate(reversed(self.text)) if not _is_blank(char)), 0)
        removed = set(self.text[:front]) | set(self.text[len(self.text) - back :])
        self._cut(front, back if front < len(self.text) else 0)
        if any(char.isascii() for char in removed):
            self._note("surrounding whitespace was removed", KeyFault.WHITESPACE)
        for char in sorted(char for char in removed if not char.isascii())[:3]:
            self._note(f"surrounding {_code_point(char)} was removed", KeyFault.INVISIBLE)

    def _unquote(self) -> bool:
        for opening, closing in _QUOTE_PAIRS:
            size = len(opening)
            if len(self.text) >= 2 * size and self.text.startswith(opening) and self.text.endswith(closing):
                self._cut(size, size)
                self._note("surrounding quotes were removed", KeyFault.QUOTED)
                return True
        return False

    def _drop_header_name(self) -> bool:
        if match := _HEADER_NAME.match(self.text):
            self._cut(match.end())
            self._note('the header name "Authorization:" in front was removed', KeyFault.DOUBLE_BEARER)
        return match is not None

    def _drop_bearer(self) -> bool:
        if match := _BEARER.match(self.text):
            self._cut(match.end())
            self.bearers += 1
            self._note('a leading "Bearer" was removed', KeyFault.DOUBLE_BEARER)
        return match is not None


def _is_blank(char: str) -> bool:
    """Whitespace of any script, zero-width and formatting characters, the BOM among them."""
    return char.isspace() or (not char.isascii() and unicodedata.category(char) == "Cf")


# What a value can be --------------------------------------------------------------------------------------

_REFERENCE = re.compile(
    r"\$\{|\$\(|\$[A-Za-z_]|%[A-Za-z_][A-Za-z0-9_]*%|\{\{|\}\}|<%|#\{"
    r"|^(?:op|vault|secret|ssm|awssm|gcpsm|keyring|keychain|doppler|infisical|bws|ref\+\w{1,20}|file)://"
    r"|^(?:env|vault|ssm|secret|input|keyring|aws-?sm|file)[:/]"
    r"|^arn:aws|^@Microsoft\.KeyVault|^projects/[^/]+/secrets/"
    r"|^!(?:Ref|Sub|GetAtt|vault)\b|^(?:process\.env|import\.meta\.env|os\.environ|os\.getenv|ENV\[|getenv\()",
    re.ASCII | re.IGNORECASE,
)
_ASSIGNMENT = re.compile(
    r"""(?:(?:export|set|setx|env|ENV|-e|--env)\s+)?["']?[A-Za-z_$][A-Za-z0-9_.:$-]*["']?\s*(?:=|:\s)\s*(?P<value>.*)""",
    re.ASCII | re.DOTALL,
)
_KEY_NAME = re.compile(r"KEY|TOKEN|SECRET|BEARER|AUTH|OUTBOUNDSYNC", re.ASCII | re.IGNORECASE)
_VARIABLE_NAME = re.compile(r"(?:OUTBOUND_?SYNC|OSAPI)_[A-Z_]*(?:KEY|TOKEN|SECRET)[A-Z_]*", re.ASCII)
_PATH = re.compile(r"~?/[\w.~-]+(?:/[\w.~-]+)+|~/\S+|\.{1,2}/\S+|[A-Za-z]:\\\S+", re.ASCII)
_OTHER_SCHEME = re.compile(
    r"(?:basic|digest|negotiate|ntlm|token|apikey|api-key|aws4-hmac-sha256|hmac)[\s:]\s*\S"
    r"|(?:x-)?(?:api|auth)-?(?:key|token)\s*:",
    re.ASCII | re.IGNORECASE,
)
_NOTHING = frozenset({"null", "none", "nil", "undefined", "nan", "false", "true", "(null)", "<null>", "n/a"})
_MASK = re.compile(
    r"[*•●∙·⋅▪■█░▒▓☆★✱＊]{2,}|…|\.{3,}|(?:osapi_|_)\*"
    r"|[\[<({](?:filtered|redacted|masked|hidden|removed|sensitive)[^\])>}]{0,40}[\])>}]"
    r"|\b(?:redacted|filtered)\b|[xX]{8,}|[#]{4,}",
    re.IGNORECASE,
)
# `osapi_...`, `osapi_xxxx`, `osapi_****`: nothing of a key is left, as documentation writes it.
_DOTS_ONLY = re.compile(r"(?:osapi_)?(?:\.{2,}|…+)", re.IGNORECASE)
_PLACEHOLDER_WORDS = (
    "outboundsync|placeholder|credentials?|changeme|changeit|secrets?|example|replace|version|actual|bearer"
    "|insert|sample|string|values?|tokens?|change|dummy|fixme|paste|enter|keys?|your|here|goes|with|this|that"
    "|todo|fake|real|real|osapi|api|put|add|tbd|foo|bar|baz|the|our|own|new|me|my|id|x{3,}|y{3,}|z{3,}|0{3,}|_+|-+"
)
_PLACEHOLDER = re.compile(rf"(?:osapi[_-])?(?:(?:{_PLACEHOLDER_WORDS})[\s_.-]*+)++!?", re.ASCII | re.IGNORECASE)
_BRACKETED = re.compile(r"(?:osapi_)?(?:<[^<>]*>|\[[^\[\]]*\]|\{[^{}]*\})", re.IGNORECASE)
_BAD_CHARACTER = re.compile(r"[^A-Za-z0-9._~+/=-]")

_VENDOR_FORMS = tuple(
    (vendor, re.compile(form, re.ASCII))
    for vendor, form in (
        ("HubSpot", r"pat-[a-z]{2}[0-9]-[0-9A-Za-z-]{8,}"),
        ("HubSpot", r"CO[A-Za-z0-9_-]{2,}[A-Za-z0-9_/+-]{60,}=*"),
        ("Salesforce", r"00D[A-Za-z0-9]{12,15}!\S{8,}"),
        ("Salesforce", r"3MVG9[A-Za-z0-9._]{40,}"),
        ("Smartlead", r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}_[0-9a-z]{4,16}"),
        ("EmailBison", r"[0-9]{1,9}\|[A-Za-z0-9]{20,}"),
        ("Anthropic", r"sk-ant-[A-Za-z0-9_-]{8,}"),
        ("OpenRouter", r"sk-or-[A-Za-z0-9_-]{8,}"),
        ("OpenAI", r"sk-(?:proj-|svcacct-|admin-)?[A-Za-z0-9_-]{16,}"),
        ("GitHub", r"(?:gh[pousr]_[A-Za-z0-9_]{16,}|github_pat_[A-Za-z0-9_]{16,})"),
        ("GitLab", r"glpat-[A-Za-z0-9_.-]{16,}"),
        ("Slack", r"(?:xox[a-z]|xapp)-[A-Za-z0-9.-]{8,}"),
        ("SendGrid", r"SG\.[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]{8,})?"),
        ("Stripe", r"(?:(?:sk|rk|pk)_(?:live|test)_|whsec_)[A-Za-z0-9_]{8,}"),
        ("AWS", r"(?:AKIA|ASIA)[A-Z0-9]{16}"),
        ("Google", r"AIza[A-Za-z0-9_-]{30,}|ya29\.[A-Za-z0-9_.-]{20,}|GOCSPX-[A-Za-z0-9_-]{16,}"),
        ("Apollo or npm", r"npm_[A-Za-z0-9]{20,}"),
        ("a JWT issuer", r"eyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*"),
        ("HeyReach", r"[A-Za-z0-9+/]{43}="),
        ("Instantly", r"(?=.{60,})[A-Za-z0-9+/]+={1,2}"),
    )
)
_UUID_IN_FRONT = re.compile(rb"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}:")


def _judge(trimmed: _Trimmed) -> KeyForm:
    """Return the fault of a trimmed value, its detail without "The value" and full stop, or no fault."""
    text = trimmed.text
    if not text:
        what = 'has the word "Bearer" and nothing after it' if trimmed.bearers else "is empty"
        return KeyForm(fault=KeyFault.MISSING, detail=what)
    if len(text) > _MAX_VALUE_CHARS:
        return KeyForm(
            fault=KeyFault.TOO_LONG, detail=f"has more than {_MAX_VALUE_CHARS} characters: no key is that long"
        )
    return (
        _judge_stand_in(text)
        or _judge_vendor(text)
        or _judge_characters(trimmed)
        or _judge_prefix(text)
        or _judge_length(text)
        or KeyForm()
    )


def _judge_stand_in(text: str) -> KeyForm | None:
    """Find what stands where a key should: a reference, an assignment, a placeholder, a mask."""
    if text.lower() in _NOTHING:
        return KeyForm(
            fault=KeyFault.PLACEHOLDER, detail="is a word that programs write for an unset variable, not a key"
        )
    if _DOTS_ONLY.fullmatch(text) or (len(text) <= 100 and _PLACEHOLDER.fullmatch(text)):
        if _VARIABLE_NAME.fullmatch(text):
            return KeyForm(fault=KeyFault.UNEXPANDED, detail="is the name of a variable, not the key that it holds")
        return KeyForm(
            fault=KeyFault.PLACEHOLDER, detail="is a placeholder from documentation or a template, not a key"
        )
    if _REFERENCE.search(text):
        return KeyForm(
            fault=KeyFault.UNEXPANDED,
            detail="is a reference to a variable or secret that nothing has expanded: whoever starts the server"
            " passes it on as it stands",
        )
    if _VARIABLE_NAME.fullmatch(text):
        return KeyForm(fault=KeyFault.UNEXPANDED, detail="is the name of a variable, not the key that it holds")
    if _PATH.fullmatch(text) or text.startswith("/run/secrets/"):
        return KeyForm(
            fault=KeyFault.UNEXPANDED,
            detail="is the path of a file, not a key: a path belongs in OUTBOUNDSYNC_API_KEY_FILE",
        )
    if text.startswith(('{"', "{ ")):
        return KeyForm(fault=KeyFault.UNEXPANDED, detail="is a JSON object: put only the key itself there")
    if _MASK.search(text):
        return KeyForm(
            fault=KeyFault.MASKED, detail="is masked or cut short, as a log or screen shows a key: copy the key itself"
        )
    if _BRACKETED.fullmatch(text):
        return KeyForm(
            fault=KeyFault.PLACEHOLDER,
            detail="is in brackets, as documentation writes a placeholder: put the key itself there, without brackets",
        )
    if _is_assignment(text):
        return KeyForm(
            fault=KeyFault.UNEXPANDED, detail="is a whole NAME=value line: put only the part after the name there"
        )
    if _OTHER_SCHEME.match(text):
        return KeyForm(
            fault=KeyFault.WRONG_SCHEME,
            detail="begins with another authentication scheme: the API takes `Authorization: Bearer osapi_…`",
        )
    return None


def _judge_vendor(text: str) -> KeyForm | None:
    vendor = vendor_of(text)
    if vendor is None:
        return None
    return KeyForm(
        fault=KeyFault.OTHER_VENDOR,
        detail=f"has the form of a key from {vendor}, which OutboundSync does not accept",
        vendor=vendor,
    )


def _judge_characters(trimmed: _Trimmed) -> KeyForm | None:
    """Find the first character that no key has, said by its position, and by code point if not ASCII."""
    match = _BAD_CHARACTER.search(trimmed.text)
    if match is None:
        return None
    char = match[0]
    where = f"at position {trimmed.start + match.start() + 1}"
    if char in _QUOTES:
        name = "a quote" if char.isascii() else f"the quote {_code_point(char)}"
        return KeyForm(fault=KeyFault.QUOTED, detail=f"has {name} {where}")
    if char in "\r\n":
        return KeyForm(fault=KeyFault.WHITESPACE, detail=f"has a line break {where}, inside the key")
    if char in " \t\v\f":
        return KeyForm(fault=KeyFault.WHITESPACE, detail=f"has {_code_point(char)} {where}, inside the key")
    if not char.isascii() or not char.isprintable():
        return KeyForm(fault=KeyFault.INVISIBLE, detail=f"has {_code_point(char)} {where}, which no key has")
    if not trimmed.text.startswith(PREFIX):
        return _judge_prefix(trimmed.text)
    return KeyForm(
        fault=KeyFault.BAD_CHARACTER,
        detail=f"has a character {where} that no key has: a key has letters, digits and . _ ~ + / = - after `osapi_`",
    )


def _judge_prefix(text: str) -> KeyForm | None:
    if text.startswith(PREFIX):
        if PREFIX in text[len(PREFIX) :]:
            return KeyForm(fault=KeyFault.BAD_CHARACTER, detail="has `osapi_` twice, as if the key was pasted twice")
        return None
    if text.lower().startswith(PREFIX):
        detail = "begins with `osapi_` in the wrong case: a key begins with `osapi_` in small letters"
    elif PREFIX in text:
        detail = "has something in front of `osapi_`: a key begins with it"
    else:
        detail = "does not begin with `osapi_`, as every OutboundSync API key does"
    return KeyForm(fault=KeyFault.NO_PREFIX, detail=detail)


def _judge_length(text: str) -> KeyForm | None:
    length = len(text) - len(PREFIX)
    if length < MIN_SECRET_CHARS:
        return KeyForm(
            fault=KeyFault.TOO_SHORT,
            detail=f"has only {length} characters after `osapi_`: it was cut off",
        )
    if length > MAX_SECRET_CHARS:
        return KeyForm(
            fault=KeyFault.TOO_LONG,
            detail=f"has {length} characters after `osapi_`: something was pasted along with the key",
        )
    return None


def _is_assignment(text: str) -> bool:
    """`NAME=value` or `NAME: value`, told from a key that has `=` in it."""
    match = _ASSIGNMENT.match(text)
    if match is None or text.lower().startswith(PREFIX):
        return False
    value = match["value"].lstrip("\"' ")
    return value.lower().startswith((PREFIX, "bearer")) or _KEY_NAME.search(text[: match.start("value")]) is not None


def _is_base64_of_uuid(text: str) -> bool:
    """Instantly's keys are a UUID, a colon and a secret in base64."""
    if len(text) < 44 or not re.fullmatch(r"[A-Za-z0-9+/]+={0,2}", text):
        return False
    try:
        return _UUID_IN_FRONT.match(b64decode(text + "=" * (-len(text) % 4))) is not None
    except Base64Error:
        return False


def _code_point(char: str) -> str:
    """Return `U+200B ZERO WIDTH SPACE`."""
    names = {"\t": "TAB", "\n": "LINE FEED", "\r": "CARRIAGE RETURN", "\0": "NULL", "\ufeff": "BYTE ORDER MARK"}
    if "\udc80" <= char <= "\udcff":
        return f"a byte that is not UTF-8 (0x{ord(char) - 0xDC00:02X})"
    name = names.get(char) or unicodedata.name(char, "an unnamed character")
    return f"U+{ord(char):04X} {name}"
