"""Failovers that hang, in an agent that lives or in one that was killed: one action stops them, with their programs, and cleans up."""

from __future__ import annotations

import asyncio

import pytest
from breaking import ONE_DISK, a_test, all_is_back
from failover_world import CONTEXT, World, script
from halting import halt

from appliance.contexts import VmContext, VmState
from appliance.contract.errors import Fault
from appliance.contract.failover import Preparation, StartFailedCleanup, StartLive, StartTest
from appliance.core.commands import start_time
from appliance.core.jobs import JobStatus
from appliance.failover import requests, workflows

pytestmark = pytest.mark.lab
FIVE = [f"ctx-{number}" for number in range(5)]
FIRST_DISK = """disk=$(grep -o '/[^"'"'"']*vol[0-9a-f-]*' "$3" | head -1)"""
HANGS = FIRST_DISK + '; printf half | dd of="$disk" bs=1 conv=notrunc 2>/dev/null; echo $$ > {}/$$.pid; exec sleep 1000'


def prepared_pids(world: World) -> list[int]:
    """The programs that have begun to write to disks."""
    return [int(path.stem) for path in world.folder.glob("*.pid") if path.read_text()]


async def hang(world: World, contexts: list[str]) -> list[str]:
    """A test failover of each VM whose preparation hangs in the middle of its writing; returns the jobs' ids."""
    world.program = str(script(world.folder / "hangs", HANGS.format(world.folder)))
    await world.restart()
    begun = [await requests.start_test(world.deps, StartTest(**world.asked(vm=one, preparation=Preparation.ALWAYS))) for one in contexts]
    async with asyncio.timeout(60):
        while len(prepared_pids(world)) < len(contexts):
            await asyncio.sleep(0.02)
    return [one.job_id for one in begun]


async def act(world: World, vm: str) -> str:
    """The one action; how its job ended."""
    started = await requests.start_failed_cleanup(world.deps, vm, StartFailedCleanup())
    return (await world.ends(started.job_id)).status


async def contexts_of(world: World) -> list[VmContext]:
    async with world.store.session() as session:
        return [await session.get_one(VmContext, one) for one in (CONTEXT, *FIVE[1:])]


@ONE_DISK
@pytest.mark.parametrize("killed", [False, True])
async def test_five_tests_that_hang_in_guest_preparation_at_once_take_one_action_each(world: World, killed: bool) -> None:
    vms = [CONTEXT, *[await world.another(one) for one in FIVE[1:]]]
    jobs = await hang(world, vms)
    if killed:
        await world.restart()
    assert await asyncio.gather(*(act(world, one) for one in vms)) == ["completed"] * 5
    found = await contexts_of(world)
    assert [(one.current_status, one.current_job_id, one.diverged_since, one.torn_since) for one in found] == [
        (VmState.READY, None, None, None)
    ] * 5
    assert [(await world.deps.runner.get(one)).status for one in jobs] == [JobStatus.CANCELLED] * 5
    assert not [pid for pid in prepared_pids(world) if start_time(pid) is not None]
    assert not world.machines() and not world.lab.cloud.world.snapshots
    volumes = await world.deps.volumes.all()
    assert {(one.mode, one.snapshot_id, one.snapshot_status) for one in volumes} == {("oma", None, None)}
    assert set(world.lab.cloud.world.volumes) == {one.volume_id for one in volumes}
    assert not await world.unfinished()
    await all_is_back(world)


async def test_a_program_that_outlived_its_agent_is_killed_before_the_disks_are_touched(world: World) -> None:
    [job_id] = await hang(world, [CONTEXT])
    await world.close()
    await world.open()
    left = await world.deps.preparer.children.spawn(f"preparation/{job_id}/", ["sleep", "1000"])
    await world.close()
    await world.open()
    assert await act(world, "web") == "completed"
    assert await left.process.wait() < 0
    assert not list((world.folder / "children").iterdir())
    await all_is_back(world)


async def test_a_failover_whose_undoing_hangs_is_stopped_too(world: World) -> None:
    halted = halt(world, workflows.TestFailover(world.deps), "vm-start", "undoing")
    await requests.start_test(world.deps, a_test(world))
    await halted.is_reached()
    assert await act(world, "web") == "completed"
    await all_is_back(world)


async def test_a_live_failover_that_hangs_in_its_last_cycle_gives_the_source_back(world: World) -> None:
    world.cycle_hangs = True
    started = await requests.start_live(world.deps, StartLive(vm="web"))
    while not (await world.deps.runner.get(started.job_id)).state.get("cycle_job_id"):
        await asyncio.sleep(0.02)
    assert await act(world, "web") == "completed"
    await all_is_back(world)
    assert world.source.spec.power_state == "poweredOn" and world.source.spec.nics[0].start_connected


async def test_a_cleanup_that_is_cancelled_before_it_stopped_anything_leaves_the_vm_to_what_holds_it(world: World) -> None:
    halt(world, workflows.FailedCleanup(world.deps), "earlier-run-stop", "before")
    held = halt(world, workflows.TestFailover(world.deps), "vm-creation", "before")
    test = await requests.start_test(world.deps, a_test(world))
    await held.is_reached()
    cleanup = await requests.start_failed_cleanup(world.deps, "web", StartFailedCleanup())
    await world.deps.runner.cancel(cleanup.job_id)
    assert (await world.ends(cleanup.job_id)).status == "cancelled"
    assert (await world.context()).current_job_id == test.job_id


async def test_a_vm_that_is_being_copied_is_busy(world: World) -> None:
    await world.change_context(current_job_id="job-cycle")
    await world.a_job("job-cycle", "replication")
    with pytest.raises(Fault) as refusal:
        await requests.start_failed_cleanup(world.deps, "web", StartFailedCleanup())
    assert refusal.value.key == "vm.busy"
