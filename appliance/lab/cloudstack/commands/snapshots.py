"""Volume snapshots: taken, reverted, deleted (rules of SnapshotManagerImpl)."""

from ..cloud import Cloud
from ..errors import failed, refused
from ..jobs import Work
from ..records import Snapshot, Volume, timestamp
from ..views import snapshot_row
from ..wire import Params, Row
from .registry import Answer, command, has_tags, listing, the_snapshot, the_volume

RUNNING = (
    "KVM Snapshot is not supported for Running VMs. It is disabled by default due to a possible volume corruption in certain cases. "
    "To enable it set global settings kvm.snapshot.enabled to True. See the documentation for more details."
)


@command("listSnapshots")
def list_snapshots(cloud: Cloud, params: Params) -> Answer:
    """Snapshots, filtered by volume and tags."""
    rows = [
        snapshot_row(cloud, snapshot)
        for snapshot in cloud.world.snapshots.values()
        if params.text("volumeid") in ("", snapshot.volume_id) and has_tags(snapshot.tags, params)
    ]
    return listing("snapshot", rows, params)


@command("createSnapshot", "volumeid")
def create_snapshot(cloud: Cloud, params: Params) -> Answer:
    """Copy a volume that no running VM has."""
    volume = the_volume(cloud, params, "volumeid")
    _check_can_be_taken(cloud, volume)
    cloud.check_room(snapshots=1)
    snapshot = Snapshot(
        name=params.text("name") or f"{volume.name}_{timestamp()}",
        volume_id=volume.id,
        volume_name=volume.name,
        volume_type=volume.type,
        size=volume.size,
        tags={entry.get("key", ""): entry.get("value", "") for entry in params.entries("tags")},
    )
    cloud.world.snapshots[snapshot.id] = snapshot

    async def work() -> Row:
        await _take(cloud, volume, snapshot)
        return {"snapshot": snapshot_row(cloud, snapshot)}

    return Work(work, "Snapshot", snapshot.id, creates=True)


@command("revertSnapshot", "id")
def revert_snapshot(cloud: Cloud, params: Params) -> Answer:
    """Copy a snapshot back over its volume; a VM that has the volume must be stopped."""
    snapshot = the_snapshot(cloud, params)

    async def work() -> Row:
        volume = _volume_to_revert(cloud, snapshot)
        if not cloud.disks.snapshot(snapshot.id).exists():
            raise failed(f"Failed to revert snapshot {snapshot.id}: it does not exist on any storage")
        if cloud.settings.reverts_do_nothing:
            return {"snapshot": snapshot_row(cloud, snapshot)}
        volume.state = "Reverting"
        try:
            await cloud.disks.restore(snapshot.id, volume.id, cloud.settings.secondary_bytes_per_second)
        finally:
            volume.state = "Ready"
        cloud.disks.place(volume.id, volume.size)
        return {"snapshot": snapshot_row(cloud, snapshot)}

    return Work(work, "Snapshot", snapshot.id)


@command("deleteSnapshot", "id")
def delete_snapshot(cloud: Cloud, params: Params) -> Answer:
    """Delete a finished snapshot."""
    snapshot = the_snapshot(cloud, params)

    async def work() -> Row:
        if snapshot.state != "BackedUp":
            raise refused(f"Can't delete snapshotshot {snapshot.id} due to it is in {snapshot.state} Status")
        cloud.world.snapshots.pop(snapshot.id, None)
        cloud.disks.delete_snapshot(snapshot.id)
        return {"success": True}

    return Work(work, "Snapshot", snapshot.id)


async def _take(cloud: Cloud, volume: Volume, snapshot: Snapshot) -> None:
    """Copy the bytes; a snapshot that could not be made leaves no row."""
    if volume.state != "Ready":
        cloud.world.snapshots.pop(snapshot.id, None)
        raise refused(_not_ready(volume))
    volume.state, snapshot.state = "Snapshotting", "BackingUp"
    try:
        await cloud.disks.take(volume.id, snapshot.id, cloud.settings.secondary_bytes_per_second)
    except OSError:
        cloud.world.snapshots.pop(snapshot.id, None)
        raise
    finally:
        volume.state = "Ready"
    snapshot.state = "BackedUp"


def _check_can_be_taken(cloud: Cloud, volume: Volume) -> None:
    """What CloudStack checks before it accepts the job."""
    if volume.state != "Ready":
        raise refused(_not_ready(volume))
    instance = cloud.world.instances.get(volume.instance_id or "")
    if instance is not None and instance.state == "Running" and not cloud.settings.snapshots_of_running_vms:
        raise failed(RUNNING)
    if instance is not None and instance.state in ("Destroyed", "Expunging"):
        raise failed(
            f"Creating snapshot failed due to volume:{volume.id} is associated with vm:{instance.name} is in {instance.state} state"
        )


def _not_ready(volume: Volume) -> str:
    """Why a volume cannot be copied now."""
    return f"VolumeId: {volume.id} is not in Ready state but {volume.state}. Cannot take snapshot."


def _volume_to_revert(cloud: Cloud, snapshot: Snapshot) -> Volume:
    """The snapshot's volume, if it may be overwritten now."""
    volume = cloud.world.volumes.get(snapshot.volume_id)
    if volume is None:
        raise refused(f"Failed to revert snapshot {snapshot.id}: its volume does not exist")
    if snapshot.state != "BackedUp":
        raise refused(f"Unable to revert snapshot {snapshot.id} in state {snapshot.state}")
    instance = cloud.world.instances.get(volume.instance_id or "")
    if instance is not None and instance.state != "Stopped":
        raise refused("The VM the specified disk is attached to is not in the shutdown state.")
    if volume.state != "Ready":
        raise refused(f"Volume {volume.id} is in state {volume.state}, it can not be reverted")
    return volume
