"""Which vCenters were worked with since the agent's start: in memory only, and never with a password."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime

from appliance.contract.errors import Fault
from appliance.core.store import utcnow
from appliance.vsphere.certificate import fingerprint_of, shown
from appliance.vsphere.session import VCenter


@dataclass
class Visited:
    """One vCenter as one user: the sessions that are open now, when the last was used, and why it could not be talked to last."""

    host: str
    port: int
    username: str
    fingerprint: str = ""
    open: list[VCenter] = field(default_factory=list)
    left_at: datetime | None = None
    left_with: str = ""

    @property
    def last_used(self) -> datetime | None:
        """Now, while a session is open."""
        return utcnow() if self.open else self.left_at

    @property
    def last_error(self) -> str:
        """Empty when the last word with it was a good one."""
        return next((one.problem for one in self.open if one.problem), "") if self.open else self.left_with


class Visits:
    """Every session is opened and closed through here."""

    def __init__(self) -> None:
        self._visited: dict[tuple[str, int, str], Visited] = {}

    async def open(self, vcenter: VCenter) -> VCenter:
        """Connect a session that `close` ends. Raises the Faults of `VCenter.connect`; then it is closed already."""
        visited = self._of(vcenter)
        try:
            await vcenter.connect()
        except BaseException as error:
            visited.left_at, visited.left_with = utcnow(), error.message if isinstance(error, Fault) else visited.left_with
            await vcenter.close()
            raise
        visited.fingerprint = shown(fingerprint_of(vcenter.certificate))
        visited.open.append(vcenter)
        return vcenter

    async def close(self, vcenter: VCenter) -> None:
        """Log out."""
        visited = self._of(vcenter)
        visited.left_at, visited.left_with = utcnow(), vcenter.problem
        if vcenter in visited.open:
            visited.open.remove(vcenter)
        await vcenter.close()

    @asynccontextmanager
    async def session(self, vcenter: VCenter) -> AsyncIterator[VCenter]:
        """A session for the time of the block."""
        await self.open(vcenter)
        try:
            yield vcenter
        finally:
            await self.close(vcenter)

    def all(self) -> list[Visited]:
        """By host, port and user."""
        return [self._visited[key] for key in sorted(self._visited)]

    def _of(self, vcenter: VCenter) -> Visited:
        key = (vcenter.host, vcenter.port, vcenter.username)
        return self._visited.setdefault(key, Visited(*key))
