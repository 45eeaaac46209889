"""What vCenter refuses with an old login is done again with the login of today."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from appliance.contract.errors import Fault
from appliance.core.jobs import Run, Step
from appliance.replication.transfer.logins import Logins
from appliance.vsphere.faults import LOGIN_REFUSED


class WithFreshLogin(Step):
    """A step that is done once more with the login of today when vCenter refuses the one of the cycle's start."""

    def __init__(self, step: Step, logins: Logins) -> None:
        self.name, self.title = step.name, step.title
        self._step, self._logins = step, logins

    async def do(self, run: Run) -> None:
        await self._twice(run, self._step.do)

    async def undo(self, run: Run) -> None:
        await self._twice(run, self._step.undo)

    async def _twice(self, run: Run, work: Callable[[Run], Awaitable[None]]) -> None:
        try:
            await work(run)
        except Fault as error:
            if error.key != LOGIN_REFUSED.key or not await self._logins.renew(run.id):
                raise
            await run.log("vCenter refused the login; the other side is asked for the one it has now.", level="warning", cause=error.cause)
            await work(run)
