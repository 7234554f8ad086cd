"""Every message of a stdio session, ours and the client's, against the official JSON schema of its protocol era."""

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, cast

import jsonschema
import pytest

from outboundsync_mcp.diagnosis.catalog import KINDS
from tests.support.scripted import ScriptedServer, response
from tests.support.stdio import MODERN_META, StdioPeer

SCHEMAS = Path(__file__).parent / "schemas"
ERAS = ("2025-11-25", "2026-07-28")
KEY = "osapi_live_Zq7Kp2Vx9Lm4Rt6W"
ME: dict[str, Any] = {
    "account": {"id": 42, "email": None},
    "apiKey": {"name": "Production", "scopes": ["read"], "connectionScope": "account"},
    "connections": [{"id": 7, "crm": "HUBSPOT", "organizationId": "123", "organizationDomain": "acme.com"}],
}
OK = response(200, body=ME)
DENIED = response(
    401, {"WWW-Authenticate": 'Bearer realm="OutboundSync API"'}, {"statusCode": 401, "message": "Invalid API key"}
)
LIMITED = response(429, {"Retry-After": "40"}, {"statusCode": 429, "message": "Too Many Requests"})
LISTS = ("tools/list", "prompts/list", "resources/list", "resources/templates/list")
TOOL_CALLS: tuple[dict[str, Any], ...] = (
    {"name": "get_me"},  # 200
    {"name": "get_me", "arguments": {"max_wait_seconds": 0}},  # 401
    {"name": "get_me", "arguments": {"max_wait_seconds": "soon"}},  # refused, nothing sent
    {"name": "diagnose_error"},  # the last failure
    {"name": "diagnose_error", "arguments": {"text": "HTTP/1.1 403 Forbidden", "status": 403}},
    {"name": "diagnose_error", "arguments": {"text": "nothing to see here"}},
    {"name": "diagnose_error", "arguments": {"text": ["not", "text"], "status": {}}},
)
COMPLETIONS: tuple[dict[str, Any], ...] = (
    {
        "ref": {"type": "ref/prompt", "name": "add_retry_handling"},
        "argument": {"name": "language", "value": "py"},
    },
    {
        "ref": {"type": "ref/resource", "uri": "outboundsync://errors/{kind}"},
        "argument": {"name": "kind", "value": ""},
    },
)
ERRORS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("tools/call", {"name": "get_you"}),
    ("tools/list", {"cursor": "2"}),
    ("prompts/get", {"name": "nope"}),
    ("prompts/get", {"name": "add_retry_handling"}),  # without its required argument
    ("resources/read", {"uri": "outboundsync://errors/nope"}),
    ("completion/complete", {**COMPLETIONS[0], "ref": {"type": "ref/prompt", "name": "nope"}}),
)
UNKNOWN: tuple[tuple[str, dict[str, Any]], ...] = (
    ("tools/invent", {}),
    ("resources/subscribe", {"uri": "outboundsync://errors"}),
)
"""Requests that no server with our capabilities has a handler for; the schemas know the second, in one era."""


def _talk(peer: StdioPeer) -> None:
    """Everything a client can ask, each answer a success or an error as it should be."""
    listed = {method: peer.request(method)["result"] for method in LISTS}
    for resource in listed["resources/list"]["resources"]:
        assert peer.request("resources/read", {"uri": resource["uri"]})["result"]["contents"]
    for kind in KINDS:
        assert "result" in peer.request("resources/read", {"uri": f"outboundsync://errors/{kind}"})
    for prompt in listed["prompts/list"]["prompts"]:
        given = {argument["name"]: "Python" for argument in prompt.get("arguments", ()) if argument.get("required")}
        assert "result" in peer.request("prompts/get", {"name": prompt["name"], "arguments": given}), prompt["name"]
    for call in TOOL_CALLS:
        assert peer.request("tools/call", call)["result"]["structuredContent"]
    for completion in COMPLETIONS:
        assert peer.request("completion/complete", completion)["result"]["completion"]["values"]
    for method, params in (*ERRORS, *UNKNOWN):
        assert "error" in peer.request(method, params), (method, params)
    _cancel_a_wait(peer)
    if peer.modern:
        old = {**MODERN_META, "io.modelcontextprotocol/protocolVersion": "1999-01-01"}
        assert peer.request("tools/list", {"_meta": old})["error"]["code"] == -32022
    else:
        assert peer.request("ping")["result"] == {}


def _cancel_a_wait(peer: StdioPeer) -> None:
    waiting = peer.start("tools/call", {"name": "get_me", "_meta": {"progressToken": "p-1"}, "arguments": {}})
    assert peer.notification("notifications/progress")["params"]["progressToken"] == "p-1"
    peer.send(
        {
            "jsonrpc": "2.0",
            "method": "notifications/cancelled",
            "params": {"requestId": waiting, "reason": "enough"},
        }
    )
    assert "result" in peer.request("tools/call", {"name": "diagnose_error", "arguments": {"status": 429}})


