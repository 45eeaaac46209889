"""The guest's preparation inside a failover: what it is given, and what its failure means."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from driver_disc import disc
from failover_world import CONTEXT, INSTALLED, World, script
from windows_program import program

from appliance.contexts import VmContext, VmState
from appliance.contract.errors import Fault
from appliance.contract.failover import Preparation
from appliance.failover.turns import Turns
from tests.uploads import parts

pytestmark = pytest.mark.lab


WRITES = """disk=$(grep -o '/[^"'"'"']*vol[0-9a-f-]*' "$3" | head -1); printf {} | dd of="$disk" bs=1 conv=notrunc 2>/dev/null; """
WITHOUT = """echo 'virt-v2v-in-place: warning: there are no virtio drivers available for this version of Windows (6.0 x86_64 Server).'
echo 'The guest will be configured to use slower emulated devices.'
echo 'virt-v2v-in-place: This guest does not have virtio drivers installed.'"""


async def use(world: World, body: str) -> None:
    """Let the preparation be done by this script; the domain is its third argument."""
    world.program = str(script(world.folder / "prepare", body))
    await world.restart()


async def test_the_preparation_gets_the_disks_in_order_and_is_marked_before_it_starts(world: World, tmp_path: Path) -> None:
    job = await world.test(preparation=Preparation.ALWAYS)
    assert job.status == "completed"
    text = (tmp_path / "domain.xml").read_text()
    assert text.index(f"vol{world.volume_ids[0]}") < text.index(f"vol{world.volume_ids[1]}")
    assert ((await world.row(job.id)).preparation or {})["outcome"] == "prepared"
    [machine] = world.machines()
    assert machine.details["rootDiskController"] == "virtio"


async def test_a_prepared_test_is_cleaned_up_like_any_other(world: World) -> None:
    await use(world, WRITES.format("drivers") + INSTALLED)
    await world.test(preparation=Preparation.ALWAYS)
    assert "bytes" in await world.is_as_before()
    await world.cleanup()
    assert await world.is_as_before() == []


async def test_a_failed_preparation_stops_and_reverts_a_test(world: World) -> None:
    await use(world, WRITES.format("half") + "exit 1")
    job = await world.test(preparation=Preparation.ALWAYS)
    assert (job.status, job.error and job.error["key"]) == ("failed", "failover.preparation_failed")
    assert await world.is_as_before() == []


async def test_a_failed_preparation_of_a_live_failover_warns_and_goes_on_with_unchanged_disks(world: World) -> None:
    await use(world, WRITES.format("half") + "exit 1")
    job = await world.live(preparation=Preparation.ALWAYS)
    assert job.status == "completed"
    row = await world.row(job.id)
    assert (row.preparation or {})["outcome"] == "failed"
    assert (await world.context()).current_status == VmState.LIVE
    with world.file(world.volume_ids[0]).open("rb") as disk:
        assert disk.read(4) == bytes(4)


async def test_a_test_whose_guest_got_no_drivers_is_stopped_and_reverted(world: World) -> None:
    await use(world, WRITES.format("half") + WITHOUT)
    job = await world.test(preparation=Preparation.ALWAYS)
    assert (job.status, job.error and job.error["key"]) == ("failed", "failover.prepared_without_drivers")
    assert "bytes" not in await world.is_as_before() and not world.machines()
    assert await world.is_as_before() == []


async def test_a_live_failover_whose_guest_got_no_drivers_warns_and_keeps_the_disks_and_devices_of_the_source(world: World) -> None:
    await use(world, WRITES.format("half") + WITHOUT)
    job = await world.live(preparation=Preparation.ALWAYS)
    assert job.status == "completed"
    kept = (await world.row(job.id)).preparation or {}
    assert kept["outcome"] == "failed" and "still has no drivers for its disks" in kept["reason"]
    [machine] = world.machines()
    assert machine.details["rootDiskController"] == "scsi" and machine.details["nicAdapter"] == "vmxnet3"
    with world.file(world.volume_ids[0]).open("rb") as disk:
        assert disk.read(4) == bytes(4)


@pytest.mark.parametrize("live", [True, False])
async def test_only_a_live_failover_whose_source_is_off_goes_first(world: World, live: bool) -> None:
    class Asked(Turns):
        @asynccontextmanager
        async def turn(self, waits: Callable[[], Awaitable[None]], *, hurry: bool) -> AsyncIterator[None]:
            asked.append(hurry)
            async with super().turn(waits, hurry=hurry):
                yield

    asked: list[bool] = []
    world.deps.preparer = replace(world.deps.preparer, turns=Asked(1))
    job = await (world.live if live else world.test)(preparation=Preparation.ALWAYS)
    assert job.status == "completed" and asked == [live]


async def test_a_missing_program_is_told_in_the_operators_words(world: World) -> None:
    world.program = "/nowhere/program"
    await world.restart()
    with pytest.raises(Fault) as refused:
        await world.test(preparation=Preparation.ALWAYS)
    assert refused.value.fields["checks"] == "preparation"
    assert "/nowhere" not in refused.value.message + refused.value.guidance
    assert await world.is_as_before() == []


async def as_windows(world: World) -> None:
    world.source.spec = world.source.spec.model_copy(update={"guest_id": "windows2019srv_64Guest"})
    async with world.store.begin() as session:
        context = await session.get_one(VmContext, CONTEXT)
        context.specification = world.source.spec.model_dump(mode="json")


async def test_a_windows_guest_is_refused_with_the_name_of_what_is_to_be_brought_before_anything_is_touched(world: World) -> None:
    await as_windows(world)
    await world.deps.preparer.drivers.take(parts(disc()))
    with pytest.raises(Fault) as refused:
        await world.test()
    assert refused.value.fields["checks"] == "preparation" and "rhsrvany.exe" in refused.value.message
    assert "page Guest drivers" in refused.value.guidance
    assert await world.is_as_before() == []


async def test_a_live_failover_of_a_windows_guest_goes_on_without_and_says_what_was_missing(world: World) -> None:
    await as_windows(world)
    job = await world.live()
    assert job.status == "completed"
    kept = (await world.row(job.id)).preparation or {}
    assert kept["outcome"] == "failed" and "nor the program rhsrvany.exe is on this appliance" in kept["reason"]


async def test_a_windows_guest_is_prepared_with_what_was_brought(world: World) -> None:
    await as_windows(world)
    await use(world, f'echo "$VIRTIO_WIN $VIRT_TOOLS_DATA_DIR" > {world.folder}/told; {INSTALLED}')
    drivers = world.deps.preparer.drivers
    await drivers.take(parts(disc()))
    await drivers.programs.take("rhsrvany.exe", parts(program()))
    job = await world.test()
    assert job.status == "completed" and ((await world.row(job.id)).preparation or {})["outcome"] == "prepared"
    assert (world.folder / "told").read_text() == f"{world.folder}/drivers/drivers.iso {world.folder}/drivers/programs\n"
