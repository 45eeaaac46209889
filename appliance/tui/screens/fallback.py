"""What is shown where the idle screen itself can't be: enough to wait, to restart, and to try again."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Static

from appliance.tui.screens.base import ConsoleScreen

AGAIN_AFTER = 60.0
"""Seconds after which the idle screen is tried again by itself."""


class FallbackScreen(ConsoleScreen):
    """Asks the agent nothing and draws nothing that could fail."""

    NAME = "fallback"
    HEADING = "Migration Appliance"
    HELP = (
        "The first screen could not be shown several times in a row. The appliance itself goes on working. "
        "The first screen is tried again after a minute; F5 tries it now. F12 restarts or switches off."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f5,ctrl+r,enter", "again", "Try again"),
        Binding("f12,ctrl+p", "app.power", "Power"),
        Binding("escape", "leave", "Leave", show=False),
    ]

    def __init__(self, crashed: str) -> None:
        super().__init__()
        self._crashed = crashed

    def body(self) -> ComposeResult:
        """A few sentences."""
        yield Static(
            f"The first screen can't be shown at the moment: {self._crashed}\n\n"
            "What happened is in the appliance's log. The appliance itself goes on working.\n"
            "The screen is tried again after a minute. Press F5 to try it now.",
            markup=False,
        )

    def on_mount(self) -> None:
        """Not for ever."""
        self.set_timer(AGAIN_AFTER, self.action_again)

    def action_again(self) -> None:
        """The idle screen once more."""
        from appliance.tui.screens.idle import IdleScreen

        self.app.switch_screen(IdleScreen(self._crashed))

    def action_leave(self) -> None:
        """Only where the program was started by hand."""
        if self.console_app.can_leave:
            self.app.exit("The console was left.")
