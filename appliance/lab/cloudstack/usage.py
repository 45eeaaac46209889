"""What the account uses of its limits, as listAccounts shows it (AccountResponse.java: limits and what is left are texts)."""

from .cloud import Cloud
from .config import GIB
from .wire import Row


def usage_row(cloud: Cloud) -> Row:
    """Limit, total and what is left of each resource; storage in GiB."""
    limits, world = cloud.settings.limits, cloud.world
    stored = sum(volume.size for volume in world.volumes.values()) // GIB
    copied = sum(snapshot.size for snapshot in world.snapshots.values()) // GIB if cloud.settings.snapshots_to_secondary else 0
    known = {
        "vm": (limits.instance, len(world.instances)),
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
