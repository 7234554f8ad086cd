"""A language model on loopback that follows a script: it calls one tool, then repeats the first step it was told.

It speaks the Responses API of OpenAI, which agent frameworks talk to, and keeps every request: what a model saw.
"""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

Json = dict[str, Any]


class ScriptedModel:
    """As a context manager; `base_url` is for OPENAI_BASE_URL. Calls `tool` without arguments, then talks."""

    def __init__(self, tool: str) -> None:
        self.tool = tool
        self.requests: list[Json] = []

    def __enter__(self) -> Self:
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.base_url = f"http://127.0.0.1:{self._server.server_port}/v1"
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
        return [
            _text(item["output"]) for item in self.requests[-1]["input"] if item.get("type") == "function_call_output"
        ]

    @staticmethod
    def read(result: str) -> Json:
        """A tool result as data; Pydantic AI wraps one that is an error."""
        data: Json = json.loads(result)
        return json.loads(data["error"]) if data.keys() == {"error"} else data

    def respond(self, request: Json) -> Json:
        """The model's turn."""
        self.requests.append(request)
        if not self.seen:
            item: Json = {
                "type": "function_call",
                "id": "fc_1",
                "call_id": "call_1",
                "name": self.tool,
                "arguments": "{}",
            }
        else:
            said = self.read(self.seen[-1])
            words = f"{said['meaning']}. First: {said['remediation'][0]}" if said["remediation"] else said["meaning"]
            content: list[Json] = [{"type": "output_text", "text": words, "annotations": []}]
            item = {"type": "message", "id": "msg_1", "role": "assistant", "content": content}
        return {
            "id": f"resp_{len(self.requests)}",
            "object": "response",
            "created_at": 0,
            "model": request["model"],
            "status": "completed",
            "output": [{"status": "completed", **item}],
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

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        model = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                request: Json = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                known = self.path == "/v1/responses"
                body = json.dumps(model.respond(request) if known else {"error": {"message": "no such path"}}).encode()
                self.send_response(200 if known else 404)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is the base class's
                """Stay silent."""

        return Handler


def _text(output: str | list[Json]) -> str:
    return output if isinstance(output, str) else "".join(part["text"] for part in output)
