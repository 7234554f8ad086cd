"""One GET of `/api/v1/me` and the documented single retry, turned into an `Exchange`.

    get_me ── key checked ── cooling down? ── flight (shared) ── 429? ── wait (shared) ── flight (shared) ── Exchange

Only a 429 is retried, once, after Retry-After. Everyone who asks with the same key meanwhile shares the flight.
"""

import asyncio
import logging
import math
import random
import ssl
import zlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from functools import cache, cached_property
from typing import Any, cast
from urllib.parse import urlsplit

import httpx
import truststore

from outboundsync_mcp import __version__
from outboundsync_mcp.api.clock import Clock, SystemClock
from outboundsync_mcp.api.cooldown import Flight, KeyState, KeyStates
from outboundsync_mcp.api.credentials import ApiKey, Credential, load_credential
from outboundsync_mcp.api.failures import classify
from outboundsync_mcp.api.proxy import UnusableProxyError, proxy_for
from outboundsync_mcp.diagnosis.catalog import load_catalog
from outboundsync_mcp.diagnosis.diagnose import DEFAULT_WAIT_SECONDS
from outboundsync_mcp.diagnosis.evidence import BodyFault, Evidence, Failure, Intermediary
from outboundsync_mcp.diagnosis.response import IDENTITY_WINDOW, evidence_of_response, parse_json
from outboundsync_mcp.diagnosis.schemas import ME_FIELDS
from outboundsync_mcp.settings import Settings

ME_PATH = "/api/v1/me"
BODY_LIMIT = 1024 * 1024
"""Bytes of a decoded body that are read."""
IDLE_SECONDS = 5.0
"""No connection is reused after this many idle seconds."""
PROGRESS_SECONDS = 1.0
"""How often a waiting caller hears of the wait."""
_GZIP_OR_ZLIB = 47
"""zlib's window bits for "detect which of the two it is"."""

OnWait = Callable[[float, float], Awaitable[None]]
"""Called while waiting with (seconds waited, seconds to wait)."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Exchange:
    """What one call learnt.

    `body` is the API's own JSON object, only after the documented 200; `attempts` the requests that the answer
    cost (0, 1 or 2); `waited_seconds` what this call spent waiting.
    """

    evidence: Evidence
    body: dict[str, Any] | None
    attempts: int
    waited_seconds: float


@dataclass(frozen=True, slots=True)
class _Answer:
    """What one request brought back, the same for every rider of its flight."""

    evidence: Evidence
    body: dict[str, Any] | None = None


class _Phase:
    """How far a request got, told by httpcore's trace extension."""

    def __init__(self) -> None:
        self.step = "connect"
        self.connected = False
        """Whether this request opened a connection: to the proxy, where there is one."""
        self.tunnelled = False
        """Whether the proxy has opened the tunnel that the connection asked for."""

    async def trace(self, event: str, _: dict[str, Any]) -> None:
        """Note the step that an event begins."""
        if event == "connection.connect_tcp.started":
            self.step, self.connected = "connect", True
        elif event == "connection.start_tls.started":
            self.step = "tls"
        elif event == "proxy.start_tls.started":
            self.step, self.tunnelled = "tls", True
        elif event.endswith("send_request_headers.started"):
            self.step = "send"
        elif event.endswith("receive_response_headers.started"):
            self.step = "receive"


def _jitter() -> float:
    return random.uniform(0.1, 1.0)  # noqa: S311 - spreads retries, guards no secret


