"""The least that an MCP server can be: what ours is measured against."""

from mcp.server.mcpserver import MCPServer

server = MCPServer("bare")


@server.tool()
async def noop() -> str:
    """Do nothing."""
    return "ok"


if __name__ == "__main__":
    server.run("stdio")
