"""CloudStack configurations over the routes: three steps against the lab, then validation, trial and capacity."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from console_records import keep, vm

from appliance.agent.http.clouds import CloudRoutes
from appliance.cloudstack._client import Pace
from appliance.cloudstack.clouds import Clouds
from appliance.cloudstack.configs import Configs
from appliance.contract.checks import CheckState
from appliance.contract.clouds import AskCapacity, Connection, Discovery, SaveConfig
from appliance.contract.errors import Fault
from appliance.core.commands import Children
from appliance.core.jobs import Runner
from appliance.core.store import Store
from appliance.core.vault import Vault
from appliance.lab.cloudstack import ApplianceVm, CloudstackLab, LabConfig
from appliance.lab.cloudstack import Settings as LabSettings
from appliance.volumes.facade import Settings, Volumes
from appliance.volumes.trial import SnapshotTrial

FAST = Pace(first=0.01, most=0.05)
GIB = 1024**3
STRANGE = "Zürich <b>&amp; 🏔️"


@dataclass
class Oma:
    """The routes and what is behind them."""

    routes: CloudRoutes
    lab: CloudstackLab
    account: dict[str, Any]
    runner: Runner
    store: Store

    def connection(self, **more: Any) -> dict[str, Any]:
        host = self.lab.url.removeprefix("http://").removesuffix("/client/api")
        return {"address": host, "api_key": self.lab.api_key, "secret_key": self.lab.secret_key} | more

    async def chosen(self, **more: Any) -> SaveConfig:
        """Step three: of what was discovered, by its human names."""
        found = await self.routes.discover_resources(Discovery.model_validate(self.connection()))

        def named(listed: list[Any], name: str) -> str:
            return next(str(one.id) for one in listed if one.name == name)

        fields = {
            "name": "main",
            "zone": named(found.zones, STRANGE),
            "template_id": named(found.templates, "Migration placeholder"),
            "network_id": named(found.networks, "production"),
            "service_offering_id": named(found.service_offerings, "Small"),
            "disk_offering_id": named(found.disk_offerings, "Custom"),
            "oma_vm_id": found.oma_vm_id or self.account["appliance_vm_ids"]["oma"],
        }
        return SaveConfig.model_validate(self.connection() | fields | more)


@pytest.fixture
async def oma(store: Store, tmp_path: Path) -> AsyncIterator[Oma]:
    devices = tmp_path / "by-id"
    devices.mkdir()
    machine = ApplianceVm(name="oma", devices_dir=devices)
    config = LabConfig(zone=STRANGE, devices="link", appliance_vms=[machine], settings=LabSettings(job_seconds=0.01))
    async with CloudstackLab(tmp_path / "cloud", config) as lab:
        configs, clouds, runner = Configs(store, Vault(tmp_path / "k" / "vault.key")), Clouds(store, FAST, timeout=5), Runner(store)
        settings = Settings(tmp_path / "state", tmp_path / "run", devices, 0, device_wait_s=0.5, request_timeout_s=5, pace=FAST)
        volumes = Volumes(store, configs, Children(tmp_path / "run" / "children"), settings)
        runner.register(SnapshotTrial(volumes, configs))
        account = json.loads((tmp_path / "cloud" / "account.json").read_text())
        yield Oma(CloudRoutes(configs, clouds, runner, volumes.places), lab, account, runner, store)
        await volumes.close()
        await clouds.close()


async def test_three_steps_lead_to_an_active_configuration(oma: Oma) -> None:
    tested = await oma.routes.test_connection(Connection.model_validate(oma.connection()))
    assert (tested.id, tested.name) == (oma.lab.url, "4.20.1.0")
    saved = await oma.routes.save_config(await oma.chosen())
    assert saved.is_active and await oma.routes.configs() == [saved] and await oma.routes.config(str(saved.id)) == saved
    assert oma.lab.secret_key not in repr(saved)


async def test_what_is_offered_is_told_apart(oma: Oma) -> None:
    found = await oma.routes.discover_resources(Discovery.model_validate(oma.connection()))
    assert {(one.name, one.detail, one.custom) for one in found.disk_offerings} == {
        ("Custom", "any size", True),
        ("Small 5 GiB", "5 GiB", False),
    }
    elsewhere = await oma.routes.discover_resources(Discovery.model_validate(oma.connection(zone="another")))
    assert (elsewhere.networks, elsewhere.templates) == ([], [])


async def test_saving_again_updates_and_the_keys_need_not_be_typed(oma: Oma) -> None:
    first = await oma.routes.save_config(await oma.chosen())
    again = await oma.routes.save_config(await oma.chosen(id=first.id, name="renamed", api_key="", secret_key=""))
    assert (again.id, again.name, len(await oma.routes.configs())) == (first.id, "renamed", 1)
    assert (await oma.routes.test_connection(Connection(config_id=first.id))).name == "4.20.1.0"


@pytest.mark.parametrize("missing", ["api_key", "secret_key", "address"])
async def test_a_connection_that_is_not_whole_says_what_is_missing(oma: Oma, missing: str) -> None:
    with pytest.raises(Fault) as refused:
        await oma.routes.test_connection(Connection.model_validate(oma.connection(**{missing: ""})))
    assert refused.value.status == 422


async def test_another_one_is_made_active_and_the_first_can_go(oma: Oma) -> None:
    first = await oma.routes.save_config(await oma.chosen())
    second = await oma.routes.save_config(await oma.chosen(name="second"))
    assert not second.is_active
    assert (await oma.routes.activate_config(str(second.id))).is_active
    await oma.routes.delete_config(str(first.id))
    assert [(one.name, one.is_active) for one in await oma.routes.configs()] == [("second", True)]


async def test_one_that_vms_use_stays(oma: Oma) -> None:
    first = await oma.routes.save_config(await oma.chosen())
    await keep(oma.store, vm(1, ossea_config_id=first.id))
    with pytest.raises(Fault) as refused:
        await oma.routes.delete_config(str(first.id))
    assert (refused.value.status, "vm-0001" in refused.value.message) == (409, True)


@pytest.mark.parametrize("wrong", ["0", "77", "1e3", "²", "9" * 40, "-1", "main"])
async def test_an_id_of_nothing_is_not_found(oma: Oma, wrong: str) -> None:
    for ask in (oma.routes.config, oma.routes.delete_config, oma.routes.activate_config, oma.routes.validate_config, oma.routes.try_config):
        with pytest.raises(Fault) as refused:
            await ask(wrong)
        assert refused.value.status == 404


async def test_a_trial_turns_a_warning_into_a_pass(oma: Oma) -> None:
    saved = await oma.routes.save_config(await oma.chosen())
    before = await oma.routes.validate_config(str(saved.id))
    assert before.ok and _state(before.checks, "snapshot-trial") is CheckState.WARN
    job = await oma.runner.wait((await oma.routes.try_config(str(saved.id))).job_id)
    assert job.status == "completed", job.error
    after = await oma.routes.validate_config(str(saved.id))
    assert _state(after.checks, "snapshot-trial") is CheckState.PASS
    assert oma.lab.cloud.world.volumes == {} and oma.lab.cloud.world.snapshots == {}


async def test_a_trial_of_a_configuration_without_a_disk_offering_is_refused_at_once(oma: Oma) -> None:
    saved = await oma.routes.save_config(await oma.chosen(disk_offering_id=""))
    with pytest.raises(Fault) as refused:
        await oma.routes.try_config(str(saved.id))
    assert (refused.value.status, "disk offering" in refused.value.message) == (422, True)


async def test_a_vm_that_is_too_large_is_told_so(oma: Oma) -> None:
    saved = await oma.routes.save_config(await oma.chosen())
    assert (await oma.routes.capacity(str(saved.id), AskCapacity(sizes_bytes=[GIB]))).ok
    oma.lab.cloud.settings.limits.primary_storage_gib = 10
    told = await oma.routes.capacity(str(saved.id), AskCapacity(sizes_bytes=[20 * GIB]))
    assert not told.ok and _state(told.checks, "quota-primary-storage") is CheckState.FAIL


def _state(checks: list[Any], name: str) -> CheckState:
    [found] = [one.state for one in checks if one.name == name]
    return CheckState(found)
