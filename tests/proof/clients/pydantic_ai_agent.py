"""Pydantic AI: an agent calls the tools, and its model is a script. The second argument: what a failure becomes."""

import asyncio
import sys
from importlib.metadata import version
from typing import Any

import report
from fastmcp.client.transports import StdioTransport
from pydantic_ai import Agent, UnexpectedModelBehavior
from pydantic_ai.mcp import MCPToolset
from pydantic_ai.messages import ModelMessage, ModelResponse, TextPart, ToolCallPart, ToolReturnPart
from pydantic_ai.models.function import AgentInfo, FunctionModel


class Script:
    """Asks for one tool after the other, and keeps what it is given."""

    def __init__(self) -> None:
        self.given: list[ToolReturnPart] = []

    def turn(self, messages: list[ModelMessage], info: AgentInfo) -> ModelResponse:
        parts = [part for message in messages for part in message.parts]
        self.given = [part for part in parts if isinstance(part, ToolReturnPart)]
        if len(self.given) == len(report.CALLS):
            return ModelResponse(parts=[TextPart("Done.")])
        label, name, arguments = report.CALLS[len(self.given)]
        return ModelResponse(parts=[ToolCallPart(name, arguments, tool_call_id=label)])


async def main() -> None:
    heard: list[float] = []

    async def on_progress(progress: float, total: float | None, message: str | None) -> None:
        heard.append(progress)

    server = MCPToolset(
        StdioTransport(
            command=sys.argv[1], args=report.server_arguments(), env=report.server_environment(), keep_alive=False
        ),
        progress_handler=on_progress,
        init_timeout=60,  # 5 by default, which a busy machine may need to start Python
        **({"tool_error_behavior": sys.argv[2]} if len(sys.argv) > 2 else {}),
    )
    script = Script()
    found: dict[str, Any] = {"ended": None}
    async with server:
        found["protocol"] = server.client.session.protocol_version
        found["tools"] = [tool.name for tool in await server.list_tools()]
        found["prompts"] = [prompt.name for prompt in await server.list_prompts()]
        found["resources"] = [resource.uri for resource in await server.list_resources()]
        prompt = await server.get_prompt(report.PROMPT, report.PROMPT_ARGUMENTS)
        found["read"] = bool(prompt.messages and await server.read_resource(report.RESOURCE))
        try:
            await Agent(FunctionModel(script.turn), toolsets=[server]).run("Is my key all right?")
        except UnexpectedModelBehavior as error:
            found["ended"] = str(error)
    for part in script.given:
        given = report.told(part.model_response_str())
        error = part.outcome in {"failed", "retried"}
        found[part.tool_call_id] = report.seen([], {"kind": given["told"]}, error) | given
    timeout = server._client_options["read_timeout"]
    report.hand_over(
        {
            **found,
            "client": "Pydantic AI",
            "version": version("pydantic-ai-slim"),
            "progress": len(heard),
            "timeout": f"{timeout:g} s",
        }
    )


asyncio.run(main())
