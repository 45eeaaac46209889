"""Back-ups: one sealed file, and the way back from it on every database."""

import asyncio
import io
import json
import os
import pty
import shutil
import tarfile
from collections.abc import AsyncIterator
from pathlib import Path

import pyrage
import pytest
from sqlalchemy import Connection, func, make_url, select, text

from appliance.agent.backup.archive import Contents
from appliance.agent.backup.backups import Backups, Sealed
from appliance.agent.backup.faults import BEING_MADE, JOBS_RUN, NOT_A_BACKUP, OTHER_ROLE, PASSPHRASE_WRONG, TOO_NEW
from appliance.agent.backup.restoring import Restoring
from appliance.agent.backup.sealing import opened, sealed
from appliance.agent.config import Config
from appliance.agent.oma import SEALED_COLUMNS
from appliance.cloudstack.models import OsseaConfigRow
from appliance.contract.checks import CheckState
from appliance.contract.errors import NOT_FOUND, Fault
from appliance.core.audit import Audit, AuditEvent
from appliance.core.jobs import Job, Runner
from appliance.core.jobs.lifecycle import ENDED
from appliance.core.store import Store, dump
from appliance.core.vault import Vault
from tests.databases.mariadb import MariaDb

WORDS = "four words in a row"


def config_of(folder: Path, url: str, role: str = "oma") -> Config:
    return Config.model_validate({"role": role, "name": "oma one", "state_dir": folder, "run_dir": folder / "run", "database": url})


class Place:
    """One appliance's records, keys and back-ups."""

    def __init__(self, store: Store, folder: Path, url: str, role: str = "oma") -> None:
        self.store, self.folder = store, folder
        self.config = config_of(folder, url, role)
        (folder / "identity").mkdir(parents=True)
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


@pytest.fixture
async def place(store: Store, tmp_path: Path, database_url: str) -> AsyncIterator[Place]:
    made = Place(store, tmp_path / "state", database_url)
    yield made
    await made.runner.close()


async def with_a_cloud(place: Place, name: str) -> None:
    async with place.store.begin() as session:
        config = OsseaConfigRow(name=name, api_url="https://cloud", api_key="k", secret_key="", is_active=False)
        session.add(config)
        await session.flush()
        config.secret_key = place.vault.seal("s3cret", f"ossea_configs/{config.id}")


async def test_a_restore_brings_back_records_keys_and_identity_and_says_so(place: Place) -> None:
    await with_a_cloud(place, "Wolke 7 ☁")
    name, key = await place.made(), (place.folder / "vault.key").read_bytes()
    await with_a_cloud(place, "made later")
    (place.folder / "vault.key").write_bytes(os.urandom(32))
    (place.folder / "identity" / "key.pem").write_text("somebody else")
    await place.backups.restore(name, WORDS)
    assert place.restarts == 1
    await place.store.close()
    assert place.restoring.take_up() is not None
    restored = await Store.open(place.config.database_url)
    async with restored.session() as session:
        (config,) = (await session.scalars(select(OsseaConfigRow))).all()
    assert (config.name, Vault(place.folder / "vault.key").open(config.secret_key, f"ossea_configs/{config.id}")) == ("Wolke 7 ☁", "s3cret")
    assert (place.folder / "identity" / "key.pem").read_text() == "who I am"
    assert (place.folder / "before-restore" / "vault.key").read_bytes() != key == (place.folder / "vault.key").read_bytes()
    assert [one.action for one in await Audit(restored).newest(1)] == ["backups.restore"]
    assert place.restoring.take_up() is None
    await restored.close()


@pytest.mark.parametrize("move", ["_put_files", "_put_records"])
async def test_a_restore_that_is_broken_off_is_taken_up_again(place: Place, move: str, monkeypatch: pytest.MonkeyPatch) -> None:
    await with_a_cloud(place, "kept")
    await place.backups.restore(await place.made(), WORDS)
    await place.store.close()
    real = getattr(Restoring, move)

    def cut(self: Restoring, contents: Contents) -> None:
        real(self, contents)
        raise OSError("the power is gone")

    with monkeypatch.context() as patched, pytest.raises(OSError, match="power"):
        patched.setattr(Restoring, move, cut)
        place.restoring.take_up()
    assert place.restoring.take_up() is not None
    restored = await Store.open(place.config.database_url)
    assert await count(restored, OsseaConfigRow) == 1
    await restored.close()


