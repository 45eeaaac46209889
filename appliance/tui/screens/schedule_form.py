"""Making and changing a schedule; its next runs are shown while it is typed."""

from __future__ import annotations

import asyncio
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Input, OptionList, Static

from appliance.contract.errors import Fault
from appliance.contract.schedules import OnGap, OnMissed, Preview, SaveSchedule, Schedule
from appliance.contract.windows import Window
from appliance.tui import words
from appliance.tui.schedule_lines import GAP, MISSED, preview
from appliance.tui.screens.acting import FormScreen
from appliance.tui.screens.window_form import zone_flaw
from appliance.tui.widgets.bars import TitleBar
from appliance.tui.widgets.dialog import Choose
from appliance.tui.widgets.facts import Facts
from appliance.tui.widgets.form import Choice, Field, in_one_sentence
from appliance.tui.widgets.pick import Pick
from appliance.tui.window_lines import WINDOW_HINT, count_flaw, read_windows, window_text, windows_flaw

PAUSE = 0.3
"""Seconds without a key after which a cron line is tried."""

QUIESCE = {"no": "copied as they run", "yes": "brought to rest for each snapshot"}
"""What is done with the guests' systems before a snapshot is taken."""

VERIFY = {"no": "copies what changed", "yes": "copies, then compares every block"}
"""What a run does."""

BESIDE = {
    "schedule.cron_unreadable": "cron",
    "schedule.never_fires": "cron",
    "schedule.name_taken": "name",
    "schedule.zone_unknown": "zone",
}
"""The field that a refusal belongs to."""


def needed(what: str) -> str:
    """What is said of a field that must not be empty."""
    return f"Type {what}."


def spread_flaw(text: str) -> str:
    """What is wrong with a typed number of seconds (pure)."""
    good = text.isascii() and text.isdigit() and int(text) <= 3600
    return "" if good else "Type a number of seconds from 0 to 3600."


