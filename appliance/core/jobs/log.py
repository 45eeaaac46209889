"""Reads and writes of the job log; each is one transaction."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import raiseload

from appliance.contract.errors import NOT_FOUND, ErrorRecord
from appliance.core.jobs.lifecycle import ENDED, JobEvent, JobStatus, StepStatus, move
from appliance.core.jobs.models import Job, JobIdCorrelation, JobStep, LogEvent
from appliance.core.store.base import utcnow


async def load(session: AsyncSession, job_id: str) -> Job:
    """The job with its steps. Raises a Fault (404) when there is none."""
    job = await session.get(Job, job_id)
    if job is None:
        raise NOT_FOUND(noun="job", id=job_id)
    return job


async def load_to_drive(session: AsyncSession, job_id: str) -> tuple[Job, dict[str, str]]:
    """The job without its steps, and the state of each by name: hundreds are driven at once, for hours. Raises a Fault (404)."""
    job = await session.get(Job, job_id, options=[raiseload(Job.steps)])
    if job is None:
        raise NOT_FOUND(noun="job", id=job_id)
    statuses = await session.execute(select(JobStep.name, JobStep.status).where(JobStep.job_id == job_id))
    return job, {name: status for name, status in statuses}


async def unfinished_of_others(session: AsyncSession, known: Collection[str]) -> list[Job]:
    """Every job that has not ended and is of none of the `known` kinds, oldest first."""
    query = select(Job).where(Job.status.not_in(ENDED), Job.kind.not_in(known)).order_by(Job.created_at)
    return list((await session.scalars(query)).all())


async def unfinished_ids(session: AsyncSession) -> list[str]:
    """The ids of every job that has not ended, oldest first."""
    return list(await session.scalars(select(Job.id).where(Job.status.not_in(ENDED)).order_by(Job.created_at, Job.id)))


async def correlate(session: AsyncSession, job_id: str, external_id: str, system: str, more: dict[str, Any]) -> None:
    """Note an id by which another system knows a job, unless it is noted already, or the job is none of ours."""
    known = select(JobIdCorrelation.id).where(JobIdCorrelation.external_job_id == external_id)
    job = (await session.execute(select(Job.vm_context_id).where(Job.id == job_id, ~known.exists()))).first()
    if job is not None:
        session.add(
            JobIdCorrelation(
                external_job_id=external_id,
                internal_job_id=job_id,
                job_type=system,
                vm_context_id=job.vm_context_id,
                correlation_metadata=more,
            )
        )


def advance(job: Job, event: JobEvent) -> None:
    """Move the job by the lifecycle's table. Raises IllegalMove."""
    job.status = move(JobStatus(job.status), event)
    now = utcnow()
    if event is JobEvent.START:
        job.started_at = now
    if job.status in ENDED:
        job.completed_at = now
        job.current_operation = ""
    touch(job)


def touch(job: Job) -> None:
    """Count a change that followers want to see."""
    job.revision += 1
    job.updated_at = utcnow()


def mark(job: Job, name: str, status: StepStatus, error: ErrorRecord | None = None) -> None:
    """Set the state of one step, and the progress that follows from finished steps."""
    step = next(one for one in job.steps if one.name == name)
    step.status = status
    if status is StepStatus.RUNNING:
        step.started_at, step.completed_at = utcnow(), None
        job.current_operation = step.title
    else:
        step.completed_at = utcnow()
    if error is not None:
        step.error = asdict(error)
    finished = sum(one.status == StepStatus.COMPLETED for one in job.steps)
    job.progress_percent = round(100.0 * finished / len(job.steps), 1)
    touch(job)


def break_off(job: Job, problem: ErrorRecord) -> LogEvent:
    """End a job with its steps as they are; returns the line that says so. An error that it had already stays."""
    job.error = job.error or asdict(problem)
    for step in job.steps:
        if step.status == StepStatus.RUNNING:
            mark(job, step.name, StepStatus.FAILED, problem)
    if job.status != JobStatus.UNDOING:
        advance(job, JobEvent.STOP)
    advance(job, JobEvent.CANCEL)
    return event(job, "", "warning", f"{problem.message} {problem.guidance}")


def new_steps(names: list[tuple[str, str]]) -> list[JobStep]:
    """Rows for the steps of a new job, from (name, title)."""
    return [JobStep(position=n, name=name, title=title, status=StepStatus.PENDING) for n, (name, title) in enumerate(names)]


def add_missing(job: Job, names: list[tuple[str, str]]) -> None:
    """Steps, from (name, title), that the version which stored the job did not have; each comes to its place."""
    known = {one.name: one for one in job.steps}
    for position, (name, title) in enumerate(names):
        if name not in known:
            known[name] = JobStep(name=name, title=title, status=StepStatus.PENDING)
            job.steps.append(known[name])
        known[name].position = position


def event(job: Job, step: str, level: str, message: str, cause: str = "") -> LogEvent:
    """A line for the job's log."""
    return LogEvent(job_id=job.id, correlation_id=job.correlation_id, step=step, level=level, message=message, cause=cause)
