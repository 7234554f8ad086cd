"""Every situation that a live exchange can produce: upstream script, expected kind, requests sent, and no secret."""

import asyncio
import gzip
import json
import logging
import socket
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from mcp import Client

from outboundsync_mcp.api.client import OutboundSyncClient
from outboundsync_mcp.server import create_server
from outboundsync_mcp.settings import Settings
from outboundsync_mcp.tools import GET_ME, Tools
from tests.support.certs import Certificates, Kind
from tests.support.scripted import Drip, End, Script, ScriptedServer, response

pytestmark = pytest.mark.anyio

CANARY = "osapi_canary_7gQ2xV9mK4tR8wZ1pL6n"
ME: dict[str, Any] = {
    "account": {"id": 42, "email": None},
    "apiKey": {"name": "Production", "scopes": ["read"], "connectionScope": "account"},
    "connections": [{"id": 7, "crm": "HUBSPOT", "organizationId": None, "organizationDomain": None}],
}
REALM = {"WWW-Authenticate": 'Bearer realm="OutboundSync API"'}
HTML = {"Content-Type": "text/html"}


def page(title: str, text: str = "") -> str:
    return f"<!DOCTYPE html><html><head><title>{title}</title></head><body><h1>{title}</h1>{text}</body></html>"


def refusal(status: int, message: object, error: str | None = None, **headers: str) -> bytes:
    body = {"statusCode": status, "message": message, **({"error": error} if error else {})}
    return response(status, {name.replace("_", "-"): value for name, value in headers.items()}, body)


@dataclass(frozen=True)
class Situation:
    """One row: what the upstream does, and what `get_me` must make of it."""

    name: str
    script: Script
    kind: str
    status: int | None = None
    requests: int = 1
    says: str = ""
    """Words that the diagnosis must hold somewhere, in any case."""
    tls: Kind | None = None
    environ: dict[str, str] = field(default_factory=dict[str, str])
    calls: int = 1


NOW_LIMITED = refusal(429, "ThrottlerException: Too Many Requests", Retry_After="1")
LATER_LIMITED = refusal(429, "ThrottlerException: Too Many Requests", Retry_After="90")
DENIED = response(401, REALM, {"statusCode": 401, "message": "Invalid API key", "error": "Unauthorized"})
NO_ACCESS = refusal(403, "API access is not enabled for this account", "Forbidden")
SCOPED = {**ME, "apiKey": {**ME["apiKey"], "connectionScope": "connection"}}