@pytest.fixture(scope="module", params=ERAS)
def session(request: pytest.FixtureRequest) -> tuple[str, StdioPeer]:
    """The era, and a peer whose session is over: what was sent and received is on record."""
    era: str = request.param
    with ScriptedServer(OK, DENIED, LIMITED) as upstream:
        environ = {"OUTBOUNDSYNC_API_KEY": KEY, "OUTBOUNDSYNC_BASE_URL": upstream.origin}
        with StdioPeer(modern=era == "2026-07-28", environ=environ) as peer:
            _talk(peer)
            assert peer.close() == 0
    return era, peer


OPEN = ("allOf", "inputSchema", "outputSchema")
"""Where a schema names some properties and means others too: one part of several, and JSON Schema itself."""


def _objects(schema: object) -> Iterator[dict[str, Any]]:
    """Every object of a schema that names its properties and says nothing of others."""
    if isinstance(schema, dict):
        node = cast("dict[str, Any]", schema)
        if isinstance(node.get("properties"), dict) and "additionalProperties" not in node:
            yield node
        for name, inner in node.items():
            if name not in OPEN:
                yield from _objects(inner)
    elif isinstance(schema, list):
        for inner in cast("list[object]", schema):
            yield from _objects(inner)


@cache
def _definitions(era: str) -> dict[str, Any]:
    """The era's definitions, closed: a field that the specification does not name is a fault, except in `_meta`.

    The schema as published lets unknown fields pass, and with them a field of the other era or a misspelt one.
    """
    definitions: dict[str, Any] = json.loads((SCHEMAS / f"{era}.json").read_text(encoding="utf-8"))["$defs"]
    for name, definition in definitions.items():
        if "Meta" not in name:
            for node in _objects(definition):
                node["additionalProperties"] = False
    return definitions


@cache
def _validator(era: str, definition: str) -> Any:  # its methods are half typed
    return jsonschema.Draft202012Validator({"$ref": f"#/$defs/{definition}", "$defs": _definitions(era)})


def _check(era: str, definition: str, message: dict[str, Any]) -> None:
    _validator(era, definition).validate(message)


@cache
def _by_method(era: str) -> dict[str, str]:
    """`tools/call` → `CallToolRequest`, of requests and notifications alike."""
    return {
        method["const"]: name
        for name, definition in _definitions(era).items()
        if "const" in (method := definition.get("properties", {}).get("method", {}))
    }


def _result_of(era: str, method: str) -> str:
    name = _by_method(era)[method].removesuffix("Request") + "Result"
    return name if name in _definitions(era) else "EmptyResult"


def test_every_answer_fits_the_official_schema_of_its_method(session: tuple[str, StdioPeer]) -> None:
    era, peer = session
    asked = {message["id"]: message["method"] for message in peer.sent if "id" in message}
    answers = [message for message in peer.received if "method" not in message]
    for message in answers:
        if "error" in message:
            _check(era, "JSONRPCErrorResponse", message)
        else:
            _check(era, "JSONRPCResultResponse", message)
            _check(era, _result_of(era, asked[message["id"]]), message["result"])
    assert len({message["id"] for message in answers}) == len(answers)
    assert {asked[message["id"]] for message in answers} >= {*LISTS, "tools/call", "prompts/get", "resources/read"}


def test_every_notification_fits_the_official_schema(session: tuple[str, StdioPeer]) -> None:
    era, peer = session
    notifications = [message for message in peer.received if "method" in message]
    for message in notifications:
        _check(era, _by_method(era)[message["method"]], message)
    assert "notifications/progress" in {message["method"] for message in notifications}


def test_what_the_session_sent_fits_it_too_so_that_the_answers_mean_something(session: tuple[str, StdioPeer]) -> None:
    era, peer = session
    strange = {method for method, _ in UNKNOWN}
    for message in peer.sent:
        if message["method"] not in strange:
            _check(era, _by_method(era)[message["method"]], message)


def test_a_cancelled_call_is_not_answered(session: tuple[str, StdioPeer]) -> None:
    _, peer = session
    cancelled = [m["params"]["requestId"] for m in peer.sent if m["method"] == "notifications/cancelled"]
    assert cancelled
    assert not {message.get("id") for message in peer.received} & set(cancelled)


@pytest.mark.parametrize("era", ERAS)
def test_the_closed_schema_refuses_a_field_of_the_other_era(era: str) -> None:
    tool = {"name": "t", "inputSchema": {"type": "object"}}
    modern = {"tools": [tool], "resultType": "complete", "ttlMs": 1, "cacheScope": "public"}
    legacy = {"tools": [{**tool, "execution": {"taskSupport": "forbidden"}}]}
    fits, foreign = (legacy, modern) if era == ERAS[0] else (modern, {**modern, **legacy})
    _check(era, "ListToolsResult", fits)
    with pytest.raises(jsonschema.ValidationError):
        _check(era, "ListToolsResult", foreign)
