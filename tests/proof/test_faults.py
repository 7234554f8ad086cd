"""Every fault, under real server processes over both transports, asked by official clients of both eras."""

import json
import time
from collections.abc import Generator
from typing import Any

import pytest

from outboundsync_mcp.diagnosis.diagnosis import Diagnosis
from tests.corpus.cases import load
from tests.proof.bench import PATIENCE_SECONDS, Bench, Crew
from tests.proof.faults import FAULTS, PLACES, PROXY_PASSWORD, Fault
from tests.support.scripted import Drip, Request, Script, ScriptedServer, Step
from tests.wire.test_surface import diagnosis_of

pytestmark = pytest.mark.proof

GRACE_SECONDS = 5.0
"""What a busy machine may add to a deadline."""
LONGEST_JITTER = 1.0
LAG_SECONDS = 1.0
"""What a busy machine may add to a wait."""
RECORDINGS = {case.id: case.text for case in load("development")}
IN_ORDER = [fault for place in PLACES for fault in FAULTS if fault.place == place]
"""By place, so that each place's servers are started once."""


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Generator[Bench]:
    made = Bench(tmp_path_factory.mktemp("faults"))
    try:
        yield made
    finally:
        made.close()


def _name(fault: Fault) -> str:
    return fault.name


class EveryFault:
    """A class for each transport, so that `--dist loadscope` gives each to a worker of its own."""

    transport: str

    @pytest.mark.parametrize("era", ["2025", "2026"])
    @pytest.mark.parametrize("fault", IN_ORDER, ids=_name)
    def test_a_fault_is_an_answer_in_time_and_nothing_is_retried_but_one_429(
        self, fault: Fault, era: str, bench: Bench
    ) -> None:
        _play(fault, f"{self.transport}, {era}", bench)


class TestOverStdio(EveryFault):
    transport = "stdio"


class TestOverHttp(EveryFault):
    transport = "HTTP"


def _play(fault: Fault, channel: str, bench: Bench) -> None:
    crew = bench.crew(fault.place)
    key = crew.put_key(fault, channel)
    crew.schema(channel, "get_me")  # the server is up before the clock runs
    with crew.upstream(fault, key) as upstream, crew.circumstances(fault):
        for _ in range(fault.calls - 1):
            _ask(crew, channel, fault, upstream)
        begun = time.monotonic()
        answer = _ask(crew, channel, fault, upstream)
        elapsed = time.monotonic() - begun
        sent, connections = list(upstream.requests), upstream.connections
    _check_answer(answer, fault)
    _check_traffic(sent, connections, answer, fault)
    longest = fault.waits + LONGEST_JITTER * (fault.waits > 0) + fault.requests * crew.place.deadline
    assert elapsed < max(longest, crew.place.deadline) + GRACE_SECONDS
    _check_second_tool(crew, channel, answer, fault)
    shown = json.dumps(answer) + crew.stderr()
    assert not [key[i : i + 6] for i in range(len(key) - 5) if key[i : i + 6] in shown]
    assert PROXY_PASSWORD not in shown
    assert "Traceback" not in shown


def _ask(crew: Crew, channel: str, fault: Fault, upstream: ScriptedServer) -> dict[str, Any]:
    call = crew.start(channel, "get_me", dict(fault.arguments))
    if fault.turns is not None:
        upstream.wait_for_requests()
        crew.turn(fault)
        upstream.let_through(sum(len(step.data) for step in _steps(fault.scripts[0]) if isinstance(step, Drip)))
    result = call.result(PATIENCE_SECONDS)
    answer = diagnosis_of(result, crew.schema(channel, "get_me"))
    assert result.is_error is (answer["kind"] != "ok")
    return answer


def _check_answer(answer: dict[str, Any], fault: Fault) -> None:
    kinds = fault.kind if isinstance(fault.kind, tuple) else (fault.kind,)
    assert answer["kind"] in kinds, answer
    assert answer["ok"] is (answer["kind"] == "ok") is (answer["me"] is not None)
    if len(kinds) == 1:
        assert (answer["status"], answer["attempts"]) == (fault.status, fault.attempts)
    assert fault.says.lower() in json.dumps(answer, ensure_ascii=False).lower()
    assert answer["remediation"] or answer["ok"]
    assert 0 <= answer["waited_seconds"] - fault.waits < LONGEST_JITTER + LAG_SECONDS


def _check_traffic(sent: list[Request], connections: int, answer: dict[str, Any], fault: Fault) -> None:
    """As many requests as the row says and the answer admits; a second one only after a 429; the key to nobody else."""
    if isinstance(fault.kind, str):
        assert len(sent) == fault.requests
    assert len(sent) <= 1 + (fault.waits > 0)
    assert connections <= max(len(sent), answer["attempts"], fault.calls)
    for request in sent:
        assert request.method == ("CONNECT" if fault.place == "scripted proxy" else request.method)
        if request.method == "CONNECT":
            assert (request.header("Authorization"), b"osapi" in request.head) == (None, False)


def _check_second_tool(crew: Crew, channel: str, answer: dict[str, Any], fault: Fault) -> None:
    """`diagnose_error` alone recalls the same failure, and reads what another client prints of it as the same kind."""
    schema = crew.schema(channel, "diagnose_error")
    recalled = crew.call(channel, "diagnose_error", {})
    again = diagnosis_of(recalled, schema)
    assert recalled.is_error is False
    assert not again["ok"]
    if not answer["ok"]:
        (when, *evidence) = again["evidence"]
        assert "last failed get_me" in when
        assert {**again, "evidence": evidence} == {name: answer[name] for name in Diagnosis.model_fields}
    if text := _paste(fault):
        result = crew.call(channel, "diagnose_error", {"text": text})
        read = diagnosis_of(result, schema)
        assert (result.is_error, read["kind"]) == (False, fault.kind), text[-500:]


def _paste(fault: Fault) -> str:
    if fault.paste:
        return RECORDINGS[fault.paste]
    if fault.paste == "":
        return ""
    last = fault.scripts[max(fault.requests, 1) - 1]
    return b"".join(step for step in _steps(last) if isinstance(step, bytes)).decode()


def _steps(script: Script) -> tuple[Step, ...]:
    return script if isinstance(script, tuple) else (script,)
