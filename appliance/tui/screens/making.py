"""A list of files that a job makes or takes, with the job above it while it runs."""

from __future__ import annotations

from collections.abc import Awaitable, Mapping, Sequence
from typing import ClassVar, Protocol, TypeVar

from textual.app import ComposeResult
from textual.widgets import Static

from appliance.contract.jobs import Job
from appliance.contract.types import JobRef, KeptFile, SendTo
from appliance.tui import words
from appliance.tui.screens.places import ask_send
from appliance.tui.screens.records import RecordsScreen, keyed
from appliance.tui.widgets.facts import Fact
from appliance.tui.widgets.progress import ProgressLine
from appliance.tui.widgets.table import Column, Row


class Named(Protocol):
    """What has a name that no other of its list has."""

    @property
    def name(self) -> str: ...


Made = TypeVar("Made", bound=Named)
Kept = TypeVar("Kept", bound=KeptFile)

ENDED = ("completed", "failed", "cancelled", "undone", "undo_failed")


class MakingScreen(RecordsScreen[Made]):
    """Subclasses give `KINDS`, the kinds of jobs, each with what is said when it has succeeded and when it has not, and `ready()`."""

    KINDS: ClassVar[Mapping[str, tuple[str, str]]] = {}
    EVERY = 1.0

    def __init__(self) -> None:
        super().__init__()
        self.job_id = ""

    def body(self) -> ComposeResult:
        """The job, then the list."""
        yield Static("", id="job", classes="text", markup=False)
        yield ProgressLine(id="progress")
        yield from super().body()

    def on_mount(self) -> None:
        """No job is known yet."""
        self._show_job(None)

    async def ready(self) -> Sequence[Made]:
        """Ask for the files that are ready, newest first."""
        raise NotImplementedError

    async def load(self) -> None:
        """What is ready, and the job that makes one, wherever it was asked for."""
        jobs = self.console_app.agent.jobs
        if not self.job_id:
            running = await jobs.jobs(kind=",".join(self.KINDS), active=True, limit=1)
            self.job_id = running[0].id if running else ""
        job = await jobs.job(self.job_id) if self.job_id else None
        self.show_records(keyed(await self.ready(), lambda one: one.name))
        self._show_job(job)
        if job is not None and job.status in ENDED:
            self.job_id = ""
            self.say(*ending(job, *self.KINDS[job.kind]))

    @property
    def is_being_made(self) -> bool:
        """Whether one is, or is on its way; says so."""
        if self.job_id:
            self.say("Wait until what is under way has ended.", "warning")
        return bool(self.job_id)

    async def follow(self, asked: Awaitable[JobRef], said: str) -> None:
        """Ask for one, and show its job from now on."""
        started = await self.attempt(asked, said)
        if started is not None:
            self.job_id = started.job_id

    def _show_job(self, job: Job | None) -> None:
        under_way = job is not None and job.status not in ENDED
        text, bar = self.query_one("#job", Static), self.query_one(ProgressLine)
        text.display = bar.display = under_way
        if job is not None and under_way:
            text.update(f"{job.title}: {job.current_operation or words.OUTCOMES.get(job.status, job.status)}")
            bar.show(job.progress_percent / 100)


class KeptFilesScreen(MakingScreen[Kept]):
    """Files that are fetched over the API, below `PATH`, or sent to a web address. Subclasses give `send()`."""

    PATH: ClassVar[str] = ""
    SENDING: ClassVar[str] = ""
    """What is to be known before one is sent."""

    def row(self, key: str, record: Kept) -> Row:
        """One line a file."""
        return Row(key, (record.name, words.size(record.size_bytes), words.ago(record.created_at, self.console_app.clock()), record.sha256))

    def facts(self, record: Kept) -> list[Fact]:
        """Where it is, and its sum."""
        return [
            ("Name", record.name),
            *self.made(record),
            ("SHA-256", words.checksum(record.sha256)),
            ("To take it away", self.place(f"{self.PATH}/{record.name}")),
        ]

    def made(self, record: Kept) -> list[Fact]:
        """When it was made."""
        return [("Made", f"{words.moment(record.created_at)} UTC")]

    def place(self, path: str) -> str:
        """Where the API has a file, on an OMA, which listens for operators; F8 goes everywhere."""
        status = self.console_app.status
        return f"F8, or {status.url}operator{path}" if status and status.url else "F8 sends it to a web address"

    async def send(self, name: str, place: SendTo) -> JobRef:
        """Ask the agent to send one."""
        raise NotImplementedError

    def action_send(self) -> None:
        """Ask where the one under the cursor is sent to; then start the job."""
        record = self.chosen
        if record is None or self.is_being_made:
            return

        async def send(place: SendTo) -> None:
            self.job_id = (await self.send(record.name, place)).job_id
            self.say("")  # how the one before ended is not told of this one

        self.app.push_screen(ask_send(f"Send {record.name}", self.SENDING, send), lambda _: self.action_reload())


def made_columns(noun: str) -> tuple[Column, ...]:
    """The columns of a list of such files (pure)."""
    return (Column(noun), Column("Size", 10), Column("Made", 12), Column("SHA-256", 64, needs=150))


def ending(job: Job, ready: str, not_made: str) -> tuple[str, str]:
    """What is said of a job that has ended, and how (pure)."""
    if job.status == "completed":
        return ready, "good"
    why = f"{job.error.message} {job.error.guidance}" if job.error else words.OUTCOMES.get(job.status, job.status) + "."
    return f"{not_made}: {why}", "bad"
