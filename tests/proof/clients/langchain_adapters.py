"""LangChain's MCP adapters: the tools as a LangChain agent calls them."""

import asyncio
import sys
from importlib.metadata import version
from typing import Any

import report
from langchain_core.messages import ToolMessage
from langchain_mcp_adapters.callbacks import CallbackContext, Callbacks
from langchain_mcp_adapters.client import MultiServerMCPClient
from langchain_mcp_adapters.prompts import load_mcp_prompt
from langchain_mcp_adapters.resources import load_mcp_resources
from langchain_mcp_adapters.tools import load_mcp_tools


async def main() -> None:
    heard: list[float] = []

    async def on_progress(progress: float, total: float | None, message: str | None, context: CallbackContext) -> None:
        heard.append(progress)

    callbacks = Callbacks(on_progress=on_progress)
    connection: Any = {
        "transport": "stdio",
        "command": sys.argv[1],
        "args": report.server_arguments(),
        "env": report.server_environment(),
    }
    client = MultiServerMCPClient({"outboundsync": connection}, callbacks=callbacks)
    found: dict[str, Any] = {}
    async with client.session("outboundsync") as session:
        tools = await load_mcp_tools(session, callbacks=callbacks, server_name="outboundsync")
        found["tools"] = [tool.name for tool in tools]
        found["prompts"] = [prompt.name for prompt in (await session.list_prompts()).prompts]
        found["resources"] = [str(resource.uri) for resource in (await session.list_resources()).resources]
        messages = await load_mcp_prompt(session, report.PROMPT, arguments=report.PROMPT_ARGUMENTS)
        found["read"] = bool(messages and await load_mcp_resources(session, uris=[report.RESOURCE]))
        by_name = {tool.name: tool for tool in tools}
        for label, name, arguments in report.CALLS:
            call = {"type": "tool_call", "id": label, "name": name, "args": arguments}
            answer: ToolMessage = await by_name[name].ainvoke(call)
            content = answer.content if isinstance(answer.content, list) else [{"text": answer.content}]
            texts = [block["text"] for block in content if isinstance(block, dict) and "text" in block]
            artifact = answer.artifact or {}
            found[label] = report.seen(texts, artifact.get("structured_content"), answer.status == "error")
        timeout = session._session_read_timeout_seconds
    report.hand_over(
        {
            **found,
            "client": "LangChain MCP adapters",
            "version": version("langchain-mcp-adapters"),
            "protocol": "2025-11-25",
            "progress": len(heard),
            "timeout": "none" if timeout is None else str(timeout),
        }
    )


asyncio.run(main())
