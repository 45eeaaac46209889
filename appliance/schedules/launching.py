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
from appliance.schedules.capacity import Limits, Waiting, admitted
from appliance.schedules.conflicts import Situation, VmFacts, refusal
from appliance.schedules.due import GRACE
from appliance.schedules.models import ReplicationSchedule, ScheduleExecution
from appliance.schedules.planning import own_blackouts, skipped

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

    def waiting(self) -> Waiting:
        return Waiting(self.id, self.vm, self.schedule_id, self.priority, self.start_at)


@dataclass(frozen=True)
class Ground:
    """What is known of all runs whose turn has come. `begun` are jobs that are in the records."""

    begun: set[str]
    vms: dict[str, VmFacts]
    schedules: dict[str, ReplicationSchedule]
    admitted: Sequence[str] = ()


async def launch(store: Store, now: datetime, fleet: FleetWindows, reachable: facts.Reachable, start: Start, at_once: int = AT_ONCE) -> int:
    """Start the runs whose turn has come, as far as the limits allow, and skip those that can't be; returns how many were started."""
    async with store.session() as session:
        turns = await _turns(session, now)
        if not turns:
            return 0
        begun = await _begun(session, turns)
        ground = Ground(begun, await facts.vms(session, (one.vm for one in turns), reachable), await _schedules(session, turns))
        new = [one for one in turns if one.job_id not in begun]
        reasons = {one.id: reason for one in new if (reason := _reason(one, ground, fleet, now))}
        free = await _free(session, [one for one in new if one.id not in reasons], ground, fleet, at_once)
    chosen = {one.id: one for one in new if one.id in free}
    jobs = {name: chosen[name].job_id or new_id("job") for name in free}
    outcomes = [{"status": ExecutionStatus.STARTED, "id": one.id, "decided_at": now} for one in turns if one.job_id in begun]
    marks = [{"status": ExecutionStatus.STARTING, "id": name, "job_id": job_id} for name, job_id in jobs.items()]
    await _write(store, outcomes, marks, [{**skipped(reason, now), "id": name} for name, reason in reasons.items()])
    refused = [{**skipped(error, now), "id": name, "job_id": None} for name, error in await _started(chosen, jobs, start)]
    ended = {one["id"] for one in refused}
    good = [{"status": ExecutionStatus.STARTED, "id": name, "decided_at": now} for name in jobs if name not in ended]
    await _write(store, good, refused)
    return len(good)


async def _started(chosen: dict[str, Turn], jobs: dict[str, str], start: Start) -> list[tuple[str, Fault]]:
    """Start them one after the other; returns those that were refused."""
    refused = []
    for name, job_id in jobs.items():
        try:
            verify = VerificationMode.FULL.value if chosen[name].verify else None
            await start(chosen[name].vm, quiesce=chosen[name].quiesce, job_id=job_id, verify=verify)
        except Fault as error:
            if error.key == STORE_UNWRITABLE.key:
                raise  # no verdict on the VM; the next tick sees whether the job is there
            refused.append((name, error))
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


async def _free(session: AsyncSession, turns: Sequence[Turn], ground: Ground, fleet: FleetWindows, at_once: int) -> list[str]:
    """The ids of those that may start now, in their order."""
    if not turns:
        return []
    running = await facts.running(session)
    limits = Limits(
        await facts.groups(session),
        await facts.memberships(session, [*(one.vm for one in turns), *(one.vm for one in running)]),
        {name: one.max_concurrent for name, one in ground.schedules.items() if one.max_concurrent is not None},
        fleet.max_concurrent,
    )
    return [one.id for one in admitted([one.waiting() for one in turns], running, limits)][:at_once]


async def _write(store: Store, *changes: list[dict[str, Any]]) -> None:
    """Each list has the same columns in all its rows."""
    if any(changes):
        async with store.begin() as session:
            for rows in changes:
                if rows:
                    await session.execute(update(ScheduleExecution), rows)
