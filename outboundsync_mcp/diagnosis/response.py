"""An HTTP response, live or quoted, read into `Evidence`."""

import json
import re
from collections.abc import Iterable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Literal, TypedDict, cast
from urllib.parse import urlsplit

from pydantic import ValidationError

from outboundsync_mcp.diagnosis.clean import clean, clean_message, is_html
from outboundsync_mcp.diagnosis.evidence import BodyFault, Evidence, Intermediary
from outboundsync_mcp.diagnosis.retry_after import parse_retry_after
from outboundsync_mcp.diagnosis.schemas import Me

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
    """Whether the text is JSON, and its value. Deep nesting and huge numbers count as not JSON."""
    if text is None:
        return False, None
    try:
        return True, json.loads(text)
    except (ValueError, RecursionError):
        return False, None


def http_date(value: str | None) -> datetime | None:
    """An HTTP date as UTC, or None."""
    if not value:
        return None
    try:
        parsed = parsedate_to_datetime(value)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return parsed.replace(tzinfo=UTC) if parsed.tzinfo is None else parsed.astimezone(UTC)


def shape_fault(body: object) -> str | None:
    """Why a decoded 200 body is not the documented one, in words; None when it is."""
    try:
        Me.model_validate(body)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "the body"
        return clean(f"{where}: {first['msg']}", 200)
    return None


def _origin_and_path(location: str | None) -> str | None:
    if not location:
        return None
    try:
        parts = urlsplit(location.strip())
        host = parts.hostname or ""
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return None
    origin = f"{parts.scheme}://{host}{port}" if host else ""
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


def _body_fault(text: str, *, is_json: bool, html: bool, value: object) -> tuple[BodyFault | None, str | None]:
    if not text.strip():
        return BodyFault.EMPTY, "the body is empty"
    if html:
        return BodyFault.HTML, "the body is an HTML page"
    if not is_json:
        return BodyFault.NOT_JSON, "the body is not JSON"
    if (detail := shape_fault(value)) is not None:
        return BodyFault.WRONG_SHAPE, detail
    return None, None


def evidence_of_response(
    status: int,
    headers: Iterable[tuple[str, str]],
    text: str | None,
    *,
    source: Literal["live", "pasted"],
    now: datetime,
) -> Evidence:
    """What one HTTP response shows.

    `headers` are its lines in order, any case; `text` is its decoded body, None when the body was not seen
    (then nothing is said of it). Retry-After is measured against the response's own Date, else `now`.
    """
    lines = [(name.strip().lower(), clean(value, 300)) for name, value in headers]
    kept = {name: value for name, value in lines if _KEPT_HEADERS.fullmatch(name)}
    is_json, value = parse_json(text)
    body = cast("dict[str, object]", value) if isinstance(value, dict) else {}
    html = text is not None and is_html(text[:2000])
    message = clean_message(body.get("message"))
    if message is None and text and not is_json:
        message = clean_message(text)
    fault: tuple[BodyFault | None, str | None] = (None, None)
    if text is not None and 200 <= status < 300:
        fault = _body_fault(text, is_json=is_json, html=html, value=value)
        message = message if fault[0] is not None and not html else None
    documented = text is not None and 200 <= status < 300 and fault[0] is None
    intermediary = None if documented else _intermediary(status, kept, text or "", html=html, json_body=is_json)
    realm = None
    if status == 401 and lines:
        realm = any(name == "www-authenticate" and API_REALM.lower() in line.lower() for name, line in lines)
    retry_lines = [line for name, line in lines if name == "retry-after"]
    date = kept.get("date")
    return Evidence(
        source=source,
        status=status,
        message=message,
        error=clean_message(body.get("error")),
        headers=kept,
        documented_realm=realm,
        json_body=None if text is None else is_json,
        body_fault=fault[0],
        body_fault_detail=fault[1],
        intermediary=intermediary,
        cdn_code=_cdn_code(text or "") if intermediary is Intermediary.CLOUDFLARE else None,
        location=_origin_and_path(kept.get("location")) if 300 <= status < 400 else None,
        retry_after=parse_retry_after(retry_lines, date=date, now=now) if retry_lines else None,
        observed_at=http_date(date),
        **_identity(body if documented else {}),
    )


class _Identity(TypedDict, total=False):
    connections: int
    connection_scope: str
    key_name: str | None


def _identity(body: dict[str, object]) -> _Identity:
    if not body:
        return {}
    me = Me.model_validate(body)
    name = me.apiKey.name
    return {
        "connections": len(me.connections),
        "connection_scope": clean(me.apiKey.connectionScope, 60),
        "key_name": clean(name, 100) if name else None,
    }
