"""From schedules whose time has come to recorded runs: one transaction that also says up to when a schedule is dealt with."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from appliance.contract.errors import Fault
from appliance.contract.schedules import ExecutionStatus, OnGap, OnMissed, StartedBy
from appliance.contract.windows import FleetWindows, Window
from appliance.core.store import Store, new_id
from appliance.schedules import facts, spread, windows
from appliance.schedules.capacity import GroupRule
from appliance.schedules.conflicts import NO_VMS, Situation, VmFacts, refusal
from appliance.schedules.cron import Timetable
from appliance.schedules.due import CLOCK_WAS_WRONG, GRACE, Due, Standing, Verdict, judge
from appliance.schedules.models import ReplicationSchedule, ScheduleExecution
from appliance.schedules.zones import zone

logger = logging.getLogger(__name__)
Row = dict[str, Any]

AT_ONCE = 200
"""Schedules in one transaction, the longest due first: more would keep the agent from answering. The next tick goes on."""


@dataclass(frozen=True)
class Occasion:
    """Why runs are recorded now."""

    due: Due
    following: datetime | None
    started_by: StartedBy
    now: datetime

    @property
    def begin(self) -> datetime:
        """From when on starts are spread: not from a time that went by long ago, which would start all at once."""
        return self.due.at if self.now - self.due.at <= GRACE else self.now


@dataclass(frozen=True)
class Ground:
    """What is known of all VMs that are due."""

    targets: dict[str, set[str]]
    vms: dict[str, VmFacts]
    queued: set[str]
    groups: dict[str, GroupRule]
    member_of: dict[str, frozenset[str]]

    def priority(self, vm: str) -> int:
        """The highest priority of its groups."""
        return max((self.groups[name].priority for name in self.member_of.get(vm, ())), default=GroupRule().priority)


async def plan(store: Store, now: datetime, fleet: FleetWindows, reachable: facts.Reachable) -> int:
    """Record the runs that are due, and that some are skipped; returns how many there are."""
    async with store.session() as session:
        if await session.scalar(select(ReplicationSchedule.id).where(_pressing(now)).limit(1)) is None:
            return 0
    async with store.begin() as session:
        pressing = select(ReplicationSchedule).where(_pressing(now)).order_by(ReplicationSchedule.next_run_at, ReplicationSchedule.id)
        due = (await session.scalars(pressing.limit(AT_ONCE))).all()
        verdicts = await _verdicts(session, due, now)
        ground = await survey(session, [one.id for one in due if verdicts[one.id].due], reachable)
        rows: list[Row] = []
        for schedule in due:
            verdict = verdicts[schedule.id]
            if verdict.due is not None:
                occasion = Occasion(verdict.due, verdict.next_run, StartedBy.SCHEDULE, now)
                rows += runs(schedule, occasion, ground, fleet.blackouts)
        if rows:
            await session.execute(insert(ScheduleExecution), rows)
        stands = [{"id": name, "decided_until": one.decided_until, "next_run_at": one.next_run} for name, one in verdicts.items()]
        if stands:
            await session.execute(update(ReplicationSchedule), stands, execution_options={"synchronize_session": None})
    return len(rows)


async def survey(session: AsyncSession, schedule_ids: list[str], reachable: facts.Reachable) -> Ground:
    """Everything that decides about the VMs of these schedules."""
    targets = await facts.targets(session, schedule_ids)
    ids = {vm for vms in targets.values() for vm in vms}
    return Ground(
        targets,
        await facts.vms(session, ids, reachable),
        await facts.queued(session),
        await facts.groups(session),
        await facts.memberships(session, ids),
    )


def runs(schedule: ReplicationSchedule, occasion: Occasion, ground: Ground, blackouts: Iterable[Window]) -> list[Row]:
    """A row for each VM of a schedule: queued with the time of its start, or skipped with the reason."""
    vms = {vm: ground.priority(vm) for vm in ground.targets.get(schedule.id, ()) if vm in ground.vms}
    if not vms:
        return [{**_row(schedule, occasion), **skipped(NO_VMS(), occasion.now)}]
    window = windows.holding([*own_blackouts(schedule), *blackouts], occasion.now)
    starts = spread.starts(schedule.id, vms, occasion.begin, _spread(schedule, occasion))
    found = []
    for vm, priority in vms.items():
        situation = Situation(
            occasion.now, ground.vms[vm], missed=occasion.due.missed, queued=vm in ground.queued, blackout=window.name if window else None
        )
        name = ground.vms[vm].name
        row = {**_row(schedule, occasion), "vm_context_id": vm, "vm_name": name, "priority": priority, "start_at": starts[vm]}
        reason = refusal(situation, name)
        if reason is None:
            ground.queued.add(vm)  # a VM that two schedules name is replicated once
        found.append({**row, **skipped(reason, occasion.now)} if reason else row)
    return found


def skipped(reason: Fault, now: datetime) -> Row:
    """What is written of a run that is skipped; the technical cause stays inside."""
    return {"status": ExecutionStatus.SKIPPED, "reason": told(reason), "decided_at": now}


def told(reason: Fault) -> Row:
    """A reason as it is kept."""
    return {"key": reason.key, "message": reason.message, "guidance": reason.guidance}


def own_blackouts(schedule: ReplicationSchedule) -> list[Window]:
    """The windows in which this schedule starts nothing."""
    return [Window.model_validate(one) for one in schedule.blackouts]


def _row(schedule: ReplicationSchedule, occasion: Occasion) -> Row:
    return {
        "id": new_id("run"),
        "schedule_id": schedule.id,
        "schedule_name": schedule.name,
        "vm_context_id": None,
        "vm_name": "",
        "started_by": occasion.started_by,
        "due_at": occasion.due.at,
        "missed_since": occasion.due.missed_since,
        "start_at": occasion.due.at,
        "priority": GroupRule().priority,
        "quiesce": schedule.quiesce,
        "verify": schedule.verify,
        "status": ExecutionStatus.QUEUED,
        "reason": None,
        "decided_at": None,
        "created_at": occasion.now,
    }


def _spread(schedule: ReplicationSchedule, occasion: Occasion) -> timedelta:
    """What the operator starts by hand is not held back."""
    if occasion.started_by is StartedBy.OPERATOR:
        return timedelta()
    return spread.bounded(timedelta(seconds=schedule.spread_seconds), occasion.begin, occasion.following)


def _pressing(now: datetime) -> ColumnElement[bool]:
    """Schedules that fire, and those that wait for a time that a wrong clock has shown."""
    fires, waits = ReplicationSchedule.next_run_at <= now, ReplicationSchedule.decided_until > now + CLOCK_WAS_WRONG
    return and_(ReplicationSchedule.enabled, or_(fires, waits))


async def _verdicts(session: AsyncSession, due: Iterable[ReplicationSchedule], now: datetime) -> dict[str, Verdict]:
    """What is due of each schedule; one that can't be judged any more fires no more."""
    recorded = await _recorded(session, {one.id: one.next_run_at for one in due if one.next_run_at is not None})
    found = {}
    for one in due:
        standing = Standing(one.decided_until, one.next_run_at)
        try:
            times = Timetable(one.cron, zone(one.timezone), OnGap(one.on_gap))
            found[one.id] = judge(times, standing, now, OnMissed(one.on_missed), recorded[one.id])
        except Fault as error:  # its time zone is gone from the newer time zone data
            logger.error("schedule %s fires no more: %s", one.name, error)
            found[one.id] = Verdict(None, one.decided_until, None)
    return found


async def _recorded(session: AsyncSession, since: dict[str, datetime]) -> defaultdict[str, set[datetime]]:
    """Times from the next one on whose runs are in the records already: the clock has been there before."""
    found: defaultdict[str, set[datetime]] = defaultdict(set)
    if since:
        columns = (ScheduleExecution.schedule_id, ScheduleExecution.due_at)
        asked = and_(ScheduleExecution.schedule_id.in_(since), ScheduleExecution.due_at >= min(since.values()))
        for schedule_id, at in await session.execute(select(*columns).where(asked).distinct()):
            found[schedule_id].add(at)
    return found
