"""Routes of back-ups and of the check of the records."""

from __future__ import annotations

from collections.abc import AsyncIterator

from appliance.agent.backup.backups import Backups
from appliance.contract import backups as contract
from appliance.contract.checks import Check
from appliance.contract.types import FetchFrom, JobRef, SendTo


class BackupRoutes(contract.BackupsApi):
    """Serves back-ups."""

    def __init__(self, backups: Backups) -> None:
        self._backups = backups

    async def make_backup(self, body: contract.AskBackup) -> JobRef:
        return JobRef(job_id=await self._backups.make(body.passphrase.get_secret_value()))

    async def backups(self) -> list[contract.Backup]:
        return await self._backups.all()

    async def upload_backup(self, body: AsyncIterator[bytes]) -> contract.Backup:
        return await self._backups.take(body)

    async def fetch_backup(self, body: FetchFrom) -> JobRef:
        return JobRef(job_id=await self._backups.fetch(body))

    async def backup(self, name: str) -> bytes:
        return await self._backups.read(name)

    async def send_backup(self, name: str, body: SendTo) -> JobRef:
        return JobRef(job_id=await self._backups.send(name, body))

    async def delete_backup(self, name: str) -> None:
        await self._backups.remove(name)

    async def restore_backup(self, name: str, body: contract.AskBackup) -> None:
        await self._backups.restore(name, body.passphrase.get_secret_value())

    async def check_database(self) -> list[Check]:
        return await self._backups.check()
