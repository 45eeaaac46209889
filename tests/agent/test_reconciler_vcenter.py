"""The reconciler and a vCenter: snapshots of ours are told apart by their jobs, and only what an ended job of ours left is removed."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace
from typing import Any, cast

import pytest
from console_records import job, keep, vm
from pydantic import SecretStr

from appliance.agent.peer.vma import VmaPeerRoutes
from appliance.agent.reconciler import source
from appliance.agent.reconciler.known import ReconcilerDeps
from appliance.contract.errors import Fault
from appliance.contract.inventory import VCenterAccess
from appliance.contract.peer import AskSnapshotRemoval
from appliance.core.jobs import Run, Runner
from appliance.core.store import Store
from appliance.lab.vcenter import DiskPlan, Plan, VcenterLab, VmPlan
from appliance.replication.kinds import COPY
from appliance.replication.transfer.logins import Logins
from appliance.replication.transfer.workflow import TransferDeps
from appliance.vsphere import inventory, snapshots
from appliance.vsphere.certificate import fetch_fingerprint
from appliance.vsphere.session import VCenter
from appliance.vsphere.snapshot_names import PREFIX

pytestmark = pytest.mark.lab
ENDED, RUNNING, STRANGE = "job-0000000000000000000000aa", "job-0000000000000000000000bb", "job-0000000000000000000000cc"


@dataclass
class Site:
    """One VM under management in a lab's vCenter, and what the reconciler needs to look at it."""

    lab: VcenterLab
    deps: ReconcilerDeps
    vcenter: VCenter
    held: dict[str, VCenterAccess]
    vma: VmaPeerRoutes
    moref: str

    async def names(self) -> list[str]:
        """The snapshots that the VM has now."""
        return [one.name.removeprefix(PREFIX) for one in await snapshots.list_snapshots(self.vcenter, self.moref)]


@pytest.fixture
async def site(store: Store) -> AsyncIterator[Site]:
    with TemporaryDirectory(prefix="rv-") as folder:
        plan = Plan(vms=[VmPlan(name="web", disks=[DiskPlan(size=1 << 20)])])
        async with VcenterLab(Path(folder) / "v", plan) as lab:
            fingerprint = await fetch_fingerprint(lab.host, lab.port)
            access = VCenterAccess(
                host=lab.host, port=lab.port, username=lab.user, password=SecretStr(lab.password), fingerprint=fingerprint
            )
            held = {"access": access}
            transfers = TransferDeps(Logins(), {}, cast(Any, None), cast(Any, None), Path(folder))
            vma = VmaPeerRoutes(Runner(store), transfers)

            async def login(_: object) -> VCenterAccess:
                return held["access"]

            there = SimpleNamespace(vma=lambda _: vma, access=login)
            deps = ReconcilerDeps(cast(Any, SimpleNamespace(store=store, source=there)), cast(Any, None), set)
            async with VCenter(lab.host, lab.user, lab.password, port=lab.port, thumbprint=fingerprint) as vcenter:
                moref = (await inventory.vm(vcenter, "/DC0/vm/web")).moref
                await keep(
                    store, vm(1, vmware_vm_id=moref, vcenter_host=lab.host), job(ENDED, "failed"), job(RUNNING, "running", kind=COPY)
                )
                yield Site(lab, deps, vcenter, held, vma, moref)


async def test_only_what_an_ended_job_left_is_removed(site: Site) -> None:
    for job_id in (ENDED, RUNNING, STRANGE):
        await snapshots.create(site.vcenter, site.moref, job_id)
    sight = await source.look(site.deps)
    found = {one.finding.what: one for one in sight.found}
    assert set(found) == {"source_snapshot_left", "source_snapshot_foreign"}
    assert found["source_snapshot_foreign"].heal is None
    heal = found["source_snapshot_left"].heal
    assert heal is not None
    await heal(cast(Run, None))
    assert await site.names() == [RUNNING, STRANGE]
    assert [one.finding.what for one in (await source.look(site.deps)).found] == ["source_snapshot_foreign"]


async def test_the_appliance_there_refuses_to_remove_what_its_own_job_uses(site: Site) -> None:
    await snapshots.create(site.vcenter, site.moref, RUNNING)
    with pytest.raises(Fault) as refusal:
        await site.vma.remove_snapshot(AskSnapshotRemoval(access=site.held["access"], vm=site.moref, job_id=RUNNING))
    assert refusal.value.key == "job.not_ended"
    assert await site.names() == [RUNNING]


async def test_a_vcenter_that_does_not_answer_is_named_and_nothing_of_it_is_known(site: Site) -> None:
    await snapshots.create(site.vcenter, site.moref, ENDED)
    site.held["access"] = site.held["access"].model_copy(update={"port": 1})
    sight = await source.look(site.deps)
    assert (sight.found, [one.name for one in sight.unseen]) == ([], [site.lab.host])
