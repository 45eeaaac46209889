"""Machine groups as operators keep them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from appliance.contexts import VmContext
from appliance.contexts.records import by_name_or_id
from appliance.contract.errors import NOT_FOUND
from appliance.contract.schedules import Member, SaveGroup
from appliance.core.store import Store, new_id
from appliance.schedules import facts, names
from appliance.schedules.capacity import lineage
from appliance.schedules.faults import GROUP_IN_USE, OWN_CONFLICT, OWN_PARENT
from appliance.schedules.models import GroupMembership, MachineGroup, ReplicationSchedule

COPIED = ("name", "description", "priority", "max_concurrent", "parent_id")


@dataclass(frozen=True)
class Entry:
    """A group and how many VMs are in it."""

    row: MachineGroup
    member_count: int


@dataclass(frozen=True)
class Groups:
    """Makes and changes machine groups and their members."""

    store: Store

    async def all(self) -> list[Entry]:
        """Groups, the highest priority first."""
        async with self.store.session() as session:
            rows = await session.scalars(select(MachineGroup).order_by(MachineGroup.priority.desc(), MachineGroup.name))
            return await _entries(session, rows.all())

    async def get(self, group_id: str) -> Entry:
        """One group. Raises a Fault (404)."""
        async with self.store.session() as session:
            return (await _entries(session, [await load(session, group_id)]))[0]

    async def create(self, wanted: SaveGroup) -> Entry:
        """Make a group. Raises the Fault with which it is refused."""
        row = MachineGroup(id=new_id("group"))
        async with self.store.begin() as session:
            await _save(session, row, wanted)
        return await self.get(row.id)

    async def update(self, group_id: str, wanted: SaveGroup) -> Entry:
        """Replace what is set for a group. Raises the Fault with which it is refused."""
        async with self.store.begin() as session:
            await _save(session, await load(session, group_id), wanted)
        return await self.get(group_id)

    async def delete(self, group_id: str) -> None:
        """Remove a group. Raises a Fault when a schedule or another group names it."""
        async with self.store.begin() as session:
            row = await load(session, group_id)
            users = await _users(session, group_id)
            if users:
                raise GROUP_IN_USE(name=row.name, users=", ".join(users))
            await session.delete(row)

    async def members(self, group_id: str) -> list[Member]:
        """The VMs of a group by name. Raises a Fault (404)."""
        async with self.store.session() as session:
            await load(session, group_id)
            return await _members(session, group_id)

    async def add(self, group_id: str, vm: str) -> Member:
        """Put a VM into a group; one that is in it stays. Raises a Fault (404, 409)."""
        async with self.store.begin() as session:
            await load(session, group_id)
            context_id = (await by_name_or_id(session, vm)).context_id
            if await session.get(GroupMembership, (group_id, context_id)) is None:
                session.add(GroupMembership(group_id=group_id, vm_context_id=context_id))
                await session.flush()
            return (await _members(session, group_id, context_id))[0]

    async def remove(self, group_id: str, vm: str) -> None:
        """Take a VM out of a group. Raises a Fault (404), also when it is not in it."""
        async with self.store.begin() as session:
            await load(session, group_id)
            found = await session.get(GroupMembership, (group_id, (await by_name_or_id(session, vm)).context_id))
            if found is None:
                raise NOT_FOUND(noun="member", id=vm)
            await session.delete(found)


async def load(session: AsyncSession, group_id: str) -> MachineGroup:
    """The group. Raises a Fault (404)."""
    found = await session.get(MachineGroup, group_id)
    if found is None:
        raise NOT_FOUND(noun="machine group", id=group_id)
    return found


async def _save(session: AsyncSession, row: MachineGroup, wanted: SaveGroup) -> None:
    await names.refuse_taken(session, MachineGroup, "machine group", wanted.name, row.id)
    if row.id in wanted.conflicts_with:
        raise OWN_CONFLICT()
    rules = await facts.groups(session)
    for named in (*wanted.conflicts_with, *([wanted.parent_id] if wanted.parent_id else ())):
        if named != row.id and named not in rules:
            raise NOT_FOUND(noun="machine group", id=named)
    if wanted.parent_id is not None and row.id in (wanted.parent_id, *lineage(rules, wanted.parent_id)):
        raise OWN_PARENT()
    for name in COPIED:
        setattr(row, name, getattr(wanted, name))
    row.conflicts_with = sorted(set(wanted.conflicts_with))
    session.add(row)


async def _users(session: AsyncSession, group_id: str) -> list[str]:
    """The schedules and groups that name a group."""
    schedules = await session.scalars(select(ReplicationSchedule.name).where(ReplicationSchedule.group_id == group_id))
    users = [f"the schedule {name}" for name in schedules]
    for other in await session.scalars(select(MachineGroup)):
        if other.parent_id == group_id or group_id in other.conflicts_with:
            users.append(f"the group {other.name}")
    return sorted(users)


async def _members(session: AsyncSession, group_id: str, *only: str) -> list[Member]:
    columns = (VmContext.context_id, VmContext.vm_name, VmContext.current_status, GroupMembership.created_at)
    query = select(*columns).join(GroupMembership, GroupMembership.vm_context_id == VmContext.context_id)
    query = query.where(GroupMembership.group_id == group_id).order_by(VmContext.vm_name, VmContext.context_id)
    rows = await session.execute(query.where(VmContext.context_id.in_(only)) if only else query)
    return [Member(context_id=vm, vm_name=name, current_status=state, added_at=at) for vm, name, state, at in rows]


async def _entries(session: AsyncSession, rows: Sequence[MachineGroup]) -> list[Entry]:
    query = select(GroupMembership.group_id, func.count()).group_by(GroupMembership.group_id)
    counts = {name: count for name, count in await session.execute(query)}
    return [Entry(one, counts.get(one.id, 0)) for one in rows]
