"""Asks everybody at once, each with a time limit: who does not answer is a finding, and keeps nobody waiting."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Collection
from dataclasses import dataclass
from typing import TypeVar

from appliance.cloudstack.clouds import Clouds
from appliance.cloudstack.configs import CloudConfig, Configs
from appliance.cloudstack.discovery import read_identity
from appliance.contract.errors import Fault
from appliance.contract.inventory import AskVm, VCenterAccess, Vm
from appliance.preflight.facts import Cloud, Found, Link, LinkOf, unknown_link
from appliance.preflight.faults import TOO_SLOW
from appliance.replication.source import Sources
from appliance.volumes.facade import Volumes

PATIENCE = 20.0
"""Seconds that each side has for its answer."""

Answer = TypeVar("Answer")


@dataclass(frozen=True)
class Lookout:
    """Whom to ask."""

    source: Sources
    clouds: Clouds
    volumes: Volumes
    configs: Configs
    link: LinkOf = unknown_link
    patience: float = PATIENCE

    async def look(
        self, peer_id: str, access: VCenterAccess | Fault, vm: str, config_id: int | None, network_ids: Collection[str] = ()
    ) -> Found:
        """Everything that can be found out about a VM (by its vCenter id or path) and the configuration that a job of it would get."""
        config = await self.answer(self._config(config_id), "The store")
        link, seen, cloud = await asyncio.gather(
            self.answer(self.link(peer_id), "The link to the source"),
            self._vm(peer_id, access, vm),
            self._cloud(config, network_ids),
        )
        return Found(link if isinstance(link, Link) else None, seen, config, cloud)

    async def _config(self, config_id: int | None) -> CloudConfig:
        return (await self.configs.choose(config_id))[0]

    async def _vm(self, peer_id: str, access: VCenterAccess | Fault, vm: str) -> Vm | Fault:
        if isinstance(access, Fault):
            return access
        return await self.answer(self.source.vma(peer_id).vm(AskVm(access=access, vm=vm)), "The source")

    async def _cloud(self, config: CloudConfig | Fault, network_ids: Collection[str]) -> Cloud | Fault:
        if isinstance(config, Fault):
            return config
        return await self.answer(self._ask_cloud(config, network_ids), "CloudStack")

    async def _ask_cloud(self, config: CloudConfig, network_ids: Collection[str]) -> Cloud:
        survey, identity = self.clouds.survey(config), await asyncio.to_thread(read_identity)
        last_trial = await self.configs.last_trial(config.id)
        facts = await survey.facts(identity)
        # Only once it is known that it answers: a question that fails would leave the others behind.
        return Cloud(config, facts, await self.volumes.places(config), await survey.networks(network_ids), last_trial)

    async def answer(self, question: Awaitable[Answer], who: str) -> Answer | Fault:
        """The answer, or why there is none; `who` is asked, and named when they are too slow."""
        try:
            async with asyncio.timeout(self.patience):
                return await question
        except TimeoutError:
            return TOO_SLOW(who=who, seconds=round(self.patience))
        except Fault as error:
            return error
