"""What goes wrong in the cloud, and agents that die between doing and recording; the lab's request log is the witness."""

import asyncio

import pytest
from volume_site import GIB, Site, cancelled_after

from appliance.contract.errors import Fault
from appliance.volumes.facade import Volumes
from appliance.volumes.reconcile import What


async def test_a_failed_attach_leaves_the_volume_detached(site: Site, volumes: Volumes) -> None:
    volume_id = await site.disk(volumes)
    site.fail("job_error", "attachVolume", text="no PCI slot left")
    with pytest.raises(Fault) as failed:
        await volumes.acquire("job-1", [volume_id])
    assert failed.value.key == "cloudstack.job_failed"
    newest = (await volumes.operations())[0]
    assert (newest.status, "no PCI slot left" in (newest.error or "")) == ("failed", True)
    await volumes.acquire("job-1", [volume_id])


async def test_a_job_that_fails_after_doing_its_work_counts_as_done(site: Site, volumes: Volumes) -> None:
    site.fail("job_error", "createVolume", done=True)
    site.fail("job_error", "attachVolume", done=True)
    site.fail("job_error", "detachVolume", done=True)
    volume_id = await site.disk(volumes)
    await volumes.acquire("job-1", [volume_id])
    await volumes.detach([volume_id], "job-1")
    assert site.commands() == ["createVolume", "attachVolume", "detachVolume"]


async def test_a_job_that_never_ends_is_ended_by_a_cancel_and_frees_the_slot(site: Site) -> None:
    volumes = site.restart(slot_limit=1)
    stuck, other = await site.disk(volumes, 0), await site.disk(volumes, 1)
    await site.cut_off("attachVolume", lambda: volumes.acquire("job-1", [stuck]), "job_never_ends")
    assert (await volumes.operations())[0].status == "interrupted"
    await volumes.acquire("job-2", [other])


async def test_the_quota_is_named_when_a_volume_is_made(site: Site, volumes: Volumes) -> None:
    site.fail("quota", "createVolume")
    with pytest.raises(Fault) as refused:
        await site.disk(volumes)
    assert refused.value.key == "cloudstack.quota"
    assert await volumes.all() == []


async def test_limits_are_checked_before_anything_is_made(site: Site, volumes: Volumes) -> None:
    await volumes.check_room(site.config, [GIB] * 50)
    site.lab.cloud.settings.limits.volume = 3
    with pytest.raises(Fault) as refused:
        await volumes.check_room(site.config, [GIB] * 4)
    assert "The account may use 3 more volumes; 4 are needed." in refused.value.message
    site.lab.cloud.settings.limits.volume = -1
    site.lab.cloud.settings.limits.primary_storage_gib = 5
    with pytest.raises(Fault):
        await volumes.check_room(site.config, [5 * GIB + 1])
    assert site.commands() == []


async def test_an_account_that_may_not_ask_for_capacity_goes_on(site: Site, volumes: Volumes) -> None:
    site.lab.cloud.config.administrator = False
    await volumes.check_room(site.config, [GIB])
    await volumes.acquire("job-1", [await site.disk(volumes)])


async def test_a_device_that_never_appears_is_named_and_detached_again(site: Site, volumes: Volumes) -> None:
    volume_id = await site.disk(volumes)
    site.fail("device_never")
    with pytest.raises(Fault) as missing:
        await volumes.acquire("job-1", [volume_id])
    assert missing.value.key == "volume.device_missing"
    assert "/dev" not in missing.value.message + missing.value.guidance
    assert site.where(volume_id) is None
    await volumes.acquire("job-1", [volume_id])


