"""The disc with the drivers for Windows, which the operator brings: one is kept, and the next one takes its place."""

from __future__ import annotations

import asyncio
import json
import logging
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

from appliance.contract.errors import NOT_FOUND
from appliance.contract.windows_drivers import UPLOAD_LIMIT, WindowsDrivers
from appliance.core import commands, durable, receiving
from appliance.core.cancelling import to_its_end
from appliance.core.web import Heard
from appliance.failover import disc
from appliance.failover.faults import NO_DRIVERS
from appliance.failover.programs import Programs

_log = logging.getLogger(__name__)
_DISC, _ABOUT = "drivers.iso", "drivers.json"


class Drivers:
    """The disc in its folder, with a note of what is on it. The note is written last and removed first: without it there is no disc.

    `programs` are what a Windows guest is prepared with besides.
    """

    def __init__(self, folder: Path) -> None:
        self._folder, self.programs = folder, Programs(folder / "programs")
        self._one_at_a_time = asyncio.Lock()

    async def take(self, parts: AsyncIterator[bytes], heard: Heard | None = None) -> WindowsDrivers:
        """Keep the disc if it is one, in place of the one before. Raises a Fault; then that one stays."""
        async with receiving.received(parts, self._folder, limit=UPLOAD_LIMIT, heard=heard) as came:
            about = await _look(came)
            async with self._one_at_a_time:
                await to_its_end(asyncio.to_thread(self._settle, came.path, about))
        return about

    async def all(self) -> list[WindowsDrivers]:
        """The disc, if there is one."""
        found = await asyncio.to_thread(self._about)
        return [] if found is None else [found]

    async def remove(self) -> None:
        """Remove the disc. A preparation that reads it goes on with it. Raises a Fault (404)."""
        async with self._one_at_a_time:
            if await asyncio.to_thread(self._about) is None:
                raise NOT_FOUND(noun="disc with drivers", id="for Windows")
            with durable.writing():
                await asyncio.to_thread(self._forget)

    def disc(self) -> Path | None:
        """Where the disc is; reads a file."""
        return self._folder / _DISC if self._about() is not None else None

    def lack(self) -> str:
        """What is not here that a Windows guest is prepared with, in the operator's words; empty where all is. Reads files."""
        drivers, program = self.disc() is not None, self.programs.folder() is not None
        if drivers and program:
            return ""
        if program:
            return "the disc with the drivers for Windows is not on this appliance"
        if drivers:
            return "the program rhsrvany.exe, which ends the set-up of a Windows guest, is not on this appliance"
        return "neither the disc with the drivers for Windows nor the program rhsrvany.exe is on this appliance"

    def _about(self) -> WindowsDrivers | None:
        try:
            about = WindowsDrivers.model_validate_json((self._folder / _ABOUT).read_bytes())
            size = (self._folder / _DISC).stat().st_size
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as error:
            _log.warning("the disc with drivers can't be used: %s", error)
            return None
        return about if size == about.size_bytes else None

    def _settle(self, coming: Path, about: WindowsDrivers) -> None:
        with durable.writing():
            durable.remove(self._folder / _ABOUT)
            coming.replace(self._folder / _DISC)
            durable.replace(self._folder / _ABOUT, about.model_dump_json())

    def _forget(self) -> None:
        durable.remove(self._folder / _ABOUT)
        durable.remove(self._folder / _DISC)


async def _look(came: receiving.Received) -> WindowsDrivers:
    """What is on the disc, seen by a process with limits. Raises a Fault (`windows_drivers.none`)."""
    try:
        looked = await commands.run([sys.executable, "-m", disc.__name__, str(came.path)], timeout=2 * disc.SECONDS)
        found = json.loads(looked.stdout)
    except (commands.CommandFailed, TimeoutError, ValueError) as error:
        raise NO_DRIVERS(cause=f"{type(error).__name__}: {error}") from error
    return WindowsDrivers(
        label=found["label"], systems=found["systems"], size_bytes=came.size, created_at=datetime.now(UTC), sha256=came.sha256
    )
