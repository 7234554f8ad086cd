"""`get_me` as FastMCP makes it easiest: the request and nothing else. Runs in FastMCP's own environment."""

import os
import sys
from typing import Any

import httpx2
from fastmcp import FastMCP

server = FastMCP("same-tool")
client = httpx2.AsyncClient(headers={"Authorization": f"Bearer {os.environ['OUTBOUNDSYNC_API_KEY']}"}, trust_env=False)


@server.tool()
async def get_me() -> dict[str, Any]:
    """Who the key is."""
    return (await client.get(f"{os.environ['OUTBOUNDSYNC_BASE_URL']}/api/v1/me")).json()


if __name__ == "__main__":
    if sys.argv[1:] == ["http"]:
        server.run("http", host="127.0.0.1", port=0, show_banner=False)
    else:
        server.run("stdio", show_banner=False)
