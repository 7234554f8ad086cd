"""The API key: found in the environment or a file, checked before anything is sent, and never printed."""

import hmac
import os
import stat
from base64 import b64encode
from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import blake2b
from math import ceil
from pathlib import Path
from typing import Final, NoReturn
from urllib.parse import quote

from outboundsync_mcp.diagnosis.evidence import KeyFault
from outboundsync_mcp.diagnosis.key_form import PREFIX, check_key
from outboundsync_mcp.settings import API_KEY, API_KEY_FILE, Settings

REDACTED: Final = "[redacted]"
_MAX_FILE_BYTES = 65_536
# A fingerprint tells keys apart inside this process and is worth nothing outside it.
_SALT = os.urandom(32)
_ASCII_LOWER = {upper: upper + 32 for upper in range(ord("A"), ord("Z") + 1)}


class ApiKey:
    """A key of the documented form. Only `authorization` gives it away; it cannot be printed or pickled."""

    __slots__ = ("__key", "fingerprint")

    fingerprint: str
    """Tells keys apart inside this process: a salted hash, 32 hexadecimal digits."""

    def __init__(self, key: str) -> None:
        self.__key = key
        self.fingerprint = blake2b(key.encode(), key=_SALT, digest_size=16).hexdigest()

    @property
    def authorization(self) -> str:
        """Value of the Authorization header."""
        return f"Bearer {self.__key}"

    def scrub(self, text: str, window: int = 6) -> str:
        """Return the text with the key, and each run of `window` or more characters of its secret, redacted.

        Upper and lower case alike, and also where the text holds the key percent-encoded or in base64.
        For text that came from outside: in our own words a run may be a coincidence.
        """
        folded = text.translate(_ASCII_LOWER)
        spans = sorted(
            span for needle in self._needles(window) for span in _occurrences(needle.translate(_ASCII_LOWER), folded)
        )
        pieces: list[str] = []
        end = 0
        for start, stop in spans:
            if start > end or not pieces:
                pieces += (text[end:start], REDACTED)
            end = max(end, stop)
        return "".join((*pieces, text[end:])) if pieces else text

    def _needles(self, window: int) -> set[str]:
        """Every run of the secret to look for, in each form it can take, and the prefix with its first character."""
        secret = self.__key.removeprefix(PREFIX)
        runs = set(_runs(secret, window)) | {PREFIX + secret[0]}
        runs.update(_runs(quote(secret, safe=""), window))
        # A secret that follows 0, 1 or 2 bytes; the characters at its ends depend on its neighbours as well.
        for bytes_before, tainted in ((0, 0), (1, 2), (2, 3)):
            encoded = b64encode(b"\0" * bytes_before + secret.encode()).decode().rstrip("=")[tainted:-1]
            runs.update(_runs(encoded, ceil(window * 4 / 3)))
            runs.update(_runs(encoded.replace("+", "-").replace("/", "_"), ceil(window * 4 / 3)))
        return runs

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
    """Return the configured key, checked. Reads the key file anew, so a rotated key is found at once.

    Raises nothing: a file that cannot be read is KeyFault.UNREADABLE_FILE.
    """
    if settings.api_key_env is not None:
        passed_over = settings.api_key_file is not None
        notes = (f"{API_KEY} is set, so {API_KEY_FILE} was not read",) if passed_over else ()
        return _checked(settings.api_key_env, API_KEY, notes)
    if settings.api_key_file is None:
        return _missing(settings)
    source = f"{API_KEY_FILE} ({_shown(settings.api_key_file)})"
    try:
        text, notes = _read(settings.api_key_file)
    except (OSError, ValueError) as error:
        reason = error.strerror or type(error).__name__ if isinstance(error, OSError) else str(error)
        detail = f"{API_KEY_FILE} names {_shown(settings.api_key_file)}, which cannot be read: {reason}."
        return Credential(fault=KeyFault.UNREADABLE_FILE, detail=detail, source=source)
    return _checked(text, source, notes)


def _checked(raw: str, source: str, notes: tuple[str, ...]) -> Credential:
    form = check_key(raw)
    notes = (*notes, *(f"{source}: {note}" for note in form.mended))
    if form.key is not None:
        return Credential(key=ApiKey(form.key), source=source, notes=notes)
    detail = f"{source}: {(form.detail or '').replace('The value', 'the value', 1)}"
    return Credential(fault=form.fault, detail=detail, vendor=form.vendor, source=source, notes=notes)


def _missing(settings: Settings) -> Credential:
    detail = f"Neither {API_KEY} nor {API_KEY_FILE} is set."
    if settings.misnamed_keys:
        names = ", ".join(settings.misnamed_keys[:3])
        detail = f"{detail[:-1]}; {names} exists but is not read."
    return Credential(fault=KeyFault.MISSING, detail=detail)


def _read(path: Path) -> tuple[str, tuple[str, ...]]:
    """Return a key file's text without its final line break, and notes. Raises OSError or ValueError."""
    # O_NONBLOCK: opening a FIFO must not wait for a writer that never comes.
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0))
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise ValueError("it is not a regular file")
        data = file.read(_MAX_FILE_BYTES + 1)
    if len(data) > _MAX_FILE_BYTES:
        raise ValueError(f"it is larger than {_MAX_FILE_BYTES} bytes, so it is no key file")
    try:
        if data.startswith((BOM_UTF16_LE, BOM_UTF16_BE)):
            # Windows PowerShell's redirection writes UTF-16.
            return data.decode("utf-16").rstrip(), (f"{API_KEY_FILE}: the file is UTF-16 and was decoded",)
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ValueError("it is not a text file") from None
    if "\0" in text:
        raise ValueError("it is not a text file")
    return text.rstrip(), ()


def _shown(path: Path) -> str:
    return ascii(str(path))[1:-1] if len(str(path)) <= 200 else "a path of more than 200 characters"


def _runs(text: str, length: int) -> Iterator[str]:
    return (text[start : start + length] for start in range(len(text) - length + 1))


def _occurrences(needle: str, text: str) -> Iterator[tuple[int, int]]:
    """Yield start and end of every occurrence, overlapping ones included."""
    start = text.find(needle)
    while start >= 0:
        yield start, start + len(needle)
        start = text.find(needle, start + 1)
