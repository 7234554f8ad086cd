"""One GET of `/api/v1/me`, and what came back, or did not, as `Evidence`. Keeps nothing but connections."""

import asyncio
import logging
import ssl
import zlib
from dataclasses import dataclass, replace
from functools import cache, cached_property
from typing import Any, cast
from urllib.parse import urlsplit

import httpx
import truststore

from outboundsync_mcp import __version__
from outboundsync_mcp.api.clock import Clock
from outboundsync_mcp.api.credentials import ApiKey
from outboundsync_mcp.api.failures import classify
from outboundsync_mcp.api.proxy import UnusableProxyError, proxy_for
from outboundsync_mcp.diagnosis.catalog import load_catalog
from outboundsync_mcp.diagnosis.evidence import BodyFault, Evidence, Failure, Intermediary
from outboundsync_mcp.diagnosis.response import IDENTITY_WINDOW, read_response
from outboundsync_mcp.diagnosis.schemas import ME_FIELDS
from outboundsync_mcp.settings import Settings

ME_PATH = "/api/v1/me"
BODY_LIMIT = 1024 * 1024
"""Bytes of a decoded body that are read."""
IDLE_SECONDS = 5.0
"""No connection is reused after this many idle seconds."""
_GZIP_OR_ZLIB = 47
"""zlib's window bits for "detect which of the two it is"."""
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


@dataclass(frozen=True, slots=True)
class Answer:
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


class Requester:
    """Sends the request for one configuration, over connections of the running loop."""

    def __init__(self, settings: Settings, clock: Clock, transport: httpx.AsyncBaseTransport | None = None) -> None:
        """Nothing is opened until the first request."""
        self._settings = settings
        self._clock = clock
        self._given_transport = transport
        self._transports: dict[asyncio.AbstractEventLoop, httpx.AsyncBaseTransport] = {}
        self._proxied = False
        self.url = settings.base_url + ME_PATH
        self.host = urlsplit(settings.base_url).hostname or ""
        self.clock_skew: float | None = None
        """Seconds by which this machine's clock was ahead of the last response's Date."""

    @cached_property
    def _parsed_url(self) -> httpx.URL:
        return httpx.URL(self.url)

    async def send(self, key: ApiKey) -> Answer:
        """One exchange, body included, within the configured deadline."""
        phase = _Phase()
        head: httpx.Response | None = None
        body: bytes | None = None
        fault: BodyFault | None = None
        try:
            async with asyncio.timeout(self._settings.timeout_seconds):
                # The transport itself: httpx's client would add redirects, cookies and ways to authenticate.
                url = self._parsed_url
                # Named here, for httpx would first decode an internationalized name, and refuse some that resolve.
                headers = {"Host": url.netloc.decode(), **_HEADERS, "Authorization": key.authorization}
                request = httpx.Request("GET", url, headers=headers, extensions={"trace": phase.trace})
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

    def _answered(self, head: httpx.Response, body: bytes | None, fault: BodyFault | None, key: ApiKey) -> Answer:
        status = head.status_code
        text = None
        if body is not None:
            text = body.decode("utf-8-sig", errors="replace")
            if fault is None and "\ufffd" in text and not _is_utf8(body):
                fault = BodyFault.UNDECODABLE

        def hide(words: str, window: int) -> str:
            # The documented messages hold no secret, whatever words the key is made of.
            return words if words in documented_messages() else key.scrub(words, window)

        now = self._clock.now()
        seen = f"GET {self.url} answered HTTP {status}."
        evidence, me = read_response(
            status, head.headers.multi_items(), text, source="live", now=now, hide=hide,
            seen=(seen,) if fault is None else (seen, _FAULT_WORDS[fault]),
        )  # fmt: skip
        if evidence.observed_at is not None:
            self.clock_skew = (now - evidence.observed_at).total_seconds()
        if fault is not None and 200 <= status < 300:
            evidence = replace(evidence, body_fault=fault, body_fault_detail=_FAULT_WORDS[fault])
        if status != 200 or text is None or evidence.body_fault is not None:
            return Answer(evidence)
        if "\\" in text or key.scrub(text, IDENTITY_WINDOW) != text:
            me = _without_key(me, key)
        return Answer(evidence, cast("dict[str, Any]", me))

    def _timed_out(self, phase: _Phase, head: httpx.Response | None, key: ApiKey) -> Answer:
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
        return Answer(
            Evidence(
                source="live", status=status, failure=failure, failure_detail=detail, seen=self._no_response(detail)
            )
        )

    def _failed(self, phase: _Phase, error: Exception) -> Answer:
        found = classify(error)
        if found.proxy_status is not None:
            seen = f"The proxy answered HTTP {found.proxy_status} to the request for a tunnel to {self.host}."
            return Answer(
                Evidence(source="live", status=found.proxy_status, intermediary=Intermediary.PROXY, seen=(seen,))
            )
        if self._at_proxy(phase):
            return self._failed_proxy(found.detail)
        seen = self._no_response(found.detail)
        return Answer(Evidence(source="live", failure=found.failure, failure_detail=found.detail, seen=seen))

    def _at_proxy(self, phase: _Phase) -> bool:
        """Whether the request got no further than the proxy."""
        return self._proxied and phase.connected and not phase.tunnelled

    def _failed_proxy(self, detail: str) -> Answer:
        seen = f"The proxy named by the environment (HTTPS_PROXY or ALL_PROXY) cannot be used: {detail}."
        return Answer(Evidence(source="live", failure=Failure.PROXY, failure_detail=detail, seen=(seen,)))

    def _no_response(self, detail: str) -> tuple[str, ...]:
        return (f"GET {self.url} got no complete HTTP response: {detail}.",)

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

    async def aclose(self) -> None:
        """Close the running loop's connections."""
        transport = self._transports.pop(asyncio.get_running_loop(), None)
        if transport is not None:
            await transport.aclose()


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
