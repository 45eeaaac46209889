"""How the OMA reaches the source of a VM: the VMA that serves it, and the login it needs."""

from __future__ import annotations

from typing import Protocol

from appliance.contexts import VmContext
from appliance.contract.inventory import VCenterAccess
from appliance.contract.peer import VmaPeerApi


class SourceSite(Protocol):
    """Given by the agent, which knows tunnels and credentials."""

    def vma(self, peer_id: str) -> VmaPeerApi:
        """The API of a paired VMA; its calls raise the Fault `peer.unreachable` while the tunnel is down."""

    async def access(self, context: VmContext) -> VCenterAccess:
        """The login for a VM's vCenter. Raises a Fault when there is none."""

    async def login(self, credential_id: int) -> VCenterAccess:
        """The login that a stored credential gives. Raises a Fault (404)."""
