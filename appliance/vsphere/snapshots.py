"""Our snapshots in vCenter: made, recorded, found again, checked and removed."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from pyVmomi import vim, vmodl

from appliance.contract.errors import Fault
from appliance.vsphere import _devices
from appliance.vsphere._properties import read_one
from appliance.vsphere._tasks import TaskFailed, finish, follow
from appliance.vsphere.faults import OBJECT_GONE, REFUSED, SNAPSHOT_CHANGED, SNAPSHOT_GONE, SNAPSHOT_LEFT
from appliance.vsphere.inventory import reference
from appliance.vsphere.session import VCenter
from appliance.vsphere.snapshot_names import PREFIX, is_ours, name_for
from appliance.vsphere.spec import Snapshot

DEVICES = "config.hardware.device"
TREE = "snapshot.rootSnapshotList"
CANCEL_PATIENCE = 900.0
"""Seconds: a quiesced snapshot takes minutes, and one that comes after its job looked for it would be left behind."""


@dataclass(frozen=True)
class FrozenDisk:
    """A disk as a snapshot froze it. `chain`: the files the VM had for it right after, from the one written to down to the base."""

    disk_id: str
    key: int
    label: str
    backing_path: str
    datastore: str
    uuid: str
    capacity_bytes: int
    change_id: str
    backing_kind: str
    parents: int
    chain: tuple[str, ...]


@dataclass(frozen=True)
class SnapshotRecord:
    """A snapshot of ours with all that must stay as it is while it is copied."""

    vm: str
    moref: str
    name: str
    disks: tuple[FrozenDisk, ...]

    def disk(self, disk_id: str) -> FrozenDisk:
        """The disk of this id. Raises KeyError."""
        for disk in self.disks:
            if disk.disk_id == disk_id:
                return disk
        raise KeyError(disk_id)

    def to_record(self) -> dict[str, Any]:
        """As JSON can hold it."""
        return asdict(self)

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> SnapshotRecord:
        """What `to_record` gave."""
        disks = tuple(FrozenDisk(**{**disk, "chain": tuple(disk["chain"])}) for disk in record["disks"])
        return cls(record["vm"], record["moref"], record["name"], disks)


async def create(vcenter: VCenter, vm: str, job_id: str, quiesce: bool = False) -> SnapshotRecord:
    """Make this job's snapshot (without memory) and record it. Raises REFUSED with vCenter's reason.

    When the caller is cancelled, the task is still awaited for CANCEL_PATIENCE so that the snapshot can be found by its name.
    """
    name = name_for(job_id)
    made = asyncio.ensure_future(_make(vcenter, vm, name, quiesce))
    try:
        moref = await asyncio.shield(made)
    except asyncio.CancelledError:
        await asyncio.wait([made], timeout=CANCEL_PATIENCE)
        raise
    return await record(vcenter, vm, moref, name)


async def _make(vcenter: VCenter, vm: str, name: str, quiesce: bool) -> str:
    snapshot = await finish(
        vcenter,
        "make a snapshot of the VM",
        lambda content: reference(content, vm).CreateSnapshot_Task(
            name=name, description="Made by the migration appliance, which removes it by itself.", memory=False, quiesce=quiesce
        ),
    )
    return str(snapshot._moId)


async def record(vcenter: VCenter, vm: str, moref: str, name: str) -> SnapshotRecord:
    """The snapshot as it is now. Raises SNAPSHOT_GONE."""
    try:
        disks = await vcenter.look("read the snapshot", lambda content: _frozen(content, vm, moref))
    except Fault as fault:
        if fault.spec is not OBJECT_GONE:
            raise
        raise SNAPSHOT_GONE(cause=fault.cause) from fault
    return SnapshotRecord(vm, moref, name, disks)


async def verify_unchanged(vcenter: VCenter, recorded: SnapshotRecord) -> None:
    """Check that every disk still is as recorded. Raises SNAPSHOT_GONE or SNAPSHOT_CHANGED.

    `folder.verify` adds the files' lengths, where disks are read as files.
    """
    now = await record(vcenter, recorded.vm, recorded.moref, recorded.name)
    changed = difference(recorded, now)
    if changed is not None:
        disk, what = changed
        raise SNAPSHOT_CHANGED(disk=disk.label, what=what, cause=f"{recorded.moref}: recorded {disk}, now {now.disks}")


def difference(recorded: SnapshotRecord, now: SnapshotRecord) -> tuple[FrozenDisk, str] | None:
    """The first disk that is not as recorded, and what about it."""
    present = {disk.disk_id: disk for disk in now.disks}
    for disk in recorded.disks:
        found = present.get(disk.disk_id)
        if found is None:
            return disk, "it is gone"
        for field, words in CHECKED.items():
            if getattr(found, field) != getattr(disk, field):
                return disk, words
    return None


CHECKED = {
    "backing_path": "its file is another one",
    "datastore": "it is on another datastore",
    "uuid": "it is another disk",
    "capacity_bytes": "its size has changed",
    "backing_kind": "it is stored in another way",
    "chain": "another snapshot was made or removed, or its storage was moved",
}


async def list_snapshots(vcenter: VCenter, vm: str) -> list[Snapshot]:
    """All snapshots of the VM, parents first."""
    found = await vcenter.look("list the VM's snapshots", lambda content: read_one(content, reference(content, vm), [TREE]))
    return list(_devices.snapshots(found.get(TREE)))


async def find_ours(vcenter: VCenter, vm: str, job_id: str | None = None) -> list[Snapshot]:
    """The appliance's snapshots of the VM, or only that of one job."""
    return [one for one in await list_snapshots(vcenter, vm) if is_ours(one.name) and job_id in (None, one.name.removeprefix(PREFIX))]


