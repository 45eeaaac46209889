"""Routes of health and status, and the description of the API."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from appliance.agent.version import VERSION
from appliance.contract import status as contract
from appliance.contract.api import Api
from appliance.contract.openapi import document
from appliance.tunnel.identity import Identity

Probe = Callable[[], Awaitable[contract.Part]]
ORDER = ("ok", "degraded", "failed")


class StatusRoutes(contract.StatusApi):
    """Serves health and status. `probes` has one question for each part; `tunnels` tells how each tunnel is."""

    def __init__(
        self,
        identity: Identity,
        name: str,
        probes: Mapping[str, Probe],
        tunnels: Callable[[], Awaitable[list[contract.Tunnel]]],
        apis: Sequence[type[Api]],
    ) -> None:
        self._identity, self._name, self._probes, self._tunnels = identity, name, probes, tunnels
        self._document = document(f"Migration appliance ({identity.role.upper()})", VERSION, apis)

    async def root_health(self) -> contract.Health:
        return await self.health()

    async def health(self) -> contract.Health:
        parts = {name: await probe() for name, probe in self._probes.items()}
        worst = max((part.state for part in parts.values()), key=ORDER.index, default="ok")
        return contract.Health(state=worst, parts=parts)

    async def status(self) -> contract.Status:
        return contract.Status(
            appliance_id=self._identity.id,
            name=self._name,
            role=self._identity.role,
            version=VERSION,
            certificate_fingerprint=self._identity.certificate_hash(),
            tunnels=await self._tunnels(),
        )

    async def openapi(self) -> dict[str, Any]:
        return self._document
