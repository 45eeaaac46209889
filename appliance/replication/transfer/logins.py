"""Logins to vCenter for running cycles: kept in memory only, asked for again after a restart or when vCenter refuses them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager

from appliance.contract.inventory import VCenterAccess
from appliance.contract.peer import CopyPhase
from appliance.replication.faults import NO_LOGIN
from appliance.replication.transfer.board import Board
from appliance.vsphere.faults import LOGIN_REFUSED
from appliance.vsphere.session import VCenter
from appliance.vsphere.visits import Visits

ASK_AFTER = 30.0
"""Seconds without the login after which the OMA is asked whether it still has a job that needs it."""

InVain = Callable[[str], Awaitable[str]]
"""Why the OMA will send no login for a job any more; empty while it may."""


ANSWER_LIMIT = 60.0
"""Seconds a vCenter has for one answer."""


def vcenter_for(access: VCenterAccess, timeout: float = ANSWER_LIMIT) -> VCenter:
    """A session, not yet open, with the vCenter that `access` names; `timeout` in seconds for each answer."""
    return VCenter(
        access.host,
        access.username,
        access.password.get_secret_value(),
        port=access.port,
        thumbprint=access.fingerprint or None,
        ca=access.ca or None,
        timeout=timeout,
    )


class Logins:
    """One vCenter session for each running cycle, and short ones for single questions. `in_vain` ends a wait for a login."""

    def __init__(self, in_vain: InVain | None = None) -> None:
        self.visits = Visits()
        self._in_vain = in_vain or _never
        self._access: dict[str, asyncio.Future[VCenterAccess]] = {}
        self._refused: dict[str, VCenterAccess] = {}
        self._given_up: dict[str, str] = {}
        self._open: dict[str, VCenter] = {}
        self._opening: dict[str, asyncio.Lock] = {}

    def session(self, access: VCenterAccess, timeout: float = ANSWER_LIMIT) -> AbstractAsyncContextManager[VCenter]:
        """A session for the time of a block; `timeout` in seconds for each answer."""
        return self.visits.session(vcenter_for(access, timeout))

    def give(self, job_id: str, access: VCenterAccess) -> None:
        """The login for a cycle has come."""
        self._given_up.pop(job_id, None)
        expected = self._expected(job_id)
        if not expected.done():
            expected.set_result(access)

    async def vcenter(self, board: Board) -> VCenter:
        """The open session of a cycle; waits for the login, which the OMA sends when it sees that it is needed.

        Raises NO_LOGIN once the OMA has no job any more that would send it, LOGIN_REFUSED when it sends the one that was refused.
        """
        job_id = board.job_id
        async with self._opening.setdefault(job_id, asyncio.Lock()):
            if job_id not in self._open:
                access = await self._asked_for(board)
                if access == self._refused.get(job_id):
                    raise LOGIN_REFUSED(host=access.host, cause="the other side has no other login")
                self._open[job_id] = await self.visits.open(vcenter_for(access))
            return self._open[job_id]

    async def renew(self, job_id: str) -> bool:
        """vCenter refused the login: forget it, so that another one is asked for. False where that was done before."""
        if job_id in self._refused:
            return False
        async with self._opening.setdefault(job_id, asyncio.Lock()):
            expected = self._access.pop(job_id, None)
            if expected is None or not expected.done():
                return False
            self._refused[job_id] = expected.result()
            await self._log_out(job_id)
        return True

    async def close(self, job_id: str) -> None:
        """The cycle has ended: log out and forget the login."""
        for kept in (self._access, self._opening, self._refused, self._given_up):
            kept.pop(job_id, None)
        await self._log_out(job_id)

    async def _log_out(self, job_id: str) -> None:
        vcenter = self._open.pop(job_id, None)
        if vcenter is not None:
            await self.visits.close(vcenter)

    def _expected(self, job_id: str) -> asyncio.Future[VCenterAccess]:
        return self._access.setdefault(job_id, asyncio.get_running_loop().create_future())

    async def _asked_for(self, board: Board) -> VCenterAccess:
        expected = self._expected(board.job_id)
        if not expected.done():
            await board.tell(CopyPhase.NEEDS_ACCESS, "Waiting for the login to vCenter")
            await self._come(board.job_id, expected)
            await board.tell(CopyPhase.RUNNING)
        return expected.result()

    async def _come(self, job_id: str, expected: asyncio.Future[VCenterAccess]) -> None:
        while not expected.done():
            if why := self._given_up.get(job_id):
                raise NO_LOGIN(cause=why)
            await asyncio.wait([expected], timeout=ASK_AFTER)
            if not expected.done() and (why := await self._in_vain(job_id)):
                self._given_up[job_id] = why


async def _never(_: str) -> str:
    return ""
