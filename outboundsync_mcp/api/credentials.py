"""The API key: found in the environment or a file, checked before anything is sent, and never printed."""

import errno
import hmac
import os
import re
import stat
from base64 import b64encode
from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from math import ceil
from pathlib import Path
from typing import Final, NoReturn
from urllib.parse import quote

from outboundsync_mcp.diagnosis.evidence import KeyFault
from outboundsync_mcp.diagnosis.key_form import PREFIX, check_key, vendor_of
from outboundsync_mcp.settings import API_KEY, API_KEY_FILE, Settings

REDACTED: Final = "[redacted]"
_MAX_FILE_BYTES = 65_536
# A fingerprint tells keys apart inside this process and is worth nothing outside it.
_SALT = os.urandom(32)
_ASCII_LOWER = {upper: upper + 32 for upper in range(ord("A"), ord("Z") + 1)}


class ApiKey:
    """A key of the documented form. Only `authorization` gives it away; it cannot be printed or pickled."""

    __slots__ = ("__key", "__scrubbers", "fingerprint")

    fingerprint: str
    """Tells keys apart inside this process: a salted hash, 32 hexadecimal digits."""

    def __init__(self, key: str) -> None:
        self.__key = key
        self.__scrubbers: dict[int, _Scrubber] = {}
        self.fingerprint = blake2b(key.encode(), key=_SALT, digest_size=16).hexdigest()

    @property
    def authorization(self) -> str:
        """Value of the Authorization header."""
        return f"Bearer {self.__key}"

    def scrub(self, text: str, window: int = 6) -> str:
        """Return the text with the key, and each run of `window` or more characters of its secret, redacted.

        Upper and lower case alike, percent-encoded and in base64 too. Meant for text from outside: in our own
        words a run may be a coincidence.
        """
        if window not in self.__scrubbers:
            secret = self.__key.removeprefix(PREFIX)
            self.__scrubbers[window] = _Scrubber(secret, min(window, len(secret)))
        return self.__scrubbers[window].scrub(text)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, ApiKey):
            return NotImplemented
        return hmac.compare_digest(self.__key.encode(), other.__key.encode())

    def __hash__(self) -> int:
        return hash(self.fingerprint)

    def __repr__(self) -> str:
        return "ApiKey(hidden)"

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return repr(self)

    def __copy__(self) -> "ApiKey":
        return self

    def __deepcopy__(self, memo: object) -> "ApiKey":
        return self

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("an ApiKey cannot be pickled")


@dataclass(frozen=True, slots=True, kw_only=True)
class Credential:
    """What the configuration yields: a key, or the reason why there is none. Nothing here shows the key."""

    key: ApiKey | None = None
    fault: KeyFault | None = None
    detail: str | None = None
    """With a fault: one sentence, naming the variable or file."""
    vendor: str | None = None
    source: str = API_KEY
    """The variable, or the variable and its file, that the key came from."""
    notes: tuple[str, ...] = ()
    """What else to say about it, for the evidence: what was mended, which variable was passed over."""


def load_credential(settings: Settings) -> Credential:
    """Return the configured key, checked. Reads the key file each time, so a rotated key is found at once.

    Raises nothing: a file that cannot be read is KeyFault.UNREADABLE_FILE.
    """
    variable, path = settings.api_key_env or "", settings.api_key_file
    if variable.strip():
        passed_over = (f"{API_KEY} is set, so {API_KEY_FILE} was not read.",) if path else ()
        return _checked(variable, API_KEY, passed_over)
    if path is None:
        return Credential(fault=KeyFault.MISSING, detail=_why_missing(settings))
    source = f"{API_KEY_FILE} ({_shown(path)})"
    try:
        text, notes = _read(path)
    except (OSError, ValueError) as error:
        reason = (isinstance(error, OSError) and error.strerror) or str(error)
        detail = f"{API_KEY_FILE} names {_shown(path)}, which cannot be read: {reason}."
        return Credential(fault=KeyFault.UNREADABLE_FILE, detail=detail, source=source)
    return _checked(text, source, notes)


@lru_cache(maxsize=8)
def _checked(raw: str, source: str, notes: tuple[str, ...]) -> Credential:
    """Return the credential of a raw value: the same object for the same value, as every call asks again."""
    form = check_key(raw)
    notes = (*notes, *(f"{source}: {note}." for note in form.mended))
    if form.key is not None:
        return Credential(key=ApiKey(form.key), source=source, notes=notes)
    detail = f"{source}: {form.detail}".replace(": The value", ": the value", 1)
    return Credential(fault=form.fault, detail=detail, vendor=form.vendor, source=source, notes=notes)


