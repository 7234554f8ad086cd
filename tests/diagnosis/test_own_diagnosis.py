"""A diagnosis of this product, pasted back: what of it is taken, and what is not."""

from typing import Any

import pytest

from outboundsync_mcp.diagnosis.evidence import BodyFault, Evidence, Failure, Intermediary, KeyFault
from outboundsync_mcp.diagnosis.own_diagnosis import evidence_of_diagnosis
from outboundsync_mcp.diagnosis.redact import Redactor

KEY = "osapi_Zq81LmWc0RtY5uHb7NxKe3DvPs9aGj2F"


def taken(**fields: object) -> Evidence | None:
    """Evidence of a diagnosis with these fields."""
    item: dict[str, Any] = {"kind": "unknown", "who_fixes": "user", "retryable": False, **fields}
    return evidence_of_diagnosis(item, Redactor(KEY, f"Authorization: Bearer {KEY}"))


@pytest.mark.parametrize(
    "item",
    [
        {"kind": "rate_limited", "who_fixes": "agent"},
        {"kind": "rate_limited", "retryable": True},
        {"who_fixes": "agent", "retryable": True},
        {"kind": 429, "who_fixes": "agent", "retryable": True},
        {"kind": None, "who_fixes": "agent", "retryable": True},
        {},
    ],
)
def test_what_lacks_one_of_the_three_fields_is_no_diagnosis(item: dict[str, object]) -> None:
    assert evidence_of_diagnosis(item, Redactor()) is None


def test_of_a_kind_without_evidence_of_its_own_only_the_fact_is_kept() -> None:
    assert taken() == Evidence(source="pasted", seen=("A diagnosis of this server was pasted.",), certainty="likely")


def test_what_the_server_said_and_what_was_seen_come_redacted_and_cleaned() -> None:
    made = taken(
        kind="rate_limited",
        status=429,
        message=f"Too many\u200b requests with {KEY}",
        retry_after_seconds=37,
        confidence="certain",
        evidence=["HTTP 429", 7, None, f"Authorization: Bearer {KEY}", "x" * 300],
    )
    assert made == Evidence(
        source="pasted",
        seen=(
            "A diagnosis of this server was pasted.",
            "HTTP 429",
            "Authorization: Bearer osapi_[redacted]",
            "x" * 199 + "…",
        ),
        certainty="certain",
        status=429,
        message="Too many requests with osapi_[redacted]",
        retry_after=37,
    )


def test_at_most_eight_lines_of_evidence_are_kept() -> None:
    made = taken(evidence=[f"line {i}" for i in range(20)])
    assert made
    assert made.seen[1:] == tuple(f"line {i}" for i in range(8))


@pytest.mark.parametrize("confidence", ["certain", "likely", "possible"])
def test_the_confidence_is_kept(confidence: str) -> None:
    made = taken(confidence=confidence)
    assert made
    assert made.certainty == confidence


@pytest.mark.parametrize("confidence", ["sure", None, 1, ["certain"]])
def test_a_confidence_of_no_known_name_is_likely(confidence: object) -> None:
    made = taken(confidence=confidence)
    assert made
    assert made.certainty == "likely"


@pytest.mark.parametrize(
    ("status", "kept"), [(100, 100), (599, 599), (99, None), (600, None), (True, None), ("429", None)]
)
def test_a_status_is_one_of_http(status: object, kept: int | None) -> None:
    made = taken(status=status)
    assert made
    assert made.status == kept


@pytest.mark.parametrize(("wait", "kept"), [(1, 1), (0, None), (-5, None), (True, None), ("37", None), (None, None)])
def test_a_wait_is_a_number_of_seconds(wait: object, kept: int | None) -> None:
    made = taken(retry_after_seconds=wait)
    assert made
    assert made.retry_after == kept


@pytest.mark.parametrize("message", [None, "", "   ", 5, {"a": 1}])
def test_no_message_stays_none(message: object) -> None:
    made = taken(message=message)
    assert made
    assert made.message is None


@pytest.mark.parametrize(
    ("fields", "evidence"),
    [
        ({"kind": "ok", "status": 200}, {"connections": 1}),
        ({"kind": "missing_api_key"}, {"key_fault": KeyFault.MISSING}),
        ({"kind": "malformed_api_key"}, {"key_fault": KeyFault.NO_PREFIX}),
        ({"kind": "api_access_disabled", "status": 403}, {"api_host": True}),
        ({"kind": "forbidden", "status": 403}, {"intermediary": Intermediary.FIREWALL}),
        ({"kind": "forbidden", "status": 403, "message": "Missing scope"}, {"json_body": True}),
        ({"kind": "forbidden", "status": 401}, {"intermediary": Intermediary.PROXY}),
        ({"kind": "forbidden", "status": 407, "message": "Log in"}, {"intermediary": Intermediary.PROXY}),
        ({"kind": "upstream_unavailable", "status": 500}, {"intermediary": Intermediary.PROXY}),
        ({"kind": "upstream_unavailable", "status": 503}, {}),
        ({"kind": "unexpected_response", "status": 200}, {"body_fault": BodyFault.WRONG_SHAPE}),
        ({"kind": "not_outboundsync", "status": 401}, {"vendor": "another vendor"}),
        ({"kind": "connection_failed"}, {"failure": Failure.CLOSED}),
        ({"kind": "tls_failed"}, {"failure": Failure.TLS_HANDSHAKE}),
        ({"kind": "timed_out"}, {"failure": Failure.DEADLINE}),
        (
            {"kind": "connection_failed", "cause": "getaddrinfo ENOTFOUND app.outboundsync.com"},
            {"failure": Failure.DNS},
        ),
        (
            {"kind": "connection_failed", "evidence": ["connect ECONNREFUSED 10.0.0.1:443"]},
            {"failure": Failure.REFUSED},
        ),
        ({"kind": "tls_failed", "evidence": ["certificate has expired"]}, {"failure": Failure.TLS_EXPIRED}),
        ({"kind": "timed_out", "cause": "ConnectTimeout"}, {"failure": Failure.CONNECT_TIMEOUT}),
        # words of another kind's failure are not its own
        ({"kind": "timed_out", "cause": "certificate has expired"}, {"failure": Failure.DEADLINE}),
        ({"kind": "of a later version"}, {}),
    ],
)
def test_each_kind_comes_with_the_least_that_leads_to_it_again(
    fields: dict[str, object], evidence: dict[str, object]
) -> None:
    made = taken(**fields)
    assert made
    shown = {
        name: getattr(made, name)
        for name in (
            "connections", "key_fault", "api_host", "intermediary", "json_body", "body_fault", "vendor", "failure",
        )
    }  # fmt: skip
    assert {name: value for name, value in shown.items() if value is not None} == evidence
