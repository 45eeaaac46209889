"""A real guest from VMware, without KVM's drivers in its initial RAM disk, boots on KVM's disks only after its preparation."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import pytest_asyncio

from appliance.core.commands import Children, run
from appliance.failover import emulation
from appliance.failover.drivers import Drivers
from appliance.failover.preparation import Preparer
from appliance.failover.transcripts import transcripts
from appliance.failover.workplace import Workplace
from appliance.lab.machines.blocks import Layer
from appliance.lab.machines.qemu import Bus, Drive, QemuMachine
from tests.image.planting import overlay
from tests.image.vmware_guest import VmwareGuest, vmware_guest

BOOT = 400.0
"""Seconds; a busy computer emulates slowly."""
PREPARATION = 1500.0

pytestmark = pytest.mark.timeout(2400)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def guest(images: Path) -> VmwareGuest:
    return await vmware_guest(images / "vmware-guest")


@asynccontextmanager
async def booted(folder: Path, disk: Path, bus: Bus) -> AsyncIterator[QemuMachine]:
    """The guest on a disk of this kind; what it writes is not kept."""
    folder.mkdir()
    await overlay(disk, folder / "disk.qcow2", 0)
    drive = Drive(folder / "disk.qcow2", "qcow2", bus, "system", "system", bootable=True, backing=(Layer("base", disk),))
    machine = QemuMachine(folder, [drive], memory_mib=768, cpus=2)
    await machine.start()
    try:
        yield machine
    finally:
        await machine.kill()


async def test_it_boots_on_the_disks_that_it_came_with(guest: VmwareGuest, tmp_path: Path) -> None:
    async with booted(tmp_path / "machine", guest.disk, "pvscsi") as machine:
        await machine.console.read_until("guest login:", BOOT)


async def test_unprepared_it_does_not_find_its_disk_on_the_new_platform(guest: VmwareGuest, tmp_path: Path) -> None:
    async with booted(tmp_path / "machine", guest.disk, "virtio") as machine:
        shown = await machine.console.read_until("Rebooting automatically due to panic|login:", BOOT)
    assert "Gave up waiting for root file system device" in shown


async def test_prepared_it_boots_on_the_new_platform(guest: VmwareGuest, tmp_path: Path) -> None:
    disk = tmp_path / "disk.raw"
    await run(["cp", "--sparse=always", "--reflink=auto", str(guest.disk), str(disk)], timeout=300)
    told: list[str] = []

    async def tell(_: float, words: str) -> None:
        told.append(words)

    environment = {**emulation.settings("auto", Path("/proc/cpuinfo").read_text()), **guest.lent()}
    children, folder = Children(tmp_path / "children"), tmp_path / "preparation"
    preparer = Preparer(children, Workplace(folder, children), Drivers(tmp_path / "drivers"), seconds=PREPARATION, environment=environment)
    await preparer.prepare("job-1", "guest", [disk], "bios", tell)
    assert "Putting the drivers into the guest" in told and children.owners() == set()
    assert [path.name for path in transcripts(folder)] == ["job-1.log"]
    assert sorted(path.name for path in folder.iterdir()) == ["job-1.log", "made"] and not [*folder.glob("made/.guestfs-*/appliance.d.*")]
    async with booted(tmp_path / "machine", disk, "virtio") as machine:
        await machine.console.read_until("guest login:", BOOT)
