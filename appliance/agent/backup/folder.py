"""The folder of back-ups."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from appliance.agent.backup.archive import Manifest
from appliance.agent.backup.sealing import BEGINNING, require_sealed
from appliance.agent.kept_files import KeptFiles
from appliance.contract.backups import Backup
from appliance.core import durable

KEPT = 5


class Folder(KeptFiles[Backup]):
    """Sealed back-ups."""

    BEGINS, ENDS, DESCRIBED = "backup", ".age", Backup

    @classmethod
    def made_by(cls, job_id: str, manifest: Manifest) -> str:
        """The name of the back-up that a job makes (pure)."""
        return cls.named(manifest.role, manifest.appliance, datetime.fromisoformat(manifest.made_at), job_id[-6:])

    def put(self, name: str, sealed: bytes) -> Backup:
        """Keep a back-up; it is there whole or not at all. Raises OSError."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        durable.replace(self.folder / name, sealed)
        self.thin_out(name)
        return self.described(self.folder / name)

    def take(self, path: Path, name: str) -> Backup:
        """Keep a file that was received into this folder, if it begins as a back-up. Raises a Fault (`backup.unreadable`)."""
        with path.open("rb") as file:
            require_sealed(file.read(len(BEGINNING)))
        path.replace(self.folder / name)
        durable.sync(self.folder)
        self.thin_out(name)
        return self.described(self.folder / name)

    def forget(self, name: str) -> None:
        """Remove whatever a job made."""
        for path in (self.folder / name, durable.draft_of(self.folder / name)):
            path.unlink(missing_ok=True)

    def remove(self, name: str) -> bool:
        """Remove a back-up; whether there was one."""
        found = self.found(name)
        if found is not None:
            found.unlink(missing_ok=True)
        return found is not None
