"""One job: its steps, what went wrong, how it gets on, and its log."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import DataTable

from appliance.contract.errors import Fault
from appliance.contract.jobs import Job, LogLine
from appliance.tui import words
from appliance.tui.job_lines import (
    ELSEWHERE_COLUMNS,
    LOG_COLUMNS,
    STEP_COLUMNS,
    elsewhere_rows,
    is_active,
    job_facts,
    log_row,
    step_row,
    told,
    told_line,
)
from appliance.tui.screens.base import ConsoleScreen
from appliance.tui.widgets.bars import TitleBar
from appliance.tui.widgets.dialog import Tell
from appliance.tui.widgets.facts import Facts
from appliance.tui.widgets.progress import ProgressLine, RateChart
from appliance.tui.widgets.table import Listing
from appliance.tui.widgets.views import Views

HIGH = 40
"""Lines from which a terminal shows all views at once."""

LOG_SHOWN = 500
"""Lines of a log, the last ones."""

POLL = 20.0
"""Seconds that the agent may keep the question after the next change."""

PAUSE = 0.25
"""Seconds between two questions after changes: no job is drawn more often."""

AGAIN = 1.0
"""Seconds until an agent that is away is asked again."""


class JobScreen(ConsoleScreen):
    """The page of a job. It is told of every change at once, and goes on after the agent's restart."""

    NAME = "job"
    HEADING = "Job"
    EVERY = 3.0
    HELP = (
        "One job with its steps. F6 goes through the steps, the log, what is done for it elsewhere (in CloudStack, or by jobs that are "
        "a part of it) and the rate while this page is open. Enter shows a line of the log, or why a step failed, in full, or opens a "
        "part. F4 cancels a job that is running, which takes back what it did, or starts one again that failed or was cancelled."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "show", "Show"),
        Binding("f4,ctrl+t", "act", "Actions"),
        Binding("f6,ctrl+e", "next_view", "Next view"),
    ]

    def __init__(self, job_id: str) -> None:
        super().__init__()
        self._job_id = job_id
        self._job: Job | None = None
        self._lines: dict[str, LogLine] = {}

    def body(self) -> ComposeResult:
        """Facts and a bar, then the views."""
        yield Facts(id="facts", label_width=14)
        yield ProgressLine(id="bar")
        steps = Listing(STEP_COLUMNS, empty="This job has no steps.", id="steps")
        log = Listing(LOG_COLUMNS, empty="Nothing was logged.", id="log")
        elsewhere = Listing(ELSEWHERE_COLUMNS, empty="CloudStack was given nothing for it, and it has no parts.", id="elsewhere")
        views = [("Steps", steps), ("Log", log), ("Elsewhere", elsewhere), ("Rate", RateChart(id="rates"))]
        yield Views(views, needs=HIGH)

    def on_mount(self) -> None:
        """The cursor is in the steps; begin to follow."""
        self.query_one("#bar").display = False
        self.query_one("#steps", Listing).focus()
        self.run_worker(self._follow(), name="follow", group="follow", exclusive=True)

    async def load(self) -> None:
        """The job as it is, and its log."""
        jobs = self.console_app.agent.jobs
        self._show(await jobs.job(self._job_id))
        lines = (await jobs.job_log(self._job_id))[-LOG_SHOWN:]
        self._lines = {str(number): line for number, line in enumerate(lines)}
        self.query_one("#log", Listing).show([log_row(key, self._lines[key]) for key in reversed(self._lines)])

    async def _follow(self) -> None:
        """Wait for changes; what goes wrong with that is said by `load`."""
        while True:
            job = self._job
            if job is None or not self.is_current or not is_active(job):
                await asyncio.sleep(AGAIN)
                continue
            try:
                self._show(await self.console_app.agent.jobs.job(self._job_id, after=job.revision, wait=POLL))
                await asyncio.sleep(PAUSE)
            except Fault:
                await asyncio.sleep(AGAIN)

    def _show(self, job: Job) -> None:
        if self._job is not None and job.revision < self._job.revision:
            return
        now, changed = self.console_app.clock(), self._job is None or job.revision != self._job.revision
        self._job = job
        self.query_one(TitleBar).tell(heading=job.title)
        self.query_one("#facts", Facts).show(job_facts(job, now))
        bar = self.query_one("#bar", ProgressLine)
        bar.display = is_active(job)
        bar.show(job.progress_percent / 100)
        if changed and job.pace is not None and is_active(job):
            self.query_one("#rates", RateChart).add(job.pace.rate_bps)
        self.query_one("#elsewhere", Listing).show(elsewhere_rows(job))
        self.query_one("#steps", Listing).show([step_row(step, now, active=is_active(job)) for step in job.steps])

    @on(DataTable.RowSelected, "#log")
    def _tell_line(self, event: DataTable.RowSelected) -> None:
        line = self._lines.get(event.row_key.value or "")
        if line is not None:
            self.app.push_screen(Tell(f"{words.moment(line.at)} UTC", told_line(line)))

    @on(DataTable.RowSelected, "#steps")
    def _tell_step(self, event: DataTable.RowSelected) -> None:
        step = next((one for one in self._job.steps if one.name == event.row_key.value), None) if self._job else None
        if step is not None:
            self.app.push_screen(Tell(step.title, told(step.error) if step.error else words.OUTCOMES.get(step.status, step.status)))

    @on(DataTable.RowSelected, "#elsewhere")
    def _open_part(self, event: DataTable.RowSelected) -> None:
        if self._job is not None and any(one.id == event.row_key.value for one in self._job.children):
            self.app.push_screen(JobScreen(event.row_key.value or ""))

    def action_next_view(self) -> None:
        """Steps, log, what is done elsewhere, rate."""
        self.query_one(Views).next()

    def action_act(self) -> None:
        """Cancel, or start again."""
        if self._job is not None:
            from appliance.tui.screens.operate import act_on_job

            self.once(partial(act_on_job, self, self._job))
