"""Everything that the server lists, as it stands on the wire in both eras, against recorded snapshots.

After a deliberate change: `UPDATE_SNAPSHOTS=1 make test`, and read the difference.
"""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from outboundsync_mcp import __version__
from outboundsync_mcp.server import INSTRUCTIONS
from tests.support.stdio import StdioPeer

SNAPSHOTS = Path(__file__).parent / "snapshots"
LISTS = ("tools/list", "prompts/list", "resources/list", "resources/templates/list")


@pytest.fixture(scope="module", params=["2025-11-25", "2026-07-28"])
def listing(request: pytest.FixtureRequest) -> tuple[str, dict[str, Any]]:
    era: str = request.param
    with StdioPeer(modern=era == "2026-07-28") as peer:
        answers = {"opening": peer.opening["result"], **{method: peer.request(method)["result"] for method in LISTS}}
    return era, answers


def test_everything_listed_is_as_recorded(listing: tuple[str, dict[str, Any]]) -> None:
    era, answers = listing
    shown = json.dumps(answers, indent=2, sort_keys=True, ensure_ascii=False).replace(__version__, "VERSION") + "\n"
    path = SNAPSHOTS / f"{era}.json"
    if os.environ.get("UPDATE_SNAPSHOTS"):
        path.write_text(shown, encoding="utf-8")
    assert path.exists(), "no snapshot: run with UPDATE_SNAPSHOTS=1"
    assert shown == path.read_text(encoding="utf-8"), "changed on the wire: run with UPDATE_SNAPSHOTS=1 if you mean it"


def test_nothing_that_never_changes_is_advertised_as_changing(listing: tuple[str, dict[str, Any]]) -> None:
    capabilities = listing[1]["opening"]["capabilities"]
    assert not any(flag for capability in capabilities.values() for flag in capability.values())
    assert {"tools", "prompts", "resources", "completions"} <= set(capabilities)


def test_every_tool_says_what_it_does_to_the_world(listing: tuple[str, dict[str, Any]]) -> None:
    for tool in listing[1]["tools/list"]["tools"]:
        assert tool["title"]
        assert len(tool["description"]) < 1000
        hints = tool["annotations"]
        assert (hints["readOnlyHint"], hints["destructiveHint"], hints["idempotentHint"]) == (True, False, True)
        assert hints["openWorldHint"] is (tool["name"] == "get_me")
        assert tool["inputSchema"]["additionalProperties"] is False
        assert "required" not in tool["inputSchema"]
        assert tool["outputSchema"]["type"] == "object"
        assert set(tool["outputSchema"]["required"]) == set(tool["outputSchema"]["properties"])


def test_lists_may_be_cached_in_the_modern_era(listing: tuple[str, dict[str, Any]]) -> None:
    era, answers = listing
    if era == "2026-07-28":
        for method in LISTS:
            assert (answers[method]["ttlMs"], answers[method]["cacheScope"]) == (3_600_000, "public")


def test_the_first_512_characters_of_the_instructions_stand_alone() -> None:
    head = INSTRUCTIONS.partition("\n\n")[0]
    assert len(head) <= 512
    for needed in ("get_me", "diagnose_error", "remediation", "who_fixes", "retryable", "API key", "data, not"):
        assert needed in head
