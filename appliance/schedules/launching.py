"""From recorded runs whose turn has come to jobs.

A run is marked as starting, with the id that its job will have, before it is started: after a crash in between, the job
is there or it is not.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy import or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from appliance.contract.errors import STORE_UNWRITABLE, Fault
from appliance.contract.schedules import ExecutionStatus, StartedBy
from appliance.contract.verifications import VerificationMode
from appliance.contract.windows import FleetWindows
from appliance.core.jobs import Job
from appliance.core.store import Store, new_id
from appliance.schedules import facts, windows
from appliance.schedules.capacity import Limits, Waiting, decide
from appliance.schedules.conflicts import Situation, VmFacts, refusal
from appliance.schedules.due import GRACE
from appliance.schedules.holds import waiting_for
from appliance.schedules.models import ReplicationSchedule, ScheduleExecution
from appliance.schedules.planning import own_blackouts, skipped, told

AT_ONCE = 5
"""Starts in one tick: each is a few transactions, and other writers wait meanwhile."""


class Start(Protocol):
    """Starts a cycle of a VM, or its verification in this mode, as a job with this id; raises the Fault with which it is refused."""

    async def __call__(self, context_id: str, /, *, quiesce: bool, job_id: str, verify: str | None) -> str: ...


@dataclass(frozen=True)
class Turn:
    """A recorded run whose time has come, as it is in the records."""

    id: str
    schedule_id: str
    vm: str
    vm_name: str
    started_by: str
    priority: int
    start_at: datetime
    quiesce: bool
    verify: bool
    job_id: str | None
    reason: dict[str, Any] | None

    def waiting(self) -> Waiting:
        return Waiting(self.id, self.vm, self.schedule_id, self.priority, self.start_at)


@dataclass(frozen=True)
class Ground:
    """What is known of all runs whose turn has come. `begun` are jobs that are in the records."""

    begun: set[str]
    vms: dict[str, VmFacts]
    schedules: dict[str, ReplicationSchedule]


@dataclass(frozen=True)
class Chosen:
    """A run that is to be started now, as the job with this id."""

    turn: Turn
    job_id: str


async def choose(store: Store, now: datetime, fleet: FleetWindows, reachable: facts.Reachable, at_once: int = AT_ONCE) -> list[Chosen]:
    """Mark the runs that are started now, as far as the limits allow; skip those that can't be, and note what others wait for."""
    async with store.session() as session:
        turns = await _turns(session, now)
        if not turns:
            return []
        begun = await _begun(session, turns)
        ground = Ground(begun, await facts.vms(session, (one.vm for one in turns), reachable), await _schedules(session, turns))
        new = [one for one in turns if one.job_id not in begun]
        reasons = {one.id: reason for one in new if (reason := _reason(one, ground, fleet, now))}
        free, held = await _admission(session, [one for one in new if one.id not in reasons], ground, fleet)
    chosen = [Chosen(one, one.job_id or new_id("job")) for one in free[:at_once]]
    outcomes = [{"status": ExecutionStatus.STARTED, "id": one.id, "decided_at": now} for one in turns if one.job_id in begun]
    marks = [{"status": ExecutionStatus.STARTING, "id": one.turn.id, "job_id": one.job_id, "reason": None} for one in chosen]
    waits = [{"id": one.id, "reason": held[one.id]} for one in new if one.id in held and one.reason != held[one.id]]
    await _write(store, outcomes, marks, waits, [{**skipped(reason, now), "id": name} for name, reason in reasons.items()])
    return chosen


async def begin(store: Store, now: datetime, chosen: Sequence[Chosen], start: Start) -> int:
    """Start them one after the other, and record how that went; returns how many were started."""
    refused = [{**skipped(error, now), "id": name, "job_id": None} for name, error in await _started(chosen, start)]
    ended = {one["id"] for one in refused}
    good = [{"status": ExecutionStatus.STARTED, "id": one.turn.id, "decided_at": now} for one in chosen if one.turn.id not in ended]
    await _write(store, good, refused)
    return len(good)


