"""Choosing one of a long list by name."""

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

COLUMNS = (Column("", 2), Column("Name"), Column(""))


class PickOne(ModalScreen[str | None]):
    """`options` are (key, name, what tells it from others); answers the key, or None. `chosen` is the key of before."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "choose", "Choose"),
        Binding("f3,ctrl+f", "find", "Find"),
        Binding("escape", "leave", "Leave it"),
    ]

    def __init__(self, heading: str, options: Sequence[tuple[str, str, str]], chosen: str = "") -> None:
        super().__init__()
        self._heading, self._options, self._chosen = heading, list(options), chosen

    def compose(self) -> ComposeResult:
        """The heading, the line to narrow the list, the list."""
        with Vertical(classes="dialog pick"):
            yield Static(self._heading, classes="question", markup=False)
            yield Find("a part of the name")
            yield Listing(COLUMNS, empty="Nothing of this kind was found.", id="options")
            yield KeyBar()

    def on_mount(self) -> None:
        """The cursor is on what was chosen before."""
        self._show()
        self.query_one(Listing).focus()
        self.call_after_refresh(self.query_one(Listing).go_to, self._chosen)

    @on(Find.Changed)
    def _show(self) -> None:
        wanted = self.query_one(Find).wanted.casefold()
        found = [one for one in self._options if wanted in f"{one[1]} {one[2]}".casefold()]
        self.query_one(Listing).show([Row(key, ("x" if key == self._chosen else "", name, about)) for key, name, about in found])

    @on(Find.Left)
    def _back_to_list(self) -> None:
        self.query_one(Listing).focus()

    def on_data_table_row_selected(self, event: DataTable.RowSelected) -> None:
        """One was chosen."""
        self.dismiss(event.row_key.value)

    def action_find(self) -> None:
        """Narrow the list."""
        self.query_one(Find).open()

    def action_leave(self) -> None:
        """None of them."""
        self.dismiss(None)
