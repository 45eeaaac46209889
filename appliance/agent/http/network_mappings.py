"""Routes of network mappings."""

from __future__ import annotations

from appliance.cloudstack.configs import CloudConfig
from appliance.contract import network_mappings as contract
from appliance.contract.clouds import Named
from appliance.failover import mappings, plans, requests
from appliance.failover.deps import FailoverDeps


class NetworkMappingRoutes(contract.NetworkMappingsApi):
    """Serves where adapters go."""

    def __init__(self, deps: FailoverDeps) -> None:
        self._deps = deps

    async def network_mappings(self, config_id: int | None = None) -> contract.MappingTable:
        return await plans.of_config(self._deps, config_id)

    async def set_default_mapping(self, body: contract.SetDefault) -> contract.MappingTable:
        config = await self._config(body.config_id)
        target = mappings.known(config, await mappings.existing(self._deps.clouds, config), body.target_network_id)
        await mappings.put(self._deps.store, body, target, config_id=config.id)
        return await plans.of_config(self._deps, config.id)

    async def delete_mapping(self, mapping_id: str) -> None:
        await mappings.remove(self._deps.store, mapping_id)

    async def mapping_targets(self, config_id: int | None = None) -> list[Named]:
        found = await mappings.existing(self._deps.clouds, await self._config(config_id))
        return [Named(**vars(one)) for one in sorted(found, key=lambda one: one.name.casefold())]

    async def vm_mappings(self, vm: str) -> contract.MappingTable:
        return await plans.of_vm(self._deps, vm)

    async def set_vm_mapping(self, vm: str, body: contract.SetMapping) -> contract.MappingTable:
        config = await requests.config_of(self._deps, vm)
        target = mappings.known(config, await mappings.existing(self._deps.clouds, config), body.target_network_id)
        await mappings.put(self._deps.store, body, target, context_id=await requests.context_id(self._deps, vm))
        return await plans.of_vm(self._deps, vm)

    async def _config(self, config_id: int | None) -> CloudConfig:
        """The configuration with this id, active or not, or the active one. Raises a Fault when there is none."""
        if config_id is not None:
            return await self._deps.configs.get(config_id)
        return (await self._deps.configs.choose(None))[0]
