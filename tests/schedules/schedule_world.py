"""A fleet with schedules on a clock that the test sets: real records and real jobs, whose copy takes until it is told to end."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import event, select
from sqlalchemy.ext.asyncio import AsyncSession

from appliance.contexts import VmContext, VmEvent, VmState, records
from appliance.contract.schedules import ExecutionStatus, SaveGroup, SaveSchedule
from appliance.contract.windows import FleetWindows
from appliance.core.jobs import Job, Run, Runner, Step, Workflow
from appliance.core.store import Store
from appliance.schedules.fleet import Fleet
from appliance.schedules.groups import Groups
from appliance.schedules.models import ScheduleExecution
from appliance.schedules.scheduler import Scheduler
from appliance.schedules.schedules import Schedules

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)


class Copy(Step):
    name, title = "copy", "Copying"

    def __init__(self) -> None:
        self.ends: dict[str, asyncio.Event] = {}
        self.begun: asyncio.Queue[str] = asyncio.Queue()

    def end(self, vm: str) -> asyncio.Event:
        return self.ends.setdefault(vm, asyncio.Event())

    async def do(self, run: Run) -> None:
        self.begun.put_nowait(run.context_id)
        await self.end(run.context_id).wait()


class Replication(Workflow):
    """Holds its VM as a real cycle does."""

    kind = "replication"

    async def claim(self, session: AsyncSession, job: Job) -> None:
        records.advance(await records.claim(session, job), VmEvent.CYCLE_STARTS)

    async def settle(self, session: AsyncSession, job: Job) -> None:
        records.advance(await records.by_id(session, job.vm_context_id or ""), VmEvent.CYCLE_COMMITTED)
        await records.free(session, job)


class World:
    """The scheduler of one agent, and what it works on. `restart` is the next agent on the same records."""

    def __init__(self, store: Store, copy: Copy | None = None, now: datetime = NOON) -> None:
        self.store, self.now, self.copy = store, now, copy or Copy()
        self.runner = Runner(store, [Replication([self.copy])])
        self.down: set[str] = set()
        self.scheduler = Scheduler(store, self.start, self.reachable, self.clock)
        self.schedules, self.groups, self.fleet = Schedules(store, self.reachable, self.clock), Groups(store), Fleet(store)

    def clock(self) -> datetime:
        return self.now

    def reachable(self, peer_id: str) -> bool:
        return peer_id not in self.down

    async def start(self, context_id: str, /, *, quiesce: bool, job_id: str, verify: str | None = None) -> str:
        return await self.runner.submit("replication", {"quiesce": quiesce, "verify": verify}, vm_context_id=context_id, job_id=job_id)

    async def restart(self) -> World:
        await self.runner.close()
        world = World(self.store, self.copy, self.now)
        await world.runner.recover()
        return world

    async def vms(self, *names: str, **more: Any) -> None:
        """VMs under management: `web` is `ctx-web`."""
        async with self.store.begin() as session:
            session.add_all([vm(name, **more) for name in names])

    async def schedule(self, name: str = "nightly", **more: Any) -> str:
        """A schedule that fires every hour and spreads nothing; its id."""
        wanted = SaveSchedule.model_validate({"name": name, "cron": "0 * * * *", "spread_seconds": 0, **more})
        return (await self.schedules.create(wanted)).row.id

    async def group(self, name: str, *members: str, **more: Any) -> str:
        """A machine group with members; its id."""
        made = (await self.groups.create(SaveGroup(name=name, **more))).row.id
        for one in members:
            await self.groups.add(made, one)
        return made

    async def limits(self, **more: Any) -> None:
        await self.fleet.put(FleetWindows.model_validate(more))

    async def tick(self, **later: float) -> int:
        """Look once, so much later than before, and wait for the starts; how many there were."""
        self.now += timedelta(**later)
        await self.scheduler.tick()
        return await self.scheduler.started()

    async def finish(self, name: str) -> None:
        """Let the copy of a VM end."""
        async with self.store.session() as session:
            job_id = (await records.by_id(session, f"ctx-{name}")).current_job_id
        self.copy.end(f"ctx-{name}").set()
        await self.runner.wait(job_id or "")
        del self.copy.ends[f"ctx-{name}"]

    async def change(self, name: str, **fields: Any) -> None:
        async with self.store.begin() as session:
            found = await records.by_id(session, f"ctx-{name}")
            for field, value in fields.items():
                setattr(found, field, value)

    async def forget(self, name: str) -> None:
        async with self.store.begin() as session:
            await session.delete(await records.by_id(session, f"ctx-{name}"))

    async def runs(self) -> list[ScheduleExecution]:
        """All recorded runs, oldest first."""
        async with self.store.session() as session:
            query = select(ScheduleExecution).order_by(ScheduleExecution.created_at, ScheduleExecution.vm_name, ScheduleExecution.id)
            return list(await session.scalars(query))

    async def told(self) -> list[str]:
        """All recorded runs as `vm status`, those that were skipped with the reason's key."""
        return [f"{one.vm_name} {_told(one)}" for one in await self.runs()]

    async def jobs(self) -> list[str]:
        """The VMs of all jobs, in the order of their starts."""
        async with self.store.session() as session:
            return [(vm or "").removeprefix("ctx-") for vm in await session.scalars(select(Job.vm_context_id).order_by(Job.id))]


def _told(run: ScheduleExecution) -> str:
    return str(run.reason["key"]) if run.status == ExecutionStatus.SKIPPED and run.reason else run.status


def vm(name: str, **more: Any) -> VmContext:
    """A VM that is in step."""
    words = dict.fromkeys(("vmware_vm_id", "vm_path", "vcenter_host", "datacenter"), name)
    fields = {"context_id": f"ctx-{name}", "vm_name": name, "peer_id": "peer-1", "current_status": VmState.READY}
    return VmContext(**words | fields | more)


@contextmanager
def statements(store: Store) -> Iterator[list[str]]:
    """What is asked of the database during the block."""
    asked: list[str] = []

    def note(_: Any, __: Any, statement: str, *___: Any) -> None:
        asked.append(statement)

    event.listen(store.engine.sync_engine, "before_cursor_execute", note)
    yield asked
    event.remove(store.engine.sync_engine, "before_cursor_execute", note)
