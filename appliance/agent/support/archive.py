"""The folder of support bundles: drafts, whole bundles, and which are kept."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import tarfile
from datetime import UTC, datetime
from pathlib import Path

from appliance.contract.system import Bundle

KEPT = 3
_SUFFIX = ".tar.gz"


def bundle_name(role: str, appliance: str, at: datetime, job_id: str) -> str:
    """The name of a bundle, of harmless characters; the same for the same job."""
    plain = re.sub(r"[^A-Za-z0-9]+", "-", appliance).strip("-")
    return f"support-{role}-{plain}-{at:%Y%m%d-%H%M%S}-{job_id[-6:]}{_SUFFIX}"


class Archive:
    """Bundles in one folder; every call reads or writes files."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.kept = folder, KEPT

    def draft(self, job_id: str) -> Path:
        """Where a job collects what its bundle will hold."""
        return self.folder / f".{job_id}"

    def begin(self, job_id: str) -> Path:
        """An empty draft. What earlier jobs left goes: only one is at work at a time."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        for left in self.folder.glob(".*"):
            _remove(left)
        draft = self.draft(job_id)
        draft.mkdir(mode=0o700)
        return draft

    def pack(self, job_id: str, name: str) -> None:
        """Make the bundle of a draft; it is there whole or not at all. Raises OSError."""
        new = self.folder / f".{name}"
        descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            with tarfile.open(fileobj=file, mode="w:gz") as tar:
                tar.add(self.draft(job_id), arcname=name.removesuffix(_SUFFIX), filter=_anonymous)
            file.flush()
            os.fsync(file.fileno())
        new.replace(self.folder / name)

    def settle(self, job_id: str, name: str) -> None:
        """The draft is no longer needed, nor are bundles beyond the newest ones and this one."""
        _remove(self.draft(job_id))
        others = [path for path in self._newest_first() if path.name != name]
        for path in others[self.kept - 1 :]:
            path.unlink(missing_ok=True)

    def forget(self, job_id: str, name: str) -> None:
        """Remove whatever a job made."""
        for path in (self.draft(job_id), self.folder / f".{name}", self.folder / name):
            _remove(path)

    def all(self) -> list[Bundle]:
        """Every bundle, newest first."""
        return [found for found in map(_bundle, self._newest_first()) if found is not None]

    def read(self, name: str) -> bytes | None:
        """A bundle's bytes, by the name that the list has; None when there is no such bundle."""
        found = next((path for path in self._newest_first() if path.name == name), None)
        return None if found is None else found.read_bytes()

    def _newest_first(self) -> list[Path]:
        return sorted(self.folder.glob(f"support-*{_SUFFIX}"), key=_age, reverse=True)


def _bundle(path: Path) -> Bundle | None:
    try:
        with path.open("rb") as file:
            digest, found = hashlib.file_digest(file, "sha256").hexdigest(), os.fstat(file.fileno())
    except FileNotFoundError:
        return None
    made = datetime.fromtimestamp(found.st_mtime, UTC)
    return Bundle(name=path.name, size_bytes=found.st_size, created_at=made, sha256=digest)


def _age(path: Path) -> tuple[float, str]:
    try:
        return path.stat().st_mtime, path.name
    except FileNotFoundError:
        return 0.0, path.name


def _anonymous(entry: tarfile.TarInfo) -> tarfile.TarInfo:
    entry.uid, entry.gid, entry.uname, entry.gname = 0, 0, "root", "root"
    return entry


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
