"""A real agent is upgraded by a file, over its API; and comes back by itself from releases that are not well."""

import asyncio
from pathlib import Path

import pytest

from appliance.contract.client import Transport, client
from appliance.contract.errors import Fault
from appliance.contract.gate import GateApi
from appliance.contract.jobs import Job
from appliance.contract.settings import ChangeSetting, SettingsApi
from appliance.contract.upgrades import UpgradeOutcome, UpgradesApi
from tests.agent.upgrade_site import NEW, OLD, Site, beginning, ended, ending, migration, pieces, site, until

NAME = "jobs.kept_days"
FORGETS = migration('op.execute("DELETE FROM settings")')
SAID = "The new release says so."
SICK = ending(
    "agent/probes.py",
    'async def probe_database(store: Store) -> status.Part:\n    return status.Part(state="failed", detail="The new release says so.")',
)
MOMENTS = [f"{when}-{phase}" for phase in ("ordered", "backed_up", "kept") for when in ("before", "after")]


async def applied(made: Site, transport: Transport, file: Path) -> Job:
    """What the job says that applied this file; a setting was changed before."""
    upgrades = client(UpgradesApi, transport)
    await until(transport, OLD)
    await client(SettingsApi, transport).change_setting(NAME, ChangeSetting(value=99))
    brought = await upgrades.upload_upgrade(pieces(file))
    assert brought.flaw == ""
    return await ended(transport, (await upgrades.apply_upgrade(brought.name)).job_id)


async def kept_days(transport: Transport) -> object:
    return (await client(SettingsApi, transport).setting(NAME)).value


@pytest.mark.lab
@pytest.mark.timeout(600)
async def test_an_upgrade_is_made_though_the_agent_is_killed_at_each_of_its_steps(tmp_path: Path) -> None:
    async with site(tmp_path, kills=MOMENTS) as made, made.running() as transport:
        file = made.upgrade_file(migration('op.create_table("of_the_new_release", sa.Column("id", sa.Integer, primary_key=True))'))
        job = await applied(made, transport, file)
        assert job.status == "completed", job
        assert made.ends.count(-9) == len(MOMENTS)
        found = await client(UpgradesApi, transport).releases()
        assert (found.version, found.former) == (NEW, OLD)
        assert found.last is not None and found.last.outcome is UpgradeOutcome.KEPT
        assert made.started == NEW and await kept_days(transport) == 99
        assert "upgrades.apply" in [one.action for one in await client(GateApi, transport).audit()]
        (same,) = await client(UpgradesApi, transport).upgrades()
        assert same.flaw == f"This appliance has version {NEW} already."


@pytest.mark.lab
@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    ("changes", "trial", "said"),
    [
        ((FORGETS, SICK), 600.0, SAID),
        ((beginning("agent/supervisor.py", "raise SystemExit(1)"),), 60.0, "again and again"),
        ((migration('op.execute("DELETE FROM settings")\n    raise RuntimeError("it fails")'),), 60.0, "again and again"),
        ((FORGETS, beginning("agent/probes.py", "import time; time.sleep(1000)")), 8.0, "within 2 minutes"),
    ],
    ids=["it is never well", "it ends at its start", "its migration fails", "it hangs"],
)
async def test_the_former_release_comes_back_with_its_records_when_the_new_one(
    tmp_path: Path, changes: tuple[object, ...], trial: float, said: str
) -> None:
    kills = ("before-returned", "after-returned")
    async with site(tmp_path, trial=trial, kills=kills if FORGETS in changes else ()) as made, made.running() as transport:
        applying = asyncio.create_task(applied(made, transport, made.upgrade_file(*changes)))  # type: ignore[arg-type]
        if SICK in changes:
            await made.time_is_over_once(said)
        job = await applying
        assert job.status == "failed" and job.error is not None and job.error.key == "upgrade.returned", job
        assert said in job.error.message
        found = await client(UpgradesApi, transport).releases()
        assert (found.version, found.former, made.started) == (OLD, "", OLD)
        assert found.last is not None and found.last.outcome is UpgradeOutcome.RETURNED
        assert await kept_days(transport) == 99
        await client(SettingsApi, transport).change_setting(NAME, ChangeSetting(value=12))  # nothing is held back


@pytest.mark.lab
@pytest.mark.timeout(900)
async def test_what_the_vendor_has_not_signed_is_not_kept(tmp_path: Path) -> None:
    async with site(tmp_path / "one") as made, site(tmp_path / "other") as other, made.running() as transport:
        await until(transport, OLD)
        upgrades = client(UpgradesApi, transport)
        with pytest.raises(Fault) as refused:
            await upgrades.upload_upgrade(pieces(other.upgrade_file()))
        assert refused.value.key == "upgrade.not_signed"
        assert await upgrades.upgrades() == [] and list((made.folder / "state/upgrades").iterdir()) == []
