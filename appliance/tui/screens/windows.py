"""What holds for all schedules: times without starts, limits of bandwidth, copies at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import DataTable

from appliance.contract.windows import BandwidthWindow, FleetWindows
from appliance.tui.screens.acting import ActingScreen
from appliance.tui.widgets.ask import Ask
from appliance.tui.widgets.dialog import Choose
from appliance.tui.widgets.facts import Facts
from appliance.tui.widgets.form import Field
from appliance.tui.widgets.table import Listing
from appliance.tui.window_lines import (
    COLUMNS,
    SHARED,
    AnyWindow,
    count_flaw,
    days_text,
    fleet_facts,
    what,
    window_row,
    without,
)


class WindowsScreen(ActingScreen):
    """Blackouts and limits of bandwidth, and what they say now."""

    NAME = "windows"
    HEADING = "Windows"
    EVERY = 5.0
    HELP = (
        "In a blackout no schedule starts a copy; those that are running go on. A window that ends before it starts goes on over midnight, "
        "and one that ends when it starts lasts a day. The lowest limit of bandwidth that holds is the one that counts. "
        f"{SHARED} F7 adds a window, Enter or F4 changes the chosen one or sets how many copies run at once, F9 removes it. Each "
        "schedule may have blackouts of its own besides."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f4,ctrl+t,enter", "act", "Actions"),
        Binding("f7,ctrl+n", "add", "Add"),
        Binding("f9,ctrl+d", "remove", "Remove"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._windows: dict[str, AnyWindow] = {}
        self._most: int | None = None

    def body(self) -> ComposeResult:
        """What holds now, and the windows."""
        yield Facts(id="now")
        yield Listing(COLUMNS, empty="There is no window: schedules start at any time. Press F7 to add one.", id="windows")

    def on_mount(self) -> None:
        """The cursor is in the list."""
        self.query_one(Listing).focus()

    async def load(self) -> None:
        """All windows, and what they say now."""
        api = self.console_app.agent.windows
        fleet = await api.windows()
        self.query_one("#now", Facts).show(fleet_facts(fleet, await api.windows_now()))
        self._windows = {str(number): one for number, one in enumerate([*fleet.blackouts, *fleet.bandwidth])}
        self._most = fleet.max_concurrent
        self.query_one(Listing).show([window_row(key, one) for key, one in self._windows.items()])

    def _chosen(self) -> AnyWindow | None:
        return self._windows.get(self.query_one(Listing).chosen or "")

    async def _save(self, change: Callable[[FleetWindows], FleetWindows]) -> None:
        """The windows are replaced as a whole: what others did meanwhile is kept by asking first."""
        api = self.console_app.agent.windows
        await api.save_windows(change(await api.windows()))

    def action_add(self) -> None:
        """A blackout or a limit."""
        self.once(self._add)

    async def _add(self) -> None:
        options = [("blackout", "A blackout: nothing is started"), ("bandwidth", "A limit of bandwidth for all copies together")]
        kind = await self.app.push_screen_wait(Choose("Add a window", options))
        if kind is not None:
            self._edit(None, limited=kind == "bandwidth")

    def _edit(self, before: AnyWindow | None, *, limited: bool) -> None:
        from appliance.tui.screens.window_form import WindowForm

        self.app.push_screen(WindowForm(self._save, before, limited=limited))

    def action_remove(self) -> None:
        """Take the chosen one away."""
        window = self._chosen()
        if window is not None:
            self.once(lambda: self._remove(window))

    async def _remove(self, window: AnyWindow) -> None:
        when = f"{days_text(window.days)} {window.start} to {window.end} {window.timezone}"
        if await self.confirmed("Remove this window?", f"{when}: {what(window)}. From now on that does not hold any more."):
            await self.asking(self._save(lambda fleet: without(fleet, window)), "The window was removed.")

    def on_data_table_row_selected(self, event: DataTable.RowSelected) -> None:
        """Enter on one."""
        self.action_act()

    def action_act(self) -> None:
        """What can be done."""
        self.once(self._act)

    async def _act(self) -> None:
        window = self._chosen()
        own = [("change", "Change this window"), ("remove", "Remove this window")] if window else []
        chosen = await self.app.push_screen_wait(Choose("Windows", [*own, ("most", "Set how many copies run at once")]))
        if chosen == "most":
            await self._limit()
        elif chosen == "change" and window is not None:
            self._edit(window, limited=isinstance(window, BandwidthWindow))
        elif chosen == "remove" and window is not None:
            await self._remove(window)

    async def _limit(self) -> None:
        async def work(typed: Mapping[str, str]) -> None:
            most = int(typed["most"]) if typed["most"] else None
            await self._save(lambda fleet: fleet.model_copy(update={"max_concurrent": most}))

        field = Field("Copies at once", id="most", value=str(self._most or ""), hint="empty: no limit", limit=4, check=count_flaw)
        if await self.app.push_screen_wait(Ask("Copies at once", "It holds for all schedules together.", [field], work)):
            self.say("The limit was saved.")
            self.action_reload()
