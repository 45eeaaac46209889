"""The schedules by which VMs are copied."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import DataTable

from appliance.contract.schedules import Execution, ExecutionStatus, Schedule
from appliance.tui import words
from appliance.tui.job_lines import told
from appliance.tui.schedule_lines import SCHEDULE_COLUMNS, last_results, schedule_row
from appliance.tui.screens.acting import ActingScreen
from appliance.tui.screens.deleting import deleted
from appliance.tui.widgets.bars import TitleBar
from appliance.tui.widgets.dialog import Choose
from appliance.tui.widgets.table import Listing

RECENT = 1000
"""Runs that are looked through for the last result of each schedule, the newest ones."""


class SchedulesScreen(ActingScreen):
    """Each schedule, when it runs next, and what became of its last run."""

    NAME = "schedules"
    HEADING = "Schedules"
    EVERY = 5.0
    HELP = (
        "A schedule copies VMs, or a machine group, at the times of its cron line. The list shows when each runs next and what became of "
        "its last run; a VM that was skipped has its reason on the schedule's page, which Enter opens. F7 makes a schedule. F4 turns the "
        "chosen one on or off, runs it now or changes it, F9 deletes it. Times without starts for all schedules are in Windows."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "open", "Open"),
        Binding("f4,ctrl+t", "act", "Actions"),
        Binding("f7,ctrl+n", "add", "New schedule"),
        Binding("f9,ctrl+d", "remove", "Delete"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._schedules: dict[str, Schedule] = {}

    def body(self) -> ComposeResult:
        """The list."""
        yield Listing(SCHEDULE_COLUMNS, empty="There is no schedule yet. Press F7 to make one.", id="schedules")

    def on_mount(self) -> None:
        """The cursor is in the list."""
        self.query_one(Listing).focus()

    async def load(self) -> None:
        """All schedules, and the last runs."""
        api, now = self.console_app.agent.schedules, self.console_app.clock()
        found = await api.schedules()
        runs = await api.executions(limit=RECENT) if found else []
        last, missing = last_results(runs), None if len(runs) == RECENT else ()
        self._schedules = {one.id: one for one in found}
        self.query_one(Listing).show([schedule_row(one, last.get(one.id, missing), now) for one in found])
        self.query_one(TitleBar).tell(heading=f"{self.HEADING} ({len(found)})")

    def on_data_table_row_selected(self, event: DataTable.RowSelected) -> None:
        """Open the page of a schedule."""
        from appliance.tui.screens.schedule import ScheduleScreen

        self.app.push_screen(ScheduleScreen(event.row_key.value or ""))

    def action_add(self) -> None:
        """A new one."""
        from appliance.tui.screens.schedule_form import ScheduleForm

        self.app.push_screen(ScheduleForm())

    def action_act(self) -> None:
        """What can be done with the one under the cursor."""
        schedule = self._schedules.get(self.query_one(Listing).chosen or "")
        if schedule is not None:
            self.once(lambda: act_on_schedule(self, schedule))

    def action_remove(self) -> None:
        """Delete the one under the cursor."""
        schedule = self._schedules.get(self.query_one(Listing).chosen or "")
        if schedule is not None:
            self.once(lambda: _delete(self, schedule))


async def act_on_schedule(screen: ActingScreen, schedule: Schedule) -> None:
    """Ask what is to be done with a schedule, and do it; only from a worker."""
    turning = ("disable", "Turn it off") if schedule.enabled else ("enable", "Turn it on")
    options = [("run", "Run it now"), turning, ("change", "Change it"), ("delete", "Delete it")]
    chosen = await screen.app.push_screen_wait(Choose(schedule.name, options))
    api, name = screen.console_app.agent.schedules, schedule.name
    if chosen == "run":
        await _run(screen, schedule)
    elif chosen == "enable":
        await screen.asking(api.enable_schedule(schedule.id), f"{name} is on. What went by while it was off is not caught up.")
    elif chosen == "disable":
        await _turn_off(screen, schedule)
    elif chosen == "change":
        from appliance.tui.screens.schedule_form import ScheduleForm

        screen.app.push_screen(ScheduleForm(schedule))
    elif chosen == "delete":
        await _delete(screen, schedule)


async def _run(screen: ActingScreen, schedule: Schedule) -> None:
    spread = words.span(schedule.spread_seconds)
    what = f"All its VMs are copied once, their starts spread over {spread}. VMs that can't be copied now are skipped; the reason is told."
    if not await screen.confirmed(f"Run {schedule.name} now?", what):
        return
    runs = await screen.asking(screen.console_app.agent.schedules.run_schedule(schedule.id))
    if runs is not None:
        screen.say(*told_runs(schedule.name, runs))


def told_runs(name: str, runs: Sequence[Execution]) -> tuple[str, str]:
    """What is said once a schedule was run by hand, and how (pure)."""
    skipped = [one for one in runs if one.status == ExecutionStatus.SKIPPED]
    first = next((told(one.reason) for one in skipped if one.reason), "")
    if len(skipped) == len(runs):
        return f"Nothing of {name} was started. {first}".strip(), "warning"
    text = f"{name}: {len(runs) - len(skipped)} of {len(runs)} VMs wait for their start."
    return (f"{text} {len(skipped)} skipped: {first}", "warning") if skipped else (text, "good")


async def _turn_off(screen: ActingScreen, schedule: Schedule) -> None:
    what = "Its runs that wait are skipped; copies that have started go on. It does not run again until it is turned on."
    if await screen.confirmed(f"Turn {schedule.name} off?", what):
        await screen.asking(screen.console_app.agent.schedules.disable_schedule(schedule.id), f"{schedule.name} is off.")


async def _delete(screen: ActingScreen, schedule: Schedule) -> None:
    from appliance.tui.screens.schedule import ScheduleScreen

    what = "Its VMs are no longer copied by it; runs that wait are skipped. The VMs, their copies and the history stay."
    if await screen.confirmed(f"Delete the schedule {schedule.name}?", what):
        work = screen.console_app.agent.schedules.delete_schedule(schedule.id)
        await deleted(screen, work, f"{schedule.name} was deleted.", leave=isinstance(screen, ScheduleScreen))
