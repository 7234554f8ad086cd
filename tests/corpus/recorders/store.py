"""Turns a recording into a case: text file and label line. Labels come from what the upstream was told to do."""

import json
import re
from dataclasses import dataclass
from pathlib import Path

from tests.corpus.cases import CORPUS, heldout_tools
from tests.corpus.recorders.plans import Plan, Take

SCENARIOS: dict[str, tuple[int | None, str]] = {
    "ok": (200, "ok"), "ok_connection": (200, "ok"),
    "401": (401, "invalid_api_key"), "nest_401": (401, "invalid_api_key"), "missing": (401, "missing_api_key"),
    "401_vendor": (401, "malformed_api_key"), "401_double": (401, "malformed_api_key"),
    "401_quoted": (401, "malformed_api_key"), "401_placeholder": (401, "malformed_api_key"),
    "401_placeholder2": (401, "malformed_api_key"), "401_unexpanded": (401, "malformed_api_key"),
    "401_openai": (401, "malformed_api_key"),
    "403": (403, "api_access_disabled"), "403_list": (403, "api_access_disabled"),
    "nest_403": (403, "api_access_disabled"), "403_bare": (403, "api_access_disabled"),
    "403_scope": (403, "forbidden"), "403_nginx": (403, "forbidden"), "403_firewall": (403, "forbidden"),
    "403_1020": (403, "forbidden"), "403_challenge": (403, "forbidden"), "403_squid": (403, "forbidden"),
    "407": (407, "forbidden"),
    "429": (429, "rate_limited"), "429_none": (429, "rate_limited"), "429_date": (429, "rate_limited"),
    "429_fraction": (429, "rate_limited"), "429_garbage": (429, "rate_limited"), "429_account": (429, "rate_limited"),
    "429_cloudflare": (429, "rate_limited"), "nest_429": (429, "rate_limited"),
    "500": (500, "server_error"), "500_html": (500, "server_error"), "nest_500": (500, "server_error"),
    "501": (501, "server_error"), "507": (507, "server_error"),
    "404": (404, "not_found"), "nest_404": (404, "not_found"), "404_html": (404, "not_found"),
    "502": (502, "upstream_unavailable"), "503": (503, "upstream_unavailable"),
    "503_json": (503, "upstream_unavailable"), "504": (504, "upstream_unavailable"),
    "520_text": (520, "upstream_unavailable"),
    **{str(code): (code, "upstream_unavailable") for code in range(520, 528)},
    **{str(code): (code, "unexpected_redirect") for code in (301, 302, 304, 307, 308)},
    **{str(code): (code, "bad_request") for code in (400, 405, 408, 410, 413, 415, 418, 422, 426, 431)},
    "400_list": (400, "bad_request"),
    **dict.fromkeys(
        ("portal", "spa", "empty", "wrong_shape", "not_json", "truncated_json", "cut_body", "bad_gzip", "login_page"),
        (200, "unexpected_response"),
    ),
    "204": (204, "unexpected_response"),
    **dict.fromkeys(
        ("dns", "dns_again", "refused", "reset", "reset_at_once", "closed", "proxy_refused", "not_http"),
        (None, "connection_failed"),
    ),
    **dict.fromkeys(
        ("tls_expired", "tls_self_signed", "tls_wrong_host", "tls_plaintext", "tls_handshake", "tls_not_yet",
         "tls_unknown_ca"),
        (None, "tls_failed"),
    ),
    "connect_timeout": (None, "timed_out"), "read_timeout": (None, "timed_out"), "slow_body": (200, "timed_out"),
}  # fmt: skip
"""What each scenario is by the contract's table."""

_IMPLIED: dict[str, tuple[str, ...]] = {
    "200": ('"connections"', "'connections'", "connections:"),
    "401": ("Invalid API key", "Unauthorized"),
    "403": ("API access is not enabled for this account", "Forbidden"),
    "403_1020": ("1020",),
    "403_challenge": ("Just a moment...",),
    "429": ("Too Many Requests",),
    "429_cloudflare": ("1015",),
    "500": ("Internal server error", "Internal Server Error"),
    "502": ("Bad Gateway",),
    "504": ("Gateway Time-out",),
    "404": ("Cannot GET",),
    "407": ("Proxy Authentication Required",),
    "portal": (), "spa": (), "cut_body": (),
}  # fmt: skip
"""What tells the status where the number is not shown: scenario, else status, to words."""


