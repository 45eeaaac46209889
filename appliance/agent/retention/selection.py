"""Which records may go: what ended long ago, except what still tells something or is referred to."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, case, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute, aliased

from appliance.cloudstack.models import CloudstackJobRow
from appliance.contexts import VmContext, VmState
from appliance.core.jobs import Job, JobIdCorrelation, JobStatus
from appliance.core.jobs.lifecycle import ENDED
from appliance.failover.models import FailoverJobRow
from appliance.replication.kinds import COPY
from appliance.volumes.models import VolumeOperationRow

OPEN = (VmState.TEST, VmState.LIVE, VmState.CLEANUP_REQUIRED)
"""States in which a VM's failover is open: the way back reads its records."""


async def surplus_from(session: AsyncSession, count: int) -> str | None:
    """The newest job that is one more than are kept; None when there are not so many. Ids sort by the time of making."""
    found: str | None = await session.scalar(select(Job.id).order_by(Job.id.desc()).offset(count).limit(1))
    return found


def jobs(before: datetime | None, surplus: str | None) -> Select[Any]:
    """The ids of jobs that may go, oldest first."""
    too_old = Job.completed_at < before if before is not None else None
    too_many = Job.id <= surplus if surplus is not None else None
    either = [one for one in (too_old, too_many) if one is not None]
    query = select(Job.id).where(Job.status.in_(ENDED), or_(*either) if either else Job.id.is_(None))
    return query.where(*(Job.id.not_in(kept) for kept in _kept()), ~_of_unfinished()).order_by(Job.id)


def operations(before: datetime) -> Select[Any]:
    """The ids of ended volume operations that may go, oldest first."""
    row, machine = VolumeOperationRow, FailoverJobRow.destination_vm_id
    # The way back looks up there what was discarded of its machine.
    needed = or_(row.vm_id.is_(None), row.vm_id.not_in(_of_open_failovers(machine)))
    return select(row.id).where(row.created_at < before, row.status.in_(("completed", "failed")), needed).order_by(row.id)


def cloudstack_jobs(before: datetime) -> Select[Any]:
    """The ids of records of CloudStack's jobs that no job of ours has any more, oldest first."""
    row = CloudstackJobRow
    gone = row.parent_job_id.not_in(select(Job.id))
    return select(row.id).where(row.created_at < before, row.status != "pending", gone).order_by(row.id)


def correlations(before: datetime) -> Select[Any]:
    """The ids of records of external ids that lead to no job any more."""
    row = JobIdCorrelation
    return select(row.id).where(row.created_at < before, row.internal_job_id.not_in(select(Job.id))).order_by(row.id)


def _kept() -> Iterable[Select[Any]]:
    """Ids of jobs that stay, however old they are."""
    yield _last_ones()
    for column in (VmContext.last_successful_job_id, VmContext.current_job_id):
        yield select(column).where(column.is_not(None))
    for column in (FailoverJobRow.id, FailoverJobRow.failover_job_id, FailoverJobRow.replication_job_id):
        yield _of_open_failovers(column)


def _last_ones() -> Select[Any]:
    """The last failure and the last success of each VM in each kind. A copy at the source names its VM in its title only."""
    title = case((Job.kind == COPY, Job.title), else_="")
    place = func.row_number().over(
        partition_by=(Job.vm_context_id, Job.kind, title, Job.status), order_by=(Job.completed_at.desc(), Job.id.desc())
    )
    ranked = select(Job.id, place.label("place")).where(Job.status.in_((JobStatus.FAILED, JobStatus.COMPLETED))).subquery()
    return select(ranked.c.id).where(ranked.c.place == 1)


def _of_open_failovers(column: InstrumentedAttribute[Any]) -> Select[Any]:
    query = select(column).join(VmContext, VmContext.context_id == FailoverJobRow.vm_context_id)
    return query.where(VmContext.current_status.in_(OPEN), column.is_not(None))


def _of_unfinished() -> ColumnElement[bool]:
    """It is a part of a job that has not ended, or such a job is a part of it."""
    other = aliased(Job)
    return select(other.id).where(other.status.not_in(ENDED), or_(other.id == Job.parent_job_id, other.parent_job_id == Job.id)).exists()
