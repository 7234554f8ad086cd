"""Talking to OutboundSync: one GET, one retry. Knows nothing of MCP."""
