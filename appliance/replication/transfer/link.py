"""The way to the OMA as a cycle needs it."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from appliance.contract.peer import OmaPeerApi


class OmaLink(Protocol):
    """Given by the agent, which knows the tunnel. `oma` raises the Fault `peer.unreachable` while it is down."""

    @property
    def oma(self) -> OmaPeerApi:
        """The OMA's peer API."""

    async def front_door(self) -> tuple[str, int]:
        """Host and port of the OMA's one open port."""

    async def wait_up(self) -> None:
        """Return when the tunnel is up."""

    async def open_data_path(self, session_id: str) -> Path:
        """A local socket that leads to one's own data session through the tunnel, where nothing else passes."""

    async def close_data_path(self, session_id: str) -> None:
        """Close it again."""
