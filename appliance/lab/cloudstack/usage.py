"""What is used of the limits, as listAccounts and listDomains show it (AccountResponse.java: limits and what is left are texts)."""

from .cloud import Cloud
from .config import GIB, Limits
from .wire import Row


def usage_row(cloud: Cloud, limits: Limits) -> Row:
    """Limit, total and what is left of each resource; storage in GiB, memory in MiB."""
    world = cloud.world
    stored = sum(volume.size for volume in world.volumes.values()) // GIB
    copied = sum(snapshot.size for snapshot in world.snapshots.values()) // GIB if cloud.settings.snapshots_to_secondary else 0
    offered = cloud.service_offerings
    offerings = [offered[one.service_offering_id] for one in world.instances.values() if one.service_offering_id in offered]
    known = {
        "vm": (limits.instance, len(world.instances)),
        "cpu": (limits.cpu, sum(one.cpus for one in offerings)),
        "memory": (limits.memory_mib, sum(one.memory_mib for one in offerings)),
        "volume": (limits.volume, len(world.volumes)),
        "snapshot": (limits.snapshot, len(world.snapshots)),
        "primarystorage": (limits.primary_storage_gib, stored),
        "secondarystorage": (limits.secondary_storage_gib, copied),
    }
    row: Row = {}
    for noun, (limit, total) in known.items():
        shown = "Unlimited" if limit < 0 else str(limit)
        left = "Unlimited" if limit < 0 else str(max(0, limit - total))
        row |= {f"{noun}limit": shown, f"{noun}total": total, f"{noun}available": left}
    return row
