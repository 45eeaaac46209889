"""Jobs of every kind."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, AwareDatetime, Field

from appliance.contract.api import EVENTS, Api, OperatorModel, route
from appliance.contract.types import JobRef, pattern_of, several_of

Wait = Annotated[float, Field(ge=0, le=25)]
Limit = Annotated[int, Field(ge=1, le=1000)]
STATUSES = ("pending", "running", "waiting", "undoing", "completed", "failed", "cancelled")
Statuses = Annotated[str, AfterValidator(several_of(STATUSES)), Field(json_schema_extra={"pattern": pattern_of(STATUSES)})]
"""One state, or several with commas between them."""
Kinds = Annotated[str, Field(pattern="^[A-Za-z0-9_-]+(,[A-Za-z0-9_-]+)*$", max_length=500)]
"""One kind of job, or several with commas between them."""
Name = Annotated[str, Field(min_length=1, max_length=255)]


class Problem(OperatorModel):
    """Why something failed, in the operator's words."""

    key: str
    message: str
    guidance: str


class Step(OperatorModel):
    """One named step of a job."""

    name: str
    title: str
    status: str
    error: Problem | None = None
    started_at: datetime | None = None
    completed_at: datetime | None = None


class Pace(OperatorModel):
    """How a job that moves data gets on, in bytes; `rate_bps` is of the last seconds."""

    done_bytes: int
    total_bytes: int
    skipped_bytes: int
    rate_bps: float
    eta_seconds: int | None


class JobLine(OperatorModel):
    """A job that is a part of another one, in one line."""

    id: str
    kind: str
    title: str
    status: str


class CloudstackJob(OperatorModel):
    """An asynchronous job that CloudStack was given for a job. `status` is pending, done, failed or unknown."""

    id: str
    command: str
    operation: str
    status: str
    correlation_id: str
    created_at: datetime
    updated_at: datetime


class ExternalId(OperatorModel):
    """An id by which another system knows a job, or what it does for it: `cloudstack`, or `copy` for the appliance at the source."""

    id: str
    system: str


class JobNow(OperatorModel):
    """What is told of a job wherever it is told of."""

    id: str
    kind: str
    title: str
    status: str
    vm_context_id: str | None
    vm_name: str
    progress_percent: float
    current_operation: str
    error: Problem | None
    pace: Pace | None
    revision: int


class Job(JobNow):
    """One operation. `pace` is there while data is being moved, and after it was.

    What is done for one request has one `correlation_id`, in all jobs, both appliances and CloudStack. The three lists at the end
    are only on a job's own page.
    """

    steps: list[Step]
    created_at: datetime
    started_at: datetime | None
    completed_at: datetime | None
    correlation_id: str = ""
    parent_job_id: str | None = None
    children: list[JobLine] = Field(default_factory=list)
    cloudstack_jobs: list[CloudstackJob] = Field(default_factory=list)
    external_ids: list[ExternalId] = Field(default_factory=list)


class LogLine(OperatorModel):
    """One line of a job's log."""

    at: datetime
    step: str
    level: str
    message: str
    correlation: str = ""


class FollowedJob(JobNow):
    """A job as followers are told of it: without its steps."""

    completed_at: datetime | None


class JobNews(OperatorModel):
    """What followers are told. A `snapshot` is of all jobs that have not ended: whatever it does not name has.

    `changes` are of the jobs that changed since. `id` is sent back after a cut, to go on from there.
    """

    id: str
    event: Literal["snapshot", "changes"]
    jobs: list[FollowedJob]


class JobsApi(Api):
    """The one list of jobs."""

    @route("GET", "/api/v1/jobs")
    async def jobs(
        self,
        vm: str | None = None,
        kind: Kinds | None = None,
        active: bool | None = None,
        limit: Limit = 100,
        status: Statuses | None = None,
        since: AwareDatetime | None = None,
        until: AwareDatetime | None = None,
        text: Annotated[str, Field(max_length=200)] = "",
        before: Name | None = None,
    ) -> list[Job]:
        """Jobs of every kind, newest first; with `active` only those that have not ended, or only those that have.

        `since` and `until` bound when they were made, `text` is a part of title or id. `before` is the id of the last job of the page
        before: pages stay as they are while jobs are added.
        """
        raise NotImplementedError

    @route("GET", "/api/v1/jobs/events", media=EVENTS)
    def job_events(
        self, vm: Name | None = None, job: Name | None = None, last_event_id: Annotated[str, Field(max_length=64)] = ""
    ) -> AsyncIterator[JobNews]:
        """What changes in jobs, as server-sent events: of all, of one VM or of one job, until the follower leaves.

        First what is known comes, or what changed since `last_event_id` (also as the header `Last-Event-ID`).
        """
        raise NotImplementedError

    @route("POST", "/api/v1/jobs/prune", status=202)
    async def prune_jobs(self) -> JobRef:
        """Remove records that are old enough now; it is done daily anyway."""
        raise NotImplementedError

    @route("GET", "/api/v1/jobs/by-external/{external_id}")
    async def job_by_external(self, external_id: str) -> Job:
        """The job that stands behind an id of CloudStack or of the appliance at the source."""
        raise NotImplementedError

    @route("GET", "/api/v1/jobs/{job_id}")
    async def job(self, job_id: str, after: int = -1, wait: Wait = 0.0) -> Job:
        """One job; answers when its revision is greater than `after`, at the latest after `wait` seconds."""
        raise NotImplementedError

    @route("GET", "/api/v1/jobs/{job_id}/log")
    async def job_log(self, job_id: str, limit: Annotated[int, Field(ge=1, le=5000)] = 2000) -> list[LogLine]:
        """The newest `limit` lines of the log of one job, oldest line first."""
        raise NotImplementedError

    @route("POST", "/api/v1/jobs/{job_id}/cancel", status=202)
    async def cancel_job(self, job_id: str) -> JobRef:
        """Stop a job and take back what it did."""
        raise NotImplementedError

    @route("POST", "/api/v1/jobs/{job_id}/retry", status=202)
    async def retry_job(self, job_id: str) -> JobRef:
        """Start the operation of a failed or cancelled job again, as a new job."""
        raise NotImplementedError
