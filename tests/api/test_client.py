"""The single retry, the shared flight and the shared cooldown, against scripted sockets on virtual time."""

import asyncio
import gzip
import itertools
import json
import threading
import tracemalloc
import zlib
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest

from outboundsync_mcp.api.client import Exchange, OutboundSyncClient
from outboundsync_mcp.api.cooldown import FLIGHT_NAME
from outboundsync_mcp.diagnosis.evidence import BodyFault, Failure
from outboundsync_mcp.settings import Settings
from tests.support.clock import FakeClock
from tests.support.sandbox import NO_TLS
from tests.support.scripted import End, Script, ScriptedServer, response

pytestmark = pytest.mark.anyio

KEY = "osapi_live_Zq7Kp2Vx9Lm4Rt6W"
ME: dict[str, Any] = {
    "account": {"id": 42, "email": "you@company.com"},
    "apiKey": {"name": "Production", "scopes": ["read"], "connectionScope": "account"},
    "connections": [{"id": 7, "crm": "HUBSPOT", "organizationId": "123", "organizationDomain": "acme.com"}],
}
OK = response(200, body=ME)
STALL = (End.STALL,)


def limited(seconds: int | str | None = 37) -> bytes:
    headers = {} if seconds is None else {"Retry-After": str(seconds)}
    return response(429, headers, {"statusCode": 429, "message": "ThrottlerException: Too Many Requests"})


@asynccontextmanager
async def client_of(
    server: ScriptedServer, clock: FakeClock, jitter: Callable[[], float] = lambda: 0.5, **settings: str
) -> AsyncGenerator[OutboundSyncClient]:
    environ = {"OUTBOUNDSYNC_API_KEY": KEY, "OUTBOUNDSYNC_BASE_URL": server.origin, **settings}
    transport = clock.transport(httpx.AsyncHTTPTransport(verify=NO_TLS))
    client = OutboundSyncClient(Settings.from_env(environ), clock=clock, transport=transport, jitter=jitter)
    try:
        yield client
    finally:
        await client.aclose()


async def test_a_200_costs_one_request_and_keeps_the_body_as_it_came() -> None:
    body: dict[str, Any] = {**ME, "links": {"docs": "x"}, "apiKey": {**ME["apiKey"], "connectionId": 9}}
    with ScriptedServer(response(200, body=body)) as server:
        async with client_of(server, FakeClock()) as client:
            exchange = await client.get_me()
    assert (exchange.body, exchange.attempts, exchange.waited_seconds) == (body, 1, 0.0)
    assert server.requests[0].target == "/api/v1/me"
    assert server.requests[0].header("Authorization") == f"Bearer {KEY}"


async def test_what_a_busy_machine_takes_to_send_the_request_is_no_wait() -> None:
    class BusyClock(FakeClock):
        def monotonic(self) -> float:
            self.jump(0.25)
            return super().monotonic()

    with ScriptedServer(OK) as server:
        async with client_of(server, BusyClock()) as client:
            exchange = await client.get_me()
    assert (exchange.attempts, exchange.waited_seconds) == (1, 0.0)


@pytest.mark.parametrize("other", [{}, {"OUTBOUNDSYNC_API_KEY": ""}, {"OUTBOUNDSYNC_TIMEOUT_SECONDS": "soon"}])
async def test_a_variable_that_is_not_read_is_in_the_evidence_of_every_outcome(other: dict[str, str]) -> None:
    with ScriptedServer(OK) as server:
        variables = {"OUTBOUNDSYNC_BASEURL": "http://hunter2", **other}
        async with client_of(server, FakeClock(), lambda: 0.5, **variables) as client:
            exchange = await client.get_me()
    assert exchange.evidence.seen[-1] == "OUTBOUNDSYNC_BASEURL is set but this server does not read it."
    assert "hunter2" not in repr(exchange)


async def test_429_is_retried_once_after_the_stated_wait_and_never_earlier() -> None:
    clock = FakeClock()
    with ScriptedServer(limited(37), OK, clock=clock.monotonic) as server:
        async with client_of(server, clock) as client:
            exchange = await client.get_me()
        gap = server.requests[1].at - server.requests[0].at
    assert (exchange.evidence.status, exchange.attempts, exchange.waited_seconds) == (200, 2, 37.5)
    assert 37 < gap <= 38


async def test_second_429_ends_the_call_after_two_requests() -> None:
    clock = FakeClock()
    with ScriptedServer(limited(5), limited(9), OK) as server:
        async with client_of(server, clock) as client:
            exchange = await client.get_me()
        assert len(server.requests) == 2
    assert (exchange.evidence.status, exchange.attempts, exchange.evidence.retried) == (429, 2, True)
    assert exchange.evidence.retry_after == 9


