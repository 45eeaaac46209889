"""What became of scheduled runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select

from appliance.contract.errors import NOT_FOUND
from appliance.core.jobs import Job
from appliance.core.store import Store
from appliance.schedules.models import ScheduleExecution

Found = tuple[ScheduleExecution, str | None, str | None]
"""A run, and how its job stands and what it is called, if it has one."""
_RUNS = select(ScheduleExecution, Job.status, Job.title).outerjoin(Job, Job.id == ScheduleExecution.job_id)


@dataclass(frozen=True)
class History:
    """Reads the records of scheduled runs."""

    store: Store

    async def newest(
        self, *, schedule_id: str | None = None, vm: str | None = None, status: str | None = None, limit: int = 100
    ) -> list[Found]:
        """Runs, newest first. `vm` is a context id or a name: also of one that is no longer under management."""
        query = _RUNS
        if schedule_id is not None:
            query = query.where(ScheduleExecution.schedule_id == schedule_id)
        if vm is not None:
            query = query.where((ScheduleExecution.vm_context_id == vm) | (ScheduleExecution.vm_name == vm))
        if status is not None:
            query = query.where(ScheduleExecution.status == status)
        newest = query.order_by(ScheduleExecution.created_at.desc(), ScheduleExecution.id.desc())
        async with self.store.session() as session:
            return [(run, stands, title) for run, stands, title in await session.execute(newest.limit(limit))]

    async def those(self, ids: Sequence[str]) -> list[Found]:
        """The runs with these ids, by the VMs' names."""
        query = _RUNS.where(ScheduleExecution.id.in_(ids)).order_by(ScheduleExecution.vm_name, ScheduleExecution.id)
        async with self.store.session() as session:
            return [(run, stands, title) for run, stands, title in await session.execute(query)]

    async def get(self, execution_id: str) -> Found:
        """One run. Raises a Fault (404)."""
        found = await self.those([execution_id])
        if not found:
            raise NOT_FOUND(noun="scheduled run", id=execution_id)
        return found[0]
