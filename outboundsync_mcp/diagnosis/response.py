"""An HTTP response, live or quoted, read into `Evidence`."""

import json
import math
import re
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Literal, cast
from urllib.parse import urlsplit

from pydantic import ValidationError

from outboundsync_mcp.diagnosis.clean import clean, clean_message, is_html
from outboundsync_mcp.diagnosis.evidence import BodyFault, Evidence, Intermediary
from outboundsync_mcp.diagnosis.retry_after import parse_http_date, parse_retry_after
from outboundsync_mcp.diagnosis.schemas import Me

DEEPEST_JSON = 100
"""Levels of nesting that are passed on; MCP's own JSON parsers stop at about 200."""
IDENTITY_WINDOW = 12
"""Characters of a secret in a row that are hidden in a 200's body; fewer can be a name like "production"."""
API_REALM = 'realm="OutboundSync API"'
_KEPT_HEADERS = re.compile(
    r"retry-after|date|www-authenticate|proxy-authenticate|content-type|content-encoding|server|via|cf-ray|"
    r"cf-mitigated|x-cache|x-squid-error|x-ratelimit-(?:limit|remaining|reset)|location|allow"
)
# Cloudflare's pages and its plain-text errors name their own code: "error code: 1020", "Error 1015".
_CLOUDFLARE_CODE = re.compile(r"error(?: code)?:?\s{0,3}(1\d{3})\b|\"error_code\":\s{0,3}(1\d{3})\b", re.IGNORECASE)
_CLOUDFLARE_PAGE = re.compile(r"cloudflare|cf-error-details|cf-browser-verification|just a moment\.\.\.", re.IGNORECASE)
_PROXY_PAGE = re.compile(
    r"\bsquid\b|proxy (?:authentication|server)|bluecoat|zscaler|forcepoint|fortiguard|mcafee web gateway",
    re.IGNORECASE,
)
_PORTAL_PAGE = re.compile(
    r"captive|hotspot|wi-?fi|network authentication required|http-equiv=[\"']?refresh", re.IGNORECASE
)
_GATEWAY_STATUSES = frozenset({502, 503, 504})


def parse_json(text: str | None) -> tuple[bool, object]:
    """Whether the text is JSON, and its value, with lone surrogates replaced.

    What cannot be passed on as JSON counts as not JSON: NaN, Infinity, numbers beyond a double, deep nesting.
    """
    if text is None:
        return False, None
    try:
        return True, _sound(json.loads(text, parse_constant=_refuse, parse_float=_finite), 0)
    except (ValueError, RecursionError):
        return False, None


def _refuse(constant: str) -> float:
    raise ValueError(constant)


def _finite(digits: str) -> float:
    number = float(digits)
    return number if math.isfinite(number) else _refuse(digits)


def _sound(value: object, depth: int) -> object:
    if depth > DEEPEST_JSON:
        raise ValueError("nested too deep")
    if isinstance(value, str):
        return value if value.isascii() else value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, list):
        return [_sound(item, depth + 1) for item in cast("list[object]", value)]
    if isinstance(value, dict):
        named = cast("dict[str, object]", value)
        return {cast("str", _sound(name, depth)): _sound(item, depth + 1) for name, item in named.items()}
    return value


def identity(body: object) -> Me | str:
    """A decoded 200 body as the documented one, or why it is not, in words."""
    try:
        return Me.model_validate(body)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "the body"
        return clean(f"{where}: {first['msg']}", 200)


def origin_and_path(location: str | None) -> str | None:
    """What of a Location header may be shown: no login, no query; None where it is no URL."""
    if not location:
        return None
    try:
        parts = urlsplit(location.strip())
        host = parts.hostname or ""
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return None
    scheme = f"{parts.scheme}:" if parts.scheme else ""
    origin = f"{scheme}//{host}{port}" if host else ""
    return clean(f"{origin}{parts.path or '/'}", 200)


