"""The test doubles themselves: a double that lies makes every test that leans on it lie."""

import asyncio
import socket
import threading
from pathlib import Path

import httpx
import pytest

from outboundsync_mcp.api.clock import Clock
from tests.support.certs import Certificates, Kind
from tests.support.clock import FakeClock
from tests.support.scripted import Drip, End, ScriptedServer, response

pytestmark = pytest.mark.anyio

OK = response(200, {}, {"ok": True})


async def test_a_thousand_sleepers_wake_in_order_and_at_their_time() -> None:
    clock: FakeClock = FakeClock()
    woken: list[float] = []

    async def sleeper(seconds: float) -> None:
        protocol: Clock = clock
        await protocol.sleep(seconds)
        woken.append(clock.elapsed)

    await asyncio.gather(*(sleeper(seconds) for seconds in range(1_000, 0, -1)))
    assert woken == list(range(1, 1_001))
    assert len(clock.slept) == 1_000


async def test_time_stands_still_until_it_is_advanced_by_hand() -> None:
    clock = FakeClock(auto=False)
    ticks: list[float] = []

    async def ticker() -> None:
        while True:
            await clock.sleep(5)
            ticks.append(clock.elapsed)

    task = asyncio.create_task(ticker())
    await clock.wait_for_sleepers(1)
    await clock.advance(4.9)
    assert ticks == []
    await clock.advance(20)
    assert ticks == [5, 10, 15, 20]
    assert clock.elapsed == 24.9
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert clock.sleeping == 0


async def test_a_cancelled_sleeper_does_not_delay_the_others() -> None:
    clock = FakeClock()
    with clock.hold():
        long, short = asyncio.create_task(clock.sleep(50)), asyncio.create_task(clock.sleep(100))
        await clock.wait_for_sleepers(2)
        long.cancel()
        await clock.settle()
        assert clock.sleeping == 1
    await short
    assert clock.elapsed == 100


async def test_time_does_not_pass_by_itself_while_a_request_is_in_flight() -> None:
    clock = FakeClock()
    with ScriptedServer(Drip(OK)) as server:
        async with httpx.AsyncClient(transport=clock.transport()) as client:
            request = asyncio.create_task(client.get(server.origin))
            await asyncio.to_thread(server.wait_for_requests)
            sleeper = asyncio.create_task(clock.sleep(15))
            await clock.wait_for_sleepers()
            server.let_through(len(OK) - 1)
            await clock.settle()
            assert not sleeper.done()
            server.let_through(1)
            assert (await request).json() == {"ok": True}
            await sleeper
    assert clock.elapsed == 15


async def test_a_failed_request_lets_time_go_on() -> None:
    clock = FakeClock()
    with ScriptedServer(End.RESET) as server:
        async with httpx.AsyncClient(transport=clock.transport()) as client:
            with pytest.raises(httpx.ReadError):
                await client.get(server.origin)
    await clock.sleep(3)
    assert clock.elapsed == 3


def test_a_sleeper_in_another_event_loop_is_woken() -> None:
    clock = FakeClock(auto=False)
    thread = threading.Thread(target=lambda: asyncio.run(clock.sleep(60)))

    async def main() -> None:
        thread.start()
        await clock.wait_for_sleepers()
        clock.jump(60)

    asyncio.run(main())
    thread.join(10)
    assert not thread.is_alive()


def test_scripts_are_played_in_order_and_the_last_one_again() -> None:
    with ScriptedServer(response(429, {"Retry-After": "1"}), OK) as server, httpx.Client() as client:
        answers = [client.get(f"{server.origin}/api/v1/me?x=1", headers={"X-Note": "a"}).status_code for _ in range(3)]
    assert answers == [429, 200, 200]
    assert [(r.method, r.target, r.header("x-note")) for r in server.requests] == [("GET", "/api/v1/me?x=1", "a")] * 3
    assert server.connections == 1


