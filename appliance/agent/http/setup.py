"""Routes of the first set-up and the console's password."""

from __future__ import annotations

from appliance.agent.setup import Setup
from appliance.contract import setup as contract


class SetupRoutes(contract.SetupApi):
    """Serves the wizard's place and the console's password."""

    def __init__(self, setup: Setup) -> None:
        self._setup = setup

    async def setup(self) -> contract.Setup:
        return await self._setup.state()

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
