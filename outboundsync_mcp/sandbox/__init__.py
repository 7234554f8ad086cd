"""The OutboundSync API on loopback, for demonstrations, examples and tests. Knows nothing of the rest."""