class OutboundSyncClient:
    """Calls the API for one configuration. Safe for concurrent calls, cancellation, several loops and threads."""

    def __init__(
        self,
        settings: Settings,
        *,
        clock: Clock | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
        jitter: Callable[[], float] = _jitter,
    ) -> None:
        """Nothing is read, checked or sent until the first call.

        `jitter` returns the seconds (0.1 to 1) added to every wait.
        """
        self._settings = settings
        self.clock: Clock = clock or SystemClock()
        self._given_transport = transport
        self._proxied = False
        self._jitter = jitter
        self._states = KeyStates[_Answer]()
        self._transports: dict[asyncio.AbstractEventLoop, httpx.AsyncBaseTransport] = {}
        self._clock_skew: float | None = None
        self._host = urlsplit(settings.base_url).hostname or ""

    async def get_me(self, max_wait_seconds: int | None = None, on_wait: OnWait | None = None) -> Exchange:
        """Ask who the key is; wait out one 429 if the caller can afford it. Raises nothing but CancelledError.

        `max_wait_seconds` is the longest wait this caller affords, None for the configured one; a longer wait is
        not begun. `on_wait` hears of the wait at least every five seconds.
        """
        exchange = await self._get_me(max_wait_seconds, on_wait)
        if not self._settings.unread_note:
            return exchange
        seen = (*exchange.evidence.seen, *self._settings.unread_note)
        return replace(exchange, evidence=replace(exchange.evidence, seen=seen))

    async def _get_me(self, max_wait_seconds: int | None, on_wait: OnWait | None) -> Exchange:
        if self._settings.faults:
            return self._unsent(Evidence(source="live", setting_faults=self._settings.faults, host=self._host))
        credential = load_credential(self._settings)
        if credential.key is None:
            return self._unsent(self._without_key(credential))
        budget = self._settings.max_wait_seconds if max_wait_seconds is None else max_wait_seconds
        state = self._states.of(credential.key.fingerprint)
        now = self.clock.monotonic()
        cooling, flight = state.cooling_seconds(now), state.current_flight()
        # Who cannot wait at all does not board a flight that departs after the stated wait, at its jitter.
        if cooling > budget or (budget == 0 and flight is not None and flight.departs_at > now):
            return self._still_cooling(state, credential, cooling, budget)
        flight = flight or self._launch(state, credential.key)
        answer, waited = await self._ride(flight, on_wait)
        attempts = 1
        evidence = answer.evidence
        if evidence.status == 429 and not flight.is_retry:
            if waited + state.cooling_seconds(self.clock.monotonic()) > budget:
                evidence = replace(evidence, wait_limit=budget)
            else:
                retry = self._retry_of(flight, state, credential.key)
                answer, more = await self._ride(retry, on_wait)
                waited += more
                attempts = 2
                evidence = replace(answer.evidence, retried=True)
        if evidence.status == 429:
            cooling = state.cooling_seconds(self.clock.monotonic())
            evidence = replace(evidence, retry_after=max(1, math.ceil(cooling)))
        if credential.notes or credential.source != evidence.key_source:
            evidence = replace(evidence, seen=(*credential.notes, *evidence.seen), key_source=credential.source)
        return Exchange(
            evidence=evidence,
            body=answer.body,
            attempts=attempts,
            waited_seconds=round(waited, 3),
        )

    async def aclose(self) -> None:
        """Close the running loop's connections."""
        transport = self._transports.pop(asyncio.get_running_loop(), None)
        if transport is not None:
            await transport.aclose()

    # Answers that cost no request

    def _unsent(self, evidence: Evidence) -> Exchange:
        return Exchange(evidence=evidence, body=None, attempts=0, waited_seconds=0.0)

    def _without_key(self, credential: Credential) -> Evidence:
        return Evidence(
            source="live",
            seen=(*credential.notes, "No request was sent."),
            key_fault=credential.fault,
            key_fault_detail=credential.detail,
            key_vendor=credential.vendor,
            key_source=credential.source,
            key_sent=False,
            host=self._host,
        )

    def _still_cooling(self, state: KeyState[_Answer], credential: Credential, cooling: float, budget: int) -> Exchange:
        earlier = state.cooldown_evidence or Evidence(source="live", status=429)
        return self._unsent(
            replace(
                earlier,
                seen=(
                    *credential.notes,
                    "No request was sent: an earlier 429 is still in force.",
                    *earlier.seen,
                ),
                key_source=credential.source,
                cooling_down=True,
                retry_after=max(1, math.ceil(cooling)),
                observed_at=None,
                wait_limit=budget,
            )
        )

    # Flights

    def _launch(self, state: KeyState[_Answer], key: ApiKey) -> Flight[_Answer]:
        """A new flight of the running loop: waits out the cooldown, if any, then sends one request."""
        now = self.clock.monotonic()
        cooling = state.cooling_seconds(now)
        planned = now + cooling + self._jitter() if cooling else now

        async def run() -> _Answer:
            # A cooldown can be prolonged meanwhile by another loop's 429.
            while (wait := max(planned, state.cooldown_until) - self.clock.monotonic()) > 0:
                await self.clock.sleep(wait)
            flight.departs_at = self.clock.monotonic()
            return await self._request(state, key)

        flight = Flight(run, departs_at=planned)
        state.set_flight(flight)
        return flight

    def _retry_of(self, flight: Flight[_Answer], state: KeyState[_Answer], key: ApiKey) -> Flight[_Answer]:
        """The one retry of a flight that got a 429, the same for all its riders and for who came meanwhile."""
        if flight.successor is None:
            flight.successor = state.current_flight() or self._launch(state, key)
            flight.successor.is_retry = True
        return flight.successor

    async def _ride(self, flight: Flight[_Answer], on_wait: OnWait | None) -> tuple[_Answer, float]:
        """The flight's answer, and the seconds this rider waited for its departure."""
        boarded = self.clock.monotonic()
        flight.board()
        try:
            if on_wait is not None and flight.departs_at > boarded:
                await self._report_wait(flight, boarded, flight.departs_at - boarded, on_wait)
            await asyncio.wait({flight.task})
        finally:
            flight.leave()
        waited = max(0.0, min(flight.departs_at, self.clock.monotonic()) - boarded)
        if flight.task.cancelled():
            # Not our cancellation (that would have left above): the flight was stopped under us.
            return _Answer(self._interrupted("the request was stopped before it ended")), waited
        return flight.task.result(), waited

    async def _report_wait(self, flight: Flight[_Answer], boarded: float, total: float, on_wait: OnWait) -> None:
        while not flight.landed:
            elapsed = min(total, self.clock.monotonic() - boarded)
            await on_wait(elapsed, total)
            if elapsed >= total:
                return
            tick = asyncio.ensure_future(self.clock.sleep(min(PROGRESS_SECONDS, total - elapsed)))
            try:
                await asyncio.wait({tick, flight.task}, return_when=asyncio.FIRST_COMPLETED)
            finally:
                tick.cancel()

    def _interrupted(self, detail: str) -> Evidence:
        return Evidence(
            source="live", seen=(f"GET {self._url} did not end.",), failure=Failure.INTERRUPTED,
            failure_detail=detail, host=self._host, api_host=True,
        )  # fmt: skip

    # One request

    @property
    def _url(self) -> str:
        return self._settings.base_url + ME_PATH

    @cached_property
    def _parsed_url(self) -> httpx.URL:
        return httpx.URL(self._url)

    async def _request(self, state: KeyState[_Answer], key: ApiKey) -> _Answer:
        """Send one request and enter what it shows into the key's state. Never raises but CancelledError."""
        sent = state.record_request(self.clock.monotonic())
        worked_before = state.accepted
        try:
            answer = await self._exchange(key)
        except Exception as error:  # noqa: BLE001 - a fault of ours is an answer too; its text may quote anything
            logger.error("get_me failed unexpectedly: %s", type(error).__name__)  # noqa: TRY400
            answer = _Answer(self._interrupted(f"an unexpected {type(error).__name__}"))
        evidence = replace(
            answer.evidence,
            host=self._host,
            api_host=True,
            key_sent=True,
            key_worked_before=worked_before,
            own_requests_in_window=sent,
            timeout_seconds=self._settings.timeout_seconds,
            clock_skew=self._clock_skew,
        )
        if evidence.status == 429:
            if evidence.retry_after is None:
                fallback = f"It stated no valid Retry-After; {DEFAULT_WAIT_SECONDS} s is the vendor's own fallback."
                evidence = replace(evidence, seen=(*evidence.seen, fallback))
            wait = evidence.retry_after or DEFAULT_WAIT_SECONDS
            state.cool_down(self.clock.monotonic() + wait, evidence)
        elif answer.body is not None or (evidence.status == 403 and evidence.message in documented_messages()):
            state.accepted = True
        return _Answer(evidence, answer.body)

    async def _exchange(self, key: ApiKey) -> _Answer:
        phase = _Phase()
        head: httpx.Response | None = None
        body: bytes | None = None
        fault: BodyFault | None = None
        try:
            async with asyncio.timeout(self._settings.timeout_seconds):
                # The transport itself: httpx's client would add redirects, cookies and ways to authenticate.
                headers = {**_HEADERS, "Authorization": key.authorization}
                request = httpx.Request("GET", self._parsed_url, headers=headers, extensions={"trace": phase.trace})
                head = await self._transport_of_loop().handle_async_request(request)
                try:
                    body, fault = await _read_body(head)
                finally:
                    await head.aclose()
        except TimeoutError:
            return self._timed_out(phase, head, key)
        except (httpx.HTTPError, OSError) as error:
            if head is None:
                return self._failed(phase, error)
            fault = BodyFault.TRUNCATED
        except UnusableProxyError as error:
            return self._failed_proxy(str(error))
        return self._answered(head, body, fault, key)

    def _answered(self, head: httpx.Response, body: bytes | None, fault: BodyFault | None, key: ApiKey) -> _Answer:
        status = head.status_code
        text = None
        if body is not None:
            text = body.decode("utf-8-sig", errors="replace")
            if fault is None and "\ufffd" in text and not _is_utf8(body):
                fault = BodyFault.UNDECODABLE

        def hide(words: str, window: int) -> str:
            # The documented messages hold no secret, whatever words the key is made of.
            return words if words in documented_messages() else key.scrub(words, window)

        now = self.clock.now()
        evidence = evidence_of_response(status, head.headers.multi_items(), text, source="live", now=now, hide=hide)
        if evidence.observed_at is not None:
            self._clock_skew = (now - evidence.observed_at).total_seconds()
        seen = [f"GET {self._url} answered HTTP {status}."]
        if fault is not None:
            seen.append(_FAULT_WORDS[fault])
            if 200 <= status < 300:
                evidence = replace(evidence, body_fault=fault, body_fault_detail=_FAULT_WORDS[fault])
        evidence = replace(evidence, seen=tuple(seen))
        if status != 200 or text is None or evidence.body_fault is not None:
            return _Answer(evidence)
        me = parse_json(text)[1]
        if "\\" in text or key.scrub(text, IDENTITY_WINDOW) != text:
            me = _without_key(me, key)
        return _Answer(evidence, cast("dict[str, Any]", me))

    def _timed_out(self, phase: _Phase, head: httpx.Response | None, key: ApiKey) -> _Answer:
        if head is not None and not 200 <= head.status_code < 300:
            return self._answered(head, None, None, key)  # the status says it all; its body only came too slowly
        seconds = f"{self._settings.timeout_seconds:g} s"
        if head is not None:
            failure, detail = Failure.DEADLINE, f"the body was not complete after {seconds}"
        elif self._at_proxy(phase):
            failure, detail = Failure.CONNECT_TIMEOUT, f"the environment's proxy opened no tunnel after {seconds}"
        elif phase.step in {"connect", "tls"}:
            step = "TCP connection" if phase.step == "connect" else "TLS handshake"
            failure, detail = Failure.CONNECT_TIMEOUT, f"no {step} after {seconds}"
        else:
            failure, detail = Failure.READ_TIMEOUT, f"no response after {seconds}"
        status = None if head is None else head.status_code
        return _Answer(
            Evidence(
                source="live",
                status=status,
                failure=failure,
                failure_detail=detail,
                seen=self._no_response(detail),
            )
        )

    def _failed(self, phase: _Phase, error: Exception) -> _Answer:
        found = classify(error)
        if found.proxy_status is not None:
            seen = f"The proxy answered HTTP {found.proxy_status} to the request for a tunnel to {self._host}."
            return _Answer(
                Evidence(source="live", status=found.proxy_status, intermediary=Intermediary.PROXY, seen=(seen,))
            )
        if self._at_proxy(phase):
            return self._failed_proxy(found.detail)
        return _Answer(
            Evidence(
                source="live",
                failure=found.failure,
                failure_detail=found.detail,
                seen=self._no_response(found.detail),
            )
        )

    def _at_proxy(self, phase: _Phase) -> bool:
        """Whether the request got no further than the proxy."""
        return self._proxied and phase.connected and not phase.tunnelled

    def _failed_proxy(self, detail: str) -> _Answer:
        seen = f"The proxy named by the environment (HTTPS_PROXY or ALL_PROXY) cannot be used: {detail}."
        return _Answer(Evidence(source="live", failure=Failure.PROXY, failure_detail=detail, seen=(seen,)))

    def _no_response(self, detail: str) -> tuple[str, ...]:
        return (f"GET {self._url} got no complete HTTP response: {detail}.",)

    def _transport_of_loop(self) -> httpx.AsyncBaseTransport:
        """The running loop's connections: tasks of one loop cannot use another's."""
        loop = asyncio.get_running_loop()
        known = self._transports.get(loop)
        if known is None:
            for other in [each for each in tuple(self._transports) if each.is_closed()]:
                del self._transports[other]
            known = self._transports[loop] = self._given_transport or self._new_transport()
        return known

    def _new_transport(self) -> httpx.AsyncHTTPTransport:
        # Its debug lines quote response headers and reason phrases, in which a server may echo the key.
        library = logging.getLogger("httpcore")
        library.setLevel(max(library.getEffectiveLevel(), logging.WARNING))
        proxy = proxy_for(self._settings.base_url)
        self._proxied = proxy is not None
        return httpx.AsyncHTTPTransport(
            verify=truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT),
            limits=httpx.Limits(keepalive_expiry=IDLE_SECONDS),
            proxy=proxy.url if proxy else None,
        )


