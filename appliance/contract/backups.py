"""Back-ups of the appliance's records, and whether those are sound."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated

from pydantic import Field

from appliance.contract.api import FILE, Api, OperatorModel, route
from appliance.contract.checks import Check
from appliance.contract.roles import Role
from appliance.contract.types import FetchFrom, JobRef, KeptFile, Secret, SendTo

UPLOAD_LIMIT = 1 << 28
Passphrase = Annotated[Secret, Field(min_length=12, max_length=500)]


class Backup(KeptFile):
    """A back-up that is kept on the appliance; a file in the format of age, sealed with its passphrase."""


class AskBackup(OperatorModel):
    """The passphrase that seals the back-up, or opens it. The appliance does not keep it."""

    passphrase: Passphrase


class BackupsApi(Api):
    """Back-ups of records, keys and identity; the way back; the check of the records."""

    @route("POST", "/api/v1/backups", status=202, role=Role.ADMIN, costly=True)
    async def make_backup(self, body: AskBackup) -> JobRef:
        """Make a back-up; the five newest are kept."""
        raise NotImplementedError

    @route("GET", "/api/v1/backups")
    async def backups(self) -> list[Backup]:
        """The back-ups on this appliance, newest first."""
        raise NotImplementedError

    @route("PUT", "/api/v1/backups", status=201, upload=UPLOAD_LIMIT, role=Role.ADMIN, costly=True)
    async def upload_backup(self, body: AsyncIterator[bytes]) -> Backup:
        """Bring a back-up here that was made elsewhere, or earlier."""
        raise NotImplementedError

    @route("POST", "/api/v1/backups/fetch", status=202, role=Role.ADMIN, costly=True)
    async def fetch_backup(self, body: FetchFrom) -> JobRef:
        """Fetch a back-up from a web address, one that was made elsewhere, or earlier."""
        raise NotImplementedError

    @route("GET", "/api/v1/backups/{name}", media=FILE, role=Role.ADMIN)
    async def backup(self, name: str) -> bytes:
        """One back-up, to be saved as a file."""
        raise NotImplementedError

    @route("POST", "/api/v1/backups/{name}/send", status=202, role=Role.ADMIN, costly=True)
    async def send_backup(self, name: str, body: SendTo) -> JobRef:
        """Send a back-up to an https address, to be kept there."""
        raise NotImplementedError

    @route("DELETE", "/api/v1/backups/{name}", status=204, role=Role.ADMIN)
    async def delete_backup(self, name: str) -> None:
        """Remove a back-up from this appliance."""
        raise NotImplementedError

    @route("POST", "/api/v1/backups/{name}/restore", status=202, role=Role.ADMIN, costly=True)
    async def restore_backup(self, name: str, body: AskBackup) -> None:
        """Replace records, keys and identity by those of a back-up; the agent starts anew. What was before is kept beside them."""
        raise NotImplementedError

    @route("POST", "/api/v1/database/integrity", asks=True, costly=True)
    async def check_database(self) -> list[Check]:
        """Look whether the records are sound: the database, references between rows, secrets."""
        raise NotImplementedError
