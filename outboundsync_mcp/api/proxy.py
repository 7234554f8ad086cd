"""The proxy that the environment names for the API, as `urllib` reads it: HTTPS_PROXY, ALL_PROXY, NO_PROXY."""

from dataclasses import dataclass, field
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import httpx

from outboundsync_mcp.settings import is_loopback


@dataclass(frozen=True, slots=True)
class Proxy:
    """Where it is; `url` may hold a password and is never shown."""

    url: str = field(repr=False)
    host: str
    port: int


class UnusableProxyError(ValueError):
    """The environment's proxy cannot be used. The text names the variable and shows nothing of its value."""


def proxy_for(base_url: str) -> Proxy | None:
    """The proxy that requests to this origin go through, None for none. Raises UnusableProxyError.

    Loopback never has one: a proxy would read the key that plain HTTP carries.
    """
    origin = urlsplit(base_url)
    host = origin.hostname or ""
    proxies = getproxies()
    name = origin.scheme if proxies.get(origin.scheme) else "all"
    url = proxies.get(name)
    if not url or is_loopback(host) or proxy_bypass(host):
        return None
    url = url if "://" in url else f"http://{url}"
    try:
        parsed, parts = httpx.URL(url), urlsplit(url)
        port = parts.port or (443 if parts.scheme == "https" else 80)
    except (ValueError, httpx.InvalidURL):
        fault = "has a host or port that is not valid (in a password, #, /, ? and @ are %23, %2F, %3F and %40)"
        raise UnusableProxyError(f"{name.upper()}_PROXY {fault}") from None
    if parsed.scheme not in {"http", "https"}:
        raise UnusableProxyError(f"{name.upper()}_PROXY does not start with http:// or https://")
    if not parsed.raw_host:
        raise UnusableProxyError(f"{name.upper()}_PROXY names no host")
    return Proxy(url, parsed.raw_host.decode(), port)
