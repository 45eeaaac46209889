"""Volumes, exports and devices, as the volume owner keeps them."""

from __future__ import annotations

from datetime import datetime

from appliance.contract.api import Api, OperatorModel, route


class Volume(OperatorModel):
    """A CloudStack volume that holds the copy of one disk."""

    volume_id: str
    volume_name: str
    vm_context_id: str
    disk_id: str
    size_gb: int
    volume_mode: str
    snapshot_id: str | None
    snapshot_status: str | None


class Export(OperatorModel):
    """The read-only export of one volume for local checks."""

    export_name: str
    volume_id: str
    port: int
    status: str


class VolumeOperation(OperatorModel):
    """One recorded operation on a volume."""

    id: str
    type: str
    status: str
    volume_id: str | None
    error: str | None
    created_at: datetime
    completed_at: datetime | None


class StorageApi(Api):
    """What the volume owner holds."""

    @route("GET", "/api/v1/volumes")
    async def volumes(self) -> list[Volume]:
        """All volumes."""
        raise NotImplementedError

    @route("GET", "/api/v1/exports")
    async def exports(self) -> list[Export]:
        """All exports."""
        raise NotImplementedError

    @route("GET", "/api/v1/volume-operations")
    async def volume_operations(self) -> list[VolumeOperation]:
        """Recorded operations, newest first."""
        raise NotImplementedError
