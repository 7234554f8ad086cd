"""The servers that the clients are recorded against: the sandbox behind TLS, and what the sandbox is too polite for."""

import re
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

from outboundsync_mcp.sandbox.outcomes import BY_NAME
from tests.corpus.recorders.network import ADDRESSES, GOOD

REALM = 'WWW-Authenticate: Bearer realm="OutboundSync API"'
OK_BODY = (
    '{"account":{"id":42,"email":"you@company.com"},"apiKey":{"name":"Production","scopes":["read"],'
    '"connectionScope":"account"},"connections":[{"id":7,"crm":"HUBSPOT","organizationId":"123",'
    '"organizationDomain":"acme.com"}]}'
)


REASONS = {
    200: "OK", 204: "No Content", 301: "Moved Permanently", 302: "Found", 304: "Not Modified",
    307: "Temporary Redirect", 308: "Permanent Redirect", 400: "Bad Request", 401: "Unauthorized",
    403: "Forbidden", 404: "Not Found", 405: "Method Not Allowed", 407: "Proxy Authentication Required",
    408: "Request Timeout", 409: "Conflict", 410: "Gone", 413: "Request Entity Too Large",
    415: "Unsupported Media Type", 418: "I'm a teapot", 422: "Unprocessable Entity", 426: "Upgrade Required",
    429: "Too Many Requests", 431: "Request Header Fields Too Large", 500: "Internal Server Error",
    501: "Not Implemented", 502: "Bad Gateway", 503: "Service Unavailable", 504: "Gateway Time-out",
    507: "Insufficient Storage", 520: "", 521: "", 522: "", 523: "", 524: "", 525: "", 526: "", 527: "",
    529: "",
}  # fmt: skip


def page(name: str) -> bytes:
    """The HTML page of a gateway, CDN, portal or firewall, in the shape that it really has."""
    return (Path(__file__).parent / "pages" / f"{name}.html").read_bytes()


@dataclass(slots=True)
class Stage:
    """What the next request meets: set by the recorder before it runs a client."""

    scenario: str = "ok"
    answered: bytes = b""


def http_date(seconds: float = 0) -> str:
    """An HTTP date, `seconds` from now."""
    return format_datetime(datetime.now(UTC) + timedelta(seconds=seconds), usegmt=True)


def response(status: int, body: str | bytes, *headers: str, kind: str = "application/json; charset=utf-8") -> bytes:
    """A complete response in bytes, with a Date and a Content-Length unless `headers` brings one."""
    raw = body.encode() if isinstance(body, str) else body
    lines = [f"HTTP/1.1 {status} {REASONS[status]}", f"Date: {http_date()}"]
    if raw or status == 200:
        lines.append(f"Content-Type: {kind}")
    if not any(header.lower().startswith("content-length") for header in headers):
        lines.append(f"Content-Length: {len(raw)}")
    return "\r\n".join([*lines, *headers, "Connection: close", "", ""]).encode() + raw


def nest(status: int, message: str, *headers: str, error: str | None = None) -> bytes:
    """An error as the vendor documents it: `message`, `statusCode` and mostly `error`."""
    tail = f',"error":"{error}"' if error else ""
    return response(status, f'{{"message":"{message}"{tail},"statusCode":{status}}}', *headers)


