"""Programs of other makers, installed into `.cache/` of the checkout once, and anew when their versions change."""

import json
import os
import platform
import shutil
import subprocess
import sys
import sysconfig
import venv
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

CACHE = Path(__file__).parents[2] / ".cache"
NODE = "22.23.3"
"""Installed where the machine's own Node.js is older than NODE_NEEDED."""
NODE_NEEDED = (22, 18)
"""The first that runs TypeScript as it is; Claude Code needs 22 too."""


def python_environment(name: str, requirements: str) -> Path:
    """The interpreter of a virtual environment with these requirements (a requirements file's text)."""
    home = CACHE / name
    scripts = Path(sysconfig.get_path("scripts", "venv", {"base": str(home)}))

    def install() -> None:
        venv.create(home, with_pip=True)
        (home / "requirements.txt").write_text(requirements, "utf-8")
        _run(scripts / "python", "-m", "pip", "install", "-q", "-r", home / "requirements.txt")

    _once(home, requirements + sys.version, install)
    return scripts / "python"


def node_environment(name: str, packages: Mapping[str, str]) -> Path:
    """A folder whose `node_modules` holds these packages, each at its version."""
    home = CACHE / name
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("this machine has no npm")
    manifest = json.dumps({"private": True, "type": "module", "dependencies": dict(packages)}, indent=2)

    def install() -> None:
        home.mkdir(parents=True)
        (home / "package.json").write_text(manifest, "utf-8")
        _run(npm, "install", "--no-audit", "--no-fund", "--loglevel=error", cwd=home)

    _once(home, manifest, install)
    return home


def node() -> Path:
    """A Node.js of at least NODE_NEEDED: the machine's own, or the one that npm packages carry for this machine."""
    found = shutil.which("node")
    if found is not None:
        version = subprocess.run([found, "--version"], capture_output=True, text=True, check=True).stdout
        if tuple(int(part) for part in version.strip().removeprefix("v").split(".")[:2]) >= NODE_NEEDED:
            return Path(found)
    machine = {"x86_64": "x64", "amd64": "x64", "aarch64": "arm64"}.get(platform.machine().lower(), "arm64")
    package = f"node-{platform.system().lower()}-{machine}"
    return node_environment("node", {package: NODE}) / "node_modules" / package / "bin" / "node"


def _once(home: Path, content: str, install: Callable[[], None]) -> None:
    """Install unless the stamp says that it is there; what an interrupted run left is thrown away."""
    stamp = home / "installed"
    if not stamp.exists() or stamp.read_text("utf-8") != content:
        shutil.rmtree(home, ignore_errors=True)
        install()
        stamp.write_text(content, "utf-8")


def _run(*command: str | Path, cwd: Path | None = None) -> None:
    environ = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        [str(part) for part in command], cwd=cwd, env=environ, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{command} ended with {done.returncode}:\n{done.stdout}\n{done.stderr}"
