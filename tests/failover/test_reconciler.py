"""The reconciler finds what is foreign, missing, left over or not as recorded; heals it when asked; touches nothing else."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest
from breaking import a_test, break_off
from failover_world import CONTEXT, World

from appliance.agent.reconciler import jobs as reconciler
from appliance.agent.reconciler.known import ReconcilerDeps
from appliance.cloudstack.instances import MachineOrder
from appliance.contexts import VmState
from appliance.contract.errors import Fault
from appliance.contract.reconciliation import ReconcilerFinding, Reconciliation
from appliance.core.commands import start_time
from appliance.core.jobs import JobStatus
from appliance.failover import requests, workflows
from appliance.lab.cloudstack.faults import Fault as LabFault
from appliance.volumes.names import snapshot_name, volume_name

pytestmark = pytest.mark.lab
ENDED, STRANGE = "job-0123456789abcdef01234567", "job-76543210fedcba9876543210"


@pytest.fixture
async def site(world: World) -> World:
    """A world with a reconciler, and one job that ended."""
    deps = ReconcilerDeps(world.deps, world.deps.preparer.children, set)
    for kind in (reconciler.LookAround, reconciler.Healing):
        world.deps.runner.register(kind(deps))
    await world.a_job(ENDED, "replication", status=JobStatus.FAILED)
    return world


async def look(site: World) -> Reconciliation:
    """A whole look."""
    job = await site.ends(await site.deps.runner.submit(reconciler.LOOK, {}))
    assert (job.status, job.error) == ("completed", None)
    return await reconciler.last_look(site.store)


async def heal(site: World, *findings: ReconcilerFinding) -> Reconciliation:
    """A whole healing."""
    job = await site.ends(await site.deps.runner.submit(reconciler.HEAL, {"findings": [one.id for one in findings]}))
    assert (job.status, job.error) == ("completed", None)
    return await reconciler.last_look(site.store)


async def the_one(site: World) -> ReconcilerFinding:
    """The only finding there is."""
    seen = await look(site)
    assert seen.unseen == []
    [finding] = seen.findings
    return finding


async def machine_of(site: World, job_id: str) -> str:
    """A machine that a job has made."""
    config = site.config
    order = MachineOrder(job_id, "web", config.zone, config.template_id, config.service_offering_id, (config.network_id,))
    return await site.deps.clouds.instances(config).deploy(order)


async def volume_of(site: World, job_id: str) -> str:
    """A volume that a job has made, and that is not on record."""
    return await site.disk_by_hand(volume_name("web", "disk-2000", job_id))


async def snapshot_of(site: World, job_id: str) -> str:
    """A snapshot that a job has made, and that is not on record."""
    volume = site.volume_ids[0]
    await site.deps.volumes.detach([volume])
    return await site.by_hand("createSnapshot", volumeid=volume, name=snapshot_name(volume, job_id))


async def source_snapshot(site: World, job_id: str) -> str:
    """A snapshot in vCenter with the name of a job."""
    site.source.spec = site.source.spec.model_copy(update={"snapshots": ["before the update", f"migration-appliance-{job_id}"]})
    return job_id


async def test_a_tidy_site_has_no_findings(site: World) -> None:
    seen = await look(site)
    assert (seen.findings, seen.unseen, seen.running_job_id) == ([], [], None)
    assert seen.at is not None


MADE: list[tuple[Callable[[World, str], Awaitable[str]], str]] = [
    (machine_of, "machine"),
    (volume_of, "volume"),
    (snapshot_of, "snapshot"),
    (source_snapshot, "source_snapshot"),
]


@pytest.mark.parametrize(("make", "noun"), MADE)
async def test_what_an_ended_job_left_is_found_and_removed(site: World, make: Callable[[World, str], Awaitable[str]], noun: str) -> None:
    await make(site, ENDED)
    finding = await the_one(site)
    assert (finding.kind, finding.what, finding.safe) == ("leftover", f"{noun}_left", True)
    after = await heal(site, finding)
    assert [one.healed for one in after.outcomes] == [True]
    assert after.findings == []
    assert not site.machines() and not site.lab.cloud.world.snapshots
    assert set(site.lab.cloud.world.volumes) == set(site.volume_ids)
    assert "migration-appliance" not in str(site.source.spec.snapshots)


@pytest.mark.parametrize(("make", "noun"), MADE)
async def test_what_another_appliance_made_is_told_of_and_never_touched(
    site: World, make: Callable[[World, str], Awaitable[str]], noun: str
) -> None:
    await make(site, STRANGE)
    finding = await the_one(site)
    assert (finding.kind, finding.what, finding.safe) == ("foreign", f"{noun}_foreign", False)
    before = site.commands()
    after = await heal(site, finding)
    assert [(one.healed, one.told) for one in after.outcomes] == [(False, reconciler.UNSAFE)]
    assert after.findings == [finding]
    assert site.commands() == before
    assert not [call for call in site.source.calls if call.startswith("remove")]


async def test_machines_and_disks_without_our_mark_are_not_even_told_of(site: World) -> None:
    await site.disk_by_hand("theirs")
    site.source.spec = site.source.spec.model_copy(update={"snapshots": ["before the update"]})
    assert (await look(site)).findings == []


async def test_what_a_job_under_way_uses_is_not_a_finding(site: World) -> None:
    await site.a_job(STRANGE, "replication", vm_context_id=None)
    await volume_of(site, STRANGE)
    await source_snapshot(site, STRANGE)
    assert (await look(site)).findings == []


async def test_the_machine_and_disks_of_a_vm_that_was_migrated_and_removed_are_the_operators_own(site: World) -> None:
    await site.a_job(STRANGE, "live_failover", status=JobStatus.COMPLETED, vm_context_id="a VM that was removed")
    await machine_of(site, STRANGE)
    assert (await look(site)).findings == []
    await volume_of(site, STRANGE)
    finding = await the_one(site)
    assert (finding.what, finding.safe) == ("volume_given_away", False)
    after = await heal(site, finding)
    assert [one.healed for one in after.outcomes] == [False]
    assert len(site.machines()) == 1
    assert finding.object_id in site.lab.cloud.world.volumes


async def test_a_machine_that_holds_copied_disks_is_not_deleted(site: World) -> None:
    machine = await machine_of(site, ENDED)
    await site.deps.volumes.detach([site.volume_ids[1]])
    await site.deps.volumes.attach_to_vm(site.volume_ids[1], machine, 1)
    finding = await the_one(site)
    assert (finding.kind, finding.what, finding.safe) == ("leftover", "machine_holds_copies", False)
    await heal(site, finding)
    assert [one.id for one in site.machines()] == [machine]


async def test_a_disk_that_somebody_detached_is_found_and_the_records_are_corrected(site: World) -> None:
    volume = site.volume_ids[0]
    await site.by_hand("detachVolume", id=volume)
    found = {one.what: one for one in (await look(site)).findings}
    assert found["detached_unrecorded"].kind == "wrong_state"
    after = await heal(site, *found.values())
    assert after.findings == []
    assert (await site.deps.volumes.get(volume)).vm_id is None


async def test_a_disk_that_is_gone_is_missing_and_not_healed_by_itself(site: World) -> None:
    volume = site.volume_ids[0]
    await site.deps.volumes.detach([volume])
    del site.lab.cloud.world.volumes[volume]
    finding = await the_one(site)
    assert (finding.kind, finding.what, finding.safe, finding.vm_name) == ("missing", "volume_lost", False, "web")


async def test_names_and_exports_that_are_not_as_they_should_be_are_put_right(site: World) -> None:
    links, volume = site.deps.volumes._reconciliation._links, site.volume_ids[0]
    await links.withdraw(volume)
    links.path(site.volume_ids[1]).unlink()
    (links.links / "vol00000000-0000-0000-0000-000000000000").symlink_to("/nowhere")
    found = (await look(site)).findings
    assert sorted((one.kind, one.what) for one in found) == [
        ("leftover", "stray_link"),
        ("missing", "export_missing"),
        ("missing", "link_missing"),
    ]
    assert (await heal(site, *found)).findings == []
    assert links.kept() == links.published() == set(site.volume_ids)


async def test_a_program_that_outlived_its_job_is_ended(site: World) -> None:
    children = site.deps.preparer.children
    left = await children.spawn(f"preparation/{ENDED}/", ["sleep", "1000"])
    other = await children.spawn("exports", ["sleep", "1000"])
    finding = await the_one(site)
    assert (finding.kind, finding.what, finding.place) == ("leftover", "program_left", "appliance")
    assert (await heal(site, finding)).findings == []
    assert start_time(left.pid) is None and start_time(other.pid) is not None
    await other.kill()


async def test_a_failover_that_stopped_half_way_is_healed_by_its_cleanup(site: World) -> None:
    site.lab.cloud.faults.add(LabFault(kind="job_error", command="startVirtualMachine"))
    stuck = site.lab.cloud.faults.add(LabFault(kind="error", command="destroyVirtualMachine", times=-1))
    await site.test()
    site.lab.cloud.faults.remove(stuck.id)
    finding = await the_one(site)
    assert (finding.kind, finding.what, finding.vm_context_id, finding.safe) == ("wrong_state", "cleanup_required", CONTEXT, True)
    assert (await heal(site, finding)).findings == []
    assert await site.is_as_before() == []


async def test_a_test_whose_machine_somebody_deleted_is_cleaned_up(site: World) -> None:
    await site.test()
    [machine] = site.machines()
    await site.deps.clouds.instances(site.config).stop(machine.id)
    for volume in site.volume_ids:
        await site.by_hand("detachVolume", id=volume)
    await site.deps.clouds.instances(site.config).destroy(machine.id)
    found = {one.what: one for one in (await look(site)).findings}
    assert found["test_machine_missing"].kind == "missing" and found["detached_unrecorded"].safe
    after = await heal(site, *found.values())
    assert after.findings == []
    assert await site.is_as_before() == []


async def test_a_source_that_runs_beside_its_successor_is_told_of(site: World) -> None:
    await site.live()
    site.source.switch("poweredOn")
    finding = await the_one(site)
    assert (finding.kind, finding.what, finding.place, finding.safe) == ("wrong_state", "source_runs", "vcenter", False)


async def test_a_source_that_is_gone_and_tracking_that_is_off_are_told_of(site: World) -> None:
    site.source.spec = site.source.spec.model_copy(update={"tracking": False})
    assert (await the_one(site)).what == "tracking_off"
    site.source.is_gone = True
    assert (await the_one(site)).what == "source_missing"


async def test_without_cloudstack_nothing_is_called_missing_and_nothing_is_healed_there(site: World) -> None:
    await machine_of(site, ENDED)
    finding = await the_one(site)
    site.lab.cloud.faults.add(LabFault(kind="unavailable", command="listVolumes", times=-1))
    seen = await look(site)
    assert (seen.findings, [one.place for one in seen.unseen]) == ([], ["cloudstack"])
    before = site.commands()
    after = await heal(site, finding)
    assert [(one.healed, one.told) for one in after.outcomes] == [(False, reconciler.GONE)]
    assert site.commands() == before


async def test_without_vcenter_the_rest_is_compared(site: World) -> None:
    await volume_of(site, ENDED)
    site.source.silent = 1000
    seen = await look(site)
    assert [one.what for one in seen.findings] == ["volume_left"]
    assert [(one.place, one.name) for one in seen.unseen] == [("vcenter", "vc")]


async def test_what_has_gone_by_itself_is_not_healed(site: World) -> None:
    machine = await machine_of(site, ENDED)
    finding = await the_one(site)
    await site.deps.clouds.instances(site.config).destroy(machine)
    after = await heal(site, finding)
    assert [(one.healed, one.told) for one in after.outcomes] == [(False, reconciler.GONE)]


async def test_a_vm_that_a_job_works_on_has_no_findings(site: World) -> None:
    await break_off(site, workflows.TestFailover(site.deps), "vm-start", "before", lambda: requests.start_test(site.deps, a_test(site)))
    assert (await look(site)).findings == []
    assert (await site.context()).current_status == VmState.READY


async def test_only_one_look_runs_at_a_time(site: World) -> None:
    first = await site.deps.runner.submit(reconciler.LOOK, {})
    with pytest.raises(Fault) as refusal:
        await site.deps.runner.submit(reconciler.LOOK, {})
    assert refusal.value.key == "reconciliation.runs_already"
    assert (await reconciler.last_look(site.store)).running_job_id == first
    await site.ends(first)


async def test_it_looks_by_itself_after_a_start(site: World) -> None:
    await reconciler.look_at_start(site.store, site.deps.runner)
    running = (await reconciler.last_look(site.store)).running_job_id
    assert running is not None
    await site.ends(running)
