"""The built distributions, installed and started as a user would; and the locks, which must fit `pyproject.toml`."""

import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import tomllib
import venv
import zipfile
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

import pytest
from mcp import Client, StdioServerParameters
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from outboundsync_mcp import __version__

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
PROMPTS = sorted(path.stem for path in (ROOT / "prompts").glob("*.md"))
SOURCE = ("outboundsync_mcp", "prompts", "examples", "tests", "docs", ".github")
CACHES = shutil.ignore_patterns("__pycache__", "node_modules", ".*")
OWN_ENVIRONMENTS = tuple(f"requirements-{name}.txt" for name in ("minimal", "audit", "mutants", "fuzz"))
LOCKS = ("requirements.txt", "requirements-dev.txt", "requirements-build.txt", *OWN_ENVIRONMENTS)
PYTHONS = ("3.11", "3.12", "3.13", "3.14")


@dataclass(frozen=True, slots=True)
class Distributions:
    """What one build of the project left: the sdist, the wheel made from it, and the wheel made from the tree."""

    sdist: Path
    from_sdist: Path
    from_tree: Path


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Distributions:
    """Built from a copy of the tree, by the locked tools alone."""
    copy = tmp_path_factory.mktemp("tree") / "source"
    copy.mkdir()
    for name in SOURCE:
        shutil.copytree(ROOT / name, copy / name, ignore=CACHES)
    for path in ROOT.iterdir():
        if path.is_file() and not path.name.startswith("."):
            shutil.copy2(path, copy)
    from_sdist, from_tree = copy.parent / "from_sdist", copy.parent / "from_tree"
    for arguments in (["--outdir", from_sdist], ["--wheel", "--outdir", from_tree]):
        run(sys.executable, "-m", "build", "--no-isolation", *arguments, copy, cwd=copy.parent)
    (sdist,) = from_sdist.glob("*.tar.gz")
    (wheel,) = from_sdist.glob("*.whl")
    (tree_wheel,) = from_tree.glob("*.whl")
    return Distributions(sdist, wheel, tree_wheel)


