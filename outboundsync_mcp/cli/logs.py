"""Everything a process writes to stderr, with the secrets taken out: log records, warnings, crashes."""

import logging
import sys
import threading
import traceback
from types import TracebackType
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from outboundsync_mcp.api.credentials import ApiKey
    from outboundsync_mcp.settings import Settings

# Their DEBUG and INFO records quote requests, headers included.
_TALKATIVE = ("httpx", "httpcore", "hpack", "urllib3")
_WITHHELD = "(withheld: it could not be checked for secrets)"


class Scrubber:
    """Takes the configured key, and whatever else looks like a secret, out of text."""

    def __init__(self, settings: "Settings") -> None:
        self._settings = settings
        self._keys: dict[str, ApiKey] = {}

    def __call__(self, text: str) -> str:
        """`text` without secrets. Raises nothing: text that cannot be checked is withheld."""
        from outboundsync_mcp.diagnosis.redact import MASK, redact

        try:
            raw = (self._settings.api_key_env or "").strip()
            if len(raw) >= 6:
                text = text.replace(raw, MASK)
            for key in self._known_keys():
                text = key.scrub(text)
            return redact(text)
        except Exception:  # noqa: BLE001 - whatever it was, the text must not pass
            return _WITHHELD

    def _known_keys(self) -> "list[ApiKey]":
        """Every key this process has been given so far: a key file may have been rotated meanwhile."""
        from outboundsync_mcp.api.credentials import load_credential

        if not self._keys or self._settings.api_key_file is not None:
            key = load_credential(self._settings).key
            if key is not None:
                self._keys[key.fingerprint] = key
        return list(self._keys.values())


class _Formatter(logging.Formatter):
    """Formats a record, traceback included, and scrubs the outcome."""

    def __init__(self, scrub: Scrubber) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s")
        self._scrub = scrub

    def format(self, record: logging.LogRecord) -> str:
        """One record as the text that may be shown."""
        return self._scrub(super().format(record))


class _Handler(logging.StreamHandler[TextIO]):
    """Writes to stderr; a record that cannot be formatted is named, not dumped with its arguments."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's own name
        """Name the logger of a record that failed."""
        try:
            sys.stderr.write(f"{record.name}: a {record.levelname} log record could not be written\n")
        except (OSError, ValueError):
            return


def log_to_stderr(settings: "Settings") -> None:
    """Send all logging and warnings to stderr, scrubbed, from the configured level up; likewise whatever crashes."""
    scrub = Scrubber(settings)
    handler = _Handler(sys.stderr)
    handler.setFormatter(_Formatter(scrub))
    logging.basicConfig(level=settings.log_level, handlers=[handler], force=True)
    logging.captureWarnings(capture=True)
    level = logging.getLogger().level
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(max(level, logging.WARNING))
    sys.excepthook = report_crash
    threading.excepthook = _report_thread_crash
    sys.unraisablehook = _report_unraisable


def report_crash(kind: type[BaseException], error: BaseException | None, trace: TracebackType | None) -> None:
    """Write an exception's traceback to stderr, scrubbed."""
    from outboundsync_mcp.settings import Settings

    try:
        text = "".join(traceback.format_exception(kind, error, trace))
    except Exception:  # noqa: BLE001 - an exception whose own text raises
        text = f"{kind.__name__}\n"
    try:
        sys.stderr.write(Scrubber(Settings.from_env())(text))
        sys.stderr.flush()
    except (OSError, ValueError):
        return


def _report_thread_crash(args: threading.ExceptHookArgs) -> None:
    if args.exc_type is not SystemExit:
        report_crash(args.exc_type, args.exc_value, args.exc_traceback)


def _report_unraisable(args: "sys.UnraisableHookArgs") -> None:
    report_crash(args.exc_type, args.exc_value, args.exc_traceback)
