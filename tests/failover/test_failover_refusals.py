"""What is refused, before anything is touched."""

from datetime import UTC, datetime
from typing import Any

import pytest
from failover_world import World

from appliance.contexts import VmContext, VmState
from appliance.contract.errors import Fault
from appliance.contract.failover import StartFailedCleanup, StartFinalise, StartLive, StartRollback, StartTest
from appliance.failover import requests, workflows

NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("values", "key"),
    [
        ({"torn_since": NOW}, "failover.torn"),
        ({"torn_since": NOW, "consistent_point": {"doubt": "whole"}}, "failover.in_doubt"),
        ({"torn_since": NOW, "consistent_point": {"doubt": "written"}}, "failover.torn"),
        ({"diverged_since": NOW}, "failover.diverged"),
        ({"consistent_point": None}, "failover.never_synchronised"),
        ({"consistent_point": None, "current_status": VmState.DISCOVERED}, "failover.never_synchronised"),
        ({"torn_since": NOW, "current_status": VmState.FAILED}, "failover.torn"),
        ({"current_status": VmState.REPLICATING}, "failover.wrong_state"),
        ({"current_status": VmState.TEST, "diverged_since": NOW}, "failover.wrong_state"),
        ({"current_status": VmState.LIVE, "diverged_since": NOW}, "failover.wrong_state"),
        ({"current_status": VmState.CLEANUP_REQUIRED, "diverged_since": NOW}, "failover.wrong_state"),
        ({"current_status": VmState.MIGRATED}, "failover.wrong_state"),
    ],
)
def test_a_vm_that_is_not_ready_is_refused_with_the_reason(values: dict[str, Any], key: str) -> None:
    ready = {"vm_name": "web", "current_status": VmState.READY, "consistent_point": {"change_ids": {}}}
    with pytest.raises(Fault) as refusal:
        workflows.refuse_unready(VmContext(**{**ready, **values}), "Test failover")
    assert refusal.value.key == key


@pytest.mark.parametrize("kind", ["test", "live"])
async def test_a_refused_failover_touches_neither_cloud_nor_source_nor_record(world: World, kind: str) -> None:
    for values, key in (
        ({"torn_since": NOW}, "failover.torn"),
        ({"torn_since": None, "current_job_id": "job-other"}, "vm.busy"),
        ({"current_job_id": None, "specification": {}}, "failover.not_described"),
    ):
        await world.change_context(**values)
        before = world.commands()
        with pytest.raises(Fault) as refusal:
            await (world.test() if kind == "test" else world.live())
        assert refusal.value.key == key
        assert (world.commands(), world.source.calls) == (before, [])


async def test_two_failovers_of_one_vm_at_once_are_refused(world: World) -> None:
    first = await requests.start_test(world.deps, StartTest(**world.asked()))
    with pytest.raises(Fault) as refusal:
        await requests.start_live(world.deps, StartLive(vm="web"))
    assert refusal.value.key == "vm.busy"
    await world.ends(first.job_id)


async def test_a_test_without_a_network_is_refused_and_never_uses_production(world: World) -> None:
    with pytest.raises(Fault) as refusal:
        await world.test(network_id=None)
    assert refusal.value.key == "failover.no_test_network"


async def test_without_an_active_configuration_a_failover_is_refused(world: World) -> None:
    await world.configs.delete(world.config.id)
    with pytest.raises(Fault) as refusal:
        await world.test()
    assert refusal.value.key == "cloudstack.config_none_active"


async def test_without_a_failover_there_is_no_way_back(world: World) -> None:
    for start in (
        lambda: requests.start_cleanup(world.deps, "web"),
        lambda: requests.start_rollback(world.deps, StartRollback(vm="web")),
        lambda: requests.start_finalise(world.deps, StartFinalise(vm="web")),
        lambda: requests.start_failed_cleanup(world.deps, "web", StartFailedCleanup()),
    ):
        with pytest.raises(Fault) as refusal:
            await start()
        assert refusal.value.key == "failover.wrong_state"
        assert (await world.context()).current_job_id is None


async def test_an_unknown_vm_is_not_found(world: World) -> None:
    with pytest.raises(Fault) as refusal:
        await requests.start_test(world.deps, StartTest(vm="nobody"))
    assert refusal.value.status == 404