def _why_missing(settings: Settings) -> str:
    """Return the sentence for a missing key; it names variables that were meant for it and are not read."""
    state = "not set" if settings.api_key_env is None else "empty"
    names = settings.misnamed_keys[:3]
    unread = f"; {' and '.join(names)} {'is' if len(names) == 1 else 'are'} set but not read" if names else ""
    return f"{API_KEY} is {state} and {API_KEY_FILE} is not set{unread}."


def _read(path: Path) -> tuple[str, tuple[str, ...]]:
    """Return a key file's text without what ends its last line, and notes. Raises OSError or ValueError."""
    # Not Path.open: opening a FIFO would wait for a writer that may never come.
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    try:
        mode = os.fstat(descriptor).st_mode
        if stat.S_ISDIR(mode):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        if not stat.S_ISREG(mode):
            raise ValueError("it is not a regular file")
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            data = file.read(_MAX_FILE_BYTES + 1)
    finally:
        os.close(descriptor)
    if len(data) > _MAX_FILE_BYTES:
        raise ValueError(f"it has more than {_MAX_FILE_BYTES} bytes, too many for a key")
    # Windows PowerShell writes UTF-16 into a redirected file.
    is_utf16 = data.startswith((BOM_UTF16_LE, BOM_UTF16_BE))
    try:
        text = data.decode("utf-16" if is_utf16 else "utf-8-sig")
    except UnicodeDecodeError:
        raise ValueError("it is not a text file") from None
    if "\0" in text:
        raise ValueError("it is not a text file")
    return text.rstrip(), ((f"{API_KEY_FILE}: the file is UTF-16 and was decoded.",) if is_utf16 else ())


def _shown(path: Path) -> str:
    """Return a path fit to print: no control character, not endless, no part that could be a key."""
    if any(check_key(part).key or vendor_of(part) for part in path.parts):
        return "a path with what looks like a key in it"
    return ascii(str(path))[1:-1] if len(str(path)) <= 200 else "a path of more than 200 characters"


class _Scrubber:
    """Finds the runs of one secret in a text, in one pass however long either is."""

    __slots__ = ("_lengths", "_needles", "_stretch")

    def __init__(self, secret: str, window: int) -> None:
        self._needles = frozenset(_needles(secret, window))
        self._lengths = sorted({len(needle) for needle in self._needles})
        # Only a stretch of the needles' own characters can hold a needle: most text is passed over at once.
        alphabet = re.escape("".join(sorted(set("".join(self._needles)))))
        self._stretch = re.compile(f"[{alphabet}]{{{self._lengths[0]},}}")

    def scrub(self, text: str) -> str:
        """Return the text with every needle replaced, those that touch or overlap by one mark."""
        pieces: list[str] = []
        end = 0
        # str.lower can change the length of what is not ASCII, and with it every position.
        for start, stop in self._spans(text.lower() if text.isascii() else text.translate(_ASCII_LOWER)):
            if start > end or not pieces:
                pieces += (text[end:start], REDACTED)
            end = max(end, stop)
        return "".join((*pieces, text[end:]))

    def _spans(self, folded: str) -> list[tuple[int, int]]:
        return sorted(
            (start, start + length)
            for stretch in self._stretch.finditer(folded)
            for length in self._lengths
            for start in range(stretch.start(), stretch.end() - length + 1)
            if folded[start : start + length] in self._needles
        )


def _needles(secret: str, window: int) -> Iterator[str]:
    """Yield in lower case every run of a secret, in each form it may take; and the prefix with its first character."""
    forms = [(secret, window), (quote(secret, safe=""), window)]
    # Base64 of a secret that follows 0, 1 or 2 bytes; the characters at its ends depend on its neighbours as well.
    for bytes_before, tainted in ((0, 0), (1, 2), (2, 3)):
        encoded = b64encode(b"\0" * bytes_before + secret.encode()).decode().rstrip("=")[tainted:-1]
        longer = ceil(window * 4 / 3)
        forms += (encoded, longer), (encoded.replace("+", "-").replace("/", "_"), longer)
    for form, length in forms:
        yield from (form[start : start + length].lower() for start in range(len(form) - length + 1))
    yield PREFIX + secret[:1].lower()
