"""Support bundles: those that are ready, and making one."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Static

from appliance.contract.jobs import Job
from appliance.contract.system import Bundle
from appliance.tui import words
from appliance.tui.screens.records import RecordsScreen, keyed
from appliance.tui.widgets.facts import Fact
from appliance.tui.widgets.progress import ProgressLine
from appliance.tui.widgets.table import Column, Row

KIND = "support-bundle"
"""The kind of job that makes one."""

ENDED = ("completed", "failed", "cancelled", "undone", "undo_failed")


class SupportScreen(RecordsScreen[Bundle]):
    """The bundles in a list; the job that makes one above it."""

    NAME = "support"
    HEADING = "Support bundle"
    HELP = (
        "A support bundle packs logs, versions, states and settings for the vendor's support; passwords and keys are left out. "
        "F7 makes one; the three newest are kept. It is fetched over the appliance's API with the operator's token; "
        "compare the SHA-256 sum afterwards."
    )
    EVERY = 1.0
    BINDINGS: ClassVar[list[BindingType]] = [Binding("f7,ctrl+n", "make", "Make one")]
    COLUMNS: ClassVar = (Column("Bundle"), Column("Size", 10), Column("Made", 12), Column("SHA-256", 64, needs=150))
    EMPTY = "No bundle yet; press F7 to make one."

    def __init__(self) -> None:
        super().__init__()
        self._job_id = ""

    def body(self) -> ComposeResult:
        """The job, then the list."""
        yield Static("", id="job", classes="text", markup=False)
        yield ProgressLine(id="progress")
        yield from super().body()

    def on_mount(self) -> None:
        """No job is known yet."""
        self._show_job(None)

    async def load(self) -> None:
        """Bundles, and the job that makes one, wherever it was asked for."""
        agent = self.console_app.agent
        if not self._job_id:
            running = await agent.jobs.jobs(kind=KIND, active=True, limit=1)
            self._job_id = running[0].id if running else ""
        job = await agent.jobs.job(self._job_id) if self._job_id else None
        self.show_records(keyed(await agent.system.bundles(), lambda one: one.name))
        self._show_job(job)
        if job is not None and job.status in ENDED:
            self._job_id = ""
            text, kind = ending(job)
            self.say(text, kind)

    def row(self, key: str, record: Bundle) -> Row:
        """One line a bundle."""
        return Row(key, (record.name, words.size(record.size_bytes), words.ago(record.created_at, self.console_app.clock()), record.sha256))

    def facts(self, record: Bundle) -> list[Fact]:
        """Where it is, and its sum."""
        age = old(record.created_at, self.console_app.clock())
        return [
            ("Name", record.name),
            ("Made", f"{words.moment(record.created_at)} UTC{age}"),
            ("Size", words.size(record.size_bytes)),
            ("SHA-256", f"{record.sha256[:32]}\n{record.sha256[32:]}"),
            ("To fetch it", self._place(record)),
        ]

    def _place(self, record: Bundle) -> str:
        """Where the API has it: from outside on an OMA, which listens there."""
        status = self.console_app.status
        outside = f"{status.url}operator" if status and status.url else ""
        return f"{outside}/api/v1/support-bundle/{record.name}"

    def action_make(self) -> None:
        """Start the job; one at a time."""
        if self._job_id:
            self.say("One is being made already.", "warning")
        else:
            self.once(self._make)

    async def _make(self) -> None:
        started = await self.attempt(self.console_app.agent.system.make_bundle(), "The bundle is being made; this may take a minute.")
        if started is not None:
            self._job_id = started.job_id

    def _show_job(self, job: Job | None) -> None:
        under_way = job is not None and job.status not in ENDED
        text, bar = self.query_one("#job", Static), self.query_one(ProgressLine)
        text.display = bar.display = under_way
        if job is not None and under_way:
            text.update(f"{job.title}: {job.current_operation or words.OUTCOMES.get(job.status, job.status)}")
            bar.show(job.progress_percent / 100)


def ending(job: Job) -> tuple[str, str]:
    """What is said of a job that has ended, and how (pure)."""
    if job.status == "completed":
        return "The bundle is ready.", "good"
    why = f"{job.error.message} {job.error.guidance}" if job.error else words.OUTCOMES.get(job.status, job.status) + "."
    return f"No bundle was made: {why}", "bad"


def old(made: datetime, now: datetime) -> str:
    """A word of warning about a bundle of another day (pure)."""
    return "; make a new one when something has happened since" if now - made > timedelta(days=1) else ""
