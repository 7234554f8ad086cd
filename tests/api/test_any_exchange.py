"""Any key, any status, headers and body, through the real client and sockets: an answer, and nothing of the key."""

import asyncio
import copy
import gzip
import json
import pickle
import re
import traceback
from typing import Any

import httpx
import jsonschema
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from outboundsync_mcp.api.client import Exchange, OutboundSyncClient
from outboundsync_mcp.api.credentials import ApiKey, load_credential
from outboundsync_mcp.diagnosis.diagnose import diagnose
from outboundsync_mcp.diagnosis.diagnosis import Diagnosis
from outboundsync_mcp.diagnosis.key_form import check_key
from outboundsync_mcp.settings import Settings
from tests.api.test_client import KEY, ME
from tests.support.clock import FakeClock
from tests.support.sandbox import NO_TLS
from tests.support.scripted import End, Script, ScriptedServer, response

repeatable = settings(deadline=None, derandomize=True, max_examples=60)

SECRET = KEY.removeprefix("osapi_")
ECHOES = [KEY, f"Bearer {KEY}", SECRET[5:15], KEY.upper(), "".join(f"\\u{ord(char):04x}" for char in KEY)]
DOCUMENTED_KEY = re.compile(r"Bearer osapi_[!-~]{8,}")
VALIDATOR = jsonschema.Draft202012Validator(Diagnosis.model_json_schema())

names_in_json = st.text(max_size=4) | st.sampled_from(["message", "error", *ECHOES])
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=6) | st.sampled_from(ECHOES),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names_in_json, inner),
    max_leaves=6,
)
documents = (
    json_values
    | st.fixed_dictionaries({"message": json_values, "statusCode": st.integers(), "error": json_values})
    | st.sampled_from(sorted(ME)).flatmap(lambda part: json_values.map(lambda value: {**ME, part: value}))
    | st.just(ME)
)
bodies = (
    documents.map(lambda value: json.dumps(value).encode())
    | documents.map(lambda value: json.dumps(value, ensure_ascii=False).encode("utf-8", "surrogatepass"))
    | st.binary(max_size=60)
    | st.text(max_size=40).map(lambda text: f"<html>{text} {KEY}".encode("utf-8", "replace"))
)
WORDS = ["37", "Sun, 22 Nov 2026 12:00:00 GMT", f"https://x.com/?k={KEY}", "gzip", "br", "text/html", *ECHOES[:4]]
NAMES = ["Retry-After", "Date", "Location", "WWW-Authenticate", "Content-Type", "Server", "Via", "CF-Ray", "Set-Cookie"]
values = (
    st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), max_size=12)
    | st.text(st.characters(min_codepoint=0xA0, max_codepoint=0xFF), max_size=4)
    | st.sampled_from(WORDS)
)
names = st.sampled_from(NAMES)
headers = st.lists(st.tuples(names, values), max_size=4)
statuses = st.sampled_from([200, 201, 204, 301, 400, 401, 403, 404, 407, 418, 429, 500, 502, 503, 511, 520, 599, 999])


def ask(*scripts: Script, **variables: str) -> tuple[Exchange, list[str]]:
    """What one call learns, and the Authorization headers that it sent."""
    with ScriptedServer(*scripts) as server:
        environ = {"OUTBOUNDSYNC_API_KEY": KEY, "OUTBOUNDSYNC_BASE_URL": server.origin, **variables}
        clock = FakeClock()
        client = OutboundSyncClient(
            Settings.from_env(environ),
            clock=clock,
            transport=clock.transport(httpx.AsyncHTTPTransport(verify=NO_TLS)),
            jitter=lambda: 0.5,
        )

        async def call() -> Exchange:
            try:
                return await client.get_me(120)
            finally:
                await client.aclose()

        return asyncio.run(call()), [request.header("Authorization") or "" for request in server.requests]


def runs(shown: str, length: int) -> list[str]:
    """The runs of the secret that are in a text."""
    return [run for at in range(len(SECRET) - length + 1) if (run := SECRET[at : at + length]).lower() in shown.lower()]


