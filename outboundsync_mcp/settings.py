"""Every OUTBOUNDSYNC_* variable, read in one place; a bad value becomes a sentence, never an exception."""

import ipaddress
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, TypeVar
from urllib.parse import urlsplit

from outboundsync_mcp.diagnosis.facts import LONGEST_CALL_SECONDS
from outboundsync_mcp.diagnosis.key_form import looks_like_a_key

API_KEY: Final = "OUTBOUNDSYNC_API_KEY"
API_KEY_FILE: Final = "OUTBOUNDSYNC_API_KEY_FILE"
BASE_URL: Final = "OUTBOUNDSYNC_BASE_URL"
TIMEOUT_SECONDS: Final = "OUTBOUNDSYNC_TIMEOUT_SECONDS"
MAX_WAIT_SECONDS: Final = "OUTBOUNDSYNC_MAX_WAIT_SECONDS"
LOG_LEVEL: Final = "OUTBOUNDSYNC_LOG_LEVEL"
VARIABLES: Final = (API_KEY, API_KEY_FILE, BASE_URL, TIMEOUT_SECONDS, MAX_WAIT_SECONDS, LOG_LEVEL)

DEFAULT_BASE_URL: Final = "https://app.outboundsync.com"
DEFAULT_TIMEOUT_SECONDS: Final = 15.0
DEFAULT_MAX_WAIT_SECONDS: Final = 45
MAX_WAIT_LIMIT: Final = LONGEST_CALL_SECONDS
"""Upper bound of a wait in seconds: the range of `get_me`'s own argument."""
DEFAULT_LOG_LEVEL: Final = "WARNING"
LOG_LEVELS: Final = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")

_SHORTEST_TIMEOUT, _LONGEST_TIMEOUT = 0.001, 600.0
_LABEL = "[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
_HOST = re.compile(rf"(?=.{{1,254}}$){_LABEL}(?:\.{_LABEL})*\.?")
_FORGIVEN_PATHS = frozenset({"", "/", "/api/v1", "/api/v1/"})
_LONG_RUN = re.compile(r"[A-Za-z0-9_+=-]{20,}")
# Also a folder in front of `osapi_`, or a word too short for a key after it, such as osapi_key.txt.
_PATH_START = re.compile(r"[/\\~.]|[A-Za-z]:|(?:[\w.-]+[/\\])+osapi_|osapi_(?=.{1,7}$)[a-z]+(?:\.[a-z]+)?$")
# Names that people give the key's variable, none of which is read.
_MISNAMED = re.compile(r"(OUTBOUND_?SYNC|OSAPI)\w{0,40}", re.ASCII | re.IGNORECASE)
_UNREAD = re.compile(r"OUTBOUNDSYNC_(\w{1,40})", re.ASCII | re.IGNORECASE)
_MOST_NAMES = 3
_KEY_WORD = re.compile(r"KEY|TOKEN|SECRET|BEARER|AUTH", re.IGNORECASE)

T = TypeVar("T")