@pytest.mark.parametrize(
    ("on_connect", "script", "raised"),
    [
        pytest.param(End.CLOSE, OK, httpx.RemoteProtocolError, id="closed before a byte was read"),
        pytest.param((), End.CLOSE, httpx.RemoteProtocolError, id="closed without an answer"),
        pytest.param((), End.RESET, httpx.ReadError, id="reset"),
        pytest.param((), (OK[:-3], End.CLOSE), httpx.RemoteProtocolError, id="truncated"),
        pytest.param(b"SSH-2.0-x\r\n\r\n", End.STALL, httpx.RemoteProtocolError, id="not HTTP"),
        pytest.param((), End.STALL, httpx.ReadTimeout, id="stalled"),
    ],
)
def test_rude_endings_reach_the_client_as_what_they_are(
    on_connect: bytes | End | tuple[()], script: bytes | End | tuple[bytes, End], raised: type[Exception]
) -> None:
    timeout = 0.05 if raised is httpx.ReadTimeout else 10
    with (
        ScriptedServer(script, on_connect=on_connect) as server,
        httpx.Client(timeout=timeout) as client,
        pytest.raises(raised),
    ):
        client.get(server.origin)
    assert server.connections == server.departures == 1


def test_leaving_the_server_ends_stalled_and_idle_connections() -> None:
    before = threading.active_count()
    with ScriptedServer(End.STALL) as server:
        idle = socket.create_connection(("127.0.0.1", server.port))
        stalled = socket.create_connection(("127.0.0.1", server.port))
        stalled.sendall(b"GET / HTTP/1.1\r\n\r\n")
        server.wait_for_requests()
    assert threading.active_count() == before
    assert idle.recv(1) == stalled.recv(1) == b""
    idle.close()
    stalled.close()


def test_both_loopback_addresses_share_a_port() -> None:
    with ScriptedServer(OK, listen=("127.0.0.1", "::1")) as server, httpx.Client() as client:
        for host in ("127.0.0.1", "[::1]", "localhost"):
            assert client.get(f"http://{host}:{server.port}").status_code == 200


def test_a_proxy_double_records_what_the_proxy_was_asked() -> None:
    with ScriptedServer(response(407)) as server, httpx.Client(proxy=server.origin) as client:
        assert client.get("http://upstream.example/a").status_code == 407
        with pytest.raises(httpx.ProxyError):
            client.get("https://upstream.example/a")
    assert [(r.method, r.target) for r in server.requests] == [
        ("GET", "http://upstream.example/a"),
        ("CONNECT", "upstream.example:443"),
    ]


def test_plain_http_on_a_tls_port_is_what_a_tls_client_sees(tmp_path: Path) -> None:
    with (
        ScriptedServer((response(400, {}, "speak HTTP"), End.CLOSE)) as server,
        httpx.Client(verify=Certificates(tmp_path).client()) as client,
        pytest.raises(httpx.ConnectError, match=r"WRONG_VERSION_NUMBER|RECORD_LAYER"),
    ):
        client.get(f"https://127.0.0.1:{server.port}")
    assert server.requests[0].target == ""


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        ("expired", "certificate has expired"),
        ("not_yet_valid", "certificate is not yet valid"),
        ("wrong_host", "certificate is not valid for"),
        ("self_signed", "self-signed certificate"),
        ("inspected", "unable to get local issuer certificate"),
    ],
)
def test_each_bad_certificate_is_refused_for_its_own_reason(tmp_path: Path, kind: Kind, reason: str) -> None:
    certificates = Certificates(tmp_path)
    with (
        ScriptedServer(OK, tls=certificates.server(kind)) as server,
        httpx.Client(verify=certificates.client()) as client,
        pytest.raises(httpx.ConnectError, match=reason),
    ):
        client.get(server.origin)
    assert server.requests == []
    assert server.connections == len(server.tls_failures) == 1


@pytest.mark.parametrize("end", [End.CLOSE, End.STALL])
def test_the_good_certificate_passes(tmp_path: Path, end: End) -> None:
    certificates = Certificates(tmp_path)
    with (
        ScriptedServer((OK, end), tls=certificates.server()) as server,
        httpx.Client(verify=certificates.client()) as client,
    ):
        assert client.get(f"https://localhost:{server.port}").json() == {"ok": True}


def test_a_tls_handshake_in_progress_ends_with_the_server(tmp_path: Path) -> None:
    with ScriptedServer(OK, tls=Certificates(tmp_path).server()) as server:
        silent = socket.create_connection(("127.0.0.1", server.port))
    assert silent.recv(1) == b""
    silent.close()