def check(exchange: Exchange, sent: list[str]) -> None:
    evidence = exchange.evidence
    diagnosis = diagnose(evidence, now=FakeClock().now())
    VALIDATOR.validate(diagnosis.model_dump(mode="json"))  # pyright: ignore[reportUnknownMemberType]
    assert exchange.attempts == len(sent) <= (2 if evidence.retried or evidence.status == 429 else 1)
    assert (exchange.body is not None) is (diagnosis.kind == "ok") is diagnosis.ok
    assert not runs(repr(evidence) + diagnosis.model_dump_json(), 6)
    assert not runs(json.dumps(exchange.body, ensure_ascii=False), 12)
    assert all(line.isprintable() for line in (*diagnosis.evidence, diagnosis.message or "", diagnosis.cause))


@repeatable
@given(statuses, headers, bodies)
@example(200, [], json.dumps({**ME, KEY: {KEY: [KEY]}}).encode())
@example(429, [("Retry-After", "5"), ("Retry-After", "soon")], b"")
def test_any_response_is_a_sound_diagnosis_without_the_key(
    status: int, lines: list[tuple[str, str]], body: bytes
) -> None:
    check(*ask(response(status, lines, body)))


@repeatable
@given(st.binary(max_size=80) | st.just(KEY.encode()), st.sampled_from([b"", b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 429 "]))
def test_whatever_bytes_answer_there_is_a_diagnosis(junk: bytes, start: bytes) -> None:
    check(*ask((start + junk, End.CLOSE)))


@repeatable
@given(bodies, st.integers(0, 60), st.booleans())
def test_a_body_that_is_cut_off_or_damaged_is_never_a_success_that_it_is_not(
    body: bytes, at: int, compressed: bool
) -> None:
    whole = gzip.compress(body, mtime=0) if compressed else body
    encoding = [("Content-Encoding", "gzip")] if compressed else []
    cut = whole[: at % max(1, len(whole))]
    exchange, sent = ask((response(200, [*encoding, ("Content-Length", str(len(whole)))], cut), End.CLOSE))
    check(exchange, sent)
    assert exchange.body is None or not whole


@repeatable
@given(
    st.text()
    | st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E)).map("osapi_{}".format)
    | st.sampled_from(["{}", "Bearer {}", ' "{}"\n', "{}{}", "{}…", "KEY={}", "{}\u200b", "x{}"]).map(
        lambda place: place.replace("{}", KEY)
    )
)
@example(KEY)
def test_a_key_is_sent_in_the_documented_form_or_not_at_all(raw: str) -> None:
    exchange, sent = ask(response(200, body=ME), OUTBOUNDSYNC_API_KEY=raw)
    assert all(DOCUMENTED_KEY.fullmatch(line) for line in sent)
    assert len(sent) == (check_key(raw).key is not None)
    assert not runs(repr(exchange.evidence), 6)


def test_the_key_itself_is_sent() -> None:
    assert ask(response(200, body=ME))[1] == [f"Bearer {KEY}"]


@repeatable
@given(st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=8, max_size=40), st.text(max_size=3))
def test_nothing_that_python_makes_of_a_key_shows_it(secret: str, spec: str) -> None:
    without = "".join(_made_of(KEY, spec))
    assume(secret not in without)  # a word of the program, or of a path
    assert not [text for text in _made_of(f"osapi_{secret}", spec) if secret in text]


def _made_of(raw: str, spec: str) -> list[str]:
    """All that Python makes of a key: its text, its format, what refuses to pickle or to compare it."""
    key = ApiKey(raw)
    credential = load_credential(Settings.from_env({"OUTBOUNDSYNC_API_KEY": raw}))
    shown: list[Any] = [key, credential, {key: [key]}, (copy.copy(key), copy.deepcopy(key))]
    said = [f"{each!r} {each!s} %s %r" % (each, each) for each in map(str, shown)] + [format(key, spec)]
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        with pytest.raises(TypeError) as refused:
            pickle.dumps(key, protocol)
        said += traceback.format_exception(refused.value)
    with pytest.raises(TypeError) as compared:
        sorted([key, ApiKey(KEY)])  # pyright: ignore[reportArgumentType, reportCallIssue]
    return [*said, *traceback.format_exception(compared.value), repr(key.__slots__)]
