"""Routes of upgrades."""

from __future__ import annotations

from collections.abc import AsyncIterator

from appliance.agent.upgrade.upgrades import Upgrades
from appliance.contract import upgrades as contract
from appliance.contract.types import FetchFrom, JobRef


class UpgradeRoutes(contract.UpgradesApi):
    """Serves upgrades."""

    def __init__(self, upgrades: Upgrades) -> None:
        self._upgrades = upgrades

    async def upgrades(self) -> list[contract.Upgrade]:
        return await self._upgrades.all()

    async def releases(self) -> contract.Releases:
        return await self._upgrades.releases()

    async def upload_upgrade(self, body: AsyncIterator[bytes]) -> contract.Upgrade:
        return await self._upgrades.take(body)

    async def fetch_upgrade(self, body: FetchFrom) -> JobRef:
        return JobRef(job_id=await self._upgrades.fetch(body))

    async def delete_upgrade(self, name: str) -> None:
        await self._upgrades.remove(name)

    async def apply_upgrade(self, name: str) -> JobRef:
        return JobRef(job_id=await self._upgrades.apply(name))
