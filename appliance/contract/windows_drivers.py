"""What Windows guests are prepared with, a disc of drivers and small programs: the operator brings both, for they are not shipped."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime

from appliance.contract.api import Api, OperatorModel, route
from appliance.contract.roles import Role
from appliance.contract.types import FetchFrom, JobRef, KeptFile

UPLOAD_LIMIT = 3 << 29
"""1.5 GiB; the disc is half of that."""
PROGRAM_LIMIT = 4 << 20


class WindowsDrivers(OperatorModel):
    """A disc with drivers: what it calls itself, and the versions of Windows that it has drivers for, by its own names for them.

    `sha256` is to be compared with that of the disc which is trusted; empty for one that was brought before it was kept.
    """

    label: str
    systems: list[str]
    size_bytes: int
    created_at: datetime
    sha256: str = ""


class WindowsProgram(KeptFile):
    """A small program that is put into Windows guests. `rhsrvany.exe` or `pvvxsvc.exe` is needed, `pnp_wait.exe` is not."""


class WindowsDriversApi(Api):
    """The drivers and programs for Windows."""

    @route("GET", "/api/v1/windows-drivers")
    async def windows_drivers(self) -> list[WindowsDrivers]:
        """The disc with drivers for Windows that is on this appliance; none or one."""
        raise NotImplementedError

    @route("PUT", "/api/v1/windows-drivers", status=201, upload=UPLOAD_LIMIT, role=Role.ADMIN, costly=True)
    async def upload_windows_drivers(self, body: AsyncIterator[bytes]) -> WindowsDrivers:
        """Bring the disc with drivers for Windows (an ISO file) here; it takes the place of the one before."""
        raise NotImplementedError

    @route("POST", "/api/v1/windows-drivers/fetch", status=202, role=Role.ADMIN, costly=True)
    async def fetch_windows_drivers(self, body: FetchFrom) -> JobRef:
        """Fetch the disc with drivers for Windows from a web address; it takes the place of the one before."""
        raise NotImplementedError

    @route("DELETE", "/api/v1/windows-drivers", status=204, role=Role.ADMIN)
    async def delete_windows_drivers(self) -> None:
        """Remove the disc with drivers for Windows from this appliance."""
        raise NotImplementedError

    @route("GET", "/api/v1/windows-drivers/programs")
    async def windows_programs(self) -> list[WindowsProgram]:
        """The programs for Windows guests that were brought here."""
        raise NotImplementedError

    @route("PUT", "/api/v1/windows-drivers/programs/{name}", status=201, upload=PROGRAM_LIMIT, role=Role.ADMIN, costly=True)
    async def upload_windows_program(self, name: str, body: AsyncIterator[bytes]) -> WindowsProgram:
        """Bring a program for Windows guests here: rhsrvany.exe (or pvvxsvc.exe), without which none is prepared, or pnp_wait.exe."""
        raise NotImplementedError

    @route("POST", "/api/v1/windows-drivers/programs/{name}/fetch", status=202, role=Role.ADMIN, costly=True)
    async def fetch_windows_program(self, name: str, body: FetchFrom) -> JobRef:
        """Fetch a program for Windows guests from a web address; it takes the place of the one before."""
        raise NotImplementedError

    @route("DELETE", "/api/v1/windows-drivers/programs/{name}", status=204, role=Role.ADMIN)
    async def delete_windows_program(self, name: str) -> None:
        """Remove a program for Windows guests from this appliance."""
        raise NotImplementedError
