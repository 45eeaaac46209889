"""What an agent finds of an earlier one's jobs and does not drive on: it ends them, with the reason."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict

from sqlalchemy import Connection, select, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from appliance.contract.errors import STORE_UNREADABLE, STORE_UNWRITABLE, Fault, fault
from appliance.core.jobs import log
from appliance.core.jobs.lifecycle import ENDED, JobEvent, JobStatus, StepStatus
from appliance.core.jobs.models import Job, LogEvent
from appliance.core.store import Store
from appliance.core.store.engine import OURS

UNKNOWN_KIND = fault(
    "job.unknown_kind",
    409,
    "{title} was begun by another version of this appliance, and this version can't go on with it.",
    "Start the operation again. If the VM it was for is not as it should be, clean it up first.",
)
RESTORED = fault(
    "job.restored",
    409,
    "{title} was under way when the back-up was made whose records this appliance has now, and does not go on.",
    "It may have ended, or been cancelled, since. Look at what it left; then start it again when you want it.",
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


def keep_from_going_on(connection: Connection) -> None:
    """Note with every unfinished job of restored records that it ends where it stands. Again: the same.

    Nobody knows what has become of it since. It is ended by the next agent's runner, which knows what its kind held.
    """
    unfinished = select(Job.id, Job.title).where(Job.status.not_in(ENDED))
    for job_id, title in connection.execute(unfinished).all():
        noted = asdict(RESTORED(title=title).record())
        connection.execute(update(Job).where(Job.id == job_id).values(error=noted, updated_at=Job.updated_at))


def is_restored(job: Job) -> bool:
    """Whether it is of restored records, and not to go on."""
    return job.error is not None and job.error.get("key") == RESTORED.key


async def restored_ids(session: AsyncSession) -> list[str]:
    """The unfinished jobs that are not to go on, newest first: a part of another job ends before that one."""
    found = await session.scalars(select(Job).where(Job.status.not_in(ENDED)).order_by(Job.created_at.desc(), Job.id.desc()))
    return [job.id for job in found if is_restored(job)]


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
