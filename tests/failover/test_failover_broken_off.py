"""A failover or a cleanup that was broken off anywhere: one action brings VM, volumes and snapshots back, or asks."""

import pytest
from breaking import ONE_DISK, a_test, all_is_back, break_off, cases, one_action
from failover_world import World

from appliance.contract.errors import Fault
from appliance.contract.failover import StartLive
from appliance.failover import requests, workflows

pytestmark = pytest.mark.lab


@cases(workflows.TestFailover)
async def test_a_test_failover_is_cleaned_up_from_wherever_it_was_broken_off(world: World, name: str, when: str) -> None:
    await break_off(world, workflows.TestFailover(world.deps), name, when, lambda: requests.start_test(world.deps, a_test(world)))
    await one_action(world)
    await all_is_back(world)


@ONE_DISK
@cases(workflows.LiveFailover)
async def test_a_live_failover_is_cleaned_up_or_asked_about(world: World, name: str, when: str) -> None:
    world.cycle_is_kept = True
    await break_off(world, workflows.LiveFailover(world.deps), name, when, lambda: requests.start_live(world.deps, StartLive(vm="web")))
    if name == "vm-start" and when != "before":
        with pytest.raises(Fault) as asked:
            await one_action(world)
        assert asked.value.key == "failover.has_run"
        assert [one.state for one in world.machines()] == ["Running"]
        await one_action(world, discard_new_vm=True, power_on_source=True)
    else:
        await one_action(world)
    await all_is_back(world)
    assert world.source.spec.power_state == "poweredOn"
    assert all(nic.start_connected for nic in world.source.spec.nics)


@cases(workflows.Cleanup)
async def test_a_cleanup_is_finished(world: World, name: str, when: str) -> None:
    await world.test()
    world.guest_writes()
    await break_off(world, workflows.Cleanup(world.deps), name, when, lambda: requests.start_cleanup(world.deps, "web"))
    await one_action(world)
    await all_is_back(world)
