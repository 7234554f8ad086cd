"""Runs real clients against the sandbox in a network of their own and keeps what they print.

Needs root on a Debian machine with the clients installed (see README.md); the tests need none of this. Run as
`unshare -n -m -u python -m tests.corpus.recorders.record APP [TOOL …] [only=SCENARIO,…]`; APP has node_modules, .venv.
"""

import os
import re
import subprocess
import sys
import threading
import time
from pathlib import Path

from outboundsync_mcp.sandbox.server import Sandbox
from outboundsync_mcp.sandbox.state import Limits, SandboxState
from tests.corpus.recorders import plans
from tests.corpus.recorders.network import ADDRESSES, Network
from tests.corpus.recorders.store import Recording, keep
from tests.corpus.recorders.upstream import Stage, Upstream

HERE = Path(__file__).parent
HOME = Path("/home/dev/app")
ONLY = "only="


def main(arguments: list[str]) -> int:
    """Record the named tools and scenarios, or all."""
    app, wanted = Path(arguments[0]).resolve(), {name for name in arguments[1:] if not name.startswith(ONLY)}
    only = {wish for name in arguments[1:] if name.startswith(ONLY) for wish in name.removeprefix(ONLY).split(",")}
    network = Network(app, HERE / "clients", HOME)
    stage = Stage()
    state = SandboxState(Limits(retry_after_seconds=37, ip_limit=100_000))
    with Sandbox(state) as sandbox:
        host, port = sandbox.origin.removeprefix("http://").split(":")
        upstream = Upstream(network.certs, stage, (host, int(port)))
        upstream.serve_all()
        network.start_proxies()
        _start_nest(network)
        for plan in plans.read_plans():
            if wanted and plan.tool not in wanted:
                continue
            for take in plan.takes():
                if only and take.wish not in only:
                    continue
                network.point_at(ADDRESSES.get(take.scenario, "203.0.113.10"), take.scenario)
                stage.scenario = take.scenario
                stage.answered = b""
                printed = _scrubbed(_run(take, network))
                keep(Recording(plan, take, printed, stage.answered))
        network.stop()
    return 0


def _start_nest(network: Network) -> None:
    """NestJS with a roomy throttler on 3999, and with a spent one on 3998."""
    for port, limit in ((3999, 100_000), (3998, 0)):
        network.start(
            ["node", "nest_upstream.cjs"], cwd=HOME, env={**os.environ, "PORT": str(port), "LIMIT": str(limit)}
        )
    subprocess.run(
        "cd /home/dev/app && go build -o me me.go",
        shell=True,
        check=True,
        env={**os.environ, "GOFLAGS": "-mod=mod", "GOCACHE": "/tmp/corp/gocache"},
    )
    time.sleep(6)


def _run(take: "plans.Take", network: Network) -> str:
    environment = {
        "PATH": f"{HOME}/.venv/bin:{HOME}/node_modules/.bin:/usr/local/bin:/usr/bin:/bin",
        "HOME": "/home/dev",
        "USER": "dev",
        "LANG": "C.UTF-8",
        "TERM": "dumb",
        **network.trust,
        **take.environment,
    }
    try:
        done = subprocess.run(
            take.command, shell=True, cwd=HOME, env=environment, stdin=subprocess.DEVNULL, check=False,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60, executable="/bin/bash",
        )  # fmt: skip
    except subprocess.TimeoutExpired as late:
        return (late.stdout or b"").decode("utf-8", "replace")
    return done.stdout.decode("utf-8", "replace")


PROJECT = Path(__file__).resolve().parents[3]


def _scrubbed(text: str) -> str:
    """Neutral paths and names; everything else byte for byte."""
    for pattern, neutral in (
        (r"/root/\.pyenv/versions/[\d.]+", "/usr/local"),
        (r"/root\b", "/home/dev"),
        (re.escape(str(PROJECT)), "/home/dev/project"),
    ):
        text = re.sub(pattern, neutral, text)
    return text


if __name__ == "__main__":
    os.umask(0o022)
    threading.excepthook = lambda _: None
    started = time.monotonic()
    code = main(sys.argv[1:])
    print(f"{time.monotonic() - started:.0f} s")
    sys.exit(code)
