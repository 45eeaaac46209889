"""The way back from a back-up, on every database: all of it or nothing."""

import asyncio
import io
import json
import os
import shutil
import tarfile
from collections.abc import Callable
from pathlib import Path

import pyrage
import pytest
from backup_place import WORDS, Place, count, repacked, with_a_cloud, with_rows
from sqlalchemy import make_url, select, text
from sqlalchemy.exc import DataError

from appliance.agent.backup.archive import Contents
from appliance.agent.backup.faults import JOBS_RUN, NOT_A_BACKUP, OTHER_ROLE, PASSPHRASE_WRONG, RESTORE_RUNS, TOO_NEW
from appliance.agent.backup.restoring import Restoring
from appliance.agent.backup.sealing import opened
from appliance.cloudstack.models import OsseaConfigRow
from appliance.contract.errors import NOT_FOUND, Fault
from appliance.core import durable
from appliance.core.audit import Audit
from appliance.core.jobs import Job, LogEvent
from appliance.core.store import Store, dump
from appliance.core.vault import Vault
from tests.databases.mariadb import MariaDb
from tests.uploads import parts


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


@pytest.mark.parametrize("where", ["where it was made", "where it was brought to"])
async def test_the_job_that_made_a_backup_has_succeeded_in_its_own_records_too(place: Place, where: str) -> None:
    """It ran still while they were read."""
    name = await place.made()
    if where == "where it was brought to":
        content = await place.backups.read(name)
        await place.backups.remove(name)
        name = (await place.backups.take(parts(content))).name
    await place.backups.restore(name, WORDS)
    await place.store.close()
    assert place.restoring.take_up() is not None
    restored = await Store.open(place.config.database_url)
    again = Place(restored, place.folder, place.config.database_url)
    assert await again.runner.recover() == []
    async with restored.session() as session:
        (job,) = (await session.scalars(select(Job))).all()
        lines = (await session.scalars(select(LogEvent.message).where(LogEvent.job_id == job.id))).all()
    assert (job.status, job.progress_percent, job.current_operation, job.error) == ("completed", 100.0, "", None)
    assert [one.status for one in job.steps] == ["completed"]
    assert job.started_at <= job.completed_at == job.steps[0].completed_at <= job.updated_at
    assert "added to them when they were put back" in lines[-1]
    assert [one.name for one in await again.backups.all()] == [name]
    await restored.close()


async def test_another_job_that_ran_while_a_backup_was_made_is_taken_up(place: Place) -> None:
    async with place.store.begin() as session:
        session.add(Job(id="job-other1", kind="fetch", title="t", status="running", params={}, state={"name": "backup-oma"}))
    name = await place.made()
    content = await opened(await place.backups.read(name), WORDS)
    place.restoring.lay_ready(content)
    await place.store.close()
    assert place.restoring.take_up() is not None
    restored = await Store.open(place.config.database_url)
    async with restored.session() as session:
        found = {job.id: job.status for job in await session.scalars(select(Job))}
    assert found.pop("job-other1") == "running" and list(found.values()) == ["completed"]
    await restored.close()


async def test_a_backup_whose_jobs_are_no_jobs_is_refused(place: Place) -> None:
    packed = await opened(await place.backups.read(await place.made()), WORDS)
    rows = [json.loads(row) for row in Contents(packed).rows("jobs")]
    broken = with_rows(packed, "jobs", [row | {"state": "{"} for row in rows])
    with pytest.raises(Fault) as refused:
        place.restoring.lay_ready(broken)
    assert refused.value.key == dump.ROWS_BROKEN.key and place.restoring.take_up() is None


@pytest.mark.parametrize("move", ["_put_files", "_put_records"])
async def test_a_restore_that_is_broken_off_is_taken_up_again(place: Place, move: str, monkeypatch: pytest.MonkeyPatch) -> None:
    await with_a_cloud(place, "kept")
    await place.backups.restore(await place.made(), WORDS)
    await place.store.close()
    real = getattr(Restoring, move)

    def cut(self: Restoring, contents: Contents, *more: object) -> None:
        real(self, contents, *more)
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


