"""A list with columns that keeps its cursor on the same entry while entries change, come and go."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.text import Text
from textual import events
from textual.binding import Binding, BindingType
from textual.widgets import DataTable
from textual.widgets.data_table import RowKey

from appliance.tui.widgets.facts import TONES
from appliance.tui.words import cut


@dataclass(frozen=True)
class Column:
    """A column: `width` 0 takes what is left; it is shown where the terminal has at least `needs` columns."""

    title: str
    width: int = 0
    needs: int = 0


@dataclass(frozen=True)
class Row:
    """An entry: its key, one text for each column (also for those not shown), and a tone."""

    key: str
    cells: tuple[str, ...]
    tone: str = ""


class Listing(DataTable[Text]):
    """Rows with a cursor. Entries chosen with Enter come as `DataTable.RowSelected`; `row_key.value` is the entry's key."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("home", "scroll_top", "First", show=False),
        Binding("end", "scroll_bottom", "Last", show=False),
    ]

    def __init__(self, columns: Sequence[Column], *, empty: str = "Nothing here.", id: str | None = None) -> None:
        super().__init__(id=id, cursor_type="row", zebra_stripes=False, show_row_labels=False, cell_padding=0)
        self._columns, self._empty = tuple(columns), empty
        self._rows: list[Row] = []
        self._is_told = False
        self._laid_out: tuple[tuple[int, int], ...] = ()
        self._drawn: dict[str, Row] = {}
        self._keys: list[str] = []

    @property
    def chosen(self) -> str | None:
        """The key of the entry under the cursor."""
        return self._keys[self.cursor_row] if self.cursor_row < len(self._keys) else None

    def show(self, rows: Sequence[Row]) -> None:
        """Show these entries in this order; that there are none is said only from now on."""
        self._rows, knew, self._is_told = list(rows), self._is_told, True
        if knew and self._is_drawn():
            self._change()
        else:
            self._rebuild(self.chosen)

    def go_to(self, key: str) -> None:
        """Put the cursor on an entry."""
        for number, row in enumerate(self._rows):
            if row.key == key:
                self.move_cursor(row=number)

    def on_resize(self, event: events.Resize) -> None:
        """Wider terminals get more columns; a list that was hidden gets what it was told meanwhile."""
        if self._layout() != self._laid_out or not self._is_drawn():
            self._rebuild(self.chosen)

    def _update_dimensions(self, new_rows: Iterable[RowKey]) -> None:
        # Textual's own would measure every cell of a thousand rows; here columns have their widths, and rows are one line high.
        super()._update_dimensions(())

    def _is_drawn(self) -> bool:
        """Whether it consists of the entries that it should show, in their order."""
        return bool(self._laid_out) and self._keys == [row.key for row in self._rows]

    def _layout(self) -> tuple[tuple[int, int], ...]:
        """Number and width in cells of each column that is shown; the last cell of a column is a gap."""
        total, room = self.app.size.width, max(20, self.size.width - 1)
        shown = [(number, one) for number, one in enumerate(self._columns) if total >= one.needs]
        fixed = sum(one.width + 1 for _, one in shown if one.width)
        flexible = [number for number, one in shown if not one.width]
        each = max(8, (room - fixed) // len(flexible)) if flexible else 0
        return tuple((number, one.width + 1 if one.width else each) for number, one in shown)

    def _rebuild(self, chosen: str | None) -> None:
        if not self.size.width:
            return
        scroll, row_before = self.scroll_offset, self.cursor_row
        self._laid_out = self._layout()
        self.clear(columns=True)
        for number, width in self._laid_out:
            self.add_column(Text(self._columns[number].title, "bold"), key=str(number), width=width)
        for row in self._rows:
            self.add_row(*self._cells(row), key=row.key)
        self._drawn = {row.key: row for row in self._rows}
        self._keys = list(self._drawn)
        self._say_if_empty()
        self.scroll_to(y=scroll.y, animate=False, immediate=True)
        keys = self._keys
        self.move_cursor(row=keys.index(chosen) if chosen in keys else min(row_before, max(0, len(keys) - 1)), scroll=True)

    def _change(self) -> None:
        for row in self._rows:
            old = self._drawn.get(row.key)
            if old == row:
                continue
            cells = zip(self._laid_out, self._cells(row), strict=True)
            for (number, _), cell in cells:
                if old is None or old.cells[number] != row.cells[number] or old.tone != row.tone:
                    self.update_cell(row.key, str(number), cell)
            self._drawn[row.key] = row

    def _cells(self, row: Row) -> list[Text]:
        style = TONES[row.tone]
        return [Text(cut(row.cells[number], width - 1), style, no_wrap=True) for number, width in self._laid_out]

    def _say_if_empty(self) -> None:
        is_empty = self._is_told and not self._rows
        self.border_subtitle = self._empty if is_empty else ""
        self.set_class(is_empty, "-empty")
        self.show_cursor = bool(self._rows)
