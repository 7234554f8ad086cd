"""The official Python SDK, 2.x; the second argument is the protocol era, `auto` or `legacy`."""

import asyncio
import sys
from importlib.metadata import version
from typing import Any

import report
from mcp import Client, StdioServerParameters


async def main() -> None:
    heard: list[float] = []

    async def on_progress(progress: float, total: float | None, message: str | None) -> None:
        heard.append(progress)

    server = StdioServerParameters(command=sys.argv[1], args=report.server_arguments(), env=report.server_environment())
    found: dict[str, Any] = {}
    async with Client(server, mode=sys.argv[2]) as client:
        found["protocol"] = client.protocol_version
        found["tools"] = [tool.name for tool in (await client.list_tools()).tools]
        found["prompts"] = [prompt.name for prompt in (await client.list_prompts()).prompts]
        found["resources"] = [str(resource.uri) for resource in (await client.list_resources()).resources]
        prompt = await client.get_prompt(report.PROMPT, report.PROMPT_ARGUMENTS)
        page = await client.read_resource(report.RESOURCE)
        found["read"] = bool(prompt.messages and page.contents)
        for label, name, arguments in report.CALLS:
            result = await client.call_tool(name, arguments, progress_callback=on_progress)
            texts = [getattr(block, "text", "") for block in result.content]
            found[label] = report.seen(texts, result.structured_content, result.is_error)
        timeout = client.read_timeout_seconds
    report.hand_over(
        {
            **found,
            "client": "Python SDK 2",
            "version": version("mcp"),
            "progress": len(heard),
            "timeout": "none" if timeout is None else f"{timeout:g} s",
        }
    )


asyncio.run(main())
