"""CloudStack configurations."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, SecretStr

from appliance.contract.api import Api, OperatorModel, route
from appliance.contract.types import Secret

Text = Annotated[str, Field(min_length=1, max_length=255)]


class Connection(OperatorModel):
    """A CloudStack and the keys of an account there; `address` is host:port or a URL."""

    address: Text
    api_key: Text
    secret_key: Annotated[Secret, Field(min_length=1, max_length=512)]


class SaveConfig(OperatorModel):
    """A configuration to store; one with the same name is updated. An empty `secret_key` keeps the stored one."""

    name: Text
    address: Text
    api_key: Text
    secret_key: Secret = SecretStr("")
    domain: str = ""
    zone: str = ""
    template_id: str = ""
    network_id: str = ""
    service_offering_id: str = ""
    disk_offering_id: str = ""
    oma_vm_id: str = ""
    is_active: bool = True


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
    """Something of CloudStack with the name that people know it by."""

    id: str
    name: str


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

    @route("POST", "/api/v1/ossea/test-connection")
    async def test_connection(self, body: Connection) -> Named:
        """Try address and keys; the answer names the cloud's version."""
        raise NotImplementedError

    @route("POST", "/api/v1/ossea/discover-resources")
    async def discover_resources(self, body: Connection) -> Resources:
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