def _intermediary(
    status: int, headers: dict[str, str], text: str, *, html: bool, json_body: bool
) -> Intermediary | None:
    page = text[:20_000]
    if status == 407 or "proxy-authenticate" in headers or "x-squid-error" in headers:
        return Intermediary.PROXY
    if status == 511:
        return Intermediary.CAPTIVE_PORTAL
    if 520 <= status <= 527 or headers.get("cf-mitigated") or (not json_body and _CLOUDFLARE_CODE.search(page)):
        return Intermediary.CLOUDFLARE
    if '"cloudflare_error"' in page:
        return Intermediary.CLOUDFLARE
    if not html:
        return None
    if _CLOUDFLARE_PAGE.search(page):
        return Intermediary.CLOUDFLARE
    if _PROXY_PAGE.search(page):
        return Intermediary.PROXY
    if status < 400:
        return Intermediary.CAPTIVE_PORTAL if _PORTAL_PAGE.search(page) else None
    if status in _GATEWAY_STATUSES:
        return Intermediary.GATEWAY
    return Intermediary.FIREWALL if status in {401, 403, 406, 429} else None


def _cdn_code(text: str) -> int | None:
    found = _CLOUDFLARE_CODE.search(text[:20_000])
    return int(found[1] or found[2]) if found else None


def _success(text: str, *, is_json: bool, html: bool, value: object) -> tuple[Me | None, BodyFault | None, str | None]:
    """The documented body of a 2xx, or what is wrong with it."""
    if not text.strip():
        return None, BodyFault.EMPTY, "the body is empty"
    if html:
        return None, BodyFault.HTML, "the body is an HTML page"
    if not is_json:
        return None, BodyFault.NOT_JSON, "the body is not JSON"
    me = identity(value)
    return (None, BodyFault.WRONG_SHAPE, me) if isinstance(me, str) else (me, None, None)


def _as_it_is(text: str, _: int) -> str:
    return text


def read_response(
    status: int,
    headers: Iterable[tuple[str, str]],
    text: str | None,
    *,
    source: Literal["live", "pasted"],
    now: datetime,
    hide: Callable[[str, int], str] = _as_it_is,
    seen: tuple[str, ...] = (),
) -> tuple[Evidence, object]:
    """What one HTTP response shows, and its body's JSON value, None for none. `seen` is said of it already.

    `headers` are its lines in order, any case; `text` is its decoded body, None when the body was not seen
    (then nothing is said of it). Retry-After is measured against the response's own Date, else `now`.
    `hide(text, window)` takes the runs of a secret that are at least `window` characters long out of what is shown;
    nothing is judged by what it leaves.
    """
    raw = [(name.strip().lower(), value) for name, value in headers]
    kept = {name: clean(hide(value, 6), 300) for name, value in raw if _KEPT_HEADERS.fullmatch(name)}
    is_json, value = parse_json(text)
    body = cast("dict[str, object]", value) if type(value) is dict else {}
    html = text is not None and is_html(text[:2000])

    def said(part: object) -> str | None:
        return clean_message(part, lambda words: hide(words, 6))

    message = said(body.get("message"))
    if message is None and text and not is_json:
        message = said(text)
    me, fault, detail = None, None, None
    if text is not None and 200 <= status < 300:
        me, fault, detail = _success(text, is_json=is_json, html=html, value=cast("object", value))
        message = message if fault is not None and not html else None
    intermediary = None if me else _intermediary(status, kept, text or "", html=html, json_body=is_json)
    realm = None
    if status == 401 and raw:
        realm = any(name == "www-authenticate" and API_REALM.lower() in line.lower() for name, line in raw)
    retry_lines = [line for name, line in raw if name == "retry-after"]
    date = next((line for name, line in raw if name == "date"), None)
    evidence = Evidence(
        source=source,
        seen=seen,
        status=status,
        message=message,
        error=said(body.get("error")),
        headers=kept,
        documented_realm=realm,
        json_body=None if text is None else is_json,
        body_fault=fault,
        body_fault_detail=detail,
        intermediary=intermediary,
        cdn_code=_cdn_code(text or "") if intermediary is Intermediary.CLOUDFLARE else None,
        location=origin_and_path(kept.get("location")) if 300 <= status < 400 else None,
        retry_after=parse_retry_after(retry_lines, date=date, now=now) if retry_lines else None,
        observed_at=parse_http_date(date, now=now) if date else None,
        connections=len(me.connections) if me else None,
        connection_scope=clean(hide(me.apiKey.connectionScope, IDENTITY_WINDOW), 60) if me else None,
        key_name=clean(hide(me.apiKey.name, IDENTITY_WINDOW), 100) if me and me.apiKey.name else None,
    )
    return evidence, cast("object", value)
