"""Support bundles are made by a recorded job, one at a time."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncSession

from appliance.agent.config import Config
from appliance.agent.logs import LogBook
from appliance.agent.support.archive import KEPT, Archive
from appliance.agent.support.contents import Describe, Sources, collect
from appliance.agent.support.faults import BEING_MADE, NO_ROOM
from appliance.contract.errors import NOT_FOUND
from appliance.contract.system import Bundle
from appliance.contract.types import SendTo
from appliance.core.cancelling import to_its_end
from appliance.core.carrying import Sending, make_known
from appliance.core.durable import DISK_FULL
from appliance.core.jobs import Job, Run, Runner, Step, Workflow, refuse_beside
from appliance.core.store import Store

KIND, SEND = "support-bundle", "support-bundle-send"
ROOM = 128 << 20
"""Bytes that have to be free: a bundle's contents, the bundle, and some for the records."""

FreeBytes = Callable[[Path], int]


def free_bytes(folder: Path) -> int:
    """Bytes that can still be written to the disk that `folder` is on."""
    return shutil.disk_usage(folder).free


class Room:
    """Whether the disk has room for a bundle."""

    def __init__(self, folder: Path, free: FreeBytes) -> None:
        self._folder, self._free = folder, free

    async def require(self) -> None:
        """Raises a Fault (`support.no_room`) when there is too little."""
        if await asyncio.to_thread(self._free, self._folder) < ROOM:
            raise await self.fault()

    async def fault(self, cause: str = "") -> Exception:
        """The Fault that says how much there is and how much is needed."""
        free = await asyncio.to_thread(self._free, self._folder)
        return NO_ROOM(free_mib=free >> 20, needed_mib=ROOM >> 20, cause=cause)


class Collect(Step):
    """Gathers the contents in a folder of its own."""

    name, title = "collect", "Collecting logs, states and settings"

    def __init__(self, sources: Sources, archive: Archive, room: Room) -> None:
        self._sources, self._archive, self._room = sources, archive, room

    async def do(self, run: Run) -> None:
        config = self._sources.config
        about: dict[str, object] = {"appliance": config.name, "role": config.role, "job_id": run.id}
        try:
            await collect(self._sources, await asyncio.to_thread(self._archive.begin, run.id), about)
        except OSError as error:
            if error.errno in DISK_FULL:
                raise await self._room.fault(str(error)) from error
            raise

    async def undo(self, run: Run) -> None:
        await asyncio.to_thread(self._archive.forget, run.id, name_of(self._sources.config, run.job))


class Pack(Step):
    """Packs what was gathered."""

    name, title = "pack", "Packing the support bundle"

    def __init__(self, sources: Sources, archive: Archive, room: Room) -> None:
        self._sources, self._archive, self._room = sources, archive, room

    async def do(self, run: Run) -> None:
        name = name_of(self._sources.config, run.job)
        try:
            await to_its_end(asyncio.to_thread(self._pack, run.id, name))
        except OSError as error:
            if error.errno in DISK_FULL:
                raise await self._room.fault(str(error)) from error
            raise

    def _pack(self, job_id: str, name: str) -> None:
        # After a crash the bundle may be whole and its draft gone.
        if not (self._archive.folder / name).exists():
            self._archive.pack(job_id, name)
        self._archive.settle(job_id, name)


class MakeBundle(Workflow):
    """One support bundle."""

    kind = KIND

    def __init__(self, sources: Sources, archive: Archive, room: Room) -> None:
        super().__init__([Collect(sources, archive, room), Pack(sources, archive, room)])
        self._room = room

    def title(self, job: Job) -> str:
        return "Support bundle"

    async def claim(self, session: AsyncSession, job: Job) -> None:
        await refuse_beside(session, job, BEING_MADE)
        await self._room.require()


class SupportBundles:
    """The support bundles of one appliance. Make it before jobs are recovered: it makes its kind of job known."""

    def __init__(
        self,
        store: Store,
        runner: Runner,
        config: Config,
        describe: Describe,
        *,
        book: LogBook | None = None,
        free: FreeBytes = free_bytes,
    ) -> None:
        self._runner, self._archive = runner, Archive(config.state_dir / "bundles", KEPT)
        runner.register(MakeBundle(Sources(store, config, describe, book), self._archive, Room(config.state_dir, free)))
        make_known(runner, Sending(SEND, "support bundle", self._archive.found))

    def keep(self, most: int) -> None:
        """Keep so many bundles, from the next one on."""
        self._archive.kept = most

    async def make(self) -> str:
        """Start making a bundle; returns the job's id. Raises a Fault while one is being made, or when there is too little room."""
        return await self._runner.submit(KIND, {})

    async def all(self) -> list[Bundle]:
        """The bundles that are ready, newest first."""
        return await asyncio.to_thread(self._archive.all)

    async def read(self, name: str) -> bytes:
        """One bundle. Raises a Fault (404) when there is none of this name."""
        found = await asyncio.to_thread(self._archive.read, name)
        if found is None:
            raise NOT_FOUND(noun="support bundle", id=name)
        return found

    async def send(self, name: str, place: SendTo) -> str:
        """Start the job that sends a bundle; returns its id. Raises a Fault, 404 when there is none of this name."""
        return await self._runner.submit(SEND, {"name": name, **place.model_dump()})


def name_of(config: Config, job: Job) -> str:
    """The file name of a job's bundle."""
    return Archive.named(config.role, config.name, job.created_at, job.id[-6:])
