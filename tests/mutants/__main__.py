"""Mutation testing: change api/ and diagnosis/ one place at a time, see whether the tests notice, and write the report.

    make mutants                        every campaign: hours
    make mutants ARGS="key retry"       the campaigns named
    make mutants ARGS="--report"        the report alone, from the last results

Works on copies in .cache/mutants/, one per campaign. A campaign goes on where it was interrupted, and tries again what
survived.
"""

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
WORK = ROOT / ".cache" / "mutants"
REPORT = ROOT / "docs" / "mutants.md"
REASONS = Path(__file__).with_name("reasons.toml")
COPIED = ("outboundsync_mcp", "tests", "prompts", "examples", "docs", "README.md", "pyproject.toml")
SURVIVED, NOT_RUN = {0, 33}, {None}
"""mutmut's exit codes: the tests passed, or no test reaches the function; anything else that ran is a kill."""


@dataclass(frozen=True)
class Campaign:
    """Modules, and the tests that are theirs: the fewer, the sooner a mutant is judged."""

    modules: tuple[str, ...]
    tests: tuple[str, ...]
    sample: int = 1
    """Every how many-th mutant is tried."""


def _of_diagnosis(*names: str) -> tuple[str, ...]:
    return tuple(f"tests/diagnosis/test_{name}.py" for name in names)


READER = (
    "reader", "arguments", "digest", "redact", "normalize", "units", "needles", "sighting", "statuses", "request_key",
    "phrases", "error_names", "exchanges", "own_diagnosis",
)  # fmt: skip
CAMPAIGNS = {
    "retry": Campaign(("diagnosis/retry_after",), _of_diagnosis("retry_after", "any_retry_after")),
    "diagnose": Campaign(("diagnosis/diagnose", "diagnosis/clean"), _of_diagnosis("clean", "diagnose", "edges")),
    "catalog": Campaign(("diagnosis/catalog",), _of_diagnosis("catalog", "diagnose")),
    "key": Campaign(("diagnosis/key_form",), _of_diagnosis("key_form", "edges")),
    "facts": Campaign(
        ("diagnosis/response", "diagnosis/facts"), _of_diagnosis("response", "evidence_lines", "edges", "diagnose")
    ),
    "client": Campaign(("api/*",), ("tests/api", "tests/test_situations.py")),
    "reader": Campaign(
        tuple(f"diagnosis/{name}" for name in READER),
        _of_diagnosis(*(name for name in READER if name not in ("reader", "phrases")), "readings", "reader", "phrases"),
        sample=40,
    ),
}


@dataclass(frozen=True)
class Survivor:
    """A mutant that no test noticed."""

    module: str
    function: str
    removed: str
    added: str

    @property
    def is_typing(self) -> bool:
        """Whether it changes nothing but what `cast` is told, which Python does not look at."""
        return _without_casts(self.removed) == _without_casts(self.added)


def main() -> int:
    parser = argparse.ArgumentParser(prog="make mutants")
    parser.add_argument("campaigns", nargs="*", help=f"of {', '.join(CAMPAIGNS)}; all when none is named")
    parser.add_argument("--report", action="store_true", help="only write the report")
    asked = parser.parse_args()
    for name in asked.campaigns or CAMPAIGNS:
        if name not in CAMPAIGNS:
            parser.error(f"there is no campaign {name}")
        if not asked.report:
            run(name, CAMPAIGNS[name])
    share = report()
    print(f"{share:.1%} of the mutants died: {REPORT.relative_to(ROOT)}")
    return 0 if share >= 0.9 else 1


def run(name: str, campaign: Campaign) -> None:
    """Judge the campaign's mutants. A mutant that died is not judged again, unless its function changed."""
    tree = WORK / name
    tree.mkdir(parents=True, exist_ok=True)
    for entry in COPIED:
        source, target = ROOT / entry, tree / entry
        if source.is_dir():
            shutil.rmtree(target, ignore_errors=True)
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy2(source, target)
    settings = {
        "source_paths": ["outboundsync_mcp"],
        "only_mutate": [f"outboundsync_mcp/{module}.py" for module in campaign.modules],
        "also_copy": [entry for entry in COPIED if entry not in {"outboundsync_mcp", "tests", "pyproject.toml"}],
        "pytest_add_cli_args": ["-p", "tests.mutants.plugin"],
        "pytest_add_cli_args_test_selection": list(campaign.tests),
        "timeout_multiplier": 6.0,
    }
    lines = [f"{key} = {json.dumps(value)}" for key, value in settings.items()]
    with (tree / "pyproject.toml").open("a", encoding="utf-8") as file:
        file.write("\n[tool.mutmut]\n" + "\n".join(lines) + "\n")
    _forget_survivors(tree)
    wanted = list(_sampled(tree, campaign)) if campaign.sample > 1 else []
    subprocess.run([*_MUTMUT, "run", "--max-children", str(os.cpu_count() or 1), *wanted], cwd=tree, check=False)


def _forget_survivors(tree: Path) -> None:
    """Have them tried again, by whatever tests reach them now."""
    (tree / "mutants" / "mutmut-stats.json").unlink(missing_ok=True)
    for file in tree.glob("mutants/**/*.meta"):
        known = json.loads(file.read_text(encoding="utf-8"))
        codes = known["exit_code_by_key"]
        known["exit_code_by_key"] = {name: None if code in SURVIVED else code for name, code in codes.items()}
        file.write_text(json.dumps(known), encoding="utf-8")


