"""What has to be copied of one disk: an increment where the change ids allow it, else as little of a full copy as vCenter tells."""

from __future__ import annotations

from dataclasses import dataclass

from appliance.contract.peer import DiskTask
from appliance.replication.extents import Extents
from appliance.replication.mover.protocol import Work
from appliance.vsphere.changes import ALLOCATED, Area, ChangesRefused, changed_areas, why_full
from appliance.vsphere.session import VCenter
from appliance.vsphere.snapshots import FrozenDisk, SnapshotRecord

FULL, INCREMENTAL = "full", "incremental"


@dataclass(frozen=True)
class DiskPlan:
    """`read` is looked at and copied, `zero` is zeroed on the target without being read; `reason` says why it is a full copy."""

    sync_type: str
    read: Extents
    zero: Extents
    reason: str = ""

    def without(self, done: Extents) -> Work:
        """What remains when `done` is flushed already."""
        return Work(self.read - done, self.zero - done)


async def plan(vcenter: VCenter, record: SnapshotRecord, task: DiskTask) -> DiskPlan:
    """The plan for one disk at a snapshot. Raises SNAPSHOT_GONE and session faults."""
    disk = record.disk(task.disk_id)
    reason = why_full(task.previous_change_id, disk.change_id)
    if reason is None and task.previous_change_id is not None:
        try:
            return DiskPlan(INCREMENTAL, await _asked(vcenter, record, disk, task.previous_change_id), Extents())
        except ChangesRefused as refusal:
            reason = refusal.reason
    whole = Extents.whole(disk.capacity_bytes)
    try:
        allocated = await _asked(vcenter, record, disk, ALLOCATED)
    except ChangesRefused:
        return DiskPlan(FULL, whole, Extents(), reason or "")
    return DiskPlan(FULL, allocated, whole - allocated, reason or "")


async def still_good(vcenter: VCenter, record: SnapshotRecord, disk: FrozenDisk, done: Extents, since: str) -> Extents:
    """What of the flushed ranges, copied from an earlier snapshot with the change id `since`, also holds for this one."""
    if why_full(since, disk.change_id) is not None:
        return Extents()
    try:
        return done - await _asked(vcenter, record, disk, since)
    except ChangesRefused:
        return Extents()


async def _asked(vcenter: VCenter, record: SnapshotRecord, disk: FrozenDisk, change_id: str) -> Extents:
    areas = await changed_areas(vcenter, record.vm, record.moref, disk.key, change_id, disk.capacity_bytes)
    return extents_of(areas)


def extents_of(areas: list[Area]) -> Extents:
    """vCenter's areas as extents."""
    return Extents.of((area.offset, area.length) for area in areas)