@pytest.mark.parametrize("stated", [None, "soon", "-5", "1e3", "9" * 5000])
async def test_a_missing_or_invalid_retry_after_means_sixty_seconds(stated: str | None) -> None:
    clock = FakeClock()
    with ScriptedServer(limited(stated), OK) as server:
        async with client_of(server, clock) as client:
            exchange = await client.get_me(max_wait_seconds=60)
    assert (exchange.attempts, exchange.waited_seconds) == (2, 60.5)


async def test_a_wait_that_the_caller_cannot_afford_is_not_begun() -> None:
    clock = FakeClock()
    with ScriptedServer(limited(46), OK) as server:
        async with client_of(server, clock) as client:
            exchange = await client.get_me()
        assert len(server.requests) == 1
    assert (exchange.attempts, exchange.waited_seconds, clock.slept) == (1, 0.0, [])
    assert (exchange.evidence.retry_after, exchange.evidence.wait_limit) == (46, 45)


async def test_the_callers_own_limit_beats_the_configured_one_both_ways() -> None:
    with ScriptedServer(limited(46), OK) as server:
        async with client_of(server, FakeClock()) as client:
            assert (await client.get_me(max_wait_seconds=46)).evidence.status == 200
    with ScriptedServer(limited(1), OK) as server:
        async with client_of(server, FakeClock()) as client:
            assert (await client.get_me(max_wait_seconds=0)).evidence.status == 429


async def test_while_a_key_cools_down_no_request_is_spent_on_callers_who_cannot_wait() -> None:
    clock = FakeClock(auto=False)
    with ScriptedServer(limited(100), OK) as server:
        async with client_of(server, clock) as client:
            await client.get_me()
            await clock.advance(40)
            exchange = await client.get_me()
        assert len(server.requests) == 1
    assert (exchange.attempts, exchange.evidence.cooling_down, exchange.evidence.retry_after) == (0, True, 60)


async def test_a_caller_who_arrives_in_the_cooldown_waits_for_the_same_moment() -> None:
    clock = FakeClock(auto=False)
    with ScriptedServer(limited(100), OK, clock=clock.monotonic) as server:
        async with client_of(server, clock) as client:
            await client.get_me()
            await clock.advance(90)
            late = asyncio.create_task(client.get_me())
            await clock.wait_for_sleepers()
            await clock.advance(11)
            exchange = await late
        assert server.requests[1].at - server.requests[0].at >= 100
    assert (exchange.evidence.status, exchange.attempts, exchange.waited_seconds) == (200, 1, 10.5)


async def test_a_thousand_simultaneous_callers_cost_two_requests_and_all_get_the_answer() -> None:
    clock = FakeClock()
    with ScriptedServer(limited(7), OK) as server:
        async with client_of(server, clock) as client:
            exchanges = await asyncio.gather(*(client.get_me() for _ in range(1000)))
        assert len(server.requests) == 2
    assert {(exchange.evidence.status, exchange.attempts) for exchange in exchanges} == {(200, 2)}
    assert all(exchange.body == ME for exchange in exchanges)


async def test_a_thousand_simultaneous_callers_share_a_second_429_too() -> None:
    clock = FakeClock()
    with ScriptedServer(limited(7)) as server:
        async with client_of(server, clock) as client:
            exchanges = await asyncio.gather(*(client.get_me() for _ in range(1000)))
        assert len(server.requests) == 2
    assert {exchange.evidence.status for exchange in exchanges} == {429}


async def test_callers_with_different_limits_share_the_first_request_only() -> None:
    clock = FakeClock()
    with ScriptedServer(limited(20), OK) as server:
        async with client_of(server, clock) as client:
            told, waited = await asyncio.gather(client.get_me(max_wait_seconds=5), client.get_me())
        assert len(server.requests) == 2
    assert (told.evidence.status, told.attempts) == (429, 1)
    assert (waited.evidence.status, waited.attempts) == (200, 2)


@pytest.mark.parametrize("cancelled", [[0], [1], [9], [0, 1, 2, 3, 4, 5, 6, 7, 8]])
async def test_cancelling_any_caller_disturbs_no_other(cancelled: list[int]) -> None:
    clock = FakeClock(auto=False)
    with ScriptedServer(limited(10), OK) as server:
        async with client_of(server, clock) as client:
            calls = [asyncio.create_task(client.get_me()) for _ in range(10)]
            await clock.wait_for_sleepers()
            for index in cancelled:
                calls[index].cancel()
            await clock.advance(11)
            results = await asyncio.gather(*calls, return_exceptions=True)
        assert len(server.requests) == 2
    for index, result in enumerate(results):
        if index in cancelled:
            assert isinstance(result, asyncio.CancelledError)
        else:
            assert isinstance(result, Exchange)
            assert result.evidence.status == 200


