"""Routes of the drivers and programs for Windows."""

from __future__ import annotations

from collections.abc import AsyncIterator

from appliance.contract import windows_drivers as contract
from appliance.contract.types import FetchFrom, JobRef
from appliance.core.jobs import Runner
from appliance.failover import fetching
from appliance.failover.drivers import Drivers


class WindowsDriversRoutes(contract.WindowsDriversApi):
    """Serves what Windows guests are prepared with."""

    def __init__(self, drivers: Drivers, runner: Runner) -> None:
        self._drivers, self._runner = drivers, runner

    async def windows_drivers(self) -> list[contract.WindowsDrivers]:
        return await self._drivers.all()

    async def upload_windows_drivers(self, body: AsyncIterator[bytes]) -> contract.WindowsDrivers:
        return await self._drivers.take(body)

    async def fetch_windows_drivers(self, body: FetchFrom) -> JobRef:
        return JobRef(job_id=await self._runner.submit(fetching.DISC, body.model_dump()))

    async def delete_windows_drivers(self) -> None:
        await self._drivers.remove()

    async def windows_programs(self) -> list[contract.WindowsProgram]:
        return await self._drivers.programs.all()

    async def upload_windows_program(self, name: str, body: AsyncIterator[bytes]) -> contract.WindowsProgram:
        return await self._drivers.programs.take(name, body)

    async def fetch_windows_program(self, name: str, body: FetchFrom) -> JobRef:
        return JobRef(job_id=await self._runner.submit(fetching.kind_of(name), body.model_dump()))

    async def delete_windows_program(self, name: str) -> None:
        await self._drivers.programs.remove(name)