_HEADERS = {
    "Accept": "application/json",
    "Accept-Encoding": "gzip",
    "User-Agent": f"outboundsync-mcp/{__version__}",
}
_FAULT_WORDS = {
    BodyFault.TRUNCATED: "The connection ended before the body was complete.",
    BodyFault.UNDECODABLE: "The body does not match its Content-Encoding, or is not UTF-8.",
    BodyFault.OVERSIZE: f"The body is larger than {BODY_LIMIT // 1024} KiB.",
}


async def _read_body(response: httpx.Response) -> tuple[bytes, BodyFault | None]:
    """The decoded body, up to BODY_LIMIT bytes; never more than that is decoded, however small it came.

    One layer of gzip or deflate is decoded: gzip is what the request offers.
    """
    encoding = response.headers.get("content-encoding", "").strip().lower()
    if encoding not in {"", "identity", "gzip", "x-gzip", "deflate"}:
        return b"", BodyFault.UNDECODABLE
    inflater = None if encoding in {"", "identity"} else zlib.decompressobj(_GZIP_OR_ZLIB)
    body = bytearray()
    async for chunk in cast("httpx.AsyncByteStream", response.stream):
        try:
            body += inflater.decompress(chunk, BODY_LIMIT + 1 - len(body)) if inflater else chunk
        except zlib.error:
            return bytes(body), BodyFault.UNDECODABLE
        if len(body) > BODY_LIMIT:
            return bytes(body[:BODY_LIMIT]), BodyFault.OVERSIZE
    cut_off = inflater is not None and body and not inflater.eof
    return bytes(body), BodyFault.UNDECODABLE if cut_off else None


def _is_utf8(body: bytes) -> bool:
    try:
        body.decode()
    except UnicodeDecodeError:
        return False
    return True


@cache
def documented_messages() -> frozenset[str]:
    """The `message` texts that the vendor documents, word for word."""
    entries = load_catalog().entries.values()
    return frozenset(entry.documented_message for entry in entries if entry.documented_message)


def _without_key(value: object, key: ApiKey) -> object:
    """A JSON value whose strings, and names beyond the documented ones, hold no run of the key."""
    if isinstance(value, str):
        return key.scrub(value, IDENTITY_WINDOW)
    if isinstance(value, list):
        return [_without_key(item, key) for item in cast("list[object]", value)]
    if isinstance(value, dict):
        return {
            name if name in ME_FIELDS else key.scrub(name, IDENTITY_WINDOW): _without_key(item, key)
            for name, item in cast("dict[str, object]", value).items()
        }
    return value