SITUATIONS = [
    # 200
    Situation("documented 200", response(200, body=ME), "ok", 200, says="HTTP 200"),
    Situation("connection-scoped key", response(200, body=SCOPED), "ok", 200, says="normal"),
    Situation("no connections", response(200, body={**ME, "connections": []}), "ok", 200, says="no connection"),
    Situation("unknown fields", response(200, body={**ME, "links": {"self": "/x"}}), "ok", 200),
    Situation("chunked", response(200, {"Transfer-Encoding": "chunked"}, b"%x\r\n%s\r\n0\r\n\r\n" % (
        len(json.dumps(ME)), json.dumps(ME).encode())), "ok", 200),
    Situation("gzipped", response(200, {"Content-Encoding": "gzip"}, gzip.compress(json.dumps(ME).encode())), "ok", 200),
    Situation("byte order mark", response(200, body="\ufeff" + json.dumps(ME)), "ok", 200),
    Situation("200 of another shape", response(200, body={"hello": "world"}), "unexpected_response", 200, says="account"),
    Situation("200 with a list", response(200, body=[ME]), "unexpected_response", 200),
    Situation("200 with null connections", response(200, body={**ME, "connections": None}), "unexpected_response", 200),
    Situation("200 with HTML", response(200, HTML, page("OutboundSync")), "unexpected_response", 200, says="HTML"),
    Situation("captive portal", response(200, HTML, page("Free WiFi", "Accept the terms of this hotspot")),
              "unexpected_response", 200, says="portal"),
    Situation("200 with words", response(200, {"Content-Type": "text/plain"}, "OK"), "unexpected_response", 200),
    Situation("200 empty", response(200), "unexpected_response", 200, says="empty"),
    Situation("204", response(204), "unexpected_response", 204),
    Situation("truncated body", (response(200, {"Content-Length": "500"}, '{"account": {'), End.CLOSE),
              "unexpected_response", 200, says="complete"),
    Situation("truncated by reset", (response(200, {"Content-Length": "500"}, '{"account": {'), End.RESET),
              "unexpected_response", 200),
    Situation("cut-off JSON", response(200, body='{"account": {"id": 42'), "unexpected_response", 200),
    Situation("wrong gzip", response(200, {"Content-Encoding": "gzip"}, b"not gzip at all"), "unexpected_response", 200,
              says="Content-Encoding"),
    Situation("oversize body", response(200, body=b'{"account": "' + b"x" * 1_100_000 + b'"}'), "unexpected_response", 200),
    Situation("gzip bomb", response(200, {"Content-Encoding": "gzip"}, gzip.compress(b" " * 30_000_000)),
              "unexpected_response", 200),
    Situation("deeply nested JSON", response(200, body="[" * 100_000), "unexpected_response", 200),
    Situation("200 with NaN", response(200, body=b'{"x": NaN, ' + json.dumps(ME).encode()[1:]), "unexpected_response", 200),
    Situation("200 with a number beyond a double", response(200, body=b'{"x": 1e999, ' + json.dumps(ME).encode()[1:]),
              "unexpected_response", 200),
    Situation("200 whose id is a boolean", response(200, body={**ME, "account": {"id": True}}), "unexpected_response", 200),
    Situation("200 with a cut emoji", response(200, body=b'{"x": "\\ud83d", ' + json.dumps(ME).encode()[1:]), "ok", 200),
    Situation("200 nested 300 deep", response(200, body=b'{"x": ' + b"[" * 300 + b"]" * 300 + b", " + json.dumps(ME).encode()[1:]),
              "unexpected_response", 200),
    Situation("200 that is not UTF-8", response(200, body=json.dumps(ME).encode().replace(b"Production", b"\xff\xfe")),
              "unexpected_response", 200, says="UTF-8"),
    Situation("200 that echoes the key in escapes", response(200, body=json.dumps({**ME, "account": {
              "id": 42, "email": "ESCAPED"}}).replace("ESCAPED", "".join(f"\\u{ord(c):04x}" for c in CANARY))), "ok", 200),
    # 401
    Situation("401 with Retry-After", response(401, {**REALM, "Retry-After": "9"}, {"message": "Invalid API key"}),
              "invalid_api_key", 401),
    Situation("documented 401", DENIED, "invalid_api_key", 401, says="rotate"),
    Situation("401 without the realm", refusal(401, "Unauthorized"), "invalid_api_key", 401, says="may not"),
    Situation("401 without error", response(401, REALM, {"message": "Invalid API key"}), "invalid_api_key", 401),
    Situation("401 with an empty body", response(401, REALM), "invalid_api_key", 401),
    Situation("401 with a message list", response(401, REALM, {"message": ["Invalid", "API key"]}), "invalid_api_key", 401,
              says="Invalid; API key"),
    Situation("401 that echoes the key", response(401, REALM, {"message": f"Invalid API key {CANARY}"}),
              "invalid_api_key", 401),
    # 403
    Situation("documented 403", NO_ACCESS, "api_access_disabled", 403, says="admin"),
    Situation("403 without error", response(403, body={"message": "API access is not enabled for this account"}),
              "api_access_disabled", 403),
    Situation("bare 403", response(403), "api_access_disabled", 403),
    Situation("bare 403 of the framework", response(403, body={"statusCode": 403, "message": "Forbidden"}),
              "api_access_disabled", 403),
    Situation("another permission", refusal(403, "Insufficient scope", "Forbidden"), "forbidden", 403),
    Situation("403 page of a firewall", response(403, HTML, page("Request blocked")), "forbidden", 403),
    Situation("403 of nginx", response(403, {**HTML, "Server": "nginx"}, page("403 Forbidden", "<hr>nginx")), "forbidden", 403),
    Situation("Cloudflare challenge", response(403, {**HTML, "cf-mitigated": "challenge", "Server": "cloudflare"},
              page("Just a moment...")), "forbidden", 403, says="Cloudflare"),
    Situation("Cloudflare 1020", response(403, {"Server": "cloudflare", "Content-Type": "text/plain"}, "error code: 1020"),
              "forbidden", 403, says="1020"),
    Situation("407 of a transparent proxy", response(407, {"Proxy-Authenticate": "Basic"}, page("Proxy")), "forbidden", 407,
              says="proxy"),
    # 429
    Situation("429 that passes", (NOW_LIMITED,), "rate_limited", 429, requests=1, environ={"OUTBOUNDSYNC_MAX_WAIT_SECONDS": "0"}),
    Situation("429 too long to wait", LATER_LIMITED, "rate_limited", 429, says="max_wait_seconds"),
    Situation("429 asked again while cooling down", LATER_LIMITED, "rate_limited", 429, calls=2, says="still in force"),
    Situation("Cloudflare 1015", response(429, {**HTML, "Server": "cloudflare", "Retry-After": "60"},
              page("Access denied | Cloudflare", "Error 1015 You are being rate limited")), "rate_limited", 429, says="1015"),
    Situation("429 with an HTML page", response(429, {**HTML, "Retry-After": "90"}, page("Too Many Requests")),
              "rate_limited", 429),
    # 5xx
    Situation("500", refusal(500, "Internal server error"), "server_error", 500, says="service@outboundsync.com"),
    Situation("501", refusal(501, "Not Implemented"), "server_error", 501),
    Situation("502 gateway", response(502, HTML, page("502 Bad Gateway", "<hr>nginx")), "upstream_unavailable", 502),
    Situation("503", refusal(503, "Service Unavailable", Retry_After="120"), "upstream_unavailable", 503),
    Situation("504", response(504, HTML, page("504 Gateway Time-out")), "upstream_unavailable", 504),
    Situation("511", response(511, HTML, page("Network Authentication Required")), "unexpected_response", 511),
    *(Situation(f"Cloudflare {status}", response(status, {**HTML, "Server": "cloudflare"}, page(f"{status}")),
                "upstream_unavailable", status) for status in range(520, 528)),
    # other statuses
    Situation("404", refusal(404, "Cannot GET /api/v1/me", "Not Found"), "not_found", 404, says="OUTBOUNDSYNC_BASE_URL"),
    Situation("redirect to another path", response(301, {"Location": "/login"}), "unexpected_redirect", 301),
    Situation("redirect to a portal", response(302, {"Location": f"http://portal.hotel.example/login?key={CANARY}"}),
              "unexpected_redirect", 302),
    Situation("redirect to no valid URL", response(302, {"Location": "https://login.corp.example:port/"}),
              "unexpected_redirect", 302),
    Situation("redirect to half an address", response(307, {"Location": "http://[::1/"}), "unexpected_redirect", 307),
    Situation("307 to another origin", response(307, {"Location": "https://evil.example/api/v1/me"}),
              "unexpected_redirect", 307),
    Situation("304", response(304), "unexpected_redirect", 304),
    *(Situation(str(status), refusal(status, "no"), "bad_request", status) for status in (400, 405, 408, 410, 413, 418, 431)),
    # no response
    Situation("closed without a byte", (End.CLOSE,), "connection_failed"),
    Situation("reset", (End.RESET,), "connection_failed"),
    Situation("not HTTP", (b"SSH-2.0-OpenSSH_9.2\r\n", End.CLOSE), "connection_failed"),
    Situation("silence", (End.STALL,), "timed_out", environ={"OUTBOUNDSYNC_TIMEOUT_SECONDS": "0.2"}),
    Situation("dripping head", (Drip(b"HTTP/1.1 200 OK\r\n\r\n"),), "timed_out", environ={"OUTBOUNDSYNC_TIMEOUT_SECONDS": "0.2"}),
    Situation("dripping body", (response(200, {"Content-Length": "50"}), Drip(b"x" * 50)), "timed_out", 200,
              environ={"OUTBOUNDSYNC_TIMEOUT_SECONDS": "0.2"}),
    Situation("401 whose body never comes", (response(401, {**REALM, "Content-Length": "50"}), End.STALL), "invalid_api_key",
              401, environ={"OUTBOUNDSYNC_TIMEOUT_SECONDS": "0.2"}),
    # TLS
    Situation("TLS", response(200, body=ME), "ok", 200, tls="good"),
    Situation("reset over TLS", (End.RESET,), "connection_failed", tls="good"),
    Situation("expired certificate", response(200, body=ME), "tls_failed", requests=0, tls="expired", says="expired"),
    Situation("certificate not yet valid", response(200, body=ME), "tls_failed", requests=0, tls="not_yet_valid", says="clock"),
    Situation("wrong host", response(200, body=ME), "tls_failed", requests=0, tls="wrong_host", says="name"),
    Situation("self-signed", response(200, body=ME), "tls_failed", requests=0, tls="self_signed"),
    Situation("TLS inspection", response(200, body=ME), "tls_failed", requests=0, tls="inspected", says="inspect"),
]  # fmt: skip


