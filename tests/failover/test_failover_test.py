"""A test failover starts a copy of the VM, and its cleanup leaves nothing of it."""

import pytest
from failover_world import World

from appliance.contexts import VmState
from appliance.failover.workflows import Cleanup

pytestmark = pytest.mark.lab

TEN = [
    "ossea-client-initialization",
    "failover-job-retrieval",
    "test-vm-shutdown",
    "volume-detachment",
    "cloudstack-snapshot-rollback",
    "cloudstack-snapshot-deletion",
    "volume-reattachment-to-oma",
    "test-vm-deletion",
    "failover-job-status-update",
    "vm-context-status-update",
]


async def test_a_test_failover_boots_the_migrated_disks_on_the_isolated_network(world: World) -> None:
    job = await world.test()
    assert (job.status, job.error) == ("completed", None)
    context, row = await world.context(), await world.row(job.id)
    assert (context.current_status, context.current_job_id, context.diverged_since is None) == (VmState.TEST, None, False)
    [machine] = world.machines()
    assert (row.destination_vm_id, machine.state) == (machine.id, "Running")
    assert [nic.network_id for nic in machine.nics] == [world.networks["isolated-test"]]
    attached = [(one.id, one.device_id, one.type) for one in world.lab.cloud.world.volumes_of(machine.id)]
    assert attached == [(world.volume_ids[0], 0, "ROOT"), (world.volume_ids[1], 1, "DATADISK")]
    assert [one.mode for one in await world.deps.volumes.volumes_of("ctx-web")] == ["failover", "failover"]
    assert world.ended[0] == world.volume_ids


async def test_every_snapshot_is_recorded_with_the_consistent_point(world: World) -> None:
    await world.test()
    volumes = await world.deps.volumes.volumes_of("ctx-web")
    assert [one.snapshot_status for one in volumes] == ["created", "created"]
    assert all(one.snapshot_point and one.snapshot_point["change_ids"]["disk-2000"] == "52/1" for one in volumes)


async def test_the_calls_come_in_the_order_that_cloudstack_needs(world: World) -> None:
    before = len(world.commands())
    await world.test()
    assert world.commands()[before:] == [
        *("detachVolume", "detachVolume", "createSnapshot", "createSnapshot", "deployVirtualMachine"),
        *("detachVolume", "deleteVolume", "attachVolume", "attachVolume", "startVirtualMachine"),
    ]


async def test_cleanup_brings_bytes_change_ids_and_volumes_back(world: World) -> None:
    failover = await world.test()
    world.guest_writes()
    assert not world.bytes_are_back()
    before = len(world.commands())
    job = await world.cleanup()
    assert (job.status, job.error) == ("completed", None)
    assert await world.is_as_before() == []
    assert (await world.context()).consistent_point["change_ids"] == {"disk-2000": "52/1", "disk-2001": "52/1"}  # type: ignore[index]
    assert (await world.row(failover.id)).status == "cleaned_up"
    assert world.commands()[before:] == [
        *("stopVirtualMachine", "detachVolume", "detachVolume", "revertSnapshot", "revertSnapshot"),
        *("deleteSnapshot", "deleteSnapshot", "attachVolume", "attachVolume", "destroyVirtualMachine"),
    ]


async def test_after_a_cleanup_a_test_can_be_run_again(world: World) -> None:
    for _ in range(2):
        assert (await world.test()).status == "completed"
        assert (await world.cleanup()).status == "completed"
    assert await world.is_as_before() == []


def test_the_cleanup_has_the_ten_named_steps() -> None:
    assert [step.name for step in Cleanup(None).steps] == TEN  # type: ignore[arg-type]
