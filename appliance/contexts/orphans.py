"""VMs that are held by nothing: their job ended or is not on record. They are freed."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import ColumnElement, exists, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased, defer

from appliance.contexts import records, summaries
from appliance.contexts.models import VmContext
from appliance.contexts.states import VmState
from appliance.core.jobs import Job
from appliance.core.jobs.lifecycle import ENDED


@dataclass(frozen=True)
class Freed:
    """A VM that was held by nothing, and by what name."""

    context_id: str
    vm_name: str
    sentence: str


async def free_orphans(session: AsyncSession) -> list[Freed]:
    """Free every VM whose job ended or is not on record, and end the cycle of those that no job replicates (one transaction)."""
    query = select(VmContext, Job).outerjoin(Job, Job.id == VmContext.current_job_id).where(_held_by_nothing())
    found = (await session.execute(query.options(defer(VmContext.specification)))).all()
    return [_free(context, job) for context, job in found]


def _held_by_nothing() -> ColumnElement[bool]:
    other = aliased(Job)
    under_way = exists().where(other.vm_context_id == VmContext.context_id, other.status.not_in(ENDED))
    held = VmContext.current_job_id.is_not(None) & or_(Job.id.is_(None), Job.status.in_(ENDED))
    return held | ((VmContext.current_status == VmState.REPLICATING) & ~under_way)


def _free(context: VmContext, job: Job | None) -> Freed:
    held_by, context.current_job_id = context.current_job_id, None
    if context.current_status == VmState.REPLICATING:
        records.advance(context, records.stopped(context))
    if job is not None:
        context.last_operation_summary = summaries.summary(job, context.current_status)
    why = f"the job {held_by}, which has ended" if job else f"the job {held_by}, which is not on record" if held_by else "no job"
    return Freed(context.context_id, context.vm_name, f"{context.vm_name} was held by {why}; it is free again.")
