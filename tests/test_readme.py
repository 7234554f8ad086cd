"""README, executed: its example, its tables and every command, against this checkout.

After a deliberate change of what they show: `UPDATE_SNAPSHOTS=1 make test`, and read the difference.
"""

import asyncio
import json
import os
import re
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml
from mcp import Client
from mcp.client.stdio import StdioServerParameters

from outboundsync_mcp import prompts, resources
from outboundsync_mcp.diagnosis.catalog import load_catalog
from outboundsync_mcp.diagnosis.diagnosis import Diagnosis
from outboundsync_mcp.server import create_server
from outboundsync_mcp.settings import VARIABLES, Settings
from tests.support.sandbox import KEYS, running_sandbox
from tests.support.stdio import environment

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"
TEXT = README.read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL)
SHELL = [line.split(" #")[0].strip() for kind, block in BLOCKS if kind == "sh" for line in block.splitlines()]
CONFIGURATIONS = [json.loads(block) for kind, block in BLOCKS if kind == "json" and "command" in block]


def section(name: str) -> str:
    found = re.search(rf"<!-- {name} -->\n(.*?)<!-- /{name.split(':', maxsplit=1)[0]} -->", TEXT, re.DOTALL)
    assert found, f"README has no part {name}"
    return found[1]


def assert_section(name: str, expected: str) -> None:
    """The part between the marks is as expected; with UPDATE_SNAPSHOTS, make it so."""
    if os.environ.get("UPDATE_SNAPSHOTS") and section(name) != expected:
        text = README.read_text(encoding="utf-8")
        mark = f"<!-- {name} -->\n"
        README.write_text(text.replace(mark + section(name), mark + expected), encoding="utf-8")
        return
    assert section(name) == expected, "README differs: run with UPDATE_SNAPSHOTS=1 if you mean it"


def test_the_table_of_errors_is_the_catalogs() -> None:
    catalog = load_catalog()
    rows = [
        f"| {entry.when} | `{entry.kind}` | {' or '.join(catalog.who_fixes(entry.kind))} | {entry.remediation[0]} |"
        for entry in catalog.kinds()
        if entry.kind != "ok"
    ]
    head = ["| You see | `kind` | Who fixes it | First step |", "|---|---|---|---|"]
    assert_section("table: errors", "\n".join([*head, *rows]) + "\n")


def test_the_example_is_what_the_server_answers() -> None:
    async def ask(origin: str) -> dict[str, Any]:
        environ = {"OUTBOUNDSYNC_API_KEY": KEYS["api_access_disabled"], "OUTBOUNDSYNC_BASE_URL": origin}
        async with Client(create_server(Settings.from_env(environ))) as client:
            result = await client.call_tool("get_me", {})
        return result.structured_content

    with running_sandbox() as sandbox:
        answer = json.dumps(asyncio.run(ask(sandbox.origin)), indent=2, ensure_ascii=False)
        answer = answer.replace(sandbox.origin, "https://app.outboundsync.com").replace(
            "127.0.0.1", "app.outboundsync.com"
        )
    assert_section("example: forbidden", f"```json\n{answer}\n```\n")


def test_readme_names_every_variable_field_tool_prompt_and_resource() -> None:
    names = [*VARIABLES, *Diagnosis.model_fields, "get_me", "diagnose_error", "max_wait_seconds"]
    names += [str(resource.uri) for resource in resources.list_resources()]
    names += [template.uri_template for template in resources.list_templates()]
    names += [prompt.name for prompt in prompts.list_prompts()]
    assert [name for name in names if f"`{name}`" not in TEXT] == []


def test_readme_is_short_and_in_order() -> None:
    assert len(TEXT.splitlines()) < 300
    headings = re.findall(r"^## (.+)$", TEXT, re.MULTILINE)
    assert headings == [
        "What an assistant sees",
        "Quick start",
        "Tools",
        "Configuration",
        "Which error do I have?",
        "How the key is protected",
        "The vendor's own MCP server",
        "Development",
    ]


def test_every_link_to_a_file_leads_somewhere() -> None:
    for target in re.findall(r"\]\((?!https?://)([^)#]+)\)", TEXT):
        assert (ROOT / target).exists(), target


