"""Back-ups are made by a recorded job, one at a time; a restore is laid ready and taken up as the agent starts anew."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from appliance.agent.backup.archive import Manifest, pack
from appliance.agent.backup.faults import BEING_MADE, JOBS_RUN, NO_ROOM, PASSPHRASE_GONE, RESTORE_RUNS
from appliance.agent.backup.folder import KEPT, Folder
from appliance.agent.backup.integrity import integrity
from appliance.agent.backup.restoring import Restoring
from appliance.agent.backup.sealing import opened, sealed
from appliance.agent.config import Config
from appliance.agent.version import VERSION
from appliance.contract.backups import UPLOAD_LIMIT, Backup
from appliance.contract.checks import Check
from appliance.contract.errors import NOT_FOUND
from appliance.contract.types import FetchFrom, SendTo
from appliance.core.cancelling import to_its_end
from appliance.core.carrying import Fetching, Sending, make_known
from appliance.core.durable import DISK_FULL
from appliance.core.jobs import Job, Run, Runner, Step, Workflow, refuse_beside
from appliance.core.jobs.lifecycle import ENDED
from appliance.core.receiving import received
from appliance.core.rotation import SealedColumn
from appliance.core.store import Store, dump, new_id, utcnow
from appliance.core.vault import Vault
from appliance.core.web import Heard

KIND, FETCH, SEND = "backup", "backup-fetch", "backup-send"


@dataclass(frozen=True)
class Sealed:
    """The secrets among the records: who opens them, and where they are."""

    vault: Vault
    columns: Sequence[SealedColumn]


class Write(Step):
    """Reads one moment of the records, and writes the sealed file."""

    name, title = "write", "Writing the back-up"

    def __init__(self, backups: Backups) -> None:
        self._backups = backups

    async def done(self, run: Run) -> bool:
        """A crash may come between the file and the record of it."""
        return await asyncio.to_thread(self._backups.folder.found, run.state.get("name", "")) is not None

    async def do(self, run: Run) -> None:
        await self._backups.write(run)

    async def undo(self, run: Run) -> None:
        if "name" in run.state:
            await asyncio.to_thread(self._backups.folder.forget, run.state["name"])


class MakeBackup(Workflow):
    """One back-up."""

    kind = KIND

    def __init__(self, backups: Backups) -> None:
        super().__init__([Write(backups)])
        self._backups = backups

    def title(self, job: Job) -> str:
        return "Back-up of the records"

    async def claim(self, session: AsyncSession, job: Job) -> None:
        await refuse_beside(session, job, BEING_MADE)

    async def ended(self, job: Job) -> None:
        self._backups.forget(job.id)


class Backups:
    """The back-ups of one appliance. Make it before jobs are recovered: it makes its kind of job known."""

    def __init__(self, store: Store, runner: Runner, config: Config, sealed: Sealed | None, restart: Callable[[], Awaitable[None]]) -> None:
        self._store, self._runner, self._config, self._sealed, self._restart = store, runner, config, sealed, restart
        self.folder = Folder(config.state_dir / "backups", KEPT)
        self._restoring = Restoring(config.state_dir, config.database_url, config.role)
        self._passphrases: dict[str, str] = {}
        self._at_restore = asyncio.Lock()
        runner.register(MakeBackup(self))
        fetching = Fetching(FETCH, "a back-up", UPLOAD_LIMIT, self._take_fetched)
        make_known(runner, fetching, Sending(SEND, "back-up", self.folder.found))

    def keep(self, most: int) -> None:
        """Keep so many, from the next one on."""
        self.folder.kept = most

    async def make(self, passphrase: str) -> str:
        """Start making a back-up; returns the job's id. The passphrase stays in memory. Raises a Fault while one is made."""
        job_id = new_id("job")
        self._passphrases[job_id] = passphrase
        try:
            return await self._runner.submit(KIND, {}, job_id=job_id)
        except BaseException:
            del self._passphrases[job_id]
            raise

    def forget(self, job_id: str) -> None:
        """Its passphrase is kept no longer, also of a job that ended before it came to its work."""
        self._passphrases.pop(job_id, None)

    async def write(self, run: Run) -> None:
        """The work of a back-up's job. Raises a Fault (`backup.passphrase_gone`, `backup.no_room`)."""
        passphrase = self._passphrases.pop(run.id, None)
        if passphrase is None:
            raise PASSPHRASE_GONE()
        now = utcnow().isoformat(timespec="seconds")
        manifest = Manifest(self._config.role, self._config.name, VERSION, await self._store.revision(), now)
        run.state["name"] = Folder.made_by(run.id, manifest)
        await run.save()
        try:
            content = await sealed(await asyncio.to_thread(self._packed, manifest), passphrase)
            await to_its_end(asyncio.to_thread(self.folder.put, run.state["name"], content))
        except OSError as error:
            if error.errno in DISK_FULL:
                raise NO_ROOM(cause=str(error)) from error
            raise

    async def all(self) -> list[Backup]:
        """The back-ups that are here, newest first."""
        return await asyncio.to_thread(self.folder.all)

    async def read(self, name: str) -> bytes:
        """One back-up. Raises a Fault (404) when there is none of this name."""
        found = await asyncio.to_thread(self.folder.read, name)
        if found is None:
            raise NOT_FOUND(noun="back-up", id=name)
        return found

    async def remove(self, name: str) -> None:
        """Remove a back-up. Raises a Fault (404) when there is none of this name."""
        if not await asyncio.to_thread(self.folder.remove, name):
            raise NOT_FOUND(noun="back-up", id=name)

    async def take(self, parts: AsyncIterator[bytes], heard: Heard | None = None) -> Backup:
        """Keep a back-up that is brought here. Raises a Fault (`backup.unreadable`); then nothing of it is kept."""
        async with received(parts, self.folder.folder, limit=UPLOAD_LIMIT, heard=heard) as came:
            now = utcnow()
            name = Folder.named(self._config.role, "uploaded", now, f"{now:%f}")
            return await to_its_end(asyncio.to_thread(self.folder.take, came.path, name))

    async def fetch(self, place: FetchFrom) -> str:
        """Start the job that fetches a back-up; returns its id. Raises a Fault."""
        return await self._runner.submit(FETCH, place.model_dump())

    async def send(self, name: str, place: SendTo) -> str:
        """Start the job that sends a back-up; returns its id. Raises a Fault, 404 when there is none of this name."""
        return await self._runner.submit(SEND, {"name": name, **place.model_dump()})

    async def _take_fetched(self, parts: AsyncIterator[bytes], heard: Heard) -> str:
        got = await self.take(parts, heard)
        return f"The back-up was fetched and is kept as {got.name}; its SHA-256 is {got.sha256}."

    async def restore(self, name: str, passphrase: str) -> None:
        """Lay a back-up ready and start the agent anew. Raises a Fault, with nothing changed, when it can't be used or jobs run."""
        content = await self.read(name)
        if self._at_restore.locked():
            raise RESTORE_RUNS()
        async with self._at_restore:
            if await asyncio.to_thread(lambda: self._restoring.waits):
                raise RESTORE_RUNS()
            await self._require_idle()
            packed = await opened(content, passphrase)
            try:
                await to_its_end(asyncio.to_thread(self._restoring.lay_ready, packed))
                await self._require_idle()  # one may have begun meanwhile
                await self._restart()
            except BaseException:
                await asyncio.to_thread(self._restoring.give_up)  # else the next start, whenever it is, would take it up
                raise

    async def _require_idle(self) -> None:
        async with self._store.session() as session:
            count = await session.scalar(select(func.count()).select_from(Job).where(Job.status.not_in(ENDED)))
        if count:
            raise JOBS_RUN(count=count)

    async def check(self) -> list[Check]:
        """Whether the records are sound."""
        vault, columns = (self._sealed.vault, self._sealed.columns) if self._sealed else (None, ())
        return await integrity(self._store, self._config.database_url, vault, columns)

    def _packed(self, manifest: Manifest) -> bytes:
        engine = dump.blocking_engine(self._config.database_url)
        try:
            with engine.connect() as connection:
                return pack(connection, self._config.state_dir, manifest)
        finally:
            engine.dispose()
