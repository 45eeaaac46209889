"""Routes of the console over SSH."""

from __future__ import annotations

from appliance.agent.remote_console.service import RemoteConsole
from appliance.contract import access as contract


class RemoteConsoleRoutes(contract.RemoteConsoleApi):
    """Serves whether the console is reachable over SSH."""

    def __init__(self, console: RemoteConsole) -> None:
        self._console = console

    async def remote_console(self) -> contract.RemoteConsole:
        return await self._console.state()

    async def set_remote_console(self, body: contract.SetRemoteConsole) -> contract.RemoteConsole:
        await self._console.set(body)
        return await self._console.state()
