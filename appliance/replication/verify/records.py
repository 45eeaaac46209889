"""What a verification writes down; each function works in its caller's transaction."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from appliance.contexts import VmContext, doubts
from appliance.contexts import records as contexts
from appliance.contract.errors import NOT_FOUND
from appliance.contract.peer import Compare, Examined
from appliance.contract.verifications import VerificationOutcome as Outcome
from appliance.core.jobs import Job
from appliance.core.store import utcnow
from appliance.replication.extents import Extents
from appliance.replication.models import ReplicationJob
from appliance.replication.verify.faults import BROKEN_OFF, NOT_ANSWERED
from appliance.replication.verify.limits import FULL
from appliance.replication.verify.models import Verification, VerifiedDisk

WORST_FIRST = (Outcome.DIFFERENT, Outcome.RUNNING, Outcome.INCOMPLETE, Outcome.REPAIRED, Outcome.SAME)


async def begin(session: AsyncSession, cycle: ReplicationJob, mode: str) -> None:
    """The row of a comparison that follows a cycle's commit, with its disks; done again, it stays as it is."""
    if await session.get(Verification, cycle.id) is None:
        disks = [
            VerifiedDisk(disk_id=one.disk_id, label=one.label, capacity_bytes=one.capacity_bytes, outcome=Outcome.RUNNING)
            for one in cycle.disks
        ]
        session.add(Verification(id=cycle.id, vm_context_id=cycle.vm_context_id, mode=mode, outcome=Outcome.RUNNING, disks=disks))


async def load(session: AsyncSession, verification_id: str) -> Verification:
    """One verification with its disks. Raises a Fault (404)."""
    found = await session.get(Verification, verification_id)
    if found is None:
        raise NOT_FOUND(noun="verification", id=verification_id)
    return found


async def disk_of(session: AsyncSession, verification_id: str, disk_id: str) -> VerifiedDisk:
    """One disk of a verification. Raises a Fault (404)."""
    for disk in (await load(session, verification_id)).disks:
        if disk.disk_id == disk_id:
            return disk
    raise NOT_FOUND(noun="disk", id=disk_id)


async def note(session: AsyncSession, verification_id: str, page: Compare, different: Extents) -> None:
    """A page was compared. What differs marks the disk for a full copy and the copy as torn, before anybody may repair it."""
    verification = await load(session, verification_id)
    disk = next(one for one in verification.disks if one.disk_id == page.disk_id)
    seen = Extents.of((one.offset, one.length) for one in page.blocks)
    found = Extents.parse(disk.found) | different
    unrepaired = (Extents.parse(disk.unrepaired) - seen) | different
    disk.found, disk.unrepaired = found.pairs(), unrepaired.pairs()
    disk.different_bytes, disk.repaired_bytes = found.total, found.total - unrepaired.total
    disk.planned_bytes, disk.checked_bytes = page.planned_bytes, page.checked_bytes
    if different:
        context = await contexts.by_id(session, verification.vm_context_id)
        _trust(context, disk.disk_id, "")
        context.torn_since = context.torn_since or utcnow()


async def finish_disk(session: AsyncSession, verification_id: str, told: Examined) -> None:
    """The comparison of a disk has ended."""
    disk = await disk_of(session, verification_id, told.disk_id)
    disk.outcome = outcome_of(disk, finished=told.problem is None)
    disk.problem = told.problem.model_dump() if told.problem else None


def outcome_of(disk: VerifiedDisk, *, finished: bool) -> Outcome:
    """What came of one disk (pure)."""
    if disk.unrepaired:
        return Outcome.DIFFERENT
    if not finished:
        return Outcome.INCOMPLETE
    return Outcome.REPAIRED if disk.found else Outcome.SAME


def worst(outcomes: Iterable[str]) -> Outcome:
    """What came of all disks together (pure)."""
    found = set(outcomes)
    return next((one for one in WORST_FIRST if one in found), Outcome.SAME)


async def close(session: AsyncSession, verification_id: str, change_ids: dict[str, str]) -> Verification:
    """All disks have ended. Where every repair held, the disks' change ids and the copy count again."""
    verification = await load(session, verification_id)
    for disk in verification.disks:
        if disk.outcome == Outcome.RUNNING:
            disk.outcome, disk.problem = outcome_of(disk, finished=False), _problem(NOT_ANSWERED().record())
    context = await contexts.by_id(session, verification.vm_context_id)
    touched = [disk for disk in verification.disks if disk.found]
    for disk in touched:
        if disk.outcome == Outcome.REPAIRED:
            _trust(context, disk.disk_id, change_ids[disk.disk_id])
    if doubts.of(context) is not None:
        if verification.mode == FULL and all(disk.outcome in (Outcome.SAME, Outcome.REPAIRED) for disk in verification.disks):
            doubts.dispel(context)
    elif touched and all(disk.outcome == Outcome.REPAIRED for disk in touched):
        context.torn_since = None
    _end(verification)
    return verification


async def give_up(session: AsyncSession, job: Job) -> None:
    """The job has ended; a verification of it that has not, ends with it."""
    verification = await session.get(Verification, job.id)
    if verification is None or verification.ended_at is not None:
        return
    for disk in verification.disks:
        if disk.outcome == Outcome.RUNNING:
            disk.outcome = outcome_of(disk, finished=False)
    verification.problem = _problem(job.error or BROKEN_OFF().record())
    _end(verification)


def _end(verification: Verification) -> None:
    verification.outcome, verification.ended_at = worst(one.outcome for one in verification.disks), utcnow()
    verification.problem = verification.problem or next((one.problem for one in verification.disks if one.problem), None)


def _problem(error: Any) -> dict[str, Any]:
    told = error if isinstance(error, dict) else vars(error)
    return {key: told[key] for key in ("key", "message", "guidance", "cause") if key in told}


def _trust(context: VmContext, disk_id: str, change_id: str) -> None:
    """The disk's change id at the consistent point; without one its next copy is a full one."""
    point = context.consistent_point or {}
    context.consistent_point = {**point, "change_ids": {**point.get("change_ids", {}), disk_id: change_id}}
