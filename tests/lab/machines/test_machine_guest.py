"""The real guest: what it writes is tracked, it shuts down when asked, and its disks boot on another bus."""

from pathlib import Path

import pytest

from appliance.lab.machines.image import copy_image, guest_image
from appliance.lab.machines.qemu import Drive, Nic, QemuMachine
from appliance.lab.machines.shell import GuestShell
from appliance.lab.machines.source import SourceDisk, SourceMachine

BLOCK = 64 << 10
ROOT, DATA = 2000, 2001
BOOT_LIMIT = 240  # seconds; about 35 on two idle processors


def blocks(path: Path) -> list[bytes]:
    content = path.read_bytes()
    return [content[at : at + BLOCK] for at in range(0, len(content), BLOCK)]


@pytest.mark.lab
@pytest.mark.timeout(900)
async def test_a_running_guest_is_tracked_and_its_disks_boot_elsewhere(tmp_path: Path) -> None:
    disks = [SourceDisk(ROOT, tmp_path / "vm-flat.vmdk", 0), SourceDisk(DATA, tmp_path / "vm_1-flat.vmdk", 0)]
    await copy_image(await guest_image(), disks[0].path, disks[1].path)
    disks = [SourceDisk(disk.key, disk.path, disk.path.stat().st_size) for disk in disks]
    source = SourceMachine(tmp_path / "source", disks, nics=[Nic("vmxnet3", "00:50:56:00:00:01")])
    await source.enable_tracking()
    await source.start()
    try:
        shell = GuestShell(source.console)
        await shell.login(BOOT_LIMIT)
        first = await source.take_snapshot("first")
        frozen = blocks(disks[1].path)
        await shell.run("echo moved-by-the-lab >/etc/marker; sync")
        await shell.run("(for n in $(seq 200); do echo unmistakable-$n >>/srv/log; sync; done) & true")
        await source.remove_snapshot("first")
        await shell.run("wait; sync")
        second = await source.take_snapshot("second")
        changed = await source.changed(DATA, first.points[DATA].sequence, second.points[DATA].sequence)
        reported = {block for offset, length in changed for block in range(offset // BLOCK, -(-(offset + length) // BLOCK))}
        now = blocks(disks[1].path)
        differing = {number for number, (old, new) in enumerate(zip(frozen, now, strict=True)) if old != new}
        assert differing <= reported
        assert len(reported) <= 64
        assert any(b"unmistakable-200\n" in now[number] for number in differing)
        await source.remove_snapshot("second")
        await source.shutdown_guest()
        await source.wait_stopped(120)
        assert not source.running
        assert await source.changed(ROOT, first.points[ROOT].sequence)
    finally:
        await source.kill()
    await assert_boots_elsewhere([disk.path for disk in disks], tmp_path / "target")


async def assert_boots_elsewhere(disks: list[Path], folder: Path) -> None:
    drives = [Drive(path, serial=f"disk{place}", bootable=place == 0) for place, path in enumerate(disks)]
    target = QemuMachine(folder, drives, nics=[Nic("virtio-net-pci", "02:00:00:00:00:01")])
    await target.start()
    try:
        assert "moved-by-the-lab" in await target.console.read_until("login: ", BOOT_LIMIT)
    finally:
        await target.stop()
    assert "moved-by-the-lab" in target.console.history()
