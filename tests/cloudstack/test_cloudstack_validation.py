"""Deep validation against the lab: what an administrator sees, what a user sees, and what is ordered to be wrong."""

import dataclasses
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from lab_cloud import LabCloud

from appliance.cloudstack._client import ComputeCalls
from appliance.cloudstack.clouds import Clouds
from appliance.cloudstack.configs import CloudConfig
from appliance.cloudstack.discovery import Identity
from appliance.cloudstack.faults import UNREACHABLE
from appliance.cloudstack.limits import Places
from appliance.cloudstack.quotas import UNLIMITED
from appliance.cloudstack.survey import GIB, Survey
from appliance.contract.checks import Check, CheckState
from appliance.lab.cloudstack import CloudstackLab, DiskOffering, LabConfig, Settings

OWN = Identity("", ("02:00:4c:4f:4d:41",))


async def checked(clouds: Clouds, config: CloudConfig, identity: Identity = OWN) -> dict[str, Check]:
    return {one.name: one for one in await clouds.validate(config, identity, {"ok": True})}


def states(checks: dict[str, Check], state: CheckState) -> set[str]:
    return {name for name, check in checks.items() if check.state is state}


async def test_the_lab_as_it_stands_can_be_used(clouds: Clouds, config: CloudConfig, lab: LabCloud) -> None:
    checks = await checked(clouds, config)
    assert states(checks, CheckState.FAIL) == set()
    assert states(checks, CheckState.WARN) == {"snapshot-place"}
    assert lab.commands() == []


async def test_a_plain_user_is_told_what_nobody_could_look_at(tmp_path: Path, clouds: Clouds, config: CloudConfig) -> None:
    asking = LabConfig(administrator=False, devices="link", settings=Settings(job_seconds=0.01))
    async with CloudstackLab(tmp_path / "user", asking) as lab:
        user = dataclasses.replace(config, api_url=lab.url, api_key=lab.api_key, secret_key=lab.secret_key)
        checks = await checked(clouds, user)
        capacity = {one.name: one.state for one in await clouds.capacity_for(user, [GIB])}
    assert states(checks, CheckState.FAIL) == set()
    assert states(checks, CheckState.WARN) == {"data-volume-limit", "snapshot-place", "storage-pools"}
    assert capacity["zone-storage"] is CheckState.WARN


@pytest.mark.parametrize(
    ("settings", "failing"),
    [
        ({"denied": ["createSnapshot", "revertSnapshot"]}, {"rights"}),
        ({"limits": {"volume": 0}}, {"quota-volumes"}),
        ({"limits": {"snapshot": 0}}, {"quota-snapshots"}),
        ({"limits": {"primary_storage_gib": 0}}, {"quota-primary-storage"}),
        ({"domain_limits": {"volume": 0}}, {"quota-volumes"}),
        ({"domain_limits": {"snapshot": 0, "primary_storage_gib": 0}}, {"quota-snapshots", "quota-primary-storage"}),
        ({"pool": {"managed": True}}, {"storage-pools"}),
        ({"pool": {"state": "Maintenance"}}, {"storage-pools"}),
    ],
)
async def test_what_is_ordered_to_be_wrong_fails(
    clouds: Clouds, config: CloudConfig, lab: LabCloud, settings: dict[str, object], failing: set[str]
) -> None:
    cloud = lab.lab.cloud
    cloud.settings = Settings.model_validate({**cloud.settings.model_dump(), **settings})
    assert states(await checked(clouds, config), CheckState.FAIL) == failing


@pytest.mark.parametrize("command", ["listApis", "listResourceLimits", "listConfigurations", "listStoragePools", "listDomains"])
async def test_a_question_that_is_refused_is_a_warning_at_most(clouds: Clouds, config: CloudConfig, lab: LabCloud, command: str) -> None:
    lab.lab.cloud.settings.denied = [command]
    assert states(await checked(clouds, config), CheckState.FAIL) == set()


async def test_wrong_keys_are_the_one_thing_said(clouds: Clouds, config: CloudConfig) -> None:
    checks = await checked(clouds, dataclasses.replace(config, secret_key="wrong"))
    assert list(checks) == ["connection"] and "API key" in checks["connection"].sentence


async def test_a_cloud_that_does_not_answer_is_the_one_thing_said(clouds: Clouds, config: CloudConfig) -> None:
    checks = await checked(clouds, dataclasses.replace(config, api_url="http://127.0.0.1:1/client/api"))
    assert list(checks) == ["connection"] and checks["connection"].state is CheckState.FAIL


