"""Routes of VMware's library for reading disks."""

from __future__ import annotations

from collections.abc import AsyncIterator

from appliance.contract import disk_library as contract
from appliance.contract.types import FetchFrom, JobRef
from appliance.core.jobs import Runner
from appliance.vsphere.vddk import fetching
from appliance.vsphere.vddk.library import Library


class DiskLibraryRoutes(contract.DiskLibraryApi):
    """Serves the library."""

    def __init__(self, library: Library, runner: Runner) -> None:
        self._library, self._runner = library, runner

    async def disk_library(self) -> contract.DiskLibrary:
        return await self._library.state()

    async def upload_library(self, body: AsyncIterator[bytes]) -> contract.ReceivedLibrary:
        return await self._library.take(body)

    async def fetch_library(self, body: FetchFrom) -> JobRef:
        return JobRef(job_id=await self._runner.submit(fetching.KIND, body.model_dump()))

    async def accept_library(self, body: contract.AcceptLibrary) -> contract.DiskLibrary:
        return await self._library.accept(body.sha256)

    async def check_library(self) -> contract.DiskLibrary:
        return await self._library.check()

    async def delete_library(self) -> None:
        await self._library.delete()
