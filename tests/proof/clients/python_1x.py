"""The official Python SDK, 1.x."""

import asyncio
import sys
from importlib.metadata import version
from typing import Any

import report
from mcp import ClientSession, StdioServerParameters
from mcp.client.stdio import stdio_client
from pydantic import AnyUrl


async def main() -> None:
    heard: list[float] = []

    async def on_progress(progress: float, total: float | None, message: str | None) -> None:
        heard.append(progress)

    server = StdioServerParameters(command=sys.argv[1], args=report.server_arguments(), env=report.server_environment())
    found: dict[str, Any] = {}
    async with stdio_client(server) as (read, write), ClientSession(read, write) as session:
        found["protocol"] = (await session.initialize()).protocolVersion
        found["tools"] = [tool.name for tool in (await session.list_tools()).tools]
        found["prompts"] = [prompt.name for prompt in (await session.list_prompts()).prompts]
        found["resources"] = [str(resource.uri) for resource in (await session.list_resources()).resources]
        prompt = await session.get_prompt(report.PROMPT, report.PROMPT_ARGUMENTS)
        page = await session.read_resource(AnyUrl(report.RESOURCE))
        found["read"] = bool(prompt.messages and page.contents)
        for label, name, arguments in report.CALLS:
            result = await session.call_tool(name, arguments, progress_callback=on_progress)
            texts = [getattr(block, "text", "") for block in result.content]
            found[label] = report.seen(texts, result.structuredContent, result.isError)
        timeout = session._session_read_timeout_seconds
    report.hand_over(
        {
            **found,
            "client": "Python SDK 1",
            "version": version("mcp"),
            "progress": len(heard),
            "timeout": "none" if timeout is None else str(timeout),
        }
    )


asyncio.run(main())