@pytest.mark.parametrize("name", ["zone", "template_id", "network_id", "service_offering_id", "disk_offering_id", "oma_vm_id"])
async def test_a_reference_to_nothing_fails(clouds: Clouds, config: CloudConfig, name: str) -> None:
    changed = dataclasses.replace(config, **{name: "5f0f0000-0000-4000-8000-000000000000"})
    expected = name.removesuffix("_id").replace("_", "-").replace("oma-vm", "own-machine")
    assert expected in states(await checked(clouds, changed), CheckState.FAIL)


async def test_an_appliance_that_is_another_machine_fails(clouds: Clouds, config: CloudConfig, lab: LabCloud) -> None:
    elsewhere = Identity("", ("52:54:00:00:00:09",))
    assert "own-machine" in states(await checked(clouds, config, elsewhere), CheckState.WARN)
    cloud = lab.lab.cloud
    cloud.world.instances["other"] = cloud.world.instances[config.oma_vm_id].model_copy(deep=True, update={"id": "other"})
    cloud.world.instances["other"].nics[0].mac = "52:54:00:00:00:09"
    assert "own-machine" in states(await checked(clouds, config, elsewhere), CheckState.FAIL)


async def test_an_offering_of_one_size_fails(clouds: Clouds, config: CloudConfig, lab: LabCloud) -> None:
    fixed = dataclasses.replace(config, disk_offering_id=lab.account["disk_offering_ids"]["Small 5 GiB"])
    assert states(await checked(clouds, fixed), CheckState.FAIL) == {"disk-offering"}


@pytest.fixture
async def encrypted(tmp_path: Path) -> AsyncIterator[CloudstackLab]:
    made = LabConfig(devices="link", disk_offerings=[DiskOffering(name="Secret", encrypted=True, tags="ssd, fast")])
    made.settings.pool.tags = "fast,ssd,zone-wide"
    async with CloudstackLab(tmp_path / "encrypted", made) as lab:
        yield lab


async def test_encryption_is_warned_of_and_storage_is_found_by_its_tags(
    tmp_path: Path, encrypted: CloudstackLab, clouds: Clouds, config: CloudConfig
) -> None:
    account = json.loads((tmp_path / "encrypted" / "account.json").read_text())
    keys = {"api_url": encrypted.url, "api_key": encrypted.api_key, "secret_key": encrypted.secret_key}
    checks = await checked(clouds, dataclasses.replace(config, **keys, disk_offering_id=account["disk_offering_ids"]["Secret"]))
    assert (checks["disk-offering"].state, checks["storage-pools"].state) == (CheckState.WARN, CheckState.PASS)


async def test_what_is_left_counts_what_is_used(config: CloudConfig, lab: LabCloud, transport: object) -> None:
    lab.lab.cloud.settings.limits.primary_storage_gib = 50
    facts = await Survey(ComputeCalls(transport), config).facts(OWN)  # type: ignore[arg-type]
    assert (facts.left["primary storage"], facts.left["volumes"], facts.largest_disk_gib) == (50, UNLIMITED, 1024)


async def test_a_vm_that_does_not_fit_is_told_before_anything_is_made(clouds: Clouds, config: CloudConfig, lab: LabCloud) -> None:
    lab.lab.cloud.settings.limits.volume = 1
    found = {one.name: one.state for one in await clouds.capacity_for(config, [5 * GIB, 2000 * GIB])}
    assert {name for name, state in found.items() if state is CheckState.FAIL} == {"quota-volumes", "disk-size"}
    assert lab.commands() == []


async def test_the_domains_limit_counts_where_the_account_has_none(clouds: Clouds, config: CloudConfig, lab: LabCloud) -> None:
    lab.lab.cloud.settings.domain_limits.volume = 1
    found = {one.name: one.sentence for one in await clouds.capacity_for(config, [GIB, GIB])}
    assert found["quota-volumes"] == "The domain ROOT may use 1 more volumes; 2 are needed."


async def test_places_that_can_not_be_counted_are_one_failed_check(clouds: Clouds, config: CloudConfig) -> None:
    async def away(_: CloudConfig) -> Places:
        raise UNREACHABLE(cause="listVolumes")

    [check] = await clouds.capacity_for(config, [GIB], away)
    assert (check.name, check.state) == ("connection", CheckState.FAIL)
