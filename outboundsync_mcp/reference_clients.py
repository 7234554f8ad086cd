"""The reference clients of `examples/clients`: which exist, and their source for prompts and resources to quote."""

from dataclasses import dataclass
from functools import cache

from outboundsync_mcp.shipped import shipped


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferenceClient:
    """One program that follows the documented retry guidance; `id` names it in `outboundsync://clients/{client}`."""

    id: str
    language: str
    http_client: str
    file: str
    fence: str
    """The info string of its Markdown fence."""
    runs_with: str

    @property
    def source(self) -> str:
        """The program's text."""
        return _read(self.file)

    @property
    def fenced(self) -> str:
        """The program as a Markdown code block."""
        return f"```{self.fence}\n{self.source.rstrip()}\n```"


# A language's first client is the one to show when another HTTP client is asked for.
REFERENCE_CLIENTS = (
    ReferenceClient(
        id="python-httpx",
        language="Python",
        http_client="httpx",
        file="python_httpx.py",
        fence="python",
        runs_with="Python 3.9 or later with httpx",
    ),
    ReferenceClient(
        id="python-requests",
        language="Python",
        http_client="requests",
        file="python_requests.py",
        fence="python",
        runs_with="Python 3.9 or later with requests",
    ),
    ReferenceClient(
        id="javascript-fetch",
        language="JavaScript",
        http_client="fetch",
        file="javascript_fetch.mjs",
        fence="javascript",
        runs_with="Node.js 18 or later",
    ),
    ReferenceClient(
        id="typescript-fetch",
        language="TypeScript",
        http_client="fetch",
        file="typescript_fetch.mts",
        fence="typescript",
        runs_with="Node.js 18 or later, compiled; Node.js 22.18 or later runs it as it is",
    ),
    ReferenceClient(
        id="go-net-http",
        language="Go",
        http_client="net/http",
        file="go_net_http.go",
        fence="go",
        runs_with="Go 1.18 or later",
    ),
    ReferenceClient(
        id="bash-curl",
        language="Bash",
        http_client="curl",
        file="bash_curl.sh",
        fence="bash",
        runs_with="bash 3.2 or later with curl 7.55 or later",
    ),
)

LANGUAGE_ALIASES = {
    "py": "Python",
    "python3": "Python",
    "js": "JavaScript",
    "node": "JavaScript",
    "node.js": "JavaScript",
    "nodejs": "JavaScript",
    "ts": "TypeScript",
    "golang": "Go",
    "sh": "Bash",
    "shell": "Bash",
    "curl": "Bash",
}


def language_named(name: str) -> str:
    """The usual spelling of a language that has a reference client; any other name as it was given."""
    folded = name.casefold()
    known = {client.language.casefold(): client.language for client in REFERENCE_CLIENTS}
    return LANGUAGE_ALIASES.get(folded) or known.get(folded, name)


def clients_in(language: str) -> tuple[ReferenceClient, ...]:
    """The reference clients in a language; empty when there is none."""
    name = language_named(language)
    return tuple(client for client in REFERENCE_CLIENTS if client.language == name)


def algorithm() -> str:
    """The same behaviour in words, for every other language: Markdown."""
    return _read("algorithm.md").strip()


@cache
def _read(file: str) -> str:
    return shipped("examples/clients").joinpath(file).read_text(encoding="utf-8")
