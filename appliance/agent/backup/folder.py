"""The folder of back-ups."""

from __future__ import annotations

from appliance.agent.kept_files import KeptFiles
from appliance.contract.backups import Backup
from appliance.core import durable

KEPT = 5


class Folder(KeptFiles[Backup]):
    """Sealed back-ups."""

    BEGINS, ENDS, DESCRIBED = "backup", ".age", Backup

    def put(self, name: str, sealed: bytes) -> Backup:
        """Keep a back-up; it is there whole or not at all. Raises OSError."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        durable.replace(self.folder / name, sealed)
        self.thin_out(name)
        return self.described(self.folder / name)

    def remove(self, name: str) -> bool:
        """Remove a back-up; whether there was one."""
        found = self.found(name)
        if found is not None:
            found.unlink(missing_ok=True)
        return found is not None
