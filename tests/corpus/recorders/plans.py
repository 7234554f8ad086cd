"""What is recorded: per tool its commands (styles) and the scenarios that each of them meets."""

import hashlib
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

URL = "https://app.outboundsync.com/api/v1/me"
PROXIES = {"407": "http://proxy.corp.example:8888", "403_squid": "http://proxy.corp.example:3128",
           "proxy_refused": "http://proxy.corp.example:8899"}  # fmt: skip
KEYS = {
    "401_vendor": "pat-na1-{hex8}-{hex4}-{hex4}-{hex4}-{hex12}",
    "401_double": "Bearer osapi_live_{secret}",
    "401_quoted": '"osapi_live_{secret}"',
    "401_placeholder": "YOUR_API_KEY",
    "401_placeholder2": "osapi_your_key_here",
    "401_unexpanded": "${{OUTBOUNDSYNC_API_KEY}}",
    "401_openai": "sk-proj-{secret}{secret}",
}
"""Malformed keys, as a user would have configured them. A scenario without a row sends a good-looking key."""


@dataclass(frozen=True, slots=True)
class Style:
    """One way to run a tool."""

    name: str
    command: str
    scenarios: tuple[str, ...]
    shows_request: bool = False
    """The output shows the headers that were sent, so a missing key is visible."""
    prompt: str | None = None
    """The command as typed, printed before the output as in a terminal."""
    environment: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Take:
    """One run of one client."""

    id: str
    style: Style
    wish: str
    """The scenario as planned; `scenario` is what the upstream plays."""
    secret: str
    key: str | None

    @property
    def scenario(self) -> str:
        """What the upstream is told to play."""
        if self.wish.startswith("401_") or self.wish in {"missing", "401_plain_prompt"}:
            return "401"
        return "ok" if self.wish in PROXIES else self.wish

    @property
    def command(self) -> str:
        """The shell command."""
        return self.style.command

    @property
    def environment(self) -> dict[str, str]:
        """URL, key and proxy of this take."""
        url = URL + "e" if self.wish in {"404", "nest_404"} else URL
        return {
            "URL": url,
            **({} if self.key is None else {"KEY": self.key}),
            **({name: PROXIES[self.wish] for name in ("HTTPS_PROXY", "https_proxy")} if self.wish in PROXIES else {}),
            **dict(self.style.environment),
        }

    @property
    def secrets(self) -> list[str]:
        """What must not come out of a diagnosis: the parts of the key that are random."""
        if self.key is None or self.wish in {"401_placeholder", "401_placeholder2", "401_unexpanded"}:
            return []
        return [self.key.split("-", 2)[2] if self.wish == "401_vendor" else self.secret]


@dataclass(frozen=True)
class Plan:
    """A tool with everything recorded of it."""

    tool: str
    version_command: str
    styles: tuple[Style, ...]
    tags: tuple[str, ...] = field(default=())

    def takes(self) -> Iterator[Take]:
        """All runs, in order."""
        for style in self.styles:
            for wish in style.scenarios:
                yield _take(f"{self.tool}-{style.name}-{wish}".replace("_", "-"), style, wish)

    @cached_property
    def version(self) -> str:
        """The tool's version as it says itself."""
        done = subprocess.run(
            self.version_command, shell=True, capture_output=True, text=True, check=False, cwd="/home/dev/app"
        )
        return (done.stdout or done.stderr).strip().splitlines()[0].strip() if done.stdout or done.stderr else ""


def _take(case: str, style: Style, wish: str) -> Take:
    digest = hashlib.sha256(case.encode()).hexdigest()
    alphabet = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789"
    raw = hashlib.sha512(case.encode()).digest()
    secret = "".join(alphabet[byte % len(alphabet)] for byte in raw[:28])
    form = KEYS.get(wish, "osapi_live_{secret}")
    key = form.format(secret=secret, hex8=digest[:8], hex4=digest[8:12], hex12=digest[12:24])
    return Take(case, style, wish, secret, None if wish == "missing" else key)


