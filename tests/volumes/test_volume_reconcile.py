"""Reconciliation: the table of differences, and healing against the lab."""

import asyncio
from pathlib import Path

import pytest
from volume_site import GIB, NO_SUCH, Site

from appliance.contract.errors import Fault
from appliance.volumes.facade import Volumes
from appliance.volumes.reconcile import Seen, What, judge

OMA, OTHER = "oma", "other"
HERE = {"cloud_vm": OMA, "recorded_vm": OMA, "has_device": True, "is_published": True}
AWAY: dict[str, object] = {"cloud_vm": "", "recorded_vm": None, "has_device": False, "is_published": False}


@pytest.mark.parametrize(
    ("base", "change", "found"),
    [
        (HERE, {}, []),
        (AWAY, {}, []),
        (AWAY, {"cloud_vm": OTHER, "recorded_vm": OTHER}, []),
        (HERE, {"exists": False, "cloud_vm": "", "has_device": False}, [What.VOLUME_LOST, What.EXPORT_LEFT]),
        (HERE, {"recorded_vm": None}, [What.ATTACHED_UNRECORDED]),
        (HERE, {"recorded_vm": None, "is_published": False}, [What.ATTACHED_UNRECORDED, What.EXPORT_MISSING]),
        (HERE, {"cloud_vm": "", "has_device": False}, [What.DETACHED_UNRECORDED, What.EXPORT_LEFT]),
        (HERE, {"cloud_vm": OTHER, "has_device": False}, [What.ATTACHED_ELSEWHERE, What.EXPORT_LEFT]),
        (HERE, {"has_device": False}, [What.DEVICE_MISSING, What.EXPORT_LEFT]),
        (AWAY, {"has_device": True}, [What.DEVICE_LEFT]),
        (AWAY, {"is_linked": False}, [What.LINK_MISSING]),
        (HERE, {"is_published": False}, [What.EXPORT_MISSING]),
        (AWAY, {"recorded_vm": OTHER}, [What.DETACHED_UNRECORDED]),
    ],
)
def test_every_difference_is_found(base: dict[str, object], change: dict[str, object], found: list[What]) -> None:
    views: dict[str, object] = {"exists": True, "is_linked": True, **base, **change}
    seen = Seen(volume_id="v", oma_vm_id=OMA, **views)  # type: ignore[arg-type]
    assert [one.what for one in judge(seen)] == found


async def test_nothing_differs_after_ordinary_work(site: Site, volumes: Volumes) -> None:
    kept, parked = await site.disk(volumes, 0), await site.disk(volumes, 1)
    await volumes.acquire("job-1", [kept, parked])
    await volumes.detach([parked], "job-1")
    assert await volumes.reconcile() == []


async def test_an_empty_store_needs_no_cloudstack(site: Site) -> None:
    await site.lab.stop()
    volumes = site.restart()
    await volumes.start()
    assert await volumes.reconcile() == []
    await site.lab.start()


async def test_a_volume_detached_by_hand_is_seen_and_recorded(site: Site, volumes: Volumes) -> None:
    volume_id = await site.disk(volumes)
    [path] = (await volumes.acquire("job-1", [volume_id])).values()
    lab_volume = site.lab.cloud.world.volumes[volume_id]
    await site.lab.cloud.disappear(lab_volume)
    lab_volume.instance_id = None
    found = await site.restart().reconcile()
    assert {one.what for one in found} == {What.DETACHED_UNRECORDED, What.EXPORT_LEFT}
    assert all(one.healed for one in found)
    assert [row.status for row in await volumes.export_rows()] == ["detached"]
    assert path.is_symlink()
    assert await volumes.reconcile() == []


async def test_a_volume_deleted_by_hand_is_reported_and_not_replaced(site: Site, volumes: Volumes) -> None:
    volume_id = await site.disk(volumes)
    del site.lab.cloud.world.volumes[volume_id]
    assert [(one.what, one.healed) for one in await volumes.reconcile()] == [(What.VOLUME_LOST, False)]
    assert [one.volume_id for one in await volumes.all()] == [volume_id]


async def test_a_job_of_the_cloud_that_never_ends_holds_nothing_up(site: Site, volumes: Volumes) -> None:
    volume_id = await site.disk(volumes)
    await site.cut_off("attachVolume", lambda: volumes.acquire("job-1", [volume_id]), "job_never_ends")
    found = await asyncio.wait_for(site.restart().reconcile(), 5)
    assert [(one.what, one.healed) for one in found] == [(What.OPERATION_UNDER_WAY, False)]


async def test_an_operation_that_ended_meanwhile_is_closed(site: Site, volumes: Volumes) -> None:
    volume_id = await site.disk(volumes)
    await site.cut_off("attachVolume", lambda: volumes.acquire("job-1", [volume_id]))
    while site.where(volume_id) is None or await site.restart()._devices.look(volume_id) is None:
        await asyncio.sleep(0.05)
    await asyncio.sleep(0.1)
    found = await site.restart().reconcile()
    assert {one.what for one in found} == {What.UNFINISHED_OPERATION, What.ATTACHED_UNRECORDED, What.EXPORT_MISSING}
    assert await volumes.reconcile() == []


async def test_a_cloud_that_does_not_answer_is_said_so(site: Site, volumes: Volumes) -> None:
    await site.disk(volumes)
    site.fail("unavailable", times=-1)
    with pytest.raises(Fault) as refused:
        await asyncio.wait_for(volumes.reconcile(), 5)
    assert refused.value.key == "cloudstack.unreachable"


async def test_links_of_unknown_volumes_are_removed(site: Site, volumes: Volumes, tmp_path: Path) -> None:
    stray = tmp_path / "run" / "exports" / f"vol{NO_SUCH}"
    stray.symlink_to("/nowhere")
    assert [one.what for one in await volumes.reconcile()] == [What.STRAY_LINK]
    assert not stray.is_symlink()


async def test_the_size_of_a_volume_is_recorded_in_gib(site: Site, volumes: Volumes) -> None:
    volume_id = await site.disk(volumes, size=GIB + 1)
    assert (await volumes.get(volume_id)).size_gb == 2
