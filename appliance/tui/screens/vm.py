"""One VM: how it is, its disks, its jobs, and what can be done to it."""

from __future__ import annotations

import time
from functools import partial
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import DataTable

from appliance.contract.jobs import Job
from appliance.contract.replications import Cycle, VmContext
from appliance.contract.verifications import Verification
from appliance.tui import actions
from appliance.tui.job_lines import JOB_COLUMNS, job_row
from appliance.tui.screens.base import ConsoleScreen
from appliance.tui.verification_lines import last_of_vm
from appliance.tui.vm_lines import DISK_COLUMNS, disk_row, vm_facts
from appliance.tui.widgets.bars import TitleBar
from appliance.tui.widgets.facts import Facts
from appliance.tui.widgets.progress import ProgressLine, RateChart
from appliance.tui.widgets.table import Listing
from appliance.tui.widgets.views import Views

HIGH = 40
"""Lines from which a terminal shows all views at once."""

JOBS_SHOWN = 50


class VmScreen(ConsoleScreen):
    """The page of a VM."""

    NAME = "vm"
    HEADING = "VM"
    HELP = (
        "All about one VM: its state and what it means, the point its copy stands for, what is under way, and why the last failed "
        "operation failed. F6 goes through its jobs, its disks in the last copy, and the rate while this page is open; "
        "Enter on a job opens it. F2 leads to its record: what it was like over time, a look at it in vCenter now, another credential, and "
        "its removal from management. F4 offers what can be done in this state:\n\n" + actions.explained()
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "open", "Open job"),
        Binding("f2,ctrl+o", "manage", "Record"),
        Binding("f4,ctrl+t", "act", "Actions"),
        Binding("f6,ctrl+e", "next_view", "Next view"),
    ]

    def __init__(self, context_id: str, name: str) -> None:
        super().__init__()
        self._context_id, self._called = context_id, name
        self._vm: VmContext | None = None
        self._sampled = float("-inf")

    def body(self) -> ComposeResult:
        """Facts and a bar, then the views."""
        yield Facts(id="facts", label_width=16)
        yield ProgressLine(id="bar")
        jobs = Listing(JOB_COLUMNS, empty="Nothing was done with this VM yet.", id="jobs")
        disks = Listing(DISK_COLUMNS, empty="The disks are known after the first copy.", id="disks")
        yield Views([("Jobs", jobs), ("Disks", disks), ("Rate", RateChart(id="rates"))], needs=HIGH)

    def on_mount(self) -> None:
        """The cursor is in the jobs."""
        self.query_one(TitleBar).tell(heading=self._called)
        self.query_one("#bar").display = False
        self.query_one("#jobs", Listing).focus()

    async def load(self) -> None:
        """The VM, its jobs, and its last cycle."""
        agent = self.console_app.agent
        vm = await agent.replications.context(self._context_id)
        jobs = await agent.jobs.jobs(vm=self._context_id, limit=JOBS_SHOWN)
        cycles = await agent.replications.cycles(self._context_id, limit=1)
        verified = await agent.verifications.verifications(vm=self._context_id, limit=1)
        self._vm, self._called = vm, vm.vm_name
        self._show(vm, jobs, cycles, verified)

    def _show(self, vm: VmContext, jobs: list[Job], cycles: list[Cycle], verified: list[Verification]) -> None:
        now = self.console_app.clock()
        self.query_one(TitleBar).tell(heading=vm.vm_name)
        short = self.app.size.height < HIGH
        self.query_one("#facts", Facts).show([*vm_facts(vm, now, short=short), *last_of_vm(verified, now, short=short)])
        bar = self.query_one("#bar", ProgressLine)
        bar.display = vm.current_job_id is not None
        bar.show((vm.progress_percent or 0.0) / 100)
        if vm.current_job_id is not None and time.monotonic() - self._sampled > self.EVERY / 2:
            self._sampled = time.monotonic()
            self.query_one("#rates", RateChart).add(vm.rate_bps)
        self.query_one("#jobs", Listing).show([job_row(job, now) for job in jobs])
        self.query_one("#disks", Listing).show([disk_row(disk, cycle) for cycle in cycles for disk in cycle.disks])

    @on(DataTable.RowSelected, "#jobs")
    def _open_job(self, event: DataTable.RowSelected) -> None:
        from appliance.tui.screens.job import JobScreen

        self.app.push_screen(JobScreen(event.row_key.value or ""))

    def action_next_view(self) -> None:
        """Jobs, disks, rate."""
        self.query_one(Views).next()

    def action_act(self) -> None:
        """What can be done to it."""
        if self._vm is not None:
            from appliance.tui.screens.operate import act_on_vm

            self.once(partial(act_on_vm, self, self._vm))

    def action_manage(self) -> None:
        """What is done to its record."""
        if self._vm is not None:
            from appliance.tui.screens.manage import manage_vm

            self.once(partial(manage_vm, self, self._vm))
