"""CloudStack configurations."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, SecretStr

from appliance.contract.api import Api, OperatorModel, route
from appliance.contract.checks import Check
from appliance.contract.roles import Role
from appliance.contract.types import JobRef, OneLine, Secret

Text = Annotated[str, Field(min_length=1, max_length=255), OneLine]
Optional = Annotated[str, Field(max_length=255), OneLine]
SecretKey = Annotated[Secret, Field(max_length=512)]
Id = Annotated[int, Field(ge=1, lt=10**9)]
Sizes = Annotated[list[Annotated[int, Field(ge=1, le=1 << 50)]], Field(min_length=1, max_length=256)]


class Connection(OperatorModel):
    """A CloudStack and the keys of an account there; `address` is host:port or a URL.

    With `config_id`, what is left empty is taken from that stored configuration.
    """

    address: Optional = ""
    api_key: Optional = ""
    secret_key: SecretKey = SecretStr("")
    config_id: Id | None = None


class Discovery(Connection):
    """What to look through; with `zone` (an id) only the templates and networks of that zone."""

    zone: Optional = ""


class SaveConfig(OperatorModel):
    """A configuration to store: a change of the one with this `id` or name, else a new one. Empty keys keep the stored ones.

    The references are the ids of what was discovered. Without `is_active` a new one is active if no other is, and an old one stays.
    """

    id: Id | None = None
    name: Text
    address: Text
    api_key: Optional = ""
    secret_key: SecretKey = SecretStr("")
    domain: Optional = ""
    zone: Optional = ""
    template_id: Optional = ""
    network_id: Optional = ""
    service_offering_id: Optional = ""
    disk_offering_id: Optional = ""
    oma_vm_id: Optional = ""
    is_active: bool | None = None


class Config(OperatorModel):
    """A stored configuration, without its secret key."""

    id: int
    name: str
    api_url: str
    domain: str
    zone: str
    template_id: str
    network_id: str
    service_offering_id: str
    disk_offering_id: str
    oma_vm_id: str
    is_active: bool


class Named(OperatorModel):
    """Something of CloudStack with the name that people know it by, and what tells it from others (size, address range, …).

    `custom`: an offering whose size is chosen.
    """

    id: str
    name: str
    detail: str = ""
    custom: bool = False


class AskCapacity(OperatorModel):
    """The sizes of a VM's disks, in bytes."""

    sizes_bytes: Sizes


class Validation(OperatorModel):
    """What was looked at; `ok` while nothing failed."""

    ok: bool
    checks: list[Check]


class Resources(OperatorModel):
    """What a configuration can choose from. `oma_vm_id` is this appliance's own VM, if it was found."""

    version: str
    zones: list[Named]
    domains: list[Named]
    templates: list[Named]
    service_offerings: list[Named]
    disk_offerings: list[Named]
    networks: list[Named]
    oma_vm_id: str | None


class CloudsApi(Api):
    """CloudStack configurations and discovery."""

    @route("POST", "/api/v1/ossea/test-connection", costly=True)
    async def test_connection(self, body: Connection) -> Named:
        """Try address and keys; the answer names the cloud's version."""
        raise NotImplementedError

    @route("POST", "/api/v1/ossea/discover-resources", asks=True, role=Role.ADMIN, costly=True)
    async def discover_resources(self, body: Discovery) -> Resources:
        """What there is to choose from, by human names."""
        raise NotImplementedError

    @route("POST", "/api/v1/ossea/configs")
    async def save_config(self, body: SaveConfig) -> Config:
        """Store or update a configuration."""
        raise NotImplementedError

    @route("GET", "/api/v1/ossea/configs")
    async def configs(self) -> list[Config]:
        """All configurations."""
        raise NotImplementedError

    @route("GET", "/api/v1/ossea/configs/{config_id}")
    async def config(self, config_id: str) -> Config:
        """One configuration."""
        raise NotImplementedError

    @route("DELETE", "/api/v1/ossea/configs/{config_id}", status=204)
    async def delete_config(self, config_id: str) -> None:
        """Remove a configuration that no VM uses."""
        raise NotImplementedError

    @route("POST", "/api/v1/ossea/configs/{config_id}/set-active")
    async def activate_config(self, config_id: str) -> Config:
        """Make it the active one, and no other."""
        raise NotImplementedError

    @route("POST", "/api/v1/ossea/configs/{config_id}/validate", asks=True, costly=True)
    async def validate_config(self, config_id: str) -> Validation:
        """Whether it can be used: rights, limits, offerings, storage, and what it refers to. Only asks."""
        raise NotImplementedError

    @route("POST", "/api/v1/ossea/configs/{config_id}/trial", status=202, costly=True)
    async def try_config(self, config_id: str) -> JobRef:
        """Make a disk of 1 GiB, snapshot it, go back to the snapshot, and remove both."""
        raise NotImplementedError

    @route("POST", "/api/v1/ossea/configs/{config_id}/capacity", asks=True, costly=True)
    async def capacity(self, config_id: str, body: AskCapacity) -> Validation:
        """Whether a VM with such disks fits into the account's limits and the zone. Only asks."""
        raise NotImplementedError
