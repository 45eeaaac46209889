"""Virtual devices, as vCenter describes them, turned into plain values."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC
from typing import Any

from pyVmomi import vim

from appliance.vsphere.spec import Disk, Nic, Snapshot

Device = vim.vm.device
MODELS = {
    Device.ParaVirtualSCSIController: "pvscsi",
    Device.VirtualLsiLogicController: "lsilogic",
    Device.VirtualLsiLogicSASController: "lsisas",
    Device.VirtualBusLogicController: "buslogic",
    Device.VirtualAHCIController: "sata",
    Device.VirtualNVMEController: "nvme",
    Device.VirtualIDEController: "ide",
    Device.VirtualVmxnet3: "vmxnet3",
    Device.VirtualVmxnet2: "vmxnet2",
    Device.VirtualE1000e: "e1000e",
    Device.VirtualE1000: "e1000",
    Device.VirtualPCNet32: "pcnet32",
}


def disk_id(key: int) -> str:
    """The name of a disk in all records: `disk-<VirtualDisk.key>`."""
    return f"disk-{key}"


def is_disk(device: Any) -> bool:
    """A virtual disk, and no CD-ROM or card."""
    return isinstance(device, Device.VirtualDisk)


def capacity_of(disk: Any) -> int:
    """Bytes; the field in KiB is all that old servers fill."""
    return int(disk.capacityInBytes or (disk.capacityInKB or 0) * 1024)


def chain_of(backing: Any) -> tuple[str, ...]:
    """The paths of a disk's files, from the one that is written to down to the base."""
    paths = []
    while backing is not None:
        paths.append(str(backing.fileName))
        backing = getattr(backing, "parent", None)
    return tuple(paths)


def datastore_of(path: str) -> str:
    """`[store] folder/file.vmdk` → store."""
    return path.partition("[")[2].partition("]")[0]


def disks(devices: Sequence[Any], datastore_types: Mapping[str, str]) -> tuple[Disk, ...]:
    """All disks, in the order of their controllers and units."""
    controllers = {device.key: device for device in devices}
    found = [_disk(device, controllers.get(device.controllerKey), datastore_types) for device in devices if is_disk(device)]
    return tuple(sorted(found, key=lambda disk: (disk.controller_key, disk.unit_number)))


def _disk(device: Any, controller: Any, datastore_types: Mapping[str, str]) -> Disk:
    backing = device.backing
    path = str(getattr(backing, "fileName", "") or "")
    return Disk(
        disk_id=disk_id(device.key),
        key=device.key,
        label=str(device.deviceInfo.label if device.deviceInfo else disk_id(device.key)),
        capacity_bytes=capacity_of(device),
        vmdk_path=path,
        datastore=datastore_of(path),
        datastore_type=datastore_types.get(datastore_of(path), ""),
        provisioning=_provisioning(backing),
        mode=str(getattr(backing, "diskMode", "") or "persistent"),
        controller=_model(controller),
        bus_sharing=str(getattr(controller, "sharedBus", "") or "noSharing"),
        sharing=str(getattr(backing, "sharing", "") or "sharingNone"),
        unit_number=int(device.unitNumber or 0),
        controller_key=int(device.controllerKey or 0),
        uuid=str(getattr(backing, "uuid", "") or ""),
        change_id=str(getattr(backing, "changeId", "") or ""),
        mapping=_mapping(backing),
        encrypted=getattr(backing, "keyId", None) is not None,
        parents=len(chain_of(backing)) - 1 if path else 0,
    )


def _provisioning(backing: Any) -> str:
    if getattr(backing, "thinProvisioned", False):
        return "thin"
    return "thick-eager" if getattr(backing, "eagerlyScrub", False) else "thick"


def _mapping(backing: Any) -> str:
    if isinstance(backing, Device.VirtualDisk.RawDiskMappingVer1BackingInfo):
        return "physical" if backing.compatibilityMode == "physicalMode" else "virtual"
    # A disk whose backing is neither a file nor a mapping is a device of the host itself.
    return "" if getattr(backing, "fileName", None) else "physical"


def _model(device: Any) -> str:
    for kind, name in MODELS.items():
        if isinstance(device, kind):
            return name
    return type(device).__name__.rpartition(".")[2] if device is not None else "unknown"


def nics(devices: Sequence[Any], networks: Mapping[str, str], guest_nics: Iterable[Any]) -> tuple[Nic, ...]:
    """All network cards; `networks` maps the ids of networks and port groups to their names."""
    addresses = {str(one.macAddress or "").lower(): tuple(one.ipAddress or ()) for one in guest_nics}
    return tuple(_nic(one, networks, addresses) for one in devices if isinstance(one, Device.VirtualEthernetCard))


def _nic(device: Any, networks: Mapping[str, str], addresses: Mapping[str, tuple[str, ...]]) -> Nic:
    mac = str(device.macAddress or "").lower()
    link = device.connectable
    return Nic(
        key=device.key,
        label=str(device.deviceInfo.label if device.deviceInfo else f"nic-{device.key}"),
        mac=mac,
        network=_network(device.backing, networks),
        model=_model(device),
        addresses=addresses.get(mac, ()),
        connected=bool(link and link.connected),
        start_connected=bool(link and link.startConnected),
    )


def _network(backing: Any, networks: Mapping[str, str]) -> str:
    if isinstance(backing, Device.VirtualEthernetCard.DistributedVirtualPortBackingInfo):
        return networks.get(str(backing.port.portgroupKey), str(backing.port.portgroupKey))
    if isinstance(backing, Device.VirtualEthernetCard.OpaqueNetworkBackingInfo):
        return networks.get(str(backing.opaqueNetworkId), str(backing.opaqueNetworkId))
    network = getattr(backing, "network", None)
    known = networks.get(str(network._moId)) if network is not None else None
    return known or str(getattr(backing, "deviceName", "") or "")


def snapshots(roots: Iterable[Any] | None) -> Iterator[Snapshot]:
    """All snapshots of a tree, parents first."""
    for node in roots or ():
        yield Snapshot(str(node.snapshot._moId), str(node.name), node.createTime.astimezone(UTC))
        yield from snapshots(node.childSnapshotList)