async def test_a_disk_that_can_neither_be_used_nor_detached_again_is_named_with_where_it_is_and_found(site: Site, volumes: Volumes) -> None:
    volume_id = await site.disk(volumes)
    site.fail("device_never")
    site.fail("job_error", "detachVolume", text="the hypervisor does not answer")
    with pytest.raises(Fault) as left:
        await volumes.acquire("job-1", [volume_id])
    name = (await volumes.get(volume_id)).name
    assert left.value.key == "volume.left_attached" and name in left.value.message and name in left.value.guidance
    assert "did not appear" in left.value.cause and "the hypervisor does not answer" in left.value.cause
    assert [row.vm_id for row in await volumes.device_rows()] == [site.oma] == [site.where(volume_id)]
    assert [one.what for one in (await volumes.look()).differences] == [What.DEVICE_MISSING]
    with pytest.raises(Fault) as missing:  # trying again finishes it
        await volumes.acquire("job-1", [volume_id])
    assert missing.value.key == "volume.device_missing" and site.where(volume_id) is None
    await volumes.acquire("job-1", [volume_id])


async def test_a_cloud_that_is_away_for_a_moment_fails_nothing_under_way(site: Site, volumes: Volumes) -> None:
    volume_id = await site.disk(volumes)
    site.fail("unavailable", "queryAsyncJobResult", times=3)
    await volumes.acquire("job-1", [volume_id])
    assert site.where(volume_id) == site.oma


async def test_a_request_cut_off_after_it_was_taken_is_looked_at(site: Site, volumes: Volumes) -> None:
    site.fail("disconnect", "createVolume")
    with pytest.raises(Fault) as cut:
        await site.disk(volumes)
    assert cut.value.key == "cloudstack.unreachable"
    volume_id = await site.disk(volumes)
    assert list(site.lab.cloud.world.volumes) == [volume_id]


@pytest.mark.parametrize("seconds", [0.0, 0.02, 0.05, 0.1, 0.2])
async def test_an_agent_that_dies_while_making_a_volume_makes_one(site: Site, volumes: Volumes, seconds: float) -> None:
    site.fail("job_slow", "createVolume", seconds=0.15)
    await cancelled_after(seconds, lambda: site.disk(volumes))
    volume_id = await site.disk(site.restart())
    assert list(site.lab.cloud.world.volumes) == [volume_id]
    assert site.commands("createVolume") == ["createVolume"]


async def test_an_undone_job_leaves_no_volume_that_it_could_not_record(site: Site, volumes: Volumes) -> None:
    await site.disk(volumes, 0)
    await site.cut_off("createVolume", lambda: site.disk(volumes, 1))
    assert len(site.lab.cloud.world.volumes) == 2
    assert await site.restart().discard_created("job-1", site.config) == 2
    assert site.lab.cloud.world.volumes == {}
    assert await volumes.all() == []


@pytest.mark.parametrize("seconds", [0.02, 0.05, 0.1, 0.25])
async def test_an_agent_that_dies_while_attaching_attaches_once(site: Site, volumes: Volumes, seconds: float) -> None:
    volume_id = await site.disk(volumes)
    site.fail("job_slow", "attachVolume", seconds=0.15)
    await cancelled_after(seconds, lambda: volumes.acquire("job-1", [volume_id]))
    again = site.restart()
    await again.reconcile()
    [path] = (await again.acquire("job-1", [volume_id])).values()
    assert path.exists()
    assert site.commands("attachVolume") == ["attachVolume"]
    assert await again.reconcile() == []


@pytest.mark.parametrize("seconds", [0.02, 0.05, 0.1, 0.25])
async def test_an_agent_that_dies_while_detaching_detaches_once(site: Site, volumes: Volumes, seconds: float) -> None:
    volume_id = await site.disk(volumes)
    await volumes.acquire("job-1", [volume_id])
    site.fail("job_slow", "detachVolume", seconds=0.15)
    await cancelled_after(seconds, lambda: volumes.detach([volume_id], "job-1"))
    again = site.restart()
    await again.detach([volume_id])
    assert site.where(volume_id) is None
    assert site.commands("detachVolume") == ["detachVolume"]
    assert [row.status for row in await again.export_rows()] == ["detached"]


