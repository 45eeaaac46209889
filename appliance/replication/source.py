"""How the OMA reaches the source of a VM: the VMA that serves it, by its tunnel's reverse socket, and the login that it needs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

from pydantic import SecretStr

from appliance.contexts import VmContext
from appliance.contract.client import UNREACHABLE, Transport, client
from appliance.contract.errors import Fault
from appliance.contract.inventory import VCenterAccess
from appliance.contract.peer import VmaPeerApi
from appliance.replication.faults import NO_CREDENTIAL, SOURCE_UNPAIRED
from appliance.tunnel.peers import Peers
from appliance.vsphere.credentials import Credentials, Draft, VmwareCredential

ANSWER_LIMIT = 900.0
"""Seconds a VMA has for one answer: shutting a guest down takes minutes. A cut tunnel ends the call at once."""

LOOK_AGAIN = 1.0
"""Seconds in which a pairing is not looked up again."""


class _WayToPeer(Transport):
    """To a VMA that is waited for while it can't be reached, but not once its pairing is revoked: that is an answer."""

    def __init__(self, socket: Path, peers: Peers, peer_id: str) -> None:
        super().__init__(unix=str(socket), timeout=ANSWER_LIMIT)
        self._peers, self._peer_id = peers, peer_id
        self._looked_at, self._gone = -LOOK_AGAIN, False

    async def send(self, method: str, path: str, query: dict[str, str], body: bytes | AsyncIterator[bytes] | None) -> tuple[int, bytes]:
        try:
            return await super().send(method, path, query, body)
        except Fault as error:
            if error.key == UNREACHABLE.key and await self._is_gone():
                raise SOURCE_UNPAIRED(cause=f"peer {self._peer_id}") from error
            raise

    async def _is_gone(self) -> bool:
        """Asked for by every job that waits for the peer, and looked up for all of them now and then."""
        now = asyncio.get_running_loop().time()
        if now - self._looked_at >= LOOK_AGAIN:
            self._looked_at = now
            peer = await self._peers.find(self._peer_id)
            self._gone = peer is None or peer.state == "revoked"
        return self._gone


class Sources:
    """One client for each paired VMA."""

    def __init__(self, run_dir: Path, credentials: Credentials, peers: Peers) -> None:
        self._run_dir, self._credentials, self._peers = run_dir, credentials, peers
        self._transports: dict[str, Transport] = {}
        self._clients: dict[str, VmaPeerApi] = {}

    def vma(self, peer_id: str) -> VmaPeerApi:
        """The API of a VMA; its calls raise the Fault `peer.unreachable` while the tunnel is down, SOURCE_UNPAIRED once it is revoked."""
        if peer_id not in self._clients:
            socket = self._run_dir / "peers" / peer_id / "vma.sock"
            self._transports[peer_id] = _WayToPeer(socket, self._peers, peer_id)
            self._clients[peer_id] = client(VmaPeerApi, self._transports[peer_id])
        return self._clients[peer_id]

    async def access(self, context: VmContext) -> VCenterAccess:
        """The login for a VM's vCenter. Raises a Fault when there is none."""
        if context.credential_id is None:
            raise NO_CREDENTIAL(name=context.vm_name)
        return await self.login(context.credential_id)

    async def login(self, credential_id: int) -> VCenterAccess:
        """The login that a stored credential gives. Raises a Fault (404)."""
        return access_by(*await self._credentials.use(credential_id))

    async def close(self) -> None:
        """Close all connections."""
        for transport in self._transports.values():
            await transport.close()


def access_by(credential: VmwareCredential | Draft, password: str) -> VCenterAccess:
    """The login that a credential gives, stored or not."""
    return VCenterAccess(
        host=credential.vcenter_host,
        port=credential.vcenter_port,
        username=credential.username,
        password=SecretStr(password),
        fingerprint=credential.fingerprint,
        ca=credential.ca or "",
    )