async def laid_ready_on_a_server(folder: Path, newest_database: Path, url: str) -> Place:
    """A server's records, and a back-up laid ready for it that it does not take."""
    shutil.copyfile(newest_database, folder / "a.db")
    source = Place(await Store.open(f"sqlite+aiosqlite:///{folder}/a.db"), folder / "source", f"sqlite+aiosqlite:///{folder}/a.db")
    await with_a_cloud(source, "too long for the server" * 20)
    packed = await opened(await source.backups.read(await source.made()), WORDS)
    await source.store.close()
    target = Place(await Store.open(url), folder / "target", url)
    await with_a_cloud(target, "kept")
    await target.store.close()
    target.restoring.lay_ready(packed)
    return target


async def test_rows_that_the_server_does_not_take_leave_it_as_it_was(tmp_path: Path, newest_database: Path, mariadb: MariaDb) -> None:
    url = mariadb.make("as_it_was")
    target = await laid_ready_on_a_server(tmp_path, newest_database, url)
    key = (target.folder / "vault.key").read_bytes()
    assert target.restoring.take_up() is None and target.restoring.take_up() is None
    store = await Store.open(url)
    async with store.session() as session:
        assert list(await session.scalars(select(OsseaConfigRow.name))) == ["kept"]
    assert (target.folder / "vault.key").read_bytes() == key
    await store.close()


async def test_rows_that_the_server_does_not_take_stay_laid_ready_where_those_of_before_are_of_a_newer_release(
    tmp_path: Path, newest_database: Path, mariadb: MariaDb
) -> None:
    url = mariadb.make("of_a_newer_release")
    target = await laid_ready_on_a_server(tmp_path, newest_database, url)
    engine = dump.blocking_engine(url)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    engine.dispose()
    for _ in range(2):
        with pytest.raises(DataError):
            target.restoring.take_up()
    assert (target.folder / "restore/backup.tar.gz").exists() and (target.folder / "before-restore/records.tar.gz").exists()


async def test_what_was_laid_ready_and_is_damaged_is_given_up_and_nothing_changes(place: Place) -> None:
    await with_a_cloud(place, "kept")
    await place.backups.restore(await place.made(), WORDS)
    (place.folder / "restore" / "backup.tar.gz").write_bytes(b"gone")
    assert place.restoring.take_up() is None
    assert await count(place.store, OsseaConfigRow) == 1 and not (place.folder / "restore").exists()


async def test_a_wrong_passphrase_changes_nothing(place: Place) -> None:
    name = await place.made()
    with pytest.raises(Fault) as refused:
        await place.backups.restore(name, "another passphrase")
    assert refused.value.key == PASSPHRASE_WRONG.key and place.restarts == 0 and place.restoring.take_up() is None


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
    await place.backups.take(parts(pyrage.passphrase.encrypt(packed, WORDS)))
    with pytest.raises(Fault) as refused:
        await place.backups.restore((await place.backups.all())[0].name, WORDS)
    assert refused.value.key == spec.key  # type: ignore[attr-defined]
    assert place.restarts == 0 and place.restoring.take_up() is None and await count(place.store, OsseaConfigRow) == 1


@pytest.mark.parametrize("content", [b"", b"hello", b"age-encryption.org/v1\n" + b"x" * 500, b"age-encryption.org/v1\n"])
async def test_a_file_that_is_no_backup_is_refused(place: Place, content: bytes) -> None:
    with pytest.raises(Fault) as refused:
        taken = await place.backups.take(parts(content))
        await place.backups.restore(taken.name, WORDS)
    assert refused.value.key in (NOT_A_BACKUP.key, PASSPHRASE_WRONG.key) and place.restarts == 0
    assert list((place.folder / "backups").glob(".*")) == []


