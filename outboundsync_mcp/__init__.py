"""The MCP server for the moment the OutboundSync API says no."""

__version__ = "0.1.0"
