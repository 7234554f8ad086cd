"""Reads plans.toml: per tool its commands (styles) and the scenarios that each of them meets."""

import hashlib
import re
import subprocess
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

URL = "https://app.outboundsync.com/api/v1/me"
PROXIES = {"407": "http://proxy.corp.example:8888", "403_squid": "http://proxy.corp.example:3128",
           "proxy_refused": "http://proxy.corp.example:8899"}  # fmt: skip
KEYS = {
    "401_vendor": "pat-na1-{hex8}-{hex4}-{hex4}-{hex4}-{hex12}",
    "401_double": "Bearer osapi_live_{secret}",
    "401_quoted": '"osapi_live_{secret}"',
    "401_placeholder": "YOUR_API_KEY",
    "401_placeholder2": "osapi_your_key_here",
    "401_unexpanded": "${{OUTBOUNDSYNC_API_KEY}}",
    "401_openai": "sk-proj-{secret}{secret}",
}
"""Malformed keys, as a user would have configured them. A scenario without a row sends a good-looking key."""


@dataclass(frozen=True, slots=True)
class Style:
    """One way to run a tool."""

    name: str
    command: str
    scenarios: tuple[str, ...]
    shows_request: bool = False
    """The output shows the headers that were sent, so a missing key is visible."""
    prompt: str | None = None
    """The command as typed, printed before the output as in a terminal."""


@dataclass(frozen=True, slots=True)
class Take:
    """One run of one client."""

    id: str
    style: Style
    wish: str
    """The scenario as planned; `scenario` is what the upstream plays."""
    secret: str
    key: str | None

    @property
    def scenario(self) -> str:
        """What the upstream is told to play."""
        if self.wish.startswith("401_") or self.wish in {"missing", "401_plain_prompt"}:
            return "401"
        return "ok" if self.wish in PROXIES else self.wish

    @property
    def command(self) -> str:
        """The shell command."""
        return self.style.command

    @property
    def environment(self) -> dict[str, str]:
        """URL, key and proxy of this take."""
        url = URL + "e" if self.wish in {"404", "nest_404"} else URL
        return {
            "URL": url,
            **({} if self.key is None else {"KEY": self.key}),
            **(dict.fromkeys(("HTTPS_PROXY", "https_proxy"), PROXIES[self.wish]) if self.wish in PROXIES else {}),
        }

    @property
    def secrets(self) -> list[str]:
        """What must not come out of a diagnosis: the parts of the key that are random."""
        if self.key is None or self.wish in {"401_placeholder", "401_placeholder2", "401_unexpanded"}:
            return []
        return [self.key.split("-", 2)[2] if self.wish == "401_vendor" else self.secret]


@dataclass(frozen=True)
class Plan:
    """A tool with everything recorded of it."""

    tool: str
    version_command: str
    styles: tuple[Style, ...]
    tags: tuple[str, ...] = field(default=())

    def takes(self) -> Iterator[Take]:
        """All runs, in order."""
        for style in self.styles:
            for wish in style.scenarios:
                yield _take(f"{self.tool}-{style.name}-{wish}".replace("_", "-"), style, wish)

    @cached_property
    def version(self) -> str:
        """The tool's version as it says itself."""
        done = subprocess.run(
            self.version_command, shell=True, capture_output=True, text=True, check=False, cwd="/home/dev/app"
        )
        return (done.stdout or done.stderr).strip().splitlines()[0].strip() if done.stdout or done.stderr else ""


def _take(case: str, style: Style, wish: str) -> Take:
    digest = hashlib.sha256(case.encode()).hexdigest()
    alphabet = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789"
    raw = hashlib.sha512(case.encode()).digest()
    secret = "".join(alphabet[byte % len(alphabet)] for byte in raw[:28])
    form = KEYS.get(wish, "osapi_live_{secret}")
    key = form.format(secret=secret, hex8=digest[:8], hex4=digest[8:12], hex12=digest[12:24])
    return Take(case, style, wish, secret, None if wish == "missing" else key)


def read_plans() -> tuple[Plan, ...]:
    """Every plan of plans.toml, in its order."""
    table = tomllib.loads((Path(__file__).parent / "plans.toml").read_text(encoding="utf-8"))
    return tuple(
        Plan(
            tool["name"],
            tool["version"],
            tuple(_style(row, table["groups"]) for row in tool["style"]),
            tuple(tool.get("tags", ())),
        )
        for tool in table["tool"]
    )


def _style(row: Mapping[str, Any], groups: Mapping[str, str]) -> Style:
    scenarios = re.sub(r"@(\w+)", lambda group: groups[group[1]], row["scenarios"])
    shows, prompt = row.get("shows_request", False), row.get("prompt")
    return Style(row["name"], row["command"], tuple(scenarios.split()), shows, prompt)