def _sampled(tree: Path, campaign: Campaign) -> Iterator[str]:
    """Every so many-th mutant of each module, in the order of the source."""
    subprocess.run([*_MUTMUT, "run", "--max-children", "1", "no.such.mutant"], cwd=tree, check=False)  # only generates
    for module in _modules(campaign):
        yield from list(_codes(tree, module))[:: campaign.sample]


def report() -> float:
    """Write the report; returns the share of mutants that died."""
    rows = ["| module | tried | mutants | died | alive | share |", "|---|---|---|---|---|---|"]
    survivors: list[Survivor] = []
    died, tried = Counter[str](), Counter[str]()
    for name, campaign in CAMPAIGNS.items():
        for module in _modules(campaign):
            codes = {mutant: code for mutant, code in _codes(WORK / name, module).items() if code not in NOT_RUN}
            alive = [_survivor(WORK / name, module, mutant) for mutant, code in codes.items() if code in SURVIVED]
            real = [mutant for mutant in alive if not mutant.is_typing]
            count = len(codes) - len(alive) + len(real)
            tried[module], died[module] = count, count - len(real)
            survivors += real
            if count:
                share = f"{died[module] / count:.0%}"
                note = f"every {campaign.sample}th" if campaign.sample > 1 else "all"
                rows.append(f"| `{module}.py` | {note} | {count} | {died[module]} | {len(real)} | {share} |")
    total = sum(tried.values())
    share = sum(died.values()) / total if total else 0.0
    rows.append(f"| **together** | | {total} | {sum(died.values())} | {len(survivors)} | **{share:.1%}** |")
    REPORT.write_text(_TEXT.format(rows="\n".join(rows), survivors="\n".join(_list(survivors))), encoding="utf-8")
    return share


def _modules(campaign: Campaign) -> list[str]:
    package = ROOT / "outboundsync_mcp"
    return [
        file.relative_to(package).with_suffix("").as_posix()
        for pattern in campaign.modules
        for file in sorted(package.glob(f"{pattern}.py"))
    ]


def _codes(tree: Path, module: str) -> dict[str, int | None]:
    """The exit code of each mutant of a module, None when it was not tried."""
    file = tree / "mutants" / "outboundsync_mcp" / f"{module}.py.meta"
    return json.loads(file.read_text(encoding="utf-8"))["exit_code_by_key"] if file.exists() else {}


def _survivor(tree: Path, module: str, mutant: str) -> Survivor:
    shown = subprocess.run([*_MUTMUT, "show", mutant], cwd=tree, capture_output=True, text=True, check=True).stdout
    changes = [line for line in shown.splitlines() if re.match(r"[-+](?![-+]{2} )", line)]
    removed = " ".join(line[1:].strip() for line in changes if line[0] == "-")
    added = " ".join(line[1:].strip() for line in changes if line[0] == "+")
    function = re.sub(r"^x_|__mutmut_\d+$", "", mutant.rpartition(".")[2])
    return Survivor(module, re.sub("^xǁ(.+)ǁ", r"\1.", function), removed, added)


def _without_casts(line: str) -> str:
    return re.sub(r'cast\((?:None|"[^"]*"),', "cast(", line)


def _list(survivors: Iterable[Survivor]) -> Iterator[str]:
    """The survivors by the reason for which they are left."""
    reasons = tomllib.loads(REASONS.read_text(encoding="utf-8"))["reason"]
    groups: dict[str, list[str]] = defaultdict(list)
    for survivor in survivors:
        where = f"{survivor.module}.{survivor.function}"
        why = next(
            (
                reason["why"]
                for reason in reasons
                if re.fullmatch(reason["where"], where) and re.search(reason.get("mutation", ""), survivor.added)
            ),
            "No reason but that nobody has written the test yet.",
        )
        groups[why].append(f"- `{where}`: {_code(_difference(survivor.removed, survivor.added))}")
    for why, lines in sorted(groups.items(), key=lambda group: -len(group[1])):
        yield f"\n### {why}\n\n" + "\n".join(lines)


def _difference(removed: str, added: str) -> str:
    """The two lines without what they begin and end with alike, to the nearest words."""
    start = max(0, _alike(removed, added) - 24)
    end = max(0, _alike(removed[start:][::-1], added[start:][::-1]) - 24)
    return f"{removed[start : len(removed) - end]} → {added[start : len(added) - end]}".replace("\n", " ")


def _alike(one: str, other: str) -> int:
    """How many characters both begin with."""
    return next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))


def _code(text: str) -> str:
    return f"`` {text} ``" if "`" in text else f"`{text}`"


_MUTMUT = (sys.executable, "-m", "mutmut")
_TEXT = """\
# Mutants

`make mutants` changes the code one place at a time ([mutmut](https://mutmut.readthedocs.io/)) and runs the tests of
the changed module. A mutant dies when a test fails, or runs endlessly. This page is written by that command.

{rows}

Only what stands in functions is changed, wording included; tables and patterns at module level are not. What changes
nothing but the type that `cast` is told is no mutant: Python does not look at it.

## Survivors
{survivors}
"""

if __name__ == "__main__":
    raise SystemExit(main())
