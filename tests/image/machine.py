"""An appliance's machine: QEMU without hardware help, with a screen, a keyboard, a serial port and room for more disks.

Nothing of the machine that the tests run on is touched: the disk is an overlay, and the network is QEMU's own, which leads nowhere, or
that of a namespace.
"""

from __future__ import annotations

import asyncio
import json
import shutil
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from appliance.lab.machines.blocks import Layer
from appliance.lab.machines.qemu import Bus, Drive, Firmware, Nic, QemuMachine
from tests.image import screens
from tests.image.guest import Guest
from tests.image.keyboard import Stroke, stroke, strokes
from tests.image.planting import overlay

HOLD_MS = 40
"""Milliseconds for which a key is down."""
AFTER_KEY = 0.12
"""Seconds until the next one: an emulated keyboard drops what the guest does not fetch."""
PLACES = 4
"""Disks that can be plugged in."""
SOCKET, CONTROL = "probe.sock", "control.sock"
SECTOR = 512
VGA_AT, VGA_SIZE = 0xB8000, 0x8000
"""Where the text mode's memory is. The kernel scrolls by showing another part of it, so all is read."""


@dataclass(frozen=True)
class Hardware:
    """What the machine is made of. The OMA's is KVM's as CloudStack sets it up, the VMA's as much of VMware's as QEMU has."""

    firmware: Firmware = "bios"
    bus: Bus = "virtio"
    nics: tuple[Nic, ...] = (Nic("virtio-net-pci", "52:54:00:00:00:01"),)
    screen: str = "VGA"
    memory_mib: int = 1024
    disk_gib: int = 0
    """The size of the disk where it is larger than the image."""
    disc: Path | None = None
    """An image of what is in its drive for discs."""
    lower: Path | None = None
    """A raw disk, which is only read, that is plugged into a lower slot than the machine's own: the kernel finds it first."""
    namespace: str = ""
    """The network namespace that the cards' taps are in."""


KVM = Hardware()
VMWARE = Hardware(bus="pvscsi", nics=(Nic("vmxnet3", "00:50:56:00:00:01"),), screen="vmware-svga")


