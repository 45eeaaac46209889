"""The library that is installed, and the archive that waits: files in one folder, each put in place whole.

`received.tar.gz` and `received.json` wait; `current` leads to `<digest>/`, which holds the library and `record.json`.
"""

from __future__ import annotations

import asyncio
import logging
import shutil
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from uuid import uuid4

from pydantic import ValidationError

from appliance.contract.disk_library import UPLOAD_LIMIT, DiskLibrary, InstalledLibrary, Reader, ReceivedLibrary
from appliance.core import receiving
from appliance.core.cancelling import to_its_end
from appliance.core.durable import remove, replace, sync, writing
from appliance.core.store import utcnow
from appliance.vsphere.vddk.archive import TOP
from appliance.vsphere.vddk.faults import NONE_INSTALLED, NONE_WAITS, UNSUPPORTED, UNUSABLE
from appliance.vsphere.vddk.probing import PLUGIN, is_supported, problem_with
from appliance.vsphere.vddk.unpacking import look_into, unpack

FOLDER = "disk-library"
CURRENT, RECORD = "current", "record.json"
UNPACKING = ".unpacking-"
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Usable:
    """A library that was loaded: where it is, its version, and the plugin that loads it."""

    folder: Path
    version: str
    plugin: str


class Library:
    """The one library of this appliance. What is asked of it is done one after the other; `usable` never waits."""

    def __init__(self, folder: Path, plugin: str = PLUGIN, now: Callable[[], datetime] = utcnow) -> None:
        self._folder, self._plugin, self._now = folder, plugin, now
        self._archive, self._received = folder / "received.tar.gz", folder / "received.json"
        self._lock = asyncio.Lock()
        self._problem, self._supported = "", False
        self.usable: Usable | None = None

    async def open(self) -> None:
        """After a start: what an earlier agent had begun is gone, and the library is tried."""
        async with self._lock:
            await asyncio.to_thread(self._sweep)
            self._supported = await is_supported(self._plugin)
            await self._try()

    async def state(self) -> DiskLibrary:
        """What disks are read with, and what is here."""
        return DiskLibrary(
            reader=Reader.LIBRARY if self.usable else Reader.HTTPS,
            supported=self._supported,
            installed=await asyncio.to_thread(self._installed),
            received=await asyncio.to_thread(self._waiting),
        )

    async def take(self, parts: AsyncIterator[bytes], heard: Callable[[int], None] | None = None) -> ReceivedLibrary:
        """Receive an archive and check it; the one that waited before is replaced by a good one only. Raises Faults."""
        async with receiving.received(parts, self._folder, limit=UPLOAD_LIMIT, heard=heard) as came:
            found = await asyncio.to_thread(look_into, came.path)
            record = ReceivedLibrary(version=found.version, size_bytes=came.size, sha256=came.sha256, received_at=self._now())
            async with self._lock:
                with writing():
                    await to_its_end(asyncio.to_thread(self._keep, came.path, record))
        return record

    async def accept(self, sha256: str) -> DiskLibrary:
        """Install the archive that waits. Raises NONE_WAITS, UNSUPPORTED, UNUSABLE, NOT_THE_ARCHIVE; an earlier library stays then."""
        async with self._lock:
            received = await asyncio.to_thread(self._waiting)
            if received is None or received.sha256 != sha256:
                raise NONE_WAITS()
            if not self._supported:
                raise UNSUPPORTED()
            await self._install(received)
            await self._try()
        return await self.state()

    async def check(self) -> DiskLibrary:
        """Try the installed library again. Raises NONE_INSTALLED."""
        async with self._lock:
            if await asyncio.to_thread(self._installed) is None:
                raise NONE_INSTALLED()
            await self._try()
        return await self.state()

    async def delete(self) -> None:
        """Remove all of it. A reader that runs has the library loaded, and goes on."""
        async with self._lock:
            self.usable, self._problem = None, ""
            with writing():
                await asyncio.to_thread(self._remove_all)

    async def _install(self, received: ReceivedLibrary) -> None:
        draft = self._folder / f"{UNPACKING}{uuid4().hex}"
        try:
            with writing():
                library = await asyncio.to_thread(unpack, self._archive, draft)
            problem, cause = await problem_with(library, self._plugin)
            if problem:
                raise UNUSABLE(detail=problem, cause=cause)
            record = InstalledLibrary(
                version=received.version, size_bytes=received.size_bytes, sha256=received.sha256, installed_at=self._now()
            )
            with writing():
                await asyncio.to_thread(self._make_current, draft, record)
        finally:
            await asyncio.to_thread(shutil.rmtree, draft, ignore_errors=True)

    async def _try(self) -> None:
        installed = await asyncio.to_thread(self._installed)
        if installed is None:
            self.usable, self._problem = None, ""
            return
        folder = await asyncio.to_thread((self._folder / CURRENT).resolve) / TOP
        problem, cause = await problem_with(folder, self._plugin)
        if problem:
            log.warning("VMware's disk library %s is not used, disks are read over HTTPS: %s (%s)", installed.version, problem, cause)
        self._problem = f"The library is not used: {problem}." if problem else ""
        self.usable = None if problem else Usable(folder, installed.version, self._plugin)

    def _waiting(self) -> ReceivedLibrary | None:
        """The archive that waits: none without its record, and none that is not what the record says."""
        try:
            record = ReceivedLibrary.model_validate_json(self._received.read_text())
            return record if self._archive.stat().st_size == record.size_bytes else None
        except (OSError, ValueError):
            return None

    def _installed(self) -> InstalledLibrary | None:
        try:
            record = InstalledLibrary.model_validate_json((self._folder / CURRENT / RECORD).read_text())
        except (OSError, ValidationError):
            return None
        return record.model_copy(update={"problem": self._problem})

    def _keep(self, draft: Path, record: ReceivedLibrary) -> None:
        remove(self._received)  # without its record no archive counts, whatever is left by a power cut
        draft.replace(self._archive)
        replace(self._received, record.model_dump_json())

    def _make_current(self, draft: Path, record: InstalledLibrary) -> None:
        """From one library to the next by one rename."""
        replace(draft / RECORD, record.model_dump_json())
        place, link = self._folder / f"{record.sha256[:16]}-{uuid4().hex[:8]}", self._folder / f".{CURRENT}"
        draft.rename(place)
        link.unlink(missing_ok=True)
        link.symlink_to(place.name)
        sync(self._folder)
        link.replace(self._folder / CURRENT)
        sync(self._folder)
        remove(self._received)
        remove(self._archive)
        self._sweep_folders()

    def _remove_all(self) -> None:
        remove(self._folder / CURRENT)
        remove(self._received)
        remove(self._archive)
        self._sweep_folders()

    def _sweep(self) -> None:
        """What an agent that was killed had begun."""
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._sweep_folders()

    def _sweep_folders(self) -> None:
        """Remove every library but the current one."""
        link = self._folder / CURRENT
        current = link.readlink().name if link.is_symlink() else ""
        for left in self._folder.iterdir():
            if left.is_dir() and not left.is_symlink() and left.name != current:
                shutil.rmtree(left, ignore_errors=True)
