"""`python -m outboundsync_mcp` is `outboundsync-mcp`."""

from outboundsync_mcp.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
