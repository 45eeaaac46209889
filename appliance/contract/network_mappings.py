"""Where the adapters of moved VMs go: defaults for each source network, and what is different for single VMs."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from appliance.contract.api import Api, OperatorModel, route
from appliance.contract.checks import CheckState
from appliance.contract.clouds import Id as ConfigId
from appliance.contract.clouds import Named
from appliance.contract.failover import Id as NetworkId

EVERY_OTHER = "*"
"""Stands for every source network without a mapping of its own."""
SourceName = Annotated[str, Field(min_length=1, max_length=255)]


class Kind(StrEnum):
    """Tests and production have mappings of their own."""

    TEST = "test"
    PRODUCTION = "production"


class Origin(StrEnum):
    """Why an adapter goes where it goes, the nearest first."""

    REQUEST = "request"
    VM = "vm"
    VM_CATCH_ALL = "vm_catch_all"
    DEFAULT = "default"
    CATCH_ALL = "catch_all"
    CONFIGURATION = "configuration"
    TEST_NETWORK = "test_network"
    NONE = "none"


class SetMapping(OperatorModel):
    """Where adapters on a source network go; `*` stands for every one without a mapping of its own. The target is an id of CloudStack."""

    source_network: SourceName
    kind: Kind
    target_network_id: NetworkId


class SetDefault(SetMapping):
    """The same for all VMs of a CloudStack configuration; without `config_id` of the active one."""

    config_id: ConfigId | None = None


class Landing(OperatorModel):
    """Where adapters go, and what is to be said of it. `mapping_id` is set where this very VM or default says so, and can be removed."""

    target_network_id: str | None
    target_network_name: str
    origin: Origin
    mapping_id: int | None
    state: CheckState
    note: str


class SourceNetwork(OperatorModel):
    """A network of the source by its name, with how many VMs under management are on it."""

    name: str
    vms: int
    test: Landing
    production: Landing


class MappingTable(OperatorModel):
    """Where adapters go with a configuration; None where there is none. `problem`: why CloudStack could not say which networks it has."""

    config_id: int | None
    config_name: str
    problem: str
    networks: list[SourceNetwork]


class NetworkMappingsApi(Api):
    """Where the adapters of moved VMs go."""

    @route("GET", "/api/v1/network-mappings")
    async def network_mappings(self, config_id: ConfigId | None = None) -> MappingTable:
        """The defaults of a CloudStack configuration (the active one, if none is named) for every source network that is known."""
        raise NotImplementedError

    @route("PUT", "/api/v1/network-mappings")
    async def set_default_mapping(self, body: SetDefault) -> MappingTable:
        """Say where adapters on a source network go by default."""
        raise NotImplementedError

    @route("DELETE", "/api/v1/network-mappings/{mapping_id}", status=204)
    async def delete_mapping(self, mapping_id: str) -> None:
        """Remove a default, or what is different for one VM."""
        raise NotImplementedError

    @route("GET", "/api/v1/network-mappings/targets")
    async def mapping_targets(self, config_id: ConfigId | None = None) -> list[Named]:
        """The networks that adapters can go to: those of the configuration's zone, by name."""
        raise NotImplementedError

    @route("GET", "/api/v1/network-mappings/vms/{vm}")
    async def vm_mappings(self, vm: str) -> MappingTable:
        """Where the adapters of one VM go, and why."""
        raise NotImplementedError

    @route("PUT", "/api/v1/network-mappings/vms/{vm}")
    async def set_vm_mapping(self, vm: str, body: SetMapping) -> MappingTable:
        """Say where the adapters of one VM on a source network go, whatever the default is."""
        raise NotImplementedError
