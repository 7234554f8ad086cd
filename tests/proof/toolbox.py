"""Other people's programs that the proof runs, installed at the pinned versions of `clients/` into `.cache/proof`."""

import hashlib
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CACHE = ROOT / ".cache" / "proof"
PINS = Path(__file__).parent / "clients"
NODE_VERSION = "22.23.3"
NODE_AT_LEAST = (22, 19)
"""What the Inspector asks for."""
INSTALL_SECONDS = 900.0


def node() -> Path:
    """A Node.js that is new enough: the machine's own, or one from npm."""
    found = shutil.which("node")
    if found and _version(_output([found, "--version"])) >= NODE_AT_LEAST:
        return Path(found)
    system = {"win32": "win"}.get(sys.platform, sys.platform)
    machine = {"x86_64": "x64", "amd64": "x64", "aarch64": "arm64"}.get(
        platform.machine().lower(), platform.machine().lower()
    )
    package = f"node-{system}-{machine}"

    def install(folder: Path) -> None:
        _npm(folder, "install", "--no-save", f"{package}@{NODE_VERSION}")

    folder = _once(f"node-{NODE_VERSION}", "", install)
    return folder / "node_modules" / package / "bin" / ("node.exe" if os.name == "nt" else "node")


def node_modules() -> Path:
    """The folder with everything of `clients/package-lock.json`."""

    def install(folder: Path) -> None:
        for name in ("package.json", "package-lock.json"):
            shutil.copy(PINS / name, folder)
        _npm(folder, "ci")

    return _once("npm", (PINS / "package-lock.json").read_text(encoding="utf-8"), install) / "node_modules"


def python_with(requirements: str) -> Path:
    """The interpreter of an environment that holds exactly `clients/{requirements}.txt`."""
    pins = PINS / f"{requirements}.txt"

    def install(folder: Path) -> None:
        _run([sys.executable, "-m", "venv", str(folder)])
        _run([str(_python(folder)), "-m", "pip", "install", "-qq", "--require-hashes", "-r", str(pins)])

    return _python(_once(f"venv-{requirements}", pins.read_text(encoding="utf-8") + sys.version, install))


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
    if not stamp.exists() or stamp.read_text(encoding="utf-8") != wanted:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        install(folder)
        stamp.write_text(wanted, encoding="utf-8")
    return folder


def _npm(folder: Path, *arguments: str) -> None:
    npm = shutil.which("npm")
    assert npm, "npm is needed to install the clients that are written for Node.js"
    # No package of ours needs an install script, so none may run one.
    _run([npm, *arguments, "--prefix", str(folder), "--ignore-scripts", "--no-audit", "--no-fund"], folder)


def _python(folder: Path) -> Path:
    return folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def _run(command: Sequence[str], folder: Path | None = None) -> None:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=INSTALL_SECONDS, check=False)
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout[-2000:]}\n{done.stderr[-4000:]}"


def _output(command: Sequence[str]) -> str:
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False).stdout


def _version(text: str) -> tuple[int, ...]:
    parts = text.strip().removeprefix("v").split(".")
    return tuple(int(part) for part in parts if part.isdecimal())
