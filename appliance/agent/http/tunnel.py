"""Routes of the tunnel and its history."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from appliance.agent.log_lines import harmless
from appliance.contract import tunnel as contract
from appliance.tunnel.dialler import Dialler
from appliance.tunnel.models import Peer
from appliance.tunnel.oma_side import OmaSide
from appliance.tunnel.peers import Peers
from appliance.tunnel.tunnels import TunnelState

States = Callable[[], Awaitable[list[contract.TunnelState]]]


class TunnelRoutes(contract.TunnelApi):
    """Serves either appliance's tunnels; `states` tells how each one is."""

    def __init__(self, states: States, peers: Peers) -> None:
        self._states, self._peers = states, peers

    async def tunnel(self) -> list[contract.TunnelState]:
        return await self._states()

    async def tunnel_history(self, limit: int = 100) -> list[contract.TunnelChange]:
        events = [(peer, event) for peer in await self._peers.all() for event in await self._peers.history(peer.id, limit)]
        events.sort(key=lambda one: one[1].id, reverse=True)
        return [
            contract.TunnelChange(
                at=event.at,
                peer_id=peer.id,
                peer_name=peer.name,
                kind=event.kind,
                address=event.address,
                detail=harmless(event.detail),
            )
            for peer, event in events[:limit]
        ]


async def oma_tunnels(side: OmaSide) -> list[contract.TunnelState]:
    """How the tunnel of each paired VMA is."""
    return [state_view(peer, side.tunnels.state(peer.id)) for peer in await side.peers.all() if peer.state != "revoked"]


async def vma_tunnel(peers: Peers, dialler: Dialler) -> list[contract.TunnelState]:
    """How the tunnel to the OMA is; empty when there is none to be had."""
    oma = await peers.newest("oma")
    return [] if oma is None else [state_view(oma, dialler.state)]


def state_view(peer: Peer, state: TunnelState) -> contract.TunnelState:
    """A tunnel as operators see it; reasons may hold what a far side said."""
    return contract.TunnelState(
        peer_id=peer.id,
        peer_name=peer.name,
        up=state.up,
        since=state.since,
        address=state.address or peer.address,
        round_trip_ms=None if state.round_trip is None else round(state.round_trip * 1000, 2),
        answered_seconds_ago=None if state.answer_age is None else round(state.answer_age, 1),
        last_error=harmless(state.last_error),
    )
