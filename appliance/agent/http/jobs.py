"""Routes of jobs."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing
from datetime import datetime
from functools import partial

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import raiseload

from appliance.agent.http import job_list
from appliance.agent.http.job_events import Followers
from appliance.agent.http.job_list import Wanted
from appliance.agent.http.views import followed_job, job_view
from appliance.agent.retention.workflow import prune
from appliance.contexts import records
from appliance.contract import jobs as contract
from appliance.contract.errors import NOT_FOUND
from appliance.contract.types import JobRef
from appliance.core.jobs import Job, LogEvent, Runner
from appliance.core.store import Store

Paces = Callable[[AsyncSession, Sequence[Job]], Awaitable[Mapping[str, contract.Pace]]]
"""How those of these jobs get on that move data, by their ids."""

SNAPSHOT = 2000
"""Unfinished jobs of which a new follower is told."""


class JobRoutes(contract.JobsApi):
    """Serves the one list of jobs."""

    def __init__(self, store: Store, runner: Runner, paces: Paces) -> None:
        self._store, self._runner, self._paces = store, runner, paces
        self._followers = Followers(runner)

    async def jobs(
        self,
        vm: str | None = None,
        kind: str | None = None,
        active: bool | None = None,
        limit: contract.Limit = 100,
        status: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        text: str = "",
        before: str | None = None,
    ) -> list[contract.Job]:
        async with self._store.session() as session:
            context_id = (await records.by_name_or_id(session, vm)).context_id if vm is not None else None
            wanted = Wanted(context_id, _several(kind), _several(status), active, since, until, text, before)
            return await self._views(session, (await session.scalars(wanted.query(limit))).all())

    async def job(self, job_id: str, after: int = -1, wait: contract.Wait = 0.0) -> contract.Job:
        job = await self._runner.follow(job_id, after, wait) if wait else await self._runner.get(job_id)
        async with self._store.session() as session:
            view = (await self._views(session, [job]))[0]
            return view.model_copy(update=await job_list.page(session, job))

    async def job_by_external(self, external_id: str) -> contract.Job:
        async with self._store.session() as session:
            job_id = await job_list.by_external(session, external_id)
        if job_id is None:
            raise NOT_FOUND(noun="job with the id", id=external_id)
        return await self.job(job_id)

    async def job_log(self, job_id: str, limit: int = 2000) -> list[contract.LogLine]:
        await self._runner.get(job_id)
        newest = select(LogEvent).where(LogEvent.job_id == job_id).order_by(LogEvent.id.desc()).limit(limit)
        async with self._store.session() as session:
            found = (await session.scalars(newest)).all()
        return [
            contract.LogLine(at=one.created_at, step=one.step, level=one.level, message=one.message, correlation=one.correlation_id)
            for one in reversed(found)
        ]

    async def job_events(self, vm: str | None = None, job: str | None = None, last_event_id: str = "") -> AsyncIterator[contract.JobNews]:
        if job is not None:
            await self._runner.get(job)
        context_id = None
        if vm is not None:
            async with self._store.session() as session:
                context_id = (await records.by_name_or_id(session, vm)).context_id
        async with aclosing(self._followers.follow(partial(self._told, context_id, job), last_event_id)) as followed:
            async for news in followed:
                yield news

    async def cancel_job(self, job_id: str) -> JobRef:
        await self._runner.cancel(job_id)
        return JobRef(job_id=job_id)

    async def retry_job(self, job_id: str) -> JobRef:
        return JobRef(job_id=await self._runner.retry(job_id))

    async def prune_jobs(self) -> JobRef:
        return JobRef(job_id=await prune(self._runner))

    async def _told(self, context_id: str | None, job_id: str | None, changed: Sequence[str] | None) -> list[contract.FollowedJob]:
        query = select(Job).options(raiseload(Job.steps)).order_by(Job.id).limit(SNAPSHOT)
        if job_id is not None:
            query = query.where(Job.id == job_id)
        if context_id is not None:
            query = query.where(Job.vm_context_id == context_id)
        if changed is not None:
            query = query.where(Job.id.in_(changed))
        elif job_id is None:
            query = query.where(Job.status.in_(job_list.UNFINISHED))
        if job_id is not None and changed is not None and job_id not in changed:
            return []
        async with self._store.session() as session:
            jobs = (await session.scalars(query)).all()
            names, paces = await job_list.vm_names(session, jobs), await self._paces(session, jobs)
        return [followed_job(one, names[one.id], paces.get(one.id)) for one in jobs]

    async def _views(self, session: AsyncSession, jobs: Sequence[Job]) -> list[contract.Job]:
        """Each job with its steps, its VM's name and its pace, by one query each for all of them."""
        steps, names = await job_list.steps_of(session, jobs), await job_list.vm_names(session, jobs)
        paces = await self._paces(session, jobs)
        return [job_view(job, steps[job.id], names[job.id], paces.get(job.id)) for job in jobs]


def _several(given: str | None) -> tuple[str, ...]:
    """What was given with commas between (pure)."""
    return tuple(dict.fromkeys(given.split(","))) if given else ()
