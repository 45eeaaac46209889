"""A virtual machine's devices as vSphere shows them: controllers, disks with their backing, network adapters."""

from __future__ import annotations

from typing import Any

from pyVmomi import vim

from appliance.lab.vcenter.records import DiskRecord, NicRecord, SnapshotRecord, VmRecord

CONTROLLER = 1000
_DEVICE = vim.vm.device


def devices(vm: VmRecord, datastore: Any, networks: dict[str, Any], snapshot: SnapshotRecord | None = None) -> list[Any]:
    """The device list of a VM now, or as a snapshot holds it; references are those of the datastore and the networks by name."""
    found = [_pci(), _video(), _controller(vm)]
    for disk in vm.disks:
        if snapshot is None:
            found.append(_disk(vm, disk, datastore))
        elif disk.key in snapshot.frozen:
            found.append(_frozen(vm, disk, snapshot, datastore))
    return found + [_nic(nic, number, networks) for number, nic in enumerate(vm.nics)]


def file_name(datastore: str, vm: str, file: str) -> str:
    """A datastore path: ``[datastore1] web/web.vmdk``."""
    return f"[{datastore}] {vm}/{file}"


def _label(text: str, summary: str) -> Any:
    return vim.Description(label=text, summary=summary)


def _pci() -> Any:
    return _DEVICE.VirtualPCIController(
        key=100, busNumber=0, deviceInfo=_label("PCI controller 0", "PCI controller 0"), device=[500, CONTROLLER]
    )


def _video() -> Any:
    return _DEVICE.VirtualVideoCard(
        key=500, controllerKey=100, unitNumber=0, videoRamSizeInKB=4096, deviceInfo=_label("Video card ", "Video card")
    )


def _controller(vm: VmRecord) -> Any:
    kind, text = {
        "pvscsi": (_DEVICE.ParaVirtualSCSIController, "VMware paravirtual SCSI"),
        "lsilogic": (_DEVICE.VirtualLsiLogicController, "LSI Logic"),
    }[vm.controller]
    return kind(
        key=CONTROLLER,
        controllerKey=100,
        unitNumber=3,
        busNumber=0,
        sharedBus="noSharing",
        hotAddRemove=True,
        scsiCtlrUnitNumber=7,
        deviceInfo=_label("SCSI controller 0", text),
        device=[disk.key for disk in vm.disks],
    )


def _disk(vm: VmRecord, disk: DiskRecord, datastore: Any) -> Any:
    files = vm.files(disk) if vm.snapshots and disk.mode == "persistent" else [disk.file]
    backing = None
    for file in files:
        backing = _backing(vm, disk, datastore, file, backing)
    return _device(disk, disk.capacity, backing)


def _frozen(vm: VmRecord, disk: DiskRecord, snapshot: SnapshotRecord, datastore: Any) -> Any:
    frozen = snapshot.frozen[disk.key]
    backing = None
    files = vm.files(disk)
    for file in files[: files.index(frozen.file) + 1] if frozen.file in files else [frozen.file]:
        backing = _backing(vm, disk, datastore, file, backing)
    if backing is not None and frozen.change_id:
        backing.changeId = frozen.change_id
    return _device(disk, frozen.capacity, backing)


def _backing(vm: VmRecord, disk: DiskRecord, datastore: Any, file: str, parent: Any) -> Any:
    name = file_name(datastore.name, vm.name, file)
    if disk.raw_mapping:
        return _DEVICE.VirtualDisk.RawDiskMappingVer1BackingInfo(
            fileName=name,
            datastore=datastore.ref,
            diskMode=disk.mode,
            uuid=disk.uuid,
            compatibilityMode=disk.raw_mapping,
            deviceName=f"vml.{disk.uuid}",
            lunUuid=disk.uuid,
            parent=parent,
        )
    return _DEVICE.VirtualDisk.FlatVer2BackingInfo(
        fileName=name,
        datastore=datastore.ref,
        backingObjectId="",
        diskMode=disk.mode,
        split=False,
        writeThrough=False,
        thinProvisioned=disk.thin,
        uuid=disk.uuid,
        contentId=disk.uuid.replace("-", ""),
        digestEnabled=False,
        sharing=disk.sharing,
        parent=parent,
        deltaDiskFormat="redoLogFormat" if parent else None,
    )


def _device(disk: DiskRecord, capacity: int, backing: Any) -> Any:
    return _DEVICE.VirtualDisk(
        key=disk.key,
        controllerKey=CONTROLLER,
        unitNumber=disk.unit,
        capacityInKB=capacity // 1024,
        capacityInBytes=capacity,
        backing=backing,
        deviceInfo=_label(f"Hard disk {disk.unit + 1 - (disk.unit > 7)}", f"{capacity // 1024:,} KB"),
        shares=vim.SharesInfo(shares=1000, level="normal"),
        diskObjectId=f"1-{disk.key}",
        nativeUnmanagedLinkedClone=False,
    )


def _nic(nic: NicRecord, number: int, networks: dict[str, Any]) -> Any:
    return _DEVICE.VirtualVmxnet3(
        key=nic.key,
        controllerKey=100,
        unitNumber=7 + number,
        macAddress=nic.mac,
        addressType="assigned",
        wakeOnLanEnabled=True,
        deviceInfo=_label(f"Network adapter {number + 1}", nic.network),
        backing=_DEVICE.VirtualEthernetCard.NetworkBackingInfo(
            deviceName=nic.network, network=networks.get(nic.network), useAutoDetect=False, inPassthroughMode=False
        ),
        connectable=_DEVICE.VirtualDevice.ConnectInfo(
            startConnected=nic.start_connected, connected=nic.connected, allowGuestControl=True, status="ok", migrateConnect="unset"
        ),
    )
