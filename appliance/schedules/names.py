"""VMs by the names operators give, and names that are taken."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from sqlalchemy import func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from appliance.contexts import VmContext
from appliance.contract.errors import AMBIGUOUS_NAME, NOT_FOUND
from appliance.schedules.faults import NAME_TAKEN
from appliance.schedules.models import MachineGroup, ReplicationSchedule


async def context_ids(session: AsyncSession, names: Sequence[str]) -> list[str]:
    """The context ids of VMs named by id or, where that is unique, by name; each once. Raises a Fault (404, 409)."""
    query = select(VmContext.context_id, VmContext.vm_name).where(or_(VmContext.context_id.in_(names), VmContext.vm_name.in_(names)))
    ids: set[str] = set()
    named: defaultdict[str, list[str]] = defaultdict(list)
    for vm, name in await session.execute(query):
        ids.add(vm)
        named[name].append(vm)
    found: dict[str, None] = {}
    for name in names:
        same = [name] if name in ids else named.get(name, [])
        if len(same) != 1:
            raise AMBIGUOUS_NAME(name=name) if same else NOT_FOUND(noun="VM", id=name)
        found[same[0]] = None
    return list(found)


async def refuse_taken(
    session: AsyncSession, table: type[ReplicationSchedule] | type[MachineGroup], noun: str, name: str, own_id: str
) -> None:
    """Raise NAME_TAKEN when another one has the name, in whatever case."""
    same = select(table.id).where(func.lower(table.name) == name.lower(), table.id != own_id)
    if await session.scalar(same.limit(1)) is not None:
        raise NAME_TAKEN(noun=noun, name=name)
