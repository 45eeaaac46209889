"""What is asked of the records before runs are decided: a few questions, however many VMs there are."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable
from datetime import datetime
from itertools import islice

from sqlalchemy import CompoundSelect, func, select, union_all
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.sql.selectable import Subquery

from appliance.contexts import VmContext, VmState
from appliance.contract.schedules import ExecutionStatus
from appliance.core.jobs import Job
from appliance.core.jobs.lifecycle import ENDED
from appliance.replication.kinds import CYCLES
from appliance.replication.models import ReplicationJob
from appliance.schedules.capacity import GroupRule, Running
from appliance.schedules.conflicts import VmFacts
from appliance.schedules.models import GroupMembership, MachineGroup, ReplicationSchedule, ScheduleExecution, ScheduleVm

Reachable = Callable[[str], bool]
"""Whether the appliance at the source, named by its peer id, can be reached now."""

CHUNK = 10_000
"""Ids in one question: databases bound their number."""
UNDECIDED = (ExecutionStatus.QUEUED, ExecutionStatus.STARTING)


def _targets() -> CompoundSelect[tuple[str, str]]:
    """(schedule, VM) for every VM of every schedule, named itself or through a group."""
    return union_all(
        select(ScheduleVm.schedule_id, ScheduleVm.vm_context_id),
        select(ReplicationSchedule.id, GroupMembership.vm_context_id).join(
            GroupMembership, GroupMembership.group_id == ReplicationSchedule.group_id
        ),
    )


async def targets(session: AsyncSession, schedule_ids: Collection[str]) -> dict[str, set[str]]:
    """The VMs of each of these schedules that has any."""
    pairs = _targets().subquery()
    found: defaultdict[str, set[str]] = defaultdict(set)
    for schedule_id, vm in await session.execute(select(pairs).where(pairs.c.schedule_id.in_(schedule_ids))):
        found[schedule_id].add(vm)
    return found


def next_runs() -> Subquery:
    """For a join: `vm_context_id` and `next_run_at`, the first time at which any schedule fires for the VM."""
    pairs = _targets().subquery()
    firing = select(pairs.c.vm_context_id, func.min(ReplicationSchedule.next_run_at).label("next_run_at"))
    enabled = firing.join(ReplicationSchedule, ReplicationSchedule.id == pairs.c.schedule_id).where(ReplicationSchedule.enabled)
    return enabled.group_by(pairs.c.vm_context_id).subquery()


async def vms(session: AsyncSession, ids: Iterable[str], reachable: Reachable) -> dict[str, VmFacts]:
    """How each VM is; one that is deleted is not among them."""
    columns = (
        VmContext.context_id,
        VmContext.vm_name,
        VmContext.current_status,
        VmContext.diverged_since,
        VmContext.current_job_id,
        VmContext.peer_id,
        Job.updated_at,
        ReplicationJob.updated_at,
    )
    query = select(*columns).outerjoin(Job, Job.id == VmContext.current_job_id).outerjoin(ReplicationJob, ReplicationJob.id == Job.id)
    ways: dict[str, bool] = {}
    found = {}
    for chunk in _chunks(ids):
        for vm, name, state, diverged, job_id, peer, *told in await session.execute(query.where(VmContext.context_id.in_(chunk))):
            if peer not in ways:
                ways[peer] = reachable(peer)
            told_at: datetime | None = max((at for at in told if at is not None), default=None)
            found[vm] = VmFacts(vm, name, VmState(state), diverged is not None, job_id is not None, told_at, ways[peer])
    return found


async def queued(session: AsyncSession) -> set[str]:
    """The VMs that wait for their turn."""
    query = select(ScheduleExecution.vm_context_id).where(ScheduleExecution.status.in_(UNDECIDED))
    return {vm for vm in await session.scalars(query) if vm is not None}


async def running(session: AsyncSession) -> list[Running]:
    """Every replication under way, whoever started it."""
    query = select(Job.vm_context_id, ScheduleExecution.schedule_id).outerjoin(ScheduleExecution, ScheduleExecution.job_id == Job.id)
    rows = await session.execute(query.where(Job.kind.in_(CYCLES), Job.status.not_in(ENDED)))
    return [Running(vm, schedule) for vm, schedule in rows if vm is not None]


async def groups(session: AsyncSession) -> dict[str, GroupRule]:
    """What is set for each group."""
    row = MachineGroup
    rows = await session.execute(select(row.id, row.priority, row.max_concurrent, row.parent_id, row.conflicts_with, row.name))
    return {key: GroupRule(priority, limit, parent, frozenset(against), name) for key, priority, limit, parent, against, name in rows}


async def memberships(session: AsyncSession, ids: Iterable[str]) -> dict[str, frozenset[str]]:
    """The groups of each VM that is in any."""
    found: defaultdict[str, set[str]] = defaultdict(set)
    for chunk in _chunks(ids):
        query = select(GroupMembership.vm_context_id, GroupMembership.group_id).where(GroupMembership.vm_context_id.in_(chunk))
        for vm, group in await session.execute(query):
            found[vm].add(group)
    return {vm: frozenset(names) for vm, names in found.items()}


def _chunks(ids: Iterable[str]) -> Iterable[list[str]]:
    rest = iter(dict.fromkeys(ids))
    while chunk := list(islice(rest, CHUNK)):
        yield chunk
