"""What the two appliances say to each other through the tunnel. Versions are agreed when the tunnel comes up."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from pydantic import Field

from appliance.contract.api import Api, PeerModel, route
from appliance.contract.types import Secret


class Error(PeerModel):
    """An error as it crosses the tunnel: both messages."""

    key: str
    message: str
    guidance: str
    cause: str = ""


class VCenterAccess(PeerModel):
    """Where the vCenter is and how to log in. Kept in memory only by the appliance that receives it.

    Its certificate has the SHA-256 `fingerprint`, or is signed by the authority `ca` (PEM).
    """

    host: str
    port: int = 443
    username: str
    password: Secret
    fingerprint: str
    ca: str = ""


class AskCertificate(PeerModel):
    """Asks for the certificate that a vCenter shows; nothing is sent there but a handshake."""

    host: str
    port: int = 443


class ShownCertificate(PeerModel):
    """A certificate as it is shown, trusted by nobody yet; `fingerprint` is its SHA-256 as AA:BB:…"""

    fingerprint: str
    subject: str
    issuer: str
    names: list[str]
    not_before: datetime
    not_after: datetime
    self_signed: bool


class AskVCenter(PeerModel):
    """Asks to log in and to tell what answers."""

    access: VCenterAccess


class VCenterAbout(PeerModel):
    """A vCenter as it describes itself."""

    name: str
    version: str
    build: str
    api_version: str
    datacenters: list[str]


class Disk(PeerModel):
    """A virtual disk of a source VM."""

    disk_id: str
    key: int
    label: str
    capacity_bytes: int
    vmdk_path: str
    datastore: str
    provisioning: str
    mode: str
    unit_number: int
    controller: str


class Nic(PeerModel):
    """A network adapter of a source VM."""

    label: str
    mac: str
    network: str
    model: str
    addresses: list[str] = Field(default_factory=list)
    start_connected: bool = True


class Vm(PeerModel):
    """A source VM as vCenter describes it. `blockers` says why it can't be migrated, in the operator's words."""

    moref: str
    name: str
    path: str
    datacenter: str
    uuid: str
    cpus: int
    memory_mib: int
    guest_id: str
    guest_name: str
    firmware: str
    secure_boot: bool
    power_state: str
    tracking: bool
    disks: list[Disk]
    nics: list[Nic]
    snapshots: list[str]
    blockers: list[str]


class VmLine(PeerModel):
    """One line of a discovery: enough to choose a VM; what keeps it from being migrated comes with `Vm`."""

    moref: str
    name: str
    path: str
    datacenter: str
    cpus: int
    memory_mib: int
    guest_name: str
    power_state: str
    disk_count: int
    storage_bytes: int


class VmList(PeerModel):
    """The VMs of a vCenter."""

    vms: list[VmLine]


class Discover(PeerModel):
    """Asks for the VMs of a vCenter."""

    access: VCenterAccess
    name_contains: str = ""


class AskVm(PeerModel):
    """Asks for one VM by its vCenter id or its inventory path."""

    access: VCenterAccess
    vm: str


class PowerAction(StrEnum):
    STATE = "state"
    ON = "on"
    OFF = "off"
    SHUTDOWN = "shutdown"


class AskPower(PeerModel):
    """Asks to change a VM's power; SHUTDOWN powers off after `timeout_seconds` without success."""

    access: VCenterAccess
    vm: str
    action: PowerAction
    timeout_seconds: int = 180


class Power(PeerModel):
    """The power state: `poweredOn`, `poweredOff` or `suspended`."""

    state: str


class AskNics(PeerModel):
    """Asks to set which adapters connect at power-on, by MAC address."""

    access: VCenterAccess
    vm: str
    start_connected: dict[str, bool]


class DiskTask(PeerModel):
    """What is asked for one disk: an increment since `previous_change_id`, or a full copy when there is none."""

    disk_id: str
    key: int
    capacity_bytes: int
    previous_change_id: str | None = None


class Replicate(PeerModel):
    """Asks for one replication cycle of a VM. Sending it again with the same `job_id` only renews the access."""

    job_id: str
    vm: str
    vm_name: str
    access: VCenterAccess
    disks: list[DiskTask]
    quiesce: bool = False


class CopyPhase(StrEnum):
    """Where the far job stands; COPIED means that every disk was flushed and the snapshot is held for the commit."""

    RUNNING = "running"
    NEEDS_ACCESS = "needs_access"
    COPIED = "copied"
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
        """The VMs of a vCenter."""
        raise NotImplementedError

    @route("POST", "/peer/v1/vm")
    async def vm(self, body: AskVm) -> Vm:
        """One VM in full."""
        raise NotImplementedError

    @route("POST", "/peer/v1/power")
    async def power(self, body: AskPower) -> Power:
        """Change or read the power state of a VM under protection."""
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