async def remove(vcenter: VCenter, vm: str, moref: str) -> None:
    """Remove one snapshot and return when it is really gone. Already gone is done. Raises REFUSED or SNAPSHOT_LEFT."""
    action = "remove a snapshot"
    try:
        task = await vcenter.call(
            action, lambda content: vim.vm.Snapshot(moref, content.rootFolder._stub).RemoveSnapshot_Task(removeChildren=False)
        )
        await follow(vcenter, action, task)
    except TaskFailed as error:
        if not isinstance(error.fault, vmodl.fault.ManagedObjectNotFound):
            raise REFUSED(action=action, cause=str(error)) from error
    except Fault as fault:
        if fault.spec is not OBJECT_GONE:
            raise
    left = [one.name for one in await list_snapshots(vcenter, vm) if one.moref == moref]
    if left:
        raise SNAPSHOT_LEFT(snapshot=left[0])
    await _consolidate(vcenter, vm)


async def remove_ours(vcenter: VCenter, vm: str, job_id: str | None = None) -> int:
    """Remove all of the appliance's snapshots of the VM (or that of one job), youngest first; how many there were."""
    found = await find_ours(vcenter, vm, job_id)
    for snapshot in reversed(found):
        await remove(vcenter, vm, snapshot.moref)
    return len(found)


async def _consolidate(vcenter: VCenter, vm: str) -> None:
    """A removal can succeed and leave its files behind; vCenter then says that consolidation is needed."""
    needed = "runtime.consolidationNeeded"
    found = await vcenter.look("look at the VM's disks", lambda content: read_one(content, reference(content, vm), [needed]))
    if found.get(needed):
        await finish(vcenter, "consolidate the VM's disks", lambda content: reference(content, vm).ConsolidateVMDisks_Task())


def _frozen(content: Any, vm: str, moref: str) -> tuple[FrozenDisk, ...]:
    chains = {disk.key: _devices.chain_of(disk.backing) for disk in _disks(content, reference(content, vm))}
    frozen = _disks(content, vim.vm.Snapshot(moref, content.rootFolder._stub))
    return tuple(_freeze(disk, chains.get(disk.key, ())) for disk in frozen)


def _disks(content: Any, owner: Any) -> list[Any]:
    devices = read_one(content, owner, [DEVICES]).get(DEVICES) or []
    return [
        one for one in devices if _devices.is_disk(one) and not str(getattr(one.backing, "diskMode", "") or "").startswith("independent")
    ]


def _freeze(disk: Any, chain: tuple[str, ...]) -> FrozenDisk:
    backing = disk.backing
    path = str(getattr(backing, "fileName", "") or "")
    return FrozenDisk(
        disk_id=_devices.disk_id(disk.key),
        key=int(disk.key),
        label=str(disk.deviceInfo.label if disk.deviceInfo else _devices.disk_id(disk.key)),
        backing_path=path,
        datastore=_devices.datastore_of(path),
        uuid=str(getattr(backing, "uuid", "") or ""),
        capacity_bytes=_devices.capacity_of(disk),
        change_id=str(getattr(backing, "changeId", "") or ""),
        backing_kind=type(backing).__name__.rpartition(".")[2],
        parents=len(_devices.chain_of(backing)) - 1 if path else 0,
        chain=chain,
    )