def settings_for(origin: str, **environ: str) -> Settings:
    return Settings.from_env({"OUTBOUNDSYNC_API_KEY": CANARY, "OUTBOUNDSYNC_BASE_URL": origin, **environ})


async def ask(settings: Settings, calls: int = 1) -> dict[str, Any]:
    """The last of `calls` answers of `get_me`, through a real client, checked against the listed schema."""
    tools = Tools(settings, OutboundSyncClient(settings, jitter=lambda: 0.1))
    async with Client(create_server(settings, tools=tools)) as client:
        for _ in range(calls - 1):
            await client.call_tool("get_me", {})
        result = await client.call_tool("get_me", {})
    answer: dict[str, Any] = result.structured_content
    jsonschema.validate(answer, GET_ME.output_schema or {})
    assert result.is_error is (answer["kind"] != "ok")
    assert json.loads(result.content[0].text) == answer  # type: ignore[union-attr]
    assert set(answer) == set((GET_ME.output_schema or {})["properties"])
    return answer


def assert_no_secret(*texts: str) -> None:
    secret = CANARY.removeprefix("osapi_")
    for text in texts:
        assert not [secret[i : i + 6] for i in range(len(secret) - 5) if secret[i : i + 6] in text]


def _name(row: Situation) -> str:
    return row.name


