"""How much the scheduler asks, what it forgets, and how it tells that it is well."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from schedule_world import NOON, World, statements, vm
from sqlalchemy import insert

from appliance.contract.errors import STORE_UNWRITABLE
from appliance.contract.schedules import ExecutionStatus
from appliance.core.store import Store
from appliance.schedules.models import ReplicationSchedule, ScheduleVm
from appliance.schedules.scheduler import KEPT, Scheduler, prune


async def fill(store: Store, number: int, offset: int = 0) -> None:
    """Schedules that fire at one o'clock, each with a VM of its own."""
    names = [f"vm-{place:04}" for place in range(offset, offset + number)]
    common = {"description": "", "cron": "0 13 * * *", "timezone": "Europe/London", "enabled": True, "on_missed": "once", "on_gap": "skip"}
    times = {"decided_until": NOON, "next_run_at": NOON + timedelta(hours=1), "spread_seconds": 1800, "quiesce": False, "blackouts": []}
    async with store.begin() as session:
        session.add_all([vm(name) for name in names])
        await session.flush()
        rows = [{**common, **times, "id": f"schedule-{name}", "name": name} for name in names]
        await session.execute(insert(ReplicationSchedule), rows)
        pairs = [{"schedule_id": f"schedule-{name}", "vm_context_id": f"ctx-{name}"} for name in names]
        await session.execute(insert(ScheduleVm), pairs)


async def test_a_thousand_schedules_that_are_due_take_as_many_questions_as_two(store: Store) -> None:
    async def asked(world: World) -> int:
        with statements(store) as found:
            await world.tick(hours=1)
        return len(found)

    world = World(store)
    await fill(store, 2)
    few = await asked(world)
    await fill(store, 1000, offset=2)
    world.now = NOON
    many = await asked(world)
    assert many <= few + 1 <= 20
    for _ in range(4):
        await world.tick(seconds=1)
    assert len(await world.runs()) == 1002
    await world.runner.close()


async def test_a_look_at_which_nothing_is_due_is_a_few_questions_and_no_write(world: World) -> None:
    await fill(world.store, 300)
    with statements(world.store) as found:
        await world.tick(minutes=5)
    assert len(found) <= 3 and all(one.startswith("SELECT") for one in found)


async def test_runs_that_are_old_are_forgotten_but_none_that_waits(world: World) -> None:
    await world.vms("web", "db")
    await world.schedule(vms=["web", "db"], max_concurrent=1)
    await world.tick(hours=1)
    await prune(world.store, world.now + KEPT - timedelta(seconds=1))
    assert len(await world.runs()) == 2
    await prune(world.store, world.now + KEPT)
    assert [one.status for one in await world.runs()] == [ExecutionStatus.QUEUED]


async def test_more_runs_than_are_kept_are_forgotten_from_the_oldest(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("appliance.schedules.scheduler.KEPT_ROWS", 3)
    await world.schedule(group_id=await world.group("empty"))
    for _ in range(6):
        await world.tick(hours=1)
    await prune(world.store, world.now)
    assert [one.due_at.hour for one in await world.runs()] == [16, 17, 18]


async def test_the_loop_runs_a_schedule_each_second_and_tells_how_it_is(store: Store) -> None:
    world = World(store)
    scheduler = Scheduler(store, world.start, world.reachable)
    assert (await scheduler.health()).state == "degraded"
    world.now = datetime.now(UTC)
    await world.vms("web")
    await world.schedule(vms=["web"], cron="* * * * * *")
    task = asyncio.create_task(scheduler.run())
    async with asyncio.timeout(60):
        while not await world.jobs():
            await asyncio.sleep(0.1)
    found = await scheduler.health()
    assert found.state == "ok" and "Next run at" in found.detail
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await world.runner.close()


async def test_a_look_that_fails_shows_in_the_health_and_is_made_good_by_the_next(world: World) -> None:
    async def start(context_id: str, /, *, quiesce: bool, job_id: str, verify: str | None = None) -> str:
        raise STORE_UNWRITABLE()

    await world.vms("web")
    await world.schedule(vms=["web"])
    world.now += timedelta(hours=1)
    world.scheduler.start = start
    task = asyncio.create_task(world.scheduler.run())
    async with asyncio.timeout(60):
        while (await world.scheduler.health()).state != "failed":
            await asyncio.sleep(0.05)
        world.scheduler.start = world.start
        while (await world.scheduler.health()).state != "ok":
            await asyncio.sleep(0.05)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert await world.jobs() == ["web"]


async def test_a_vm_goes_with_its_schedules_and_groups_but_its_history_stays(world: World) -> None:
    await world.vms("web", "db")
    group = await world.group("all", "web")
    schedule = await world.schedule(group_id=group, vms=["web", "db"])
    await world.tick(hours=1)
    await world.finish("web")
    await world.forget("web")
    assert (await world.schedules.get(schedule)).vms == ["ctx-db"]
    assert await world.groups.members(group) == []
    assert await world.told() == ["db started", "web started"]
