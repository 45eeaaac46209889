"""Routes of volumes, exports and their operations."""

from __future__ import annotations

from appliance.contract import storage as contract
from appliance.volumes.facade import Volumes


class StorageRoutes(contract.StorageApi):
    """Serves what the volume owner holds."""

    def __init__(self, volumes: Volumes) -> None:
        self._volumes = volumes

    async def volumes(self) -> list[contract.Volume]:
        return [
            contract.Volume(
                volume_id=one.volume_id,
                volume_name=one.name,
                vm_context_id=one.context_id,
                disk_id=one.disk_id,
                size_gb=one.size_gb,
                volume_mode=one.mode,
                snapshot_id=one.snapshot_id,
                snapshot_status=one.snapshot_status,
            )
            for one in await self._volumes.all()
        ]

    async def exports(self) -> list[contract.Export]:
        rows = await self._volumes.export_rows()
        return [contract.Export(export_name=row.export_name, volume_id=row.volume_id, port=row.port, status=row.status) for row in rows]

    async def volume_operations(self) -> list[contract.VolumeOperation]:
        return [
            contract.VolumeOperation(
                id=row.id,
                type=row.type,
                status=row.status,
                volume_id=row.volume_id or None,
                error=row.error,
                created_at=row.created_at,
                completed_at=row.completed_at,
            )
            for row in await self._volumes.operations()
        ]
