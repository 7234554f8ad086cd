"""What the sandbox remembers: the fixed windows of both limits, who was told to wait, and the latest requests."""

import math
import re
import time
from collections.abc import Callable
from dataclasses import dataclass

KEPT_REQUESTS = 10_000
"""Requests that the log remembers, the latest ones."""
_KEY = re.compile(r"osapi_\w+", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The adjustable numbers; the defaults of the first two are the vendor's. Raises ValueError below 1."""

    limit: int = 120
    """Requests that an account owner may send in one window."""
    window_seconds: int = 60
    ip_limit: int | None = None
    """Requests that an IP address may send in one window; None: as many as an account owner."""
    retry_after_seconds: int = 5
    """The wait of the keys that are rate limited by name. The windows state their own."""

    def __post_init__(self) -> None:
        for name in ("limit", "window_seconds", "ip_limit", "retry_after_seconds"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise ValueError(f"{name} must be at least 1, not {value}")

    @property
    def per_ip(self) -> int:
        """The IP address's limit, whichever way it was given."""
        return self.limit if self.ip_limit is None else self.ip_limit


@dataclass(frozen=True, slots=True)
class Quota:
    """One layer's window after a request was counted in it."""

    limit: int
    used: int
    resets_in: int
    """Whole seconds to the window's end, at least 1."""

    @property
    def exceeded(self) -> bool:
        """Whether the request was one too many."""
        return self.used > self.limit

    @property
    def headers(self) -> dict[str, str]:
        """X-RateLimit-*. The vendor does not document the unit of Reset; here it is seconds to the window's end."""
        remaining = max(0, self.limit - self.used)
        return {
            "X-RateLimit-Limit": str(self.limit),
            "X-RateLimit-Remaining": str(remaining),
            "X-RateLimit-Reset": str(self.resets_in),
        }


@dataclass(frozen=True, slots=True)
class LoggedRequest:
    """One request for anything but the sandbox's own page."""

    at: float
    """Seconds since the epoch, on the sandbox's clock."""
    method: str
    path: str
    """Without query; what looks like a key is removed."""
    outcome: str | None
    """Name of the outcome whose key was sent, `unknown` for any other key, None without one."""
    status: int | None
    """What was answered; None if nothing was."""


class SandboxState:
    """Windows, waits and log of one sandbox. `clock` gives seconds since the epoch.

    Changed by the sandbox's own event loop only; other threads may read `requests` at any time.
    """

    def __init__(self, limits: Limits | None = None, *, clock: Callable[[], float] = time.time) -> None:
        self.limits = limits or Limits()
        self.clock = clock
        self.requests: list[LoggedRequest] = []
        """The latest KEPT_REQUESTS, in order."""
        self._window = -1
        self._used: dict[str, int] = {}
        self._wait_until: dict[str, float] = {}

    def count_ip(self, address: str) -> Quota:
        """Count a request against the IP address's window."""
        return self._count(f"ip {address}", self.limits.per_ip)

    def count_account(self, account: int) -> Quota:
        """Count a request against the account owner's window."""
        return self._count(f"account {account}", self.limits.limit)

    def remaining_wait(self, name: str) -> float:
        """Seconds that this key is still told to wait; 0 once after each wait, when it is served."""
        now = self.clock()
        until = self._wait_until.setdefault(name, now + self.limits.retry_after_seconds)
        if now >= until:
            del self._wait_until[name]
        return max(0.0, until - now)

    def log(self, method: str, path: str, outcome: str | None, status: int | None) -> None:
        """Remember a request, without any key."""
        self.requests.append(LoggedRequest(self.clock(), method, _KEY.sub("osapi_…", path), outcome, status))
        del self.requests[:-KEPT_REQUESTS]

    def _count(self, who: str, limit: int) -> Quota:
        now = self.clock()
        window = int(now // self.limits.window_seconds)
        if window != self._window:
            self._window, self._used = window, {}
        self._used[who] = used = self._used.get(who, 0) + 1
        end = (window + 1) * self.limits.window_seconds
        return Quota(limit, used, max(1, math.ceil(end - now)))
