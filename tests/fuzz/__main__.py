"""`python -m tests.fuzz TARGET [libFuzzer's options]`: atheris runs a target on what its coverage suggests.

`make fuzz` installs atheris and runs every target. Seeds are the corpus. What adds coverage is kept in `.cache/fuzz/`,
and an input that broke a promise is written there, too: `make fuzz ARGS="TARGET FILE"` runs it again.
"""

import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

from tests.corpus.cases import load

CACHE = Path(".cache/fuzz")
SECONDS_PER_INPUT = 10
LONGEST = 1024
"""Bytes of an input: what is longer makes every execution slow and tells little more."""
RUNS = {"paste": 200_000, "redaction": 400_000, "response": 400_000}
"""Executions when no options say otherwise: a million."""


def fuzz(target: str, options: list[str]) -> None:
    """Fuzz the target; ends the process."""
    atheris: Any = import_module("atheris")  # in this target's own folder, not in the environment
    with atheris.instrument_imports(include=["outboundsync_mcp.diagnosis"]):
        targets = import_module("tests.fuzz.targets")
    for folder in (CACHE / "seeds", CACHE / target):
        folder.mkdir(parents=True, exist_ok=True)
    for number, case in enumerate(load("development")):
        control = bytes(number // step % 256 for step in (1, 3, 1, 1, 1))
        (CACHE / "seeds" / case.id).write_bytes(control + case.text.encode()[:LONGEST])
    if all(option.startswith("-") for option in options):
        options = [f"-runs={RUNS[target]}", *options, str(CACHE / target), str(CACHE / "seeds")]
    limits = [f"-timeout={SECONDS_PER_INPUT}", f"-max_len={LONGEST}", f"-artifact_prefix={CACHE}/broken-{target}-"]
    atheris.Setup([sys.argv[0], *limits, "-print_final_stats=1", *options], targets.TARGETS[target])
    atheris.Fuzz()


def main(arguments: list[str]) -> int:
    """Fuzz the target that is named first, or one after the other."""
    if arguments and arguments[0] in RUNS:
        fuzz(arguments[0], arguments[1:])
    commands = [[sys.executable, "-m", "tests.fuzz", name, *arguments] for name in RUNS]
    return max(subprocess.run(command, check=False).returncode for command in commands)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
