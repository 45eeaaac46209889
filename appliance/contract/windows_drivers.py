"""The disc with the drivers for Windows that guests are prepared with; the operator brings it, for it may not be shipped."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime

from appliance.contract.api import Api, OperatorModel, route
from appliance.contract.roles import Role

UPLOAD_LIMIT = 3 << 29
"""1.5 GiB; the disc is half of that."""


class WindowsDrivers(OperatorModel):
    """A disc with drivers: what it calls itself, and the versions of Windows that it has drivers for, by its own names for them."""

    label: str
    systems: list[str]
    size_bytes: int
    created_at: datetime


class WindowsDriversApi(Api):
    """The drivers for Windows."""

    @route("GET", "/api/v1/windows-drivers")
    async def windows_drivers(self) -> list[WindowsDrivers]:
        """The disc with drivers for Windows that is on this appliance; none or one."""
        raise NotImplementedError

    @route("PUT", "/api/v1/windows-drivers", status=201, upload=UPLOAD_LIMIT, role=Role.ADMIN, costly=True)
    async def upload_windows_drivers(self, body: AsyncIterator[bytes]) -> WindowsDrivers:
        """Bring the disc with drivers for Windows (an ISO file) here; it takes the place of the one before."""
        raise NotImplementedError

    @route("DELETE", "/api/v1/windows-drivers", status=204, role=Role.ADMIN)
    async def delete_windows_drivers(self) -> None:
        """Remove the disc with drivers for Windows from this appliance."""
        raise NotImplementedError
