"""Jobs of every kind."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import Field

from appliance.contract.api import Api, OperatorModel, route
from appliance.contract.types import JobRef

Wait = Annotated[float, Field(ge=0, le=25)]
Limit = Annotated[int, Field(ge=1, le=1000)]


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


class Job(OperatorModel):
    """One operation. `pace` is there while data is being moved, and after it was."""

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
    steps: list[Step]
    created_at: datetime
    started_at: datetime | None
    completed_at: datetime | None


class LogLine(OperatorModel):
    """One line of a job's log."""

    at: datetime
    step: str
    level: str
    message: str


class JobsApi(Api):
    """The one list of jobs."""

    @route("GET", "/api/v1/jobs")
    async def jobs(self, vm: str | None = None, kind: str | None = None, active: bool | None = None, limit: Limit = 100) -> list[Job]:
        """Jobs, newest first; with `active` only those that have not ended, or only those that have."""
        raise NotImplementedError

    @route("GET", "/api/v1/jobs/{job_id}")
    async def job(self, job_id: str, after: int = -1, wait: Wait = 0.0) -> Job:
        """One job; answers when its revision is greater than `after`, at the latest after `wait` seconds."""
        raise NotImplementedError

    @route("GET", "/api/v1/jobs/{job_id}/log")
    async def job_log(self, job_id: str) -> list[LogLine]:
        """The log of one job, oldest line first."""
        raise NotImplementedError

    @route("POST", "/api/v1/jobs/{job_id}/cancel", status=202)
    async def cancel_job(self, job_id: str) -> JobRef:
        """Stop a job and take back what it did."""
        raise NotImplementedError

    @route("POST", "/api/v1/jobs/{job_id}/retry", status=202)
    async def retry_job(self, job_id: str) -> JobRef:
        """Start the operation of a failed or cancelled job again, as a new job."""
        raise NotImplementedError
