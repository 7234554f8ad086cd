"""Every host's example: parsed, free of keys, and started as the host would start it."""

import shlex
from pathlib import Path

import pytest
from mcp import Client, StdioServerParameters

from outboundsync_mcp.settings import API_KEY, API_KEY_FILE, BASE_URL, DEFAULT_TIMEOUT_SECONDS
from outboundsync_mcp.tools import MAX_WAIT_CEILING_SECONDS
from tests.examples.hosts import BY_FILE, FOLDER, HOSTS, PLACEHOLDER, Host, claude_mcp_add
from tests.support.sandbox import KEYS, running_sandbox

README = (FOLDER / "README.md").read_text("utf-8")


@pytest.fixture(params=HOSTS, ids=lambda host: host.file.split(".")[0])
def host(request: pytest.FixtureRequest) -> Host:
    return request.param


def test_every_file_of_the_folder_is_an_example_or_the_readme() -> None:
    assert {path.name for path in FOLDER.iterdir()} == {*BY_FILE, "README.md"}


def test_no_example_holds_a_key(host: Host) -> None:
    assert "osapi_" not in host.text()
    given = host.environment("the key")
    assert given in ({API_KEY: "the key"}, {API_KEY_FILE: "~/.config/outboundsync/api-key"})


@pytest.mark.anyio
async def test_the_server_starts_from_the_example_lists_its_tools_and_has_the_key(host: Host, tmp_path: Path) -> None:
    key_file = tmp_path / ".config" / "outboundsync" / "api-key"
    key_file.parent.mkdir(parents=True)
    key_file.write_text(KEYS["success"], encoding="ascii")
    program, *arguments = host.command()
    with running_sandbox() as sandbox:
        environ = {**host.environment(KEYS["success"]), BASE_URL: sandbox.origin, "HOME": str(tmp_path)}
        if API_KEY not in environ:
            environ["USERPROFILE"] = str(tmp_path)  # the home directory of Windows
        async with Client(StdioServerParameters(command=program, args=arguments, env=environ)) as client:
            listed = await client.list_tools()
            answer = await client.call_tool("get_me")
    assert [tool.name for tool in listed.tools] == ["get_me", "diagnose_error"]
    assert answer.structured_content is not None
    assert answer.structured_content["kind"] == "ok"


def test_a_time_out_that_can_be_set_holds_the_longest_wait_and_both_requests(host: Host) -> None:
    if host.timeout is None:
        assert "timeout" not in host.text()
        return
    seconds = host.entry()[host.timeout] / host.per_second
    jitter = 1
    assert seconds >= MAX_WAIT_CEILING_SECONDS + jitter + 2 * DEFAULT_TIMEOUT_SECONDS
    assert seconds <= 300  # a unit taken for another would be off by a thousand


def test_the_readme_has_a_row_for_each_host_with_its_time_out_setting(host: Host) -> None:
    (row,) = [line for line in README.splitlines() if line.startswith("| ") and f"({host.file})" in line]
    timeout = row.split("|")[5]
    assert (f"`{host.timeout}`" in timeout) if host.timeout else timeout.strip().startswith("no ")


def test_vs_code_asks_for_the_key_without_showing_it() -> None:
    (asked,) = BY_FILE["vscode.mcp.json"].parse()["inputs"]
    assert asked["type"] == "promptString"
    assert asked["password"] is True
    assert BY_FILE["vscode.mcp.json"].reference == f"${{input:{asked['id']}}}"


def test_claude_codes_command_adds_what_its_file_holds() -> None:
    entry = BY_FILE["claude_code.mcp.json"].entry()
    (variable,) = entry["env"].items()
    assert shlex.split(claude_mcp_add()) == [
        *("claude", "mcp", "add", "outboundsync-mcp", "-e", "=".join(variable)),
        *("--", PLACEHOLDER),
    ]
