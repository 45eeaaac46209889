"""Routes of CloudStack configurations."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from appliance.cloudstack.addresses import api_url
from appliance.cloudstack.clouds import Clouds, PlacesOf
from appliance.cloudstack.configs import CloudConfig, ConfigDraft, Configs
from appliance.cloudstack.discovery import Discovery, Resource, read_identity
from appliance.cloudstack.faults import CONFIG_INCOMPLETE, CONFIG_UNKNOWN, OWN_VM_UNKNOWN
from appliance.contexts import VmContext
from appliance.contract import clouds as contract
from appliance.contract.checks import Check, CheckState
from appliance.contract.errors import Fault
from appliance.contract.types import JobRef
from appliance.core.jobs import Runner
from appliance.replication.models import ReplicationJob
from appliance.volumes import trial
from appliance.volumes.models import VolumeRow


class CloudRoutes(contract.CloudsApi):
    """Serves configurations and discovery."""

    def __init__(self, configs: Configs, clouds: Clouds, runner: Runner, places_of: PlacesOf) -> None:
        self._configs, self._clouds, self._runner, self._places_of = configs, clouds, runner, places_of

    async def test_connection(self, body: contract.Connection) -> contract.Named:
        config = await self._meant(body)
        async with self._clouds.visit(config) as discovery:
            return contract.Named(id=config.api_url, name=await discovery.version())

    async def discover_resources(self, body: contract.Discovery) -> contract.Resources:
        async with self._clouds.visit(await self._meant(body)) as discovery:
            version, found = await asyncio.gather(discovery.version(), discovery.resources(body.zone))
            own = await _own_vm_id(discovery)
        named = {name: [_named(one) for one in listed] for name, listed in vars(found).items()}
        return contract.Resources(version=version, oma_vm_id=own, **named)

    async def save_config(self, body: contract.SaveConfig) -> contract.Config:
        draft = ConfigDraft(**{**body.model_dump(), "secret_key": body.secret_key.get_secret_value()})
        return _view(await self._configs.save(draft))

    async def configs(self) -> list[contract.Config]:
        return [_view(one) for one in await self._configs.all()]

    async def config(self, config_id: str) -> contract.Config:
        return _view(await self._configs.get(_number(config_id)))

    async def delete_config(self, config_id: str) -> None:
        await self._configs.delete(_number(config_id), users_of)

    async def activate_config(self, config_id: str) -> contract.Config:
        return _view(await self._configs.activate(_number(config_id)))

    async def validate_config(self, config_id: str) -> contract.Validation:
        config = await self._configs.get(_number(config_id))
        identity = await asyncio.to_thread(read_identity)
        return _validation(await self._clouds.validate(config, identity, await self._configs.last_trial(config.id)))

    async def try_config(self, config_id: str) -> JobRef:
        config = (await self._configs.get(_number(config_id))).ready_for_volumes()
        return JobRef(job_id=await self._runner.submit(trial.KIND, {"config_id": config.id, "name": config.name}))

    async def capacity(self, config_id: str, body: contract.AskCapacity) -> contract.Validation:
        config = await self._configs.get(_number(config_id))
        return _validation(await self._clouds.capacity_for(config, body.sizes_bytes, self._places_of))

    async def _meant(self, body: contract.Connection) -> CloudConfig:
        """What was typed, completed by the stored configuration where one is named. Raises CONFIG_UNKNOWN, CONFIG_INCOMPLETE."""
        stored = await self._configs.get(body.config_id) if body.config_id is not None else None
        url = api_url(body.address) if body.address or stored is None else stored.api_url
        api_key = body.api_key or (stored.api_key if stored else "")
        same_key = stored is not None and api_key == stored.api_key
        secret_key = body.secret_key.get_secret_value() or (stored.secret_key if stored and same_key else "")
        missing = [words for words, value in (("API key", api_key), ("secret key", secret_key)) if not value]
        if missing:
            raise CONFIG_INCOMPLETE(missing=", ".join(missing))
        return CloudConfig(0, "unsaved", url, api_key, secret_key)


async def users_of(session: AsyncSession, config_id: int) -> Sequence[str]:
    """The names of the VMs whose records or volumes belong to a configuration, also those of earlier cycles."""
    cycles = select(ReplicationJob.vm_context_id).where(ReplicationJob.ossea_config_id == config_id)
    volumes = select(VolumeRow.vm_context_id).where(VolumeRow.ossea_config_id == config_id)
    mine = or_(VmContext.ossea_config_id == config_id, VmContext.context_id.in_(cycles), VmContext.context_id.in_(volumes))
    vms = (await session.scalars(select(VmContext.vm_name).where(mine).order_by(VmContext.vm_name))).all()
    if vms:
        return vms
    # Volumes without a VM: those of a trial that could not be removed.
    return (await session.scalars(select(VolumeRow.volume_name).where(VolumeRow.ossea_config_id == config_id))).all()


async def _own_vm_id(discovery: Discovery) -> str | None:
    try:
        return await discovery.own_vm_id(await asyncio.to_thread(read_identity))
    except Fault as error:
        if error.key != OWN_VM_UNKNOWN.key:
            raise
        return None


def _number(text: str) -> int:
    if not (text.isascii() and text.isdecimal()) or len(text) > 9:
        raise CONFIG_UNKNOWN(id=text)
    return int(text)


def _named(one: Resource) -> contract.Named:
    return contract.Named(**vars(one))


def _validation(checks: list[Check]) -> contract.Validation:
    return contract.Validation(ok=all(one.state is not CheckState.FAIL for one in checks), checks=checks)


def _view(config: CloudConfig) -> contract.Config:
    return contract.Config(**{name: getattr(config, name) for name in contract.Config.model_fields})
