"""What a step sees of the job it works for."""

from __future__ import annotations

import copy
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from appliance.core.jobs import log
from appliance.core.jobs.lifecycle import JobEvent, JobStatus
from appliance.core.jobs.models import Job

if TYPE_CHECKING:
    from appliance.core.jobs.runner import Runner


class Run:
    """One job under way: its parameters, the state its steps share, and its voice in the log."""

    def __init__(self, runner: Runner, job: Job) -> None:
        self._runner = runner
        self.job = job
        self.params: dict[str, Any] = dict(job.params)
        self.state: dict[str, Any] = copy.deepcopy(job.state)
        self.step = ""

    @property
    def id(self) -> str:
        return self.job.id

    @property
    def context_id(self) -> str:
        """The VM context the job is for; only jobs of a VM may ask."""
        if self.job.vm_context_id is None:
            raise RuntimeError(f"job {self.id} has no VM")
        return self.job.vm_context_id

    async def save(self) -> None:
        """Store the shared state now, before something that depends on it is done."""
        async with self._runner.changing(self.id) as job:
            job.state = copy.deepcopy(self.state)

    async def progress(self, fraction: float, operation: str | None = None) -> None:
        """How far the current step is (0 to 1), and what is going on in the operator's words."""
        async with self._runner.changing(self.id) as job:
            position = next(one.position for one in job.steps if one.name == self.step)
            job.progress_percent = round(100.0 * (position + min(1.0, max(0.0, fraction))) / len(job.steps), 1)
            if operation is not None:
                job.current_operation = operation

    async def log(self, message: str, *, level: str = "info", cause: str = "") -> None:
        """A line in the job's log: a sentence for the operator, the technical cause beside it."""
        async with self._runner.store.begin() as session:
            session.add(log.event(self.job, self.step, level, message, cause))

    async def known_as(self, external_id: str, system: str, **more: Any) -> None:
        """Another system knows this job, or what it does for it, by an id of its own; noted once, however often it is said."""
        async with self._runner.store.begin() as session:
            await log.correlate(session, self.id, external_id, system, more)

    @asynccontextmanager
    async def waiting(self, what_for: str) -> AsyncIterator[None]:
        """The job is shown as waiting for `what_for` during the block."""
        await self._turn(JobStatus.RUNNING, JobEvent.WAIT, what_for)
        try:
            yield
        finally:
            await self._turn(JobStatus.WAITING, JobEvent.GO_ON, "")

    async def _turn(self, only_in: JobStatus, event: JobEvent, operation: str) -> None:
        async with self._runner.changing(self.id) as job:
            if job.status == only_in:
                log.advance(job, event)
                job.current_operation = operation
            elif job.status == JobStatus.UNDOING:
                job.current_operation = operation
