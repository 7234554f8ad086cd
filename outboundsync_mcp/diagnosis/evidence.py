"""What was observed of one exchange with OutboundSync, live or pasted: the only input of a diagnosis."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Literal

Confidence = Literal["certain", "likely", "possible"]


class Failure(StrEnum):
    """How an exchange ended without an HTTP response, in the order of the wire."""

    DNS = "dns"
    REFUSED = "refused"
    UNREACHABLE = "unreachable"
    PROXY = "proxy"  # the proxy itself cannot be reached, or does not speak the protocol
    CONNECT_TIMEOUT = "connect_timeout"
    TLS_EXPIRED = "tls_expired"
    TLS_NOT_YET_VALID = "tls_not_yet_valid"
    TLS_UNTRUSTED = "tls_untrusted"  # unknown authority, self-signed, TLS inspection
    TLS_HOSTNAME = "tls_hostname"
    TLS_PLAINTEXT = "tls_plaintext"  # the other side speaks plain HTTP on this port
    TLS_HANDSHAKE = "tls_handshake"
    RESET = "reset"
    CLOSED = "closed"  # closed without a byte of a response
    NOT_HTTP = "not_http"
    REDIRECTS = "redirects"  # a client that follows redirects gave up on them
    READ_TIMEOUT = "read_timeout"
    DEADLINE = "deadline"  # the whole request, body included, took too long
    INTERRUPTED = "interrupted"  # our own request was stopped before it ended


class BodyFault(StrEnum):
    """Why a response body is not the documented one."""

    EMPTY = "empty"
    HTML = "html"
    NOT_JSON = "not_json"
    WRONG_SHAPE = "wrong_shape"
    TRUNCATED = "truncated"
    UNDECODABLE = "undecodable"  # the Content-Encoding does not match the bytes
    OVERSIZE = "oversize"


class Intermediary(StrEnum):
    """Who, other than the API, seems to have produced the answer."""

    PROXY = "proxy"
    CLOUDFLARE = "cloudflare"
    CAPTIVE_PORTAL = "captive_portal"
    FIREWALL = "firewall"  # a web application firewall or another CDN's block page
    GATEWAY = "gateway"  # a load balancer or reverse proxy in front of the API


class KeyFault(StrEnum):
    """Why a configured or quoted key is not a documented `osapi_…` key."""

    MISSING = "missing"  # unset, empty, or evidence that no key was sent
    UNREADABLE_FILE = "unreadable_file"
    UNEXPANDED = "unexpanded"  # ${VAR}, $VAR, %VAR%, {{ var }} or NAME=value
    PLACEHOLDER = "placeholder"
    MASKED = "masked"
    QUOTED = "quoted"
    DOUBLE_BEARER = "double_bearer"
    WRONG_SCHEME = "wrong_scheme"  # Basic, Token, X-Api-Key … where Bearer belongs
    WHITESPACE = "whitespace"  # inside the key
    INVISIBLE = "invisible"  # zero-width, BOM, NBSP or another non-ASCII or control character
    OTHER_VENDOR = "other_vendor"
    NO_PREFIX = "no_prefix"
    TOO_SHORT = "too_short"
    TOO_LONG = "too_long"
    BAD_CHARACTER = "bad_character"


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """Facts about one exchange. A gatherer fills in what it saw; None means "not seen", never "no".

    Every string is safe to show: redacted and cleaned by whoever gathered it.
    """

    source: Literal["live", "pasted"]
    seen: tuple[str, ...] = ()
    """What was seen, in plain words and in order; pasted text is quoted redacted."""
    certainty: Confidence = "certain"
    """Upper bound of the diagnosis' confidence: how surely the facts below were read."""

    # The response
    status: int | None = None
    message: str | None = None
    """What the server said: the body's `message`, joined if a list, cleaned, at most 500 characters."""
    error: str | None = None
    """The body's `error` field."""
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    """Response headers that matter, names in lower case."""
    documented_realm: bool | None = None
    """401 only: whether `WWW-Authenticate` names the realm "OutboundSync API"; None when headers were not seen."""
    json_body: bool | None = None
    """Whether the body was JSON."""
    body_fault: BodyFault | None = None
    body_fault_detail: str | None = None
    intermediary: Intermediary | None = None
    cdn_code: int | None = None
    """Cloudflare's own error code (1015, 1020 …) where its page or headers name one."""
    location: str | None = None
    """3xx only: origin (and path) of the redirect target, without query."""
    retry_after: int | None = None
    """Stated wait in seconds, rounded up, at least 1; None when none or no valid one was stated."""
    observed_at: datetime | None = None
    """The response's own Date, UTC."""

    # The exchange
    failure: Failure | None = None
    failure_detail: str | None = None
    """The operating system's or library's own words, cleaned."""
    host: str | None = None
    """The host the request went to."""
    api_host: bool | None = None
    """Whether that host is the OutboundSync API's (the documented or the configured one)."""
    vendor: str | None = None
    """Another vendor whose error this is; None when there is no sign of one."""
    clock_skew: float | None = None
    """Local clock minus the peer's clock in seconds, where a Date gives it away."""
    timeout_seconds: float | None = None

    # The key
    key_fault: KeyFault | None = None
    key_fault_detail: str | None = None
    """One sentence: what is wrong with the key and where it came from; no character of it."""
    key_vendor: str | None = None
    """KeyFault.OTHER_VENDOR: whose key it looks like."""
    key_source: str = "OUTBOUNDSYNC_API_KEY"
    """The variable or file that the key came from."""
    key_sent: bool | None = None
    """Whether a key of the documented form was sent with the request; None when unknown."""
    key_worked_before: bool = False
    """Live: the same key got a 200 or 403 in this process before."""

    # The quota
    own_requests_in_window: int | None = None
    """Live: requests that this process sent in the current 60 s, this one included."""
    retried: bool = False
    """Live: this answer came after the documented single retry."""
    cooling_down: bool = False
    """Live: nothing was sent, because an earlier 429 is still in force."""
    wait_limit: int | None = None
    """Live: seconds the caller could afford, set when the wait was longer."""

    # Success
    connections: int | None = None
    connection_scope: str | None = None
    key_name: str | None = None

    # The configuration
    setting_faults: tuple[str, ...] = ()
    """One clear sentence per bad OUTBOUNDSYNC_* variable."""
    argument_faults: tuple[str, ...] = ()
    """One clear sentence per argument of a tool call that does not fit; nothing was sent."""
