"""An agent that explains OutboundSync errors, while the code around it acts on them. OpenAI Agents SDK."""

import asyncio
import os
import sys
from typing import Any

from agents import Agent, Runner, ToolCallOutputItem
from agents.mcp import MCPServerStdio

INSTRUCTIONS = """\
Check OutboundSync access with get_me, and read pasted errors with diagnose_error. Tell the cause, then the remediation
in its order, to whoever who_fixes names. Call get_me again only if retryable is true. Never ask for an API key."""

HAND_OVER = {"admin": "an admin of the OutboundSync account", "outboundsync": "OutboundSync", "network": "network"}


async def ask(question: str) -> tuple[str, list[dict[str, Any]]]:
    """The agent's words, and every diagnosis that it saw."""
    async with MCPServerStdio(
        name="outboundsync-mcp",
        params={
            "command": "outboundsync-mcp",
            "env": {name: value for name, value in os.environ.items() if name.startswith("OUTBOUNDSYNC_")},
        },
        client_session_timeout_seconds=180,  # 5 by default, which no wait for Retry-After survives
        custom_data_extractor=lambda call: call.structured_content,  # for the code below; the model gets the text
        cache_tools_list=True,
    ) as server:
        agent = Agent(name="OutboundSync helper", instructions=INSTRUCTIONS, mcp_servers=[server])
        result = await Runner.run(agent, question)
    seen = [item.custom_data for item in result.new_items if isinstance(item, ToolCallOutputItem) and item.custom_data]
    return str(result.final_output), seen


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
