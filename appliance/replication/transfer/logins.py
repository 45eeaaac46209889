"""Logins to vCenter for running cycles: kept in memory only, asked for again after a restart."""

from __future__ import annotations

import asyncio
from contextlib import AbstractAsyncContextManager

from appliance.contract.inventory import VCenterAccess
from appliance.contract.peer import CopyPhase
from appliance.replication.transfer.board import Board
from appliance.vsphere.session import VCenter
from appliance.vsphere.visits import Visits


def vcenter_for(access: VCenterAccess) -> VCenter:
    """A session, not yet open, with the vCenter that `access` names."""
    return VCenter(
        access.host,
        access.username,
        access.password.get_secret_value(),
        port=access.port,
        thumbprint=access.fingerprint or None,
        ca=access.ca or None,
    )


class Logins:
    """One vCenter session for each running cycle, and short ones for single questions."""

    def __init__(self) -> None:
        self.visits = Visits()
        self._access: dict[str, asyncio.Future[VCenterAccess]] = {}
        self._open: dict[str, VCenter] = {}
        self._opening: dict[str, asyncio.Lock] = {}

    def session(self, access: VCenterAccess) -> AbstractAsyncContextManager[VCenter]:
        """A session for the time of a block."""
        return self.visits.session(vcenter_for(access))

    def give(self, job_id: str, access: VCenterAccess) -> None:
        """The login for a cycle has come."""
        expected = self._expected(job_id)
        if not expected.done():
            expected.set_result(access)

    async def vcenter(self, board: Board) -> VCenter:
        """The open session of a cycle; waits for the login, which the OMA sends when it sees that it is needed."""
        job_id = board.job_id
        async with self._opening.setdefault(job_id, asyncio.Lock()):
            if job_id not in self._open:
                self._open[job_id] = await self.visits.open(vcenter_for(await self._asked_for(board)))
            return self._open[job_id]

    async def close(self, job_id: str) -> None:
        """The cycle has ended: log out and forget the login."""
        self._access.pop(job_id, None)
        self._opening.pop(job_id, None)
        vcenter = self._open.pop(job_id, None)
        if vcenter is not None:
            await self.visits.close(vcenter)

    def _expected(self, job_id: str) -> asyncio.Future[VCenterAccess]:
        return self._access.setdefault(job_id, asyncio.get_running_loop().create_future())

    async def _asked_for(self, board: Board) -> VCenterAccess:
        expected = self._expected(board.job_id)
        if not expected.done():
            await board.tell(CopyPhase.NEEDS_ACCESS, "Waiting for the login to vCenter")
            await asyncio.shield(expected)
            await board.tell(CopyPhase.RUNNING)
        return expected.result()
