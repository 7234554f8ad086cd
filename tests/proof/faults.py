"""The table of the fault matrix: where the server runs, what befalls its calls, and what it must make of that."""

from dataclasses import dataclass, field
from typing import Final

from tests.proof.laboratory import BLACK_HOLE, CLEAR, FAR_HOST, Weather
from tests.support.certs import Kind
from tests.support.scripted import Drip, End, Script, response
from tests.test_situations import DENIED, HTML, LATER_LIMITED, ME, NOW_LIMITED, SITUATIONS, Situation, page, refusal

PROXY_USER, PROXY_PASSWORD = "someone", "pW7xQ2mLz9Kd4"
DEFAULT_SECONDS: Final = 15.0


@dataclass(frozen=True, slots=True)
class Place:
    """What a server process is started with. `{names}` are things of the bench, made when a place needs them."""

    environ: dict[str, str]
    laboratory: bool = False
    """Whether the server and its tinyproxy run in the near namespace, and the upstream in the far one."""

    @property
    def deadline(self) -> float:
        """Seconds of one request."""
        seconds = self.environ.get("OUTBOUNDSYNC_TIMEOUT_SECONDS", "")
        return float(seconds) if seconds.replace(".", "").isdigit() else DEFAULT_SECONDS


def _place(
    base_url: str, *, laboratory: bool = False, timeout: str = "", proxy: str = "", trusted: bool = False
) -> Place:
    given = {"OUTBOUNDSYNC_BASE_URL": base_url, "OUTBOUNDSYNC_TIMEOUT_SECONDS": timeout, "HTTPS_PROXY": proxy}
    given["SSL_CERT_FILE"] = "{authority}" if trusted else ""
    return Place({name: value for name, value in given.items() if value}, laboratory)


LOCAL, LOCAL_TLS = "http://127.0.0.1:{upstream}", "https://127.0.0.1:{upstream}"
FAR, API = f"https://{FAR_HOST}", "https://app.outboundsync.com"
_KNOWN = f"http://{PROXY_USER}:{PROXY_PASSWORD}@127.0.0.1"

