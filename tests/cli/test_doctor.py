"""`doctor`: every stage by itself, each with its remedy, and at most one API request."""

import asyncio
import errno
import json
import os
import re
import socket
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

from outboundsync_mcp.cli import main
from outboundsync_mcp.cli.doctor import Doctor, Finding, Stage
from outboundsync_mcp.diagnosis.diagnosis import Diagnosis
from outboundsync_mcp.sandbox.server import Sandbox
from outboundsync_mcp.settings import Settings
from tests.support.certs import Certificates, Kind
from tests.support.sandbox import KEYS, running_sandbox
from tests.support.scripted import End, ScriptedServer, response

KEY = "osapi_Zk4vQ9TnB7xLw2HsRd8uYc5M"
STAGES = ["settings", "key", "DNS", "TCP", "TLS", "HTTP", "/me"]
OK, FAILED, SKIPPED = "ok", "failed", "skipped"


@pytest.fixture(scope="module")
def sandbox() -> Generator[Sandbox]:
    with running_sandbox() as running:
        yield running


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return Certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture
def examine(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> "Examine":
    return Examine(monkeypatch, capsys)


class Examine:
    """Runs `doctor --json` with these variables; checks its form, and that no key is in it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self._monkeypatch = monkeypatch
        self._capsys = capsys

    def __call__(self, *, key: str | None = KEY, **variables: str) -> dict[str, Any]:
        given = variables if key is None else {"API_KEY": key, **variables}
        for name, value in given.items():
            self._monkeypatch.setenv(name if name.endswith("_PROXY") else f"OUTBOUNDSYNC_{name}", value)
        status = main(["doctor", "--json"])
        out, err = self._capsys.readouterr()
        report = json.loads(out)
        assert set(report) == {"ok", "stages", "diagnosis"}
        assert [stage["name"] for stage in report["stages"]] == STAGES
        for stage in report["stages"]:
            assert set(stage) == {"name", "status", "detail", "seconds", "remediation"}
            assert bool(stage["remediation"]) == (stage["status"] == FAILED), stage
            assert stage["detail"]
            assert "doctor" not in json.dumps(stage["remediation"])
        failed = any(stage["status"] == FAILED for stage in report["stages"])
        assert (report["ok"], status) == (not failed, int(failed))
        Diagnosis.model_validate(report["diagnosis"])
        assert key is None or key.removeprefix("osapi_") not in out + err
        return report


def outcomes(report: dict[str, Any]) -> list[str]:
    return [stage["status"] for stage in report["stages"]]


def detail(report: dict[str, Any], name: str) -> str:
    return next(stage["detail"] for stage in report["stages"] if stage["name"] == name)


def test_a_working_key_passes_every_stage_with_one_request(examine: Examine, sandbox: Sandbox) -> None:
    before = len(sandbox.state.requests)
    report = examine(key=KEYS["success"], BASE_URL=sandbox.origin)
    assert outcomes(report) == [OK, OK, OK, OK, SKIPPED, OK, OK]
    assert report["diagnosis"]["kind"] == "ok"
    assert "2 connections" in detail(report, "/me")
    assert len(sandbox.state.requests) - before == 1


@pytest.mark.parametrize(
    ("name", "kind", "http"),
    [
        ("revoked", "invalid_api_key", OK),
        ("api_access_disabled", "api_access_disabled", OK),
        ("rate_limited_always", "rate_limited", OK),
        ("server_error", "server_error", OK),
        ("bad_gateway", "upstream_unavailable", OK),
        ("redirect", "unexpected_redirect", OK),
        ("html", "unexpected_response", OK),
        ("cloudflare_block", "forbidden", FAILED),
    ],
)
def test_what_the_api_answers_is_one_request_and_one_diagnosis(
    examine: Examine, sandbox: Sandbox, name: str, kind: str, http: str
) -> None:
    before = len(sandbox.state.requests)
    report = examine(key=KEYS[name], BASE_URL=sandbox.origin)
    assert outcomes(report) == [OK, OK, OK, OK, SKIPPED, http, FAILED if http == OK else SKIPPED]
    assert report["diagnosis"]["kind"] == kind
    assert len(sandbox.state.requests) - before == 1


def test_without_a_key_the_network_is_examined_and_nothing_is_sent(examine: Examine, sandbox: Sandbox) -> None:
    before = len(sandbox.state.requests)
    report = examine(key=None, BASE_URL=sandbox.origin)
    assert outcomes(report) == [OK, FAILED, OK, OK, SKIPPED, SKIPPED, SKIPPED]
    assert detail(report, "HTTP") == "because key failed"
    assert report["diagnosis"]["kind"] == "missing_api_key"
    assert len(sandbox.state.requests) == before


def test_a_bad_setting_and_a_bad_key_are_both_reported(examine: Examine, sandbox: Sandbox) -> None:
    before = len(sandbox.state.requests)
    report = examine(key="your-api-key-here", BASE_URL=sandbox.origin, TIMEOUT_SECONDS="soon")
    assert outcomes(report) == [FAILED, FAILED, OK, OK, SKIPPED, SKIPPED, SKIPPED]
    assert "OUTBOUNDSYNC_TIMEOUT_SECONDS is 'soon'" in detail(report, "settings")
    assert report["diagnosis"]["kind"] == "bad_request"
    assert len(sandbox.state.requests) == before


def test_a_bad_base_url_is_not_replaced_by_another_way(examine: Examine) -> None:
    report = examine(BASE_URL="http://example.com")
    assert outcomes(report) == [FAILED, OK, *[SKIPPED] * 5]
    assert detail(report, "DNS") == "because settings failed"


def test_a_refused_connection_fails_tcp_alone(examine: Examine) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    report = examine(BASE_URL=f"https://127.0.0.1:{port}")
    assert outcomes(report) == [OK, OK, OK, FAILED, SKIPPED, SKIPPED, SKIPPED]
    assert report["diagnosis"]["kind"] == "connection_failed"
    assert detail(report, "TCP") == f"127.0.0.1 port {port}: {os.strerror(errno.ECONNREFUSED)}"


def test_an_unknown_authority_fails_tls_and_sends_nothing(examine: Examine, certificates: Certificates) -> None:
    with ScriptedServer(response(200), tls=certificates.server()) as upstream:
        report = examine(BASE_URL=upstream.origin)
        assert outcomes(report) == [OK, OK, OK, OK, FAILED, SKIPPED, SKIPPED]
        assert report["diagnosis"]["kind"] == "tls_failed"
        assert upstream.requests == []


@pytest.mark.parametrize(
    ("kind", "issuer"), [("inspected", "Example Corp TLS Inspection"), ("expired", "OutboundSync test authority")]
)
def test_a_refused_certificate_is_described(
    examine: Examine, certificates: Certificates, kind: Kind, issuer: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificates.ca_file))
    with ScriptedServer(response(200), tls=certificates.server(kind)) as upstream:
        report = examine(BASE_URL=upstream.origin)
        assert upstream.requests == []
    assert re.search(
        rf"; presented: CN=localhost, issued by CN={issuer}, valid from \d{{4}}-\d\d-\d\d to \d{{4}}-\d\d-\d\d$",
        detail(report, "TLS"),
    )


def test_a_trusted_certificate_passes_tls(
    examine: Examine, certificates: Certificates, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificates.ca_file))
    with ScriptedServer(response(401, body={"message": "no"}), tls=certificates.server()) as upstream:
        report = examine(BASE_URL=upstream.origin)
        assert outcomes(report) == [OK, OK, OK, OK, OK, OK, FAILED]
        assert "TLSv1.3, the certificate is valid for 127.0.0.1, issued by" in detail(report, "TLS")
        assert len(upstream.requests) == 1


def test_a_silent_tls_port_is_given_up_at_the_deadline(examine: Examine) -> None:
    with ScriptedServer(End.STALL) as upstream:
        report = examine(BASE_URL=f"https://127.0.0.1:{upstream.port}", TIMEOUT_SECONDS="0.2")
    assert outcomes(report) == [OK, OK, OK, OK, FAILED, SKIPPED, SKIPPED]
    assert report["diagnosis"]["kind"] == "timed_out"
    assert "0.2 s" in detail(report, "TLS")


def test_a_proxy_that_cannot_be_reached_is_named_and_its_password_is_not(examine: Examine) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    report = examine(HTTPS_PROXY=f"http://user:hunter2@127.0.0.1:{port}")
    assert outcomes(report) == [OK, OK, OK, FAILED, SKIPPED, SKIPPED, SKIPPED]
    assert f"proxy, 127.0.0.1 port {port}" in detail(report, "TCP")
    assert "hunter2" not in json.dumps(report)


@pytest.mark.parametrize(
    ("variable", "url", "why"),
    [
        ("HTTPS_PROXY", "http://user:hunter2@host:port", "host or port that is not valid"),
        ("HTTPS_PROXY", "http://user:hunter2#x@127.0.0.1:8080", "%23"),
        ("HTTPS_PROXY", "http://user:hunter2@127.0.0.1:99999", "host or port that is not valid"),
        ("HTTPS_PROXY", "http://user:hunter2@", "names no host"),
        ("ALL_PROXY", "socks5://user:hunter2@127.0.0.1:1080", "does not start with http://"),
    ],
)
def test_a_proxy_that_cannot_be_used_is_the_cause_and_its_password_is_not_shown(
    examine: Examine, variable: str, url: str, why: str
) -> None:
    report = examine(**{variable: url})
    assert outcomes(report) == [OK, OK, FAILED, SKIPPED, SKIPPED, SKIPPED, SKIPPED]
    assert f"proxy cannot be used: {variable} " in detail(report, "DNS")
    assert why in detail(report, "DNS")
    assert report["diagnosis"]["meaning"] == "Proxy unreachable"
    assert "`HTTPS_PROXY`" in report["diagnosis"]["remediation"][0]
    assert "hunter2" not in json.dumps(report)


def test_an_unusable_proxy_that_nothing_goes_through_does_not_matter(
    examine: Examine, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    report = examine(key=KEYS["success"], BASE_URL=sandbox.origin, HTTPS_PROXY="http://host:port")
    assert report["ok"]
    monkeypatch.setenv("NO_PROXY", "*")
    report = examine(BASE_URL="https://nowhere.invalid")
    assert "nowhere.invalid" in detail(report, "DNS")


def test_the_proxy_of_plain_http_does_not_matter_to_https(examine: Examine) -> None:
    report = examine(BASE_URL="https://nowhere.invalid", HTTP_PROXY="http://host:port")
    assert "nowhere.invalid" in detail(report, "DNS")


def test_a_proxy_that_refuses_fails_http_with_its_own_remedy(examine: Examine) -> None:
    with ScriptedServer((response(407, {"Proxy-Authenticate": "Basic"}), End.CLOSE)) as proxy:
        report = examine(HTTPS_PROXY=proxy.origin)
        assert [request.method for request in proxy.requests] == ["CONNECT"]
    assert outcomes(report) == [OK, OK, OK, OK, SKIPPED, FAILED, SKIPPED]
    assert "tunnel" in detail(report, "TLS")
    assert report["diagnosis"]["status"] == 407


def test_a_crashing_stage_hides_no_other(sandbox: Sandbox) -> None:
    class Broken(Doctor):
        async def _check_dns(self) -> Finding:
            raise ZeroDivisionError

    shown: list[Stage] = []
    settings = Settings.from_env({"OUTBOUNDSYNC_API_KEY": KEYS["success"], "OUTBOUNDSYNC_BASE_URL": sandbox.origin})
    report = asyncio.run(Broken(settings).examine(shown.append))
    assert [stage.status for stage in report.stages] == [OK, OK, FAILED, OK, SKIPPED, OK, OK]
    assert report.stages[2].detail == "the DNS check itself crashed with ZeroDivisionError"
    assert shown == report.stages
    assert not report.ok


def test_the_plain_report_has_each_stage_its_remedy_and_no_key(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], sandbox: Sandbox, tmp_path: Path
) -> None:
    file = tmp_path / "key"
    file.write_text(KEYS["api_access_disabled"])
    monkeypatch.setenv("OUTBOUNDSYNC_API_KEY_FILE", str(file))
    monkeypatch.setenv("OUTBOUNDSYNC_BASE_URL", sandbox.origin)
    assert main(["doctor"]) == 1
    out, err = capsys.readouterr()
    assert err == ""
    assert "FAILED   /me" in out
    assert "1. Ask an administrator to enable API access" in out
    assert out.endswith("Failed: /me.\n")
    assert KEYS["api_access_disabled"].removeprefix("osapi_sandbox_") not in out


def test_a_variable_that_is_not_read_is_a_note_and_no_failure(sandbox: Sandbox, examine: Examine) -> None:
    report = examine(key=KEYS["success"], BASE_URL=sandbox.origin, BASEURL="http://hunter2")
    assert report["ok"]
    assert report["stages"][0]["detail"].endswith("OUTBOUNDSYNC_BASEURL is set but this server does not read it.")
    assert "hunter2" not in json.dumps(report)
