"""The snapshots in vCenter that this VMA holds, and those that it could not remove."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, exists, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from appliance.core.jobs import Job, JobStep, StepStatus
from appliance.core.jobs.lifecycle import ENDED
from appliance.replication.kinds import COPY
from appliance.replication.transfer.workflow import Snapshot, SnapshotRemoval, Tracking
from appliance.vsphere.snapshot_names import name_for

LIMIT = 200
"""How many that were left behind are told of; the newest ones."""


@dataclass(frozen=True)
class Held:
    """One snapshot; `held` is false when the job that made it has ended without removing it."""

    job: Job
    snapshot: str
    taken_at: datetime | None
    held: bool


async def snapshots_of(session: AsyncSession) -> list[Held]:
    """Of cycles under way, and of ended ones whose VM no later cycle has cleared; newest first, in two queries."""
    copies = select(Job).where(Job.kind == COPY).order_by(Job.created_at.desc())
    going = (await session.scalars(copies.where(Job.status.not_in(ENDED)))).all()
    left = (await session.scalars(copies.where(Job.status.in_(ENDED), _stuck(), ~_cleared()).limit(LIMIT))).all()
    return [_held(job) for job in (*(one for one in going if has_snapshot(one)), *left)]


def has_snapshot(job: Job) -> bool:
    """Whether the snapshot that a cycle under way took is still there, as far as is recorded (pure)."""
    status = {step.name: step.status for step in job.steps}
    removed = status.get(SnapshotRemoval.name) == StepStatus.COMPLETED or status.get(Snapshot.name) == StepStatus.UNDONE
    return "snapshot" in job.state and not removed


def _stuck() -> ColumnElement[bool]:
    return Job.steps.any((JobStep.name == Snapshot.name) & (JobStep.status == StepStatus.UNDO_FAILED))


def _cleared() -> ColumnElement[bool]:
    """A later cycle of the VM removed what earlier ones had left: its second step does."""
    later = aliased(Job)
    same_vm = later.params["vm"].as_string() == Job.params["vm"].as_string()
    done = later.steps.any((JobStep.name == Tracking.name) & (JobStep.status == StepStatus.COMPLETED))
    return exists().where(later.kind == COPY, later.created_at > Job.created_at, same_vm, done)


def _held(job: Job) -> Held:
    """A snapshot that was taken and not recorded any more has the name that its job would have given it."""
    record, taken = job.state.get("snapshot") or {}, job.state.get("snapshot_at")
    name = str(record.get("name") or name_for(job.id))
    return Held(job, name, datetime.fromisoformat(taken) if taken else None, job.status not in ENDED)
