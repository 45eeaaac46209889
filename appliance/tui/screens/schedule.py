"""One schedule: what it is for, its history, and when it runs next."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import DataTable

from appliance.contract.schedules import Execution, Schedule
from appliance.tui.schedule_lines import HISTORY_COLUMNS, NEXT_COLUMNS, next_row, run_row, run_text, schedule_facts
from appliance.tui.screens.acting import ActingScreen
from appliance.tui.screens.schedules import act_on_schedule
from appliance.tui.widgets.bars import TitleBar
from appliance.tui.widgets.dialog import Tell
from appliance.tui.widgets.facts import Facts
from appliance.tui.widgets.table import Listing
from appliance.tui.widgets.views import Views

HIGH = 40
"""Lines from which a terminal shows both views at once."""

SHOWN = 200
"""Runs in the history, the newest ones."""


class ScheduleScreen(ActingScreen):
    """The page of a schedule."""

    NAME = "schedule"
    HEADING = "Schedule"
    EVERY = 3.0
    HELP = (
        "The history has one line for each VM at each time: what became of its copy, or why it was skipped. Enter shows one in full. "
        "F6 goes to the next runs, in the schedule's own time zone and in UTC; there it can be seen what becomes of them where the clocks "
        "are changed. F4 turns the schedule on or off, runs it now, changes or deletes it."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "show", "Show"),
        Binding("f4,ctrl+t", "act", "Actions"),
        Binding("f6,ctrl+e", "next_view", "Next view"),
    ]

    def __init__(self, schedule_id: str) -> None:
        super().__init__()
        self._schedule_id = schedule_id
        self._schedule: Schedule | None = None
        self._runs: dict[str, Execution] = {}

    def body(self) -> ComposeResult:
        """Facts, then the views."""
        yield Facts(id="facts", label_width=14)
        history = Listing(HISTORY_COLUMNS, empty="It has not run yet.", id="history")
        coming = Listing(NEXT_COLUMNS, empty="It does not run again.", id="next")
        yield Views([("History", history), ("Next runs", coming)], needs=HIGH)

    def on_mount(self) -> None:
        """The cursor is in the history."""
        self.query_one("#history", Listing).focus()

    async def load(self) -> None:
        """The schedule, its runs, and those to come."""
        api, now = self.console_app.agent.schedules, self.console_app.clock()
        self._schedule = schedule = await api.schedule(self._schedule_id)
        names = {}
        if schedule.vm_context_ids:
            names = {vm.context_id: vm.vm_name for vm in await self.console_app.agent.replications.contexts()}
        runs = await api.schedule_history(schedule.id, limit=SHOWN)
        coming = await api.next_runs(schedule.id, count=10)
        self._runs = {one.id: one for one in runs}
        self.query_one(TitleBar).tell(heading=f"Schedule {schedule.name}")
        self.query_one("#facts", Facts).show(schedule_facts(schedule, names, now))
        self.query_one("#history", Listing).show([run_row(one) for one in runs])
        self.query_one("#next", Listing).show([next_row(one, now) for one in coming])

    @on(DataTable.RowSelected, "#history")
    def _tell(self, event: DataTable.RowSelected) -> None:
        one = self._runs[event.row_key.value or ""]
        self.app.push_screen(Tell(f"{one.schedule_name}: {one.vm_name or 'no VM'}", run_text(one)))

    def action_next_view(self) -> None:
        """History, next runs."""
        self.query_one(Views).next()

    def action_act(self) -> None:
        """What can be done with it."""
        schedule = self._schedule
        if schedule is not None:
            self.once(lambda: act_on_schedule(self, schedule))
