"""The vault's key is changed without a secret lost, wherever it is broken off."""

import asyncio
import stat
from pathlib import Path

import pytest
from sqlalchemy import select, update

from appliance.cloudstack.configs import SEALED as SECRET_KEYS
from appliance.cloudstack.configs import ConfigDraft, Configs
from appliance.cloudstack.models import OsseaConfigRow
from appliance.contract.errors import Fault
from appliance.core.jobs import Job, JobStatus, Run, Runner, Step
from appliance.core.rotation import KIND, KeyRotation
from appliance.core.store import Store
from appliance.core.vault import Vault
from appliance.vsphere.credentials import SEALED as PASSWORDS
from appliance.vsphere.credentials import Credentials, Draft, VmwareCredential

COLUMNS = (PASSWORDS, SECRET_KEYS)
STEPS = [step.name for step in KeyRotation(None, None, ()).steps]  # type: ignore[arg-type]


class Halting(Step):
    """A step whose agent dies before or after it has done its work."""

    def __init__(self, step: Step, when: str, reached: asyncio.Event) -> None:
        self.name, self.title, self._step, self._when, self._reached = step.name, step.title, step, when, reached

    async def do(self, run: Run) -> None:
        if self._when == "after":
            await self._step.do(run)
        self._reached.set()
        await asyncio.Event().wait()


class Appliance:
    """An appliance with secrets in both tables; each `agent` is a new start of it."""

    def __init__(self, store: Store, folder: Path) -> None:
        self.store, self.key, self.secrets = store, folder / "keys" / "vault.key", {}

    def agent(self, **halts: tuple[str, asyncio.Event]) -> Runner:
        self.vault = Vault(self.key)
        rotation = KeyRotation(self.store, self.vault, COLUMNS)
        rotation.steps = tuple(Halting(one, *halts[one.name]) if one.name in halts else one for one in rotation.steps)
        runner = Runner(self.store)
        runner.register(rotation)
        return runner

    async def filled(self, count: int = 3) -> "Appliance":
        self.agent()
        for number in range(count):
            draft = Draft(f"vc{number}", "vma-1", "vc.example", 443, "admin", f"password {number}", "", "AA" * 32, False)
            await Credentials(self.store, self.vault).create(draft)
        await Configs(self.store, self.vault).save(ConfigDraft("main", "cloud:8080", "key", "secret key"))
        return self

    async def opened(self) -> list[str]:
        """Every secret, as a new agent reads it."""
        vault = Vault(self.key)
        credentials, configs = Credentials(self.store, vault), Configs(self.store, vault)
        passwords = [(await credentials.use(row.id))[1] for row in await credentials.all()]
        return [*passwords, *(one.secret_key for one in await configs.all())]

    def files(self) -> set[str]:
        return {path.name for path in self.key.parent.iterdir()}


@pytest.fixture
async def appliance(store: Store, tmp_path: Path) -> Appliance:
    return await Appliance(store, tmp_path).filled()


async def rotated(runner: Runner) -> Job:
    return await runner.wait(await runner.submit(KIND, {}))


SECRETS = ["password 0", "password 1", "password 2", "secret key"]


async def test_every_secret_is_sealed_anew_and_the_old_key_is_gone(appliance: Appliance, store: Store) -> None:
    job = await rotated(appliance.agent())
    assert job.status == JobStatus.COMPLETED, job.error
    assert appliance.files() == {"vault-1.key"}
    assert await appliance.opened() == SECRETS
    async with store.session() as session:
        sealed = [*await session.scalars(select(VmwareCredential.password)), *await session.scalars(select(OsseaConfigRow.secret_key))]
    assert all(one.startswith("vault-1:") for one in sealed)


