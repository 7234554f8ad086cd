"""Exceptions of the HTTP stack, read into the `Failure` that a diagnosis understands."""

import os
import re
import socket
import ssl
from collections.abc import Iterator
from dataclasses import dataclass

import httpx

from outboundsync_mcp.diagnosis.evidence import Failure

# Where truststore leaves the verdict to the operating system, `verify_code` is that system's own number.
_CERTIFICATE_FAULTS = {
    # The numbers of OpenSSL, X509_V_ERR_* in openssl-verification-options(1).
    9: Failure.TLS_NOT_YET_VALID,
    10: Failure.TLS_EXPIRED,
    62: Failure.TLS_HOSTNAME,
    64: Failure.TLS_HOSTNAME,
    # The numbers of macOS, errSec* in Security/SecBase.h.
    -67602: Failure.TLS_HOSTNAME,
    -67818: Failure.TLS_EXPIRED,
    -67819: Failure.TLS_NOT_YET_VALID,
    # The numbers of Windows, CERT_E_* in winerror.h; the first is also that of a certificate that is not valid yet.
    0x800B0101: Failure.TLS_EXPIRED,
    0x800B010F: Failure.TLS_HOSTNAME,
}
_PLAINTEXT_REASONS = {
    "WRONG_VERSION_NUMBER",
    "HTTP_REQUEST",
    "HTTPS_PROXY_REQUEST",
    "PACKET_LENGTH_TOO_LONG",
    "RECORD_LAYER_FAILURE",
}


@dataclass(frozen=True, slots=True)
class TransportFailure:
    """What went wrong below HTTP, and the operating system's own words for it."""

    failure: Failure
    detail: str
    proxy_status: int | None = None
    """The status with which a proxy refused CONNECT."""


def causes(error: BaseException) -> Iterator[BaseException]:
    """The exception and everything it came from, groups included, nearest first."""
    seen: set[int] = set()
    queue: list[BaseException] = [error]
    while queue:
        current = queue.pop(0)
        if id(current) in seen:
            continue
        seen.add(id(current))
        yield current
        if isinstance(current, BaseExceptionGroup):
            queue.extend(current.exceptions)  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType]
        queue.extend(cause for cause in (current.__cause__, current.__context__) if cause is not None)


def _tls(error: ssl.SSLError) -> TransportFailure:
    if isinstance(error, ssl.SSLCertVerificationError):
        failure = _CERTIFICATE_FAULTS.get(error.verify_code, Failure.TLS_UNTRUSTED)
        return TransportFailure(failure, error.verify_message or str(error))
    reason = (error.reason or "").upper()
    failure = Failure.TLS_PLAINTEXT if reason in _PLAINTEXT_REASONS else Failure.TLS_HANDSHAKE
    return TransportFailure(failure, reason.replace("_", " ").lower() or "the TLS handshake failed")


def _operating_system(error: OSError) -> TransportFailure | None:
    words = error.strerror or type(error).__name__
    if error.errno is not None and words.startswith("Connect call failed"):  # asyncio's; the address is known
        words = os.strerror(error.errno)
    if isinstance(error, socket.gaierror):
        return TransportFailure(Failure.DNS, words)
    if isinstance(error, ConnectionRefusedError):
        return TransportFailure(Failure.REFUSED, words)
    if isinstance(error, ConnectionResetError | ConnectionAbortedError | BrokenPipeError):
        return TransportFailure(Failure.RESET, words)
    if isinstance(error, TimeoutError):
        return TransportFailure(Failure.CONNECT_TIMEOUT, words)
    if error.errno is not None:
        return TransportFailure(Failure.UNREACHABLE, words)
    return None


def classify(error: BaseException) -> TransportFailure:
    """Read an exception raised before a response was complete. Total: the least specific answer is UNREACHABLE.

    Nothing of the request (and so of the key) is quoted, only the words of the system or the library.
    """
    chain = list(causes(error))
    for cause in chain:
        # "More bytes are needed" is no failure, only the state in which another one came.
        if isinstance(cause, ssl.SSLError) and not isinstance(cause, ssl.SSLWantReadError | ssl.SSLWantWriteError):
            return _tls(cause)
    if isinstance(error, httpx.ProxyError):
        # httpcore's text for a refused CONNECT begins with the proxy's status: "407 Proxy Authentication Required".
        refused = re.match(r"(\d{3})\b", str(error))
        return TransportFailure(Failure.PROXY, "the proxy refused the connection", int(refused[1]) if refused else None)
    for cause in chain:
        if isinstance(cause, OSError) and (found := _operating_system(cause)):
            return found
    if isinstance(error, httpx.RemoteProtocolError):
        closed = "disconnected without sending" in str(error)
        return (
            TransportFailure(Failure.CLOSED, "closed without a response")
            if closed
            else TransportFailure(Failure.NOT_HTTP, "the answer is not HTTP")
        )
    if isinstance(error, httpx.ReadError | httpx.WriteError):
        return TransportFailure(Failure.RESET, "the connection broke")
    return TransportFailure(Failure.UNREACHABLE, type(error).__name__)
