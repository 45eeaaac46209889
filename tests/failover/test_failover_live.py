"""A live failover moves the VM for good, or back again."""

import asyncio

import pytest
from failover_world import CONTEXT, World, read

from appliance.contexts import VmState
from appliance.contract.errors import Fault
from appliance.contract.failover import StartFailedCleanup, StartFinalise, StartRollback
from appliance.failover import requests

pytestmark = pytest.mark.lab


async def test_the_source_goes_off_before_the_last_cycle_and_the_new_machine_takes_over(world: World) -> None:
    job = await world.live()
    assert (job.status, job.error) == ("completed", None)
    context = await world.context()
    assert (context.current_status, context.current_job_id) == (VmState.LIVE, None)
    assert world.source.calls[:4] == ["vm", "vm", "power shutdown", "power state"]
    assert world.source.spec.power_state == "poweredOff"
    assert not world.source.spec.nics[0].start_connected
    [machine] = world.machines()
    assert (machine.state, [nic.network_id for nic in machine.nics]) == ("Running", [world.networks["production"]])


async def test_a_rollback_goes_back_to_the_point_of_the_last_cycle_and_to_the_source(world: World) -> None:
    failover = await world.live()
    world.guest_writes()
    job = await world.ends((await requests.start_rollback(world.deps, StartRollback(vm="web", power_on_source=True))).job_id)
    assert (job.status, job.error) == ("completed", None)
    for volume_id in world.volume_ids:
        assert read(world.file(volume_id), 4096, 4) == bytes(4)
        assert read(world.file(volume_id), 1 << 20, 12) == b"last changes"
    assert [one for one in await world.is_as_before() if one != "bytes"] == []
    assert (await world.context()).consistent_point["change_ids"] == {"disk-2000": "52/2", "disk-2001": "52/2"}  # type: ignore[index]
    assert world.source.spec.power_state == "poweredOn"
    assert world.source.spec.nics[0].start_connected
    assert (await world.row(failover.id)).status == "rolled_back"


async def test_a_rollback_leaves_the_source_off_unless_asked(world: World) -> None:
    await world.live()
    await world.ends((await requests.start_rollback(world.deps, StartRollback(vm="web"))).job_id)
    assert world.source.spec.power_state == "poweredOff"
    assert world.source.spec.nics[0].start_connected


async def test_finalising_removes_the_snapshots_and_leaves_the_disks_to_the_new_machine(world: World) -> None:
    await world.live()
    job = await world.ends((await requests.start_finalise(world.deps, StartFinalise(vm="web"))).job_id)
    assert (job.status, job.error) == ("completed", None)
    assert (await world.context()).current_status == VmState.MIGRATED
    assert not world.lab.cloud.world.snapshots
    [machine] = world.machines()
    assert machine.state == "Running"
    assert {one.id for one in world.lab.cloud.world.volumes_of(machine.id)} == set(world.volume_ids)
    with pytest.raises(Fault, match="not possible in this state"):
        await requests.start_rollback(world.deps, StartRollback(vm=CONTEXT))


async def test_a_last_cycle_that_fails_gives_the_source_back(world: World) -> None:
    world.cycle_fails = True
    job = await world.live()
    assert (job.status, job.error and job.error["key"]) == ("failed", "failover.last_cycle_failed")
    assert await world.is_as_before() == []
    assert world.source.spec.power_state == "poweredOn"
    assert world.source.spec.nics[0].start_connected


async def test_a_source_that_was_started_in_between_stops_the_failover(world: World) -> None:
    world.source_runs_after_cycle = True
    job = await world.live()
    assert (job.status, job.error and job.error["key"]) == ("failed", "failover.source_runs")
    assert not world.machines()
    assert "bytes" in await world.is_as_before()
    assert (await world.context()).current_status == VmState.READY


async def test_a_source_that_was_off_before_stays_off_when_the_failover_fails(world: World) -> None:
    world.source.switch("poweredOff")
    world.cycle_fails = True
    await world.live()
    assert world.source.spec.power_state == "poweredOff"


async def test_an_appliance_that_can_not_be_reached_for_a_while_is_waited_for(world: World) -> None:
    body = requests.StartLive(vm="web", shutdown_seconds=1)
    started = await requests.start_live(world.deps, body)
    world.source.silent = 4
    assert (await world.ends(started.job_id)).status == "completed"
    assert world.source.silent == 0


async def test_without_its_appliance_a_live_failover_is_refused_before_anything_is_touched(world: World) -> None:
    world.source.silent = 1
    with pytest.raises(Fault) as refusal:
        await world.live()
    assert (refusal.value.key, refusal.value.status, refusal.value.fields["checks"]) == ("preflight.failed", 409, "source")
    assert await world.is_as_before() == []


async def test_cancelling_during_the_last_cycle_cancels_the_cycle_too(world: World) -> None:
    world.cycle_hangs = True
    started = await requests.start_live(world.deps, requests.StartLive(vm="web"))
    runner = world.deps.runner
    while not (child := (await runner.get(started.job_id)).state.get("cycle_job_id")):
        await asyncio.sleep(0.02)
    await runner.cancel(started.job_id)
    assert (await world.ends(started.job_id)).status == "cancelled"
    assert (await runner.get(child)).status == "cancelled"
    assert await world.is_as_before() == []
    assert world.source.spec.power_state == "poweredOn"


async def test_a_source_that_can_not_be_given_back_now_is_given_back_by_the_cleanup_of_the_failed_run(world: World) -> None:
    world.cycle_fails = world.silent_after_cycle = True
    assert (await world.live()).status == "failed"
    assert (await world.context()).current_status == VmState.CLEANUP_REQUIRED
    world.source.silent = 0
    body = StartFailedCleanup(power_on_source=True)
    assert (await world.ends((await requests.start_failed_cleanup(world.deps, "web", body)).job_id)).status == "completed"
    assert await world.is_as_before() == []
    assert world.source.spec.power_state == "poweredOn"
    assert world.source.spec.nics[0].start_connected


async def test_a_rollback_of_a_test_is_its_cleanup_and_leaves_the_source_alone(world: World) -> None:
    await world.test()
    world.guest_writes()
    job = await world.ends((await requests.start_rollback(world.deps, StartRollback(vm="web", power_on_source=True))).job_id)
    assert job.status == "completed"
    assert await world.is_as_before() == []
    assert set(world.source.calls) == {"vm"}
