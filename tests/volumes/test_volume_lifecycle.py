"""The life of a volume against the lab: made, attached, grown, snapshotted, reverted, deleted."""

import os
from pathlib import Path

import pytest
from volume_site import GIB, NO_SUCH, Site

from appliance.contract.errors import Fault
from appliance.volumes.facade import Volumes


async def test_a_disk_has_one_volume_whoever_asks(site: Site, volumes: Volumes) -> None:
    first = await site.disk(volumes)
    assert await site.disk(volumes, job_id="job-2") == first
    assert await volumes.created_by("job-1", first)
    assert not await volumes.created_by("job-2", first)
    assert site.commands() == ["createVolume"]


async def test_what_is_acquired_can_be_opened_by_its_stable_name(site: Site, volumes: Volumes, tmp_path: Path) -> None:
    volume_id = await site.disk(volumes)
    paths = await volumes.acquire("job-1", [volume_id])
    assert paths == {volume_id: tmp_path / "state" / "links" / f"vol{volume_id}"}
    paths[volume_id].open("r+b").write(b"hello")
    assert site.start_of(volume_id, 5) == b"hello"
    assert site.where(volume_id) == site.oma


async def test_a_released_volume_stays_attached(site: Site, volumes: Volumes) -> None:
    volume_id = await site.disk(volumes)
    await volumes.acquire("job-1", [volume_id])
    await volumes.release("job-1")
    await volumes.acquire("job-2", [volume_id])
    assert site.commands("attachVolume", "detachVolume") == ["attachVolume"]


async def test_the_stable_link_lives_until_the_volume_is_deleted(site: Site, volumes: Volumes) -> None:
    volume_id = await site.disk(volumes)
    [path] = (await volumes.acquire("job-1", [volume_id])).values()
    await volumes.detach([volume_id], "job-1")
    assert path.is_symlink()
    assert not path.exists()
    await volumes.delete(volume_id)
    assert not path.is_symlink()


async def test_deleting_leaves_nothing_and_can_be_done_again(site: Site, volumes: Volumes) -> None:
    volume_id = await site.disk(volumes)
    await volumes.acquire("job-1", [volume_id])
    await volumes.release("job-1")
    await volumes.detach([volume_id])
    await volumes.snapshot(volume_id, "job-f")
    await volumes.delete(volume_id)
    await volumes.delete(volume_id)
    assert site.lab.cloud.world.volumes == {}
    assert site.lab.cloud.world.snapshots == {}
    assert (await volumes.all(), await volumes.export_rows(), await volumes.device_rows()) == ([], [], [])


async def test_a_late_device_is_waited_for(site: Site, volumes: Volumes) -> None:
    site.lab.cloud.settings.device_seconds = 0.3
    volume_id = await site.disk(volumes)
    [path] = (await volumes.acquire("job-1", [volume_id])).values()
    assert path.exists()


async def test_a_device_that_is_too_small_is_refused_and_sent_back(site: Site, volumes: Volumes) -> None:
    volume_id = await site.disk(volumes)
    await volumes.acquire("job-1", [volume_id])
    await volumes.detach([volume_id], "job-1")
    os.truncate(site.file_of(volume_id), 1024)
    with pytest.raises(Fault) as refused:
        await volumes.acquire("job-1", [volume_id])
    assert refused.value.key == "volume.device_small"
    assert site.where(volume_id) is None


async def test_data_sessions_are_ended_before_a_detach(site: Site, volumes: Volumes) -> None:
    attached_when_ended: list[str | None] = []

    async def end(volume_id: str) -> None:
        attached_when_ended.append(site.where(volume_id))

    volumes.set_before_detach(end)
    volume_id = await site.disk(volumes)
    await volumes.acquire("job-1", [volume_id])
    await volumes.detach([volume_id], "job-1")
    assert attached_when_ended == [site.oma]


async def test_a_volume_in_use_is_not_detached_under_another_job(site: Site, volumes: Volumes) -> None:
    volume_id = await site.disk(volumes)
    await volumes.acquire("job-1", [volume_id])
    with pytest.raises(Fault) as refused:
        await volumes.detach([volume_id])
    assert refused.value.key == "volume.in_use"
    assert site.where(volume_id) == site.oma


async def test_a_volume_grows_and_never_shrinks(site: Site, volumes: Volumes) -> None:
    volume_id = await site.disk(volumes)
    await volumes.acquire("job-1", [volume_id])
    assert await volumes.resize(volume_id, 2 * GIB + 1, "job-1") == 3
    assert await volumes.resize(volume_id, GIB, "job-1") == 3
    assert site.commands().count("resizeVolume") == 1
    [path] = (await volumes.acquire("job-1", [volume_id])).values()
    assert path.stat().st_size == 3 * GIB


async def test_a_volume_with_a_snapshot_does_not_grow(site: Site, volumes: Volumes) -> None:
    volume_id = await _snapshotted(site, volumes)
    with pytest.raises(Fault) as refused:
        await volumes.resize(volume_id, 2 * GIB)
    assert refused.value.key == "volume.resize_with_snapshot"
    assert "resizeVolume" not in site.commands()