Answer = Callable[[], bytes]
ANSWERS: dict[str, Answer] = {
    "ok": lambda: response(200, OK_BODY),
    "401": lambda: nest(401, "Invalid API key", REALM, error="Unauthorized"),
    "403": lambda: nest(403, "API access is not enabled for this account", error="Forbidden"),
    "403_bare": lambda: response(403, ""),
    "403_scope": lambda: nest(403, "API key is missing the required scope: connections:write", error="Forbidden"),
    "429": lambda: nest(429, "ThrottlerException: Too Many Requests", "Retry-After: 37"),
    "429_none": lambda: nest(429, "ThrottlerException: Too Many Requests"),
    "429_date": lambda: response(
        429,
        '{"statusCode":429,"message":"Too Many Requests"}',
        f"Retry-After: {http_date(41)}",
        "X-RateLimit-Limit: 120",
        "X-RateLimit-Remaining: 0",
        "X-RateLimit-Reset: 55",
    ),
    "429_fraction": lambda: nest(429, "Too many requests", "Retry-After: 12.3"),
    "429_garbage": lambda: nest(429, "Too many requests", "Retry-After: soon", "X-RateLimit-Reset: 48"),
    "429_account": lambda: nest(
        429,
        "Rate limit exceeded",
        "X-RateLimit-Limit: 120",
        "X-RateLimit-Remaining: 0",
        "X-RateLimit-Reset: 8",
        "Retry-After: 8",
        error="Too Many Requests",
    ),
    "429_cloudflare": lambda: response(
        429,
        page("1015"),
        "Server: cloudflare",
        "CF-RAY: 8c1f0e2d5b7a91c3-FRA",
        "Retry-After: 86",
        kind="text/html; charset=UTF-8",
    ),
    "500": lambda: nest(500, "Internal server error"),
    "500_html": lambda: response(500, page("500"), kind="text/html; charset=utf-8"),
    "501": lambda: nest(501, "Not Implemented"),
    "507": lambda: nest(507, "Insufficient Storage"),
    "404": lambda: nest(404, "Cannot GET /api/v1/mee", error="Not Found"),
    "404_html": lambda: response(404, page("404"), kind="text/html"),
    "400": lambda: nest(400, "Bad Request"),
    "400_list": lambda: response(
        400,
        '{"message":["limit must not be greater than 100","cursor must be a string"],'
        '"error":"Bad Request","statusCode":400}',
    ),
    "405": lambda: nest(405, "Method Not Allowed", "Allow: GET, HEAD"),
    "408": lambda: response(408, "", kind="text/plain"),
    "410": lambda: nest(410, "This API version has been removed", error="Gone"),
    "413": lambda: response(413, page("413"), "Server: nginx", kind="text/html"),
    "415": lambda: nest(415, "Unsupported Media Type"),
    "418": lambda: nest(418, "I'm a teapot"),
    "422": lambda: nest(422, "Unprocessable Entity"),
    "426": lambda: nest(426, "Upgrade Required"),
    "431": lambda: response(431, page("431"), "Server: nginx", kind="text/html"),
    "502": lambda: response(502, page("502"), "Server: nginx/1.24.0", kind="text/html"),
    "503": lambda: response(503, page("503"), "Server: awselb/2.0", kind="text/html"),
    "503_json": lambda: response(503, '{"statusCode":503,"message":"Service Unavailable"}', "Retry-After: 120"),
    "504": lambda: response(504, page("504"), "Server: nginx/1.24.0", kind="text/html"),
    **{
        str(code): (
            lambda code=code: response(
                code,
                page(str(code)),
                "Server: cloudflare",
                f"CF-RAY: 8c1f0e2d5b7a9{code}-AMS",
                kind="text/html; charset=UTF-8",
            )
        )
        for code in (520, 521, 522, 523, 524, 525, 526, 527)
    },
    "520_text": lambda: response(520, "error code: 520", "Server: cloudflare", kind="text/plain; charset=UTF-8"),
    "403_1020": lambda: response(
        403, page("1020"), "Server: cloudflare", "CF-RAY: 8c1f0e2d5b7a1020-AMS", kind="text/html; charset=UTF-8"
    ),
    "403_challenge": lambda: response(
        403,
        page("challenge"),
        "Server: cloudflare",
        "cf-mitigated: challenge",
        "CF-RAY: 8c1f0e2d5b7a0403-CDG",
        kind="text/html; charset=UTF-8",
    ),
    "403_nginx": lambda: response(403, page("403"), "Server: nginx", kind="text/html"),
    "403_firewall": lambda: response(403, page("firewall"), kind="text/html"),
    "301": lambda: response(
        301, page("301"), "Server: nginx", "Location: https://www.outboundsync.com/api/v1/me", kind="text/html"
    ),
    "302": lambda: response(302, "Found. Redirecting to /login", "Location: /login", kind="text/plain; charset=utf-8"),
    "307": lambda: response(
        307, "", "Location: https://sso.corp.example/login?next=https%3A%2F%2Fapp.outboundsync.com"
    ),
    "308": lambda: response(308, "", "Location: https://app.outboundsync.com/api/v1/me/"),
    "304": lambda: response(304, "", 'ETag: W/"2a-9f"'),
    "portal": lambda: response(200, page("portal"), "Server: lighttpd", kind="text/html"),
    "spa": lambda: response(200, page("spa"), kind="text/html; charset=utf-8"),
    "empty": lambda: response(200, ""),
    "204": lambda: response(204, ""),
    "wrong_shape": lambda: response(200, '{"status":"ok"}'),
    "not_json": lambda: response(200, "OK", kind="text/plain"),
    "truncated_json": lambda: response(200, OK_BODY[:97]),
    "cut_body": lambda: response(200, OK_BODY[:97], f"Content-Length: {len(OK_BODY)}"),
    "bad_gzip": lambda: response(200, OK_BODY, "Content-Encoding: gzip"),
}
"""Scenario to bytes, for what the sandbox does not serve."""

