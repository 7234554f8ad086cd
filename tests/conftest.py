"""What every test shares: one asyncio backend, and an environment without the developer's own settings."""

import os
import signal

import pytest
from hypothesis import HealthCheck, settings

# How fast the machine is says nothing about the product.
settings.register_profile("unhurried", settings(), deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")

# A shell that runs this in the background has its children ignore the signal, and theirs would, too.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

PROXY_VARIABLES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No OUTBOUNDSYNC_* and no proxy variable of the machine reaches a test."""
    for name in list(os.environ):
        if name.startswith("OUTBOUNDSYNC_") or name.upper() in PROXY_VARIABLES:
            monkeypatch.delenv(name)
