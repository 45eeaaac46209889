"""The tunnel between the appliances, and its history."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import Field

from appliance.contract.api import Api, OperatorModel, route


class TunnelChange(OperatorModel):
    """One up, down, hold or release of a tunnel."""

    at: datetime
    peer_id: str
    peer_name: str
    kind: str
    address: str
    detail: str


class TunnelState(OperatorModel):
    """A tunnel as it is now. `round_trip_ms` is of the last question that was answered, `answered_seconds_ago` its age."""

    peer_id: str
    peer_name: str
    up: bool
    since: datetime | None
    address: str
    round_trip_ms: float | None
    answered_seconds_ago: float | None
    last_error: str


class TunnelApi(Api):
    """The tunnels of this appliance."""

    @route("GET", "/api/v1/tunnel")
    async def tunnel(self) -> list[TunnelState]:
        """Each tunnel as it is now."""
        raise NotImplementedError

    @route("GET", "/api/v1/tunnel/history")
    async def tunnel_history(self, limit: Annotated[int, Field(ge=1, le=500)] = 100) -> list[TunnelChange]:
        """Ups and downs, newest first."""
        raise NotImplementedError
