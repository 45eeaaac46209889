"""The folder of support bundles: drafts and whole bundles."""

from __future__ import annotations

import os
import shutil
import tarfile
from pathlib import Path

from appliance.agent.kept_files import KeptFiles
from appliance.contract.system import Bundle

KEPT = 3


class Archive(KeptFiles[Bundle]):
    """Bundles, and drafts beside them."""

    BEGINS, ENDS, DESCRIBED = "support", ".tar.gz", Bundle

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
                tar.add(self.draft(job_id), arcname=name.removesuffix(self.ENDS), filter=_anonymous)
            file.flush()
            os.fsync(file.fileno())
        new.replace(self.folder / name)

    def settle(self, job_id: str, name: str) -> None:
        """The draft is no longer needed, nor are bundles beyond the newest ones and this one."""
        _remove(self.draft(job_id))
        self.thin_out(name)

    def forget(self, job_id: str, name: str) -> None:
        """Remove whatever a job made."""
        for path in (self.draft(job_id), self.folder / f".{name}", self.folder / name):
            _remove(path)


def _anonymous(entry: tarfile.TarInfo) -> tarfile.TarInfo:
    entry.uid, entry.gid, entry.uname, entry.gname = 0, 0, "root", "root"
    return entry


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
