"""Read a diagnosis of this product that somebody pastes back: the same kind, status and wait come out again."""

from dataclasses import replace
from typing import cast

from outboundsync_mcp.diagnosis.clean import clean, clean_message
from outboundsync_mcp.diagnosis.evidence import BodyFault, Confidence, Evidence, Failure, Intermediary, KeyFault
from outboundsync_mcp.diagnosis.exchanges import exchanges_of, pick
from outboundsync_mcp.diagnosis.normalize import normalize
from outboundsync_mcp.diagnosis.redact import Redactor
from outboundsync_mcp.diagnosis.units import units_of

MAX_LINES, MAX_LINE_CHARS = 8, 200
_CONFIDENCES: dict[str, Confidence] = {"certain": "certain", "likely": "likely", "possible": "possible"}
_FAILURES_OF = {
    "connection_failed": {
        failure for failure in Failure if failure.value in "dns refused unreachable proxy reset closed"
    },
    "tls_failed": {failure for failure in Failure if failure.value.startswith("tls_")},
    "timed_out": {Failure.CONNECT_TIMEOUT, Failure.READ_TIMEOUT, Failure.DEADLINE},
}
_BY_KIND: dict[str, dict[str, object]] = {
    "ok": {"connections": 1},
    "missing_api_key": {"key_fault": KeyFault.MISSING},
    "malformed_api_key": {"key_fault": KeyFault.NO_PREFIX},
    "connection_failed": {"failure": Failure.CLOSED},
    "tls_failed": {"failure": Failure.TLS_HANDSHAKE},
    "timed_out": {"failure": Failure.DEADLINE},
    "unexpected_response": {"body_fault": BodyFault.WRONG_SHAPE},
    "not_outboundsync": {"vendor": "another vendor"},
    "api_access_disabled": {"api_host": True},
    "forbidden": {"intermediary": Intermediary.FIREWALL},
    "unknown": {},
}
"""The least evidence that leads to the same kind again."""
_OF_A_PROXY = {("forbidden", None), ("forbidden", 401), ("forbidden", 407), ("upstream_unavailable", 500)}
"""Kinds that these statuses have only where a proxy answered."""


def evidence_of_diagnosis(item: dict[str, object], redact: Redactor) -> Evidence | None:
    """Evidence from a diagnosis of this product (its JSON has kind, who_fixes and retryable)."""
    kind = item.get("kind")
    if not isinstance(kind, str) or "who_fixes" not in item or "retryable" not in item:
        return None
    said = item.get("evidence")
    lines = [line for line in cast("list[object]", said) if isinstance(line, str)] if isinstance(said, list) else []
    status, wait, confidence = item.get("status"), item.get("retry_after_seconds"), item.get("confidence")
    message = clean_message(item.get("message"))
    evidence = Evidence(
        source="pasted",
        seen=(
            "A diagnosis of this server was pasted.",
            *(clean(redact(line), MAX_LINE_CHARS) for line in lines[:MAX_LINES]),
        ),
        certainty=_CONFIDENCES.get(str(confidence), "likely"),
        status=status if isinstance(status, int) and not isinstance(status, bool) and 100 <= status <= 599 else None,
        message=clean(redact(message)) if message else None,
        retry_after=wait if isinstance(wait, int) and not isinstance(wait, bool) and wait > 0 else None,
    )
    return replace(evidence, **_least_evidence(kind, evidence, " ".join([str(item.get("cause")), *lines])))


def _least_evidence(kind: str, evidence: Evidence, told: str) -> dict[str, object]:
    """What makes `kind` come out again: of a transport failure, the one that its own words tell of."""
    if (kind, evidence.status) in _OF_A_PROXY:
        return {"intermediary": Intermediary.PROXY}
    if kind == "forbidden" and evidence.message:
        return {"json_body": True}
    if kind == "unexpected_redirect" and evidence.status is None:
        return {"failure": Failure.REDIRECTS}
    if kind in _FAILURES_OF:
        exchange = pick(exchanges_of(units_of(normalize(told))))
        if exchange and exchange.failure in _FAILURES_OF[kind]:
            return {"failure": exchange.failure}
    return _BY_KIND.get(kind, {})
