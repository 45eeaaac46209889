"""Routes of health and status, and the description of the API."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

from appliance.agent.failures import last
from appliance.agent.http.views import failure_view
from appliance.agent.version import VERSION
from appliance.contract import status as contract
from appliance.contract.api import Api
from appliance.contract.openapi import document
from appliance.core.store import Store, utcnow
from appliance.tunnel.identity import Identity

Probe = Callable[[], Awaitable[contract.Part]]
ORDER = ("ok", "degraded", "failed")


@dataclass(frozen=True)
class Facts:
    """Whom and what the status asks. `tunnels` tells how each tunnel is; `port` is that of the operators' web address, if there is one."""

    store: Store
    addresses: Callable[[], Awaitable[list[str]]]
    tunnels: Callable[[], Awaitable[list[contract.Tunnel]]]
    port: Callable[[], int] | None = None


class StatusRoutes(contract.StatusApi):
    """Serves health and status. `probes` has one question for each part."""

    def __init__(self, identity: Identity, name: str, probes: Mapping[str, Probe], facts: Facts, apis: Sequence[type[Api]]) -> None:
        self._identity, self._name, self._probes, self._facts = identity, name, probes, facts
        self._fingerprint, self._started_at = identity.certificate_hash(), utcnow()
        self._document = cache(partial(document, f"Migration appliance ({identity.role.upper()})", VERSION, apis))

    async def root_health(self) -> contract.Health:
        return await self.health()

    async def health(self) -> contract.Health:
        parts = {name: await probe() for name, probe in self._probes.items()}
        worst = max((part.state for part in parts.values()), key=ORDER.index, default="ok")
        return contract.Health(state=worst, parts=parts)

    async def status(self) -> contract.Status:
        addresses = await self._facts.addresses()
        async with self._facts.store.session() as session:
            failed = await last(session)
        return contract.Status(
            appliance_id=self._identity.id,
            name=self._name,
            role=self._identity.role,
            version=VERSION,
            host_name=socket.gethostname(),
            addresses=addresses,
            url=web_address(addresses, self._facts.port()) if self._facts.port else "",
            certificate_fingerprint=self._fingerprint,
            boot_id=self._identity.boot_id,
            started_at=self._started_at,
            tunnels=await self._facts.tunnels(),
            last_failure=failure_view(failed),
        )

    async def described(self) -> dict[str, object]:
        """How the appliance is, for the support bundle."""
        return {"health": await self.health(), "status": await self.status()}

    async def openapi(self) -> dict[str, Any]:
        """Made when it is asked for first: it takes as long as a seventh of the agent's start."""
        return await asyncio.to_thread(self._document)


def web_address(addresses: Sequence[str], port: int) -> str:
    """Where a browser finds the appliance, empty while it has no address (pure)."""
    if not addresses:
        return ""
    host = f"[{addresses[0]}]" if ":" in addresses[0] else addresses[0]
    return f"https://{host}/" if port == 443 else f"https://{host}:{port}/"
