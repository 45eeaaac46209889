"""The CloudStack configuration that is found is the one that the job, its cycle and the VM get, whatever was asked for."""

from pathlib import Path
from typing import Any, cast

import pytest
from sqlalchemy import func, select

from appliance.cloudstack.configs import ConfigDraft, Configs
from appliance.contexts import VmContext, VmState
from appliance.contract.errors import Fault
from appliance.core.jobs import Job, Run, Runner, Step
from appliance.core.store import Store
from appliance.core.vault import Vault
from appliance.replication.cycle import Replication
from appliance.replication.models import ReplicationJob
from appliance.replication.protect import Protection
from appliance.replication.steps import CycleDeps

READY = {"zone": "z", "disk_offering_id": "d", "oma_vm_id": "o"}


class Nothing(Step):
    """A cycle that copies nothing."""

    name, title = "nothing", "Copying nothing"

    async def do(self, run: Run) -> None:
        return


@pytest.fixture
def configs(store: Store, tmp_path: Path) -> Configs:
    return Configs(store, Vault(tmp_path / "keys" / "vault.key"))


@pytest.fixture
def protection(store: Store, configs: Configs) -> Protection:
    deps, runner = CycleDeps(store, cast(Any, None), configs, cast(Any, None), cast(Any, None)), Runner(store)
    cycle = Replication(deps)
    cycle.steps = (Nothing(),)
    runner.register(cycle)
    return Protection(deps, runner)


async def manage(store: Store, **more: Any) -> None:
    words = dict.fromkeys(("peer_id", "vm_name", "vmware_vm_id", "vm_path", "vcenter_host", "datacenter"), "web")
    async with store.begin() as session:
        session.add(VmContext(**{"context_id": "ctx-1", "current_status": VmState.DISCOVERED, **words, **more}))


async def save(configs: Configs, *names: str) -> None:
    """Each is the active one once it is saved: the last one stays it."""
    for name in names:
        await configs.save(ConfigDraft(name=name, address="cloud:8080", api_key="key", secret_key="secret", **READY))


async def written(store: Store, job_id: str) -> tuple[int, int | None, int | None]:
    """What job, cycle and VM say."""
    async with store.session() as session:
        job, cycle = await session.get_one(Job, job_id), await session.get_one(ReplicationJob, job_id)
        return job.params["config_id"], cycle.ossea_config_id, (await session.get_one(VmContext, "ctx-1")).ossea_config_id


@pytest.mark.parametrize(
    ("saved", "asked", "found", "why"),
    [
        (["one"], None, 1, "none was asked for"),
        (["one"], 0, 1, "none was asked for"),
        (["one"], 1, 1, "was asked for and is active"),
        (["one"], 99, 1, "configuration 99 does not exist"),
        (["one", "two"], None, 2, "none was asked for"),
        (["one", "two"], 0, 2, "none was asked for"),
        (["one", "two"], 2, 2, "was asked for and is active"),
        (["one", "two"], 99, 2, "configuration 99 does not exist"),
    ],
)
async def test_the_one_found_is_the_one_written(
    store: Store, configs: Configs, protection: Protection, saved: list[str], asked: int | None, found: int, why: str
) -> None:
    await save(configs, *saved)
    await manage(store)
    job_id = await protection.start("ctx-1", config_id=asked)
    await protection.runner.wait(job_id)
    assert await written(store, job_id) == (found, found, found)
    assert why in (await protection.runner.get(job_id)).params["config_reason"]


async def test_a_deleted_one_that_the_vm_names_leads_to_the_active_one(store: Store, configs: Configs, protection: Protection) -> None:
    await save(configs, "one", "two")
    await configs.delete(1)
    await manage(store, ossea_config_id=1)
    job_id = await protection.start("ctx-1")
    await protection.runner.wait(job_id)
    assert await written(store, job_id) == (2, 2, 2)


@pytest.mark.parametrize(
    ("asked", "key"), [(1, "cloudstack.config_inactive"), (None, "cloudstack.config_none_active"), (99, "cloudstack.config_none_active")]
)
async def test_a_refusal_writes_nothing(store: Store, configs: Configs, protection: Protection, asked: int | None, key: str) -> None:
    await save(configs, "one", "two")
    if key == "cloudstack.config_none_active":
        await configs.delete(2)
    await manage(store)
    with pytest.raises(Fault) as refused:
        await protection.start("ctx-1", config_id=asked)
    async with store.session() as session:
        counted = await session.scalar(select(func.count()).select_from(Job))
        context = await session.get_one(VmContext, "ctx-1")
    assert (refused.value.key, counted, context.ossea_config_id, context.current_status) == (key, 0, None, VmState.DISCOVERED)
