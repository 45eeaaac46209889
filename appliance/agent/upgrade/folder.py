"""The folder of upgrade files; every call blocks."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from appliance.agent.upgrade.faults import NO_KEY
from appliance.agent.upgrade.manifest import Manifest, file_name
from appliance.agent.upgrade.package import opened
from appliance.contract.errors import NOT_FOUND, Fault
from appliance.core import durable
from appliance.core.newest import newest_first, thin_out

_log = logging.getLogger(__name__)

KEPT = 3
PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"


@dataclass(frozen=True)
class Stored:
    """An upgrade file that is here."""

    path: Path
    size: int
    created_at: datetime
    manifest: Manifest


class Folder:
    """The files, each of which the vendor has signed."""

    def __init__(self, path: Path, key: Ed25519PublicKey | None) -> None:
        self.path, self._key = path, key

    @property
    def key(self) -> Ed25519PublicKey:
        """The vendor's key. Raises a Fault (`upgrade.no_key`)."""
        if self._key is None:
            raise NO_KEY()
        return self._key

    @property
    def has_key(self) -> bool:
        """Whether there is one: without it no file is an upgrade."""
        return self._key is not None

    def take(self, path: Path) -> Stored:
        """Check all of a file that was received into this folder, and give it its name; the oldest ones go. Raises a Fault."""
        with opened(path, self.key) as package:
            package.check()
            place = self.path / file_name(package.manifest.version)
        path.replace(place)
        durable.sync(self.path)
        thin_out(self._files(), KEPT, place)
        return self._stored(place)

    def all(self) -> list[Stored]:
        """Every file, newest first; one that can't be read any more is in the log only."""
        found = []
        for path in newest_first(self._files()):
            try:
                found.append(self._stored(path))
            except (Fault, OSError) as error:
                _log.warning("the upgrade file %s can't be used: %s", path.name, error)
        return found

    def find(self, name: str) -> Stored:
        """A file by the name that the list has. Raises a Fault (404)."""
        return self._stored(self._named(name))

    def remove(self, name: str) -> None:
        """Remove a file. Raises a Fault (404)."""
        self._named(name).unlink(missing_ok=True)

    def _files(self) -> Iterator[Path]:
        return self.path.glob(file_name("*"))

    def _named(self, name: str) -> Path:
        found = next((one for one in self._files() if one.name == name), None)
        if found is None:
            raise NOT_FOUND(noun="upgrade", id=name)
        return found

    def _stored(self, path: Path) -> Stored:
        with opened(path, self.key) as package:
            found = path.stat()
            return Stored(path, found.st_size, datetime.fromtimestamp(found.st_mtime, UTC), package.manifest)