@pytest.fixture(scope="module")
def installed(built: Distributions, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A new environment's folder of scripts, with the wheel in it and the locked dependencies in sight."""
    home = tmp_path_factory.mktemp("installed")
    venv.create(home, with_pip=False, symlinks=os.name != "nt")
    scripts = Path(sysconfig.get_path("scripts", "venv", {"base": str(home)}))
    packages = Path(sysconfig.get_path("purelib", "venv", {"base": str(home)}))
    # A path in a .pth file is searched, but .pth files there are not read: the editable install stays out of sight.
    (packages / "locked.pth").write_text(f"{sysconfig.get_path('purelib')}\n{sysconfig.get_path('platlib')}\n")
    python = scripts / "python"
    run(
        *(sys.executable, "-m", "pip", "--python", python, "install", "--quiet", "--disable-pip-version-check"),
        *("--no-deps", "--no-index", built.from_sdist),
        cwd=home,
    )
    return scripts


def run(*command: str | Path, cwd: Path) -> str:
    """The command's stdout; a failure shows both outputs."""
    done = subprocess.run([str(part) for part in command], cwd=cwd, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{command} ended with {done.returncode}:\n{done.stdout}\n{done.stderr}"
    return done.stdout


def in_wheel(wheel: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(wheel) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_the_wheel_holds_code_catalog_prompts_and_clients_and_no_tests(built: Distributions) -> None:
    files = in_wheel(built.from_sdist)
    top = {name.split("/")[0] for name in files}
    assert top == {"outboundsync_mcp", f"outboundsync_mcp-{__version__}.dist-info"}
    assert {"outboundsync_mcp/py.typed", "outboundsync_mcp/diagnosis/catalog.toml"} <= files.keys()
    for folder, copy in (("prompts", "_prompts"), ("examples/clients", "_examples/clients")):
        shipped = {path.name: path.read_bytes() for path in (ROOT / folder).iterdir() if path.is_file()}
        prefix = f"outboundsync_mcp/{copy}/"
        assert {name.removeprefix(prefix): body for name, body in files.items() if name.startswith(prefix)} == shipped
    assert f"outboundsync_mcp-{__version__}.dist-info/licenses/LICENSE" in files


def test_the_wheel_is_the_same_from_the_tree_and_from_the_sdist(built: Distributions) -> None:
    assert in_wheel(built.from_tree) == in_wheel(built.from_sdist)


def test_the_sdist_holds_what_its_own_tests_need(built: Distributions) -> None:
    with tarfile.open(built.sdist) as archive:
        files = {name.split("/", 1)[1] for name in archive.getnames()}
    expected = {"Makefile", "README.md", "CHANGELOG.md", "LICENSE", "pyproject.toml", *LOCKS, "tests/test_packaging.py"}
    expected |= {"SECURITY.md", "docs/clients.md", ".github/workflows/ci.yml"}
    assert expected | {f"prompts/{name}.md" for name in PROMPTS} <= files
    assert not [name for name in files if "__pycache__" in name or name.startswith(".venv")]


@pytest.mark.anyio
async def test_the_installed_command_lists_its_prompts_and_quotes_a_client(installed: Path, tmp_path: Path) -> None:
    code = "import outboundsync_mcp; print(outboundsync_mcp.__file__)"
    assert Path(run(installed / "python", "-c", code, cwd=tmp_path).strip()).is_relative_to(installed.parent)

    command = StdioServerParameters(command=str(installed / "outboundsync-mcp"), cwd=tmp_path)
    async with Client(command) as client:
        listed = await client.list_prompts()
        prompt = await client.get_prompt("add_retry_handling", {"language": "Python"})
    assert sorted(prompt.name for prompt in listed.prompts) == PROMPTS
    assert "Retry-After" in prompt.messages[0].model_dump_json()


@pytest.mark.anyio
async def test_the_editable_install_starts_from_anywhere_and_reads_the_prompts_of_the_tree(tmp_path: Path) -> None:
    try:
        direct_url = metadata.distribution("outboundsync-mcp").read_text("direct_url.json") or ""
    except metadata.PackageNotFoundError:
        direct_url = ""
    if '"editable": true' not in direct_url and '"editable":true' not in direct_url:
        pytest.skip("this environment has no editable install; the one that `make test` sets up has")
    scripts = Path(sysconfig.get_path("scripts"))
    command = StdioServerParameters(command=str(scripts / "outboundsync-mcp"), cwd=tmp_path)
    async with Client(command) as client:
        listed = await client.list_prompts()
    assert sorted(prompt.name for prompt in listed.prompts) == PROMPTS


def test_the_commands_that_need_no_set_up_answer_without_importing_the_sdk(installed: Path, tmp_path: Path) -> None:
    shown = run(installed / "outboundsync-mcp", "--version", cwd=tmp_path)
    assert __version__ in shown
    imported = run(
        *(installed / "python", "-c"),
        "import sys, outboundsync_mcp.cli; print(*sorted({name.split('.')[0] for name in sys.modules}))",
        cwd=tmp_path,
    )
    assert {"mcp", "mcp_types", "httpx", "rich", "pydantic", "starlette"}.isdisjoint(imported.split())


@pytest.mark.skipif(shutil.which("make") is None, reason="this machine has no make")
def test_make_demo_sets_up_the_command_that_the_host_configurations_name(tmp_path: Path) -> None:
    steps = run("make", "--dry-run", "demo", f"VENV={tmp_path / 'new'}", cwd=ROOT)
    assert re.search(r"pip install .*--no-build-isolation --editable \.", steps)
    assert steps.index("requirements-build.txt") < steps.index("--editable .") < steps.index("outboundsync_mcp demo")


def locked(name: str) -> dict[str, list[Requirement]]:
    """The packages of a lock file, each line's requirement without its hashes."""
    lines = (ROOT / name).read_text("utf-8").replace("\\\n", " ").splitlines()
    packages: dict[str, list[Requirement]] = {}
    for line in lines:
        requirement = Requirement(line.split("--hash")[0].strip())
        packages.setdefault(canonicalize_name(requirement.name), []).append(requirement)
    return packages


def declared(name: str) -> list[Requirement]:
    """What a lock has to satisfy: the dependencies, the tools of a purpose, or the dependencies and `dev`."""
    groups: dict[str, list[str | dict[str, str]]] = PROJECT["dependency-groups"]

    def group(key: str) -> list[str]:
        entries = [[entry] if isinstance(entry, str) else group(entry["include-group"]) for entry in groups[key]]
        return [text for texts in entries for text in texts]

    dependencies: list[str] = PROJECT["project"]["dependencies"]
    build = [*PROJECT["build-system"]["requires"], *group("build")]
    texts = {
        "requirements.txt": dependencies,
        "requirements-build.txt": build,
        "requirements-audit.txt": group("audit"),
        "requirements-mutants.txt": [*dependencies, *group("mutants")],
        "requirements-fuzz.txt": [*dependencies, *group("fuzz")],
    }
    return [Requirement(text) for text in texts.get(name, [*dependencies, *group("dev"), *build])]


@pytest.mark.parametrize("name", LOCKS)
def test_every_declared_dependency_is_locked_at_an_allowed_version(name: str) -> None:
    packages = locked(name)
    for requirement in declared(name):
        lines = packages[canonicalize_name(requirement.name)]
        for python in PYTHONS:
            environment = {"python_version": python, "python_full_version": f"{python}.0", "sys_platform": "linux"}
            if requirement.marker is not None and not requirement.marker.evaluate(environment):
                continue
            fitting = [line for line in lines if line.marker is None or line.marker.evaluate(environment)]
            versions = [next(iter(line.specifier)).version for line in fitting]
            assert versions, (requirement, python)
            assert all(requirement.specifier.contains(version) for version in versions), (requirement, python)


@pytest.mark.parametrize("name", LOCKS)
def test_locks_pin_exact_versions_with_hashes_and_name_no_index_or_host(name: str) -> None:
    text = (ROOT / name).read_text("utf-8")
    assert not re.search(r"://|--(?!hash=)|@|(?m:^\s*#)|\.(org|com|io|net)\b", text)
    entries = text.replace("\\\n", " ").splitlines()
    assert all(re.fullmatch(r"[a-z0-9-]+==[^\s*]+( ;.+?)?( +--hash=sha256:[0-9a-f]{64})+", entry) for entry in entries)


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-build.txt"])
def test_the_development_lock_agrees_on_every_package_of_the_others(name: str) -> None:
    development = locked("requirements-dev.txt")
    disagreeing = {
        package: (requirements, development.get(package))
        for package, requirements in locked(name).items()
        if {str(line.specifier) for line in requirements}
        != {str(line.specifier) for line in development.get(package, [])}
    }
    assert disagreeing == {}


def test_the_oldest_versions_are_the_declared_lower_bounds() -> None:
    packages = locked("requirements-minimal.txt")
    for requirement in declared("requirements-minimal.txt"):
        (bound,) = [Version(part.version) for part in requirement.specifier if part.operator == ">="]
        lines = packages[canonicalize_name(requirement.name)]
        (version,) = [
            Version(next(iter(line.specifier)).version)
            for line in lines
            if line.marker is None or line.marker.evaluate({"python_full_version": "3.11.9", "python_version": "3.11"})
        ]
        assert version == bound, requirement
