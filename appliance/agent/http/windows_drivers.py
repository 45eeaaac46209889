"""Routes of the drivers and programs for Windows."""

from __future__ import annotations

from collections.abc import AsyncIterator

from appliance.contract import windows_drivers as contract
from appliance.failover.drivers import Drivers


class WindowsDriversRoutes(contract.WindowsDriversApi):
    """Serves what Windows guests are prepared with."""

    def __init__(self, drivers: Drivers) -> None:
        self._drivers = drivers

    async def windows_drivers(self) -> list[contract.WindowsDrivers]:
        return await self._drivers.all()

    async def upload_windows_drivers(self, body: AsyncIterator[bytes]) -> contract.WindowsDrivers:
        return await self._drivers.take(body)

    async def delete_windows_drivers(self) -> None:
        await self._drivers.remove()

    async def windows_programs(self) -> list[contract.WindowsProgram]:
        return await self._drivers.programs.all()

    async def upload_windows_program(self, name: str, body: AsyncIterator[bytes]) -> contract.WindowsProgram:
        return await self._drivers.programs.take(name, body)

    async def delete_windows_program(self, name: str) -> None:
        await self._drivers.programs.remove(name)
