"""The folder of back-ups; every call reads or writes files."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
from datetime import UTC, datetime
from pathlib import Path

from appliance.contract.backups import Backup
from appliance.core import durable

KEPT = 5
SUFFIX = ".age"


def backup_name(role: str, appliance: str, at: datetime, tail: str) -> str:
    """The name of a back-up, of harmless characters (pure)."""
    plain = re.sub(r"[^A-Za-z0-9]+", "-", appliance).strip("-")
    return f"backup-{role}-{plain}-{at:%Y%m%d-%H%M%S}-{tail}{SUFFIX}"


class Folder:
    """Sealed back-ups; the newest `kept` stay."""

    def __init__(self, path: Path) -> None:
        self.path, self.kept = path, KEPT

    def put(self, name: str, sealed: bytes) -> Backup:
        """Keep a back-up; it is there whole or not at all. Raises OSError."""
        self.path.mkdir(parents=True, exist_ok=True, mode=0o700)
        durable.replace(self.path / name, sealed)
        for path in self._newest_first()[self.kept :]:
            path.unlink(missing_ok=True)
        return _described(self.path / name)

    def all(self) -> list[Backup]:
        """Every back-up, newest first."""
        found = []
        for path in self._newest_first():
            with contextlib.suppress(FileNotFoundError):  # it was removed meanwhile
                found.append(_described(path))
        return found

    def read(self, name: str) -> bytes | None:
        """A back-up by the name that the list has; None when there is no such one."""
        found = next((path for path in self._newest_first() if path.name == name), None)
        with contextlib.suppress(FileNotFoundError):
            return None if found is None else found.read_bytes()
        return None

    def remove(self, name: str) -> bool:
        """Remove a back-up; whether there was one."""
        found = next((path for path in self._newest_first() if path.name == name), None)
        if found is not None:
            found.unlink(missing_ok=True)
        return found is not None

    def _newest_first(self) -> list[Path]:
        return sorted(self.path.glob(f"backup-*{SUFFIX}"), key=_age, reverse=True)


def _age(path: Path) -> tuple[int, str]:
    try:
        return path.stat().st_mtime_ns, path.name
    except FileNotFoundError:
        return 0, path.name


def _described(path: Path) -> Backup:
    with path.open("rb") as file:
        digest, found = hashlib.file_digest(file, "sha256").hexdigest(), os.fstat(file.fileno())
    return Backup(name=path.name, size_bytes=found.st_size, created_at=datetime.fromtimestamp(found.st_mtime, UTC), sha256=digest)