async def test_when_the_last_caller_leaves_the_flight_ends_and_the_cooldown_stays() -> None:
    clock = FakeClock(auto=False)
    with ScriptedServer(limited(30), OK) as server:
        async with client_of(server, clock) as client:
            calls = [asyncio.create_task(client.get_me()) for _ in range(3)]
            await clock.wait_for_sleepers()
            for call in calls:
                call.cancel()
            await asyncio.gather(*calls, return_exceptions=True)
            await clock.advance(20)
            told = await client.get_me(max_wait_seconds=5)
            assert len(server.requests) == 1
            late = asyncio.create_task(client.get_me())
            await clock.wait_for_sleepers()
            await clock.advance(11)
            answer = await late
    assert (told.evidence.status, told.attempts, told.evidence.retry_after) == (429, 0, 10)
    assert (answer.evidence.status, answer.attempts) == (200, 1)


async def test_a_caller_who_leaves_in_mid_request_closes_the_connection_when_alone() -> None:
    with ScriptedServer(STALL) as server:
        async with client_of(server, FakeClock()) as client:
            call = asyncio.create_task(client.get_me())
            await asyncio.to_thread(server.wait_for_requests)
            call.cancel()
            with pytest.raises(asyncio.CancelledError):
                await call
            await asyncio.to_thread(server.wait_for_departures)


async def test_a_flight_that_is_stopped_from_outside_is_an_answer_and_wedges_nothing() -> None:
    with ScriptedServer(STALL, OK) as server:
        async with client_of(server, FakeClock()) as client:
            call = asyncio.create_task(client.get_me())
            await asyncio.to_thread(server.wait_for_requests)
            flights = [task for task in asyncio.all_tasks() if task.get_name() == FLIGHT_NAME]
            assert len(flights) == 1
            flights[0].cancel()
            exchange = await call
            again = await client.get_me()
    assert exchange.evidence.failure is Failure.INTERRUPTED
    assert again.evidence.status == 200


async def test_other_loops_and_threads_share_the_cooldown_but_never_a_task() -> None:
    clock = FakeClock(auto=False)
    with ScriptedServer(limited(50), OK) as server:
        async with client_of(server, clock) as client:
            await client.get_me()
            seen: list[Exchange] = []

            async def elsewhere() -> None:
                seen.append(await client.get_me())
                await client.aclose()

            thread = threading.Thread(target=lambda: asyncio.run(elsewhere()))
            thread.start()
            await asyncio.to_thread(thread.join)
        assert len(server.requests) == 1
    assert seen[0].evidence.cooling_down


async def test_a_second_event_loop_works_after_the_first_is_gone() -> None:
    with ScriptedServer(OK) as server:
        environ = {"OUTBOUNDSYNC_API_KEY": KEY, "OUTBOUNDSYNC_BASE_URL": server.origin}
        client = OutboundSyncClient(Settings.from_env(environ))

        async def once() -> int | None:
            exchange = await client.get_me()
            await client.aclose()
            return exchange.evidence.status

        statuses = [await asyncio.to_thread(lambda: asyncio.run(once())) for _ in range(3)]
    assert statuses == [200, 200, 200]


async def test_waiting_callers_hear_of_the_wait_at_least_every_five_seconds() -> None:
    clock = FakeClock()
    heard: list[tuple[float, float, float]] = []

    async def on_wait(waited: float, total: float) -> None:
        heard.append((clock.monotonic(), waited, total))

    with ScriptedServer(limited(12), OK) as server:
        async with client_of(server, clock) as client:
            await client.get_me(on_wait=on_wait)
    assert heard[0][1:] == (0, 12.5)
    assert heard[-1][1] == 12.5
    assert all(later[0] - earlier[0] <= 5 for earlier, later in itertools.pairwise(heard))


async def test_only_429_is_retried() -> None:
    for status in (301, 400, 401, 403, 404, 408, 500, 502, 503, 504, 520):
        with ScriptedServer(response(status, {"Retry-After": "1", "Location": "/x"}, {"message": "no"}), OK) as server:
            async with client_of(server, FakeClock()) as client:
                exchange = await client.get_me()
            assert (exchange.evidence.status, exchange.attempts, len(server.requests)) == (status, 1, 1)