@dataclass(frozen=True, slots=True)
class Recording:
    """What one client printed, and what the upstream stated as Retry-After."""

    plan: Plan
    take: Take
    text: str
    answered: bytes = b""


def keep(recording: Recording) -> None:
    """Write the case, unless the output shows nothing of what happened."""
    take, text = recording.take, _as_typed(recording)
    status, kind = SCENARIOS[take.wish]
    seen = (
        status is None
        or re.search(rf"(?<!\d){status}(?!\d)", text)
        or any(words in text for words in _IMPLIED.get(take.wish, _IMPLIED.get(str(status), ())))
    )
    if re.fullmatch(r"[\d\s]*", recording.text) or (not seen and status and status >= 300):
        print(f"NOTHING SEEN {take.id}: {recording.text[:100]!r}")
        return
    if kind == "unexpected_response" and '"account"' in text and take.wish == "bad_gzip":
        print(f"NOT DECODED {take.id}")
        return
    if kind == "missing_api_key" and not take.style.shows_request:
        kind = "invalid_api_key"
    if kind == "malformed_api_key" and not _shows(text, take.key):
        kind = "invalid_api_key"
    label: dict[str, object] = {
        "id": take.id,
        "tool": recording.plan.tool,
        "version": recording.plan.version,
        # Our own script writes the browser's format around a real exchange.
        "produced": "transcribed" if recording.plan.tool == "har" else "recorded",
        "scenario": take.wish,
        "status": status if seen else None,
        "kind": kind,
        "wait": _wait(recording),
        "tags": [*recording.plan.tags, *(["secret"] if any(s in text for s in take.secrets) else [])],
        "secrets": [secret for secret in take.secrets if secret in text],
    }
    if take.wish == "cut_body" and not seen:
        label["also"] = ["connection_failed"]  # some clients tell a body cut short as a connection that broke
    if recording.plan.tool == "nginx-log" and status is None:
        label["also"] = ["upstream_unavailable"]  # what nginx then tells its own client
    directory = CORPUS / ("heldout" if recording.plan.tool in heldout_tools() else "development") / recording.plan.tool
    directory.mkdir(parents=True, exist_ok=True)
    for other in directory.glob("*.txt"):
        if other.stem != take.id and other.read_bytes() == text.encode():
            print(f"SAME AS {other.stem}: {take.id}")
            return
    (directory / f"{take.id}.txt").write_bytes(text.encode())
    _relabel(directory / "labels.jsonl", label)


def _shows(text: str, key: str | None) -> bool:
    """The key is in the text, plainly or as JSON escapes it."""
    return key is not None and (key in text or json.dumps(key)[1:-1] in text)


def _as_typed(recording: Recording) -> str:
    prompt = recording.take.style.prompt
    if prompt is None:
        return recording.text
    return f"$ {prompt.format(key=recording.take.key)}\n{recording.text}"


def _wait(recording: Recording) -> int | None:
    """The stated wait where the output shows it; dates are measured against the Date beside them."""
    stated = re.search(rb"(?im)^retry-after: (\S[^\r\n]*)", recording.answered)
    if not stated:
        return None
    value = stated[1].decode().strip()
    if not re.search(
        rf"retry.{{0,3}}after.{{0,40}}?(?<!\d){re.escape(value)}", recording.text, re.IGNORECASE | re.DOTALL
    ):
        return None
    if re.fullmatch(r"\d+(\.\d+)?", value):
        return max(1, -int(-float(value) // 1))
    return 41 if "GMT" in value and recording.text.count("GMT") >= 2 else None


def _relabel(path: Path, label: dict[str, object]) -> None:
    rows = [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []
    rows = [row for row in rows if row["id"] != label["id"]] + [label]
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in sorted(rows, key=lambda r: r["id"])))
