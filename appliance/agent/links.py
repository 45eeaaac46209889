"""How the link to a paired appliance is, for those who look before they do something."""

from __future__ import annotations

from appliance.agent.version import VERSION
from appliance.preflight.facts import Link
from appliance.tunnel.oma_side import OmaSide


async def link_of(side: OmaSide, peer_id: str) -> Link:
    """The pairing as it is recorded, and the tunnel as it is now."""
    peer, tunnel = await side.peers.find(peer_id), side.tunnels.state(peer_id)
    if peer is None:
        return Link(peer_id, "", False)
    return Link(peer.name, peer.state, tunnel.up, tunnel.version if tunnel.up else None, peer.version, VERSION)
