"""Routes of failover and the ways back."""

from __future__ import annotations

from appliance.contract import failover as contract
from appliance.contract.types import JobRef
from appliance.failover import mappings, requests
from appliance.failover.deps import FailoverDeps


class FailoverRoutes(contract.FailoverApi):
    """Serves failovers."""

    def __init__(self, deps: FailoverDeps) -> None:
        self._deps = deps

    async def failover_test(self, body: contract.StartTest) -> JobRef:
        return await requests.start_test(self._deps, body)

    async def failover_live(self, body: contract.StartLive) -> JobRef:
        return await requests.start_live(self._deps, body)

    async def rollback(self, body: contract.StartRollback) -> JobRef:
        return await requests.start_rollback(self._deps, body)

    async def finalise(self, body: contract.StartFinalise) -> JobRef:
        return await requests.start_finalise(self._deps, body)

    async def cleanup(self, vm: str) -> JobRef:
        return await requests.start_cleanup(self._deps, vm)

    async def cleanup_failed(self, vm: str, body: contract.StartFailedCleanup) -> JobRef:
        return await requests.start_failed_cleanup(self._deps, vm, body)

    async def failover_job(self, job_id: str) -> contract.FailoverJob:
        return await requests.failover_job(self._deps, job_id)

    async def networks(self, vm: str) -> list[contract.NetworkMapping]:
        return await mappings.listed(self._deps.store, await requests.context_id(self._deps, vm))

    async def set_networks(self, vm: str, body: list[contract.NetworkMapping]) -> list[contract.NetworkMapping]:
        context_id, names = await requests.context_id(self._deps, vm), dict[str, str]()
        if body:
            config = await requests.config_of(self._deps, vm)
            existing = await mappings.existing(self._deps.clouds, config)
            names = {one.target_network_id: mappings.known(config, existing, one.target_network_id).name for one in body}
        return await mappings.replace(self._deps.store, context_id, body, names)
