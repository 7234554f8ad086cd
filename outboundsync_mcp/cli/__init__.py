"""The `outboundsync-mcp` command."""
