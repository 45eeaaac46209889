"""Routes of the appliance's own network."""

from __future__ import annotations

from appliance.contract import network as contract
from appliance.netconfig.control import NetworkControl
from appliance.netconfig.reach import probe


class NetworkRoutes(contract.NetworkApi):
    """Serves the network: what is, the trial, and questions to it."""

    def __init__(self, control: NetworkControl) -> None:
        self._control = control

    async def network(self) -> contract.Network:
        return await self._control.network()

    async def check_network(self, body: contract.NetworkPlan) -> list[contract.Finding]:
        return await self._control.check(body)

    async def try_network(self, body: contract.StartTrial) -> contract.Trial:
        return await self._control.start_trial(body)

    async def keep_network(self, body: contract.KeepTrial) -> contract.Network:
        return await self._control.keep(body.trial_id, anyway=body.anyway)

    async def revert_network(self, body: contract.TrialRef) -> contract.Network:
        return await self._control.revert(body.trial_id)

    async def probe_network(self, body: contract.Probe) -> contract.ProbeAnswer:
        return await probe(body)
