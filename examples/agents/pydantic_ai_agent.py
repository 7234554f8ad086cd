"""An agent that explains OutboundSync errors, while the code around it acts on them. Pydantic AI."""

import asyncio
import json
import os
import sys
from typing import Any

from fastmcp.client.transports import StdioTransport
from pydantic_ai import Agent
from pydantic_ai.mcp import MCPToolset
from pydantic_ai.messages import ToolReturnPart

MODEL = os.environ.get("MODEL", "openai:gpt-5")

SERVER = MCPToolset[object](
    StdioTransport(
        command="outboundsync-mcp",
        args=[],
        env={name: value for name, value in os.environ.items() if name.startswith("OUTBOUNDSYNC_")},
        keep_alive=False,
    ),
    include_instructions=True,  # the server says itself how its answers are to be used
    tool_error_behavior="failed",  # by default the second failure in a row ends the run, unexplained
    read_timeout=180,
)

HAND_OVER = {"admin": "an admin of the OutboundSync account", "outboundsync": "OutboundSync", "network": "network"}


async def ask(question: str) -> tuple[str, list[dict[str, Any]]]:
    """The agent's words, and every diagnosis that it saw."""
    agent = Agent(MODEL, toolsets=[SERVER])
    async with agent:
        result = await agent.run(question)
    returned = [part for message in result.all_messages() for part in message.parts if isinstance(part, ToolReturnPart)]
    return result.output, [json.loads(part.model_response_str(wrap_if_error=False)) for part in returned]


def next_step(diagnosis: dict[str, Any]) -> str:
    """What the application does, whatever the model says."""
    if diagnosis["ok"]:
        return "done"
    if diagnosis["retryable"]:
        return f"run again at {diagnosis['retry_at']}" if diagnosis["retry_at"] else "run again later"
    if diagnosis["who_fixes"] in HAND_OVER:
        return f"open a ticket for {HAND_OVER[diagnosis['who_fixes']]}: {diagnosis['kind']}"
    return f"wait for the user: {diagnosis['kind']}"


if __name__ == "__main__":
    answer, diagnoses = asyncio.run(ask(" ".join(sys.argv[1:]) or "Check my OutboundSync access."))
    print(answer)
    if diagnoses:
        print("Next:", next_step(diagnoses[-1]), file=sys.stderr)