async def test_a_backup_of_any_database_is_restored_into_sqlite(place: Place, tmp_path: Path) -> None:
    await with_a_cloud(place, "Wolke 7 ☁")
    packed = await opened(await place.backups.read(await place.made()), WORDS)
    other = Restoring(tmp_path / "other", f"sqlite+aiosqlite:///{tmp_path}/other/appliance.db", "oma")
    other.lay_ready(packed)
    assert other.take_up() is not None
    restored = await Store.open(f"sqlite+aiosqlite:///{tmp_path}/other/appliance.db")
    async with restored.session() as session:
        (config,) = (await session.scalars(select(OsseaConfigRow))).all()
    secret = Vault(tmp_path / "other" / "vault.key").open(config.secret_key, f"ossea_configs/{config.id}")
    assert (config.name, config.created_at.tzinfo is not None, secret) == ("Wolke 7 ☁", True, "s3cret")
    await restored.close()


async def test_rows_that_the_server_does_not_take_leave_it_as_it_was(tmp_path: Path, newest_database: Path, mariadb: MariaDb) -> None:
    shutil.copyfile(newest_database, tmp_path / "a.db")
    source = Place(await Store.open(f"sqlite+aiosqlite:///{tmp_path}/a.db"), tmp_path / "source", f"sqlite+aiosqlite:///{tmp_path}/a.db")
    await with_a_cloud(source, "too long for the server" * 20)
    packed = await opened(await source.backups.read(await source.made()), WORDS)
    url = mariadb.make("as_it_was")
    target = Place(await Store.open(url), tmp_path / "target", url)
    await with_a_cloud(target, "kept")
    await target.store.close()
    key = (target.folder / "vault.key").read_bytes()
    target.restoring.lay_ready(packed)
    assert target.restoring.take_up() is None and target.restoring.take_up() is None
    store = await Store.open(url)
    async with store.session() as session:
        assert list(await session.scalars(select(OsseaConfigRow.name))) == ["kept"]
    assert (target.folder / "vault.key").read_bytes() == key
    await store.close()
    await source.store.close()


async def test_what_was_laid_ready_and_is_damaged_is_given_up_and_nothing_changes(place: Place) -> None:
    await with_a_cloud(place, "kept")
    await place.backups.restore(await place.made(), WORDS)
    (place.folder / "restore" / "backup.tar.gz").write_bytes(b"gone")
    assert place.restoring.take_up() is None
    assert await count(place.store, OsseaConfigRow) == 1 and not (place.folder / "restore").exists()


async def test_any_program_that_knows_the_format_opens_a_backup(place: Place, tmp_path: Path) -> None:
    assert shutil.which("age"), "age is missing; scripts/setup installs it"
    await with_a_cloud(place, "a")
    name = await place.made()
    packed = await asyncio.to_thread(decrypted, place.folder / "backups" / name, tmp_path / "out.tar.gz")
    with tarfile.open(fileobj=io.BytesIO(packed)) as tar:
        manifest = json.loads(tar.extractfile("manifest.json").read())  # type: ignore[union-attr]
        names = tar.getnames()
    assert manifest["rows"]["ossea_configs"] == 1 and {"files/vault.key", "files/identity/key.pem"} <= set(names)


def decrypted(path: Path, out: Path) -> bytes:
    """By Debian's age, which asks for the passphrase on its terminal."""
    child, terminal = pty.fork()
    if child == 0:
        os.execvp("age", ["age", "--decrypt", "-o", str(out), str(path)])
    try:
        os.read(terminal, 1000)
        os.write(terminal, WORDS.encode() + b"\n")
        while os.read(terminal, 1000):
            pass
    except OSError:  # the terminal's other end is closed
        pass
    assert os.waitpid(child, 0)[1] == 0
    os.close(terminal)
    return out.read_bytes()


async def test_neither_passphrase_nor_secrets_are_in_the_file_or_the_records(place: Place) -> None:
    await with_a_cloud(place, "cloudy-name")
    name = await place.made()
    sealed = await place.backups.read(name)
    assert b"cloudy-name" not in sealed and oct((place.folder / "backups" / name).stat().st_mode & 0o777) == "0o600"
    async with place.store.session() as session:
        rows = (await session.execute(text("SELECT * FROM jobs"))).all()
    assert WORDS not in repr(rows)


async def test_a_wrong_passphrase_changes_nothing(place: Place) -> None:
    name = await place.made()
    with pytest.raises(Fault) as refused:
        await place.backups.restore(name, "another passphrase")
    assert refused.value.key == PASSPHRASE_WRONG.key and place.restarts == 0 and place.restoring.take_up() is None


def repacked(packed: bytes, **changes: object) -> bytes:
    """The back-up with another manifest."""
    out = io.BytesIO()
    with tarfile.open(fileobj=io.BytesIO(packed)) as source, tarfile.open(fileobj=out, mode="w:gz") as target:
        for member in source.getmembers():
            content = source.extractfile(member).read()  # type: ignore[union-attr]
            if member.name == "manifest.json":
                content = json.dumps(json.loads(content) | changes).encode()
            member.size = len(content)
            target.addfile(member, io.BytesIO(content))
    return out.getvalue()


