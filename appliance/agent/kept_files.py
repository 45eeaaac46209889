"""Files that a job makes and an operator fetches, kept in one folder: back-ups and support bundles."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import ClassVar, Generic, TypeVar

from appliance.contract.types import KeptFile
from appliance.core.newest import newest_first, thin_out

Kept = TypeVar("Kept", bound=KeptFile)


class KeptFiles(Generic[Kept]):
    """The newest `kept` files stay; every call reads or writes files. Subclasses give how names begin and end, and what the list has."""

    BEGINS: ClassVar[str]
    ENDS: ClassVar[str]
    DESCRIBED: type[Kept]

    def __init__(self, folder: Path, kept: int) -> None:
        self.folder, self.kept = folder, kept

    @classmethod
    def named(cls, role: str, appliance: str, at: datetime, tail: str) -> str:
        """The name of a file, of harmless characters (pure)."""
        plain = re.sub(r"[^A-Za-z0-9]+", "-", appliance).strip("-")
        return f"{cls.BEGINS}-{role}-{plain}-{at:%Y%m%d-%H%M%S}-{tail}{cls.ENDS}"

    def all(self) -> list[Kept]:
        """Every file, newest first."""
        found = []
        for path in newest_first(self._files()):
            with contextlib.suppress(FileNotFoundError):  # it was removed meanwhile
                found.append(self.described(path))
        return found

    def read(self, name: str) -> bytes | None:
        """A file by the name that the list has; None when there is no such one."""
        found = self.found(name)
        with contextlib.suppress(FileNotFoundError):
            return None if found is None else found.read_bytes()
        return None

    def thin_out(self, latest: str) -> None:
        """What is older than the newest ones goes; the latest stays whatever the clock says."""
        thin_out(self._files(), self.kept, self.folder / latest)

    def described(self, path: Path) -> Kept:
        """The file as the list has it. Raises FileNotFoundError."""
        with path.open("rb") as file:
            digest, found = hashlib.file_digest(file, "sha256").hexdigest(), os.fstat(file.fileno())
        made = datetime.fromtimestamp(found.st_mtime, UTC)
        return self.DESCRIBED(name=path.name, size_bytes=found.st_size, created_at=made, sha256=digest)

    def found(self, name: str) -> Path | None:
        """Where the file of this name is; None when there is no such one."""
        return next((path for path in self._files() if path.name == name), None)

    def _files(self) -> Iterator[Path]:
        return self.folder.glob(f"{self.BEGINS}-*{self.ENDS}")
