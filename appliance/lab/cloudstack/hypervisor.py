"""The VMs that really run: QEMU machines over the volumes' raw files."""

import asyncio
from collections.abc import Callable
from pathlib import Path

from appliance.lab.machines.engine import MachineOff
from appliance.lab.machines.qemu import Drive, Nic, QemuMachine
from appliance.lab.machines.qmp import QmpError

from .config import ServiceOffering
from .disks import Disks
from .errors import failed
from .records import Instance, Volume, serial_of


class Hypervisor:
    """Running guests by instance id; `on_off(instance_id)` is called when one has switched itself off."""

    def __init__(self, folder: Path, disks: Disks, on_off: Callable[[str], None]) -> None:
        self._folder = folder
        self._disks = disks
        self._on_off = on_off
        self._machines: dict[str, QemuMachine] = {}
        self._watchers: set[asyncio.Task[None]] = set()

    def machine(self, instance_id: str) -> QemuMachine | None:
        """The machine of a VM that was started in this run of the lab."""
        return self._machines.get(instance_id)

    async def start(self, instance: Instance, volumes: list[Volume], offering: ServiceOffering) -> None:
        """Boot a VM from its root volume, with its data volumes after it in order."""
        machine = QemuMachine(
            self._folder / instance.id,
            [self._drive(volume) for volume in volumes],
            memory_mib=offering.memory_mib,
            cpus=offering.cpus,
            firmware="uefi" if instance.boot_type.upper() == "UEFI" else "bios",
            nics=[Nic("vmxnet3" if _wants_vmxnet3(instance) else "virtio-net-pci", nic.mac) for nic in instance.nics],
        )
        try:
            await machine.start()
        except QmpError as error:
            await machine.kill()
            raise failed(f"Unable to start a VM [{instance.id}] due to [{error}].") from error
        self._machines[instance.id] = machine
        watcher = asyncio.create_task(self._watch(instance.id, machine))
        self._watchers.add(watcher)
        watcher.add_done_callback(self._watchers.discard)

    async def stop(self, instance_id: str, forced: bool, acpi_seconds: float) -> None:
        """Switch a VM off: by its power button first unless forced, then at once."""
        machine = self._machines.get(instance_id)
        if machine is None or not machine.running:
            return
        if not forced:
            await self._press_power_button(machine, acpi_seconds)
        await machine.stop()

    async def close(self) -> None:
        """Switch everything off."""
        for watcher in list(self._watchers):
            watcher.cancel()
        await asyncio.gather(*(machine.kill() for machine in self._machines.values()))

    def _drive(self, volume: Volume) -> Drive:
        """A volume as a virtio disk with its serial."""
        return Drive(self._disks.volume(volume.id), serial=serial_of(volume.id), bootable=volume.device_id == 0)

    async def _press_power_button(self, machine: QemuMachine, seconds: float) -> None:
        """Ask the guest to shut down and wait; a guest that does not react stays on."""
        try:
            await machine.powerdown()
            await machine.wait_stopped(seconds)
        except (TimeoutError, MachineOff, QmpError):
            return

    async def _watch(self, instance_id: str, machine: QemuMachine) -> None:
        """Notice that a guest has switched itself off."""
        await machine.wait_stopped()
        if self._machines.get(instance_id) is machine:
            self._on_off(instance_id)


def _wants_vmxnet3(instance: Instance) -> bool:
    """Whether the VM's details ask for VMware's network card."""
    return instance.details.get("nicAdapter", "").lower() == "vmxnet3"
