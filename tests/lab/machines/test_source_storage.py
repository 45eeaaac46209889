"""The disks of a source machine without a guest: frozen bases, merging, and exactly what changed."""

import os
import signal
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from appliance.lab.machines.source import SnapshotsPresent, SourceDisk, SourceMachine, UnknownPoint

MIB = 1 << 20
BLOCK = 64 << 10
KEY = 2000


def machine_in(folder: Path) -> SourceMachine:
    disks = [SourceDisk(KEY, folder / "vm-flat.vmdk", 64 * MIB), SourceDisk(2001, folder / "vm_1-flat.vmdk", 8 * MIB)]
    return SourceMachine(folder / "machine", disks, kind="storage")


def base(folder: Path) -> bytes:
    return (folder / "vm-flat.vmdk").read_bytes()


@pytest.fixture
async def machine(tmp_path: Path) -> AsyncIterator[SourceMachine]:
    made = machine_in(tmp_path)
    await made.enable_tracking()
    await made.start()
    yield made
    await made.kill()


async def test_a_snapshot_freezes_the_base_and_the_guest_reads_its_own_writes(machine: SourceMachine, tmp_path: Path) -> None:
    await machine.write(KEY, 5 * MIB, b"before")
    await machine.take_snapshot("s1")
    frozen = base(tmp_path)
    await machine.write(KEY, 5 * MIB, b"after!")
    assert base(tmp_path) == frozen
    assert frozen[5 * MIB : 5 * MIB + 6] == b"before"
    assert await machine.read(KEY, 5 * MIB, 6) == b"after!"


async def test_removing_a_snapshot_merges_what_was_written_meanwhile(machine: SourceMachine, tmp_path: Path) -> None:
    expected = tmp_path / "expected"
    expected.write_bytes(base(tmp_path))
    await machine.take_snapshot("s1")
    with expected.open("r+b") as file:
        for offset, data in ((0, b"start"), (3 * MIB + 77, os.urandom(3 * BLOCK)), (64 * MIB - 5, b"enddd")):
            await machine.write(KEY, offset, data)
            file.seek(offset)
            file.write(data)
    await machine.remove_snapshot("s1")
    await machine.write(KEY, 10 * MIB, b"later")
    await machine.stop()
    with expected.open("r+b") as file:
        file.seek(10 * MIB)
        file.write(b"later")
    subprocess.run(["qemu-img", "compare", "-f", "raw", "-F", "raw", tmp_path / "vm-flat.vmdk", expected], check=True)
    assert machine.snapshots == []
    assert list((tmp_path / "machine" / "overlays").iterdir()) == []


async def test_changed_blocks_are_those_written_between_two_snapshots(machine: SourceMachine) -> None:
    first = await machine.take_snapshot("s1")
    await machine.write(KEY, MIB + 5, b"x" * BLOCK)
    await machine.zero(KEY, 20 * MIB, 2 * BLOCK)
    await machine.remove_snapshot("s1")
    await machine.write(KEY, 64 * MIB - 1, b"y")
    second = await machine.take_snapshot("s2")
    await machine.write(KEY, 30 * MIB, b"too late")
    since, until = first.points[KEY].sequence, second.points[KEY].sequence
    assert await machine.changed(KEY, since, until) == [(MIB, 2 * BLOCK), (20 * MIB, 2 * BLOCK), (64 * MIB - BLOCK, BLOCK)]
    assert await machine.changed(2001, first.points[2001].sequence, second.points[2001].sequence) == []
    assert await machine.changed(KEY, until) == [(30 * MIB, BLOCK)]


