"""Where releases are: `releases/<version>/lib`, and the link `current` to the one that is started. All calls block."""

from __future__ import annotations

import shutil
from pathlib import Path

import appliance
from appliance.agent.upgrade.faults import NOT_INSTALLED
from appliance.agent.upgrade.manifest import ROOT
from appliance.core import releases


class Home:
    """The releases of one appliance."""

    def __init__(self, path: Path, running: Path = Path(appliance.__file__)) -> None:
        self._path, self._running = path, running

    @property
    def releases(self) -> Path:
        """The folder of all releases."""
        return self._path / "releases"

    def require(self, version: str) -> None:
        """Raises a Fault (`upgrade.not_installed`) unless the release that runs is here, and its version is that of a release."""
        if releases.read(version) is None or not self._running.resolve().is_relative_to((self.releases / version / ROOT).resolve()):
            raise NOT_INSTALLED(cause=f"{self._running} is not below {self.releases / version}")

    def all(self) -> list[str]:
        """Every release that is here, newest first."""
        found = [one.parent.name for one in self.releases.glob(f"*/{ROOT}") if releases.read(one.parent.name)]
        return sorted(found, key=lambda version: releases.read(version) or (), reverse=True)

    def remove(self, version: str) -> None:
        """Remove a release, if it is here."""
        if releases.read(version) is not None:
            shutil.rmtree(self.releases / version, ignore_errors=True)

    def keep(self, *versions: str) -> None:
        """Remove every release but these, and what was not unpacked to its end."""
        for other in self.all():
            if other not in versions:
                self.remove(other)
        for draft in self.releases.glob(".*.draft"):
            shutil.rmtree(draft, ignore_errors=True)
