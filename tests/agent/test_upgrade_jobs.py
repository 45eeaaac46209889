"""The job of an upgrade: what refuses it, and what a file that does not fit says in the list."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from appliance.agent.config import Config
from appliance.agent.upgrade.upgrades import Upgrades
from appliance.agent.upgrade.wellness import Seen
from appliance.agent.upgrade.workflow import KIND, NAME, VERSION
from appliance.contract.errors import Fault
from appliance.contract.status import Health
from appliance.core.audit import Audit
from appliance.core.jobs import Job, JobStatus, Runner
from appliance.core.store import Store

PARAMS = {NAME: "appliance-9.0.0.upgrade", VERSION: "9.0.0"}


async def well() -> Seen:
    return Seen(Health(state="ok", parts={}), [])


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
        await made.require_no_failover()


async def test_other_jobs_and_those_that_have_ended_keep_no_upgrade_back(tmp_path: Path, runner: Runner) -> None:
    made = upgrades(tmp_path, runner)
    await add(runner.store, "live_failover", JobStatus.COMPLETED)
    await add(runner.store, "replication", JobStatus.RUNNING)
    await made.require_no_failover()


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

    async def parts() -> AsyncIterator[bytes]:
        yield b"x"

    with pytest.raises(Fault) as refused:
        await made.take(parts())
    assert refused.value.key == "upgrade.no_key" and await made.all() == []


@pytest.mark.parametrize("name", ["../state/agent.toml", "appliance-*.upgrade", "", "appliance-9.0.0.upgrade/.."])
async def test_only_names_of_the_list_are_removed(tmp_path: Path, runner: Runner, name: str) -> None:
    made = upgrades(tmp_path, runner, Ed25519PrivateKey.generate())
    with pytest.raises(Fault) as refused:
        await made.remove(name)
    assert refused.value.key == "request.not_found"
