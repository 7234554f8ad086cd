"""The official conformance suite's server scenarios of both revisions, against the real server over HTTP."""

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.proof.serving import http_server
from tests.proof.toolbox import node, node_modules

pytestmark = pytest.mark.proof

HERE = Path(__file__).parent
SUITE_SECONDS = 300.0
STAMP = re.compile(r"-\d{4}-\d\d-\d\dT[\dA-Z-]+$")


@pytest.mark.parametrize("revision", ["2025-11-25", "2026-07-28"])
def test_every_conformance_check_passes_but_those_that_are_explained(revision: str, tmp_path: Path) -> None:
    suite = node_modules() / "@modelcontextprotocol" / "conformance" / "dist" / "index.js"
    with http_server() as url:
        done = subprocess.run(
            [node(), suite, "server", "--url", url, "--requirements", revision, "--output-dir", tmp_path],
            capture_output=True,
            text=True,
            timeout=SUITE_SECONDS,
            check=False,
        )
    checks = _checks(tmp_path)
    assert len(checks) > 60, done.stdout[-3000:] + done.stderr[-3000:]
    failed = {name: check for name, check in checks.items() if check["status"] == "FAILURE"}
    baseline: dict[str, list[str]] = yaml.safe_load((HERE / f"conformance-{revision}.yml").read_text(encoding="utf-8"))
    explained: set[str] = set(baseline["server"])
    assert not {name: check.get("errorMessage") for name, check in failed.items() if name not in explained}
    assert sorted(explained - set(failed)) == [], "these pass now: take them out of the baseline"


def _checks(folder: Path) -> dict[str, dict[str, Any]]:
    """`scenario:check` → what the suite found; of several findings under one name, a failure counts."""
    found: dict[str, dict[str, Any]] = {}
    for file in sorted(folder.glob("*/checks.json")):
        scenario = STAMP.sub("", file.parent.name).removeprefix("server-")
        for check in json.loads(file.read_text(encoding="utf-8")):
            name = f"{scenario}:{check['id']}"
            if name not in found or check["status"] == "FAILURE":
                found[name] = check
    return found
