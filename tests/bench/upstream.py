"""A stand-in for the API that answers as fast as a process can, so that what is measured is not the upstream.

`python -m tests.bench.upstream [--delay SECONDS] [--limited]` prints its port, and ends when stdin does.
`GET /count` answers how many other requests came.
"""

import argparse
import asyncio
import json
import os
import sys
from dataclasses import dataclass

ME = {
    "account": {"id": 42, "email": "you@company.com"},
    "apiKey": {"name": "Production", "scopes": ["read"], "connectionScope": "account"},
    "connections": [{"id": 7, "crm": "HUBSPOT", "organizationId": "123", "organizationDomain": "acme.com"}],
}


def response(status: str, body: object, *headers: str) -> bytes:
    """One HTTP/1.1 response that leaves the connection open."""
    payload = json.dumps(body).encode()
    lines = (f"HTTP/1.1 {status}", "Content-Type: application/json", f"Content-Length: {len(payload)}", *headers)
    return "\r\n".join([*lines, "", ""]).encode() + payload


OK = response("200 OK", ME)
LIMITED = response("429 Too Many Requests", {"statusCode": 429, "message": "Too Many Requests"}, "Retry-After: 5")


@dataclass(slots=True)
class Upstream:
    """Answers 200 after `delay` seconds; the first request is answered 429 when `limited`."""

    delay: float
    limited: bool
    count: int = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one connection until the client closes it."""
        while True:
            try:
                head = await reader.readuntil(b"\r\n\r\n")
            except (asyncio.IncompleteReadError, ConnectionError):
                break
            writer.write(await self.answer(head))
        writer.close()

    async def answer(self, head: bytes) -> bytes:
        """The response to one request."""
        if head.startswith(b"GET /count "):
            return response("200 OK", self.count)
        self.count += 1
        first = self.count == 1
        if self.delay:
            await asyncio.sleep(self.delay)
        return LIMITED if self.limited and first else OK


async def main() -> None:
    """Serve on a free port of loopback until stdin closes."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--delay", type=float, default=0.0)
    parser.add_argument("--limited", action="store_true")
    arguments = parser.parse_args()
    upstream = Upstream(arguments.delay, arguments.limited)
    server = await asyncio.start_server(upstream.serve, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.to_thread(sys.stdin.read)
    os._exit(0)  # open connections would each be cancelled, loudly


if __name__ == "__main__":
    asyncio.run(main())
