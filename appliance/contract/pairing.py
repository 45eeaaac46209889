"""Pairing and peers."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import Field

from appliance.contract.api import Api, OperatorModel, route
from appliance.contract.roles import Role


class PairingCode(OperatorModel):
    """The one-time code that is shown now."""

    code: str
    expires_at: datetime


class Peer(OperatorModel):
    """A paired appliance."""

    id: str
    name: str
    role: str
    state: str
    connected: bool
    last_seen: datetime | None


class PeerName(OperatorModel):
    """A new name for a peer."""

    name: Annotated[str, Field(min_length=1, max_length=100)]


class Join(OperatorModel):
    """Where the OMA is, and the code that its console shows."""

    address: Annotated[str, Field(min_length=1, max_length=255)]
    port: Annotated[int, Field(ge=1, le=65535)] = 443
    code: Annotated[str, Field(min_length=1, max_length=64)]


class Pairing(OperatorModel):
    """The code that is shown now, if one is; and the appliance that paired with the last one. `seconds_left` is of the code."""

    code: str
    seconds_left: float
    tries_left: int
    addresses: list[str]
    paired: Peer | None


class PeersApi(Api):
    """The appliances this OMA is paired with."""

    @route("GET", "/api/v1/pairing", role=Role.ADMIN)
    async def pairing(self) -> Pairing:
        """How the pairing that is under way stands; with its code, which lets an appliance in."""
        raise NotImplementedError

    @route("POST", "/api/v1/pairing", status=201)
    async def show_code(self) -> PairingCode:
        """Make a new code and show it; an earlier one is void."""
        raise NotImplementedError

    @route("DELETE", "/api/v1/pairing", status=204)
    async def hide_code(self) -> None:
        """The code is no longer shown, and so no longer valid."""
        raise NotImplementedError

    @route("GET", "/api/v1/peers")
    async def peers(self) -> list[Peer]:
        """All paired appliances."""
        raise NotImplementedError

    @route("PUT", "/api/v1/peers/{peer_id}")
    async def name_peer(self, peer_id: str, body: PeerName) -> Peer:
        """Give a peer a name."""
        raise NotImplementedError

    @route("DELETE", "/api/v1/peers/{peer_id}", status=204)
    async def revoke_peer(self, peer_id: str) -> None:
        """End the pairing: tunnel, data sessions and their processes end at once."""
        raise NotImplementedError


class JoinApi(Api):
    """The VMA's side of pairing."""

    @route("GET", "/api/v1/pairing")
    async def joined(self) -> list[Peer]:
        """The OMA this VMA is paired with, or nothing."""
        raise NotImplementedError

    @route("POST", "/api/v1/pairing", status=201)
    async def join(self, body: Join) -> Peer:
        """Pair with the OMA whose code was typed."""
        raise NotImplementedError
