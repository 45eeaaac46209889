"""Filling the inventory at first start, from the plan; and bringing its machines to life at every start."""

from __future__ import annotations

import asyncio
import hashlib
import uuid

from appliance.lab.machines.qemu import Firmware, Nic
from appliance.lab.machines.source import Kind, SourceDisk, SourceMachine
from appliance.lab.vcenter.estate import Estate
from appliance.lab.vcenter.plan import DiskPlan, VmPlan
from appliance.lab.vcenter.records import DiskRecord, NicRecord, VmRecord

GIB = 1 << 30
_FIRST_DISK, _FIRST_NIC, _RESERVED_UNIT = 2000, 4000, 7


async def fill(estate: Estate) -> None:
    """Add the plan's virtual machines that are not in the inventory yet."""
    for planned in estate.plan.vms:
        if estate.named(planned.name) is None:
            vm = await _planned(estate, planned)
            estate.add(vm)
    missing = [f"vm-{n:04d}" for n in range(estate.plan.synthetic) if estate.vm(f"vm-s{n}") is None]
    if missing:
        with estate.changing():
            for name in missing:
                _add_synthetic(estate, name)


async def revive(estate: Estate) -> None:
    """Make the machine of every virtual machine that has disks with bytes."""
    for vm in estate.vms:
        if vm.kind != "synthetic" and vm.moid not in estate.machines:
            estate.machines[vm.moid] = machine(estate, vm)


def machine(estate: Estate, vm: VmRecord) -> SourceMachine:
    """The machine behind a virtual machine."""
    disks = [SourceDisk(disk.key, estate.path(vm, disk), disk.capacity) for disk in vm.disks]
    nics = [Nic("vmxnet3", nic.mac) for nic in vm.nics]
    firmware: Firmware = "uefi" if vm.firmware == "efi" else "bios"
    kind: Kind = "guest" if vm.kind == "guest" else "storage"
    return SourceMachine(
        estate.folder / "machines" / vm.name, disks, kind, memory_mib=vm.memory_mb, cpus=vm.cpus, firmware=firmware, nics=nics
    )


async def _planned(estate: Estate, plan: VmPlan) -> VmRecord:
    vm = _record(estate.ledger.reference("vm"), plan)
    folder = estate.datastore / plan.name
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{plan.name}.vmx").write_text(f'displayName = "{plan.name}"\nguestOS = "{plan.guest_id}"\n')
    for number, disk in enumerate(plan.disks):
        record = _disk(plan.name, number, disk, await asyncio.to_thread(_capacity, disk))
        vm.disks.append(record)
        if disk.source:
            await _copy(disk, estate, vm, record)
    return vm


async def _copy(disk: DiskPlan, estate: Estate, vm: VmRecord, record: DiskRecord) -> None:
    target = estate.path(vm, record)
    process = await asyncio.create_subprocess_exec("cp", "--sparse=auto", "--reflink=auto", str(disk.source), str(target))
    if await process.wait():
        raise OSError(f"{disk.source} could not be copied to {target}")
    with target.open("r+b") as file:
        file.truncate(record.capacity)


def _capacity(disk: DiskPlan) -> int:
    """Bytes, in whole sectors of 512; a size larger than the source leaves a hole behind it."""
    size = max(disk.size or 0, disk.source.stat().st_size if disk.source else 0) or GIB
    return -(-size // 512) * 512


def _record(moid: str, plan: VmPlan) -> VmRecord:
    wanted = plan.model_dump(include=set(VmRecord.model_fields) & set(VmPlan.model_fields) - {"disks", "nics"})
    ids = [str(uuid.uuid5(uuid.NAMESPACE_URL, f"{use}:{plan.name}")) for use in ("bios", "instance")]
    nics = [
        NicRecord(key=_FIRST_NIC + n, network=nic.network, mac=nic.mac or _mac(plan.name, n), addresses=nic.addresses)
        for n, nic in enumerate(plan.nics)
    ]
    return VmRecord(**wanted, moid=moid, uuid=ids[0], instance_uuid=ids[1], nics=nics)


def _disk(name: str, number: int, plan: DiskPlan, capacity: int) -> DiskRecord:
    """Unit 7 is the controller's own; a controller of the lab carries 15 disks."""
    file = f"{name}.vmdk" if number == 0 else f"{name}_{number}.vmdk"
    unit = number if number < _RESERVED_UNIT else number + 1
    return DiskRecord(
        key=_FIRST_DISK + unit,
        unit=unit,
        file=file,
        capacity=capacity,
        uuid=str(uuid.uuid5(uuid.NAMESPACE_URL, f"disk:{name}:{number}")),
        mode=plan.mode,
        raw_mapping=plan.raw_mapping,
        sharing=plan.sharing,
    )


def _add_synthetic(estate: Estate, name: str) -> None:
    number = int(name.split("-")[1])
    plan = VmPlan(name=name, kind="synthetic", cpus=1 + number % 8, memory_mb=1024 * (1 + number % 16), powered_on=number % 3 != 0)
    vm = _record(f"vm-s{number}", plan)
    vm.tools = vm.powered_on
    vm.disks = [_disk(name, n, DiskPlan(), GIB * (10 + number % 90)) for n in range(1 + number % 3)]
    estate.ledger.vms.append(vm)
    estate._index[vm.moid] = vm


def _mac(name: str, number: int) -> str:
    digest = hashlib.sha256(f"{name}:{number}".encode()).hexdigest()
    return f"00:50:56:{int(digest[:2], 16) & 0x3F:02x}:{digest[2:4]}:{digest[4:6]}"