async def test_an_agent_that_dies_in_a_snapshot_finds_it_again(site: Site, volumes: Volumes) -> None:
    volume_id = await site.disk(volumes)
    await volumes.acquire("job-1", [volume_id])
    await volumes.detach([volume_id], "job-1")
    await site.cut_off("createSnapshot", lambda: volumes.snapshot(volume_id, "job-f"))
    snapshot_id = await site.restart().snapshot(volume_id, "job-f")
    assert list(site.lab.cloud.world.snapshots) == [snapshot_id]


async def test_a_snapshot_that_was_never_recorded_is_deleted_by_the_jobs_undo(site: Site, volumes: Volumes) -> None:
    volume_id = await site.disk(volumes)
    await volumes.acquire("job-1", [volume_id])
    await volumes.detach([volume_id], "job-1")
    await site.cut_off("createSnapshot", lambda: volumes.snapshot(volume_id, "job-f"))
    await site.restart().delete_snapshot(volume_id, "job-f")
    assert site.lab.cloud.world.snapshots == {}


async def test_a_root_swap_that_was_cut_off_is_finished(site: Site, volumes: Volumes) -> None:
    vm_id = await site.machine()
    root = await volumes.root_of(vm_id, site.config)
    await site.cut_off("detachVolume", lambda: volumes.discard_root(vm_id, site.config, "job-f"))
    await site.restart().discard_root(vm_id, site.config, "job-f")
    assert root not in site.lab.cloud.world.volumes
    assert await volumes.root_of(vm_id, site.config) is None


async def test_a_second_attach_of_the_same_volume_joins_the_first(site: Site, volumes: Volumes) -> None:
    volume_id = await site.disk(volumes)
    site.lab.cloud.settings.device_seconds = 0.2
    await asyncio.gather(*(volumes.acquire(f"job-{number}", [volume_id]) for number in range(4)))
    assert site.commands("attachVolume") == ["attachVolume"]


async def test_a_vm_waits_visibly_until_another_job_frees_its_slots(site: Site) -> None:
    volumes = site.restart(slot_limit=3)
    busy = [await site.disk(volumes, number) for number in range(2)]
    wanted = [await site.disk(volumes, number, context="ctx-2") for number in range(2, 4)]
    await volumes.acquire("job-1", busy)
    told: list[int] = []

    async def on_wait(place: object) -> None:
        told.append(getattr(place, "wanted", 0))

    waiting = asyncio.create_task(volumes.acquire("job-2", wanted, on_wait))
    await asyncio.sleep(0.2)
    assert ([one.job_id for one in volumes.waiting()], told) == (["job-2"], [2])
    assert site.where(wanted[0]) is None
    await volumes.release("job-1")
    await asyncio.wait_for(waiting, 5)
    assert volumes.waiting() == []
    assert [site.where(one) for one in [*busy, *wanted]].count(site.oma) == 3


async def test_attachments_never_exceed_the_limit_and_the_longest_unused_goes(site: Site) -> None:
    site.lab.cloud.settings.max_data_volumes = 2
    volumes = site.restart()
    disks = [await site.disk(volumes, number) for number in range(4)]
    for number in (0, 1, 0, 2, 3):
        await volumes.acquire(f"job-{number}", [disks[number]])
        await volumes.release(f"job-{number}")
    assert [site.where(one) == site.oma for one in disks] == [False, False, True, True]
    assert site.commands("attachVolume", "detachVolume") == [
        "attachVolume", "attachVolume", "detachVolume", "attachVolume", "detachVolume", "attachVolume",
    ]  # fmt: skip


async def test_a_configuration_that_became_inactive_still_leads_to_its_volumes(site: Site, volumes: Volumes) -> None:
    volume_id = await site.disk(volumes)
    from appliance.cloudstack.configs import ConfigDraft

    await site.configs.save(ConfigDraft(name="other", address="127.0.0.1:1", api_key="k", secret_key="s"))
    await volumes.delete(volume_id)
    assert site.lab.cloud.world.volumes == {}