@pytest.mark.parametrize("order", [("a", "b", "c"), ("c", "b", "a"), ("b", "c", "a"), ("b", "a", "c")])
async def test_a_chain_can_be_removed_in_any_order(machine: SourceMachine, tmp_path: Path, order: tuple[str, ...]) -> None:
    points = []
    for place, name in enumerate(("a", "b", "c")):
        points.append((await machine.take_snapshot(name)).points[KEY].sequence)
        await machine.write(KEY, place * MIB, name.encode() * BLOCK)
        await machine.write(KEY, 8 * MIB, name.encode() * 10)
    for name in order:
        await machine.remove_snapshot(name)
    assert await machine.changed(KEY, points[1], points[2]) == [(MIB, BLOCK), (8 * MIB, BLOCK)]
    assert await machine.changed(KEY, points[2]) == [(2 * MIB, BLOCK), (8 * MIB, BLOCK)]
    await machine.stop()
    content = base(tmp_path)
    assert [content[at * MIB : at * MIB + 1] for at in (0, 1, 2, 8)] == [b"a", b"b", b"c", b"c"]


async def test_tracking_goes_on_across_stop_and_start_and_a_new_lab(machine: SourceMachine, tmp_path: Path) -> None:
    epoch, since = machine.epoch(KEY), machine.sequence(KEY)
    await machine.write(KEY, 0, b"one")
    await machine.stop()
    await machine.write(KEY, MIB, b"two, switched off")
    again = machine_in(tmp_path)
    assert await again.changed(KEY, since) == [(0, BLOCK), (MIB, BLOCK)]
    await again.start()
    await again.write(KEY, 2 * MIB, b"three")
    assert again.epoch(KEY) == epoch
    assert await again.changed(KEY, since) == [(0, BLOCK), (MIB, BLOCK), (2 * MIB, BLOCK)]
    await again.stop()


async def test_snapshots_can_be_taken_and_removed_while_the_machine_is_off(machine: SourceMachine, tmp_path: Path) -> None:
    await machine.stop()
    point = (await machine.take_snapshot("s1")).points[KEY].sequence
    await machine.write(KEY, MIB, b"over")
    assert base(tmp_path)[MIB : MIB + 4] == bytes(4)
    await machine.start()
    await machine.write(KEY, 2 * MIB, b"more")
    await machine.stop()
    await machine.remove_snapshot("s1")
    assert base(tmp_path)[MIB : MIB + 4] == b"over"
    assert await machine.changed(KEY, point) == [(MIB, BLOCK), (2 * MIB, BLOCK)]


@pytest.mark.parametrize("how", ["by the lab", "from outside"])
async def test_a_power_cut_begins_a_new_epoch(machine: SourceMachine, how: str) -> None:
    old, pid = machine.epoch(KEY), machine.pid
    await machine.take_snapshot("s1")
    if how == "by the lab":
        await machine.kill()
    else:
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        await machine.wait_stopped(5)
    assert machine.epoch(KEY) != old
    assert machine.sequence(KEY) == 1
    await machine.remove_snapshot("s1")


async def test_a_lab_that_died_begins_a_new_epoch(machine: SourceMachine, tmp_path: Path) -> None:
    assert machine_in(tmp_path).epoch(KEY) != machine.epoch(KEY)


async def test_points_of_no_epoch_are_refused(machine: SourceMachine) -> None:
    with pytest.raises(UnknownPoint):
        await machine.changed(KEY, 7)
    await machine.disable_tracking()
    with pytest.raises(UnknownPoint):
        machine.epoch(KEY)


async def test_a_disk_grows_only_without_snapshots(machine: SourceMachine, tmp_path: Path) -> None:
    await machine.grow(KEY, 80 * MIB)
    await machine.write(KEY, 80 * MIB - 4, b"last")
    assert (tmp_path / "vm-flat.vmdk").stat().st_size == 80 * MIB
    assert machine.disks[0].capacity == 80 * MIB
    assert await machine.changed(KEY, 1) == [(80 * MIB - BLOCK, BLOCK)]
    await machine.take_snapshot("s1")
    with pytest.raises(SnapshotsPresent):
        await machine.grow(KEY, 90 * MIB)


async def test_allocated_blocks_are_those_that_are_no_holes(machine: SourceMachine) -> None:
    await machine.write(KEY, 3 * BLOCK + 100, b"data")
    await machine.write(KEY, 9 * BLOCK, bytes(BLOCK))
    assert await machine.allocated(KEY) == [(3 * BLOCK, BLOCK), (9 * BLOCK, BLOCK)]
    assert await machine.allocated(2001) == []
