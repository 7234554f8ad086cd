"""`get_me` as the SDK's `MCPServer` makes it easiest: the request and nothing else. What ours is measured against."""

import os
import sys
from typing import Any

import httpx
from mcp.server.mcpserver import MCPServer

server = MCPServer("same-tool")
client = httpx.AsyncClient(headers={"Authorization": f"Bearer {os.environ['OUTBOUNDSYNC_API_KEY']}"}, trust_env=False)


@server.tool()
async def get_me() -> dict[str, Any]:
    """Who the key is."""
    return (await client.get(f"{os.environ['OUTBOUNDSYNC_BASE_URL']}/api/v1/me")).json()


if __name__ == "__main__":
    if sys.argv[1:] == ["http"]:
        server.run("streamable-http", host="127.0.0.1", port=0)
    else:
        server.run("stdio")
