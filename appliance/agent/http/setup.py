"""Routes of the first set-up, what was given for it, and the console's password."""

from __future__ import annotations

from appliance.agent.provided.proposals import Proposals
from appliance.agent.setup import Setup
from appliance.contract import setup as contract
from appliance.contract.provided import Provided


class SetupRoutes(contract.SetupApi):
    """Serves the wizard's place and the console's password."""

    def __init__(self, setup: Setup, proposals: Proposals | None = None) -> None:
        self._setup, self._proposals = setup, proposals

    async def setup(self) -> contract.Setup:
        return await self._setup.state()

    async def provided(self) -> Provided:
        return Provided() if self._proposals is None else await self._proposals.current()

    async def set_stage(self, body: contract.SetStage) -> contract.Setup:
        await self._setup.set_stage(body.stage)
        return await self._setup.state()

    async def set_password(self, body: contract.SetPassword) -> contract.Setup:
        current = None if body.current is None else body.current.get_secret_value()
        await self._setup.set_password(current, body.new.get_secret_value())
        return await self._setup.state()

    async def unlock(self, body: contract.Unlock) -> contract.Setup:
        await self._setup.unlock(body.password.get_secret_value())
        return await self._setup.state()
