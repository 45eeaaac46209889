"""A list, and below it the facts of the entry under the cursor: what many screens are."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import ClassVar, Generic, TypeVar

from textual.app import ComposeResult

from appliance.tui.screens.base import ConsoleScreen
from appliance.tui.widgets.facts import Fact, Facts
from appliance.tui.widgets.table import Column, Listing, Row

Record = TypeVar("Record")


class RecordsScreen(ConsoleScreen, Generic[Record]):
    """Subclasses give `COLUMNS`, `EMPTY`, `row()` and `facts()`, and call `show_records()` in `load()`."""

    COLUMNS: ClassVar[tuple[Column, ...]] = ()
    EMPTY: ClassVar[str] = "Nothing here."

    def __init__(self) -> None:
        super().__init__()
        self.records: dict[str, Record] = {}

    def body(self) -> ComposeResult:
        """The list above, the facts below."""
        yield Listing(self.COLUMNS, empty=self.EMPTY, id="records")
        yield Facts(id="chosen")

    def on_mount(self) -> None:
        """The cursor is in the list."""
        self.query_one("#records", Listing).focus()

    def row(self, key: str, record: Record) -> Row:
        """A record's line in the list."""
        raise NotImplementedError

    def facts(self, record: Record) -> list[Fact]:
        """What is shown of the record under the cursor."""
        raise NotImplementedError

    def show_records(self, records: Mapping[str, Record]) -> None:
        """Show these, in this order."""
        self.records = dict(records)
        self.query_one("#records", Listing).show([self.row(key, record) for key, record in self.records.items()])
        self.show_chosen()

    @property
    def chosen(self) -> Record | None:
        """The record under the cursor."""
        return self.records.get(self.query_one("#records", Listing).chosen or "")

    def show_chosen(self) -> None:
        """The facts of the record under the cursor."""
        record, detail = self.chosen, self.query_one("#chosen", Facts)
        detail.show(self.facts(record) if record is not None else [])
        detail.display = record is not None

    def on_data_table_row_highlighted(self) -> None:
        """The cursor has moved."""
        self.show_chosen()


def keyed(records: Iterable[Record], key: Callable[[Record], str]) -> dict[str, Record]:
    """Records by a key of their own; where two have the same one, the later gets a number (pure)."""
    found: dict[str, Record] = {}
    for record in records:
        name = base = key(record)
        number = 1
        while name in found:
            number += 1
            name = f"{base} {number}"
        found[name] = record
    return found
