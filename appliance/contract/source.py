"""What the VMA does at its vCenter."""

from __future__ import annotations

from datetime import datetime

from appliance.contract.api import Api, OperatorModel, route


class VCenterUse(OperatorModel):
    """A vCenter that this appliance was asked to work with since its start. `sessions` are open now; no password is kept."""

    host: str
    port: int
    username: str
    fingerprint: str
    sessions: int
    last_used: datetime | None
    last_error: str


class DiskTransfer(OperatorModel):
    """One disk under way, in bytes. `reader`: what it is read with, empty before it is opened (see the disk library)."""

    disk_id: str
    sync_type: str
    total_bytes: int
    done_bytes: int
    moved_bytes: int
    skipped_bytes: int
    rate_bps: float
    eta_seconds: int | None
    reader: str = ""


class Transfer(OperatorModel):
    """A cycle under way. `started_at` is when its job began."""

    job_id: str
    vm_name: str
    phase: str
    operation: str
    started_at: datetime | None
    disks: list[DiskTransfer]


class HeldSnapshot(OperatorModel):
    """A snapshot in vCenter that a job of this appliance holds, or could not remove yet."""

    job_id: str
    vm_name: str
    snapshot: str
    taken_at: datetime | None
    held: bool


class SourceApi(Api):
    """vCenters, transfers and snapshots of this VMA."""

    @route("GET", "/api/v1/vcenters")
    async def vcenters(self) -> list[VCenterUse]:
        """The vCenters worked with since the start."""
        raise NotImplementedError

    @route("GET", "/api/v1/transfers")
    async def transfers(self) -> list[Transfer]:
        """Cycles under way."""
        raise NotImplementedError

    @route("GET", "/api/v1/snapshots")
    async def held_snapshots(self) -> list[HeldSnapshot]:
        """Snapshots that are held now."""
        raise NotImplementedError
