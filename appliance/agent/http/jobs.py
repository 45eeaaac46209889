"""Routes of jobs."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from appliance.agent.http.views import job_view
from appliance.contexts import VmContext, records
from appliance.contract import jobs as contract
from appliance.contract.types import JobRef
from appliance.core.jobs import Job, LogEvent, Runner
from appliance.core.jobs.lifecycle import ENDED
from appliance.core.store import Store

Paces = Callable[[AsyncSession, Sequence[Job]], Awaitable[Mapping[str, contract.Pace]]]
"""How those of these jobs get on that move data, by their ids."""


class JobRoutes(contract.JobsApi):
    """Serves the one list of jobs."""

    def __init__(self, store: Store, runner: Runner, paces: Paces) -> None:
        self._store, self._runner, self._paces = store, runner, paces

    async def jobs(
        self, vm: str | None = None, kind: str | None = None, active: bool | None = None, limit: contract.Limit = 100
    ) -> list[contract.Job]:
        query = select(Job).order_by(Job.created_at.desc(), Job.id.desc()).limit(limit)
        async with self._store.session() as session:
            if vm is not None:
                query = query.where(Job.vm_context_id == (await records.by_name_or_id(session, vm)).context_id)
            if kind is not None:
                query = query.where(Job.kind == kind)
            if active is not None:
                query = query.where(Job.status.not_in(ENDED) if active else Job.status.in_(ENDED))
            return await self._views(session, (await session.scalars(query)).all())

    async def job(self, job_id: str, after: int = -1, wait: contract.Wait = 0.0) -> contract.Job:
        job = await self._runner.follow(job_id, after, wait) if wait else await self._runner.get(job_id)
        async with self._store.session() as session:
            return (await self._views(session, [job]))[0]

    async def job_log(self, job_id: str) -> list[contract.LogLine]:
        await self._runner.get(job_id)
        async with self._store.session() as session:
            found = await session.scalars(select(LogEvent).where(LogEvent.job_id == job_id).order_by(LogEvent.id))
            return [contract.LogLine(at=one.created_at, step=one.step, level=one.level, message=one.message) for one in found]

    async def cancel_job(self, job_id: str) -> JobRef:
        await self._runner.cancel(job_id)
        return JobRef(job_id=job_id)

    async def retry_job(self, job_id: str) -> JobRef:
        return JobRef(job_id=await self._runner.retry(job_id))

    async def _views(self, session: AsyncSession, jobs: Sequence[Job]) -> list[contract.Job]:
        """Each job with its VM's name and its pace, by one query each for all of them."""
        names, paces = await _vm_names(session, jobs), await self._paces(session, jobs)
        return [job_view(job, names.get(job.vm_context_id or "") or str(job.params.get("vm_name", "")), paces.get(job.id)) for job in jobs]


async def _vm_names(session: AsyncSession, jobs: Sequence[Job]) -> dict[str, str]:
    """By context id, as the VMs are called now; a VM that is gone, or a VMA's, has the name that its job was given."""
    ids = {job.vm_context_id for job in jobs if job.vm_context_id}
    if not ids:
        return {}
    found = await session.execute(select(VmContext.context_id, VmContext.vm_name).where(VmContext.context_id.in_(ids)))
    return {context_id: name for context_id, name in found}