class Machine:
    """A machine that is switched on and off, its keyboard, its screen, and the guest in it."""

    def __init__(self, folder: Path, base: Path, shots: Path, hardware: Hardware = KVM) -> None:
        """`base` is a raw disk that is only read. What is written, the console's log and QEMU's messages are in `folder`."""
        self.folder, self.shots = folder, shots
        self.guest = Guest(folder / SOCKET)
        self.hardware = hardware
        """May be another one while the machine is off."""
        self.switched_on = 0.0
        """When (monotonic seconds)."""
        self._base, self._plugged = base, 0
        self._machine: QemuMachine | None = None

    @property
    def engine(self) -> QemuMachine:
        """QEMU; raises ConnectionError while the machine is off."""
        if self._machine is None:
            raise ConnectionError("the machine is off")
        return self._machine

    async def switch_on(self) -> None:
        """Start; the guest comes up by and by. Raises QmpError."""
        hardware, disk = self.hardware, self.folder / "disk.qcow2"
        if not disk.exists():
            await overlay(self._base, disk, hardware.disk_gib)
        drive = Drive(disk, "qcow2", hardware.bus, "system", "system", bootable=True, backing=(Layer("base", self._base),))
        drives = [*(await self._lower(hardware)), drive]
        self._machine = QemuMachine(
            self.folder, drives, memory_mib=hardware.memory_mib, cpus=2, firmware=hardware.firmware, nics=hardware.nics,
            options=options(hardware), namespace=hardware.namespace,
        )  # fmt: skip
        self.switched_on = time.monotonic()
        await self._machine.start()
        await self.guest.connect()

    async def _lower(self, hardware: Hardware) -> list[Drive]:
        """The disk before the machine's own, where there is one; what is written to it is kept apart."""
        if hardware.lower is None:
            return []
        path = await overlay(hardware.lower, self.folder / "lower.qcow2")
        return [Drive(path, "qcow2", hardware.bus, "lower", "lower", backing=(Layer("lower-base", hardware.lower),))]

    async def switch_off(self) -> None:
        """Pull the plug."""
        if self._machine is not None:
            await self.guest.close()
            await self._machine.kill()

    async def press(self, *combinations: str) -> None:
        """Press keys one after the other, such as `f8` or `ctrl-alt-f2`."""
        for one in combinations:
            await self._press(stroke(one))

    async def type(self, text: str) -> None:
        """Type a text."""
        for one in strokes(text):
            await self._press(one)

    async def _press(self, keys: Stroke) -> None:
        named = [{"type": "qcode", "data": key} for key in keys]
        await self.engine.qmp.execute("send-key", keys=named, hold_time=HOLD_MS)
        await asyncio.sleep(AFTER_KEY)

    async def picture(self, name: str) -> Path:
        """What the screen shows, as a PNG file among the pictures."""
        path = (self.shots / f"{name}.png").absolute()
        await self.engine.qmp.execute("screendump", filename=str(path), format="png")
        return path

    async def text_mode(self) -> str:
        """What the text mode of the graphics card shows, from the firmware on; empty or stale while it shows graphics."""
        dump = (self.folder / "vga").absolute()
        await self.engine.qmp.execute("pmemsave", val=VGA_AT, size=VGA_SIZE, filename=str(dump))
        return screens.text_mode(dump.read_bytes())

    @property
    def control(self) -> Path:
        """A socket of QEMU's protocol for whoever else may plug disks into the machine (into `places()`)."""
        return (self.folder / CONTROL).absolute()

    def serial(self) -> str:
        """What a terminal on the serial port shows."""
        return screens.serial(self.engine.console.log.read_bytes())

    async def plug(self, serial: str, size_mib: int = 1, content: Path | None = None) -> str:
        """Plug a new virtio disk in while the machine runs, empty or with what is in a file; returns the name by which it is unplugged.

        A serial has up to 20 bytes.
        """
        self._plugged += 1
        name = f"plugged{self._plugged}"
        path = self.folder / f"{name}.raw"
        size = size_mib << 20
        if content is not None:
            shutil.copyfile(content, path)
            size = -(-path.stat().st_size // SECTOR) * SECTOR
        with path.open("ab") as file:
            file.truncate(size)
        qmp = self.engine.qmp
        await qmp.execute("blockdev-add", driver="file", node_name=name, filename=str(path.absolute()))
        await qmp.execute("device_add", driver="virtio-blk-pci", id=name, drive=name, serial=serial, bus=places()[self._plugged % PLACES])
        return name

    async def unplug(self, name: str) -> None:
        """Ask the guest to let go of a disk; it does so after a moment."""
        await self.engine.qmp.execute("device_del", id=name)


def places() -> list[str]:
    """The slots for disks that are plugged in (pure)."""
    return [f"place{number}" for number in range(PLACES)]


def options(hardware: Hardware) -> Sequence[str]:
    """What QEMU is told beside disks and networks: the screen, the probe's port, empty slots (pure)."""
    slots = [("-device", f"pcie-root-port,id={place},chassis={number},slot={number}") for number, place in enumerate(places(), 1)]
    return [
        *("-device", hardware.screen),
        *("-qmp", f"unix:{CONTROL},server=on,wait=off"),
        *("-chardev", f"socket,id=probe,path={SOCKET},server=on,wait=off"),
        *("-device", "virtio-serial-pci", "-device", "virtserialport,chardev=probe,name=probe"),
        *(word for slot in slots for word in slot),
        *(_drive(hardware.disc) if hardware.disc else ()),
    ]


def _drive(disc: Path) -> Sequence[str]:
    """A drive with a disc in it. It is a SCSI one: the kernel of the OMA has no driver for this machine's SATA."""
    medium = {"driver": "file", "node-name": "disc", "filename": str(disc), "read-only": True}
    return ("-blockdev", json.dumps(medium), "-device", "virtio-scsi-pci,id=discs", "-device", "scsi-cd,bus=discs.0,drive=disc")


@asynccontextmanager
async def machine(folder: Path, base: Path, shots: Path, hardware: Hardware = KVM) -> AsyncIterator[Machine]:
    """A new machine that is on; a last picture is taken, and the plug pulled, at the end. Only logs are left of it."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    shots.mkdir(parents=True, exist_ok=True)
    made = Machine(folder, base, shots, hardware)
    await made.switch_on()
    try:
        yield made
        await made.picture(f"{folder.name}-last")
    finally:
        await made.switch_off()
        for disk in (*folder.glob("*.qcow2"), *folder.glob("*.raw")):
            disk.unlink()