SANDBOX = {
    "ok": "success",
    "ok_connection": "connection_scoped",
    "401": "",
    "403": "api_access_disabled",
    "403_list": "message_list",
    "403_scope": "forbidden",
    "429": "rate_limited_always",
    "500": "server_error",
    "404": "success",
    "302": "redirect",
    "login_page": "html",
    "wrong_shape": "wrong_shape",
    "cut_body": "truncated",
}
"""What is asked of the sandbox: scenario to outcome. The client's own key is exchanged for the sandbox's on the way."""

NEST = {
    "nest_401": (3999, b"unknown"),
    "nest_403": (3999, b"disabled"),
    "nest_500": (3999, b"broken"),
    "nest_404": (3999, b"unknown"),
    "nest_429": (3998, b"unknown"),
}
"""What is asked of NestJS with its throttler: scenario to port and what the key says there."""


class Upstream:
    """Listeners on this network namespace's own addresses, each misbehaving in its own way."""

    def __init__(self, certs: Path, stage: Stage, sandbox: tuple[str, int]) -> None:
        self._sandbox = sandbox
        self._certs = certs
        self._stage = stage
        self._kept: list[socket.socket] = []

    def serve_all(self) -> None:
        """Open every listener of `network.ADDRESSES`."""
        self.tls(GOOD, "good")
        self.plain(GOOD, 80)
        refusal = response(400, "<html><head><title>400 Bad Request</title></head></html>", kind="text/html")
        self._listen(ADDRESSES["tls_plaintext"], 443, lambda raw: _send(raw, refusal, read_first=True))
        for scenario in ("expired", "self_signed", "wrong_host", "not_yet", "unknown_ca"):
            self.tls(ADDRESSES[f"tls_{scenario}"], scenario)
        self.alert(ADDRESSES["tls_handshake"])
        self.resetting(ADDRESSES["reset_at_once"])
        self.black_hole(ADDRESSES["connect_timeout"])

    def tls(self, address: str, certificate: str, port: int = 443) -> None:
        """Serve the scenario behind TLS with the certificate of that name."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self._certs / f"{certificate}.pem", self._certs / f"{certificate}.key")
        context.set_alpn_protocols(["http/1.1"])
        self._listen(address, port, lambda raw: self._play(_wrapped(context, raw)))

    def plain(self, address: str, port: int) -> None:
        """Serve the scenario without TLS."""
        self._listen(address, port, self._play)

    def alert(self, address: str) -> None:
        """Answer every ClientHello with a fatal handshake_failure alert."""
        self._listen(address, 443, lambda raw: _send(raw, b"\x15\x03\x03\x00\x02\x02\x28", read_first=True))

    def resetting(self, address: str) -> None:
        """Accept and reset at once."""
        self._listen(address, 443, _reset)

    def black_hole(self, address: str) -> None:
        """Let connections time out: a full accept queue drops the SYN."""
        listener = socket.socket()
        listener.bind((address, 443))
        listener.listen(0)
        self._kept.append(listener)
        for _ in range(4):
            filler = socket.socket()
            filler.setblocking(False)
            filler.connect_ex((address, 443))
            self._kept.append(filler)
        time.sleep(0.2)

    def _listen(self, address: str, port: int, handle: Callable[[socket.socket], None]) -> None:
        listener = socket.create_server((address, port), backlog=64)
        self._kept.append(listener)

        def serve() -> None:
            while True:
                raw, _ = listener.accept()
                threading.Thread(target=_quietly, args=(handle, raw), daemon=True).start()

        threading.Thread(target=serve, daemon=True).start()

    def _play(self, connection: socket.socket) -> None:
        head = b""
        while b"\r\n\r\n" not in head:
            chunk = connection.recv(65536)
            if not chunk:
                return
            head += chunk
        scenario = self._stage.scenario
        if scenario == "closed":
            connection.close()
        elif scenario == "reset":
            _reset(connection)
        elif scenario == "read_timeout":
            time.sleep(30)
        elif scenario == "slow_body":
            whole = response(200, OK_BODY)
            connection.sendall(whole[: 12 - len(OK_BODY)])
            time.sleep(30)
        elif scenario == "not_http":
            connection.sendall(b"SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3\r\n")
            connection.close()
        else:
            self._stage.answered = self._answer(scenario, head)
            connection.sendall(self._stage.answered)
            if isinstance(connection, ssl.SSLSocket):
                connection.unwrap()
            connection.close()

    def _answer(self, scenario: str, head: bytes) -> bytes:
        if scenario in SANDBOX:
            return self._ask_sandbox(SANDBOX[scenario], head)
        if scenario in NEST:
            port, marker = NEST[scenario]
            return _forward(("127.0.0.1", port), re.sub(rb"osapi_\w+", marker, head))
        return ANSWERS[scenario]()

    def _ask_sandbox(self, outcome: str, head: bytes) -> bytes:
        if outcome:
            swapped = f"Bearer {BY_NAME[outcome].key}".encode()
            head = re.sub(rb"(?im)^(authorization: ).*?(\r?)$", lambda found: found[1] + swapped + found[2], head)
        return _forward(self._sandbox, head)


def _forward(to: tuple[str, int], head: bytes) -> bytes:
    """Send the request on and return the whole response."""
    head = re.sub(rb"(?im)^connection: .*?\r\n", b"", head).replace(b"\r\n", b"\r\nConnection: close\r\n", 1)
    received = b""
    with socket.create_connection(to) as peer:
        peer.sendall(head)
        while chunk := peer.recv(65536):
            received += chunk
    return received


def _quietly(handle: Callable[[socket.socket], None], raw: socket.socket) -> None:
    try:
        handle(raw)
    except (OSError, ValueError):  # the client gave up first, as it was meant to
        raw.close()


def _wrapped(context: ssl.SSLContext, raw: socket.socket) -> socket.socket:
    return context.wrap_socket(raw, server_side=True)


def _send(raw: socket.socket, data: bytes, *, read_first: bool) -> None:
    if read_first:
        raw.recv(65536)
    raw.sendall(data)
    raw.close()


def _reset(raw: socket.socket) -> None:
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    if isinstance(raw, ssl.SSLSocket):
        socket.socket(fileno=raw.detach()).close()
    raw.close()
