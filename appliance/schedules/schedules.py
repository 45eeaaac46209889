"""Schedules as operators keep them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from appliance.contract.errors import NOT_FOUND
from appliance.contract.schedules import OnGap, SaveSchedule, StartedBy
from appliance.core.store import Store, new_id, utcnow
from appliance.schedules import facts, names, windows
from appliance.schedules.cron import Timetable, timetable
from appliance.schedules.due import Due
from appliance.schedules.faults import NO_TARGET
from appliance.schedules.fleet import Fleet
from appliance.schedules.groups import load as load_group
from appliance.schedules.models import MachineGroup, ReplicationSchedule, ScheduleExecution, ScheduleVm
from appliance.schedules.planning import Occasion, runs, survey
from appliance.schedules.zones import zone

COPIED = ("name", "description", "cron", "timezone", "enabled", "group_id", "on_missed", "on_gap")
COPIED_LIMITS = ("spread_seconds", "max_concurrent", "quiesce", "verify")
TIMES = ("cron", "timezone", "on_gap", "enabled")
"""What decides when a schedule fires: a change of it holds from now on, and nothing of before is caught up."""


@dataclass(frozen=True)
class Entry:
    """A schedule with the name of its group and the VMs that it names itself."""

    row: ReplicationSchedule
    group_name: str = ""
    vms: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Schedules:
    """Makes, changes and runs schedules."""

    store: Store
    reachable: facts.Reachable
    clock: Callable[[], datetime] = utcnow

    async def all(self, *, enabled: bool | None = None, group_id: str | None = None) -> list[Entry]:
        """Schedules by name."""
        query = select(ReplicationSchedule).order_by(ReplicationSchedule.name)
        if enabled is not None:
            query = query.where(ReplicationSchedule.enabled == enabled)
        if group_id is not None:
            query = query.where(ReplicationSchedule.group_id == group_id)
        async with self.store.session() as session:
            return await _entries(session, (await session.scalars(query)).all())

    async def get(self, schedule_id: str) -> Entry:
        """One schedule. Raises a Fault (404)."""
        async with self.store.session() as session:
            return (await _entries(session, [await load(session, schedule_id)]))[0]

    async def create(self, wanted: SaveSchedule) -> Entry:
        """Make a schedule. Raises the Fault with which it is refused."""
        row = ReplicationSchedule(id=new_id("schedule"))
        async with self.store.begin() as session:
            await self._save(session, row, wanted)
        return await self.get(row.id)

    async def update(self, schedule_id: str, wanted: SaveSchedule) -> Entry:
        """Replace all of a schedule. Raises the Fault with which it is refused."""
        async with self.store.begin() as session:
            await self._save(session, await load(session, schedule_id), wanted)
        return await self.get(schedule_id)

    async def turn(self, schedule_id: str, enabled: bool) -> Entry:
        """Enable or disable it; what it is already, it stays."""
        async with self.store.begin() as session:
            row = await load(session, schedule_id)
            if row.enabled != enabled:
                row.enabled = enabled
                self._anchor(row)
        return await self.get(schedule_id)

    async def delete(self, schedule_id: str) -> None:
        """Remove it; its history stays. Raises a Fault (404)."""
        async with self.store.begin() as session:
            await session.delete(await load(session, schedule_id))

    async def run_now(self, schedule_id: str) -> list[str]:
        """Record a run of each of its VMs for now; returns the runs' ids. Raises a Fault (404)."""
        fleet, now = await Fleet(self.store).get(), self.clock()
        async with self.store.begin() as session:
            row = await load(session, schedule_id)
            occasion = Occasion(Due(now), None, StartedBy.OPERATOR, now)
            rows = runs(row, occasion, await survey(session, [schedule_id], self.reachable), fleet.blackouts)
            await session.execute(insert(ScheduleExecution), rows)
        return [one["id"] for one in rows]

    def times(self, row: ReplicationSchedule) -> Timetable:
        """When a stored schedule fires."""
        return Timetable(row.cron, zone(row.timezone), OnGap(row.on_gap))

    async def _save(self, session: AsyncSession, row: ReplicationSchedule, wanted: SaveSchedule) -> None:
        timetable(wanted.cron, wanted.timezone, wanted.on_gap)
        windows.check(wanted.blackouts)
        if wanted.group_id is None and not wanted.vms:
            raise NO_TARGET()
        if wanted.group_id is not None:
            await load_group(session, wanted.group_id)
        await names.refuse_taken(session, ReplicationSchedule, "schedule", wanted.name, row.id)
        vms = await names.context_ids(session, wanted.vms)
        before = [getattr(row, name) for name in TIMES]
        for name in (*COPIED, *COPIED_LIMITS):
            setattr(row, name, getattr(wanted, name))
        row.blackouts, row.updated_at = [one.model_dump(mode="json") for one in wanted.blackouts], self.clock()
        if before != [getattr(row, name) for name in TIMES]:
            self._anchor(row)
        session.add(row)
        await session.flush()
        await session.execute(delete(ScheduleVm).where(ScheduleVm.schedule_id == row.id))
        if vms:
            await session.execute(insert(ScheduleVm), [{"schedule_id": row.id, "vm_context_id": vm} for vm in vms])

    def _anchor(self, row: ReplicationSchedule) -> None:
        """Every time up to now is dealt with. Whole seconds: some databases round the rest up."""
        row.decided_until = self.clock().replace(microsecond=0)
        row.next_run_at = self.times(row).next(row.decided_until) if row.enabled else None


async def load(session: AsyncSession, schedule_id: str) -> ReplicationSchedule:
    """The schedule. Raises a Fault (404)."""
    found = await session.get(ReplicationSchedule, schedule_id)
    if found is None:
        raise NOT_FOUND(noun="schedule", id=schedule_id)
    return found


async def _entries(session: AsyncSession, rows: Sequence[ReplicationSchedule]) -> list[Entry]:
    titles = {name: title for name, title in await session.execute(select(MachineGroup.id, MachineGroup.name))}
    vms: dict[str, list[str]] = {one.id: [] for one in rows}
    query = select(ScheduleVm).order_by(ScheduleVm.vm_context_id)
    for one in await session.scalars(query.where(ScheduleVm.schedule_id == rows[0].id) if len(rows) == 1 else query):
        if one.schedule_id in vms:
            vms[one.schedule_id].append(one.vm_context_id)
    return [Entry(one, titles.get(one.group_id or "", ""), vms[one.id]) for one in rows]
