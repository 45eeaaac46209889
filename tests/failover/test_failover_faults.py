"""What CloudStack refuses on the way is undone, with nothing left; what can't be undone can be cleaned up."""

import pytest
from failover_world import World

from appliance.contexts import VmState
from appliance.contract.errors import Fault
from appliance.contract.failover import StartFailedCleanup, StartRollback
from appliance.failover import requests
from appliance.lab.cloudstack.faults import Fault as LabFault

pytestmark = pytest.mark.lab
CALLS = ("detachVolume", "createSnapshot", "deployVirtualMachine", "deleteVolume", "attachVolume", "startVirtualMachine")
# The first of these is no job; of a failed job of the second the lab keeps a snapshot that is in the making for ever.
NO_JOBS = ("deleteVolume", "createSnapshot")
OF_SECOND_DISK = {"detachVolume": "id", "createSnapshot": "volumeid", "attachVolume": "id"}
REFUSALS = [(command, kind) for command in CALLS for kind in ("error", "unavailable" if command in NO_JOBS else "job_error")]
CASES = [(*one, second) for one in REFUSALS for second in (False, True) if one[0] in OF_SECOND_DISK or not second]


@pytest.mark.parametrize(("command", "kind", "second"), CASES)
async def test_a_refused_call_is_undone(world: World, command: str, kind: str, second: bool) -> None:
    match = {OF_SECOND_DISK[command]: world.volume_ids[1]} if second else {}
    world.lab.cloud.faults.add(LabFault(kind=kind, command=command, match=match))  # type: ignore[arg-type]
    job = await world.test()
    assert job.status == "failed"
    assert job.error is not None and job.error["key"].startswith("cloudstack.")
    assert await world.is_as_before() == []
    assert not world.lab.cloud.faults.listed()


@pytest.mark.parametrize("command", ["createSnapshot", "deployVirtualMachine", "attachVolume", "startVirtualMachine"])
async def test_a_job_that_says_it_failed_but_did_its_work_leaves_nothing(world: World, command: str) -> None:
    world.lab.cloud.faults.add(LabFault(kind="job_error", command=command, done=True))
    if (await world.test()).status == "completed":
        await world.cleanup()
    assert await world.is_as_before() == []


async def test_a_failover_that_can_not_be_undone_is_cleaned_up_afterwards(world: World) -> None:
    faults = world.lab.cloud.faults
    faults.add(LabFault(kind="job_error", command="startVirtualMachine"))
    stuck = faults.add(LabFault(kind="error", command="destroyVirtualMachine", times=-1))
    job = await world.test()
    assert (job.status, (await world.context()).current_status) == ("failed", VmState.CLEANUP_REQUIRED)
    with pytest.raises(Fault, match="not possible in this state"):
        await world.test()
    faults.remove(stuck.id)
    started = await requests.start_failed_cleanup(world.deps, "web", StartFailedCleanup())
    assert (await world.ends(started.job_id)).status == "completed"
    assert await world.is_as_before() == []


@pytest.mark.parametrize("command", ["stopVirtualMachine", "detachVolume", "revertSnapshot", "deleteSnapshot", "destroyVirtualMachine"])
async def test_a_cleanup_that_stops_half_way_can_be_run_again(world: World, command: str) -> None:
    await world.test()
    world.guest_writes()
    world.lab.cloud.faults.add(LabFault(kind="error", command=command))
    job = await world.cleanup()
    assert (job.status, (await world.context()).current_status) == ("failed", VmState.CLEANUP_REQUIRED)
    assert (await world.cleanup()).status == "completed"
    assert await world.is_as_before() == []


async def test_no_snapshot_is_deleted_while_one_disk_is_not_back(world: World) -> None:
    await world.test()
    last = next(one for one in world.lab.cloud.world.snapshots.values() if one.volume_id == world.volume_ids[1])
    world.lab.cloud.faults.add(LabFault(kind="job_error", command="revertSnapshot", match={"id": last.id}))
    await world.cleanup()
    assert len(world.lab.cloud.world.snapshots) == 2
    assert (await world.context()).diverged_since is not None


async def test_a_lost_snapshot_leaves_the_vm_torn_and_only_that_disk_to_be_copied_in_full(world: World) -> None:
    await world.test()
    world.guest_writes()
    lost = next(one for one in world.lab.cloud.world.snapshots.values() if one.volume_id == world.volume_ids[1])
    del world.lab.cloud.world.snapshots[lost.id]
    job = await world.cleanup()
    context = await world.context()
    assert (job.status, context.current_status, context.torn_since is None) == ("completed", VmState.FAILED, False)
    assert (context.consistent_point or {})["change_ids"] == {"disk-2000": "52/1", "disk-2001": None}
    assert (context.diverged_since, context.current_job_id) == (None, None)
    assert not world.lab.cloud.world.snapshots and not world.machines()


async def test_a_machine_of_a_live_failover_that_has_run_is_not_given_up_unasked(world: World) -> None:
    await world.live()
    world.lab.cloud.faults.add(LabFault(kind="error", command="revertSnapshot"))
    await world.change_context(current_status=VmState.CLEANUP_REQUIRED)
    with pytest.raises(Fault) as refusal:
        await requests.start_failed_cleanup(world.deps, "web", StartFailedCleanup())
    assert refusal.value.key == "failover.has_run"
    rolled = await world.ends((await requests.start_rollback(world.deps, StartRollback(vm="web"))).job_id)
    assert rolled.status == "failed"
    again = await requests.start_failed_cleanup(world.deps, "web", StartFailedCleanup(power_on_source=True))
    assert (await world.ends(again.job_id)).status == "completed"
    assert [one for one in await world.is_as_before() if one != "bytes"] == []
    assert world.source.spec.power_state == "poweredOn"
