"""Upgrades: the files that were brought here, and what became of the last one that was applied."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime
from enum import StrEnum

from appliance.contract.api import Api, OperatorModel, route
from appliance.contract.roles import Role
from appliance.contract.types import FetchFrom, JobRef

UPLOAD_LIMIT = 1 << 29


class Upgrade(OperatorModel):
    """An upgrade file that is kept on the appliance. `flaw` says why it can't be applied here now; empty where it can."""

    name: str
    version: str
    made_at: datetime
    size_bytes: int
    created_at: datetime
    flaw: str = ""


class UpgradeOutcome(StrEnum):
    """How an upgrade stands: `returned` is the former release, taken up again by itself."""

    UNDER_WAY = "under_way"
    KEPT = "kept"
    RETURNED = "returned"


class LastUpgrade(OperatorModel):
    """The upgrade that was applied last. `reason` says why the former release came back, or one that is not well had to stay."""

    from_version: str
    to_version: str
    outcome: UpgradeOutcome
    begun_at: datetime
    reason: str = ""


class Releases(OperatorModel):
    """The release that runs, the former one that is kept beside it (empty where there is none), and the last upgrade."""

    version: str
    former: str
    last: LastUpgrade | None


class UpgradesApi(Api):
    """Upgrades of the appliance's own code and records."""

    @route("GET", "/api/v1/upgrades")
    async def upgrades(self) -> list[Upgrade]:
        """The upgrade files on this appliance, newest first; three are kept."""
        raise NotImplementedError

    @route("GET", "/api/v1/upgrades/releases")
    async def releases(self) -> Releases:
        """Which release runs, and what became of the last upgrade."""
        raise NotImplementedError

    @route("PUT", "/api/v1/upgrades", status=201, upload=UPLOAD_LIMIT, role=Role.ADMIN, costly=True)
    async def upload_upgrade(self, body: AsyncIterator[bytes]) -> Upgrade:
        """Bring an upgrade file here; it is kept if the vendor has signed it and all of it is there."""
        raise NotImplementedError

    @route("POST", "/api/v1/upgrades/fetch", status=202, role=Role.ADMIN, costly=True)
    async def fetch_upgrade(self, body: FetchFrom) -> JobRef:
        """Fetch an upgrade file from a web address; it is kept if the vendor has signed it and all of it is there."""
        raise NotImplementedError

    @route("DELETE", "/api/v1/upgrades/{name}", status=204, role=Role.ADMIN)
    async def delete_upgrade(self, name: str) -> None:
        """Remove an upgrade file from this appliance."""
        raise NotImplementedError

    @route("POST", "/api/v1/upgrades/{name}/apply", status=202, role=Role.ADMIN, costly=True)
    async def apply_upgrade(self, name: str) -> JobRef:
        """Put the new release beside the running one and change over; the former one comes back by itself if the new one is not well."""
        raise NotImplementedError
