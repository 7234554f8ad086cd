"""A language model on loopback that follows a script: it makes its calls one by one, then talks.

It speaks the Responses API of OpenAI, the Messages API of Anthropic and the GenerateContent API of Gemini, which agents
and their frameworks talk to, and keeps every request: what a model saw.
"""

import json
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Call:
    """A tool by the name under which the model is offered it; some agents put an MCP server's into a namespace."""

    tool: str
    arguments: Json = field(default_factory=dict[str, Any])
    namespace: str | None = None


@dataclass(frozen=True, slots=True)
class Told:
    """A tool result as the model is given it. The Responses API has no mark for an error."""

    text: str
    error: bool = False


class ScriptedModel:
    """As a context manager; `base_url` is for OPENAI_BASE_URL, `origin` for the others.

    Makes `calls` (a name is a call without arguments), then says `closing`, or else the first step that it was told.
    """

    def __init__(self, *calls: Call | str, closing: str | None = None) -> None:
        self.calls = [Call(call) if isinstance(call, str) else call for call in calls]
        self.closing = closing
        self.requests: list[Json] = []
        self.told: list[Told] = []
        """The tool results that the model was given, in the order of its calls."""

    def __enter__(self) -> Self:
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.origin = f"http://127.0.0.1:{self._server.server_port}"
        self.base_url = f"{self.origin}/v1"
        self._thread = threading.Thread(target=self._server.serve_forever, name="scripted-model")
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def offered(self) -> list[str]:
        """The names of the tools that the model was given."""
        return [tool["name"] for tool in self.requests[0]["tools"]]

    @property
    def seen(self) -> list[str]:
        """The tool results that the model was given, as text."""
        return [told.text for told in self.told]

    @staticmethod
    def read(result: str) -> Json:
        """A tool result as data; Pydantic AI wraps one that is an error."""
        data: Json = json.loads(result)
        return json.loads(data["error"]) if data.keys() == {"error"} else data

    def respond(self, path: str, request: Json) -> tuple[str, str] | None:
        """The model's turn: content type and body. None where the API has no such path."""
        api = next((api for ending, api in APIS.items() if path.partition("?")[0].endswith(ending)), None)
        if api is None:
            return None
        self.requests.append(request)
        self.told = api.told(request)
        number = len(self.told)
        turn = self.calls[number] if number < len(self.calls) else self._words()
        events = api.events(request, number, turn)
        if path.endswith("/responses") and not request.get("stream"):
            return "application/json", json.dumps(events[-1]["response"])
        return "text/event-stream", "".join(f"{_heading(event)}data: {json.dumps(event)}\n\n" for event in events)

    def _words(self) -> str:
        if self.closing is not None:
            return self.closing
        said = self.read(self.seen[-1])
        return f"{said['meaning']}. First: {said['remediation'][0]}" if said["remediation"] else said["meaning"]

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        model = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                request: Json = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                answer = model.respond(self.path, request)
                kind, text = answer or ("application/json", '{"error": {"message": "no such path"}}')
                body = text.encode()
                self.send_response(200 if answer else 404)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is the base class's
                """Stay silent."""

        return Handler


def _heading(event: Json) -> str:
    return f"event: {event['type']}\n" if "type" in event else ""


def _text(content: str | list[Json]) -> str:
    return content if isinstance(content, str) else "".join(part.get("text", "") for part in content)


@dataclass(frozen=True, slots=True)
class Api:
    """How an API hands over tool results, and the events of a turn: a call, or words."""

    told: Callable[[Json], list[Told]]
    events: Callable[[Json, int, Call | str], Sequence[Json]]


# The Responses API of OpenAI


def _told_by_responses(request: Json) -> list[Told]:
    return [Told(_text(item["output"])) for item in request["input"] if item.get("type") == "function_call_output"]


