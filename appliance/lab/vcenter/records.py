"""What the lab's vCenter remembers of its virtual machines, and the file it is kept in."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

Kind = Literal["guest", "storage", "synthetic"]


class _Record(BaseModel):
    model_config = ConfigDict(extra="forbid")


class DiskRecord(_Record):
    """One virtual disk; ``file`` is the descriptor's name inside the VM's folder on the datastore."""

    key: int
    unit: int
    file: str
    capacity: int
    uuid: str
    mode: str = "persistent"
    thin: bool = True
    raw_mapping: Literal["", "physicalMode", "virtualMode"] = ""
    sharing: str = "sharingNone"


class NicRecord(_Record):
    """One network adapter."""

    key: int
    network: str
    mac: str
    start_connected: bool = True
    connected: bool = True
    addresses: list[str] = []


class FrozenDisk(_Record):
    """A disk as a snapshot holds it: the file that is frozen, and its change id when tracking was active."""

    file: str
    capacity: int
    change_id: str | None = None
    sequence: int = 0


class SnapshotRecord(_Record):
    """One snapshot; ``parent`` is the reference of the snapshot it was taken on."""

    moid: str
    number: int
    name: str
    description: str = ""
    created: datetime
    powered_on: bool
    quiesced: bool = False
    parent: str | None = None
    frozen: dict[int, FrozenDisk] = {}


class VmRecord(_Record):
    """One virtual machine."""

    moid: str
    name: str
    kind: Kind
    uuid: str
    instance_uuid: str
    cpus: int = 1
    memory_mb: int = 512
    guest_id: str = "debian12_64Guest"
    guest_name: str = "Debian GNU/Linux 12 (64-bit)"
    firmware: Literal["bios", "efi"] = "bios"
    secure_boot: bool = False
    hardware: str = "vmx-19"
    controller: Literal["pvscsi", "lsilogic"] = "pvscsi"
    tracking: bool = False
    tracking_active: bool = False
    powered_on: bool = False
    tools: bool = False
    annotation: str = ""
    extra: dict[str, str] = {}
    disks: list[DiskRecord] = []
    nics: list[NicRecord] = []
    snapshots: list[SnapshotRecord] = []
    current_snapshot: str | None = None
    revision: int = Field(default=0, exclude=True)

    def disk(self, key: int) -> DiskRecord | None:
        """The disk with that device key."""
        return next((one for one in self.disks if one.key == key), None)

    def snapshot(self, moid: str) -> SnapshotRecord | None:
        """The snapshot with that reference."""
        return next((one for one in self.snapshots if one.moid == moid), None)

    def running_file(self, disk: DiskRecord) -> str:
        """The file the VM writes to: the disk's own, or the delta of its newest snapshot."""
        stem = disk.file.removesuffix(".vmdk")
        depth = len(self.snapshots) if disk.mode == "persistent" else 0
        return f"{stem}-{depth:06d}.vmdk" if depth else disk.file

    def files(self, disk: DiskRecord) -> list[str]:
        """Every descriptor of a disk's chain, the base first."""
        stem = disk.file.removesuffix(".vmdk")
        return [disk.file] + [f"{stem}-{n:06d}.vmdk" for n in range(1, len(self.snapshots) + 1)]


class Ledger(_Record):
    """Everything that survives a restart."""

    counter: int = 1000
    vms: list[VmRecord] = []

    def reference(self, kind: str) -> str:
        """A managed object's number that was never given before."""
        self.counter += 1
        return f"{kind}-{self.counter}"


def load(path: Path) -> Ledger:
    """The ledger as it was saved, or an empty one."""
    return Ledger.model_validate(json.loads(path.read_text())) if path.exists() else Ledger()


def save(path: Path, ledger: Ledger) -> None:
    """Replace the saved ledger in one step."""
    fresh = path.with_suffix(".new")
    fresh.write_text(ledger.model_dump_json(indent=1))
    fresh.replace(path)
