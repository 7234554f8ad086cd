"""How fast a paste is read, and how the time grows with its size: of the corpus, and of texts made to be slow."""

import json
from datetime import UTC, datetime
from functools import partial
from statistics import median

from outboundsync_mcp.diagnosis.reader import read
from tests.bench.measurements import Figure, interleaved, milliseconds, ratio, timed
from tests.corpus.cases import load

NOW = datetime(2026, 11, 22, 20, 0, tzinfo=UTC)
SMALL, MEDIUM, LARGE = 2_000, 20_000, 2_000_000
"""Characters of a paste."""
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
    "a long word": "a",
    "keys": "osapi_",
    "private keys": "-----BEGIN A",
    "pages": "<html>",
    "requests": "> GET / HTTP/1.1\n",
    "server logs": "Internal Server Error: /x\nECONNREFUSED\n",
    "distrust": "SecTrust: outboundsync.com is not trusted\n",
    "dumps": "SocketError: other side closed\n  written: 429, read: 0\n",
    "mails": "On Mon, outboundsync wrote:\n> AcmeTlsFailure\n\n",
}


def kinds() -> dict[str, str]:
    """Of each kind of the corpus some pastes, one below the other, as much as is read in the smaller size."""
    texts: dict[str, str] = {}
    for case in load("development"):
        if len(texts.get(case.kind, "")) < MEDIUM:
            texts[case.kind] = f"{texts.get(case.kind, '')}{case.text}\n"[:MEDIUM]
    return texts


def grown(text: str, size: int) -> str:
    """The text over and over, up to `size` characters."""
    return (text * (size // len(text) + 1))[:size]


def _read(text: str) -> float:
    return timed(lambda: read(text, now=NOW))


def short_pastes(rounds: int) -> Figure:
    """A corpus paste of about 2 KB, in JSON parses of as much text: the median of all such pastes."""
    texts = [case.text for case in load("development") if 0.8 * SMALL <= len(case.text) <= 1.2 * SMALL]

    def read_all() -> float:
        return median(_read(text) for text in texts)

    def parse_all() -> float:
        return median(timed(partial(json.loads, json.dumps({"text": text}))) for text in texts)

    ours, reference = interleaved(rounds, read_all, parse_all)
    return ratio("reading a 2 KB paste against `json.loads`", ours, reference, milliseconds)


def growth(name: str, texts: dict[str, str], rounds: int) -> Figure:
    """2 MB against 20 KB of each text: the figure of the one whose time grows most."""
    figures: list[Figure] = []
    for which, text in texts.items():
        large, medium = interleaved(rounds, *(partial(_read, grown(text, size)) for size in (LARGE, MEDIUM)))
        figures.append(ratio(which, large, medium, milliseconds, target=120))
    worst = max(figures, key=lambda figure: figure.value)
    title = f"reading 2 MB against 20 KB, the worst of {len(texts)} {name}: {worst.name}"
    return Figure(title, worst.ours, worst.reference, worst.value, worst.spread, worst.target)


def reading(rounds: int) -> list[Figure]:
    """All figures of the reader."""
    return [
        short_pastes(rounds),
        growth("kinds of the corpus", kinds(), max(1, rounds // 5)),
        growth("hostile shapes", HOSTILE, max(1, rounds // 5)),
    ]
