"""What a lab cloud is made of and how slow and strict it is; the JSON of `--config`."""

import json
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

GIB = 1024**3


class Part(BaseModel):
    """A piece of configuration; unknown fields are errors."""

    model_config = ConfigDict(extra="forbid")


class ServiceOffering(Part):
    """CPUs and memory a VM is made with."""

    name: str
    cpus: int = 1
    memory_mib: int = 512


class DiskOffering(Part):
    """An offering for data volumes; size 0 means that the caller says the size. `tags` name the storage it wants, comma-separated."""

    name: str
    size_gib: int = 0
    tags: str = ""
    local: bool = False
    encrypted: bool = False


class Template(Part):
    """What a new VM's root volume is copied from: a raw file, or an empty disk when there is none. It can still be downloading."""

    name: str
    path: Path | None = None
    size_bytes: int = 64 * 1024**2
    ready: bool = True


class Network(Part):
    """A guest network."""

    name: str
    cidr: str = "10.1.1.0/24"
    isolated: bool = False


class ApplianceVm(Part):
    """A VM that runs elsewhere (the appliance itself). Volumes attached to it appear in `devices_dir`.

    Where the cloud's devices are `hotplug`, they are disks of the QEMU machine whose QMP socket is `control`, on its buses `places`.
    """

    name: str
    id: str = ""
    mac: str = "02:00:4c:4f:4d:41"
    devices_dir: Path | None = None
    control: Path | None = None
    places: list[str] = []


class Limits(Part):
    """Quotas of the account, or of its domain; -1 is unlimited."""

    instance: int = -1
    cpu: int = -1
    memory_mib: int = -1
    volume: int = -1
    snapshot: int = -1
    primary_storage_gib: int = -1
    secondary_storage_gib: int = -1


class Pool(Part):
    """What the one primary storage says of itself."""

    type: str = "NetworkFilesystem"
    managed: bool = False
    tags: str = ""
    state: str = "Up"


class Settings(Part):
    """What the control socket may change at any time. Times in seconds; `denied` are commands that the account has no right to."""

    job_seconds: float = Field(default=0.05, ge=0)
    command_seconds: dict[str, float] = Field(default_factory=dict)
    device_seconds: float = Field(default=0.0, ge=0)
    acpi_seconds: float = Field(default=60.0, ge=0)
    secondary_bytes_per_second: int | None = Field(default=None, gt=0)
    max_data_volumes: int = Field(default=32, ge=0)
    snapshots_of_running_vms: bool = False
    snapshots_to_secondary: bool = True
    reverts_do_nothing: bool = False
    limits: Limits = Field(default_factory=Limits)
    domain_limits: Limits = Field(default_factory=Limits)
    pool: Pool = Field(default_factory=Pool)
    denied: list[str] = Field(default_factory=list)


class LabConfig(Part):
    """The whole cloud."""

    version: str = "4.20.1.0"
    zone: str = "lab-zone"
    domain: str = "ROOT"
    account: str = "admin"
    administrator: bool = True
    user: str = "admin"
    api_key: str = ""
    secret_key: str = ""
    devices: Literal["loop", "link", "hotplug"] = "loop"
    service_offerings: list[ServiceOffering] = [
        ServiceOffering(name="Small", cpus=1, memory_mib=512),
        ServiceOffering(name="Medium", cpus=2, memory_mib=1024),
    ]
    disk_offerings: list[DiskOffering] = [DiskOffering(name="Custom"), DiskOffering(name="Small 5 GiB", size_gib=5)]
    templates: list[Template] = [Template(name="Migration placeholder")]
    networks: list[Network] = [Network(name="production"), Network(name="isolated-test", cidr="10.9.9.0/24", isolated=True)]
    appliance_vms: list[ApplianceVm] = [ApplianceVm(name="oma")]
    settings: Settings = Field(default_factory=Settings)

    @classmethod
    def read(cls, path: Path) -> "LabConfig":
        """The configuration in a JSON file."""
        return cls.model_validate(json.loads(path.read_text()))
