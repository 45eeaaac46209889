"""What only administrators see: storage pools and global settings."""

from ..cloud import Cloud
from ..config import GIB
from ..records import fixed_id
from ..views import place
from ..wire import Params, Row
from .registry import Answer, command, listing


@command("listStoragePools", administrators_only=True)
def list_storage_pools(cloud: Cloud, params: Params) -> Answer:
    """The one primary storage (sizes in bytes)."""
    pool = cloud.settings.pool
    row: Row = {
        "id": fixed_id("pool", "primary"),
        "name": "primary",
        **place(cloud),
        "type": pool.type,
        "scope": "ZONE",
        "state": pool.state,
        "hypervisor": "KVM",
        "managed": pool.managed,
        "provider": "DefaultPrimary",
        "disksizetotal": 100 * 1024 * GIB,
        "disksizeallocated": sum(volume.size for volume in cloud.world.volumes.values()),
        **({"tags": pool.tags} if pool.tags else {}),
    }
    return listing("storagepool", [row], params)


@command("listConfigurations", administrators_only=True)
def list_configurations(cloud: Cloud, params: Params) -> Answer:
    """The global settings that matter to snapshots; values are texts."""
    values = {
        "snapshot.backup.to.secondary": str(cloud.settings.snapshots_to_secondary).lower(),
        "kvm.snapshot.enabled": str(cloud.settings.snapshots_of_running_vms).lower(),
    }
    rows: list[Row] = [{"category": "Snapshots", "name": name, "value": value, "isdynamic": False} for name, value in values.items()]
    return listing("configuration", rows, params)
