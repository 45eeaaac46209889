"""What a person sees of a run: steps as they happen, bars while disks are copied, a table at the end. Plain lines when nobody watches."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.markup import escape
from rich.padding import Padding
from rich.progress_bar import ProgressBar
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

MIB = 1 << 20
BAR = 24
WIDE = 100
INDENT = 12


@dataclass(frozen=True)
class Bar:
    """One disk being copied; bytes, bytes a second and seconds."""

    label: str
    done: float
    moved_bytes: int
    rate_bps: float
    eta_seconds: int | None


class Show:
    """The one place that prints."""

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or Console(highlight=False)
        self._begun = time.monotonic()
        self._title, self._since, self._doing = "", self._begun, ""
        self._facts: list[str] = []
        self._has_parts = False
        self._bars: Sequence[Bar] = ()
        self._spinner = Spinner("dots")
        self._live: Live | None = None

    @contextmanager
    def running(self) -> Iterator[None]:
        """For the time of the block the lower lines are alive, if there is a terminal."""
        if not self._console.is_terminal:
            yield
            return
        with Live(get_renderable=self._now, console=self._console, refresh_per_second=8, transient=True) as self._live:
            yield
        self._live = None

    def headline(self, text: str) -> None:
        """What this is."""
        self._console.print(f"\n[bold]{escape(text)}[/bold]\n")

    @contextmanager
    def step(self, title: str) -> Iterator[None]:
        """A step of the run, printed with its time when it is done, and what is worth knowing of it."""
        self._title, self._since, self._has_parts = title, time.monotonic(), False
        mark = "[red]✗[/red]"
        try:
            yield
            mark = "[green]✓[/green]"
        finally:
            self._line(mark, title, time.monotonic() - self._since, "bold")
            for fact in self._facts:
                self._console.print(Padding(Text(fact, style="cyan"), (0, 0, 0, INDENT), expand=False))
            self._title, self._doing, self._bars, self._facts = "", "", (), []

    def part(self, title: str, seconds: float) -> None:
        """A part of the step that is going on is done; before the first one, the step itself is named."""
        if not self._has_parts:
            self._has_parts = True
            self._line("▸", self._title, None, "bold")
        self._line(" ", f"  {title}", seconds, "dim")

    def fact(self, text: str) -> None:
        """Something worth knowing of the step that is going on; shown when it is done."""
        self._facts.append(text)

    def doing(self, text: str, bars: Sequence[Bar] = ()) -> None:
        """What the step is at now."""
        self._doing, self._bars = text, bars

    def table(self, table: Table) -> None:
        """A table, after all steps."""
        self._console.print()
        self._console.print(table)

    def lines(self, text: str) -> None:
        """Text as it is."""
        self._console.print(text, markup=False, soft_wrap=True)

    def good(self, sentence: str) -> None:
        """How it ended, well."""
        self._console.print(f"\n[bold green]{escape(sentence)}[/bold green]")

    def problem(self, sentence: str) -> None:
        """Something is not as it should be."""
        self._console.print(f"[bold red]{escape(sentence)}[/bold red]")

    @property
    def seconds(self) -> float:
        """Since the beginning."""
        return time.monotonic() - self._begun

    def _line(self, mark: str, title: str, seconds: float | None, style: str) -> None:
        width = min(self._console.width, WIDE)
        line = Table.grid(expand=False, padding=(0, 1))
        line.add_column(width=7, justify="right", style="dim")
        line.add_column(width=1)
        line.add_column(width=width - 20, style=style)
        line.add_column(width=8, justify="right", style=style)
        line.add_row(clock(self.seconds), mark, escape(title), "" if seconds is None else f"{seconds:.1f} s")
        self._console.print(line)

    def _now(self) -> RenderableType:
        if not self._title:
            return Text("")
        head = Table.grid(padding=(0, 1))
        head.add_column(width=7, justify="right", style="dim")
        elapsed = time.monotonic() - self._since
        head.add_row(clock(self.seconds), self._spinner, Text(self._title, style="bold"), Text(f"{elapsed:.0f} s", style="dim"))
        below = [Text(" " * INDENT + self._doing, style="cyan", overflow="ellipsis", no_wrap=True)] if self._doing else []
        return Group(head, *below, *([bars_table(self._bars)] if self._bars else []))


def bars_table(bars: Sequence[Bar]) -> Table:
    """The bars of all disks, one below the other."""
    table = Table.grid(padding=(0, 1))
    table.add_column(width=10)
    for bar in bars:
        row: list[RenderableType] = [
            Text(""),
            Text(bar.label),
            ProgressBar(total=1.0, completed=min(1.0, bar.done), width=BAR),
            Text(f"{bar.done:4.0%}"),
        ]
        table.add_row(*row, Text(f"{bar.moved_bytes / MIB:5.0f} MiB"), Text(f"{bar.rate_bps / MIB:4.0f} MiB/s"), Text(eta(bar.eta_seconds)))
    return table


def eta(seconds: int | None) -> str:
    """The time that is left."""
    return "" if seconds is None else f"{clock(seconds)} left"


def clock(seconds: float) -> str:
    """Minutes and seconds."""
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"
