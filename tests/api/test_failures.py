"""Exceptions that this machine's network stack, or another system's, raises, and the failure that each one is."""

import asyncio
import os
import socket
import ssl

import pytest

from outboundsync_mcp.api.failures import classify
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
