"""How the new machine is built after the source's description: its disks in order and its hardware (pure)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import ValidationError

from appliance.contexts import VmContext
from appliance.contract.inventory import Vm
from appliance.failover.faults import NO_VOLUMES, NOT_DESCRIBED
from appliance.volumes.records import Volume

# CloudStack's rootDiskController on KVM. What VMware calls SCSI is offered as virtio-scsi there.
_BUSES = {"ide": "ide", "sata": "sata", "nvme": "virtio"}
_NICS = frozenset({"vmxnet3", "e1000", "pcnet32"})


@dataclass(frozen=True)
class Hardware:
    """What the guest will find: memory in MiB, the rest in CloudStack's words."""

    firmware: str
    disk_bus: str
    nic_model: str
    cpus: int
    memory_mib: int


def described(context: VmContext) -> Vm:
    """The source as the last cycle found it. Raises a Fault when it was never described."""
    try:
        return Vm.model_validate(context.specification)
    except ValidationError as error:
        raise NOT_DESCRIBED(name=context.vm_name, cause=str(error)) from error


def in_order(source: Vm, volumes: Sequence[Volume]) -> list[Volume]:
    """The volume of each disk, the boot disk first. Raises a Fault when a disk has none."""
    by_disk = {one.disk_id: one for one in volumes}
    missing = [disk.disk_id for disk in source.disks if disk.disk_id not in by_disk]
    if missing or not source.disks:
        raise NO_VOLUMES(name=source.name, cause=f"no volume for {missing}")
    return [by_disk[disk.disk_id] for disk in source.disks]


def hardware(source: Vm, *, prepared: bool) -> Hardware:
    """Firmware, bus and network card as the source has them; those of the new platform once the guest was prepared for it."""
    controller = source.disks[0].controller if source.disks else ""
    model = source.nics[0].model if source.nics else ""
    return Hardware(
        firmware=_firmware(source),
        disk_bus="virtio" if prepared else _BUSES.get(controller, "scsi"),
        nic_model="virtio" if prepared or model not in _NICS else model,
        cpus=source.cpus,
        memory_mib=source.memory_mib,
    )


def _firmware(source: Vm) -> str:
    if source.firmware != "efi":
        return "bios"
    return "uefi-secure" if source.secure_boot else "uefi"
