"""Back-ups: one sealed file of one moment, made by a job; and whether the records are sound."""

import asyncio
import io
import json
import os
import pty
import shutil
import sys
import tarfile
from pathlib import Path

import pyrage
import pytest
from backup_place import WORDS, Place, count, ended, with_a_cloud
from sqlalchemy import Connection, func, select, text

from appliance.agent.backup import sealing
from appliance.agent.backup.faults import BEING_MADE
from appliance.agent.backup.sealing import sealed
from appliance.cloudstack.models import OsseaConfigRow
from appliance.contract.checks import CheckState
from appliance.contract.errors import Fault
from appliance.contract.types import FetchFrom, SendTo
from appliance.core.audit import AuditEvent
from appliance.core.jobs import Job, JobStatus, JobStep
from appliance.core.store import Store, dump
from tests.web_places import shelf


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


async def test_of_a_backup_that_a_power_cut_ended_half_written_nothing_is_left(place: Place) -> None:
    left = place.folder / "backups" / ".backup-oma-x.age.draft"
    left.parent.mkdir()
    left.write_bytes(b"half")
    async with place.store.begin() as session:
        session.add(Job(id="job-old", kind="backup", title="t", status="running", params={}, state={"name": "backup-oma-x.age"}))
        session.add(JobStep(job_id="job-old", position=0, name="write", title="t", status="running"))
    assert await place.runner.recover() == ["job-old"]
    assert (await ended(place.store, "job-old")).status == "failed"
    assert list(left.parent.iterdir()) == []


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


@pytest.mark.parametrize(("busy_for", "opens"), [(0, True), (3, True), (99, False)])
def test_a_machine_that_is_busy_for_a_moment_does_not_make_the_passphrase_wrong(
    busy_for: int, opens: bool, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    guesses = [True] * busy_for

    def decrypt(content: bytes, passphrase: str) -> bytes:
        if guesses and guesses.pop():
            raise pyrage.DecryptError("Excessive work parameter for passphrase.\nDecryption would take around 32 seconds.")
        return content

    monkeypatch.setattr(pyrage.passphrase, "decrypt", decrypt)
    monkeypatch.setattr(sealing, "GUESS_AGAIN_AFTER", (0.0,) * 4)
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(len(WORDS).to_bytes(4, "big") + WORDS.encode() + b"rows")))
    assert (sealing.main("open") == 0) == opens
    sys.stdout.flush()
    assert capfdbinary.readouterr().out == (b"rows" if opens else b"")


async def test_no_passphrase_is_kept_of_a_job_that_was_cancelled(place: Place) -> None:
    job_id = await place.backups.make(WORDS)
    await place.runner.cancel(job_id)
    await ended(place.store, job_id)
    await place.runner.wait(job_id)
    assert not place.backups._passphrases


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


async def test_a_backup_is_sent_to_a_web_server_and_fetched_from_there_as_it_was(place: Place, tmp_path: Path) -> None:
    name = await place.made()
    async with shelf(tmp_path / "server") as there, shelf() as plain:
        sent = await place.backups.send(name, SendTo(address=f"{there.url}/kept", fingerprint=there.fingerprint))
        assert (await ended(place.store, sent)).status == JobStatus.COMPLETED
        plain.files = {"kept": there.put["kept"][0], "other": b"<html>"}
        await place.backups.remove(name)
        for file, error in (("kept", None), ("other", "backup.unreadable")):
            job = await ended(place.store, await place.backups.fetch(FetchFrom(address=f"{plain.url}/{file}")))
            assert (job.error or {"key": None})["key"] == error
    (brought,) = await place.backups.all()
    assert await place.backups.read(brought.name) == plain.files["kept"]
    await place.backups.restore(brought.name, WORDS)
    assert place.restarts == 1
