"""Two booted appliances, paired at their consoles: a running VM is protected, copied into disks plugged into the OMA, and boots there."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import pytest
import pytest_asyncio

from appliance.contract.discovery import AskDiscovery
from appliance.contract.failover import StartLive, StartTest
from appliance.contract.replications import StartReplication
from appliance.demo import labs, operating
from appliance.demo.operating import Follower
from appliance.demo.show import Show
from appliance.demo.stage import Stage
from appliance.demo.witness import Witness
from tests.image import wizard
from tests.image.machine import Machine
from tests.image.pair import OMA_ADDRESS, VMA_ADDRESS, Pair, pair, prompt, within
from tests.image.segment import GATEWAY

BOOT = 900.0
"""Seconds for the guest, at the source or landed, while two appliances are emulated beside it."""
INTERFACE = r"\beth0\b"
MARKER, LAST = "Written at the source of two booted appliances", "Written before the source went off"
AGENT_GROUP = "/sys/fs/cgroup/system.slice/appliance-agent.service"

pytestmark = pytest.mark.timeout(3600)


@dataclass
class Known:
    """What the tests before have found out."""

    stage: Stage | None = None
    credential_id: int = 0
    config_id: int = 0
    networks: dict[str, str] = field(default_factory=dict)
    follower: Follower | None = None
    volumes: list[str] = field(default_factory=list)

    @property
    def operated(self) -> tuple[Stage, Follower]:
        """Once the VM is protected."""
        assert self.stage is not None and self.follower is not None
        return self.stage, self.follower


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def sites(images: Path, oma_disk: Path, vma_disk: Path) -> AsyncIterator[Pair]:
    async with pair(images, oma_disk, vma_disk) as made:
        yield made


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def known() -> AsyncIterator[Known]:
    """Filled as the tests go on."""
    found = Known()
    yield found
    if found.stage is not None:
        await found.stage.oma.transport.close()


async def test_both_are_set_up_at_their_consoles(sites: Pair) -> None:
    await asyncio.gather(set_up(sites.oma, OMA_ADDRESS), set_up(sites.vma, VMA_ADDRESS))


async def test_the_vma_joins_with_the_code_that_the_oma_shows(sites: Pair) -> None:
    code = await wizard.pairing_code(sites.oma)
    await sites.oma.picture("pair-oma-code")
    assert "OMA" in await wizard.join(sites.vma, OMA_ADDRESS, code)
    for machine, peer in ((sites.oma, "VMA"), (sites.vma, "OMA")):
        await machine.guest.shows(rf"4 of 4: Status(.|\n)*Paired with +{peer} [(]connected[)]", wizard.PAIRED)
    await asyncio.gather(sites.oma.picture("pair-oma-paired"), sites.vma.picture("pair-vma-paired"))


async def test_the_operator_finds_the_vm_in_vcenter(sites: Pair, known: Known) -> None:
    await sites.open_clouds()
    known.stage = stage = await sites.operated()
    known.credential_id = await operating.add_credential(stage)
    found, known.config_id = await operating.configure_cloud(stage)
    known.networks = {one.name: one.id for one in found.networks}
    vms = (await stage.oma.discovery.discover(AskDiscovery(credential_id=known.credential_id))).vms
    assert [(one.name, one.disk_count) for one in vms] == [(labs.VM, 2)]


async def test_the_running_vm_is_copied_into_disks_that_are_plugged_into_the_oma(sites: Pair, known: Known) -> None:
    assert known.stage is not None
    stage, oma = known.stage, known.stage.oma
    await prompt(stage.vcenter.console, BOOT)
    await stage.vcenter.run_in_guest(f"echo {MARKER} >/etc/marker; sync", BOOT)
    wanted = StartReplication(credential_id=known.credential_id, vm_path=f"/DC0/vm/{labs.VM}", start_replication=False)
    context_id = (await oma.replications.replicate(wanted)).context_id
    known.follower = Follower(stage, Show(), context_id, look_again=2.0)
    started = await oma.replications.replicate(StartReplication(context_id=context_id, ossea_config_id=known.config_id))
    cycle, seen = await Witness(stage, known.follower, stage.cloud.volume).watched(started.job_id or "")
    assert len(seen) == 2 and all(one.identical for one in seen.values())
    known.volumes = [disk.volume_id or "" for disk in cycle.disks]
    await sites.oma.picture("pair-oma-copied")


async def test_a_test_failover_boots_the_copy_to_its_login(sites: Pair, known: Known) -> None:
    stage, follower = known.operated
    wanted = StartTest(vm=labs.VM, network_id=known.networks[labs.ISOLATED])
    job_id = (await stage.oma.failover.failover_test(wanted)).job_id
    await follower.until_over(job_id)
    landed = (await stage.oma.failover.failover_job(job_id)).destination_vm_id or ""
    assert re.search(rf"^{MARKER}\s*$", await prompt(partial(stage.cloud.console, landed), BOOT), re.MULTILINE)
    assert await disks(sites.oma) == []


async def test_the_copy_goes_on_after_the_cleanup(sites: Pair, known: Known) -> None:
    stage, follower = known.operated
    await follower.until_over((await stage.oma.failover.cleanup(labs.VM)).job_id)
    await stage.vcenter.run_in_guest("head -c 4M /dev/urandom >/srv/new; sync", BOOT)
    started = await stage.oma.replications.replicate(StartReplication(context_id=follower.context_id))
    cycle, seen = await Witness(stage, follower, stage.cloud.volume).watched(started.job_id or "")
    assert {disk.sync_type for disk in cycle.disks} == {"incremental"}
    assert len(seen) == 2 and all(one.identical for one in seen.values())


async def test_a_live_failover_takes_the_last_changes_along_and_boots_to_its_login(sites: Pair, known: Known) -> None:
    stage, follower = known.operated
    await stage.vcenter.run_in_guest(f"echo {LAST} >/etc/marker; sync", BOOT)
    started = await stage.oma.failover.failover_live(StartLive(vm=labs.VM, shutdown_seconds=round(BOOT)))
    _, seen = await Witness(stage, follower, stage.cloud.volume).watched(started.job_id)
    assert len(seen) == 2 and all(one.identical for one in seen.values())
    found = (await stage.oma.discovery.discover(AskDiscovery(credential_id=known.credential_id))).vms
    assert [one.power_state for one in found] == ["poweredOff"]
    landed = (await stage.oma.failover.failover_job(started.job_id)).destination_vm_id or ""
    assert re.search(rf"^{LAST}\s*$", await prompt(partial(stage.cloud.console, landed), BOOT), re.MULTILINE)
    assert await disks(sites.oma) == []


async def test_what_the_oma_needed_of_its_memory_is_noted(sites: Pair, images: Path) -> None:
    peak = int(await sites.oma.guest.run(f"cat {AGENT_GROUP}/memory.peak"))
    (images / "pair.json").write_text(json.dumps({"oma_agent_peak_mib": peak >> 20}))
    assert await sites.oma.guest.run("systemctl --failed --plain --no-legend") == ""


async def set_up(machine: Machine, address: str) -> None:
    """The set-up's first two steps."""
    await wizard.welcome(machine)
    await wizard.choose_password(machine)
    await wizard.configure_network(machine, within(address), GATEWAY, INTERFACE)


async def disks(machine: Machine) -> list[str]:
    """The serials of the disks that are plugged in now."""
    listed = await machine.guest.run("ls /dev/disk/by-id")
    return sorted(re.findall(r"virtio-([0-9a-f]{20})$", listed, re.MULTILINE))
