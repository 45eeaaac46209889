"""A failover that failed is started again as it was asked for, and refused where its VM is in another state by now."""

import pytest
from failover_world import World

from appliance.contexts import VmState
from appliance.contract.errors import Fault
from appliance.failover import requests
from appliance.failover.preflight import LOOKED_AT

pytestmark = pytest.mark.lab


async def test_a_failed_live_failover_succeeds_when_it_is_started_again(world: World) -> None:
    world.cycle_fails = True
    failed = await world.live(networks={"VM Network": world.networks["isolated-test"]}, shutdown_seconds=7)
    assert failed.status == "failed"
    world.cycle_fails = False
    done = await world.ends(await requests.again(world.deps, failed))
    assert (done.status, {**done.params, LOOKED_AT: ""}) == ("completed", {**failed.params, LOOKED_AT: ""})
    [machine] = world.machines()
    assert [nic.network_id for nic in machine.nics] == [world.networks["isolated-test"]]


async def test_a_failover_of_a_vm_that_is_failed_over_by_now_is_refused_and_touches_nothing(world: World) -> None:
    done = await world.test()
    with pytest.raises(Fault) as refused:
        await requests.again(world.deps, done)
    assert (refused.value.key, (await world.context()).current_status) == ("failover.wrong_state", VmState.TEST)


async def test_a_cleanup_is_started_again_for_the_same_vm(world: World) -> None:
    await world.test()
    first = await world.cleanup()
    await world.test()
    again = await world.ends(await requests.again(world.deps, first))
    assert (again.status, (await world.context()).current_status) == ("completed", VmState.READY)
    assert again.params["failover_job_id"] != first.params["failover_job_id"]