@pytest.mark.parametrize("configuration", CONFIGURATIONS, ids=["Claude Desktop", "Cursor", "VS Code"])
def test_every_host_configuration_starts_the_server(configuration: dict[str, Any], tmp_path: Path) -> None:
    servers = configuration.get("mcpServers") or configuration["servers"]
    launch = servers["outboundsync-mcp"]
    assert launch["command"] == "/absolute/path/to/.venv/bin/outboundsync-mcp"
    key = tmp_path / "outboundsync.key"
    key.write_text(KEYS["success"])
    # What the host puts in place of its own references.
    values = {name: str(key) if name.endswith("FILE") else KEYS["success"] for name in launch["env"]}
    assert all("osapi_" not in value for value in launch["env"].values())

    async def ask(origin: str) -> bool:
        variables = environment(**values, OUTBOUNDSYNC_BASE_URL=origin)
        parameters = StdioServerParameters(command=script()[0], args=script()[1:], env=variables)
        async with Client(parameters) as client:
            return (await client.call_tool("get_me", {})).structured_content["ok"]

    with running_sandbox() as sandbox:
        assert asyncio.run(ask(sandbox.origin))


def script() -> list[str]:
    """What `outboundsync-mcp` is in this environment."""
    return [sys.executable, "-m", "outboundsync_mcp"]


def test_the_claude_code_command_stores_a_reference_and_no_key() -> None:
    (line,) = [line for line in SHELL if line.startswith("claude ")]
    words = shlex.split(line)
    assert words[:4] == ["claude", "mcp", "add", "outboundsync-mcp"]
    assert "OUTBOUNDSYNC_API_KEY=${OUTBOUNDSYNC_API_KEY}" in words
    assert words[-1].endswith("/.venv/bin/outboundsync-mcp")


def test_make_targets_exist() -> None:
    makefile = (ROOT / "Makefile").read_text()
    targets = [target for line in SHELL if line.startswith("make ") for target in line.split()[1:]]
    assert {"demo", "test"} <= set(targets)
    for target in targets:
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target


def test_every_command_of_the_program_runs(tmp_path: Path) -> None:
    (tmp_path / "error.log").write_text("outboundsync: HTTP 401 Invalid API key\n")
    ran: list[str] = []
    with running_sandbox() as sandbox:
        variables = environment(OUTBOUNDSYNC_API_KEY=KEYS["success"], OUTBOUNDSYNC_BASE_URL=sandbox.origin)
        for line in SHELL:
            program, *arguments = shlex.split(line) or [""]
            if not program.endswith("outboundsync-mcp") or arguments == ["demo"]:  # the demo is a test of its own
                continue
            arguments = [
                "0" if before == "--port" else word for before, word in zip(["", *arguments], arguments, strict=False)
            ]
            long_running = arguments[0] in {"serve", "sandbox"}
            run_one(arguments, variables, tmp_path, stops_by_itself=not long_running)
            ran.append(arguments[0])
    assert set(ran) == {"serve", "doctor", "diagnose", "sandbox"}


def run_one(arguments: Sequence[str], variables: dict[str, str], directory: Path, *, stops_by_itself: bool) -> None:
    with subprocess.Popen(
        [*script(), *arguments],
        env={**variables, "PYTHONPATH": str(ROOT)},
        cwd=directory,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    ) as process:
        assert process.stdout is not None
        if stops_by_itself:
            output = process.stdout.read().decode()
            assert process.wait(30) == 0, output
            return
        said = ""
        began = time.monotonic()
        while "http://127.0.0.1:" not in said and time.monotonic() - began < 30:
            said += process.stdout.readline().decode()
        process.send_signal(signal.SIGTERM)
        process.stdout.read()
        assert "http://127.0.0.1:" in said
        assert process.wait(30) in {0, 143}


def test_front_matter_and_readme_agree_on_the_prompts() -> None:
    for path in sorted((ROOT / "prompts").glob("*.md")):
        front = yaml.safe_load(path.read_text(encoding="utf-8").split("---\n")[1])
        assert f"`{front['name']}`" in TEXT
