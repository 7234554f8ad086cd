"""Exceptions that this machine's network stack, or another system's, raises, and the failure that each one is."""

import asyncio
import errno
import os
import socket
import ssl

import httpx
import pytest

from outboundsync_mcp.api.failures import TransportFailure, causes, classify
from outboundsync_mcp.diagnosis.evidence import Failure


@pytest.mark.parametrize(
    ("system", "code", "failure"),
    [
        ("OpenSSL", 10, Failure.TLS_EXPIRED),
        ("OpenSSL", 9, Failure.TLS_NOT_YET_VALID),
        ("OpenSSL", 62, Failure.TLS_HOSTNAME),
        ("OpenSSL", 64, Failure.TLS_HOSTNAME),
        ("OpenSSL", 20, Failure.TLS_UNTRUSTED),
        ("macOS", -67818, Failure.TLS_EXPIRED),
        ("macOS", -67819, Failure.TLS_NOT_YET_VALID),
        ("macOS", -67602, Failure.TLS_HOSTNAME),
        ("macOS", -67843, Failure.TLS_UNTRUSTED),
        ("Windows", 0x800B0101, Failure.TLS_EXPIRED),
        ("Windows", 0x800B010F, Failure.TLS_HOSTNAME),
        ("Windows", 0x800B0109, Failure.TLS_UNTRUSTED),
    ],
)
def test_a_certificate_is_refused_for_the_same_reason_on_every_system(system: str, code: int, failure: Failure) -> None:
    # As truststore makes it on macOS and Windows.
    error = ssl.SSLCertVerificationError(f"{system} says no")
    error.verify_message = f"{system} says no"
    error.verify_code = code
    found = classify(error)
    assert (found.failure, found.detail) == (failure, f"{system} says no")


def test_a_refused_connection_is_said_in_the_systems_words() -> None:
    async def connect(port: int) -> None:
        await asyncio.open_connection("127.0.0.1", port)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(ConnectionRefusedError) as caught:
        asyncio.run(connect(port))
    found = classify(caught.value)
    assert (found.failure, found.detail) == (Failure.REFUSED, os.strerror(caught.value.errno or 0))


def ssl_error(reason: str | None) -> ssl.SSLError:
    error = ssl.SSLError(1, f"[SSL: {reason}] something (_ssl.c:1006)")
    error.reason = reason  # type: ignore[assignment]  # OpenSSL gives none for some errors
    return error


def certificate_error(message: str) -> ssl.SSLCertVerificationError:
    error = ssl.SSLCertVerificationError("refused")
    error.verify_message, error.verify_code = message, 20
    return error


@pytest.mark.parametrize(
    ("error", "failure", "detail"),
    [
        (ssl_error("WRONG_VERSION_NUMBER"), Failure.TLS_PLAINTEXT, "wrong version number"),
        (ssl_error("RECORD_LAYER_FAILURE"), Failure.TLS_PLAINTEXT, "record layer failure"),
        (ssl_error("http_request"), Failure.TLS_PLAINTEXT, "http request"),
        (ssl_error("TLSV1_ALERT_PROTOCOL_VERSION"), Failure.TLS_HANDSHAKE, "tlsv1 alert protocol version"),
        (ssl_error(None), Failure.TLS_HANDSHAKE, "the TLS handshake failed"),
        (certificate_error(""), Failure.TLS_UNTRUSTED, "('refused',)"),
        (socket.gaierror(-2, "Name or service not known"), Failure.DNS, "Name or service not known"),
        (ConnectionRefusedError(111, "Connection refused"), Failure.REFUSED, "Connection refused"),
        (ConnectionResetError(104, "Connection reset by peer"), Failure.RESET, "Connection reset by peer"),
        (ConnectionAbortedError(103, "Aborted"), Failure.RESET, "Aborted"),
        (BrokenPipeError(32, "Broken pipe"), Failure.RESET, "Broken pipe"),
        (ConnectionResetError(), Failure.RESET, "ConnectionResetError"),
        (TimeoutError(110, "Connection timed out"), Failure.CONNECT_TIMEOUT, "Connection timed out"),
        (TimeoutError(), Failure.CONNECT_TIMEOUT, "TimeoutError"),
        (OSError(errno.ENETUNREACH, "Network is unreachable"), Failure.UNREACHABLE, "Network is unreachable"),
        (OSError(errno.EHOSTUNREACH, "Connect call failed ('192.0.2.1', 443)"), Failure.UNREACHABLE,
         os.strerror(errno.EHOSTUNREACH)),
        (OSError("Connect call failed"), Failure.UNREACHABLE, "OSError"),
        (httpx.RemoteProtocolError("Server disconnected without sending a response."), Failure.CLOSED,
         "closed without a response"),
        (httpx.RemoteProtocolError("illegal status line"), Failure.NOT_HTTP, "the answer is not HTTP"),
        (httpx.ReadError(""), Failure.RESET, "the connection broke"),
        (httpx.WriteError(""), Failure.RESET, "the connection broke"),
        (httpx.ConnectError("All connection attempts failed"), Failure.UNREACHABLE, "ConnectError"),
        (ValueError("secret"), Failure.UNREACHABLE, "ValueError"),
    ],
    ids=repr,
)  # fmt: skip
def test_every_exception_is_one_failure_in_words_that_quote_nothing(
    error: Exception, failure: Failure, detail: str
) -> None:
    assert classify(error) == TransportFailure(failure, detail)


@pytest.mark.parametrize(
    ("words", "status"),
    [("407 Proxy Authentication Required", 407), ("503", 503), ("4070", None), ("refused 407", None), ("", None)],
)
def test_a_proxy_that_refuses_the_tunnel_is_told_with_its_status(words: str, status: int | None) -> None:
    assert classify(httpx.ProxyError(words)) == TransportFailure(
        Failure.PROXY, "the proxy refused the connection", status
    )


def chained(outer: Exception, cause: BaseException) -> Exception:
    outer.__cause__ = cause
    return outer


REFUSED = ConnectionRefusedError(111, "Connection refused")
EXPIRED = ssl_error("CERTIFICATE_EXPIRED")


@pytest.mark.parametrize(
    ("error", "failure"),
    [
        (chained(httpx.ConnectError("x"), REFUSED), Failure.REFUSED),
        (chained(httpx.ConnectError("x"), ExceptionGroup("both", [OSError("no number"), REFUSED])), Failure.REFUSED),
        (chained(httpx.ReadError("x"), chained(OSError("x"), ConnectionResetError())), Failure.RESET),
        (chained(httpx.ProxyError("407 no"), REFUSED), Failure.PROXY),
        (chained(httpx.ProxyError("407 no"), EXPIRED), Failure.TLS_HANDSHAKE),
        (chained(REFUSED.__class__(111, "x"), EXPIRED), Failure.TLS_HANDSHAKE),
        (chained(httpx.ConnectError("x"), socket.gaierror(-3, "try again")), Failure.DNS),
    ],
)  # fmt: skip
def test_the_nearest_cause_that_says_what_happened_counts_and_tls_before_all(
    error: Exception, failure: Failure
) -> None:
    assert classify(error).failure is failure


def test_causes_are_listed_nearest_first_and_once() -> None:
    first, second, third = ValueError("1"), KeyError("2"), OSError("3")
    group = ExceptionGroup("both", [second, third])
    first.__cause__, first.__context__ = group, third
    third.__context__ = first  # a circle
    second.__context__ = OSError("4")
    assert list(causes(first)) == [first, group, third, second, second.__context__]
