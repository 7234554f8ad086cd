"""Which proxy the environment names for the API, and why one cannot be used."""

import pytest

from outboundsync_mcp.api.proxy import Proxy, UnusableProxyError, proxy_for

API = "https://app.outboundsync.com"


@pytest.mark.parametrize(
    ("variables", "url", "host", "port"),
    [
        ({"HTTPS_PROXY": "http://proxy.example.com:3128"}, "http://proxy.example.com:3128", "proxy.example.com", 3128),
        ({"https_proxy": "http://p.example.com"}, "http://p.example.com", "p.example.com", 80),
        ({"HTTPS_PROXY": "https://p.example.com"}, "https://p.example.com", "p.example.com", 443),
        ({"HTTPS_PROXY": "p.example.com:8080"}, "http://p.example.com:8080", "p.example.com", 8080),
        ({"HTTPS_PROXY": "http://u:p%40w@p.example.com:1"}, "http://u:p%40w@p.example.com:1", "p.example.com", 1),
        ({"HTTPS_PROXY": "http://[::1]:3128"}, "http://[::1]:3128", "::1", 3128),
        ({"ALL_PROXY": "http://all.example.com:1"}, "http://all.example.com:1", "all.example.com", 1),
        ({"HTTPS_PROXY": "http://own:1", "ALL_PROXY": "http://all:1"}, "http://own:1", "own", 1),
        ({"HTTPS_PROXY": "", "ALL_PROXY": "http://all:1"}, "http://all:1", "all", 1),
        ({"HTTPS_PROXY": "http://own:1", "NO_PROXY": "example.com"}, "http://own:1", "own", 1),
    ],
)
def test_the_proxy_is_the_schemes_own_or_else_the_one_for_all(
    variables: dict[str, str], url: str, host: str, port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert proxy_for(API) == Proxy(url, host, port)


@pytest.mark.parametrize(
    ("variables", "origin"),
    [
        ({}, API),
        ({"HTTP_PROXY": "http://own:1"}, API),
        ({"HTTPS_PROXY": "http://own:1", "NO_PROXY": "outboundsync.com"}, API),
        ({"HTTPS_PROXY": "http://own:1", "NO_PROXY": "*"}, API),
        ({"HTTPS_PROXY": "http://own:1", "HTTP_PROXY": "http://own:1"}, "http://127.0.0.1:8000"),
        ({"HTTPS_PROXY": "http://own:1"}, "https://localhost"),
        ({"HTTPS_PROXY": "http://own:1"}, "https://[::1]:8443"),
    ],
)
def test_nothing_that_is_exempt_goes_through_a_proxy(
    variables: dict[str, str], origin: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert proxy_for(origin) is None


INVALID = "has a host or port that is not valid (in a password, #, /, ? and @ are %23, %2F, %3F and %40)"


@pytest.mark.parametrize(
    ("variable", "value", "why"),
    [
        ("HTTPS_PROXY", "http://u:password@p.example.com:port", f"HTTPS_PROXY {INVALID}"),
        ("HTTPS_PROXY", "http://[password", f"HTTPS_PROXY {INVALID}"),
        ("ALL_PROXY", "socks5://u:password@p.example.com:1", "ALL_PROXY does not start with http:// or https://"),
        ("HTTPS_PROXY", "http://u:password@", "HTTPS_PROXY names no host"),
    ],
)
def test_a_proxy_that_cannot_be_used_is_told_by_its_variable_alone(
    variable: str, value: str, why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(UnusableProxyError) as caught:
        proxy_for(API)
    assert str(caught.value) == why
    assert "password" not in repr(caught.value).replace("a password", "")


def test_a_password_in_a_proxys_url_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://user:proxypassword@p.example.com:1")
    assert repr(proxy_for(API)) == "Proxy(host='p.example.com', port=1)"
