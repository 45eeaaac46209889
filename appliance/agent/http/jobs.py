"""Routes of jobs."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from appliance.contexts import records
from appliance.contract import jobs as contract
from appliance.contract.types import JobRef
from appliance.core.jobs import Job, LogEvent, Runner
from appliance.core.store import Store


class JobRoutes(contract.JobsApi):
    """Serves the one list of jobs."""

    def __init__(self, store: Store, runner: Runner) -> None:
        self._store, self._runner = store, runner

    async def jobs(self, vm: str | None = None, kind: str | None = None, limit: contract.Limit = 100) -> list[contract.Job]:
        query = select(Job).order_by(Job.created_at.desc()).limit(limit)
        async with self._store.session() as session:
            if vm is not None:
                query = query.where(Job.vm_context_id == (await records.by_name_or_id(session, vm)).context_id)
            if kind is not None:
                query = query.where(Job.kind == kind)
            return [job_view(job) for job in (await session.scalars(query)).all()]

    async def job(self, job_id: str, after: int = -1, wait: contract.Wait = 0.0) -> contract.Job:
        return job_view(await self._runner.follow(job_id, after, wait) if wait else await self._runner.get(job_id))

    async def job_log(self, job_id: str) -> list[contract.LogLine]:
        await self._runner.get(job_id)
        async with self._store.session() as session:
            found = await session.scalars(select(LogEvent).where(LogEvent.job_id == job_id).order_by(LogEvent.id))
            return [contract.LogLine(at=one.created_at, step=one.step, level=one.level, message=one.message) for one in found]

    async def cancel_job(self, job_id: str) -> JobRef:
        await self._runner.cancel(job_id)
        return JobRef(job_id=job_id)


def job_view(job: Job) -> contract.Job:
    """A job as operators see it: without technical causes."""
    return contract.Job(
        id=job.id,
        kind=job.kind,
        title=job.title,
        status=job.status,
        vm_context_id=job.vm_context_id,
        progress_percent=job.progress_percent,
        current_operation=job.current_operation,
        error=_problem(job.error),
        revision=job.revision,
        steps=[
            contract.Step(
                name=one.name,
                title=one.title,
                status=one.status,
                error=_problem(one.error),
                started_at=one.started_at,
                completed_at=one.completed_at,
            )
            for one in job.steps
        ],
        created_at=job.created_at,
        started_at=job.started_at,
        completed_at=job.completed_at,
    )


def _problem(error: dict[str, Any] | None) -> contract.Problem | None:
    return contract.Problem(**{key: error[key] for key in ("key", "message", "guidance")}) if error else None