LONG = "1" * 300
STRANGE = ["files/log", "files/operator.token", "files/appliance.db", f"files/identity/{LONG}", f"files/vault-{LONG}.key"]


@pytest.mark.parametrize("name", ["../../etc/passwd", "files/../../x", "tables/x.txt", "/etc/x", "files/identity/a/b", *STRANGE])
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


async def test_what_an_earlier_restore_replaced_goes_when_another_one_is_taken_up(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not when that one is laid ready, which may be refused still; nor again, when its taking up is broken off."""
    packed = await opened(await place.backups.read(await place.made()), WORDS)
    kept = place.folder / "before-restore" / "operators.txt"
    kept.parent.mkdir()
    kept.write_text("what was before")
    place.restoring.lay_ready(packed)
    place.restoring.give_up()
    assert kept.exists()
    place.restoring.lay_ready(packed)
    await place.store.close()
    (place.folder / "vault.key").write_bytes(b"another key")
    with monkeypatch.context() as patched, pytest.raises(OSError, match="power"):
        patched.setattr(Restoring, "_put_records", refusing(OSError("the power is gone")))
        place.restoring.take_up()
    assert not kept.exists()
    assert place.restoring.take_up() is not None
    assert (kept.parent / "vault.key").read_bytes() == b"another key"


async def test_a_restore_for_which_the_disk_is_too_full_leaves_nothing(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    packed = await opened(await place.backups.read(await place.made()), WORDS)
    with monkeypatch.context() as patched, pytest.raises(OSError, match="full"):
        patched.setattr(durable, "replace", refusing(OSError("full")))
        place.restoring.lay_ready(packed)
    assert not (place.folder / "restore").exists()


async def test_a_file_that_would_come_to_the_place_of_a_folder_is_refused(place: Place) -> None:
    packed = await opened(await place.backups.read(await place.made()), WORDS)
    (place.folder / "vault.key").unlink()
    (place.folder / "vault.key").mkdir()
    with pytest.raises(Fault) as refused:
        place.restoring.lay_ready(packed)
    assert refused.value.key == NOT_A_BACKUP.key and place.restoring.take_up() is None


async def test_of_two_restores_at_once_the_second_is_refused_until_the_agent_has_started_anew(place: Place) -> None:
    name = await place.made()
    outcomes = await asyncio.gather(*(place.backups.restore(name, WORDS) for _ in range(2)), return_exceptions=True)
    [refused] = [one for one in outcomes if one is not None]
    assert isinstance(refused, Fault) and refused.key == RESTORE_RUNS.key
    with pytest.raises(Fault) as refused:
        await place.backups.restore(name, WORDS)
    assert refused.value.key == RESTORE_RUNS.key and place.restarts == 1 and place.restoring.waits


@pytest.mark.parametrize(("as_it_was", "error"), [(False, "job.restored"), (True, None)])
async def test_a_job_that_was_under_way_when_the_backup_was_made_does_not_go_on_unless_nothing_was_done_since(
    place: Place, as_it_was: bool, error: str | None
) -> None:
    async with place.store.begin() as session:
        session.add(Job(id="job-live", kind="live_failover", title="Live failover of web", status="running", params={}))
    place.restoring.lay_ready(await opened(await place.backups.read(await place.made()), WORDS))
    await place.store.close()
    assert place.restoring.take_up(as_it_was=as_it_was) is not None
    restored = await Store.open(place.config.database_url)
    async with restored.session() as session:
        job = await session.get_one(Job, "job-live")
        made = (await session.scalars(select(Job).where(Job.kind == "backup"))).one()
    assert (job.status, job.error and job.error["key"], made.error) == ("running", error, None)
    await restored.close()


def refusing(error: Exception) -> Callable[..., None]:
    def refuse(*_: object, **__: object) -> None:
        raise error

    return refuse


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
