"""Labels with values beside them."""

from __future__ import annotations

from collections.abc import Sequence

from rich.table import Table
from rich.text import Text
from textual.widgets import Static

TONES = {"good": "bright_green", "warning": "bright_yellow", "bad": "bright_red", "": ""}

Fact = tuple[str, str] | tuple[str, str, str]


class Facts(Static):
    """Lines of label and value; a third part of a fact is its tone: `good`, `warning` or `bad`."""

    def __init__(self, facts: Sequence[Fact] = (), *, id: str | None = None, label_width: int = 18) -> None:
        super().__init__("", id=id, markup=False)
        self._label_width, self._facts = label_width, tuple(facts)

    def on_mount(self) -> None:
        """Draw what was given."""
        self.update(self._drawn())

    def show(self, facts: Sequence[Fact]) -> None:
        """Show these; nothing is drawn again when nothing changed."""
        if tuple(facts) != self._facts:
            self._facts = tuple(facts)
            self.update(self._drawn())

    def _drawn(self) -> Table:
        grid = Table.grid(padding=(0, 1))
        grid.add_column(width=self._label_width, no_wrap=True)
        grid.add_column(ratio=1, overflow="fold")
        for label, value, *tone in self._facts:
            grid.add_row(Text(label, "cyan"), Text(value, TONES[tone[0] if tone else ""]))
        return grid
