"""The OutboundSync API on loopback, for demonstrations, examples and tests. Knows nothing of the rest.

`outcomes` is plain data (for `--help`), `state` the windows and the log, `app.create_app` the ASGI application,
`server.Sandbox` and `server.run_sandbox` serve it.
"""