def _s(
    name: str, command: str, scenarios: str, *, shows: bool = False, prompt: str | None = None, **environment: str
) -> Style:
    return Style(name, command, tuple(scenarios.split()), shows, prompt, tuple(environment.items()))


AUTH = '${KEY+-H "Authorization: Bearer $KEY"}'
TTY, NO_CR = "script -qec '", "' /dev/null | tr -d '\\r'"
NET = "dns refused reset closed connect_timeout read_timeout"
TLS = "tls_expired tls_self_signed tls_wrong_host tls_plaintext tls_handshake tls_not_yet tls_unknown_ca"
NODE = "node -v"
PY = ".venv/bin/python"


def _npm(name: str) -> str:
    return f"node -p 'JSON.parse(require(\"fs\").readFileSync(\"node_modules/{name}/package.json\")).version'"


def _pip(name: str) -> str:
    return f"{PY} -c 'import importlib.metadata as m; print(m.version(\"{name}\"))'"


PLANS = (
    Plan("curl", "curl --version", (
        _s("plain", f"curl -sS -m 2 {AUTH} $URL", "ok 401 403 429 500 404 502 503 504 520 522 524 403_1020 403_challenge 429_cloudflare 520_text "
           "portal spa 403_scope 400_list 413 cut_body 403_list nest_401 nest_429 nest_500 403_squid "
           f"{NET} {TLS} proxy_refused not_http"),
        _s("bare", f"curl -s {AUTH} $URL", "401 403 nest_429 500 404 502"),
        _s("i", f"curl -s -i {AUTH} $URL", "ok 401 403 403_bare 429 429_none 429_date 429_fraction 429_garbage 429_account 500 501 507 404 400 405 408 410 "
           "415 418 422 426 431 502 503_json 521 523 525 526 527 301 302 307 308 304 407 empty 204 not_json truncated_json login_page ok_connection "
           "nest_403 nest_404 403_nginx 403_firewall 500_html"),
        _s("v", TTY + f"curl -v -m 2 {AUTH} $URL" + NO_CR, "ok 401 missing 401_vendor 401_double 401_quoted 401_placeholder 401_unexpanded 401_openai 403 "
           f"429 500 302 407 slow_body {NET} tls_expired tls_wrong_host tls_plaintext nest_429 522", shows=True),
        _s("meter", f"curl -v -m 2 {AUTH} $URL", "401 429 403 dns read_timeout tls_self_signed", shows=True),
        _s("typed", f"curl -sS -m 2 {AUTH} $URL", "401 401_vendor 401_double 401_placeholder 403 429 500 refused tls_expired", shows=True,
           prompt='curl -sS https://app.outboundsync.com/api/v1/me -H "Authorization: Bearer {key}"'),
        _s("variable", f"curl -sS -i {AUTH} $URL", "401 429", prompt='curl -sS -i -H "Authorization: Bearer $OUTBOUNDSYNC_API_KEY" "$BASE_URL/me"'),
        _s("nothing", "curl -sS $URL", "missing", shows=True, prompt="curl -sS https://app.outboundsync.com/api/v1/me"),
        _s("single", f"curl -sS {AUTH} $URL", "401_unexpanded", shows=True, prompt="curl -sS -H 'Authorization: Bearer {key}' https://app.outboundsync.com/api/v1/me"),
        _s("compressed", f"curl -sS --compressed {AUTH} $URL", "bad_gzip"),
        _s("fail", f"curl -fsS {AUTH} $URL", "401 403 429 500 404 502 503 504 521 413 308"),
        _s("w", f"curl -s -o /dev/null -w 'HTTP %{{http_code}} in %{{time_total}}s from %{{remote_ip}}:%{{remote_port}}, %{{size_download}} bytes\\n' {AUTH} $URL",
           "401 403 429 500 504 302"),
    )),
    Plan("wget", "wget --version", (
        _s("plain", f"wget -T 2 -t 1 --max-redirect=0 ${{KEY+--header=\"Authorization: Bearer $KEY\"}} -O - $URL", f"ok 401 403 429 500 404 502 504 302 410 portal 403_squid 407 {NET} {TLS}"),
        _s("S", f"wget -S -T 2 -t 1 ${{KEY+--header=\"Authorization: Bearer $KEY\"}} -O me.json $URL", "401 403 429 429_account 500 503_json 301 523 cut_body"),
        _s("content", f"wget -nv --content-on-error -T 2 -t 1 ${{KEY+--header=\"Authorization: Bearer $KEY\"}} -O - $URL", "401 403 429 400_list 522"),
        _s("d", f"wget -d -T 2 -t 1 ${{KEY+--header=\"Authorization: Bearer $KEY\"}} -O - $URL", "missing 401_vendor 429", shows=True),
    )),
    Plan("httpie", "http --version", (
        _s("plain", "https --ignore-stdin --pretty=none --print=hb --timeout 2 $URL ${KEY+Authorization:\"Bearer $KEY\"}", f"ok 401 403 429 429_date 500 404 502 302 403_challenge portal cut_body dns refused closed read_timeout tls_expired tls_wrong_host tls_unknown_ca proxy_refused 407"),
        _s("v", "https --ignore-stdin --pretty=format -v --timeout 2 $URL ${KEY+Authorization:\"Bearer $KEY\"}", "401 missing 401_double 401_placeholder2 403 429_account 422", shows=True),
        _s("check", "https --ignore-stdin --check-status --pretty=none --body --timeout 2 $URL ${KEY+Authorization:\"Bearer $KEY\"}", "401 403 429 500 503"),
    )),
    Plan("requests", _pip("requests"), (
        _s("raise", f"{PY} check_requests.py raise", f"401 403 429 500 404 502 503 504 522 410 spa empty cut_body bad_gzip 403_squid 407 proxy_refused {NET} {TLS} slow_body not_http"),
        _s("print", f"{PY} check_requests.py print", "ok 401 403 429 500 403_1020 403_scope 302 204 wrong_shape 413 nest_429"),
        _s("headers", f"{PY} check_requests.py headers", "401 403 429 429_date 429_account 500 nest_401"),
        _s("request", f"{PY} check_requests.py request", "401 missing 401_vendor 401_quoted 403 429", shows=True),
        _s("log", f"{PY} check_requests.py log", "401 403 429 500 503_json dns connect_timeout read_timeout tls_self_signed portal nest_403"),
        _s("exception", f"{PY} check_requests.py exception", "spa refused tls_expired reset truncated_json"),
    )),
    Plan("httpx", _pip("httpx"), (
        _s("raise", f"{PY} check_httpx.py raise", f"401 403 429 500 502 302 307 524 portal cut_body bad_gzip {NET} tls_expired tls_wrong_host tls_plaintext tls_handshake proxy_refused 407"),
        _s("print", f"{PY} check_httpx.py print", "401 403 429_account 500 404 418"),
        _s("headers", f"{PY} check_httpx.py headers", "401 missing 429 403", shows=True),
        _s("debug", f"{PY} check_httpx.py debug", "401 429 403 503 closed"),
    )),
    Plan("aiohttp", _pip("aiohttp"), (
        _s("raise", f"{PY} check_aiohttp.py raise", f"401 403 429 500 502 404 portal cut_body bad_gzip {NET} tls_expired tls_self_signed tls_wrong_host tls_plaintext proxy_refused 407"),
        _s("repr", f"{PY} check_aiohttp.py repr", "401 403 429 429_date 500 302 nest_429"),
        _s("json", f"{PY} check_aiohttp.py json", "ok 401 403 502 415"),
    )),
    Plan("urllib", f"{PY} -V", (
        _s("raise", f"{PY} check_urllib.py raise", f"401 403 429 500 404 503 521 portal cut_body {NET} tls_expired tls_wrong_host tls_unknown_ca 407"),
        _s("caught", f"{PY} check_urllib.py caught", "401 403 429 500 400 nest_429 dns connect_timeout tls_self_signed"),
    )),
    Plan("urllib3", _pip("urllib3"), (
        _s("print", f"{PY} check_urllib3.py", "401 403 429 500 503 302 dns refused closed read_timeout tls_expired tls_wrong_host"),
    )),
    Plan("fetch", NODE, (
        _s("throw", "node fetch.mjs throw", f"401 403 429 500 502 404 portal truncated_json bad_gzip cut_body {NET} {TLS}"),
        _s("response", "node fetch.mjs response", "401 403 429 500 302 504"),
        _s("entries", "node fetch.mjs entries", "401 429_account 403 429_date 422 nest_500"),
        _s("cause", "node fetch.mjs cause", "dns dns_again refused reset_at_once closed read_timeout tls_expired tls_self_signed portal"),
    )),
    Plan("axios", _npm("axios"), (
        _s("dump", "node axios.mjs dump", "401 missing 401_placeholder 403 429 500 502 dns refused read_timeout tls_expired tls_wrong_host closed", shows=True),
        _s("message", "node axios.mjs message", f"401 403 429 500 404 503 403_1020 520_text 302 {NET} tls_self_signed tls_unknown_ca tls_not_yet tls_plaintext bad_gzip cut_body 407"),
        _s("json", "node axios.mjs json", "401 401_vendor 403 429 500 reset 410", shows=True),
        _s("parts", "node axios.mjs parts", "401 403 429 429_date 500 504 nest_429 nest_403"),
        _s("only", "node axios.mjs only", "401 403 429 500 connect_timeout tls_handshake"),
        _s("response", "node axios.mjs response", "ok portal wrong_shape spa"),
    )),
    Plan("got", _npm("got"), (
        _s("throw", "node got.mjs throw", f"401 403 429 500 302 portal {NET} tls_expired tls_self_signed tls_wrong_host tls_plaintext bad_gzip cut_body"),
        _s("caught", "node got.mjs caught", "401 403 429 429_account 502 404 read_timeout nest_429"),
    )),
    Plan("ky", _npm("ky"), (
        _s("throw", "node ky.mjs throw", "401 403 429 500 read_timeout dns portal"),
        _s("caught", "node ky.mjs caught", "401 403 429 502 504 refused tls_expired"),
    )),
    Plan("undici", _npm("undici"), (
        _s("print", "node undici.mjs", f"ok 401 403 429 500 503_json 302 portal {NET} slow_body tls_expired tls_wrong_host tls_unknown_ca"),
    )),
    Plan("superagent", _npm("superagent"), (
        _s("dump", "node superagent.cjs dump", "401 403 429 500 502 dns refused read_timeout tls_expired portal closed"),
        _s("line", "node superagent.cjs line", "401 403 429 500 404 504 tls_wrong_host"),
    )),
    Plan("java", "java -version 2>&1", (
        _s("print", "java Me.java print", "401 missing 401_quoted 403 429 500 302 504 429_date", shows=True),
        _s("throw", "java Me.java throw", f"401 403 429 502 {NET} tls_expired tls_wrong_host tls_plaintext tls_unknown_ca tls_handshake cut_body"),
    )),
    Plan("go", "go version", (
        _s("fatal", "./me fatal", f"401 403 429 500 502 302 404 portal truncated_json bad_gzip cut_body slow_body {NET} {TLS} proxy_refused 407"),
        _s("dump", "./me dump", "401 missing 401_double 403 429 429_date 500", shows=True),
        _s("panic", "./me panic", "401 403 429 503"),
    )),
    Plan("ruby", "ruby -v", (
        _s("value", "ruby me.rb value", f"401 403 429 500 404 502 302 portal {NET} tls_expired tls_self_signed tls_wrong_host tls_plaintext cut_body"),
        _s("inspect", "ruby me.rb inspect", "401 403 429 500 522 429_account"),
        _s("debug", "ruby me.rb debug", "401 missing 429 401_vendor", shows=True),
    )),
    Plan("php", "php -v", (
        _s("stream", "php me.php stream", f"401 403 429 500 502 302 portal {NET} tls_expired tls_wrong_host"),
        _s("curl", "php me.php curl", "401 403 429 500 404 504 dns refused read_timeout connect_timeout tls_self_signed tls_plaintext closed 407 portal"),
        _s("dump", "php me.php dump", "401 missing 401_double 403 429 429_date", shows=True),
    )),
    Plan("perl", "perl -MLWP -e 'print \"LWP $LWP::VERSION\"'", (
        _s("die", "perl me.pl die", f"401 403 429 500 404 502 503 302 portal {NET} {TLS}"),
        _s("body", "perl me.pl body", "401 403 429 500 504 520"),
        _s("string", "perl me.pl string", "401 missing 401_vendor 403 429 429_date dns tls_expired", shows=True),
    )),
    Plan("newman", _npm("newman"), (
        _s("run", "newman run me.postman.json --env-var url=$URL --env-var key=\"$KEY\" --timeout-request 2000 --color off --ignore-redirects", "ok 401 403 429 500 404 502 302 portal dns refused read_timeout tls_expired tls_self_signed tls_wrong_host closed"),
        _s("verbose", "newman run me.postman.json --env-var url=$URL --env-var key=\"$KEY\" --timeout-request 2000 --color on --verbose --ignore-redirects", "401 403 429 503"),
    )),
    Plan("structlog", _pip("structlog"), (
        _s("json", f"{PY} log_structlog.py json", "401 403 429 500 502 dns read_timeout tls_expired portal"),
        _s("console", f"{PY} log_structlog.py console", "401 403 429 503 refused tls_self_signed"),
        _s("kv", f"{PY} log_structlog.py kv", "401 403 429 500 404"),
    ), ("log",)),
    Plan("loguru", _pip("loguru"), (
        _s("plain", f"{PY} log_loguru.py plain", "401 403 429 500 dns read_timeout"),
        _s("colour", f"{PY} log_loguru.py colour", "401 403 429 502 tls_expired refused"),
        _s("serialize", f"{PY} log_loguru.py serialize", "401 403 429 500 closed"),
    ), ("log",)),
    Plan("pino", _npm("pino"), (
        _s("err", "node log_pino.mjs err", "401 403 429 500 dns read_timeout tls_expired", shows=True),
        _s("redact", "node log_pino.mjs redact", "401 403 429 502"),
        _s("short", "node log_pino.mjs short", "401 403 429 504 refused tls_wrong_host"),
        _s("pretty", "node log_pino.mjs short | pino-pretty --colorize", "401 429 403 500 reset"),
    ), ("log",)),
    Plan("winston", _npm("winston"), (
        _s("json", "node log_winston.mjs json", "401 403 429 500 404 dns read_timeout"),
        _s("line", "node log_winston.mjs line", "ok 401 403 429 502 tls_expired refused"),
    ), ("log",)),
    Plan("sentry", _pip("sentry-sdk"), (
        _s("event", f"{PY} sentry_event.py full", "401 403 429 502 refused tls_expired"),
        _s("pretty", f"{PY} sentry_event.py pretty", "401 403 500 read_timeout 404"),
        _s("short", f"{PY} sentry_event.py short", "429 dns portal"),
    ), ("log",)),
    Plan("opentelemetry", _pip("opentelemetry-sdk"), (
        _s("span", f"{PY} otel_span.py span", "401 403 429 500 503 404 dns refused read_timeout tls_expired"),
        _s("parent", f"{PY} otel_span.py parent", "401 403 429 502"),
    ), ("log",)),
    Plan("har", _pip("requests"), (
        _s("entry", f"{PY} har.py", "ok 401 missing 401_quoted 403 429 429_date 500 502 302 portal dns refused connect_timeout tls_unknown_ca", shows=True),
    )),
    Plan("nestjs", _npm("@nestjs/core"), (
        _s("stack", "tsx nest_client.mts stack", "401 403 429 500 dns read_timeout tls_expired"),
        _s("line", "tsx nest_client.mts line", "nest_401 nest_403 nest_429 nest_500 nest_404 refused"),
        _s("json", "tsx nest_client.mts json", "nest_429 403 502"),
    ), ("log",)),
)  # fmt: skip
