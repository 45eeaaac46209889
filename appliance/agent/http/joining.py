"""The VMA's route of pairing."""

from __future__ import annotations

from appliance.agent.http.peers import peer_view
from appliance.contract import pairing as contract
from appliance.tunnel.dialler import Dialler
from appliance.tunnel.identity import Identity
from appliance.tunnel.pair_client import pair
from appliance.tunnel.peers import Peers


class JoinRoutes(contract.JoinApi):
    """Serves the VMA's side of pairing."""

    def __init__(self, identity: Identity, peers: Peers, dialler: Dialler, name: str, version: str) -> None:
        self._identity, self._peers, self._dialler, self._name, self._version = identity, peers, dialler, name, version

    async def joined(self) -> list[contract.Peer]:
        oma = await self._peers.newest("oma")
        return [peer_view(oma, self._dialler.state.up)] if oma else []

    async def join(self, body: contract.Join) -> contract.Peer:
        address = body.address.removeprefix("[").removesuffix("]")  # as one of IPv6 is written before a port
        paired = await pair(address, body.port, body.code, self._identity, self._peers, name=self._name, version=self._version)
        self._dialler.dial_now()
        return peer_view(await self._peers.get(paired.id), self._dialler.state.up)