async def test_a_key_is_changed_as_often_as_wanted_and_each_file_is_private(appliance: Appliance) -> None:
    for _ in range(3):
        await rotated(appliance.agent())
    assert appliance.files() == {"vault-3.key"}
    assert stat.S_IMODE((appliance.key.parent / "vault-3.key").stat().st_mode) == 0o600
    assert await appliance.opened() == SECRETS


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("name", STEPS)
async def test_a_change_that_was_broken_off_goes_on(appliance: Appliance, name: str, when: str) -> None:
    reached = asyncio.Event()
    dying = appliance.agent(**{name: (when, reached)})
    job_id = await dying.submit(KIND, {})
    await reached.wait()
    await dying.close()
    assert await appliance.opened() == SECRETS
    after = appliance.agent()
    await after.recover()
    assert (await after.wait(job_id)).status == JobStatus.COMPLETED
    assert appliance.files() == {"vault-1.key"}
    assert await appliance.opened() == SECRETS


async def test_it_goes_on_between_two_rows(store: Store, tmp_path: Path) -> None:
    appliance = await Appliance(store, tmp_path).filled(20)
    before = await appliance.opened()
    dying = appliance.agent()
    job_id = await dying.submit(KIND, {})
    while (await dying.get(job_id)).progress_percent < 50:
        await asyncio.sleep(0.001)
    await dying.close()
    assert await appliance.opened() == before
    after = appliance.agent()
    await after.recover()
    assert (await after.wait(job_id)).status == JobStatus.COMPLETED
    assert await appliance.opened() == before


async def test_what_is_entered_meanwhile_is_sealed_with_the_new_key(appliance: Appliance) -> None:
    reached = asyncio.Event()
    runner = appliance.agent(**{"destroy-old-keys": ("before", reached)})
    await runner.submit(KIND, {})
    await reached.wait()
    await Configs(appliance.store, appliance.vault).save(ConfigDraft("second", "cloud:8080", "key", "entered meanwhile"))
    await runner.close()
    after = appliance.agent()
    for job_id in await after.recover():
        await after.wait(job_id)
    assert await appliance.opened() == [*SECRETS, "entered meanwhile"]


async def test_a_row_that_cannot_be_read_keeps_the_old_key_and_is_named(appliance: Appliance) -> None:
    async with appliance.store.begin() as session:
        await session.execute(update(VmwareCredential).where(VmwareCredential.id == 2).values(password="vault:AAAA"))
    job = await rotated(appliance.agent())
    assert job.error is not None and job.error["message"] == "The vCenter credential with the number 2 can't be read with the old key."
    assert appliance.files() == {"vault.key", "vault-1.key"}
    async with appliance.store.begin() as session:
        await session.delete(await session.get_one(VmwareCredential, 2))
    assert (await rotated(appliance.agent())).status == JobStatus.COMPLETED
    assert appliance.files() == {"vault-2.key"}
    assert await appliance.opened() == ["password 0", "password 2", "secret key"]


async def test_only_one_change_at_a_time(appliance: Appliance) -> None:
    reached = asyncio.Event()
    runner = appliance.agent(**{"seal-anew": ("before", reached)})
    await runner.submit(KIND, {})
    with pytest.raises(Fault) as refused:
        await runner.submit(KIND, {})
    assert refused.value.key == "vault.rotation_runs"
    await runner.close()


def test_a_new_key_seals_while_the_old_one_still_opens(tmp_path: Path) -> None:
    vault = Vault(tmp_path / "vault.key")
    sealed = vault.seal("x", "row")
    vault.add_key(vault.next_key_id)
    assert vault.seal("x", "row").startswith("vault-1:")
    assert vault.open(sealed, "row") == Vault(tmp_path / "vault.key").open(sealed, "row") == "x"
    vault.destroy_old_keys()
    with pytest.raises(Fault):
        vault.open(sealed, "row")


def test_a_draft_of_a_key_that_a_crash_left_is_removed(tmp_path: Path) -> None:
    Vault(tmp_path / "vault.key")
    (tmp_path / "vault-1.new").write_bytes(b"half")
    assert Vault(tmp_path / "vault.key").key_ids == {"vault"}
    assert not (tmp_path / "vault-1.new").exists()
