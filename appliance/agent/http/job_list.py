"""The list of jobs as it is asked of the records: few questions, however long it is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute, defer, raiseload

from appliance.agent.http.views import problem
from appliance.cloudstack.models import CloudstackJobRow
from appliance.contexts import VmContext
from appliance.contract import jobs as contract
from appliance.core.jobs import Job, JobIdCorrelation, JobStep
from appliance.core.jobs.lifecycle import ENDED, JobStatus

_STEP = ("name", "title", "status", "error", "started_at", "completed_at")
UNFINISHED = tuple(sorted(set(JobStatus) - ENDED))


@dataclass(frozen=True)
class Wanted:
    """Which jobs are asked for; `None` and the empty text ask for all."""

    context_id: str | None = None
    kinds: Sequence[str] = ()
    statuses: Sequence[str] = ()
    active: bool | None = None
    since: datetime | None = None
    until: datetime | None = None
    text: str = ""
    before: str | None = None

    def conditions(self) -> Iterable[ColumnElement[bool]]:
        """What holds for the jobs that are wanted (pure). Ids sort by the time of making, so they make pages that stay."""
        if self.context_id is not None:
            yield Job.vm_context_id == self.context_id
        if self.kinds:
            yield _one_of(Job.kind, self.kinds)
        if self.statuses:
            yield _one_of(Job.status, self.statuses)
        if self.active is not None:
            # Few are unfinished, and found by the index; all others are most of the table, and found by going through it.
            yield Job.status.in_(UNFINISHED) if self.active else Job.status.not_in(UNFINISHED)
        if self.since is not None:
            yield Job.created_at >= self.since
        if self.until is not None:
            yield Job.created_at <= self.until
        if self.text:
            yield or_(Job.title.icontains(self.text, autoescape=True), Job.id == self.text)
        if self.before is not None:
            yield Job.id < self.before

    def query(self, limit: int) -> Select[Job]:
        """The newest ones."""
        apart = (defer(Job.state), raiseload(Job.steps))
        return select(Job).where(*self.conditions()).options(*apart).order_by(Job.id.desc()).limit(limit)


def _one_of(column: InstrumentedAttribute[str], values: Sequence[str]) -> ColumnElement[bool]:
    """Of one value the index gives rows in their order; with several it would have to sort them."""
    return column == values[0] if len(values) == 1 else column.in_(values)


async def steps_of(session: AsyncSession, jobs: Sequence[Job]) -> dict[str, list[dict[str, Any]]]:
    """The steps of jobs in their order, by job id, as the contract has them: thousands of them in one question."""
    step, found = JobStep, {job.id: list[dict[str, Any]]() for job in jobs}
    columns = (step.job_id, step.name, step.title, step.status, step.error, step.started_at, step.completed_at)
    query = select(*columns).where(step.job_id.in_(found)).order_by(step.job_id, step.position)
    for job_id, *values in await session.execute(query):
        shown = dict(zip(_STEP, values, strict=True))
        if shown["error"]:
            shown["error"] = problem(shown["error"])
        found[job_id].append(shown)
    return found


async def vm_names(session: AsyncSession, jobs: Sequence[Job]) -> dict[str, str]:
    """By job id. A VM is named as it is called now; one that is gone, or a VMA's, has the name that its job was given."""
    ids = {job.vm_context_id for job in jobs if job.vm_context_id}
    found: Mapping[str, str] = {}
    if ids:
        rows = await session.execute(select(VmContext.context_id, VmContext.vm_name).where(VmContext.context_id.in_(ids)))
        found = {context_id: name for context_id, name in rows}
    return {job.id: found.get(job.vm_context_id or "") or str(job.params.get("vm_name", "")) for job in jobs}


async def page(session: AsyncSession, job: Job) -> dict[str, object]:
    """What only a job's own page has: its parts, what CloudStack was given for it, and the ids by which others know it."""
    columns = (Job.id, Job.kind, Job.title, Job.status)
    parts = await session.execute(select(*columns).where(Job.parent_job_id == job.id).order_by(Job.id).limit(1000))
    given = select(CloudstackJobRow).where(CloudstackJobRow.parent_job_id == job.id).order_by(CloudstackJobRow.id).limit(1000)
    known = select(JobIdCorrelation.external_job_id, JobIdCorrelation.job_type).where(JobIdCorrelation.internal_job_id == job.id)
    return {
        "children": [contract.JobLine(id=one.id, kind=one.kind, title=one.title, status=one.status) for one in parts],
        "cloudstack_jobs": [_cloudstack_job(one) for one in await session.scalars(given)],
        "external_ids": [
            contract.ExternalId(id=external, system=system)
            for external, system in await session.execute(known.order_by(JobIdCorrelation.id).limit(1000))
        ],
    }


async def by_external(session: AsyncSession, external_id: str) -> str | None:
    """The id of the job behind an id of another system; None when nobody told it."""
    query = select(JobIdCorrelation.internal_job_id).where(JobIdCorrelation.external_job_id == external_id)
    found: str | None = await session.scalar(query)
    return found


def _cloudstack_job(row: CloudstackJobRow) -> contract.CloudstackJob:
    return contract.CloudstackJob(
        id=row.cloudstack_job_id,
        command=row.cloudstack_command,
        operation=row.operation_type,
        status=row.status,
        correlation_id=row.correlation_id,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )
