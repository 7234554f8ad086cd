"""What a client reports, in one shape for all of them. Standard library only: it runs in every client's environment."""

import json
import os
import sys
from collections.abc import Sequence
from typing import Any

CALLS: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("success", "get_me", {}),
    ("failure", "get_me", {}),
    ("retried", "get_me", {"max_wait_seconds": 30}),
    ("diagnosed", "diagnose_error", {"status": 403}),
    ("undiagnosed", "diagnose_error", {"text": "nothing to see here"}),
)
"""Label, tool and arguments. The API answers 200, then 401, then 429 with a short wait, then 200."""
PROMPT = "add_retry_handling"
PROMPT_ARGUMENTS = {"language": "Python"}
RESOURCE = "outboundsync://errors"


def server_environment() -> dict[str, str]:
    """The server's variables: most clients hand on only a few of their own."""
    return {name: value for name, value in os.environ.items() if name.startswith("OUTBOUNDSYNC_")}


def server_arguments() -> list[str]:
    """Behind the interpreter `sys.argv[1]`."""
    return ["-m", "outboundsync_mcp"]


def seen(texts: Sequence[str], structured: Any, error: bool | None, exception: str | None = None) -> dict[str, Any]:
    """What came back from a call, as the diagnosis that each channel carries."""
    return {
        "text": next((kind for text in texts if (kind := _kind(text))), None),
        "structured": structured.get("kind") if isinstance(structured, dict) else None,
        "error": error,
        "exception": exception,
    }


def told(text: str) -> dict[str, Any]:
    """What a model was given of a call, for a report of it: all of it, and the diagnosis in it."""
    return {"given": text, "told": _kind(text)}


def _kind(text: str) -> str | None:
    try:
        value = json.loads(text)
    except ValueError:
        return None
    if not isinstance(value, dict):
        return None
    return _kind(value["error"]) if value.keys() == {"error"} else value.get("kind")


def hand_over(report: dict[str, Any]) -> None:
    """Print the report."""
    sys.stdout.write(json.dumps(report) + "\n")
