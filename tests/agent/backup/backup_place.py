"""One appliance's records with their back-ups."""

import asyncio
import io
import json
import tarfile
from collections.abc import Callable
from pathlib import Path

from sqlalchemy import func, select

from appliance.agent.backup.archive import Manifest
from appliance.agent.backup.backups import Backups, Sealed
from appliance.agent.backup.restoring import Restoring
from appliance.agent.config import Config
from appliance.agent.oma import SEALED_COLUMNS
from appliance.agent.version import VERSION
from appliance.cloudstack.models import OsseaConfigRow
from appliance.core.jobs import Job, Runner
from appliance.core.jobs.lifecycle import ENDED
from appliance.core.store import Store
from appliance.core.vault import Vault

WORDS = "four words in a row"


def config_of(folder: Path, url: str, role: str = "oma") -> Config:
    return Config.model_validate({"role": role, "name": "oma one", "state_dir": folder, "run_dir": folder / "run", "database": url})


class Place:
    """One appliance's records, keys and back-ups."""

    def __init__(self, store: Store, folder: Path, url: str, role: str = "oma") -> None:
        self.store, self.folder = store, folder
        self.config = config_of(folder, url, role)
        (folder / "identity").mkdir(parents=True, exist_ok=True)
        (folder / "identity" / "key.pem").write_text("who I am")
        self.vault, self.runner, self.restarts = Vault(folder / "vault.key"), Runner(store), 0
        self.backups = Backups(store, self.runner, self.config, Sealed(self.vault, SEALED_COLUMNS), self._restart)

    @property
    def restoring(self) -> Restoring:
        return Restoring(self.folder, self.config.database_url, self.config.role)

    async def made(self) -> str:
        """The name of a new back-up."""
        await ended(self.store, await self.backups.make(WORDS))
        return (await self.backups.all())[0].name

    async def packed(self) -> bytes:
        """A new back-up before it is sealed, which takes seconds."""
        manifest = Manifest(self.config.role, self.config.name, VERSION, await self.store.revision(), "just now")
        return await asyncio.to_thread(self.backups._packed, manifest)

    async def _restart(self) -> None:
        self.restarts += 1


async def ended(store: Store, job_id: str) -> Job:
    while True:
        async with store.session() as session:
            job = await session.get_one(Job, job_id)
        if job.status in ENDED:
            return job
        await asyncio.sleep(0.01)


async def count(store: Store, model: type) -> int:
    async with store.session() as session:
        return await session.scalar(select(func.count()).select_from(model)) or 0


async def with_a_cloud(place: Place, name: str) -> None:
    async with place.store.begin() as session:
        config = OsseaConfigRow(name=name, api_url="https://cloud", api_key="k", secret_key="", is_active=False)
        session.add(config)
        await session.flush()
        config.secret_key = place.vault.seal("s3cret", f"ossea_configs/{config.id}")


def repacked(packed: bytes, **changes: object) -> bytes:
    """The back-up with another manifest."""
    return _with(packed, "manifest.json", lambda content: json.dumps(json.loads(content) | changes).encode())


def with_rows(packed: bytes, table: str, rows: list[dict[str, object]]) -> bytes:
    """The back-up with other rows in a table."""
    return _with(packed, f"tables/{table}.jsonl", lambda _: b"".join(json.dumps(row).encode() + b"\n" for row in rows))


def _with(packed: bytes, name: str, changed: Callable[[bytes], bytes]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=io.BytesIO(packed)) as source, tarfile.open(fileobj=out, mode="w:gz") as target:
        for member in source.getmembers():
            content = source.extractfile(member).read()  # type: ignore[union-attr]
            if member.name == name:
                content = changed(content)
            member.size = len(content)
            target.addfile(member, io.BytesIO(content))
    return out.getvalue()