PLACES = {
    "plain": _place(LOCAL),
    "hasty": _place(LOCAL, timeout="1"),
    "TLS": _place(LOCAL_TLS, timeout="2", trusted=True),
    "TLS, the machine's own trust": _place(LOCAL_TLS),
    "no such name": _place("https://nowhere.invalid"),
    "bad settings": _place("http://app.outboundsync.com", timeout="soon"),
    "scripted proxy": _place(API, timeout="1", proxy=f"{_KNOWN}:{{upstream}}"),
    "tinyproxy": _place(API, proxy=f"{_KNOWN}:{{tinyproxy}}"),
    "tinyproxy, no credentials": _place(API, proxy="http://127.0.0.1:{tinyproxy}"),
    "unusable proxy": _place(API, proxy=f"socks5://{PROXY_USER}:{PROXY_PASSWORD}@127.0.0.1:1"),
    "far": _place(FAR, laboratory=True, timeout="2", trusted=True),
    "far, through tinyproxy": _place(FAR, laboratory=True, proxy=f"{_KNOWN}:{{tinyproxy}}", trusted=True),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One row. `kind` has several values only where chance decides.

    `paste` is what `diagnose_error` must read as the same kind: a recording of the corpus, by its id; None for the
    last response of `scripts`, as `curl -i` shows it; empty for nothing.
    """

    name: str
    place: str
    kind: str | tuple[str, ...]
    status: int | None = None
    scripts: tuple[Script, ...] = ()
    requests: int = 1
    """How many reach the upstream or the scripted proxy."""
    attempts: int = 1
    says: str = ""
    tls: Kind | None = None
    key: str | None = None
    """What is in the key file, when it is not a key of the documented form."""
    arguments: dict[str, int] = field(default_factory=dict[str, int])
    calls: int = 1
    waits: float = 0.0
    """Seconds of Retry-After that the call waits out."""
    weather: Weather = CLEAR
    turns: Weather | None = None
    """The weather from the moment when the request has arrived; only then do `Drip` steps leave."""
    listening: bool = True
    """Whether anybody is at the upstream's address."""
    address: str | None = "10.99.0.2"
    """The far host's address in the near side's /etc/hosts; None to ask the name server."""
    resolver: int | None = -1
    """The RCODE of every answer of the name server; None when it never answers; -1 when there is none."""
    proxy_password: str = PROXY_PASSWORD
    """The one that tinyproxy accepts."""
    proxy_port: int = 443
    """The one to which tinyproxy allows tunnels."""
    paste: str | None = None


OK = response(200, body=ME)
TUNNEL = b"HTTP/1.1 200 Connection established\r\n\r\n"
LIMITED_BY_DATE = refusal(
    429, "Too Many Requests", Date="Sun, 22 Nov 2026 10:00:00 GMT", Retry_After="Sun, 22 Nov 2026 10:00:01 GMT"
)
_RECORDED = {
    "closed without a byte": "curl-plain-closed",
    "reset": "curl-v-reset",
    "not HTTP": "curl-plain-not-http",
    "silence": "curl-plain-read-timeout",
    "dripping head": "curl-v-read-timeout",
    "dripping body": "curl-meter-read-timeout",
    "truncated body": "curl-plain-cut-body",
    "truncated by reset": "httpie-plain-cut-body",
    "wrong gzip": "curl-compressed-bad-gzip",
    "expired certificate": "curl-plain-tls-expired",
    "certificate not yet valid": "curl-plain-tls-not-yet",
    "wrong host": "curl-plain-tls-wrong-host",
    "self-signed": "curl-plain-tls-self-signed",
    "TLS inspection": "curl-plain-tls-unknown-ca",
}
_UNPASTED = {
    # Their bytes are no text that anyone pastes.
    *("gzipped", "gzip bomb", "oversize body", "200 that is not UTF-8"),
    # What JSON cannot pass on is refused in an answer of ours; a reader need not mind it.
    *("200 with NaN", "200 with a number beyond a double", "200 nested 300 deep"),
    # A paste may be trimmed or wrapped, so its reader asks for the documented names and no more.
    *("200 with a list", "200 with null connections", "200 whose id is a boolean"),
}


def _situation(row: Situation) -> Fault:
    """A row of the in-process table, for real processes."""
    hasty = "OUTBOUNDSYNC_TIMEOUT_SECONDS" in row.environ
    return Fault(
        name=row.name,
        place="TLS" if row.tls else "hasty" if hasty else "plain",
        kind=row.kind,
        status=row.status,
        scripts=(row.script,),
        requests=row.requests,
        attempts=1 if row.calls == 1 else 0,
        says=row.says,
        tls=row.tls,
        arguments={"max_wait_seconds": 0} if "OUTBOUNDSYNC_MAX_WAIT_SECONDS" in row.environ else {},
        calls=row.calls,
        paste="" if row.name in _UNPASTED else _RECORDED.get(row.name),
    )


def _retried(name: str, *scripts: Script, kind: str, status: int | None = None, paste: str | None = None) -> Fault:
    return Fault(name=name, place="hasty", kind=kind, status=status, scripts=scripts, requests=2, attempts=2, waits=1,
                 paste=paste)  # fmt: skip


def _key(name: str, key: str, kind: str, paste: str = "") -> Fault:
    return Fault(name=name, place="plain", kind=kind, key=key, scripts=(OK,), requests=0, attempts=0, paste=paste)


def _proxied(name: str, script: Script, kind: str, status: int | None = None, paste: str = "") -> Fault:
    return Fault(
        name=name, place="scripted proxy", kind=kind, status=status, scripts=(script,), says="proxy", paste=paste
    )


def _unsent(name: str, place: str, kind: str, paste: str, status: int | None = None, **more: object) -> Fault:
    """A fault on the way: the request is tried, and never arrives."""
    return Fault(name=name, place=place, kind=kind, status=status, requests=0, paste=paste, **more)  # type: ignore[arg-type]


FAULTS = [
    *map(_situation, SITUATIONS),
    # The single retry
    _retried("429, then 200", NOW_LIMITED, OK, kind="ok", status=200),
    _retried("429, then 200, by a date", LIMITED_BY_DATE, OK, kind="ok", status=200),
    _retried("429 twice", NOW_LIMITED, NOW_LIMITED, OK, kind="rate_limited", status=429),
    _retried("429, then a longer 429", NOW_LIMITED, LATER_LIMITED, OK, kind="rate_limited", status=429),
    _retried("429, then 401", NOW_LIMITED, DENIED, OK, kind="invalid_api_key", status=401),
    _retried("429, then 500", NOW_LIMITED, refusal(500, "Internal server error"), OK, kind="server_error", status=500),
    _retried("429, then closed", NOW_LIMITED, (End.CLOSE,), OK, kind="connection_failed", paste="curl-plain-closed"),
    _retried("429, then silence", NOW_LIMITED, (End.STALL,), OK, kind="timed_out", paste="curl-plain-read-timeout"),
    Fault(name="429 that states no wait", place="plain", kind="rate_limited", status=429, says="60 s", scripts=(
        refusal(429, "ThrottlerException: Too Many Requests"), OK)),
    Fault(name="429 that states nonsense", place="plain", kind="rate_limited", status=429, says="60 s", scripts=(
        refusal(429, "Too Many Requests", Retry_After="-5"), OK)),
    # The key and the settings: nothing is sent
    _key("no key", "", "missing_api_key", "curl-v-missing"),
    _key("placeholder", "osapi_your_api_key_here", "malformed_api_key", "curl-v-401-placeholder"),
    _key("unexpanded variable", "${OUTBOUNDSYNC_API_KEY}", "malformed_api_key", "curl-v-401-unexpanded"),
    _key("another vendor's key", "pat-na1-7gQ2xV9mK4tR8wZ1pL6n", "malformed_api_key", "curl-v-401-vendor"),
    _key("two lines", "osapi_abc\ndef0123456789", "malformed_api_key"),
    Fault(name="bad settings", place="bad settings", kind="bad_request", requests=0, attempts=0, paste="",
          says="OUTBOUNDSYNC_TIMEOUT_SECONDS"),
    Fault(name="argument out of range", place="plain", kind="bad_request", requests=0, attempts=0,
          arguments={"max_wait_seconds": 121}, paste=""),
    # TLS beyond the certificate
    Fault(name="authority unknown to the machine", place="TLS, the machine's own trust", kind="tls_failed",
          scripts=(OK,), requests=0, tls="good", paste="curl-plain-tls-unknown-ca"),
    Fault(name="plain HTTP on a TLS port", place="TLS", kind="tls_failed", scripts=(response(400),), says="plain HTTP",
          paste="curl-plain-tls-plaintext"),
    Fault(name="closed in the handshake", place="TLS", kind="tls_failed", scripts=((End.CLOSE,),),
          paste="curl-plain-tls-handshake"),
    Fault(name="reset in the handshake", place="TLS", kind="connection_failed", scripts=((End.RESET,),),
          paste="fetch-cause-reset-at-once"),
    Fault(name="silence in the handshake", place="TLS", kind="timed_out", scripts=((End.STALL,),), says="TLS",
          paste="httpx-raise-connect-timeout"),
    Fault(name="truncated over TLS", place="TLS", kind="unexpected_response", status=200, tls="good", scripts=(
          (response(200, {"Content-Length": "500"}, '{"account": {'), End.CLOSE),), paste="curl-plain-cut-body"),
    Fault(name="reset over TLS", place="TLS", kind="connection_failed", tls="good", scripts=((End.RESET,), OK),
          paste="curl-v-reset"),
    Fault(name="429 twice over TLS", place="TLS", kind="rate_limited", status=429, tls="good", waits=1, requests=2,
          attempts=2, scripts=(NOW_LIMITED, NOW_LIMITED, OK)),
    # No connection
    _unsent("refused", "plain", "connection_failed", "curl-plain-refused", listening=False),
    _unsent("unknown name", "no such name", "connection_failed", "curl-plain-dns", says="nowhere.invalid"),
    # Proxies
    _unsent("407, no credentials", "tinyproxy, no credentials", "forbidden", "curl-v-407", 407, says="proxy"),
    _unsent("401 of a proxy, wrong credentials", "tinyproxy", "forbidden", "", 401, says="proxy",
            proxy_password="other"),
    _unsent("CONNECT refused", "tinyproxy", "forbidden", "curl-plain-403-squid", 403, says="proxy", proxy_port=563),
    _unsent("unusable proxy", "unusable proxy", "connection_failed", "", says="proxy"),
    _unsent("dead proxy", "scripted proxy", "connection_failed", "curl-plain-proxy-refused", says="proxy",
            listening=False),
    _proxied("proxy: 407", response(407, {"Proxy-Authenticate": "Basic"}, page("Proxy")), "forbidden", 407),
    _proxied("proxy: 403 page", response(403, HTML, page("Blocked")), "forbidden", 403),
    _proxied("proxy: 502", response(502, HTML, page("Bad Gateway")), "upstream_unavailable", 502),
    _proxied("proxy: 503", response(503, HTML, page("No route")), "upstream_unavailable", 503),
    _proxied("proxy: 504", response(504, HTML, page("No answer")), "upstream_unavailable", 504),
    _proxied("proxy: closed", (End.CLOSE,), "connection_failed"),
    _proxied("proxy: reset", (End.RESET,), "connection_failed"),
    _proxied("proxy: silence", (End.STALL,), "timed_out"),
    _proxied("proxy: not HTTP", (b"SSH-2.0-OpenSSH_9.2\r\n", End.CLOSE), "connection_failed"),
    _proxied("proxy: tunnel closed at once", (TUNNEL, End.CLOSE), "tls_failed"),
    _proxied("proxy: tunnel that is none", (TUNNEL, response(200, HTML, page("Welcome")), End.CLOSE), "tls_failed"),
    # A network of our own
    Fault(name="clear weather", place="far", kind="ok", status=200, scripts=(OK,), tls="wrong_host"),
    Fault(name="300 ms of latency", place="far", kind="ok", status=200, scripts=(OK,), tls="wrong_host",
          weather=Weather(delay=0.3)),
    Fault(name="a packet in five lost", place="far", kind=("ok", "timed_out"), scripts=(OK,),
          tls="wrong_host", weather=Weather(loss=0.2), paste=""),
    Fault(name="black hole", place="far", kind="timed_out", scripts=(OK,), requests=0, tls="wrong_host",
          weather=BLACK_HOLE, paste="curl-v-connect-timeout"),
    Fault(name="black hole after the request", place="far", kind="timed_out", scripts=((Drip(OK), End.STALL),),
          tls="wrong_host", turns=BLACK_HOLE, paste="fetch-throw-read-timeout"),
    Fault(name="far and wrong host", place="far", kind="tls_failed", requests=0, tls="good", scripts=(OK,),
          says="name", paste="go-fatal-tls-wrong-host"),
    Fault(name="through a proxy", place="far, through tinyproxy", kind="ok", status=200, scripts=(OK,),
          tls="wrong_host"),
    Fault(name="401 through a proxy", place="far, through tinyproxy", kind="invalid_api_key", status=401,
          scripts=(DENIED,), tls="wrong_host"),
    Fault(name="inspected by a proxy", place="far, through tinyproxy", kind="tls_failed", requests=0, scripts=(OK,),
          tls="inspected", paste="requests-raise-tls-unknown-ca"),
    _unsent("CONNECT leads nowhere", "far, through tinyproxy", "upstream_unavailable", "", 500, says="proxy",
            listening=False),
    _unsent("refused far away", "far", "connection_failed", "go-fatal-refused", listening=False),
    _unsent("REFUSED", "far", "connection_failed", "httpx-raise-dns", says="name", address=None, resolver=5),
    _unsent("NXDOMAIN", "far", "connection_failed", "go-fatal-dns", says="name", address=None, resolver=3),
    _unsent("SERVFAIL", "far", "connection_failed", "fetch-cause-dns-again", says="name", address=None, resolver=2),
    _unsent("silent name server", "far", "timed_out", "github-actions-timeout", address=None, resolver=None),
    _unsent("no route", "far", "connection_failed", "", says="unreachable", address="192.0.2.1"),
]  # fmt: skip
