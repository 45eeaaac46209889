"""What a run that waits says it waits for, and a look that does not wait for what it starts."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from schedule_world import World, statements

from appliance.agent.http.schedules import ScheduleRoutes
from appliance.contract.schedules import ExecutionStatus


async def reasons(world: World) -> dict[str, str]:
    """What the runs that wait say, as it is served."""
    runs = await ScheduleRoutes(world.store, world.reachable).executions(status=ExecutionStatus.QUEUED)
    return {one.vm_name: one.reason.message if one.reason else "" for one in runs}


async def test_the_limit_for_all_is_named(world: World) -> None:
    await world.vms("db", "web")
    await world.schedule(vms=["db", "web"])
    await world.limits(max_concurrent=1)
    await world.tick(hours=1)
    [told] = (await reasons(world)).values()
    assert "as many copies run as all schedules together may have at once (1)" in told


@pytest.mark.parametrize(
    ("schedule", "group", "words"),
    [
        ({"max_concurrent": 1}, {}, "as the schedule nightly may have"),
        ({}, {"max_concurrent": 1}, "as the machine group Büro may have"),
    ],
)
async def test_the_limit_of_a_schedule_or_a_group_is_named(
    world: World, schedule: dict[str, Any], group: dict[str, Any], words: str
) -> None:
    await world.vms("db", "web")
    await world.schedule(group_id=await world.group("Büro", "db", "web", **group), **schedule)
    await world.tick(hours=1)
    [told] = (await reasons(world)).values()
    assert words in told


async def test_a_group_in_conflict_is_named_until_it_is_free(world: World) -> None:
    await world.vms("db", "web")
    front = await world.group("front", "web")
    await world.group("back", "db", conflicts_with=[front])
    await world.schedule("first", vms=["web"])
    await world.tick(hours=1)
    await world.schedule("second", vms=["db"])
    await world.tick(hours=1)
    assert "while VMs of the machine group front are copied" in (await reasons(world))["db"]
    await world.finish("web")
    await world.tick(seconds=1)
    run = next(one for one in await world.runs() if one.vm_name == "db")
    assert (run.status, run.reason) == (ExecutionStatus.STARTED, None)


async def test_a_reason_that_stays_is_written_once(world: World) -> None:
    await world.vms("db", "web")
    await world.schedule(vms=["db", "web"], max_concurrent=1)
    await world.tick(hours=1)
    with statements(world.store) as asked:
        await world.tick(seconds=1)
    assert [one for one in asked if "schedule_executions" in one and not one.startswith("SELECT")] == []


async def test_a_look_does_not_wait_for_what_it_starts(world: World) -> None:
    go_on, begun = asyncio.Event(), list[str]()

    async def slow(context_id: str, /, **more: Any) -> str:
        begun.append(context_id)
        await go_on.wait()
        return await world.start(context_id, **more)

    await world.vms("db", "web")
    await world.schedule(vms=["db", "web"])
    world.scheduler.start = slow
    world.now = world.now.replace(hour=13)
    for _ in range(3):
        await world.scheduler.tick()
        await asyncio.sleep(0)
    assert len(begun) == 1, "what is being started is not started again by the next look"
    go_on.set()
    assert await world.scheduler.started() == 2
    assert sorted(await world.jobs()) == ["db", "web"]