@pytest.fixture
def logs(caplog: pytest.LogCaptureFixture) -> Callable[[], str]:
    caplog.set_level(logging.DEBUG)
    return lambda: caplog.text


@pytest.mark.parametrize("row", SITUATIONS, ids=_name)
async def test_situation(
    row: Situation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, logs: Callable[[], str]
) -> None:
    certificates = Certificates(tmp_path) if row.tls else None
    if certificates:
        monkeypatch.setenv("SSL_CERT_FILE", str(certificates.ca_file))
    with ScriptedServer(row.script, tls=certificates.server(row.tls) if certificates and row.tls else None) as server:
        answer = await ask(settings_for(server.origin, **row.environ), row.calls)
        assert len(server.requests) == row.requests
    assert (answer["kind"], answer["status"]) == (row.kind, row.status)
    assert answer["attempts"] == (0 if row.calls > 1 else 1)
    assert (answer["me"] is not None) is answer["ok"]
    shown = json.dumps(answer, ensure_ascii=False)
    assert row.says.lower() in shown.lower()
    assert "<" not in (answer["message"] or "")
    assert (answer["retry_after_seconds"] is None) is (answer["retry_at"] is None)
    assert answer["retryable"] or answer["retry_after_seconds"] is None
    assert_no_secret(shown, logs())
    if answer["kind"] == "api_access_disabled":
        assert not any(step.lower().startswith("rotate") for step in answer["remediation"])


async def test_plain_http_on_a_tls_port_is_named() -> None:
    with ScriptedServer(response(400, body="plain HTTP")) as server:
        answer = await ask(settings_for(server.origin.replace("http:", "https:")))
    assert answer["kind"] == "tls_failed"
    assert "plain HTTP" in json.dumps(answer)


async def test_refused_connection() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    answer = await ask(settings_for(f"http://127.0.0.1:{port}"))
    assert (answer["kind"], answer["retryable"], answer["who_fixes"]) == ("connection_failed", True, "network")


@pytest.mark.parametrize("name", ["nowhere.invalid", "xn--zz.invalid"])
async def test_unknown_host_name(name: str) -> None:
    answer = await ask(settings_for(f"https://{name}"))
    assert (answer["kind"], answer["meaning"]) == ("connection_failed", "Name not resolved")
    assert name in json.dumps(answer)


