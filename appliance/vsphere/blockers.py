"""Why a VM can't be migrated as it is, in the operator's words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from appliance.vsphere.snapshot_names import is_ours
from appliance.vsphere.spec import Disk, VmSpec

OLDEST_TRACKING_HARDWARE = 7
UNSERVED_STORES = ("vsan", "vsand", "vvol")


@dataclass(frozen=True)
class Blocker:
    """One reason; `disk_id` where it is about one disk."""

    key: str
    sentence: str
    disk_id: str = ""


def blockers(spec: VmSpec, vendor_reader: bool = False) -> list[Blocker]:
    """All reasons at once, the VM's own first. `vendor_reader`: disks are read with VMware's library rather than over HTTPS."""
    if not spec.readable:
        sentence = "vCenter does not tell this VM's settings. Check that it is not shown as inaccessible and that the user may read it."
        return [Blocker("unreadable", sentence)]
    return [*_of_vm(spec), *(found for disk in spec.disks for found in _of_disk(disk, vendor_reader))]


def _of_vm(spec: VmSpec) -> Iterator[Blocker]:
    if spec.template:
        yield Blocker("template", "This is a template. Convert it to a virtual machine first.")
    if not spec.disks:
        yield Blocker("no_disks", "The VM has no disks to migrate.")
    if spec.encrypted:
        yield Blocker("encrypted", "The VM is encrypted in vCenter. Decrypt it first.")
    if spec.hardware_version and spec.hardware_version < OLDEST_TRACKING_HARDWARE:
        yield Blocker(
            "hardware_version",
            f"The VM has hardware version {spec.hardware_version}; tracking changes needs {OLDEST_TRACKING_HARDWARE} or newer. Upgrade it.",
        )
    elif not spec.tracking_supported:
        yield Blocker("tracking", "vCenter says that changed blocks can't be tracked for this VM.")
    foreign = [snapshot.name for snapshot in spec.snapshots if not is_ours(snapshot.name)]
    if foreign:
        yield Blocker("snapshots", f"The VM has snapshots that are not the appliance's: {', '.join(foreign)}. Remove them first.")
    elif spec.consolidation_needed:
        yield Blocker("consolidation", "The VM's disks need consolidation. Consolidate them in vCenter first.")


def _of_disk(disk: Disk, vendor_reader: bool) -> Iterator[Blocker]:
    def because(key: str, sentence: str) -> Blocker:
        return Blocker(key, f"{disk.label} {sentence}", disk.disk_id)

    if disk.mapping == "physical":
        yield because("physical_mapping", "is mapped to a physical device. Convert it to a virtual disk first.")
    elif disk.mapping == "virtual":
        yield because("virtual_mapping", "is a raw device mapping. Convert it to a virtual disk first.")
    if disk.independent:
        yield because("independent", "is independent of snapshots. Change its mode to dependent first.")
    elif disk.mode not in ("persistent", ""):
        yield because("mode", "does not keep its changes. Change its mode to dependent and persistent first.")
    if disk.bus_sharing != "noSharing":
        yield because("shared_bus", "is on a bus that is shared with other VMs. Turn bus sharing off first.")
    if disk.sharing != "sharingNone":
        yield because("shared_disk", "is shared with other VMs. Turn sharing off first.")
    if disk.encrypted:
        yield because("disk_encrypted", "is encrypted in vCenter. Decrypt it first.")
    if disk.capacity_bytes <= 0:
        yield because("no_capacity", "has no size that vCenter knows of. Check the datastore.")
    if not vendor_reader and disk.datastore_type.lower() in UNSERVED_STORES:
        yield because(
            "datastore", f"is on the datastore {disk.datastore}, whose files can't be read over HTTPS. Move it to VMFS or NFS first."
        )
