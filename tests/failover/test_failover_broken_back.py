"""A rollback, a finalising or the cleanup of a failed run itself, broken off anywhere: one action finishes it."""

import pytest
from breaking import ONE_DISK, a_test, all_is_back, break_off, cases, one_action
from failover_world import World

from appliance.contexts import VmState
from appliance.contract.failover import StartFailedCleanup, StartFinalise, StartRollback
from appliance.failover import requests, workflows

pytestmark = pytest.mark.lab


@ONE_DISK
@cases(workflows.Rollback)
async def test_a_rollback_is_finished_as_it_was_asked_for(world: World, name: str, when: str) -> None:
    world.cycle_is_kept = True
    await world.live()
    world.guest_writes()
    asked = StartRollback(vm="web", power_on_source=True)
    await break_off(world, workflows.Rollback(world.deps), name, when, lambda: requests.start_rollback(world.deps, asked))
    await one_action(world)
    await all_is_back(world)
    assert world.source.spec.power_state == "poweredOn"
    assert all(nic.start_connected for nic in world.source.spec.nics)


@ONE_DISK
@cases(workflows.FailedCleanup)
async def test_the_cleanup_of_a_failed_run_is_finished_by_the_next_one(world: World, name: str, when: str) -> None:
    start = workflows.TestFailover(world.deps)
    await break_off(world, start, "vm-start", "done", lambda: requests.start_test(world.deps, a_test(world)))
    world.guest_writes()
    again = workflows.FailedCleanup(world.deps)
    await break_off(world, again, name, when, lambda: requests.start_failed_cleanup(world.deps, "web", StartFailedCleanup()))
    await one_action(world)
    await all_is_back(world)


@ONE_DISK
@cases(workflows.Finalise)
async def test_finalising_is_finished(world: World, name: str, when: str) -> None:
    await world.live()
    body = StartFinalise(vm="web")
    await break_off(world, workflows.Finalise(world.deps), name, when, lambda: requests.start_finalise(world.deps, body))
    await one_action(world)
    assert (await world.context()).current_status == VmState.MIGRATED
    assert not world.lab.cloud.world.snapshots
    [machine] = world.machines()
    assert {one.id for one in world.lab.cloud.world.volumes_of(machine.id)} == set(world.volume_ids)
