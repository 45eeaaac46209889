"""VMware's library for reading disks: the operator brings it, for it may not be shipped with the appliance."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from appliance.contract.api import Api, OperatorModel, route
from appliance.contract.roles import Role
from appliance.contract.types import FetchFrom, JobRef

UPLOAD_LIMIT = 256 << 20
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class Reader(StrEnum):
    """What a disk is read with: VMware's library, or HTTPS."""

    LIBRARY = "library"
    HTTPS = "https"


class ReceivedLibrary(OperatorModel):
    """An archive that was checked and waits to be accepted. Compare its digest with the vendor's."""

    version: str
    size_bytes: int
    sha256: str
    received_at: datetime


class InstalledLibrary(OperatorModel):
    """The library that is installed. `problem` says why disks are not read with it now; empty when they are."""

    version: str
    size_bytes: int
    sha256: str
    installed_at: datetime
    problem: str = ""


class DiskLibrary(OperatorModel):
    """What disks are read with from now on, and why. `supported`: this appliance's image can load the library at all."""

    reader: Reader
    supported: bool
    installed: InstalledLibrary | None
    received: ReceivedLibrary | None


class AcceptLibrary(OperatorModel):
    """The digest of the archive that is meant, and the operator's statement: "I have the right to use this library here"."""

    sha256: Sha256
    licensed: Literal[True]


class DiskLibraryApi(Api):
    """VMware's library for reading disks, on the VMA."""

    @route("GET", "/api/v1/disk-library")
    async def disk_library(self) -> DiskLibrary:
        """What disks are read with, the library that is installed, and the archive that waits to be accepted."""
        raise NotImplementedError

    @route("PUT", "/api/v1/disk-library", status=201, upload=UPLOAD_LIMIT, role=Role.ADMIN, costly=True)
    async def upload_library(self, body: AsyncIterator[bytes]) -> ReceivedLibrary:
        """Bring the vendor's archive here; it is checked, and waits to be accepted."""
        raise NotImplementedError

    @route("POST", "/api/v1/disk-library/fetch", status=202, role=Role.ADMIN, costly=True)
    async def fetch_library(self, body: FetchFrom) -> JobRef:
        """Fetch the archive from a web address; it is checked, and waits to be accepted."""
        raise NotImplementedError

    @route("POST", "/api/v1/disk-library/accept", role=Role.ADMIN, costly=True)
    async def accept_library(self, body: AcceptLibrary) -> DiskLibrary:
        """Install the archive that waits, if the library in it can be loaded; it takes the place of an earlier one."""
        raise NotImplementedError

    @route("POST", "/api/v1/disk-library/check", role=Role.ADMIN, costly=True)
    async def check_library(self) -> DiskLibrary:
        """Look again whether the installed library can be loaded."""
        raise NotImplementedError

    @route("DELETE", "/api/v1/disk-library", status=204, role=Role.ADMIN)
    async def delete_library(self) -> None:
        """Remove the library and an archive that waits. Disks are read by HTTPS from then on; copies under way go on so, too."""
        raise NotImplementedError
