"""The configuration file: which virtual machines there are at first start, and what the vCenter is like."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class _Plan(BaseModel):
    model_config = ConfigDict(extra="forbid")


class DiskPlan(_Plan):
    """A disk: ``source`` is a raw file to copy, else ``size`` bytes of zeros. Sizes are bytes."""

    source: Path | None = None
    size: int | None = None
    mode: Literal["persistent", "independent_persistent", "independent_nonpersistent"] = "persistent"
    raw_mapping: Literal["", "physicalMode", "virtualMode"] = ""
    sharing: Literal["sharingNone", "sharingMultiWriter"] = "sharingNone"


class NicPlan(_Plan):
    """A network adapter on one of the two networks."""

    network: str = "VM Network"
    mac: str | None = None
    addresses: list[str] = []


class VmPlan(_Plan):
    """A virtual machine. ``guest`` boots under QEMU, ``storage`` only has disks, ``synthetic`` has no bytes at all."""

    name: str
    kind: Literal["guest", "storage", "synthetic"] = "storage"
    cpus: int = 1
    memory_mb: int = 512
    guest_id: str = "debian12_64Guest"
    guest_name: str = "Debian GNU/Linux 12 (64-bit)"
    firmware: Literal["bios", "efi"] = "bios"
    secure_boot: bool = False
    hardware: str = "vmx-19"
    controller: Literal["pvscsi", "lsilogic"] = "pvscsi"
    tracking: bool = False
    powered_on: bool = False
    disks: list[DiskPlan] = []
    nics: list[NicPlan] = Field(default_factory=lambda: [NicPlan()])


class Plan(_Plan):
    """The whole file. ``synthetic`` adds that many VMs without bytes, for size.

    ``changed_areas_page``: extents in one answer of QueryChangedDiskAreas.
    ``changed_bytes_page``: bytes that one answer covers at most (0: no limit); pages without any extent come from this.
    ``strict_tracking``: tracking that was turned on while the VM runs starts when the first snapshot is removed, else when it is taken.
    ``idle_seconds``: a session unused for so long ends. ``sessions``: how many there may be.
    ``task_seconds``: how long each task takes at least. ``objects_page``: objects in one answer of RetrievePropertiesEx.
    """

    datacenter: str = "DC0"
    cluster: str = "Cluster0"
    host: str = "esx0.lab"
    datastore: str = "datastore1"
    networks: list[str] = ["VM Network", "Isolated"]
    vms: list[VmPlan] = []
    synthetic: int = 0
    idle_seconds: float = 1800.0
    sessions: int = 100
    objects_page: int = 500
    changed_areas_page: int = 2000
    changed_bytes_page: int = 0
    strict_tracking: bool = True
    task_seconds: float = 0.0


def read(path: Path | None) -> Plan:
    """The plan in a JSON file; source files are relative to it."""
    if path is None:
        return Plan()
    plan = Plan.model_validate_json(path.read_text())
    for disk in (disk for vm in plan.vms for disk in vm.disks if disk.source):
        disk.source = path.parent / str(disk.source)
    return plan