class _RefusedError(Exception):
    """Why a value is refused: the words after "VARIABLE is 'value', which"; `hide` keeps the value out."""

    def __init__(self, why: str, *, hide: bool = False) -> None:
        super().__init__(why)
        self.why = why
        self.hide = hide


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The configuration. A variable that is faulty holds its default, and `faults` says so."""

    base_url: str = DEFAULT_BASE_URL
    """Origin of the API: scheme, host and port, no trailing slash."""
    timeout_seconds: float = DEFAULT_TIMEOUT_SECONDS
    """Deadline of one request, body included."""
    max_wait_seconds: int = DEFAULT_MAX_WAIT_SECONDS
    """Longest wait for Retry-After inside one call, when the caller names none."""
    log_level: str = DEFAULT_LOG_LEVEL
    """One of LOG_LEVELS."""
    api_key_env: str | None = field(default=None, repr=False)
    """OUTBOUNDSYNC_API_KEY as it stands, unchecked; None when unset."""
    api_key_file: Path | None = None
    faults: tuple[str, ...] = ()
    """One sentence per bad variable: its name, its value unless secret, the accepted form."""
    misnamed_keys: tuple[str, ...] = ()
    """Names of variables that seem meant for the key and are not read."""
    unread: tuple[str, ...] = ()
    """Names of all OUTBOUNDSYNC_* variables that are set and not read, except names that may be secrets themselves."""

    @property
    def unread_note(self) -> tuple[str, ...]:
        """One sentence that names some of the variables that are not read; none when there are none."""
        if not self.unread:
            return ()
        if len(self.unread) == 1:
            return (f"{self.unread[0]} is set but this server does not read it.",)
        more = len(self.unread) - _MOST_NAMES
        *others, last = [*self.unread[:_MOST_NAMES], *([f"{more} more OUTBOUNDSYNC_* variables"] if more > 0 else [])]
        return (f"{', '.join(others)} and {last} are set but this server does not read them.",)

    @classmethod
    def from_env(cls, environ: Mapping[str, str] | None = None) -> "Settings":
        """Read the variables (of the process when none are given). Never raises."""
        environ = os.environ if environ is None else environ
        faults: list[str] = []

        def read(name: str, parse: Callable[[str], T], accepted: str, default: T) -> T:
            value = environ.get(name, "").strip()
            if not value:
                return default
            try:
                return parse(value)
            except _RefusedError as refused:
                faults.append(_fault(name, value, refused, accepted))
                return default

        return cls(
            base_url=read(
                BASE_URL,
                _origin,
                "an https origin such as https://app.outboundsync.com (http for loopback alone)",
                DEFAULT_BASE_URL,
            ),
            timeout_seconds=read(
                TIMEOUT_SECONDS,
                _timeout,
                f"a number of seconds from {_SHORTEST_TIMEOUT} to {_LONGEST_TIMEOUT:.0f}",
                DEFAULT_TIMEOUT_SECONDS,
            ),
            max_wait_seconds=read(
                MAX_WAIT_SECONDS,
                _max_wait,
                f"a whole number of seconds from 0 to {MAX_WAIT_LIMIT}",
                DEFAULT_MAX_WAIT_SECONDS,
            ),
            log_level=read(LOG_LEVEL, _log_level, f"one of {', '.join(LOG_LEVELS)}", DEFAULT_LOG_LEVEL),
            api_key_env=environ.get(API_KEY),
            api_key_file=read(API_KEY_FILE, _path, "the path of a file that holds the key", None),
            faults=tuple(faults),
            unread=tuple(sorted(name for name in environ if _is_unread(name) and environ[name].strip())),
            misnamed_keys=tuple(sorted(name for name in environ if _is_misnamed_key(name) and environ[name].strip())),
        )


def _fault(name: str, value: str, refused: _RefusedError, accepted: str) -> str:
    """Return the sentence: variable, value unless it may be secret, why, accepted form."""
    if looks_like_a_key(value):
        return f"{name} holds what looks like a key (not shown), which belongs in {API_KEY}; accepted is {accepted}."
    if refused.hide or _may_be_secret(value):
        return f"{name} {refused.why} (its value is not shown: it may be secret); accepted is {accepted}."
    return f"{name} is {value!r}, which {refused.why}; accepted is {accepted}."


def _may_be_secret(value: str) -> bool:
    """Long, or with a long run of letters and digits in it, as tokens have."""
    return len(value) > 80 or any(any(map(str.isdigit, run)) for run in _LONG_RUN.findall(value))


def _origin(value: str) -> str:
    """Return scheme, host and port of an acceptable base URL."""
    if looks_like_a_key(value):  # even a host's name goes out in the clear
        raise _RefusedError("has a key in it", hide=True)
    # Whatever stands beside host and path may be a secret: it is neither used nor shown.
    if "@" in value:
        raise _RefusedError("has a user name or password in it", hide=True)
    if "?" in value or "#" in value:
        raise _RefusedError("has a query or fragment", hide=True)
    if not all("!" <= char <= "~" for char in value) or "\\" in value:
        raise _RefusedError("has a space, a backslash or a character outside ASCII in it")
    try:
        url = urlsplit(value)
        host, port = url.hostname or "", url.port
    except ValueError:
        raise _RefusedError("is not a URL") from None
    if url.scheme not in {"https", "http"} or not host:
        raise _RefusedError("is not a URL that starts with https://")
    if port == 0 or not _is_host(host):
        raise _RefusedError("does not name a valid host and port")
    if url.path not in _FORGIVEN_PATHS:
        raise _RefusedError("has a path other than /api/v1")
    if url.scheme == "http" and not is_loopback(host):
        raise _RefusedError("would send the key unencrypted")
    authority = f"[{host}]" if ":" in host else host
    default_port = 443 if url.scheme == "https" else 80
    return f"{url.scheme}://{authority}" + (f":{port}" if port not in {None, default_port} else "")


def _is_host(host: str) -> bool:
    try:
        return "%" not in host and bool(ipaddress.ip_address(host))
    except ValueError:
        return _HOST.fullmatch(host) is not None


def is_loopback(host: str) -> bool:
    """Whether a host is this machine's own: a loopback address, or localhost. Names below it can resolve elsewhere."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.removesuffix(".") == "localhost"


def _timeout(value: str) -> float:
    # float() alone would take "nan", "1_0" and other scripts' digits.
    if not re.fullmatch(r"[0-9]{1,9}(?:\.[0-9]{0,9})?|\.[0-9]{1,9}", value):
        raise _RefusedError("is not a number")
    seconds = float(value)
    if not _SHORTEST_TIMEOUT <= seconds <= _LONGEST_TIMEOUT:
        raise _RefusedError("is out of range")
    return seconds


def _max_wait(value: str) -> int:
    if not re.fullmatch(r"[0-9]{1,9}", value):
        raise _RefusedError("is not a whole number")
    if int(value) > MAX_WAIT_LIMIT:
        raise _RefusedError("is out of range")
    return int(value)


def _log_level(value: str) -> str:
    if value.upper() not in LOG_LEVELS:
        raise _RefusedError("is not a log level")
    return value.upper()


def _path(value: str) -> Path | None:
    # os.path, for Path.is_file raises when the name is too long.
    if looks_like_a_key(value) and not _PATH_START.match(value) and not os.path.isfile(value):  # noqa: PTH113
        raise _RefusedError("is not a path", hide=True)
    try:
        return Path(value).expanduser()
    except RuntimeError:  # ~ without a home directory
        return Path(value)


def _is_misnamed_key(name: str) -> bool:
    match = _MISNAMED.fullmatch(name)
    if match is None or name in VARIABLES or _KEY_WORD.search(name) is None:
        return False
    return not _is_secret_name(name[match.end(1) :].lstrip("_"))


def _is_unread(name: str) -> bool:
    match = _UNREAD.fullmatch(name)
    return match is not None and name not in VARIABLES and not _is_secret_name(match[1])


def _is_secret_name(rest: str) -> bool:
    """Whether a name, after its prefix, may be a key that was pasted in the wrong place: such a name is never shown."""
    if looks_like_a_key(rest):
        return True
    mixed = not rest.isupper() and not rest.islower()
    return any(len(word) >= 20 or (len(word) >= 8 and (mixed or re.search("[0-9]", word))) for word in rest.split("_"))
