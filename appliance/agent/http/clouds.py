"""Routes of CloudStack configurations."""

from __future__ import annotations

import asyncio

from appliance.cloudstack.addresses import api_url
from appliance.cloudstack.clouds import Clouds
from appliance.cloudstack.configs import CloudConfig, ConfigDraft, Configs
from appliance.cloudstack.discovery import Resource, read_identity
from appliance.cloudstack.faults import OWN_VM_UNKNOWN
from appliance.contract import clouds as contract
from appliance.contract.errors import Fault


class CloudRoutes(contract.CloudsApi):
    """Serves configurations and discovery."""

    def __init__(self, configs: Configs, clouds: Clouds) -> None:
        self._configs, self._clouds = configs, clouds

    async def test_connection(self, body: contract.Connection) -> contract.Named:
        version = await self._clouds.discovery(_unsaved(body)).version()
        return contract.Named(id=api_url(body.address), name=version)

    async def discover_resources(self, body: contract.Connection) -> contract.Resources:
        discovery = self._clouds.discovery(_unsaved(body))
        version, found = await asyncio.gather(discovery.version(), discovery.resources())
        try:
            own = await discovery.own_vm_id(await asyncio.to_thread(read_identity))
        except Fault as error:
            if error.key != OWN_VM_UNKNOWN.key:
                raise
            own = None
        return contract.Resources(
            version=version,
            zones=_named(found.zones),
            domains=_named(found.domains),
            templates=_named(found.templates),
            service_offerings=_named(found.service_offerings),
            disk_offerings=_named(found.disk_offerings),
            networks=_named(found.networks),
            oma_vm_id=own,
        )

    async def save_config(self, body: contract.SaveConfig) -> contract.Config:
        draft = ConfigDraft(**{**body.model_dump(), "secret_key": body.secret_key.get_secret_value()})
        return _view(await self._configs.save(draft))

    async def configs(self) -> list[contract.Config]:
        return [_view(one) for one in await self._configs.all()]


def _unsaved(body: contract.Connection) -> CloudConfig:
    return CloudConfig(0, "unsaved", api_url(body.address), body.api_key, body.secret_key.get_secret_value())


def _named(resources: list[Resource]) -> list[contract.Named]:
    return [contract.Named(id=one.id, name=one.name) for one in resources]


def _view(config: CloudConfig) -> contract.Config:
    return contract.Config(**{name: getattr(config, name) for name in contract.Config.model_fields})