@pytest.mark.parametrize(
    ("changes", "spec"),
    [
        ({"role": "vma"}, OTHER_ROLE),
        ({"revision": "9999"}, TOO_NEW),
        ({"rows": {"jobs": 7}}, dump.ROWS_BROKEN),
        ({"rows": {"strangers": 1}}, NOT_A_BACKUP),
        ({"format": 2}, NOT_A_BACKUP),
        ({"more": 1}, NOT_A_BACKUP),
    ],
)
async def test_a_backup_that_does_not_fit_is_refused_and_nothing_changes(place: Place, changes: dict[str, object], spec: object) -> None:
    await with_a_cloud(place, "kept")
    name = await place.made()
    packed = repacked(await opened(await place.backups.read(name), WORDS), **changes)
    await place.backups.take(pyrage.passphrase.encrypt(packed, WORDS))
    with pytest.raises(Fault) as refused:
        await place.backups.restore((await place.backups.all())[0].name, WORDS)
    assert refused.value.key == spec.key  # type: ignore[attr-defined]
    assert place.restarts == 0 and place.restoring.take_up() is None and await count(place.store, OsseaConfigRow) == 1


@pytest.mark.parametrize("content", [b"", b"hello", b"age-encryption.org/v1\n" + b"x" * 500, b"age-encryption.org/v1\n"])
async def test_a_file_that_is_no_backup_is_refused(place: Place, content: bytes) -> None:
    with pytest.raises(Fault) as refused:
        taken = await place.backups.take(content)
        await place.backups.restore(taken.name, WORDS)
    assert refused.value.key in (NOT_A_BACKUP.key, PASSPHRASE_WRONG.key) and place.restarts == 0


@pytest.mark.parametrize("name", ["../../etc/passwd", "files/../../x", "tables/x.txt", "/etc/x", "files/identity/a/b"])
def test_a_tar_file_with_other_names_is_refused(name: str) -> None:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as tar:
        tar.addfile(tarfile.TarInfo("manifest.json"))
        tar.addfile(tarfile.TarInfo(name))
    with pytest.raises(Fault) as refused:
        Contents(out.getvalue())
    assert refused.value.key == NOT_A_BACKUP.key


