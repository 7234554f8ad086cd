"""The two tools. Thin: evidence is gathered in `api` or read by `diagnosis.reader`, and diagnosed in `diagnosis`."""

import asyncio
import json
import logging
import math
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from mcp_types import CallToolResult, TextContent, Tool, ToolAnnotations
from pydantic import Field

from outboundsync_mcp.diagnosis.diagnosis import Diagnosis
from outboundsync_mcp.diagnosis.evidence import Evidence
from outboundsync_mcp.diagnosis.schemas import Me
from outboundsync_mcp.settings import Settings

if TYPE_CHECKING:
    from outboundsync_mcp.api.client import OutboundSyncClient

MAX_WAIT_CEILING_SECONDS = 120
"""The longest wait a caller may ask for."""
LONG_PASTE_CHARACTERS = 20_000
"""A longer paste is read in a thread, so that other requests and progress go on meanwhile."""
MAX_CALLERS = 256
"""Callers whose last failure is remembered; the longest silent is forgotten."""

ReportProgress = Callable[[float, float, str], Awaitable[None]]
"""Sends (seconds waited, seconds to wait, message) to the caller."""

logger = logging.getLogger(__name__)


class MeDiagnosis(Diagnosis):
    """What `get_me` answers: a diagnosis, and the identity when there is nothing to diagnose."""

    me: Me | None = Field(description="The API's own body (account, apiKey, connections); null unless ok.")
    attempts: int = Field(ge=0, le=2, description="Requests that this answer cost.")
    waited_seconds: float = Field(ge=0, description="Seconds this call waited for Retry-After.")


GET_ME = Tool(
    name="get_me",
    title="Check OutboundSync access",
    description=(
        "Calls OutboundSync GET /api/v1/me with the configured API key and answers who the key is, or a diagnosis: "
        "status, kind, cause, remediation, who_fixes. A 429 is waited out and retried once for you; do not retry "
        "it yourself before retry_at. Other failures are not retried: see retryable. Takes no key: the server "
        "reads OUTBOUNDSYNC_API_KEY from its environment."
    ),
    input_schema={
        "type": "object",
        "properties": {
            "max_wait_seconds": {
                "type": "integer",
                "minimum": 0,
                "maximum": MAX_WAIT_CEILING_SECONDS,
                "description": (
                    "Longest wait for Retry-After in this call, in seconds. 0 never waits. "
                    "Default: OUTBOUNDSYNC_MAX_WAIT_SECONDS, else 45."
                ),
            }
        },
        "additionalProperties": False,
    },
    output_schema=MeDiagnosis.model_json_schema(),
    annotations=ToolAnnotations(
        read_only_hint=True, destructive_hint=False, idempotent_hint=True, open_world_hint=True
    ),
)

DIAGNOSE_ERROR = Tool(
    name="diagnose_error",
    title="Diagnose an OutboundSync error",
    description=(
        "Explains any OutboundSync error offline, without a key: paste a response body, headers, curl -v output, "
        "a traceback, a log line or a support ticket as text, or give status, message and retry_after. Answers "
        "status, kind, cause, remediation and who_fixes. With no argument: the last failed get_me. "
        "Remove keys before pasting; keys that are found are redacted."
    ),
    input_schema={
        "type": "object",
        "properties": {
            "text": {"type": "string", "description": "Anything pasted, up to several MB."},
            "status": {"type": "integer", "description": "The HTTP status, when known. Wins over text."},
            "message": {"type": "string", "description": "The error's message, when known. Wins over text."},
            "retry_after": {
                "anyOf": [{"type": "string"}, {"type": "integer"}],
                "description": "The Retry-After header: seconds or an HTTP date. Wins over text.",
            },
        },
        "additionalProperties": False,
    },
    output_schema=Diagnosis.model_json_schema(),
    annotations=ToolAnnotations(
        read_only_hint=True, destructive_hint=False, idempotent_hint=True, open_world_hint=False
    ),
)


@dataclass(slots=True)
class _LastFailure:
    diagnosis: Diagnosis
    at: datetime
    succeeded_at: datetime | None = None


class LastFailures:
    """The last failed `get_me` of each caller of this process."""

    def __init__(self) -> None:
        self._by_caller: OrderedDict[str, _LastFailure] = OrderedDict()

    def record(self, caller: str, diagnosis: Diagnosis, at: datetime) -> None:
        """Remember a failure, or that a later call succeeded."""
        if not diagnosis.ok:
            self._by_caller[caller] = _LastFailure(diagnosis, at)
        elif caller in self._by_caller:
            self._by_caller[caller].succeeded_at = at
        else:
            return
        self._by_caller.move_to_end(caller)
        while len(self._by_caller) > MAX_CALLERS:
            self._by_caller.popitem(last=False)

    def recall(self, caller: str) -> Diagnosis | None:
        """The caller's last failure, with a line of evidence that says when it was."""
        last = self._by_caller.get(caller)
        if last is None:
            return None
        lines = [f"This is the last failed get_me of this caller, at {_iso(last.at)}."]
        if last.succeeded_at is not None:
            lines.append(f"A later get_me succeeded, at {_iso(last.succeeded_at)}.")
        return last.diagnosis.model_copy(update={"evidence": [*lines, *last.diagnosis.evidence]})


