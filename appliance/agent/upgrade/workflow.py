"""The job of an upgrade: check, put beside, change over. It ends in the release that is there afterwards, old or new."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from appliance.agent.upgrade.faults import UNDER_WAY
from appliance.core.jobs import Job, Run, Step, Workflow
from appliance.core.jobs.lifecycle import ENDED

if TYPE_CHECKING:
    from appliance.agent.upgrade.upgrades import Upgrades

KIND = "upgrade"
NAME, VERSION = "name", "version"
"""Parameters of the job: the file, and the version that it brings."""


class UpgradeStep(Step):
    """A step of an upgrade."""

    def __init__(self, upgrades: Upgrades) -> None:
        self._upgrades = upgrades


class Unpack(UpgradeStep):
    """Checks the file once more, all of it, while it is unpacked."""

    name, title = "unpack", "Putting the new release beside the running one"

    async def do(self, run: Run) -> None:
        await self._upgrades.unpack(run.params[NAME])

    async def undo(self, run: Run) -> None:
        await self._upgrades.remove_release(run.params[VERSION])


class ChangeOver(UpgradeStep):
    """Ends the agent; what is started next, and whether it stays, is decided from the state on disk."""

    name, title = "change-over", "Changing over to the new release"

    async def do(self, run: Run) -> None:
        if not await self._upgrades.is_decided(run.id, run.params[VERSION]):
            await self._upgrades.order(run.id, run.params[VERSION])
            await asyncio.Event().wait()  # until the agent ends

    async def undo(self, run: Run) -> None:
        await self._upgrades.take_back(run.id)


class ApplyUpgrade(Workflow):
    """One upgrade."""

    kind = KIND

    def __init__(self, upgrades: Upgrades) -> None:
        super().__init__([Unpack(upgrades), ChangeOver(upgrades)])
        self._upgrades = upgrades

    def title(self, job: Job) -> str:
        return f"Upgrade to version {job.params[VERSION]}"

    async def claim(self, session: AsyncSession, job: Job) -> None:
        others = select(Job.id).where(Job.kind == KIND, Job.status.not_in(ENDED), Job.id != job.id).limit(1)
        if await session.scalar(others) is not None:
            raise UNDER_WAY()
        await self._upgrades.require_free(session)
