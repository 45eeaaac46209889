"""The menu: how the appliance is, and where to go."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import DataTable

from appliance.contract.status import Health, Status
from appliance.tui.screens.base import ConsoleScreen
from appliance.tui.sections import sections_for
from appliance.tui.widgets.bars import TitleBar
from appliance.tui.widgets.facts import Fact, Facts
from appliance.tui.widgets.table import Column, Listing, Row


class MenuScreen(ConsoleScreen):
    """Sections in a list, the state of the whole above it."""

    NAME = "menu"
    HEADING = "Menu"
    HELP = (
        "Choose a section with the arrow keys and Enter. A letter goes to the next section that begins with it; Home and End go to the "
        "first and the last one. The list may be longer than the screen: the title says where in it you are. Esc and F10 lead back to the "
        "idle screen; the password is asked for again."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "open", "Open"),
        Binding("escape", "app.lock", "Log out"),
        Binding("f10,ctrl+l", "app.lock", "Log out", show=False),
        Binding("f12,ctrl+p", "app.power", "Power"),
    ]

    def body(self) -> ComposeResult:
        """Facts, then the sections."""
        yield Facts(id="facts")
        yield Listing([Column("Section", 24), Column("What it is for")], id="sections")

    def on_mount(self) -> None:
        """The cursor is in the list."""
        self.query_one(Listing).focus()

    async def load(self) -> None:
        """Health and status."""
        app = self.console_app
        app.status = status = await app.agent.status.status()
        health = await app.agent.status.health()
        running = await app.agent.jobs.jobs(active=True)
        self.query_one(Facts).show(summary(status, health, len(running)))
        self.query_one(Listing).show([Row(one.key, (one.title, one.about)) for one in sections_for(status.role)])

    def on_data_table_row_highlighted(self) -> None:
        """The cursor has moved: where it is stands in the title, for the list goes on below the screen."""
        listing = self.query_one(Listing)
        place = f" · {listing.cursor_row + 1} of {listing.row_count}" if listing.row_count else ""
        self.query_one(TitleBar).tell(heading=f"{self.HEADING}{place}")

    def on_key(self, event: events.Key) -> None:
        """A letter goes to a section that begins with it."""
        status, listing = self.console_app.status, self.query_one(Listing)
        if event.character is None or not event.character.isalpha() or status is None:
            return
        found = next_beginning([one.title for one in sections_for(status.role)], event.character, listing.cursor_row)
        if found is not None:
            listing.move_cursor(row=found)

    def on_data_table_row_selected(self, event: DataTable.RowSelected) -> None:
        """Open a section."""
        status = self.console_app.status
        for one in sections_for(status.role) if status else ():
            if one.key == event.row_key.value:
                self.app.push_screen(one.open())


def next_beginning(titles: Sequence[str], letter: str, after: int) -> int | None:
    """The number of the next title that begins with a letter, the first ones once more after the last one (pure)."""
    numbers = [*range(after + 1, len(titles)), *range(min(after + 1, len(titles)))]
    return next((one for one in numbers if titles[one].casefold().startswith(letter.casefold())), None)


def summary(status: Status, health: Health, running: int) -> list[Fact]:
    """The lines above the sections (pure)."""
    bad = [f"{name}: {part.detail or part.state}" for name, part in health.parts.items() if part.state != "ok"]
    up = sum(one.up for one in status.tunnels)
    return [
        ("Health", "; ".join(bad) or "everything is well", {"ok": "good", "degraded": "warning"}.get(health.state, "bad")),
        ("Connections", f"{up} of {len(status.tunnels)} up" if status.tunnels else "not paired yet", "good" if up else "warning"),
        ("Running jobs", str(running)),
    ]
