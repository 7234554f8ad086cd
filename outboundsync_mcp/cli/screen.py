"""What the commands print: plain text, or colours, boxes and a progress bar when stdout is a terminal that wants them.

`rich` is imported here alone, and only for such a terminal.
"""

import json
import os
import re
import shutil
import sys
import textwrap
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from functools import cached_property
from typing import TYPE_CHECKING, TextIO

from outboundsync_mcp.diagnosis.clean import clean
from outboundsync_mcp.diagnosis.diagnosis import Diagnosis

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from rich.console import Console, RenderableType
    from rich.text import Text

PLAIN_WIDTH = 100
"""Columns of text that goes to a file or a pipe."""
_WIDEST = 110
_LONGEST_ITEM = 4000
_MARKER = re.compile(r"(?:-|[0-9]{1,2}\.) ")
_BOLD = re.compile(r"\*\*([^*]+)\*\*")

Row = tuple[str, Sequence[str]]
"""A label and its items, one paragraph each."""
ShowWait = Callable[[float, float | None, str | None], None]
"""Shows (seconds waited, seconds to wait, message)."""


class Screen:
    """Prints to stdout, or to `stream`. Text from outside is never interpreted as markup or control sequence."""

    def __init__(self, stream: TextIO | None = None, environ: Mapping[str, str] | None = None) -> None:
        environ = os.environ if environ is None else environ
        self._stream = sys.stdout if stream is None else stream
        self._terminal = self._stream.isatty()
        self.colourful = self._terminal and not environ.get("NO_COLOR") and environ.get("TERM") != "dumb"

    @cached_property
    def _console(self) -> "Console":
        from rich.console import Console

        console = Console(file=self._stream, highlight=False)
        return console if console.width <= _WIDEST else Console(file=self._stream, highlight=False, width=_WIDEST)

    @property
    def _width(self) -> int:
        return min(shutil.get_terminal_size().columns, _WIDEST) if self._terminal else PLAIN_WIDTH

    def say(self, text: str = "", style: str = "", *, first: str = "") -> None:
        """Print one paragraph, its further lines indented by the length of `first`. `style` is rich's."""
        if not self.colourful:
            self._print(_wrap(_plain(text), self._width, first))
            return
        self._console.print(_hanging(first, text, style))

    def heading(self, text: str) -> None:
        """Print a line that begins a part."""
        if self.colourful:
            from rich.rule import Rule
            from rich.text import Text

            self._console.print()
            self._console.print(Rule(Text(text, style="bold"), align="left", style="dim"))
        else:
            self._print(f"\n== {text} ==")

    def rows(self, rows: Sequence[Row], *, title: str = "", style: str = "") -> None:
        """Print labelled paragraphs as a table; in a terminal inside a box of that title and style."""
        rows = [(label, [clean(item, _LONGEST_ITEM) for item in items]) for label, items in rows if items]
        if self.colourful:
            self._boxed_rows(rows, title, style)
            return
        indent = max((len(label) for label, _ in rows), default=0) + 2
        for label, items in rows:
            for number, item in enumerate(items):
                self._print(_wrap(_plain(item), self._width, (label if number == 0 else "").ljust(indent)))

    def _boxed_rows(self, rows: Sequence[Row], title: str, style: str) -> None:
        from rich.panel import Panel
        from rich.table import Table
        from rich.text import Text

        table = Table.grid(padding=(0, 2))
        table.add_column(style="dim", no_wrap=True)
        table.add_column(overflow="fold")
        for label, items in rows:
            for number, item in enumerate(items):
                marker = _MARKER.match(item)
                start = marker.end() if marker else 0
                table.add_row(label if number == 0 else "", _hanging(item[:start], item[start:]))
        self._console.print(Panel(table, title=Text(title, style="bold"), title_align="left", border_style=style))

    def report(self, diagnosis: Diagnosis, more: Sequence[Row] = (), *, brief: bool = False) -> None:
        """Print a diagnosis, and further rows after it; a brief one leaves out what supports it."""
        status = "none" if diagnosis.status is None else str(diagnosis.status)
        style = "green" if diagnosis.ok else "yellow" if diagnosis.retryable else "red"
        rows = [row for row in _diagnosis_rows(diagnosis) if not (brief and row[0] in _SUPPORT)]
        self.rows([*rows, *more], title=f"{status} · {diagnosis.kind}", style=style)

    def json(self, value: object) -> None:
        """Print a value as JSON; ASCII only where the stream cannot carry more."""
        ascii_only = "utf" not in (self._stream.encoding or "").lower()
        self._print(json.dumps(value, indent=2, ensure_ascii=ascii_only))

    @contextmanager
    def waiting(self) -> Generator[ShowWait]:
        """Show a wait as a progress bar, or as one line for each report."""
        if not self.colourful:
            yield lambda waited, total, message: self._print(f"  {_wait_words(waited, total)}  {clean(message or '')}")
            return
        from rich.progress import BarColumn, Progress, TextColumn

        columns = (TextColumn("  {task.description}", markup=False), BarColumn(), TextColumn("{task.fields[words]}"))
        with Progress(*columns, console=self._console) as progress:
            task = progress.add_task("", total=None, visible=False, words="")

            def show(waited: float, total: float | None, message: str | None) -> None:
                progress.update(
                    task,
                    completed=waited,
                    total=total,
                    visible=True,
                    description=clean(message or "waiting"),
                    words=_wait_words(waited, total),
                )

            yield show

    def busy(self, text: str) -> "AbstractContextManager[object]":
        """Say in a terminal that something is going on; nothing elsewhere."""
        return self._console.status(text) if self.colourful else nullcontext()

    def _print(self, text: str) -> None:
        # Line by line, so that whoever reads a pipe sees a countdown while it runs.
        print(text, file=self._stream, flush=True)


