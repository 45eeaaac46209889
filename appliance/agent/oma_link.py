"""The OMA as a VMA reaches it: the dialler's local socket, and the front door for data."""

from __future__ import annotations

import asyncio
from pathlib import Path

from appliance.contract.client import UNREACHABLE, Transport, client
from appliance.contract.peer import OmaPeerApi
from appliance.tunnel.dialler import Dialler
from appliance.tunnel.peers import Peers

LOOK_AGAIN = 5.0
"""Seconds between two looks at a tunnel that is down; it dials by itself meanwhile."""


class TunnelLink:
    """What a running transfer needs of the tunnel."""

    def __init__(self, dialler: Dialler, peers: Peers) -> None:
        self._dialler, self._peers = dialler, peers
        self._transport = Transport(unix=str(dialler.peer_api_path), timeout=60.0)
        self._oma = client(OmaPeerApi, self._transport)

    @property
    def oma(self) -> OmaPeerApi:
        """The OMA's peer API; its calls raise the Fault `peer.unreachable` while the tunnel is down."""
        return self._oma

    async def front_door(self) -> tuple[str, int]:
        """Host and port of the OMA's one open port. Raises a Fault when this VMA is not paired."""
        oma = await self._peers.newest("oma")
        if oma is None:
            raise UNREACHABLE(cause="not paired")
        return oma.address, oma.port

    async def wait_up(self) -> None:
        """Return when the tunnel is up."""
        while not self._dialler.state.up:
            try:
                await self._dialler.wait_up(LOOK_AGAIN)
            except TimeoutError:
                await asyncio.sleep(0)

    async def open_data_path(self, session_id: str) -> Path:
        """A local socket that leads to one's own data session through the tunnel."""
        return await self._dialler.open_data_path(session_id)

    async def close_data_path(self, session_id: str) -> None:
        """Close it again."""
        await self._dialler.close_data_path(session_id)

    async def close(self) -> None:
        """Close the connections."""
        await self._transport.close()
