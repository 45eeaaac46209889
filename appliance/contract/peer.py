"""What the two appliances say to each other through the tunnel. Versions are agreed when the tunnel comes up."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from pydantic import Field

from appliance.contract.api import Api, PeerModel, route
from appliance.contract.inventory import (
    AskCertificate,
    AskFolders,
    AskNics,
    AskPower,
    AskVCenter,
    AskVm,
    AskVms,
    Discover,
    FolderList,
    Power,
    RemovedSnapshots,
    ShownCertificate,
    VCenterAbout,
    VCenterAccess,
    Vm,
    VmList,
    VmsInFull,
)
from appliance.contract.types import Secret


class Error(PeerModel):
    """An error as it crosses the tunnel: both messages."""

    key: str
    message: str
    guidance: str
    cause: str = ""


class DiskTask(PeerModel):
    """What is asked for one disk: an increment since `previous_change_id`, or a full copy when there is none."""

    disk_id: str
    key: int
    capacity_bytes: int
    previous_change_id: str | None = None


class Examine(PeerModel):
    """Asks that the copy is compared with the source after its commit, in blocks: all of it, or a sample of each disk.

    A sample is `share` of a disk, at most `most_bytes`, at least `least_blocks`.
    """

    full: bool
    block_bytes: int = Field(ge=4096, le=4 << 20, multiple_of=4096)
    share: float = 0.0
    most_bytes: int = 0
    least_blocks: int = 1


class Replicate(PeerModel):
    """Asks for one replication cycle of a VM. Sending it again with the same `job_id` only renews the access.

    `correlation_id` runs through both appliances' logs of what was asked for.
    """

    job_id: str
    correlation_id: str = Field(default="", max_length=100)
    vm: str
    vm_name: str
    access: VCenterAccess
    disks: list[DiskTask]
    quiesce: bool = False
    examine: Examine | None = None


class AllowedBandwidth(PeerModel):
    """How many bytes a second the copies of a VMA may move together; None for as many as they can."""

    bytes_per_second: int | None = Field(default=None, ge=1)


class CopyPhase(StrEnum):
    """Where the far job stands; COPIED means that every disk was flushed and the snapshot is held for the commit.

    COMPARED is told only where a comparison was asked for: it has ended, and the snapshot is being removed.
    """

    RUNNING = "running"
    NEEDS_ACCESS = "needs_access"
    COPIED = "copied"
    COMPARED = "compared"
    FINISHED = "finished"
    FAILED = "failed"
    CANCELLED = "cancelled"


class DiskProgress(PeerModel):
    """One disk under way, in bytes. `total_bytes` is what has to be looked at, `moved_bytes` the payload that crossed."""

    disk_id: str
    sync_type: str = ""
    total_bytes: int = 0
    done_bytes: int = 0
    moved_bytes: int = 0
    zeroed_bytes: int = 0
    skipped_bytes: int = 0
    rate_bps: float = 0.0
    eta_seconds: int | None = None
    seconds: float = 0.0
    change_id: str | None = None
    reason: str = ""
    reader: str = ""


class CopyProgress(PeerModel):
    """A replication cycle as the VMA sees it."""

    job_id: str
    revision: int
    phase: CopyPhase
    operation: str = ""
    snapshot: str | None = None
    snapshot_at: datetime | None = None
    disks: list[DiskProgress] = Field(default_factory=list)
    error: Error | None = None


class AskSession(PeerModel):
    """Asks for a data session for one disk of a job; ends every earlier one of that disk."""

    disk_id: str
    connections: int = Field(ge=1, le=16)


class DataSession(PeerModel):
    """A data session: a single-use token for each connection, and the key that both ends know."""

    session_id: str
    tokens: list[str]
    psk_identity: str
    psk_key: Secret


class HashedBlock(PeerModel):
    """A block of a source disk at the snapshot, and its digest (BLAKE2b, 256 bits, hexadecimal)."""

    offset: int = Field(ge=0)
    length: int = Field(ge=1, le=4 << 20)
    digest: str = Field(max_length=64)


class Compare(PeerModel):
    """A page of blocks to compare. The numbers are of the whole comparison of the disk, with this page; `again` after a repair."""

    disk_id: str
    blocks: list[HashedBlock] = Field(min_length=1, max_length=64)
    planned_bytes: int
    checked_bytes: int
    again: bool = False


class Compared(PeerModel):
    """What differs, as [offset, length]. By the time this is answered the disk is marked for a full copy."""

    different: list[tuple[int, int]]


class Examined(PeerModel):
    """The comparison of a disk is over; `problem` is what kept it from being finished."""

    disk_id: str
    problem: Error | None = None


class AskSnapshotRemoval(PeerModel):
    """Asks to remove the snapshot of one job, which has ended, from a VM."""

    access: VCenterAccess
    vm: str
    job_id: str


class JobState(PeerModel):
    """How a job of the OMA stands, for a VMA that holds a snapshot for it."""

    status: str
    committed: bool


class VmaPeerApi(Api):
    """What the OMA may ask of a VMA."""

    @route("POST", "/peer/v1/certificate")
    async def certificate(self, body: AskCertificate) -> ShownCertificate:
        """The certificate of a vCenter, before it is trusted."""
        raise NotImplementedError

    @route("POST", "/peer/v1/vcenter")
    async def vcenter(self, body: AskVCenter) -> VCenterAbout:
        """Log in to a vCenter and tell what it is."""
        raise NotImplementedError

    @route("POST", "/peer/v1/discover")
    async def discover(self, body: Discover) -> VmList:
        """The VMs of a vCenter, all or a page of those that are wanted."""
        raise NotImplementedError

    @route("POST", "/peer/v1/folders")
    async def folders(self, body: AskFolders) -> FolderList:
        """The folders and clusters of a vCenter."""
        raise NotImplementedError

    @route("POST", "/peer/v1/vms")
    async def vms(self, body: AskVms) -> VmsInFull:
        """Many VMs in full; those that are not there are left out."""
        raise NotImplementedError

    @route("POST", "/peer/v1/snapshots/remove")
    async def remove_snapshots(self, body: AskVm) -> RemovedSnapshots:
        """Remove every snapshot of the appliance from a VM for which no cycle is under way."""
        raise NotImplementedError

    @route("POST", "/peer/v1/vm")
    async def vm(self, body: AskVm) -> Vm:
        """One VM in full."""
        raise NotImplementedError

    @route("POST", "/peer/v1/power")
    async def power(self, body: AskPower) -> Power:
        """Change or read the power state of a VM under protection."""
        raise NotImplementedError

    @route("POST", "/peer/v1/snapshots/remove-of-job")
    async def remove_snapshot(self, body: AskSnapshotRemoval) -> Vm:
        """Remove the snapshot that an ended job left on a VM."""
        raise NotImplementedError

    @route("POST", "/peer/v1/nics")
    async def nics(self, body: AskNics) -> Vm:
        """Set which adapters connect at power-on."""
        raise NotImplementedError

    @route("POST", "/peer/v1/replicate", status=202)
    async def replicate(self, body: Replicate) -> CopyProgress:
        """Start a replication cycle, or renew the access of one that is under way."""
        raise NotImplementedError

    @route("GET", "/peer/v1/progress/{job_id}")
    async def progress(self, job_id: str, after: int = -1, wait: float = 0.0) -> CopyProgress:
        """How far a cycle is; answers when its revision is greater than `after`, at the latest after `wait` seconds."""
        raise NotImplementedError

    @route("POST", "/peer/v1/jobs/{job_id}/release", status=202)
    async def release(self, job_id: str) -> CopyProgress:
        """The cycle is committed: remove the snapshot and finish."""
        raise NotImplementedError

    @route("POST", "/peer/v1/jobs/{job_id}/cancel", status=202)
    async def cancel(self, job_id: str) -> CopyProgress:
        """Stop a cycle and remove its snapshot."""
        raise NotImplementedError

    @route("POST", "/peer/v1/bandwidth", status=204)
    async def allow_bandwidth(self, body: AllowedBandwidth) -> None:
        """Keep to this limit from now on, copies that run included."""
        raise NotImplementedError


class OmaPeerApi(Api):
    """What a VMA may ask of the OMA, for its own jobs only."""

    @route("POST", "/peer/v1/jobs/{job_id}/sessions")
    async def session(self, job_id: str, body: AskSession) -> DataSession:
        """A data session for one disk of a running job of this peer."""
        raise NotImplementedError

    @route("GET", "/peer/v1/jobs/{job_id}")
    async def job_state(self, job_id: str) -> JobState:
        """How a job of this peer stands."""
        raise NotImplementedError

    @route("POST", "/peer/v1/jobs/{job_id}/compare")
    async def compare(self, job_id: str, body: Compare) -> Compared:
        """Compare blocks of a disk with its copy, and record what differs before answering."""
        raise NotImplementedError

    @route("POST", "/peer/v1/jobs/{job_id}/examined")
    async def examined(self, job_id: str, body: Examined) -> JobState:
        """The comparison of a disk has ended."""
        raise NotImplementedError
