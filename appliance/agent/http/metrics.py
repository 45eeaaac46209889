"""Route of the figures for a monitoring system."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from appliance.agent.metrics import as_text, counted
from appliance.agent.version import VERSION
from appliance.contract import metrics as contract
from appliance.contract.status import Tunnel
from appliance.core.store import Store, utcnow


class MetricsRoutes(contract.MetricsApi):
    """Serves the figures. `tunnels` tells how each tunnel is; `connections` what came to the front door, if there is one."""

    def __init__(
        self,
        store: Store,
        role: str,
        tunnels: Callable[[], Awaitable[list[Tunnel]]],
        connections: Callable[[], Mapping[str, int]] = dict,
    ) -> None:
        self._store, self._role, self._tunnels, self._connections = store, role, tunnels, connections
        self._started_at = utcnow()

    async def metrics(self) -> str:
        tunnels = await self._tunnels()
        return as_text(await counted(self._store, self._role, VERSION, self._started_at, tunnels, self._connections()))
