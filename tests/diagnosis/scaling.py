"""How the time to read a paste grows with its size: `python -m tests.diagnosis.scaling [NAME …]`.

Linear reading takes at most 100 times as long for 100 times the text; the product's limit is 120. Prints, for every
kind of paste, CPU time at 20 KB and at 2 MB and their ratio, and for 2 KB the ratio to `json.loads` of as much text.
"""

import json
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime

from outboundsync_mcp.diagnosis.reader import read
from tests.diagnosis.pastes import PASTES

NOW = datetime(2026, 11, 22, 20, 0, tzinfo=UTC)
LIMIT = 120
HOSTILE = {
    "backslashes": "\\",
    "open objects": '{"a":',
    "open lists": "[{",
    "quotes": '"a":"',
    "quote marks": "> ",
    "headers": "Authorization: Bearer ",
    "numbers": "401 ",
    "entities": "&quot;",
    "escapes": "\\u0041",
    "long word": "a",
    "keys": "osapi_",
    "private keys": "-----BEGIN A",
    "pages": "<html>",
    "requests": "> GET / HTTP/1.1\n",
}


def seconds(work: Callable[[], object], rounds: int) -> float:
    """The least CPU time of some rounds of `work`."""
    best = float("inf")
    for _ in range(rounds):
        start = time.process_time()
        work()
        best = min(best, time.process_time() - start)
    return max(best, 1e-6)


def grown(text: str, size: int) -> str:
    """The text over and over, up to `size` characters."""
    return (text * (size // len(text) + 1))[:size]


def main(names: list[str]) -> int:
    """Print the table; 1 when a ratio is above the limit."""
    texts = {paste.name: paste.text + "\n" for paste in PASTES if paste.text} | HOSTILE
    over = 0
    print(f"{'paste':32} {'2 KB / json.loads':>18} {'20 KB':>9} {'2 MB':>9} {'ratio':>7}")
    for name, text in texts.items():
        if names and name not in names:
            continue
        small, middle, large = (grown(text, size) for size in (2_000, 20_000, 2_000_000))
        body = json.dumps([small[:1990]])
        least = seconds(lambda small=small: read(small, now=NOW), 3) / seconds(lambda body=body: json.loads(body), 20)
        times = [seconds(lambda text=text: read(text, now=NOW), 2) for text in (middle, large)]
        ratio = times[1] / times[0]
        over += ratio > LIMIT
        print(f"{name[:32]:32} {least:18.0f} {times[0] * 1e3:7.1f}ms {times[1] * 1e3:7.0f}ms {ratio:7.1f}")
    print(f"{over} above {LIMIT}")
    return 1 if over else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
