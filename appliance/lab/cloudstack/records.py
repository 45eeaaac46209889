"""The rows of the lab cloud, and the file they are kept in."""

import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, Field

Tags = dict[str, str]


def new_id() -> str:
    """A fresh UUID."""
    return str(uuid.uuid4())


def fixed_id(kind: str, name: str) -> str:
    """The UUID of a thing that comes from the configuration: the same at every start."""
    return str(uuid.uuid5(uuid.NAMESPACE_OID, f"lab-cloudstack/{kind}/{name}"))


def timestamp() -> str:
    """Now, as CloudStack writes times."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S+0000")


def serial_of(volume_id: str) -> str:
    """The serial a KVM guest sees on a volume: the first 20 hex digits of its UUID without hyphens."""
    return volume_id.replace("-", "")[:20]


class Nic(BaseModel):
    """A VM's network card."""

    id: str = Field(default_factory=new_id)
    mac: str
    network_id: str
    address: str


class Instance(BaseModel):
    """A VM: `guest` runs under QEMU, `appliance` runs elsewhere."""

    id: str = Field(default_factory=new_id)
    number: int
    name: str
    display_name: str
    kind: Literal["guest", "appliance"] = "guest"
    state: str = "Stopped"
    service_offering_id: str
    template_id: str | None = None
    nics: list[Nic] = Field(default_factory=list)
    details: dict[str, str] = Field(default_factory=dict)
    boot_type: str = "BIOS"
    boot_mode: str = "LEGACY"
    created: str = Field(default_factory=timestamp)
    tags: Tags = Field(default_factory=dict)


class Volume(BaseModel):
    """A volume; its bytes are in `volumes/<id>.raw` once it is placed. Size in bytes."""

    id: str = Field(default_factory=new_id)
    name: str
    type: Literal["ROOT", "DATADISK"] = "DATADISK"
    state: str = "Allocated"
    size: int
    disk_offering_id: str | None = None
    template_id: str | None = None
    instance_id: str | None = None
    device_id: int | None = None
    attached: str | None = None
    created: str = Field(default_factory=timestamp)
    tags: Tags = Field(default_factory=dict)


class Snapshot(BaseModel):
    """A volume snapshot; its bytes are in `snapshots/<id>.raw`. Size in bytes."""

    id: str = Field(default_factory=new_id)
    name: str
    volume_id: str
    volume_name: str
    volume_type: str
    size: int
    state: str = "Creating"
    created: str = Field(default_factory=timestamp)
    tags: Tags = Field(default_factory=dict)


class Job(BaseModel):
    """An asynchronous job; status 0 pending, 1 done, 2 failed."""

    id: str = Field(default_factory=new_id)
    command: str
    status: int = 0
    result_code: int = 0
    result: dict[str, object] | None = None
    instance_type: str = "None"
    instance_id: str | None = None
    created: str = Field(default_factory=timestamp)
    completed: str | None = None


class World(BaseModel):
    """Everything that survives a restart of the lab."""

    api_key: str
    secret_key: str
    instances: dict[str, Instance] = Field(default_factory=dict)
    volumes: dict[str, Volume] = Field(default_factory=dict)
    snapshots: dict[str, Snapshot] = Field(default_factory=dict)
    jobs: dict[str, Job] = Field(default_factory=dict)
    last_number: int = 0

    def next_number(self) -> int:
        """A number never used before (instance names, addresses)."""
        self.last_number += 1
        return self.last_number

    def volumes_of(self, instance_id: str) -> list[Volume]:
        """The volumes attached to a VM, in the order of their device ids."""
        attached = [volume for volume in self.volumes.values() if volume.instance_id == instance_id]
        return sorted(attached, key=lambda volume: volume.device_id or 0)

    def save(self, path: Path) -> None:
        """Write the file in one step."""
        draft = path.with_suffix(".new")
        draft.write_text(self.model_dump_json(indent=1))
        draft.chmod(0o600)
        draft.replace(path)

    @classmethod
    def load(cls, path: Path) -> "World":
        """The world as it was saved."""
        return cls.model_validate_json(path.read_text())
