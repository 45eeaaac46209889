"""A crash at any step of a failover or a cleanup: the job goes on by itself and ends as if nothing had happened."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from failover_world import World
from halting import crash_at, halt

from appliance.contexts import VmState
from appliance.contract.failover import StartLive, StartTest
from appliance.core.jobs import Workflow
from appliance.failover import requests, workflows

pytestmark = pytest.mark.lab
MOMENTS = ("before", "after")


def steps_of(kind: Callable[[Any], Workflow]) -> list[str]:
    return [step.name for step in kind(None).steps]


@pytest.mark.parametrize("when", MOMENTS)
@pytest.mark.parametrize("name", steps_of(workflows.TestFailover))
async def test_a_crash_in_a_test_failover_is_survived(world: World, name: str, when: str) -> None:
    halted = halt(world, workflows.TestFailover(world.deps), name, when)
    started = await requests.start_test(world.deps, StartTest(**world.asked()))
    await crash_at(world, halted)
    job = await world.ends(started.job_id)
    assert (job.status, job.error) == ("completed", None)
    assert (await world.context()).current_status == VmState.TEST
    assert [one.state for one in world.machines()] == ["Running"]
    assert len(world.lab.cloud.world.snapshots) == len(world.volume_ids)
    assert set(world.lab.cloud.world.volumes) == set(world.volume_ids)


@pytest.mark.parametrize("when", MOMENTS)
@pytest.mark.parametrize("name", steps_of(workflows.Cleanup))
async def test_a_crash_in_a_cleanup_is_survived(world: World, name: str, when: str) -> None:
    await world.test()
    world.guest_writes()
    halted = halt(world, workflows.Cleanup(world.deps), name, when)
    started = await requests.start_cleanup(world.deps, "web")
    await crash_at(world, halted)
    job = await world.ends(started.job_id)
    assert (job.status, job.error) == ("completed", None)
    assert await world.is_as_before() == []


@pytest.mark.parametrize("name", steps_of(workflows.LiveFailover)[1:4])
async def test_a_crash_in_the_source_steps_of_a_live_failover_is_survived(world: World, name: str) -> None:
    halted = halt(world, workflows.LiveFailover(world.deps), name, "after")
    started = await requests.start_live(world.deps, StartLive(vm="web"))
    await crash_at(world, halted)
    assert (await world.ends(started.job_id)).status == "completed"
    assert (await world.context()).current_status == VmState.LIVE
    assert (await world.row(started.job_id)).source_before == {"power": "poweredOn", "start_connected": {"00:50:56:00:00:01": True}}


async def test_a_cancelled_failover_is_undone_after_a_crash(world: World) -> None:
    halted = halt(world, workflows.TestFailover(world.deps), "vm-start", "after")
    started = await requests.start_test(world.deps, StartTest(**world.asked()))
    await halted.reached.wait()
    world.guest_writes()
    await world.deps.runner.cancel(started.job_id)
    await world.restart()
    job = await world.ends(started.job_id)
    assert job.status == "cancelled"
    assert await world.is_as_before() == []


@pytest.mark.parametrize("calls", range(1, 11))
async def test_a_crash_while_cloudstack_works_is_survived(world: World, calls: int) -> None:
    before = len(world.commands())
    world.lab.cloud.settings.job_seconds = 0.1
    started = await requests.start_test(world.deps, StartTest(**world.asked()))
    while len(world.commands()) < before + calls:
        await asyncio.sleep(0.005)
    await world.restart()
    job = await world.ends(started.job_id)
    assert (job.status, job.error) == ("completed", None)
    assert len(world.machines()) == 1
    assert len(world.lab.cloud.world.snapshots) == len(world.volume_ids)
    assert set(world.lab.cloud.world.volumes) == set(world.volume_ids)


@pytest.mark.parametrize("calls", range(1, 11))
async def test_a_crash_while_cloudstack_works_on_a_cleanup_is_survived(world: World, calls: int) -> None:
    await world.test()
    world.guest_writes()
    before = len(world.commands())
    world.lab.cloud.settings.job_seconds = 0.1
    started = await requests.start_cleanup(world.deps, "web")
    while len(world.commands()) < before + calls:
        await asyncio.sleep(0.005)
    await world.restart()
    job = await world.ends(started.job_id)
    assert (job.status, job.error) == ("completed", None)
    assert await world.is_as_before() == []
