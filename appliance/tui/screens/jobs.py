"""The list of jobs: first what is running, then what has ended."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import DataTable

from appliance.contract.jobs import Job
from appliance.tui import words
from appliance.tui.job_lines import JOB_COLUMNS, job_row
from appliance.tui.screens.narrowed import NarrowedScreen
from appliance.tui.widgets.bars import TitleBar
from appliance.tui.widgets.find import Find
from appliance.tui.widgets.table import Listing

RUNNING_LIMIT, ENDED_LIMIT = 1000, 200
REMEMBER = 15
"""So many questions after the running jobs until those that have ended are asked for again, if none ended meanwhile."""


COPIES, FAILOVERS = "replication,verification", "test_failover,live_failover,cleanup,rollback,finalise,failed_cleanup"


@dataclass(frozen=True)
class Choice:
    """Which jobs are listed: of some kinds, that ended so, or only those that run."""

    name: str
    kind: str | None = None
    status: str | None = None
    ended: bool = True


CHOICES = (
    Choice("all"),
    Choice("running", ended=False),
    Choice("failed or cancelled", status="failed,cancelled"),
    Choice("copies", kind=COPIES),
    Choice("failovers", kind=FAILOVERS),
)


def matches(job: Job, wanted: str) -> bool:
    """Whether every word that was typed is in the job's title or state (pure)."""
    text = f"{job.title} {job.vm_name} {words.OUTCOMES.get(job.status, job.status)}".casefold()
    return all(word in text for word in wanted.casefold().split())


class JobsScreen(NarrowedScreen):
    """Everything that runs and ran."""

    NAME = "jobs"
    HEADING = "Jobs"
    EVERY = 1.0
    HELP = (
        "Every operation is a job. Those that are running come first, with how far they are, their rate and the time they will still take; "
        "then those that have ended, newest first. Enter opens a job's page with its steps and its log. "
        "F3 narrows the list to titles, VMs or states that contain what is typed. F4 cancels a job, or starts one again that failed. "
        "F6 shows only those that run, that failed, or that are copies or failovers."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "open", "Open"),
        Binding("f3,ctrl+f", "find", "Find"),
        Binding("f4,ctrl+t", "act", "Actions"),
        Binding("f6,ctrl+e", "choice", "Which"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._active: list[Job] = []
        self._ended: list[Job] = []
        self._old_for, self._choice = REMEMBER, CHOICES[0]

    def body(self) -> ComposeResult:
        """The list."""
        yield Find("title, VM or state")
        yield Listing(JOB_COLUMNS, empty="No job to show. F6 shows others.", id="jobs")

    def action_reload(self) -> None:
        """Ask for everything."""
        self._old_for = REMEMBER
        super().action_reload()

    async def load(self) -> None:
        """What is running; and what has ended when that changed, for it is long."""
        jobs, choice = self.console_app.agent.jobs, self._choice
        running = [] if choice.status else await jobs.jobs(active=True, limit=RUNNING_LIMIT, kind=choice.kind)
        gone = {job.id for job in self._active} - {job.id for job in running}
        self._old_for += 1
        ended = self._ended
        if gone or self._old_for > REMEMBER:
            self._old_for = 0
            if choice.ended:
                ended = await jobs.jobs(active=False, limit=ENDED_LIMIT, kind=choice.kind, status=choice.status)
        if choice is self._choice:  # else another one was asked for meanwhile
            self._active, self._ended = running, ended
            self.show_found()

    def show_found(self) -> None:
        """The jobs: running ones first."""
        wanted, now = self.wanted, self.console_app.clock()
        self.query_one(Listing).show([job_row(job, now) for job in self._all() if matches(job, wanted)])
        which = "" if self._choice is CHOICES[0] else f": {self._choice.name}"
        self.query_one(TitleBar).tell(heading=f"{self.HEADING}{which}" + ("" if self._choice.status else f" ({len(self._active)} running)"))

    def _all(self) -> list[Job]:
        running = {job.id for job in self._active}
        return [*self._active, *(job for job in self._ended if job.id not in running)]

    def on_data_table_row_selected(self, event: DataTable.RowSelected) -> None:
        """Open the page of a job."""
        from appliance.tui.screens.job import JobScreen

        self.app.push_screen(JobScreen(event.row_key.value or ""))

    def action_choice(self) -> None:
        """The next choice of jobs, or all again."""
        self._choice = CHOICES[(CHOICES.index(self._choice) + 1) % len(CHOICES)]
        self._active, self._ended = [], []
        self.action_reload()

    def action_act(self) -> None:
        """Cancel the job under the cursor, or start it again."""
        chosen = self.query_one(Listing).chosen
        job = next((one for one in self._all() if one.id == chosen), None)
        if job is not None:
            from appliance.tui.screens.operate import act_on_job

            self.once(partial(act_on_job, self, job))
