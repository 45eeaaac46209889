"""What a replication cycle writes down; each function works in its caller's transaction."""

from __future__ import annotations

from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from appliance.contexts import VmContext, doubts, records, specifications
from appliance.contract.errors import NOT_FOUND
from appliance.contract.inventory import Disk, Vm
from appliance.contract.peer import CopyProgress, DiskProgress
from appliance.core.jobs import Job
from appliance.core.store import utcnow
from appliance.replication.models import ReplicationJob, VmDisk

GIB = 1 << 30


async def load(session: AsyncSession, job_id: str) -> ReplicationJob:
    """One cycle with its disks. Raises a Fault (404)."""
    found = await session.get(ReplicationJob, job_id)
    if found is None:
        raise NOT_FOUND(noun="replication", id=job_id)
    return found


def new_cycle(job: Job, context: VmContext, config_id: int) -> ReplicationJob:
    """The row of a cycle that is about to start."""
    return ReplicationJob(
        id=job.id,
        vm_context_id=context.context_id,
        peer_id=context.peer_id,
        source_vm_id=context.vmware_vm_id,
        source_vm_name=context.vm_name,
        source_vm_path=context.vm_path,
        vcenter_host=context.vcenter_host,
        datacenter=context.datacenter,
        replication_type="incremental" if context.consistent_point else "initial",
        status=job.status,
        ossea_config_id=config_id,
        started_at=utcnow(),
        disks=[],
    )


def new_disk(disk: Disk) -> VmDisk:
    """The row of one disk in a cycle, from what vCenter says."""
    return VmDisk(
        disk_id=disk.disk_id,
        vmdk_path=disk.vmdk_path,
        size_gb=size_gb(disk.capacity_bytes),
        datastore=disk.datastore,
        unit_number=disk.unit_number,
        label=disk.label,
        capacity_bytes=disk.capacity_bytes,
        provisioning_type=disk.provisioning,
    )


async def note_specification(session: AsyncSession, job_id: str, vm: Vm) -> list[str]:
    """Take over what vCenter says of the VM; done again after a crash, it replaces what was noted before.

    Returns what has changed since vCenter was asked before, in sentences.
    """
    cycle = await load(session, job_id)
    cycle.disks.clear()
    await session.flush()  # the old rows have to go before rows of the same disks come
    cycle.disks = [new_disk(disk) for disk in vm.disks]
    cycle.specification = vm.model_dump()
    return specifications.renew(await records.by_id(session, cycle.vm_context_id), vm)


def size_gb(capacity_bytes: int) -> int:
    """The size of the volume for a disk, in GiB, rounded up."""
    return -(-capacity_bytes // GIB)


def note_progress(cycle: ReplicationJob, progress: CopyProgress) -> None:
    """Take over what the VMA reports."""
    known = {disk.disk_id: disk for disk in cycle.disks}
    for one in progress.disks:
        if one.disk_id in known:
            _note_disk(known[one.disk_id], one)
    cycle.current_operation = progress.operation
    cycle.snapshot_id = progress.snapshot
    cycle.bytes_transferred = sum(one.moved_bytes for one in progress.disks)
    cycle.bytes_skipped = sum(one.skipped_bytes for one in progress.disks)
    cycle.total_bytes = sum(one.total_bytes for one in progress.disks)
    cycle.transfer_speed_bps = int(sum(one.rate_bps for one in progress.disks))
    cycle.vma_eta_seconds = max((one.eta_seconds for one in progress.disks if one.eta_seconds is not None), default=None)
    cycle.vma_sync_type = ", ".join(sorted({one.sync_type for one in progress.disks if one.sync_type})) or None
    cycle.progress_percent = fraction_done(progress) * 100


def fraction_done(progress: CopyProgress) -> float:
    """How much of what will be moved is done, 0 to 1."""
    total = sum(one.total_bytes for one in progress.disks)
    return min(1.0, sum(one.done_bytes for one in progress.disks) / total) if total else 0.0


def _note_disk(disk: VmDisk, progress: DiskProgress) -> None:
    disk.sync_type = progress.sync_type
    disk.sync_status = "copied" if progress.change_id is not None else "copying"
    disk.sync_progress_percent = 100.0 * progress.done_bytes / progress.total_bytes if progress.total_bytes else 0.0
    disk.bytes_synced, disk.bytes_total = progress.moved_bytes, progress.total_bytes
    disk.bytes_zeroed, disk.bytes_skipped = progress.zeroed_bytes, progress.skipped_bytes
    disk.rate_bps, disk.eta_seconds, disk.seconds = progress.rate_bps, progress.eta_seconds, progress.seconds


def figures(cycle: ReplicationJob) -> dict[str, Any]:
    """What a cycle did, in bytes, as its VM keeps it after its end (pure)."""
    return {
        "replication_type": cycle.replication_type,
        "disks": len(cycle.disks),
        "bytes_transferred": cycle.bytes_transferred,
        "bytes_skipped": cycle.bytes_skipped,
        "total_bytes": cycle.total_bytes,
    }


async def mark_torn(session: AsyncSession, context_id: str) -> None:
    """From now on the copy must not be started, until a cycle commits."""
    context = await records.by_id(session, context_id)
    context.torn_since = context.torn_since or utcnow()
    doubts.note_writing(context)


async def commit(session: AsyncSession, job_id: str, outcome: dict[str, Any]) -> None:
    """Store all new change ids, the consistent point, and clear torn: to be called in one transaction, after the last flush.

    A copy that is in doubt since a restore stays torn: its whole comparison comes after this.
    """
    cycle = await load(session, job_id)
    context = await records.by_id(session, cycle.vm_context_id)
    for disk in cycle.disks:
        disk.disk_change_id = outcome["change_ids"][disk.disk_id] or None
        disk.sync_status, disk.sync_progress_percent = "completed", 100.0
    cycle.previous_change_id = _shown(context.consistent_point)
    context.consistent_point = doubts.carried(context, {"job_id": job_id, **outcome})
    cycle.change_id = _shown(context.consistent_point)
    context.torn_since = None if doubts.of(context) is None else context.torn_since or utcnow()
    context.last_successful_job_id = job_id
    cycle.progress_percent = 100.0


async def restore_point(session: AsyncSession, context_id: str, point: dict[str, Any]) -> None:
    """The volumes hold an earlier consistent point again; a disk whose change id is None in it has lost its content.

    `point` is what `consistent_point` held then: `job_id`, `at` (ISO time) and `change_ids` by disk.
    """
    context = await records.by_id(session, context_id)
    context.consistent_point = doubts.carried(context, point)
    if any(change_id is None for change_id in point["change_ids"].values()):
        context.torn_since = context.torn_since or utcnow()


def _shown(point: dict[str, Any] | None) -> str | None:
    ids = [change_id for change_id in (point or {}).get("change_ids", {}).values() if change_id]
    return ids[0] if ids else None
