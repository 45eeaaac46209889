"""VMs under management and their replication."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from pydantic import AfterValidator, Field

from appliance.contract.api import Api, OperatorModel, route
from appliance.contract.jobs import Problem
from appliance.contract.types import pattern_of, several_of

STATES = (
    "discovered",
    "replicating",
    "ready_for_failover",
    "failed",
    "failed_over_test",
    "failed_over_live",
    "cleanup_required",
    "migrated",
)
States = Annotated[str, AfterValidator(several_of(STATES)), Field(json_schema_extra={"pattern": pattern_of(STATES)})]
"""One state of a VM, or several with commas between them."""
Text = Annotated[str, Field(min_length=1, max_length=500)]


class StartReplication(OperatorModel):
    """Protect a VM, or start a cycle of one that is protected (`context_id`)."""

    context_id: str | None = None
    credential_id: int | None = None
    vm_path: Text | None = None
    ossea_config_id: int | None = None
    start_replication: bool = True
    quiesce: bool = False


class Replication(OperatorModel):
    """The VM under management, and the job that was started for it."""

    context_id: str
    job_id: str | None


class ChangeId(OperatorModel):
    """The change id of a disk at the last consistent point of its copy."""

    change_id: str | None


class DiskCycle(OperatorModel):
    """One disk in one cycle, in bytes."""

    disk_id: str
    label: str
    capacity_bytes: int
    sync_type: str
    sync_status: str
    sync_progress_percent: float
    total_bytes: int
    moved_bytes: int
    zeroed_bytes: int
    skipped_bytes: int
    rate_bps: float
    eta_seconds: int | None
    seconds: float
    volume_id: str | None
    change_id: str | None


class Cycle(OperatorModel):
    """One replication cycle."""

    job_id: str
    replication_type: str
    status: str
    progress_percent: float
    current_operation: str
    bytes_transferred: int
    bytes_skipped: int
    total_bytes: int
    transfer_speed_bps: int
    eta_seconds: int | None
    disks: list[DiskCycle]
    started_at: datetime | None
    completed_at: datetime | None


class LastFailure(OperatorModel):
    """Why the VM's last failed operation failed; stays until the next one succeeds."""

    at: datetime
    job_id: str
    title: str
    problem: Problem


class VmContext(OperatorModel):
    """A VM under management. `next_run` is None while no schedule holds for it; progress is of the job that runs, if one does.

    `doubt` is there since its records came back from a back-up, until its whole copy was compared: `whole`, or `written` where a copy
    may have stopped while it was writing.
    """

    context_id: str
    peer_id: str
    vm_name: str
    vm_path: str
    vcenter_host: str
    current_status: str
    current_job_id: str | None
    last_successful_job_id: str | None
    last_operation_summary: dict[str, Any] | None
    consistent_at: str | None
    torn_since: datetime | None
    diverged_since: datetime | None
    doubt: str | None = None
    ossea_config_id: int | None
    progress_percent: float | None
    current_operation: str
    rate_bps: float
    eta_seconds: int | None
    next_run: datetime | None
    last_failure: LastFailure | None


class ReplicationsApi(Api):
    """Protection and cycles."""

    @route("POST", "/api/v1/replications", status=202)
    async def replicate(self, body: StartReplication) -> Replication:
        """Protect a VM, or start a cycle."""
        raise NotImplementedError

    @route("GET", "/api/v1/replications/changeid")
    async def change_id(self, vm_path: str, disk_id: str) -> ChangeId:
        """The change id of one disk."""
        raise NotImplementedError

    @route("GET", "/api/v1/replications/{job_id}")
    async def cycle(self, job_id: str) -> Cycle:
        """One cycle with its disks."""
        raise NotImplementedError

    @route("GET", "/api/v1/vm-contexts")
    async def contexts(
        self,
        state: States | None = None,
        name: Annotated[str, Field(max_length=200)] = "",
        after: Annotated[str, Field(min_length=1, max_length=255)] | None = None,
        limit: Annotated[int, Field(ge=1, le=10_000)] | None = None,
    ) -> list[VmContext]:
        """VMs under management by their names: all, or those in these states, or with this text in their name.

        With `limit` it is a page; `after` is the context id of the last VM of the page before.
        """
        raise NotImplementedError

    @route("GET", "/api/v1/vm-contexts/{vm}")
    async def context(self, vm: str) -> VmContext:
        """One VM, by its context id or its name where that is unique."""
        raise NotImplementedError

    @route("POST", "/api/v1/vm-contexts/{vm}/accept-copy")
    async def accept_copy(self, vm: str) -> VmContext:
        """Take a VM's copy as it is after a restore, where its source is lost: a test failover can then be started from it."""
        raise NotImplementedError

    @route("GET", "/api/v1/vm-contexts/{vm}/cycles")
    async def cycles(self, vm: str, limit: Annotated[int, Field(ge=1, le=200)] = 20) -> list[Cycle]:
        """The cycles of one VM, newest first."""
        raise NotImplementedError