def _iso(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z")


def tool_result(answer: dict[str, Any], *, is_error: bool) -> CallToolResult:
    """Both channels say everything: structured content, and the same JSON as text."""
    text = TextContent(type="text", text=json.dumps(answer, ensure_ascii=False))
    return CallToolResult(content=[text], structured_content=answer, is_error=is_error)


def _argument_faults(arguments: Mapping[str, Any]) -> tuple[list[str], int | None]:
    """What is wrong with `get_me`'s arguments, and the wait that they name. No unknown name or value is quoted."""
    faults: list[str] = []
    if any(name != "max_wait_seconds" for name in arguments):
        faults.append(
            "get_me was given an argument that it does not have: its only one is max_wait_seconds, and the key comes "
            "from OUTBOUNDSYNC_API_KEY in the server's environment."
        )
    value = arguments.get("max_wait_seconds")
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) <= 4:
        value = int(value)
    if value is None:
        return faults, None
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= MAX_WAIT_CEILING_SECONDS:
        shown = f", not {value}" if isinstance(value, int | float) and abs(value) < 10**9 else ""
        faults.append(f"max_wait_seconds takes a whole number of seconds from 0 to {MAX_WAIT_CEILING_SECONDS}{shown}.")
        return faults, None
    return faults, value


def _diagnose_paste(known: Mapping[str, Any], now: datetime) -> Diagnosis:
    from outboundsync_mcp.diagnosis.diagnose import diagnose
    from outboundsync_mcp.diagnosis.reader import read

    try:
        evidence = read(
            known["text"], status=known["status"], message=known["message"], retry_after=known["retry_after"], now=now
        )
    except Exception as error:  # noqa: BLE001 - no input makes the tool fail, and its text may hold secrets
        logger.error("diagnose_error could not read its input: %s", type(error).__name__)  # noqa: TRY400
        evidence = Evidence(source="pasted", certainty="possible", seen=("The input could not be read.",))
    return diagnose(evidence, now=now)


class Tools:
    """`get_me` and `diagnose_error` for one server."""

    def __init__(self, settings: Settings, client: "OutboundSyncClient | None" = None) -> None:
        """The client is made at the first `get_me`, so that starting costs nothing."""
        self._settings = settings
        self._client = client
        self._failures = LastFailures()

    async def get_me(self, arguments: Mapping[str, Any], *, caller: str, progress: ReportProgress) -> CallToolResult:
        """Call the API, wait out one 429, and answer the identity or a diagnosis; `is_error` unless ok."""
        from outboundsync_mcp.api.client import Exchange, OutboundSyncClient
        from outboundsync_mcp.diagnosis.diagnose import diagnose

        if self._client is None:
            self._client = OutboundSyncClient(self._settings)

        async def on_wait(waited: float, total: float) -> None:
            left = math.ceil(total - waited)
            await progress(round(waited, 1), round(total, 1), f"Rate limited: retrying once in {left} s")

        faults, max_wait = _argument_faults(arguments)
        if faults:
            exchange = Exchange(Evidence(source="live", argument_faults=tuple(faults)), None, 0, 0.0)
        else:
            exchange = await self._client.get_me(max_wait, on_wait)
        now = self._client.clock.now()
        diagnosis = diagnose(exchange.evidence, now=now)
        self._failures.record(caller, diagnosis, now)
        identity = {"me": exchange.body, "attempts": exchange.attempts, "waited_seconds": exchange.waited_seconds}
        return tool_result({**diagnosis.model_dump(mode="json"), **identity}, is_error=not diagnosis.ok)

    async def diagnose_error(self, arguments: Mapping[str, Any], *, caller: str, now: datetime) -> CallToolResult:
        """Read whatever was pasted, offline; `is_error` is false whatever it was."""
        known = {name: arguments.get(name) for name in DIAGNOSE_ERROR.input_schema["properties"]}
        given = any(value is not None and value != "" for value in known.values())
        if not given and (last := self._failures.recall(caller)) is not None:
            return tool_result(last.model_dump(mode="json"), is_error=False)
        if len(str(known["text"])) > LONG_PASTE_CHARACTERS:
            diagnosis = await asyncio.to_thread(_diagnose_paste, known, now)
        else:
            diagnosis = _diagnose_paste(known, now)
        return tool_result(diagnosis.model_dump(mode="json"), is_error=False)

    async def aclose(self) -> None:
        """Close connections."""
        if self._client is not None:
            await self._client.aclose()
