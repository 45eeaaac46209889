"""Routes of reconciliation."""

from __future__ import annotations

from appliance.agent.reconciler.jobs import HEAL, LOOK, last_look
from appliance.contract import reconciliation as contract
from appliance.contract.types import JobRef
from appliance.core.jobs import Runner
from appliance.core.store import Store


class ReconciliationRoutes(contract.ReconciliationApi):
    """Serves the reconciler."""

    def __init__(self, store: Store, runner: Runner) -> None:
        self._store, self._runner = store, runner

    async def reconciliation(self) -> contract.Reconciliation:
        return await last_look(self._store)

    async def look(self) -> JobRef:
        return JobRef(job_id=await self._runner.submit(LOOK, {}))

    async def heal(self, body: contract.Heal) -> JobRef:
        chosen = list(dict.fromkeys(body.findings))
        return JobRef(job_id=await self._runner.submit(HEAL, {"findings": chosen}))
