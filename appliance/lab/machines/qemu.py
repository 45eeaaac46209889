"""A machine under QEMU (tcg): drives, network cards, power and a serial console."""

import json
import socket
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from appliance.lab.machines.blocks import Layer, nodes
from appliance.lab.machines.engine import Engine, Hook
from appliance.lab.machines.qmp import Event, Json
from appliance.lab.machines.serial import Console

Firmware = Literal["bios", "uefi"]
Bus = Literal["pvscsi", "virtio"]

# Debian's package ovmf; the machine's boot entries are not kept, the guest boots from the removable path.
UEFI_CODE = "/usr/share/ovmf/OVMF.fd"


@dataclass(frozen=True)
class Drive:
    """A disk of a machine. `serial` holds 20 bytes on virtio. `backing` are the layers below `path`, lowest first."""

    path: Path
    format: str = "raw"
    bus: Bus = "virtio"
    serial: str = ""
    node_name: str = ""
    bootable: bool = False
    backing: tuple[Layer, ...] = ()


@dataclass(frozen=True)
class Nic:
    """A network card: the other end of `tap`, which exists, or on a network that leads nowhere."""

    model: Literal["vmxnet3", "e1000e", "virtio-net-pci"]
    mac: str
    tap: str = ""


class QemuMachine(Engine):
    """A machine that ends with the lab. Its console's log is `folder`/console.log, QEMU's own messages `folder`/qemu.log."""

    def __init__(
        self,
        folder: Path,
        drives: Sequence[Drive],
        *,
        memory_mib: int = 512,
        cpus: int = 1,
        firmware: Firmware = "bios",
        nics: Sequence[Nic] = (),
        console: Console | None = None,
        opened: Hook | None = None,
        before_end: Hook | None = None,
        options: Sequence[str] = (),
        namespace: str = "",
    ) -> None:
        """`options` are more of QEMU's own; `namespace` is the network namespace that the cards' taps are in."""
        super().__init__(folder, folder / "qemu.log", opened, before_end)
        self.drives, self.nics = tuple(drives), tuple(nics)
        self.memory_mib, self.cpus, self.firmware = memory_mib, cpus, firmware
        self._options, self._namespace = tuple(options), namespace
        self.console = console or Console(folder / "console.log")

    async def start(self) -> None:
        """Switch on; raises QmpError when QEMU does not come up (it says why in qemu.log)."""
        if self.running:
            return
        ours, theirs = socket.socketpair()
        await self.console.attach(ours)
        with theirs:
            await self._launch(lambda control: self._argv(control, theirs.fileno()), [theirs.fileno()])
        self.qmp.listen(self._notice)
        await self._opened()
        await self.qmp.execute("cont")

    async def powerdown(self) -> None:
        """Press the power button (ACPI) and return; wait_stopped() tells when the guest has followed. Raises MachineOff."""
        await self.qmp.execute("system_powerdown")

    def _notice(self, event: Event) -> None:
        if event.name == "SHUTDOWN" and event.data.get("guest"):
            self._powered_off.set()

    async def _before_quit(self) -> None:
        await self.qmp.execute("stop")  # flushes the drives too

    async def _ended(self) -> None:
        await self.console.detach()

    def _argv(self, control: int, line: int) -> list[str]:
        return [
            *(("ip", "netns", "exec", self._namespace) if self._namespace else ()),
            *("qemu-system-x86_64", "-no-user-config", "-nodefaults", "-accel", "tcg", "-M", "q35", "-cpu", "qemu64,+rdrand,-svm"),
            *("-m", str(self.memory_mib), "-smp", str(self.cpus), "-display", "none", "-S", "-no-shutdown"),
            *("-chardev", f"socket,id=control,fd={control}", "-mon", "chardev=control,mode=control"),
            *("-chardev", f"socket,id=line,fd={line},logfile=console.log,logappend=on", "-serial", "chardev:line"),
            *(("-bios", UEFI_CODE) if self.firmware == "uefi" else ()),
            *self._drive_options(),
            *self._nic_options(),
            *self._options,
        ]

    def _drive_options(self) -> Iterator[str]:
        if any(drive.bus == "pvscsi" for drive in self.drives):
            yield from ("-device", "pvscsi,id=scsi")
        for number, drive in enumerate(self.drives):
            top = Layer(drive.node_name or f"drive{number}", drive.path, drive.format)
            for node in nodes([*drive.backing, top]):
                yield from ("-blockdev", json.dumps(node))
            yield from ("-device", json.dumps(_drive_device(drive, number, top.node)))

    def _nic_options(self) -> Iterator[str]:
        for number, nic in enumerate(self.nics):
            kind = f"tap,ifname={nic.tap},script=no,downscript=no" if nic.tap else "user,restrict=on"
            yield from ("-netdev", f"{kind},id=net{number}")
            yield from ("-device", f"{nic.model},netdev=net{number},mac={nic.mac}")


def _drive_device(drive: Drive, number: int, node: str) -> Json:
    device: Json = {"id": f"disk{number}", "drive": node}
    if drive.bus == "pvscsi":
        device |= {"driver": "scsi-hd", "bus": "scsi.0", "scsi-id": number}
    else:
        device |= {"driver": "virtio-blk-pci"}
    if drive.serial:
        device["serial"] = drive.serial
    if drive.bootable:
        device["bootindex"] = number + 1
    return device