async def test_a_revert_brings_back_the_bytes_of_the_snapshot(site: Site, volumes: Volumes) -> None:
    volume_id = await _snapshotted(site, volumes)
    [path] = (await volumes.acquire("job-f", [volume_id])).values()
    path.open("r+b").write(b"after")
    await volumes.detach([volume_id], "job-f")
    await volumes.revert(volume_id)
    assert site.start_of(volume_id, 6) == b"before"
    assert (await volumes.get(volume_id)).snapshot_point == {"cycle": 7}
    await volumes.delete_snapshot(volume_id)
    row = await volumes.get(volume_id)
    assert (row.snapshot_id, row.snapshot_status, row.snapshot_point) == (None, None, None)


async def test_a_recorded_revert_is_not_done_twice(site: Site, volumes: Volumes) -> None:
    volume_id = await _snapshotted(site, volumes)
    await volumes.revert(volume_id)
    await site.restart().revert(volume_id)
    assert site.commands().count("revertSnapshot") == 1


async def test_a_revert_after_another_run_is_done_again(site: Site, volumes: Volumes) -> None:
    volume_id = await _snapshotted(site, volumes)
    await volumes.revert(volume_id)
    await volumes.acquire("job-f", [volume_id])
    await volumes.detach([volume_id], "job-f")
    await volumes.revert(volume_id)
    assert site.commands().count("revertSnapshot") == 2


async def test_a_lost_snapshot_is_said_so(site: Site, volumes: Volumes) -> None:
    volume_id = await _snapshotted(site, volumes)
    site.lab.cloud.world.snapshots.clear()
    with pytest.raises(Fault) as refused:
        await volumes.revert(volume_id)
    assert refused.value.key == "volume.snapshot_lost"
    assert (await volumes.get(volume_id)).snapshot_status == "lost"


async def test_one_job_takes_one_snapshot_and_another_none_beside_it(site: Site, volumes: Volumes) -> None:
    volume_id = await _snapshotted(site, volumes)
    first = (await volumes.get(volume_id)).snapshot_id
    assert await volumes.snapshot(volume_id, "job-f", {"cycle": 7}) == first
    with pytest.raises(Fault) as refused:
        await volumes.snapshot(volume_id, "job-g")
    assert refused.value.key == "volume.has_snapshot"


async def test_the_snapshot_of_an_attached_volume_is_refused_by_the_cloud(site: Site, volumes: Volumes) -> None:
    volume_id = await site.disk(volumes)
    await volumes.acquire("job-1", [volume_id])
    with pytest.raises(Fault) as refused:
        await volumes.snapshot(volume_id, "job-1")
    assert refused.value.key == "cloudstack.refused"


async def test_the_migrated_disks_take_the_place_of_the_new_machines_root(site: Site, volumes: Volumes) -> None:
    root, data, vm_id = await site.disk(volumes, 0), await site.disk(volumes, 1), await site.machine()
    own = await volumes.root_of(vm_id, site.config)
    await volumes.discard_root(vm_id, site.config, "job-f")
    await volumes.attach_to_vm(root, vm_id, 0, "job-f")
    await volumes.attach_to_vm(data, vm_id, 1, "job-f")
    await volumes.discard_root(vm_id, site.config, "job-f")
    assert own not in site.lab.cloud.world.volumes
    assert await volumes.root_of(vm_id, site.config) == root
    assert [(one.mode, one.vm_id) for one in await volumes.volumes_of("ctx-1")] == [("failover", vm_id)] * 2
    await volumes.detach_from_vm(root, vm_id)
    assert (await volumes.get(root)).mode == "oma"


async def test_a_volume_on_another_machine_is_left_alone(site: Site, volumes: Volumes) -> None:
    volume_id, vm_id = await site.disk(volumes), await site.machine()
    await volumes.attach_to_vm(volume_id, vm_id, 1)
    with pytest.raises(Fault) as refused:
        await volumes.acquire("job-1", [volume_id])
    assert refused.value.key == "volume.attached_elsewhere"
    await volumes.detach([volume_id])
    assert site.where(volume_id) == vm_id
    with pytest.raises(Fault):
        await volumes.delete(volume_id)


async def test_operations_are_recorded_and_can_be_awaited(site: Site, volumes: Volumes) -> None:
    volume_id = await site.disk(volumes)
    await volumes.acquire("job-1", [volume_id])
    attach, create = await volumes.operations()
    assert [(one.type, one.status, one.volume_id) for one in (create, attach)] == [
        ("create", "completed", volume_id),
        ("attach", "completed", volume_id),
    ]
    assert attach.request["job_id"] == "job-1"
    assert (await volumes.operation(attach.id)).completed_at is not None


async def test_an_unknown_volume_is_named(volumes: Volumes) -> None:
    with pytest.raises(Fault) as refused:
        await volumes.acquire("job-1", [NO_SUCH])
    assert refused.value.key == "volume.unknown"


async def _snapshotted(site: Site, volumes: Volumes) -> str:
    volume_id = await site.disk(volumes)
    [path] = (await volumes.acquire("job-1", [volume_id])).values()
    path.open("r+b").write(b"before")
    await volumes.detach([volume_id], "job-1")
    await volumes.snapshot(volume_id, "job-f", {"cycle": 7})
    return volume_id