async def test_a_backup_that_is_cut_off_is_refused(place: Place) -> None:
    packed = await opened(await place.backups.read(await place.made()), WORDS)
    for cut in (10, len(packed) // 2, len(packed) * 9 // 10):
        with pytest.raises(Fault):
            place.restoring.lay_ready(packed[:cut])
    assert place.restoring.take_up() is None


async def test_nothing_is_restored_while_jobs_run(place: Place) -> None:
    name = await place.made()
    async with place.store.begin() as session:
        session.add(Job(id="job-1", kind="k", title="t", status="running", params={}))
    with pytest.raises(Fault) as refused:
        await place.backups.restore(name, WORDS)
    assert refused.value.key == JOBS_RUN.key
    with pytest.raises(Fault) as refused:
        await place.backups.restore("backup-none.age", WORDS)
    assert refused.value.key == NOT_FOUND.key


async def test_one_is_made_at_a_time_and_five_are_kept(place: Place) -> None:
    async with place.store.begin() as session:
        session.add(Job(id="job-1", kind="backup", title="t", status="running", params={}))
    with pytest.raises(Fault) as refused:
        await place.backups.make(WORDS)
    assert refused.value.key == BEING_MADE.key
    for number in range(7):
        place.backups.folder.put(f"backup-oma-x-{number}.age", b"x")
    kept = await place.backups.all()
    assert [one.name for one in kept] == [f"backup-oma-x-{number}.age" for number in (6, 5, 4, 3, 2)]
    await place.backups.remove(kept[0].name)
    assert len(await place.backups.all()) == 4


async def test_a_restart_in_the_middle_ends_the_job_with_its_reason(place: Place) -> None:
    async with place.store.begin() as session:
        session.add(Job(id="job-old", kind="audit", title="t", status="completed", params={}))
    job_id = await place.backups.make(WORDS)
    place.backups._passphrases.clear()
    job = await ended(place.store, job_id)
    assert job.error is not None and job.error["key"] == "backup.passphrase_gone"


async def test_sound_records_pass_every_check(place: Place) -> None:
    await with_a_cloud(place, "a")
    assert {one.name: one.state for one in await place.backups.check()} == dict.fromkeys(
        ("database", "references", "secrets"), CheckState.PASS
    )


async def test_secrets_that_no_key_opens_are_named(place: Place) -> None:
    await with_a_cloud(place, "a")
    async with place.store.begin() as session:
        (await session.scalars(select(OsseaConfigRow))).one().secret_key = "vault:AAAA"
    (found,) = [one for one in await place.backups.check() if one.state is CheckState.FAIL]
    assert found.name == "secrets" and "1" in found.sentence


async def test_a_damaged_database_is_found(tmp_path: Path, newest_database: Path) -> None:
    shutil.copyfile(newest_database, tmp_path / "a.db")
    url = f"sqlite+aiosqlite:///{tmp_path}/a.db"
    store = await Store.open(url)
    async with store.begin() as session:
        session.add_all(AuditEvent(actor=f"somebody {n}", action="a", result="done", detail="x" * 200) for n in range(300))
    await store.close()
    with (tmp_path / "a.db").open("r+b") as file:
        size = file.seek(0, 2)
        file.seek(size - 3 * 4096)
        file.write(b"\xff" * 3 * 4096)
    store = await Store.open(url)
    place = Place(store, tmp_path / "state", url)
    assert next(one.state for one in await place.backups.check()) is CheckState.FAIL
    await store.close()


async def test_a_backup_is_of_one_moment_whatever_is_written_meanwhile(place: Place) -> None:
    engine = dump.blocking_engine(place.config.database_url)

    def seen(connection: Connection) -> int:
        return connection.scalar(select(func.count()).select_from(OsseaConfigRow)) or 0

    with engine.connect() as connection:
        before = await asyncio.to_thread(seen, connection)
        await with_a_cloud(place, "made meanwhile")
        assert await asyncio.to_thread(seen, connection) == before
    engine.dispose()
    assert await count(place.store, OsseaConfigRow) == before + 1


async def test_sealing_holds_up_nothing_else_and_any_program_that_knows_the_format_opens_it() -> None:
    turns = 0

    async def others() -> None:
        nonlocal turns
        while True:
            await asyncio.sleep(0)
            turns += 1

    task = asyncio.create_task(others())
    content = await sealed(b"rows" * 1000, WORDS)
    task.cancel()
    assert turns > 100
    assert pyrage.passphrase.decrypt(content, WORDS) == b"rows" * 1000


async def test_a_restore_that_is_refused_leaves_what_an_earlier_one_replaced(place: Place) -> None:
    packed = await opened(await place.backups.read(await place.made()), WORDS)
    kept = place.folder / "before-restore" / "appliance.db"
    kept.parent.mkdir()
    kept.write_text("what was before")
    with pytest.raises(Fault):
        place.restoring.lay_ready(repacked(packed, role="vma"))
    with pytest.raises(Fault):
        place.restoring.lay_ready(repacked(packed, rows={"jobs": 99}))
    assert kept.read_text() == "what was before"


async def test_a_job_that_begins_while_a_restore_is_prepared_is_not_forgotten(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    name, lay_ready = await place.made(), Restoring.lay_ready
    began = asyncio.Event()

    def slowly(restoring: Restoring, packed: bytes) -> object:
        made = lay_ready(restoring, packed)
        asyncio.run_coroutine_threadsafe(begin(), loop).result(10)
        return made

    async def begin() -> None:
        async with place.store.begin() as session:
            session.add(Job(id="job-1", kind="k", title="t", status="running", params={}))
        began.set()

    loop = asyncio.get_running_loop()
    monkeypatch.setattr(Restoring, "lay_ready", slowly)
    with pytest.raises(Fault) as refused:
        await place.backups.restore(name, WORDS)
    assert began.is_set() and refused.value.key == JOBS_RUN.key
    assert place.restarts == 0 and place.restoring.take_up() is None


async def test_the_records_that_a_restore_replaced_are_kept_on_every_database(place: Place) -> None:
    name = await place.made()
    await with_a_cloud(place, "made later")
    await place.backups.restore(name, WORDS)
    await place.store.close()
    assert place.restoring.take_up() is not None
    before, url = place.folder / "before-restore", make_url(place.config.database_url)
    if url.get_backend_name() == "sqlite":
        engine = dump.blocking_engine(f"sqlite:///{before / Path(url.database or '').name}")
        with engine.connect() as connection:
            names = connection.scalars(select(OsseaConfigRow.name)).all()
        engine.dispose()
    else:
        names = [json.loads(row)["name"] for row in Contents((before / "records.tar.gz").read_bytes()).rows("ossea_configs")]
    assert list(names) == ["made later"]


async def test_no_passphrase_is_kept_of_a_job_that_was_cancelled(place: Place) -> None:
    job_id = await place.backups.make(WORDS)
    await place.runner.cancel(job_id)
    await ended(place.store, job_id)
    await place.runner.wait(job_id)
    assert not place.backups._passphrases
