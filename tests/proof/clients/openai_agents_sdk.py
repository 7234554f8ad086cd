"""The OpenAI Agents SDK: an agent calls the tools, and its model is a script. The second argument: its time-out."""

import asyncio
import inspect
import json
import sys
from importlib.metadata import version
from typing import Any

import report
from agents import Agent, Model, ModelResponse, RunConfig, Runner, ToolCallOutputItem, Usage
from agents.mcp import MCPServerStdio
from openai.types.responses import ResponseFunctionToolCall, ResponseOutputMessage, ResponseOutputText


class Script(Model):
    """Asks for one tool after the other, and keeps what it is told."""

    def __init__(self) -> None:
        self.told: list[str] = []

    async def get_response(
        self,
        system_instructions: Any,
        input: Any,  # noqa: A002 - the name is the base class's
        *args: Any,
        **options: Any,
    ) -> ModelResponse:
        items = input if isinstance(input, list) else []
        self.told = [_text(item["output"]) for item in items if item.get("type") == "function_call_output"]
        number = len(self.told)
        if number < len(report.CALLS):
            label, name, arguments = report.CALLS[number]
            item: Any = ResponseFunctionToolCall(
                type="function_call", call_id=label, name=name, arguments=json.dumps(arguments)
            )
        else:
            words = ResponseOutputText(type="output_text", text="Done.", annotations=[])
            item = ResponseOutputMessage(
                type="message", id="done", role="assistant", status="completed", content=[words]
            )
        return ModelResponse(output=[item], usage=Usage(), response_id=None)

    def stream_response(self, *args: Any, **options: Any) -> Any:
        raise NotImplementedError


def _text(output: Any) -> str:
    return output if isinstance(output, str) else "".join(part["text"] for part in output)


async def main() -> None:
    model = Script()
    found: dict[str, Any] = {}
    async with MCPServerStdio(
        params={
            "command": sys.argv[1],
            "args": report.server_arguments(),
            "env": report.server_environment(),
        },
        custom_data_extractor=lambda call: {"kind": call.structured_content["kind"], "error": call.is_error},
        client_session_timeout_seconds=float(sys.argv[2]),
    ) as server:
        found["protocol"] = server.session.protocol_version
        found["tools"] = [tool.name for tool in await server.list_tools()]
        found["prompts"] = [prompt.name for prompt in (await server.list_prompts()).prompts]
        found["resources"] = [str(resource.uri) for resource in (await server.list_resources()).resources]
        prompt = await server.get_prompt(report.PROMPT, report.PROMPT_ARGUMENTS)
        page = await server.read_resource(report.RESOURCE)
        found["read"] = bool(prompt.messages and page.contents)
        agent = Agent(name="proof", model=model, mcp_servers=[server])
        run = await Runner.run(agent, "Is my key all right?", max_turns=10, run_config=RunConfig(tracing_disabled=True))
    items = [item for item in run.new_items if isinstance(item, ToolCallOutputItem)]
    for (label, _, _), told, item in zip(report.CALLS, model.told, items, strict=True):
        call = item.custom_data or {"error": None}
        found[label] = report.seen([told], call, call["error"]) | report.told(told)
    timeout = inspect.signature(MCPServerStdio.__init__).parameters["client_session_timeout_seconds"].default
    report.hand_over(
        {
            **found,
            "client": "OpenAI Agents SDK",
            "version": version("openai-agents"),
            "progress": None,
            "timeout": f"{timeout:g} s",
        }
    )


asyncio.run(main())
