"""The job of an upgrade: what refuses it, and what a file that does not fit says in the list."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from appliance.agent.config import Config
from appliance.agent.upgrade.signature import sign
from appliance.agent.upgrade.upgrades import Upgrades
from appliance.agent.upgrade.workflow import KIND, NAME, VERSION
from appliance.agent.version import VERSION as VERSION_HERE
from appliance.contract.errors import Fault
from appliance.contract.status import Health
from appliance.contract.types import FetchFrom
from appliance.core.audit import Audit
from appliance.core.jobs import Job, JobStatus, Runner
from appliance.core.store import Store
from image.upgrade import manifest_of, pack
from tests.agent.upgrade_site import Site
from tests.uploads import parts
from tests.web_places import shelf

PARAMS = {NAME: "appliance-9.0.0.upgrade", VERSION: "9.0.0"}


async def well() -> Health:
    return Health(state="ok", parts={})


def upgrades(folder: Path, runner: Runner, key: Ed25519PrivateKey | None = None) -> Upgrades:
    config = Config.model_validate({"role": "oma", "name": "oma1", "state_dir": folder, "machine": {"release_home": folder / "opt"}})
    return Upgrades(config, runner, Audit(runner.store), key.public_key() if key else None, well, lambda: None)


@pytest.fixture
async def runner(store: Store) -> AsyncIterator[Runner]:
    made = Runner(store)
    yield made
    await made.close()


async def add(store: Store, kind: str, status: JobStatus) -> None:
    async with store.begin() as session:
        session.add(Job(id=f"job-{kind}-{status}", kind=kind, title=f"The {kind} of db01", status=status, params={}, state={}))


@pytest.mark.parametrize("kind", ["live_failover", "rollback"])
async def test_no_upgrade_begins_while_a_machine_is_between_two_clouds(tmp_path: Path, runner: Runner, kind: str) -> None:
    made = upgrades(tmp_path, runner)
    await add(runner.store, kind, JobStatus.RUNNING)
    with pytest.raises(Fault) as refused:
        await runner.submit(KIND, PARAMS)
    assert (refused.value.key, refused.value.message) == ("upgrade.failover_runs", f"The {kind} of db01 is under way.")
    with pytest.raises(Fault):
        await made.order("job-1", "9.0.0")


async def test_other_jobs_and_those_that_have_ended_keep_no_upgrade_back(tmp_path: Path, runner: Runner) -> None:
    made = upgrades(tmp_path, runner)
    await add(runner.store, "live_failover", JobStatus.COMPLETED)
    await add(runner.store, "replication", JobStatus.RUNNING)
    await made.order("job-1", "9.0.0")


async def test_no_upgrade_begins_and_none_changes_over_while_a_restore_waits_for_the_next_start(tmp_path: Path, runner: Runner) -> None:
    """Given up, the upgrade would put the records of before the restore back."""
    made = upgrades(tmp_path, runner)
    (tmp_path / "restore").mkdir()
    (tmp_path / "restore/backup.tar.gz").write_bytes(b"laid ready")
    for begun in (runner.submit(KIND, PARAMS), made.order("job-1", "9.0.0")):
        with pytest.raises(Fault) as refused:
            await begun
        assert refused.value.key == "upgrade.restore_waits"
    assert not (tmp_path / "upgrade/state.json").exists()


async def test_one_upgrade_at_a_time(tmp_path: Path, runner: Runner) -> None:
    upgrades(tmp_path, runner)
    await add(runner.store, KIND, JobStatus.WAITING)
    with pytest.raises(Fault) as refused:
        await runner.submit(KIND, PARAMS)
    assert refused.value.key == "upgrade.under_way"


async def test_an_agent_that_is_not_of_an_image_is_not_upgraded(tmp_path: Path, runner: Runner) -> None:
    made = upgrades(tmp_path, runner, Ed25519PrivateKey.generate())
    with pytest.raises(Fault) as refused:
        await made.apply("appliance-9.0.0.upgrade")
    assert refused.value.key == "upgrade.not_installed"
    found = await made.releases()
    assert (found.former, found.last) == ("", None)


async def test_an_appliance_without_a_vendors_key_takes_no_upgrade(tmp_path: Path, runner: Runner) -> None:
    made = upgrades(tmp_path, runner)

    with pytest.raises(Fault) as refused:
        await made.take(parts(b"x"))
    assert refused.value.key == "upgrade.no_key" and await made.all() == []


async def test_a_file_that_hangs_on_its_way_keeps_no_other_back(tmp_path: Path, runner: Runner) -> None:
    made = upgrades(tmp_path, runner, Ed25519PrivateKey.generate())

    async def hanging() -> AsyncIterator[bytes]:
        yield b"x"
        await asyncio.Event().wait()

    waiting = asyncio.create_task(made.take(hanging()))
    await asyncio.sleep(0)
    with pytest.raises(Fault) as refused:
        await made.take(parts(b"no upgrade"))
    assert refused.value.key == "upgrade.unreadable" and not waiting.done()
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    assert list((tmp_path / "upgrades").iterdir()) == []


@pytest.mark.parametrize("name", ["../state/agent.toml", "appliance-*.upgrade", "", "appliance-9.0.0.upgrade/.."])
async def test_only_names_of_the_list_are_removed(tmp_path: Path, runner: Runner, name: str) -> None:
    made = upgrades(tmp_path, runner, Ed25519PrivateKey.generate())
    with pytest.raises(Fault) as refused:
        await made.remove(name)
    assert refused.value.key == "request.not_found"


async def test_what_is_fetched_is_kept_only_if_the_vendor_has_signed_it(tmp_path: Path, runner: Runner) -> None:
    site = Site(tmp_path / "site", tmp_path / "run")
    made = upgrades(tmp_path, runner, site.key)
    site.folder.mkdir()
    async with shelf() as there:
        there.files = {"good": site.upgrade_file().read_bytes(), "other": b"<html>"}
        for name in there.files:
            job = await runner.wait(await made.fetch(FetchFrom(address=f"{there.url}/{name}")))
            expected = ("completed", "") if name == "good" else ("failed", "upgrade.unreadable")
            assert (job.status, (job.error or {"key": ""})["key"]) == expected
    assert [one.name for one in await made.all()] == ["appliance-0.2.0.upgrade"]
    assert [one.name for one in (tmp_path / "upgrades").iterdir()] == ["appliance-0.2.0.upgrade"]


async def test_without_a_vendors_key_nothing_is_fetched(tmp_path: Path, runner: Runner) -> None:
    with pytest.raises(Fault) as refused:
        await upgrades(tmp_path, runner).fetch(FetchFrom(address="http://x/"))
    assert refused.value.key == "upgrade.no_key"


async def test_a_file_for_older_records_is_listed_with_what_is_wrong_and_refused_before_anything_is_laid_down(
    tmp_path: Path, runner: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    key, release = Ed25519PrivateKey.generate(), tmp_path / "vendor"
    (release / "lib/appliance/core/store/migrations/versions").mkdir(parents=True)
    (release / "lib/appliance/core/store/migrations/versions/0001_first.py").write_text("")
    (release / "lib/migration_appliance-9.0.0.dist-info").mkdir()
    (release / "lib/migration_appliance-9.0.0.dist-info/METADATA").write_text("")
    made, ours = upgrades(tmp_path, runner, key), ".".join(VERSION_HERE.split(".")[:2])
    monkeypatch.setattr(made._home, "require", lambda version: None)
    listed = manifest_of(release, lines=[ours])
    stored = await made.take(parts(pack(release, listed, sign(key, listed), tmp_path).read_bytes()))
    assert "newer form" in stored.flaw
    with pytest.raises(Fault) as refused:
        await made.apply(stored.name)
    assert refused.value.key == "upgrade.records_newer" and not (tmp_path / "opt").exists()
