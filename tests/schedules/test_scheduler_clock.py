"""Pauses, jumps of the clock and crashes: nothing is lost, nothing is run twice."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from schedule_world import NOON, World
from sqlalchemy import update

from appliance.contexts import VmState
from appliance.contract.errors import STORE_UNWRITABLE
from appliance.contract.schedules import ExecutionStatus
from appliance.schedules.models import ReplicationSchedule


async def test_times_that_went_by_are_one_run(world: World) -> None:
    await world.vms("web")
    await world.schedule(vms=["web"])
    world = await world.restart()
    assert await world.tick(hours=5, minutes=20) == 1
    (run,) = await world.runs()
    assert (run.due_at, run.missed_since) == (NOON + timedelta(hours=5), NOON + timedelta(hours=1))
    await world.runner.close()


async def test_what_went_by_is_spread_from_now_on_and_not_started_all_at_once(world: World) -> None:
    names = [f"vm-{number}" for number in range(4)]
    await world.vms(*names)
    await world.schedule(vms=names, spread_seconds=60)
    started = [await world.tick(hours=5, minutes=20), *[await world.tick(seconds=15) for _ in range(4)]]
    assert sum(started) == 4 and max(started) <= 2


async def test_times_that_went_by_are_skipped_if_that_is_set(world: World) -> None:
    await world.vms("web")
    await world.schedule(vms=["web"], on_missed="skip")
    assert await world.tick(hours=5, minutes=20) == 0
    assert await world.tick(minutes=40) == 1
    assert await world.told() == ["web schedule.missed", "web started"]


@pytest.mark.parametrize("back", [{"seconds": 5}, {"minutes": 50}, {"hours": 20}, {"days": 400}])
async def test_a_clock_that_goes_back_runs_nothing_twice(world: World, back: dict[str, float]) -> None:
    await world.vms("web")
    await world.schedule(vms=["web"], cron="0 */6 * * *")
    due = []
    for _ in range(3):
        due.append(await world.tick(hours=6))
        await world.finish("web")
    last = world.now
    world.now -= timedelta(**back)
    while world.now < last:
        if await world.tick(hours=1):
            await world.finish("web")
        if back == {"days": 400}:
            break
    assert due == [1, 1, 1]
    times = [one.due_at for one in await world.runs()]
    assert len(times) == len(set(times))


async def test_after_a_clock_that_was_wrong_for_years_a_schedule_goes_on(world: World) -> None:
    await world.vms("web")
    await world.schedule(vms=["web"])
    assert await world.tick(days=3000) == 1
    await world.finish("web")
    world.now = NOON + timedelta(minutes=90)
    assert await world.tick() == 0
    assert await world.tick(minutes=30) == 1


async def test_what_waits_since_a_clock_that_was_ahead_does_not_wait_for_that_time(world: World) -> None:
    await world.vms("web")
    schedule = await world.schedule(vms=["web"])
    world.now = NOON + timedelta(days=3000)
    await world.schedules.run_now(schedule)
    world.now = NOON
    assert await world.tick(seconds=1) == 1


async def test_a_run_that_was_recorded_before_a_crash_is_started_after_it(world: World) -> None:
    await world.vms("web")
    await world.schedule(vms=["web"], spread_seconds=600)
    assert await world.tick(hours=1) == 0
    world = await world.restart()
    assert await world.tick(minutes=10) == 1
    assert await world.jobs() == ["web"]
    await world.runner.close()


@pytest.mark.parametrize("started", [False, True])
async def test_a_crash_while_a_run_is_started_loses_nothing_and_starts_nothing_twice(world: World, started: bool) -> None:
    async def start(context_id: str, /, *, quiesce: bool, job_id: str, verify: str | None = None) -> str:
        if started:
            await world.start(context_id, quiesce=quiesce, job_id=job_id)
        raise asyncio.CancelledError

    await world.vms("web")
    await world.schedule(vms=["web"])
    world.scheduler.start = start
    with pytest.raises(asyncio.CancelledError):
        await world.tick(hours=1)
    (before,) = await world.runs()
    assert before.status == ExecutionStatus.STARTING
    after = await world.restart()
    assert await after.tick(seconds=1) == (0 if started else 1)
    (run,) = await after.runs()
    assert (run.status, run.job_id, await after.jobs()) == (ExecutionStatus.STARTED, before.job_id, ["web"])
    assert await after.tick(seconds=1) == 0
    await after.runner.close()


async def test_a_run_that_a_crash_left_behind_is_skipped_if_its_vm_is_failed_over_meanwhile(world: World) -> None:
    async def start(context_id: str, /, *, quiesce: bool, job_id: str, verify: str | None = None) -> str:
        raise asyncio.CancelledError

    await world.vms("web")
    await world.schedule(vms=["web"])
    world.scheduler.start = start
    with pytest.raises(asyncio.CancelledError):
        await world.tick(hours=1)
    await world.change("web", current_status=VmState.TEST)
    after = await world.restart()
    await after.tick(seconds=1)
    assert await after.told() == ["web schedule.failed_over"]
    await after.runner.close()


async def test_records_that_cannot_be_written_are_no_verdict_on_a_vm(world: World) -> None:
    async def start(context_id: str, /, *, quiesce: bool, job_id: str, verify: str | None = None) -> str:
        raise STORE_UNWRITABLE()

    await world.vms("web")
    await world.schedule(vms=["web"])
    world.scheduler.start = start
    with pytest.raises(Exception, match="can't write its records"):
        await world.tick(hours=1)
    world.scheduler.start = world.start
    assert await world.tick(seconds=1) == 1


async def test_a_schedule_whose_zone_is_gone_stops_no_other(world: World) -> None:
    await world.vms("web", "db")
    lost = await world.schedule("one", vms=["web"])
    await world.schedule("two", vms=["db"])
    async with world.store.begin() as session:
        await session.execute(update(ReplicationSchedule).where(ReplicationSchedule.id == lost).values(timezone="Gone/Away"))
    assert await world.tick(hours=1) == 1
    assert (await world.schedules.get(lost)).row.next_run_at is None


async def test_a_day_of_a_missing_hour_has_its_run(world: World) -> None:
    await world.vms("web")
    world.now = datetime(2026, 3, 28, 22, tzinfo=UTC)
    await world.schedule(vms=["web"], cron="30 2 * * *", timezone="Europe/Berlin")
    assert [await world.tick(minutes=30) for _ in range(8)] == [0, 0, 0, 0, 0, 1, 0, 0]