async def test_the_ledger_counts_our_own_requests_of_the_last_minute() -> None:
    clock = FakeClock(auto=False)
    with ScriptedServer(OK) as server:
        async with client_of(server, clock) as client:
            await client.get_me()
            await clock.advance(30)
            second = await client.get_me()
            await clock.advance(31)
            third = await client.get_me()
    assert (second.evidence.own_requests_in_window, third.evidence.own_requests_in_window) == (2, 2)


async def test_a_401_after_the_key_worked_says_so() -> None:
    denied = response(401, {"WWW-Authenticate": 'Bearer realm="OutboundSync API"'}, {"message": "Invalid API key"})
    with ScriptedServer(OK, denied) as server:
        async with client_of(server, FakeClock()) as client:
            first, second = await client.get_me(), await client.get_me()
    assert (first.evidence.key_worked_before, second.evidence.key_worked_before) == (False, True)


async def test_the_jitter_is_added_and_never_subtracted() -> None:
    for jitter in (0.1, 1.0):
        clock = FakeClock()
        with ScriptedServer(limited(3), OK) as server:
            async with client_of(server, clock, jitter=lambda jitter=jitter: jitter) as client:
                exchange = await client.get_me()
        assert exchange.waited_seconds == 3 + jitter


async def test_cookies_are_not_kept_and_redirects_are_not_followed() -> None:
    moved = response(302, {"Location": "/login", "Set-Cookie": "session=1"}, b"")
    with ScriptedServer(moved, OK) as server:
        async with client_of(server, FakeClock()) as client:
            await client.get_me()
            await client.get_me()
        assert [request.target for request in server.requests] == ["/api/v1/me", "/api/v1/me"]
        assert server.requests[1].header("Cookie") is None


@pytest.mark.parametrize("script", [STALL, limited(30)], ids=["in mid-request", "while waiting"])
async def test_a_caller_who_comes_as_the_last_one_leaves_gets_a_flight_of_its_own(script: Script) -> None:
    clock = FakeClock(auto=False)
    with ScriptedServer(script, OK) as server:
        async with client_of(server, clock) as client:
            leaver = asyncio.create_task(client.get_me())
            await asyncio.to_thread(server.wait_for_requests)
            await clock.settle()
            if script != STALL:
                await clock.wait_for_sleepers()
            leaver.cancel()
            comer = asyncio.create_task(client.get_me())
            if script != STALL:
                await clock.wait_for_sleepers()
                await clock.advance(31)
            exchange = await comer
            await asyncio.gather(leaver, return_exceptions=True)
    assert exchange.evidence.status == 200


@pytest.mark.parametrize("ticks", range(12))
async def test_who_comes_as_a_429_lands_shares_its_retry(ticks: int) -> None:
    clock = FakeClock(auto=False)
    with ScriptedServer(limited(7)) as server:
        async with client_of(server, clock) as client:
            first = [asyncio.create_task(client.get_me()) for _ in range(3)]
            await asyncio.sleep(0)  # the callers board
            (flight,) = (task for task in asyncio.all_tasks() if task.get_name() == FLIGHT_NAME)
            landed = asyncio.Event()
            flight.add_done_callback(lambda _: landed.set())
            await landed.wait()
            for _ in range(ticks):
                await asyncio.sleep(0)
            late = asyncio.create_task(client.get_me())
            await clock.wait_for_sleepers()
            await clock.advance(8)
            exchanges = await asyncio.gather(*first, late)
        assert len(server.requests) == 2
    assert {exchange.evidence.status for exchange in exchanges} == {429}


async def test_a_call_that_waited_out_an_earlier_cooldown_still_has_its_own_retry_within_its_limit() -> None:
    clock = FakeClock(auto=False)
    with ScriptedServer(limited(5), limited(6), OK) as server:
        async with client_of(server, clock) as client:
            await client.get_me(max_wait_seconds=0)
            late = asyncio.create_task(client.get_me())
            for seconds in (6, 7):
                await clock.wait_for_sleepers()
                await clock.advance(seconds)
            exchange = await late
    assert (exchange.evidence.status, exchange.attempts, exchange.waited_seconds) == (200, 2, 12.0)


async def test_both_waits_of_a_call_together_stay_within_its_limit() -> None:
    clock = FakeClock(auto=False)
    with ScriptedServer(limited(5), limited(6), OK) as server:
        async with client_of(server, clock) as client:
            await client.get_me(max_wait_seconds=0)
            late = asyncio.create_task(client.get_me(max_wait_seconds=10))
            await clock.wait_for_sleepers()
            await clock.advance(6)
            exchange = await late
    assert (exchange.evidence.status, exchange.attempts, exchange.evidence.wait_limit) == (429, 1, 10)