async def _started(chosen: Sequence[Chosen], start: Start) -> list[tuple[str, Fault]]:
    """Start them; returns those that were refused."""
    refused = []
    for one in chosen:
        try:
            verify = VerificationMode.FULL.value if one.turn.verify else None
            await start(one.turn.vm, quiesce=one.turn.quiesce, job_id=one.job_id, verify=verify)
        except Fault as error:
            if error.key == STORE_UNWRITABLE.key:
                raise  # no verdict on the VM; the next look sees whether the job is there
            refused.append((one.turn.id, error))
    return refused


def _reason(turn: Turn, ground: Ground, fleet: FleetWindows, now: datetime) -> Fault | None:
    schedule = ground.schedules.get(turn.schedule_id)
    window = windows.holding([*(own_blackouts(schedule) if schedule else ()), *fleet.blackouts], now)
    is_on = schedule is not None and (schedule.enabled or turn.started_by == StartedBy.OPERATOR)
    situation = Situation(now, ground.vms.get(turn.vm), schedule_on=is_on, blackout=window.name if window else None)
    return refusal(situation, turn.vm_name)


async def _turns(session: AsyncSession, now: datetime) -> list[Turn]:
    """Runs that wait and whose time has come. One that was recorded by a clock that was ahead does not wait for it to come again."""
    row = ScheduleExecution
    columns = (
        row.id,
        row.schedule_id,
        row.vm_context_id.label("vm"),
        row.vm_name,
        row.started_by,
        row.priority,
        row.start_at,
        row.quiesce,
        row.verify,
        row.job_id,
        row.reason,
    )
    come = or_(row.start_at <= now, row.created_at > now + GRACE, row.status == ExecutionStatus.STARTING)
    waiting = select(*columns).where(row.status.in_(facts.UNDECIDED), row.vm_context_id.is_not(None), come)
    return [Turn(**found) for found in (await session.execute(waiting)).mappings()]


async def _begun(session: AsyncSession, turns: Iterable[Turn]) -> set[str]:
    """Jobs that an earlier start has made without having said so."""
    asked = [one.job_id for one in turns if one.job_id is not None]
    return set(await session.scalars(select(Job.id).where(Job.id.in_(asked)))) if asked else set()


async def _schedules(session: AsyncSession, turns: Iterable[Turn]) -> dict[str, ReplicationSchedule]:
    asked = {one.schedule_id for one in turns}
    return {one.id: one for one in await session.scalars(select(ReplicationSchedule).where(ReplicationSchedule.id.in_(asked)))}


async def _admission(
    session: AsyncSession, turns: Sequence[Turn], ground: Ground, fleet: FleetWindows
) -> tuple[list[Turn], dict[str, dict[str, Any]]]:
    """Those that may start now, in their order, and what each of the others waits for."""
    if not turns:
        return [], {}
    running, groups = await facts.running(session), await facts.groups(session)
    limits = Limits(
        groups,
        await facts.memberships(session, [*(one.vm for one in turns), *(one.vm for one in running)]),
        {name: one.max_concurrent for name, one in ground.schedules.items() if one.max_concurrent is not None},
        fleet.max_concurrent,
    )
    by_id, admission = {one.id: one for one in turns}, decide([one.waiting() for one in turns], running, limits)
    held = {
        name: told(waiting_for(hold, by_id[name].vm_name, ground.schedules[by_id[name].schedule_id].name, groups))
        for name, hold in admission.held.items()
    }
    return [by_id[one.id] for one in admission.free], held


async def _write(store: Store, *changes: list[dict[str, Any]]) -> None:
    """Each list has the same columns in all its rows."""
    if any(changes):
        async with store.begin() as session:
            for rows in changes:
                if rows:
                    await session.execute(update(ScheduleExecution), rows)