@pytest.mark.parametrize(
    ("script", "kind", "status"),
    [
        (response(407, {"Proxy-Authenticate": "Basic"}), "forbidden", 407),
        (response(401, HTML, page("Unauthorized")), "forbidden", 401),
        (response(403, HTML, page("Blocked")), "forbidden", 403),
        (response(500, HTML, page("Unable to connect")), "upstream_unavailable", 500),
        (response(503, HTML, page("No route")), "upstream_unavailable", 503),
        ((End.CLOSE,), "connection_failed", None),
    ],
)
async def test_a_proxy_that_refuses_the_tunnel_never_sees_the_key(
    script: Script, kind: str, status: int | None, monkeypatch: pytest.MonkeyPatch, logs: Callable[[], str]
) -> None:
    with ScriptedServer(script) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", f"http://someone:proxypassword@127.0.0.1:{proxy.port}")
        answer = await ask(settings_for("https://app.outboundsync.com"))
        assert [request.method for request in proxy.requests] == ["CONNECT"]
        assert_no_secret(*(str(request) for request in proxy.requests))
    assert (answer["kind"], answer["status"]) == (kind, status)
    assert "proxy" in json.dumps(answer).lower()
    assert "proxypassword" not in json.dumps(answer) + logs()


@pytest.mark.parametrize(
    "url",
    ["http://127.0.0.1:1", "http://someone:proxypassword@", "socks5://127.0.0.1:1", "::::", "http://xn--zz.invalid"],
)
async def test_a_dead_or_unusable_proxy_is_a_diagnosis(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", url)
    answer = await ask(settings_for("https://app.outboundsync.com"))
    assert answer["kind"] == "connection_failed"
    assert "proxy" in answer["cause"].lower()
    assert "proxypassword" not in json.dumps(answer)


@pytest.mark.parametrize(
    ("script", "says"),
    [
        ((End.STALL,), "proxy opened no tunnel after 0.2 s"),
        ((b"HTTP/1.1 200 Connection established\r\n\r\n", End.STALL), "no TLS handshake after 0.2 s"),
    ],
)
async def test_a_time_out_says_whether_the_proxy_or_what_is_behind_it_was_silent(
    script: Script, says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with ScriptedServer(script) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.origin)
        answer = await ask(settings_for("https://app.outboundsync.com", OUTBOUNDSYNC_TIMEOUT_SECONDS="0.2"))
    assert (answer["kind"], answer["status"]) == ("timed_out", None)
    assert says in json.dumps(answer["evidence"])


@asynccontextmanager
async def tunnelling_proxy(port: int) -> AsyncGenerator[str]:
    """The origin of a proxy that opens each tunnel it is asked for, to this local port."""

    async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            while data := await reader.read(65_536):
                writer.write(data)
        writer.close()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", port)
        await asyncio.gather(pump(reader, far_writer), pump(far_reader, writer))

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as listener:
        yield f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}"


async def test_a_reset_of_a_kept_connection_is_not_the_proxys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    certificates = Certificates(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificates.ca_file))
    with ScriptedServer(response(200, body=ME), (End.RESET,), tls=certificates.server("wrong_host")) as server:
        async with tunnelling_proxy(server.port) as origin:
            monkeypatch.setenv("HTTPS_PROXY", origin)
            answer = await ask(settings_for("https://other.example"), 2)
        assert [request.connection for request in server.requests] == [1, 1]
    assert (answer["kind"], answer["attempts"]) == ("connection_failed", 1)
    assert "got no complete HTTP response" in answer["evidence"][0]
    assert "named by the environment" not in json.dumps(answer)


async def test_plain_http_to_loopback_never_goes_through_a_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    with ScriptedServer(response(200, body=ME)) as server, ScriptedServer(response(500)) as proxy:
        monkeypatch.setenv("HTTP_PROXY", proxy.origin)
        assert (await ask(settings_for(server.origin)))["ok"]
        assert proxy.requests == []