def _responses_events(request: Json, number: int, turn: Call | str) -> list[Json]:
    if isinstance(turn, Call):
        name: Json = {"name": turn.tool} | ({"namespace": turn.namespace} if turn.namespace else {})
        item: Json = {
            **name,
            "type": "function_call",
            "id": f"fc_{number}",
            "call_id": f"call_{number}",
            "arguments": json.dumps(turn.arguments),
        }
    else:
        content: list[Json] = [{"type": "output_text", "text": turn, "annotations": []}]
        item = {"type": "message", "id": "msg_1", "role": "assistant", "content": content}
    item["status"] = "completed"
    response: Json = {
        "id": f"resp_{number}",
        "object": "response",
        "created_at": 0,
        "model": request["model"],
        "status": "completed",
        "output": [item],
        "parallel_tool_calls": False,
        "tool_choice": "auto",
        "tools": [],
        "usage": {
            "input_tokens": 1,
            "input_tokens_details": {"cached_tokens": 0},
            "output_tokens": 1,
            "output_tokens_details": {"reasoning_tokens": 0},
            "total_tokens": 2,
        },
    }
    return [
        {"type": "response.created", "response": response | {"status": "in_progress", "output": []}},
        {"type": "response.output_item.done", "output_index": 0, "item": item},
        {"type": "response.completed", "response": response},
    ]


# The Messages API of Anthropic


def _told_by_messages(request: Json) -> list[Told]:
    blocks = [
        block for message in request["messages"] if isinstance(message["content"], list) for block in message["content"]
    ]
    results = [block for block in blocks if block["type"] == "tool_result"]
    return [Told(_text(result["content"]), error=result.get("is_error", False)) for result in results]


def _messages_events(request: Json, number: int, turn: Call | str) -> list[Json]:
    if isinstance(turn, Call):
        block: Json = {"type": "tool_use", "id": f"toolu_{number}", "name": turn.tool, "input": {}}
        delta = {"type": "input_json_delta", "partial_json": json.dumps(turn.arguments)}
    else:
        block, delta = {"type": "text", "text": ""}, {"type": "text_delta", "text": turn}
    reason = "tool_use" if isinstance(turn, Call) else "end_turn"
    message: Json = {
        "id": f"msg_{number}",
        "type": "message",
        "role": "assistant",
        "model": request["model"],
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
        "usage": {"input_tokens": 1, "output_tokens": 1},
    }
    return [
        {"type": "message_start", "message": message},
        {"type": "content_block_start", "index": 0, "content_block": block},
        {"type": "content_block_delta", "index": 0, "delta": delta},
        {"type": "content_block_stop", "index": 0},
        {
            "type": "message_delta",
            "delta": {"stop_reason": reason, "stop_sequence": None},
            "usage": {"output_tokens": 1},
        },
        {"type": "message_stop"},
    ]


# The GenerateContent API of Gemini, as a stream


def _told_by_gemini(request: Json) -> list[Told]:
    parts = [part for content in request["contents"] for part in content["parts"]]
    answers: list[Json] = [part["functionResponse"]["response"] for part in parts if "functionResponse" in part]
    return [Told(answer.get("error") or answer.get("output", ""), error="error" in answer) for answer in answers]


def _gemini_events(request: Json, number: int, turn: Call | str) -> list[Json]:
    part: Json = {"text": turn}
    if isinstance(turn, Call):
        part = {"functionCall": {"name": turn.tool, "args": turn.arguments}}
    return [
        {
            "candidates": [{"content": {"role": "model", "parts": [part]}, "finishReason": "STOP", "index": 0}],
            "usageMetadata": {"promptTokenCount": 1, "candidatesTokenCount": 1, "totalTokenCount": 2},
            "modelVersion": "scripted",
        }
    ]


APIS = {
    "/responses": Api(_told_by_responses, _responses_events),
    "/messages": Api(_told_by_messages, _messages_events),
    ":streamGenerateContent": Api(_told_by_gemini, _gemini_events),
}
"""By the end of the path."""
