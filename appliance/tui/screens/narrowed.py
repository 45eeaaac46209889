"""Screens with a list that can be narrowed to what is typed."""

from __future__ import annotations

from textual import on

from appliance.tui.screens.acting import ActingScreen
from appliance.tui.widgets.find import Find
from appliance.tui.widgets.table import Listing


class NarrowedScreen(ActingScreen):
    """One `Find` above one `Listing`, which has the cursor; F3 (`find`) opens the line."""

    @property
    def wanted(self) -> str:
        """What the list is narrowed to; empty for everything."""
        return self.query_one(Find).wanted

    def show_found(self) -> None:
        """Show of what is known what is wanted."""
        raise NotImplementedError

    def on_mount(self) -> None:
        """The cursor is in the list."""
        self.query_one(Listing).focus()

    def action_find(self) -> None:
        """Narrow the list."""
        self.query_one(Find).open()

    @on(Find.Changed)
    def _narrow(self) -> None:
        self.show_found()

    @on(Find.Left)
    def _back_to_list(self) -> None:
        self.query_one(Listing).focus()
