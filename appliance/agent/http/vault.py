"""Routes of the key that protects stored secrets."""

from __future__ import annotations

import asyncio

from appliance.contract import vault as contract
from appliance.contract.types import JobRef
from appliance.core import rotation
from appliance.core.jobs import Runner
from appliance.core.vault import Vault


class VaultRoutes(contract.VaultApi):
    """Serves the vault."""

    def __init__(self, vault: Vault, runner: Runner) -> None:
        self._vault, self._runner = vault, runner

    async def vault(self) -> contract.VaultState:
        made_at = await asyncio.to_thread(self._vault.key_made_at)
        return contract.VaultState(key_id=self._vault.key_id, made_at=made_at, has_old_keys=len(self._vault.key_ids) > 1)

    async def rotate_key(self) -> JobRef:
        return JobRef(job_id=await self._runner.submit(rotation.KIND, {}))
