"""Routes of pairing and peers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from appliance.contract import pairing as contract
from appliance.tunnel.models import Peer
from appliance.tunnel.oma_side import OmaSide


class PeerRoutes(contract.PeersApi):
    """Serves the OMA's pairings."""

    def __init__(self, side: OmaSide, addresses: Callable[[], Awaitable[list[str]]]) -> None:
        self._side, self._addresses = side, addresses

    async def pairing(self) -> contract.Pairing:
        state = self._side.desk.state()
        paired = await self._side.peers.find(state.paired_id) if state.paired_id else None
        return contract.Pairing(
            code=state.code,
            seconds_left=state.seconds_left,
            tries_left=state.tries_left,
            addresses=await self._addresses(),
            paired=self._view(paired) if paired else None,
        )

    async def show_code(self) -> contract.PairingCode:
        shown = await self._side.desk.show()
        return contract.PairingCode(code=shown.code, expires_at=shown.expires_at)

    async def hide_code(self) -> None:
        await self._side.desk.hide()

    async def peers(self) -> list[contract.Peer]:
        return [self._view(peer) for peer in await self._side.peers.all()]

    async def name_peer(self, peer_id: str, body: contract.PeerName) -> contract.Peer:
        await self._side.peers.rename(peer_id, body.name)
        return self._view(await self._side.peers.get(peer_id))

    async def revoke_peer(self, peer_id: str) -> None:
        await self._side.peers.revoke(peer_id)

    def _view(self, peer: Peer) -> contract.Peer:
        return peer_view(peer, self._side.tunnels.state(peer.id).up)


def peer_view(peer: Peer, connected: bool) -> contract.Peer:
    """A peer as operators see it."""
    return contract.Peer(id=peer.id, name=peer.name, role=peer.role, state=peer.state, connected=connected, last_seen=peer.last_seen)
