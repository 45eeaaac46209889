"""What a VM was like: at each of its cycles, when it was added, and whenever it was looked at again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from appliance.contexts import records, specifications
from appliance.contexts.models import SeenSpecification
from appliance.contract.inventory import AskVm, Vm
from appliance.contract.management import Specification
from appliance.core.store import Store
from appliance.replication.models import ReplicationJob
from appliance.replication.source import Sources

CYCLE = "cycle"


@dataclass(frozen=True)
class Look:
    """What vCenter said at a time."""

    at: datetime
    origin: str
    job_id: str | None
    vm: Vm


async def looks(session: AsyncSession, context_id: str, limit: int) -> list[Look]:
    """The newest looks at a VM, newest first; cycles that ended before they had looked, and so have no disks, are left out."""
    cycle, seen = ReplicationJob, SeenSpecification
    rows: list[tuple[datetime, str, str | None, dict[str, Any]]] = []
    of_cycles = select(cycle.created_at, cycle.id, cycle.specification).where(cycle.vm_context_id == context_id, cycle.disks.any())
    for at, job_id, found in await session.execute(of_cycles.order_by(cycle.created_at.desc()).limit(limit)):
        rows.append((at, CYCLE, job_id, found))
    others = select(seen.created_at, seen.origin, seen.job_id, seen.specification).where(seen.vm_context_id == context_id)
    for at, origin, by_job, found in await session.execute(others.order_by(seen.id.desc()).limit(limit)):
        rows.append((at, origin, by_job, found))
    kept = [(at, origin, job_id, specifications.stored(found)) for at, origin, job_id, found in rows]
    newest = sorted((Look(at, origin, job_id, vm) for at, origin, job_id, vm in kept if vm), key=lambda one: one.at, reverse=True)
    return newest[:limit]


def history(found: Sequence[Look]) -> list[Specification]:
    """Looks, newest first, each with what had changed since the one before; pure."""
    older: list[Look | None] = [*found[1:], None]
    return [_shown(one, specifications.changes(before.vm, one.vm) if before else []) for one, before in zip(found, older, strict=True)]


async def specification_history(store: Store, name: str, limit: int) -> list[Specification]:
    """The newest of a VM that is named by id or name. Raises a Fault (404, 409)."""
    async with store.session() as session:
        context_id = (await records.by_name_or_id(session, name)).context_id
        return history(await looks(session, context_id, limit + 1))[:limit]


async def rediscover(store: Store, source: Sources, name: str) -> Specification:
    """Look at a VM in vCenter now and keep what it says. Raises the Faults of the way there; then nothing was changed."""
    async with store.session() as session:
        context = await records.by_name_or_id(session, name)
    access = await source.access(context)
    vm = await source.vma(context.peer_id).vm(AskVm(access=access, vm=context.vmware_vm_id))
    async with store.begin() as session:
        changed = specifications.renew(await records.by_id(session, context.context_id), vm)
        specifications.note(session, context.context_id, specifications.REDISCOVERED, vm)
        latest = (await looks(session, context.context_id, 1))[0]
    return _shown(latest, changed)


def _shown(look: Look, changed: list[str]) -> Specification:
    plain = ("name", "path", "cpus", "memory_mib", "guest_name", "firmware", "secure_boot", "disks", "nics", "blockers")
    said = {name: getattr(look.vm, name) for name in plain}
    return Specification(at=look.at, origin=look.origin, job_id=look.job_id, **said, changes=changed)
