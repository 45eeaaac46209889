"""What an agent finds of an earlier one's jobs and does not drive on: it ends them, with the reason."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict

from sqlalchemy.exc import DBAPIError

from appliance.contract.errors import STORE_UNREADABLE, STORE_UNWRITABLE, Fault, fault
from appliance.core.jobs import log
from appliance.core.jobs.lifecycle import JobEvent, JobStatus, StepStatus
from appliance.core.jobs.models import Job, LogEvent
from appliance.core.store import Store
from appliance.core.store.engine import OURS

UNKNOWN_KIND = fault(
    "job.unknown_kind",
    409,
    "{title} was begun by another version of this appliance, and this version can't go on with it.",
    "Start the operation again. If the VM it was for is not as it should be, clean it up first.",
)
NOT_SETTLED = "What this job held could not be given back in order; its VM is freed by the next look at what is held by nothing."


async def end_unknown(store: Store, known: Collection[str]) -> list[str]:
    """End every unfinished job of a kind that is not `known`; returns their ids."""
    async with store.begin() as session:
        strange = await log.unfinished_of_others(session, known)
        for job in strange:
            session.add(_ended(job))
    return [job.id for job in strange]


def finish(job: Job, said: str) -> LogEvent:
    """End a running job whose work is there after all, at the time at which it was heard of last; returns the line that says why."""
    heard = job.updated_at
    for step in job.steps:
        if step.status != StepStatus.COMPLETED:
            log.mark(job, step.name, StepStatus.COMPLETED)
            step.completed_at = heard
    log.advance(job, JobEvent.FINISH)
    job.completed_at = heard
    return log.event(job, "", "info", said)


def is_of_store(error: Exception) -> bool:
    """Whether it says that the records can't be read or written now, which is no verdict on a job."""
    if isinstance(error, Fault):
        # The same told by a peer is about that one's records.
        return error.spec is STORE_UNREADABLE or error.spec is STORE_UNWRITABLE
    return isinstance(error, DBAPIError) and not isinstance(error, OURS)


def _ended(job: Job) -> LogEvent:
    problem = UNKNOWN_KIND(title=job.title, cause=f"kind {job.kind}").record()
    job.error = job.error or asdict(problem)
    for step in job.steps:
        if step.status == StepStatus.RUNNING:
            log.mark(job, step.name, StepStatus.FAILED, problem)
    if job.status != JobStatus.UNDOING:
        log.advance(job, JobEvent.STOP)
    log.advance(job, JobEvent.FAIL)
    return log.event(job, "", "error", f"{problem.message} {problem.guidance}", problem.cause)