class ScheduleForm(FormScreen):
    """All of a schedule. What is chosen from lists, VMs and a group, has its own keys."""

    NAME = "schedule-form"
    HEADING = "New schedule"
    EVERY = 30.0
    HELP = (
        "The cron line has second, minute, hour, day of the month, month and day of the week, such as 0 30 2 * * MON-FRI; the second may "
        "be left out. Its next five runs are shown while it is typed, as the clocks of the time zone show them. F3 chooses VMs and F6 a "
        "machine group; both together are possible. A run that was missed while the appliance was off, and one at a time of day that is "
        "left out when the clocks are put forward, is made up for or not. Blackouts are times in which this schedule starts nothing, "
        "such as mon-fri 08:00-18:00, with ; between several. F8 saves."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f3,ctrl+f", "choose_vms", "VMs"),
        Binding("f6,ctrl+e", "choose_group", "Group"),
    ]

    def __init__(self, schedule: Schedule | None = None) -> None:
        super().__init__()
        self._before = schedule
        self._vms = list(schedule.vm_context_ids) if schedule else []
        self._group = schedule.group_id if schedule else None
        self._vm_names: dict[str, str] = {}
        self._group_names: dict[str, str] = {}
        windows = [window_text(one, schedule.timezone) for one in schedule.blackouts] if schedule else []
        self._blackouts_before = "; ".join(windows)
        self._tried: tuple[str, str, str] | None = None

    def body(self) -> ComposeResult:
        """Fields, with the preview below the cron line."""
        one = self._before
        zone = one.timezone if one else "UTC"
        yield Field("Name", id="name", value=one.name if one else "", limit=120, check=lambda text: "" if text else needed("a name"))
        cron = one.cron if one else "0 0 2 * * *"
        yield Field("Cron line", id="cron", value=cron, limit=200, check=lambda text: "" if text else needed("a cron line"))
        yield Field("Time zone", id="zone", value=zone, hint="such as Europe/Berlin", limit=64, check=zone_flaw)
        yield Static("", id="coming", markup=False)
        yield Facts(id="for", label_width=19)
        yield Choice("Missed runs", [(k.value, text) for k, text in MISSED.items()], id="missed", value=one.on_missed.value if one else "")
        yield Choice("Missing hour", [(k.value, text) for k, text in GAP.items()], id="gap", value=one.on_gap.value if one else "")
        yield Choice("Guests", list(QUIESCE.items()), id="quiesce", value="yes" if one and one.quiesce else "")
        yield Choice("Each run", list(VERIFY.items()), id="verify", value="yes" if one and one.verify else "")
        yield Field("Blackouts", id="blackouts", value=self._blackouts_before, hint=WINDOW_HINT, limit=2000, check=self._blackouts_flaw)
        yield Field("Spread (seconds)", id="spread", value=str(one.spread_seconds if one else 60), limit=4, check=spread_flaw)
        most = str(one.max_concurrent) if one and one.max_concurrent else ""
        yield Field("Copies at once", id="most", value=most, hint="empty: no limit of its own", limit=4, check=count_flaw)

    async def load(self) -> None:
        """What VMs and groups there are."""
        agent = self.console_app.agent
        self._vm_names = {vm.context_id: vm.vm_name for vm in await agent.replications.contexts()}
        self._group_names = {one.id: one.name for one in await agent.schedules.groups()}
        if self._before is not None:
            self.query_one(TitleBar).tell(heading=f"Schedule {self._before.name}")
        self._show_targets()
        self._try()

    def _show_targets(self) -> None:
        vms = ", ".join(self._vm_names.get(one, one) for one in self._vms)
        group = self._group_names.get(self._group, self._group) if self._group else ""
        self.query_one("#for", Facts).show(
            [("VMs", words.cut(vms, 150) if vms else "none; F3 chooses"), ("Machine group", group or "none; F6 chooses")]
        )

    @on(Input.Changed, "#cron Input, #zone Input")
    @on(OptionList.OptionHighlighted, "#gap OptionList")
    def _try(self) -> None:
        wanted = (self.field("cron").value, self.field("zone").value, self.query_one("#gap", Choice).value)
        if wanted != self._tried and wanted[0] and wanted[1]:
            self._tried = wanted
            self.run_worker(self._preview(*wanted), group="preview", exclusive=True)

    async def _preview(self, cron: str, zone: str, gap: str) -> None:
        await asyncio.sleep(PAUSE)
        shown = self.query_one("#coming", Static)
        try:
            runs = await self.console_app.agent.schedules.preview_line(Preview(cron=cron, timezone=zone, on_gap=OnGap(gap), count=5))
        except Fault as error:
            self._tried = None
            shown.update("")
            self._refused(error, "warning")
        else:
            shown.update(preview(runs))

    def _refused(self, error: Fault, kind: str = "bad") -> Field | None:
        name = BESIDE.get(error.key, "")
        if name == "zone" and str(error.fields.get("zone", "")) not in ("", self.field("zone").value):
            name = "blackouts"
        if not name:
            self.say(in_one_sentence(error), "error")
            return None
        self.field(name).problem(in_one_sentence(error), kind)
        return self.field(name)

    def action_choose_vms(self) -> None:
        """VMs from a list."""
        self.once(self._choose_vms)

    async def _choose_vms(self) -> None:
        gone = [(one, one) for one in self._vms if one not in self._vm_names]
        options = sorted(self._vm_names.items(), key=lambda pair: pair[1].casefold()) + gone
        chosen = await self.app.push_screen_wait(Pick("VMs that this schedule copies", options, self._vms))
        if chosen is not None:
            self._vms = chosen
            self._show_targets()

    def action_choose_group(self) -> None:
        """A group from a list."""
        self.once(self._choose_group)

    async def _choose_group(self) -> None:
        options = [("", "No group"), *self._group_names.items()]
        chosen = await self.app.push_screen_wait(Choose("Machine group that this schedule copies", options))
        if chosen is not None:
            self._group = chosen or None
            self._show_targets()

    def wanted(self) -> SaveSchedule:
        """The schedule as it was typed."""
        one, most = self._before, self.field("most").value
        return SaveSchedule(
            name=self.field("name").value,
            description=one.description if one else "",
            cron=self.field("cron").value,
            timezone=self.field("zone").value,
            enabled=one.enabled if one else True,
            group_id=self._group,
            vms=self._vms,
            on_missed=OnMissed(self.query_one("#missed", Choice).value),
            on_gap=OnGap(self.query_one("#gap", Choice).value),
            spread_seconds=int(self.field("spread").value),
            max_concurrent=int(most) if most else None,
            quiesce=self.query_one("#quiesce", Choice).value == "yes",
            verify=self.query_one("#verify", Choice).value == "yes",
            blackouts=self._blackouts(),
        )

    def _blackouts(self) -> list[Window]:
        """Those of before where nobody has typed: their names may have what can't be typed."""
        text = self.field("blackouts").value
        if self._before is not None and text == self._blackouts_before:
            return self._before.blackouts
        return read_windows(text, self.field("zone").value)

    def _blackouts_flaw(self, text: str) -> str:
        return "" if text == self._blackouts_before else windows_flaw(text)

    async def submit(self) -> None:
        """Save it, and go back."""
        if not self.all_good():
            return
        if not self._vms and not self._group:
            self.say("Choose VMs with F3, a machine group with F6, or both.", "error")
            return
        api, body = self.console_app.agent.schedules, self.wanted()
        try:
            await (api.update_schedule(self._before.id, body) if self._before else api.create_schedule(body))
        except Fault as error:
            field = self._refused(error)
            if field is not None:
                field.focus_input()
            return
        self.console_app.leave(self)
        self.console_app.say(f"{body.name} was saved.", "success")
