"""What the project is made of and by: licences, the workflows that build it, and the claims of `SECURITY.md`."""

import re
from importlib import metadata
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parent.parent
WORKFLOWS = {path.name: path.read_text("utf-8") for path in sorted((ROOT / ".github" / "workflows").glob("*.yml"))}
SECURITY = (ROOT / "SECURITY.md").read_text("utf-8")

PERMISSIVE = {
    "Apache Software License",
    "Apache-2.0",
    "BSD License",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "ISC",
    "MIT",
    "MIT License",
    "MIT-0",
    "PSF-2.0",
    "Python Software Foundation License",
    "Unlicense",
}
"""SPDX identifiers, and the names of classifiers for packages without one."""
EXCEPTIONS = {"certifi": {"MPL-2.0"}}
"""Used as it comes: the licence's copyleft is for changes of its own files."""

MAY_DO = {
    ("release.yml", "attest"): {"attestations": "write", "id-token": "write"},
    ("release.yml", "publish"): {"id-token": "write"},
}
"""Permissions of the jobs that need more than to read the repository."""


def licences(package: str) -> set[str]:
    """Every licence that a package's metadata names, whether all of them hold or any."""
    about = metadata.metadata(package)
    for field in ("License-Expression", "License"):
        if about.get_all(field):
            return set(re.split(r"\s+(?:OR|AND)\s+", about[field].strip("() ")))
    classifiers: list[str] = about.get_all("Classifier") or []
    return {name.split(" :: ")[-1] for name in classifiers if name.startswith("License ::")}


def test_every_dependency_has_an_allowed_licence() -> None:
    lock = (ROOT / "requirements.txt").read_text("utf-8").replace("\\\n", " ")
    locked = [Requirement(line.split("--hash")[0].strip()) for line in lock.splitlines()]
    here = [package.name for package in locked if package.marker is None or package.marker.evaluate()]
    assert len(here) > 20
    for name in here:
        found = licences(name)
        assert found, f"{name} names no licence"
        assert found <= PERMISSIVE | EXCEPTIONS.get(name, set()), (name, found)


def parsed(name: str) -> dict[str, Any]:
    return yaml.safe_load(WORKFLOWS[name])


def jobs() -> list[tuple[str, str, dict[str, Any]]]:
    return [(file, name, job) for file in WORKFLOWS for name, job in parsed(file)["jobs"].items()]


def steps() -> list[dict[str, Any]]:
    return list(chain.from_iterable(job.get("steps", []) for _, _, job in jobs()))


def commands() -> list[str]:
    return [line.strip() for step in steps() for line in step.get("run", "").splitlines()]


def test_every_action_is_pinned_to_a_commit_and_says_which_version_that_is() -> None:
    pins: dict[str, set[str]] = {}
    for text in WORKFLOWS.values():
        for used in re.findall(r"uses: (.+)", text):
            if used.startswith("./"):  # this repository's own, at the same commit
                assert (ROOT / used.split()[0]).is_file()
                continue
            pin = re.fullmatch(r"([\w-]+/[\w-]+)@([0-9a-f]{40} # v\d+\.\d+\.\d+)", used)
            assert pin, used
            pins.setdefault(pin[1], set()).add(pin[2])
    assert "actions/checkout" in pins
    assert {action: len(versions) for action, versions in pins.items() if len(versions) > 1} == {}


@pytest.mark.parametrize("name", WORKFLOWS)
def test_a_workflow_may_do_nothing_but_what_its_jobs_say(name: str) -> None:
    assert parsed(name)["permissions"] == {}
    assert "pull_request_target" not in WORKFLOWS[name]
    for job in parsed(name)["jobs"].values():
        assert "uses" in job or job["timeout-minutes"] <= 60


def test_no_job_may_do_more_than_it_needs() -> None:
    for file, name, job in jobs():
        assert job["permissions"] == MAY_DO.get((file, name), {"contents": "read"}), (file, name)


def test_no_workflow_reads_a_secret_or_keeps_credentials() -> None:
    secret = re.compile(r"secrets[.:]|password|(?<!id-)token:")
    assert not [name for name, text in WORKFLOWS.items() if secret.search(text)]
    for step in steps():
        if step.get("uses", "").startswith("actions/checkout@"):
            assert step["with"]["persist-credentials"] is False


def test_no_command_is_put_together_from_what_others_may_write() -> None:
    assert not [command for command in commands() if "${{" in command]


def test_every_make_target_of_a_workflow_exists() -> None:
    makefile = (ROOT / "Makefile").read_text("utf-8")
    targets = {word for line in commands() if line.startswith("make ") for word in line.split()[1:] if "=" not in word}
    assert {"lint", "types", "test", "minimal", "proof", "audit", "wheel"} <= targets
    for target in targets:
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target


def test_every_file_that_a_command_installs_from_exists() -> None:
    named = re.findall(r"-r (\S+)", "\n".join(commands()))
    assert named
    assert all((ROOT / name).is_file() for name in named)


def test_every_supported_python_is_tested_on_every_system() -> None:
    project = (ROOT / "pyproject.toml").read_text("utf-8")
    supported = re.findall(r"Programming Language :: Python :: (3\.\d+)", project)
    tested = parsed("ci.yml")["jobs"]
    assert tested["test"]["strategy"]["matrix"]["python"] == supported
    assert tested["windows"]["strategy"]["matrix"]["python"] == supported
    systems = [*tested["test"]["strategy"]["matrix"]["os"], tested["windows"]["runs-on"]]
    assert [name.split("-")[0] for name in systems] == ["ubuntu", "macos", "windows"]


def test_what_is_published_is_what_was_tested_and_attested() -> None:
    release = parsed("release.yml")["jobs"]
    assert [(name, job.get("needs")) for name, job in release.items()] == [
        ("test", None),
        ("build", "test"),
        ("attest", "build"),
        ("publish", "attest"),
    ]
    assert release["publish"]["environment"] == "pypi"
    built = [step for step in steps() if "upload-artifact" in step.get("uses", "")]
    taken = [step for step in steps() if "download-artifact" in step.get("uses", "")]
    assert len(built) == 1
    assert {step["with"]["name"] for step in taken} == {built[0]["with"]["name"]}


def test_every_claim_on_security_names_tests_that_exist() -> None:
    rows = [line for line in SECURITY.splitlines() if line.startswith("|") and not re.match(r"\|(---|.*Held by)", line)]
    assert len(rows) > 20
    for row in rows:
        held_by = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", row)
        assert held_by, row
        for file, test in held_by:
            assert re.search(rf"^(?:async )?def {test}\(", (ROOT / file).read_text("utf-8"), re.MULTILINE), (file, test)


def test_every_claim_on_security_is_held_by_tests_of_make_test() -> None:
    assert not re.findall(r"tests/(?:proof|bench)/", SECURITY)
