"""A vCenter and its VMs as the appliances tell each other about them."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from pydantic import Field

from appliance.contract.api import PeerModel
from appliance.contract.types import Secret


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


class Datastore(PeerModel):
    """A datastore that a VM has files on, and what it has left, in bytes."""

    name: str
    capacity_bytes: int
    free_bytes: int


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
    datastores: list[Datastore] = Field(default_factory=list)


class VmLine(PeerModel):
    """One line of a discovery. `disk_count` and `capacity_bytes` are of its disks, `storage_bytes` is what they take up now.

    `blockers` says why it can't be migrated, in the operator's words.
    """

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
    capacity_bytes: int = 0
    folder: str = ""
    cluster: str = ""
    tracking: bool = False
    networks: list[str] = Field(default_factory=list)
    blockers: list[str] = Field(default_factory=list)


class VmList(PeerModel):
    """A page of the VMs of a vCenter; `total` is how many there are on all pages, `at` when vCenter was looked at."""

    vms: list[VmLine]
    total: int = 0
    at: datetime | None = None


class Discover(PeerModel):
    """Asks for the VMs of a vCenter: those in a folder or below it, in a cluster, with this in their names.

    A `limit` of 0 asks for all at once. What vCenter told a minute ago is good enough unless it is to be asked `anew`.
    """

    access: VCenterAccess
    name_contains: str = ""
    folder: str = ""
    cluster: str = ""
    page: int = Field(default=1, ge=1)
    limit: int = Field(default=0, ge=0)
    anew: bool = False


class AskFolders(PeerModel):
    """Asks for the folders and clusters of a vCenter."""

    access: VCenterAccess
    anew: bool = False


class FolderLine(PeerModel):
    """A `datacenter`, `folder` or `vapp` by its path; `vms` lie directly in it, `total` anywhere below it."""

    path: str
    name: str
    kind: str
    vms: int
    total: int


class ClusterLine(PeerModel):
    """A cluster, or a host that is in none."""

    name: str
    datacenter: str
    hosts: int
    vms: int


class FolderList(PeerModel):
    """Where the VMs of a vCenter are; folders by path."""

    folders: list[FolderLine]
    clusters: list[ClusterLine]
    total: int
    at: datetime | None = None


class AskVms(PeerModel):
    """Asks for many VMs in full, by vCenter ids or inventory paths."""

    access: VCenterAccess
    vms: list[str]


class AskVm(PeerModel):
    """Asks for one VM by its vCenter id or its inventory path."""

    access: VCenterAccess
    vm: str


class VmsInFull(PeerModel):
    """Those that were found, by what they were asked for with."""

    vms: dict[str, Vm]


class RemovedSnapshots(PeerModel):
    """The names of the appliance's snapshots that were removed from a VM."""

    names: list[str]


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
