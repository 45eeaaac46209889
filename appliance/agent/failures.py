"""Failed jobs that nothing has made good since."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, case, exists, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from appliance.core.jobs import Job, JobStatus


@dataclass(frozen=True)
class FailedJob:
    """Which job failed, when, and with what error."""

    job_id: str
    title: str
    at: datetime
    error: dict[str, Any]


async def last_of_vms(session: AsyncSession, context_ids: Sequence[str]) -> dict[str, FailedJob]:
    """The newest failed job of each of these VMs after which none of the VM's jobs has succeeded; one query."""
    if not context_ids:
        return {}
    ends = (
        select(
            Job.vm_context_id.label("vm"),
            func.max(case((Job.status == JobStatus.FAILED, Job.completed_at))).label("failed"),
            func.max(case((Job.status == JobStatus.COMPLETED, Job.completed_at))).label("succeeded"),
        )
        .where(Job.vm_context_id.in_(context_ids))
        .group_by(Job.vm_context_id)
        .subquery()
    )
    query = (
        select(Job.vm_context_id, Job.id, Job.title, Job.completed_at, Job.error)
        .join(ends, and_(Job.vm_context_id == ends.c.vm, Job.completed_at == ends.c.failed))
        .where(Job.status == JobStatus.FAILED, or_(ends.c.succeeded.is_(None), ends.c.succeeded < ends.c.failed))
        .order_by(Job.id)
    )
    return {vm: FailedJob(job_id, title, at, error or {}) for vm, job_id, title, at, error in await session.execute(query)}


async def last(session: AsyncSession) -> FailedJob | None:
    """The newest failed job after which no job of its kind and VM has succeeded."""
    query = (
        select(Job.id, Job.title, Job.completed_at, Job.error)
        .where(Job.status == JobStatus.FAILED, ~_made_good(of_vm=True), ~_made_good(of_vm=False))
        .order_by(Job.completed_at.desc(), Job.id.desc())
        .limit(1)
    )
    found = (await session.execute(query)).first()
    return FailedJob(found.id, found.title, found.completed_at, found.error or {}) if found else None


def _made_good(*, of_vm: bool) -> ColumnElement[bool]:
    """A later job of the kind succeeded. A job of the VMA names no VM under management: there the title tells which VM it was for."""
    later = aliased(Job)
    same = later.vm_context_id == Job.vm_context_id
    if not of_vm:
        same = and_(Job.vm_context_id.is_(None), later.vm_context_id.is_(None), later.title == Job.title)
    return exists().where(same, later.kind == Job.kind, later.status == JobStatus.COMPLETED, later.completed_at >= Job.completed_at)
