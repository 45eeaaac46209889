"""What is known about a VM: plain values, made from vCenter's answers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

PowerState = Literal["poweredOn", "poweredOff", "suspended", "unknown"]


@dataclass(frozen=True)
class Snapshot:
    """A snapshot of a VM; `created` is UTC."""

    moref: str
    name: str
    created: datetime


@dataclass(frozen=True)
class Disk:
    """A virtual disk. `mapping` is `physical` or `virtual` for a raw device mapping, else empty; `parents` counts snapshots below it."""

    disk_id: str
    key: int
    label: str
    capacity_bytes: int
    vmdk_path: str
    datastore: str
    datastore_type: str
    provisioning: str
    mode: str
    controller: str
    bus_sharing: str
    sharing: str
    unit_number: int
    controller_key: int
    uuid: str
    change_id: str
    mapping: str
    encrypted: bool
    parents: int

    @property
    def independent(self) -> bool:
        """Not part of snapshots."""
        return self.mode.startswith("independent")


@dataclass(frozen=True)
class Datastore:
    """A datastore; sizes in bytes, 0 where vCenter does not tell. `type` is vCenter's word (VMFS, NFS, vsan, …)."""

    name: str
    type: str
    capacity_bytes: int
    free_bytes: int


@dataclass(frozen=True)
class Nic:
    """A network card; addresses are those that VMware Tools report."""

    key: int
    label: str
    mac: str
    network: str
    model: str
    addresses: tuple[str, ...]
    connected: bool
    start_connected: bool


@dataclass(frozen=True)
class VmSpec:
    """Everything about one VM that a migration needs; `hardware_version` as a number (vmx-19 → 19).

    `datacenter` and `path` are inventory paths such as /DC0/vm/web1. `readable` is false where vCenter told no settings.
    `storage_bytes` is what its files take up now.
    """

    moref: str
    name: str
    path: str
    datacenter: str
    uuid: str
    cpus: int
    memory_mib: int
    guest_id: str
    guest_name: str
    hardware_version: int
    firmware: str
    secure_boot: bool
    disks: tuple[Disk, ...]
    nics: tuple[Nic, ...]
    power_state: PowerState
    tracking_enabled: bool
    tracking_supported: bool
    tools_running: bool
    template: bool
    encrypted: bool
    snapshots: tuple[Snapshot, ...]
    consolidation_needed: bool
    datastores: tuple[Datastore, ...] = ()
    cluster: str = ""
    storage_bytes: int = 0
    readable: bool = True

    @property
    def folder(self) -> str:
        """The inventory path of what it lies in."""
        return self.path.rpartition("/")[0]

    @property
    def capacity_bytes(self) -> int:
        """The size of all its disks."""
        return sum(disk.capacity_bytes for disk in self.disks)

    def disk(self, disk_id: str) -> Disk:
        """The disk of this id. Raises KeyError."""
        for disk in self.disks:
            if disk.disk_id == disk_id:
                return disk
        raise KeyError(disk_id)