async def test_who_never_waits_does_not_wait_for_the_jitter_either() -> None:
    clock = FakeClock(auto=False)
    with ScriptedServer(limited(5), OK) as server:
        async with client_of(server, clock, jitter=lambda: 1.0) as client:
            waiting = asyncio.create_task(client.get_me())
            await clock.wait_for_sleepers()
            await clock.advance(5.5)
            told = await client.get_me(max_wait_seconds=0)
            await clock.advance(1)
            await waiting
    assert (told.evidence.status, told.attempts, told.waited_seconds) == (429, 0, 0.0)


async def test_only_the_documented_403_proves_that_a_key_was_accepted() -> None:
    blocked = response(403, body={"message": "blocked by policy"})
    documented = response(403, body={"message": "API access is not enabled for this account"})
    denied = response(401, body={"message": "Invalid API key"})
    for refusal, worked in ((blocked, False), (documented, True)):
        with ScriptedServer(refusal, denied) as server:
            async with client_of(server, FakeClock()) as client:
                await client.get_me()
                assert (await client.get_me()).evidence.key_worked_before is worked


@pytest.mark.parametrize(
    "stated", ["Sat Dec  5 12:00:37 2026", "Saturday, 05-Dec-26 12:00:37 GMT", "Sat, 05 Dec 2026 12:00:37 GMT"]
)
@pytest.mark.parametrize("dated", ["Sat Dec  5 12:00:00 2026", "Sat, 05 Dec 2026 12:00:00 GMT"])
async def test_every_http_date_is_measured_against_the_responses_own(stated: str, dated: str) -> None:
    clock = FakeClock()
    with ScriptedServer(response(429, {"Retry-After": stated, "Date": dated}), OK) as server:
        async with client_of(server, clock) as client:
            exchange = await client.get_me()
    assert (exchange.attempts, exchange.waited_seconds) == (2, 37.5)


async def test_a_small_body_that_inflates_without_end_is_cut_at_the_limit() -> None:
    bomb = gzip.compress(gzip.compress(b" " * 200_000_000))
    for encoding, kind in (("gzip, gzip", BodyFault.UNDECODABLE), ("br", BodyFault.UNDECODABLE)):
        with ScriptedServer(response(200, {"Content-Encoding": encoding}, bomb)) as server:
            async with client_of(server, FakeClock()) as client:
                assert (await client.get_me()).evidence.body_fault is kind
    with ScriptedServer(response(200, {"Content-Encoding": "gzip"}, gzip.compress(b" " * 200_000_000))) as server:
        async with client_of(server, FakeClock()) as client:
            tracemalloc.start()
            exchange = await client.get_me()
            peak = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
    assert exchange.evidence.body_fault is BodyFault.OVERSIZE
    assert peak < 32 * 1024 * 1024


@pytest.mark.parametrize(
    ("encoding", "compress"), [("gzip", gzip.compress), ("x-gzip", gzip.compress), ("Deflate", zlib.compress)]
)
async def test_a_compressed_body_is_read_and_one_that_ends_early_is_not(
    encoding: str, compress: Callable[[bytes], bytes]
) -> None:
    whole = compress(json.dumps(ME).encode())
    served = (response(200, {"Content-Encoding": encoding}, body) for body in (whole, whole[:-4]))
    with ScriptedServer(*served) as server:
        async with client_of(server, FakeClock()) as client:
            assert (await client.get_me()).body == ME
            cut = await client.get_me()
    assert (cut.body, cut.evidence.body_fault) == (None, BodyFault.UNDECODABLE)


@pytest.mark.parametrize(("stated", "says"), [(None, True), ("soon", True), (5, False)])
async def test_the_evidence_says_when_the_wait_is_the_vendors_fallback(stated: int | str | None, says: bool) -> None:
    with ScriptedServer(limited(stated)) as server:
        async with client_of(server, FakeClock()) as client:
            evidence = (await client.get_me(max_wait_seconds=0)).evidence
    fallback = "It stated no valid Retry-After; 60 s is the vendor's own fallback."
    assert (fallback in evidence.seen) is says


async def test_what_was_waited_is_told_to_the_millisecond() -> None:
    with ScriptedServer(limited(1), OK) as server:
        async with client_of(server, FakeClock(), jitter=lambda: 0.123456) as client:
            exchange = await client.get_me()
    assert exchange.waited_seconds == 1.123


async def test_a_body_that_cannot_be_decoded_is_no_fault_of_a_300() -> None:
    with ScriptedServer(response(300, {"Content-Encoding": "br"}, b"?")) as server:
        async with client_of(server, FakeClock()) as client:
            evidence = (await client.get_me()).evidence
    assert (evidence.status, evidence.body_fault) == (300, None)
