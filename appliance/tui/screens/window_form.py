"""Making and changing a window."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from textual.app import ComposeResult
from textual.widgets import Static

from appliance.contract.errors import Fault
from appliance.contract.windows import BandwidthWindow, FleetWindows, Window
from appliance.tui.screens.acting import FormScreen
from appliance.tui.widgets.form import Field, in_one_sentence
from appliance.tui.window_lines import AnyWindow, days_flaw, days_text, mib_flaw, read_days, time_flaw, with_window, without

MIB = 1 << 20
ZONE_UNKNOWN = "schedule.zone_unknown"

Save = Callable[[Callable[[FleetWindows], FleetWindows]], Awaitable[None]]
"""Changes the windows at the agent; raises the Fault that is shown."""


class WindowForm(FormScreen):
    """A blackout, or a limit of bandwidth (`limited`)."""

    NAME = "window-form"
    HEADING = "Window"
    EVERY = 30.0
    HELP = (
        "The days are those on which the window starts, such as mon-fri, or sat,sun, or daily. One that ends before it starts goes on over "
        "midnight, and one that ends when it starts lasts a day. The times are those of the time zone's clocks. F8 saves."
    )

    def __init__(self, save: Save, before: AnyWindow | None = None, *, limited: bool) -> None:
        super().__init__()
        self._save, self._before, self._limited = save, before, limited

    def body(self) -> ComposeResult:
        """What it is, and its fields."""
        one = self._before
        limit = "Limit of bandwidth: all copies together keep to it, those that run included."
        text = limit if self._limited else "Blackout: no copy is started in it."
        yield Static(text, classes="heading", markup=False)
        yield Field("Days", id="days", value=days_text(one.days) if one else "daily", hint="such as mon-fri", limit=60, check=days_flaw)
        yield Field("From", id="start", value=one.start if one else "", hint="such as 08:00", limit=5, check=time_flaw)
        yield Field("To", id="end", value=one.end if one else "", hint="such as 18:00", limit=5, check=time_flaw)
        zone = one.timezone if one else "UTC"
        yield Field("Time zone", id="zone", value=zone, hint="such as Europe/Berlin", limit=64, check=zone_flaw)
        if self._limited:
            mib = str(max(1, one.bytes_per_second // MIB)) if isinstance(one, BandwidthWindow) else ""
            yield Field("MiB a second", id="mib", value=mib, hint="such as 100", limit=7, check=mib_flaw)
        yield Field("Name", id="name", value=one.name if one else "", hint="may be empty", limit=120)

    def wanted(self) -> AnyWindow:
        """The window as it was typed."""
        name, start, end, zone = (self.field(one).value for one in ("name", "start", "end", "zone"))
        days = read_days(self.field("days").value)
        if not self._limited:
            return Window(name=name, days=days, start=start, end=end, timezone=zone)
        limit = int(self.field("mib").value) * MIB
        return BandwidthWindow(name=name, days=days, start=start, end=end, timezone=zone, bytes_per_second=limit)

    async def submit(self) -> None:
        """Save it, and go back."""
        if not self.all_good():
            return
        new, before = self.wanted(), self._before
        try:
            await self._save(lambda fleet: with_window(without(fleet, before) if before else fleet, new))
        except Fault as error:
            field = self.field("zone" if error.key == ZONE_UNKNOWN else "days")
            field.problem(in_one_sentence(error))
            field.focus_input()
            return
        self.console_app.leave(self)
        self.console_app.say("The window was saved.", "success")


def zone_flaw(text: str) -> str:
    """What is wrong with a typed time zone before the agent looks at it (pure)."""
    return "" if text else "Type a time zone such as Europe/Berlin, or UTC."
