"""The appliance's log: followed, filtered, looked back at."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Input, Static

from appliance.contract.system import Level
from appliance.tui.screens.base import ConsoleScreen
from appliance.tui.widgets.form import Field
from appliance.tui.widgets.logview import LogView

WAIT = 2.0
"""Seconds that the agent waits for a line before it answers that there is none."""

NEWEST = 2000
"""Entries that are asked for at once."""

LEVELS = tuple(Level)


class LogsScreen(ConsoleScreen):
    """The log's lines, and above them what is shown of it."""

    NAME = "logs"
    HEADING = "Logs"
    HELP = (
        "The log of this appliance. New lines appear by themselves; moving up holds the view where it is, End follows again. "
        "F6 changes from which level on lines are shown: debug, info, warning, error. F3 shows only lines that contain a text; "
        "an empty text shows all. The newest 5,000 lines are kept here; a support bundle has more."
    )
    EVERY = 0.2
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f3,ctrl+f", "filter", "Filter"),
        Binding("f6,ctrl+e", "level", "Level"),
        Binding("end", "follow", "Follow"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._level, self._contains, self._last = Level.INFO, "", -1

    def body(self) -> ComposeResult:
        """What is shown, the field for the filter, the lines."""
        yield Static("", id="shown", classes="heading", markup=False)
        yield Field("Lines with", id="filter", hint="a part of the text; empty for all")
        yield LogView(id="log")

    def on_mount(self) -> None:
        """The lines first."""
        self._field.display = False
        self._log_view.focus()
        self._tell()

    async def load(self) -> None:
        """Lines after the last one; answered when there are some, or after a while."""
        wait = 0.0 if self._last < 0 else WAIT
        page = await self.console_app.agent.system.logs(
            after=self._last, wait=wait, level=self._level, contains=self._contains, limit=NEWEST
        )
        if page.last < self._last:
            self._log_view.clear()
        self._last = page.last
        if page.entries:
            self._log_view.add(page.entries)
        self._tell()

    def action_level(self) -> None:
        """The next graver level, or all again."""
        self._level = LEVELS[(LEVELS.index(self._level) + 1) % len(LEVELS)]
        self._start_over()

    def action_filter(self) -> None:
        """Ask for a text."""
        self._field.display = True
        self._field.value = self._contains
        self._field.focus_input()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """A text was typed."""
        self._contains = self._field.value
        self._close_filter()
        self._start_over()

    def action_follow(self) -> None:
        """The newest lines again."""
        self._log_view.follow()

    def action_leave(self) -> None:
        """Out of the field, then out of the screen."""
        if self._field.display:
            self._close_filter()
        else:
            super().action_leave()

    def on_log_view_turned(self) -> None:
        """Held or followed."""
        self._tell()

    @property
    def _log_view(self) -> LogView:
        return self.query_one(LogView)

    @property
    def _field(self) -> Field:
        return self.query_one("#filter", Field)

    def _close_filter(self) -> None:
        self._field.display = False
        self._log_view.focus()

    def _start_over(self) -> None:
        """With another filter: from the beginning, at once."""
        self._last = -1
        self._log_view.clear()
        self._log_view.follow()
        self._tell()
        self.run_worker(self._keep_fresh(), name="fresh", group="fresh", exclusive=True)

    def _tell(self) -> None:
        view = self._log_view
        self.query_one("#shown", Static).update(shown(self._level, self._contains, view.count, following=view.following))


def shown(level: Level, contains: str, count: int, *, following: bool) -> str:
    """The line above the log (pure)."""
    levels = {Level.DEBUG: "All levels", Level.ERROR: "Errors"}.get(level, f"{level.value.capitalize()} and worse")
    lines = f"{count} {'entry' if count == 1 else 'entries'}"
    text = f' with "{contains}"' if contains else ""
    return f"{levels}{text}: {lines}, {'following' if following else 'held; End follows again'}"