@pytest.mark.parametrize(
    ("key", "kind"),
    [
        ("", "missing_api_key"),
        ("${OUTBOUNDSYNC_API_KEY}", "malformed_api_key"),
        ("osapi_your_api_key_here", "malformed_api_key"),
        ("pat-na1-7gQ2xV9mK4tR8wZ1pL6n", "malformed_api_key"),
        ("osapi_abc\ndef0123456789", "malformed_api_key"),
        ("osapi_\u200babcdef0123456789", "malformed_api_key"),
        ("sk-ant-7gQ2xV9mK4tR8wZ1pL6n", "malformed_api_key"),
    ],
)
async def test_a_key_that_is_not_of_the_documented_form_is_never_sent(key: str, kind: str) -> None:
    with ScriptedServer(response(200, body=ME)) as server:
        answer = await ask(settings_for(server.origin, OUTBOUNDSYNC_API_KEY=key))
        assert (server.requests, server.connections) == ([], 0)
    assert (answer["kind"], answer["status"], answer["attempts"]) == (kind, None, 0)
    assert_no_secret(json.dumps(answer))


async def test_what_can_be_mended_is_mended_and_said() -> None:
    with ScriptedServer(response(200, body=ME)) as server:
        answer = await ask(settings_for(server.origin, OUTBOUNDSYNC_API_KEY=f' "Bearer {CANARY}"\n'))
        assert server.requests[0].header("Authorization") == f"Bearer {CANARY}"
    assert answer["ok"]
    assert "Bearer" in " ".join(answer["evidence"])
    assert_no_secret(json.dumps(answer))


async def test_a_bad_setting_is_a_diagnosis_that_names_it_and_nothing_is_sent() -> None:
    settings = Settings.from_env({"OUTBOUNDSYNC_API_KEY": CANARY, "OUTBOUNDSYNC_TIMEOUT_SECONDS": "soon"})
    answer = await ask(settings)
    assert (answer["kind"], answer["attempts"], answer["who_fixes"]) == ("bad_request", 0, "user")
    assert "OUTBOUNDSYNC_TIMEOUT_SECONDS" in answer["cause"]


async def test_a_key_file_is_read_again_when_it_changes(tmp_path: Path) -> None:
    path = tmp_path / "key"
    path.write_text("osapi_first_key_0123456789\n")
    with ScriptedServer(DENIED, response(200, body=ME)) as server:
        settings = Settings.from_env({"OUTBOUNDSYNC_API_KEY_FILE": str(path), "OUTBOUNDSYNC_BASE_URL": server.origin})
        async with Client(create_server(settings)) as client:
            first = await client.call_tool("get_me", {})
            path.write_text(f"{CANARY}\n")
            second = await client.call_tool("get_me", {})
        sent = [request.header("Authorization") for request in server.requests]
    assert sent == ["Bearer osapi_first_key_0123456789", f"Bearer {CANARY}"]
    assert (first.structured_content["kind"], second.structured_content["kind"]) == ("invalid_api_key", "ok")


async def test_a_401_after_the_key_worked_means_revoked_or_rotated() -> None:
    with ScriptedServer(response(200, body=ME), DENIED) as server:
        answer = await ask(settings_for(server.origin), calls=2)
    assert answer["kind"] == "invalid_api_key"
    assert "revoked or rotated" in answer["cause"]


@pytest.mark.parametrize(
    "secret", ["account_connections_scope", "API_access_is_not_enabled_for", "HUBSPOT_production_key"]
)
async def test_a_key_made_of_the_apis_own_words_changes_no_answer(secret: str) -> None:
    with ScriptedServer(response(200, body=ME), NO_ACCESS) as server:
        settings = settings_for(server.origin, OUTBOUNDSYNC_API_KEY=f"osapi_{secret}")
        assert (await ask(settings))["me"] == ME
        refused = await ask(settings)
    assert (refused["kind"], refused["message"]) == (
        "api_access_disabled",
        "API access is not enabled for this account",
    )


async def test_numbers_and_documented_names_are_never_mistaken_for_the_key() -> None:
    body = {**ME, "account": {"id": 123456789012, "email": None}}
    with ScriptedServer(response(200, body=body)) as server:
        for secret in ("123456789012", "connectionScope99"):
            assert (await ask(settings_for(server.origin, OUTBOUNDSYNC_API_KEY=f"osapi_{secret}")))["me"] == body
