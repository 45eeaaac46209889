"""Choosing several of a list by name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import DataTable, Static

from appliance.tui.widgets.bars import KeyBar
from appliance.tui.widgets.find import Find
from appliance.tui.widgets.table import Column, Listing, Row

COLUMNS = (Column("", 3), Column("Name"))


class Pick(ModalScreen[list[str] | None]):
    """`options` are (key, text) pairs; answers the keys that are marked, in the options' order, or None."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "mark", "Mark"),
        Binding("space", "mark", "Mark", show=False),
        Binding("f3,ctrl+f", "find", "Find"),
        Binding("f8,ctrl+s", "take", "Take these", priority=True),
        Binding("escape", "leave", "Leave it"),
    ]

    def __init__(self, heading: str, options: Sequence[tuple[str, str]], chosen: Sequence[str] = ()) -> None:
        super().__init__()
        self._heading, self._options, self._marked = heading, list(options), set(chosen)

    def compose(self) -> ComposeResult:
        """The heading, the line to narrow the list, the list."""
        with Vertical(classes="dialog pick"):
            yield Static(self._heading, classes="question", markup=False)
            yield Find("a part of the name")
            yield Listing(COLUMNS, empty="There is nothing to choose from.", id="options")
            yield KeyBar()

    def on_mount(self) -> None:
        """The cursor is in the list."""
        self._show()
        self.query_one(Listing).focus()

    @on(Find.Changed)
    def _show(self) -> None:
        wanted = self.query_one(Find).wanted.casefold()
        found = [one for one in self._options if wanted in one[1].casefold()]
        self.query_one(Listing).show([Row(key, ("[x]" if key in self._marked else "[ ]", text)) for key, text in found])

    @on(Find.Left)
    def _back_to_list(self) -> None:
        self.query_one(Listing).focus()

    def on_data_table_row_selected(self, event: DataTable.RowSelected) -> None:
        """Enter on one."""
        self.action_mark()

    def action_mark(self) -> None:
        """Mark the one under the cursor, or take its mark away."""
        key = self.query_one(Listing).chosen
        if key is not None:
            self._marked ^= {key}
            self._show()

    def action_find(self) -> None:
        """Narrow the list."""
        self.query_one(Find).open()

    def action_take(self) -> None:
        """Those that are marked."""
        self.dismiss([key for key, _ in self._options if key in self._marked])

    def action_leave(self) -> None:
        """As it was."""
        self.dismiss(None)
