"""FastMCP's client."""

import asyncio
import inspect
import sys
from importlib.metadata import version
from typing import Any

import report
from fastmcp import Client
from fastmcp.client.transports import StdioTransport
from fastmcp.exceptions import ToolError


async def main() -> None:
    heard: list[float] = []

    async def on_progress(progress: float, total: float | None, message: str | None) -> None:
        heard.append(progress)

    transport = StdioTransport(
        command=sys.argv[1], args=report.server_arguments(), env=report.server_environment(), keep_alive=False
    )
    found: dict[str, Any] = {}
    async with Client(transport, progress_handler=on_progress) as client:
        found["protocol"] = client.session.protocol_version
        found["tools"] = [tool.name for tool in await client.list_tools()]
        found["prompts"] = [prompt.name for prompt in await client.list_prompts()]
        found["resources"] = [str(resource.uri) for resource in await client.list_resources()]
        prompt = await client.get_prompt(report.PROMPT, report.PROMPT_ARGUMENTS)
        found["read"] = bool(prompt.messages and await client.read_resource(report.RESOURCE))
        for label, name, arguments in report.CALLS:
            try:
                result = await client.call_tool(name, arguments)
            except ToolError as error:  # what call_tool makes of is_error, unless told otherwise
                found[label] = report.seen([str(error)], None, True, type(error).__name__)
            else:
                texts = [getattr(block, "text", "") for block in result.content]
                found[label] = report.seen(texts, result.structured_content, result.is_error)
    timeout = inspect.signature(Client.__init__).parameters["timeout"].default
    report.hand_over(
        {
            **found,
            "client": "FastMCP",
            "version": version("fastmcp"),
            "progress": len(heard),
            "timeout": "none" if timeout is None else str(timeout),
        }
    )


asyncio.run(main())
