"""What the records say, read once for a look."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import defer

from appliance.agent.reconciler.judging import Maker
from appliance.contexts import VmContext, VmState
from appliance.core.commands import Children
from appliance.core.jobs import Job
from appliance.core.jobs.lifecycle import ENDED
from appliance.core.store import Store
from appliance.failover.deps import FailoverDeps
from appliance.failover.models import FailoverJobRow


@dataclass(frozen=True)
class ReconcilerDeps:
    """What the reconciler works with; `living` are the owners of the programs that serve data sessions now."""

    failover: FailoverDeps
    children: Children
    living: Callable[[], set[str]]


@dataclass(frozen=True)
class Known:
    """Jobs by id with their status, the VM of each that has one, failovers by id, and VMs by id."""

    jobs: dict[str, str]
    vms: dict[str, str]
    failovers: dict[str, FailoverJobRow]
    contexts: dict[str, VmContext]

    def maker(self, job_id: str) -> Maker:
        """What is known of the job that made something."""
        if job_id not in self.jobs:
            return Maker.UNKNOWN
        return Maker.ENDED if self.jobs[job_id] in ENDED else Maker.UNDER_WAY

    def is_given_away(self, job_id: str) -> bool:
        """Whether the VM of this job is not under management any more, or migrated: what was made for it may be in use without us."""
        if job_id not in self.vms:
            return False
        context = self.contexts.get(self.vms[job_id])
        return context is None or context.current_status == VmState.MIGRATED

    def failover_state(self, job_id: str) -> str | None:
        """The state of the failover of this id, if it is one."""
        row = self.failovers.get(job_id)
        return row.status if row else None

    def free(self, context_id: str | None) -> bool:
        """Whether no job works on the VM; what a job works on looks wrong only meanwhile."""
        context = self.contexts.get(context_id or "")
        return context is None or context.current_job_id is None

    def newest_failover(self, context_id: str) -> FailoverJobRow | None:
        """The last failover of a VM."""
        mine = [one for one in self.failovers.values() if one.vm_context_id == context_id]
        return max(mine, key=lambda one: (one.created_at, one.id), default=None)


async def read(store: Store) -> Known:
    """What the records say now."""
    async with store.session() as session:
        jobs = (await session.execute(select(Job.id, Job.status, Job.vm_context_id))).all()
        rows = await session.scalars(select(FailoverJobRow).where(FailoverJobRow.job_type.in_(("test", "live"))))
        contexts = await session.scalars(select(VmContext).options(defer(VmContext.specification)))
        return Known(
            {one.id: one.status for one in jobs},
            {one.id: one.vm_context_id for one in jobs if one.vm_context_id is not None},
            {one.id: one for one in rows},
            {one.context_id: one for one in contexts},
        )