_SUPPORT = frozenset({"Or", "Evidence", "Docs"})


def _plain(text: str) -> str:
    return _BOLD.sub(r"\1", text)


def _marked_up(text: str, style: str = "") -> "Text":
    """The catalog's two marks, **bold** and `code`, as styles."""
    from rich.text import Text

    styled = Text(style=style)
    for number, part in enumerate(_BOLD.split(text)):
        styled.append(part, "bold" if number % 2 else "")
    styled.highlight_regex(r"`[^`]+`", "cyan")
    return styled


def _hanging(first: str, text: str, style: str = "") -> "RenderableType":
    """`text` whose further lines begin under its first one."""
    from rich.table import Table

    if not first:
        return _marked_up(text, style)
    table = Table.grid()
    table.add_column(style=style, no_wrap=True)
    table.add_column(overflow="fold")
    table.add_row(first, _marked_up(text))
    return table


_IN_A_TERMINAL = "`get_me` is the MCP tool; in a terminal, `outboundsync-mcp doctor` makes the same request."


def _diagnosis_rows(diagnosis: Diagnosis) -> list[Row]:
    status = "no HTTP response" if diagnosis.status is None else str(diagnosis.status)
    return [
        ("Status", [f"{status} · {diagnosis.meaning}"]),
        ("Kind", [diagnosis.kind]),
        ("Cause", [f"{diagnosis.cause} ({diagnosis.confidence})"]),
        ("Or", [f"- {cause}" for cause in diagnosis.other_causes]),
        ("Message", [diagnosis.message] if diagnosis.message else []),
        ("Remediation", [f"{number}. {step}" for number, step in enumerate(diagnosis.remediation, 1)]),
        ("Here", [_IN_A_TERMINAL] if any("`get_me`" in step for step in diagnosis.remediation) else []),
        ("Who fixes", [diagnosis.who_fixes]),
        ("Retryable", [_retry_words(diagnosis)]),
        ("Evidence", [f"- {line}" for line in diagnosis.evidence]),
        ("Docs", [diagnosis.docs_url]),
    ]


def _retry_words(diagnosis: Diagnosis) -> str:
    if diagnosis.retry_after_seconds is None:
        return "yes" if diagnosis.retryable else "no"
    at = f", at {diagnosis.retry_at}" if diagnosis.retry_at else ""
    return f"{'yes' if diagnosis.retryable else 'no'}, after {diagnosis.retry_after_seconds} s{at}"


def _wait_words(waited: float, total: float | None) -> str:
    return f"{waited:.0f} s" if total is None else f"{waited:.0f} of {total:.0f} s"


def _wrap(text: str, width: int, first: str = "") -> str:
    """`text` wrapped after `first`, its further lines indented likewise; words and URLs stay whole."""
    marker = _MARKER.match(text)
    hanging = " " * (len(first) + (marker.end() if marker else 0))
    return textwrap.fill(
        text,
        max(width, len(hanging) + 20),
        initial_indent=first,
        subsequent_indent=hanging,
        break_long_words=False,
        break_on_hyphens=False,
    )
