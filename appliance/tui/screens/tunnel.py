"""The tunnels to the paired appliances, and their ups and downs."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import DataTable, Static

from appliance.contract.tunnel import TunnelChange, TunnelState
from appliance.tui import words
from appliance.tui.screens.records import RecordsScreen, keyed
from appliance.tui.widgets.dialog import Choose
from appliance.tui.widgets.facts import Fact
from appliance.tui.widgets.table import Column, Listing, Row

NEWEST = 500
"""Changes that are asked for."""

KINDS = {
    "up": ("up", "good"),
    "down": ("down", "bad"),
    "held": ("held back", "warning"),
    "released": ("released", ""),
    "revoked": ("pairing ended", "warning"),
    "paired": ("paired", ""),
    "pending": ("being paired", ""),
}
"""A change in words, and its tone."""

ALL = ""


class TunnelScreen(RecordsScreen[TunnelState]):
    """Each tunnel now, and the history of all or of one."""

    NAME = "tunnel"
    HEADING = "Tunnel"
    HELP = (
        "The connection to each paired appliance as it is now, and when it came up, went down or was held back. "
        "The round trip is of the last question that was answered. A tunnel that is down is dialled again by itself. "
        "Enter on a tunnel shows its history alone, once more that of all; F3 chooses from a list."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "choose", "This one only"),
        Binding("f3,ctrl+f", "filter", "Filter"),
    ]
    COLUMNS: ClassVar = (
        Column("Appliance"),
        Column("State", 6),
        Column("Since (UTC)", 19),
        Column("Round trip", 11),
        Column("Last answer", 15),
        Column("Address", 22, needs=110),
        Column("Last error", 44, needs=150),
    )
    EMPTY = "Not paired yet."

    def __init__(self) -> None:
        super().__init__()
        self._history: list[TunnelChange] = []
        self._only = ALL

    def body(self) -> ComposeResult:
        """Tunnels above, history below."""
        yield from super().body()
        yield Static("", id="history-heading", classes="heading", markup=False)
        columns = [Column("Time (UTC)", 19), Column("Appliance", 16), Column("Change", 13), Column("Address", 22, needs=110), Column("Why")]
        yield Listing(columns, empty="Nothing has happened yet.", id="history")

    async def load(self) -> None:
        """Now, and before."""
        tunnel = self.console_app.agent.tunnel
        self.show_records(keyed(await tunnel.tunnel(), lambda one: one.peer_id))
        self._history = await tunnel.tunnel_history(limit=NEWEST)
        self._show_history()

    def row(self, key: str, record: TunnelState) -> Row:
        """One line a tunnel."""
        answered = "" if record.answered_seconds_ago is None else f"{words.span(record.answered_seconds_ago)} ago"
        trip = "" if record.round_trip_ms is None else f"{record.round_trip_ms:.1f} ms"
        state = "up" if record.up else "down"
        cells = (record.peer_name, state, words.moment(record.since), trip, answered, record.address, record.last_error)
        return Row(key, cells, "good" if record.up else "bad")

    def facts(self, record: TunnelState) -> list[Fact]:
        """What the list has no room for."""
        error: Fact = ("Last error", record.last_error or "none", "" if record.up or not record.last_error else "bad")
        return [("Address", record.address or "not known"), error]

    def on_data_table_row_selected(self, event: DataTable.RowSelected) -> None:
        """Enter on a tunnel: only its history, or again that of all."""
        if event.data_table.id == "records":
            key = event.row_key.value or ALL
            self._filter_by(ALL if self._only == key else key)

    def action_filter(self) -> None:
        """Choose whose history is shown."""
        peers = {one.peer_id: one.peer_name for one in self._history} | {key: one.peer_name for key, one in self.records.items()}
        options = [("all", "All appliances"), *((f"peer {key}", name) for key, name in sorted(peers.items(), key=lambda one: one[1]))]
        self.app.push_screen(Choose("Show the history of", options), self._filter_chosen)

    def _filter_chosen(self, key: str | None) -> None:
        if key is not None:
            self._filter_by(key.removeprefix("peer ") if key.startswith("peer ") else ALL)

    def _filter_by(self, peer_id: str) -> None:
        self._only = peer_id
        self._show_history()

    def _show_history(self) -> None:
        shown = [one for one in self._history if self._only in (ALL, one.peer_id)]
        whose = next((one.peer_name for one in shown), self._only) if self._only else "all"
        self.query_one("#history-heading", Static).update(f"History: {whose}")
        rows = [change_row(key, one) for key, one in keyed(shown, lambda one: f"{one.at.isoformat()} {one.peer_id} {one.kind}").items()]
        self.query_one("#history", Listing).show(rows)


def change_row(key: str, change: TunnelChange) -> Row:
    """A line of the history (pure)."""
    word, tone = KINDS.get(change.kind, (change.kind, ""))
    return Row(key, (words.moment(change.at), change.peer_name, word, change.address, change.detail), tone)
