"""The product's vCenter code against the lab's vCenter: tracking, changes, expiry, frozen disks."""

import asyncio
import random
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from appliance.contract.errors import Fault
from appliance.core.commands import Children
from appliance.lab.vcenter import DiskPlan, Plan, VcenterLab, VmPlan
from appliance.vsphere import folder, inventory, power, snapshots, tracking
from appliance.vsphere.blockers import blockers
from appliance.vsphere.changes import Area, ChangesRefused, changed_areas, parse_change_id, why_full
from appliance.vsphere.serving import https_source, open_source, sweep
from appliance.vsphere.session import VCenter
from appliance.vsphere.survey import survey
from tests.sources import SAME, compared, logged_in

pytestmark = pytest.mark.lab
BLOCK, DATACENTER = 64 << 10, "/DC0"
SIZES = (32 << 20, 24 << 20)


class Control:
    """The lab's own control API."""

    def __init__(self, lab: VcenterLab) -> None:
        self.lab = lab

    async def ask(self, method: str, path: str, **options: Any) -> Any:
        connector = aiohttp.UnixConnector(str(self.lab.control))
        async with aiohttp.ClientSession(connector=connector) as http, http.request(method, f"http://lab{path}", **options) as answer:
            assert answer.status == 200, await answer.text()
            return await answer.read()

    async def write(self, key: int, offset: int, data: bytes) -> None:
        await self.ask("PUT", f"/vms/web/disks/{key}/data?offset={offset}", data=data)

    async def fail(self, kind: str, **options: Any) -> None:
        await self.ask("POST", "/failures", json={"kind": kind, **options})


@pytest.fixture
async def lab(short: Path, tmp_path: Path) -> AsyncIterator[VcenterLab]:
    source = tmp_path / "root.raw"
    source.write_bytes(random.Random(7).randbytes(SIZES[0] // 2))
    disks = [DiskPlan(source=source, size=SIZES[0]), DiskPlan(size=SIZES[1])]
    plan = Plan(vms=[VmPlan(name="web", disks=disks, powered_on=True)], changed_areas_page=2, changed_bytes_page=4 << 20)
    async with VcenterLab(short / "lab", plan) as running:
        yield running


@pytest.fixture
async def vcenter(lab: VcenterLab) -> AsyncIterator[VCenter]:
    async with logged_in(lab, keep_alive=0.5) as session:
        yield session


@pytest.fixture
async def moref(vcenter: VCenter) -> str:
    return (await inventory.vm(vcenter, "/DC0/vm/web")).moref


async def test_the_vm_is_described_and_has_no_blockers(vcenter: VCenter, moref: str) -> None:
    spec = await inventory.vm(vcenter, moref)
    assert [(disk.disk_id, disk.capacity_bytes) for disk in spec.disks] == [("disk-2000", SIZES[0]), ("disk-2001", SIZES[1])]
    assert spec.datacenter == DATACENTER and spec.nics[0].network == "VM Network" and spec.power_state == "poweredOn"
    assert blockers(spec) == []
    assert [one.path for one in (await survey(vcenter)).vms] == ["/DC0/vm/web"]


async def test_hundreds_of_vms_are_listed_in_pages(short: Path) -> None:
    async with VcenterLab(short / "many", Plan(synthetic=450, objects_page=100)) as lab, logged_in(lab) as vcenter:
        assert len({one.path for one in (await survey(vcenter)).vms}) == 450


async def test_an_increment_is_what_the_guest_wrote_and_reads_as_it_was_at_the_snapshot(
    lab: VcenterLab, vcenter: VCenter, moref: str, short: Path, tmp_path: Path
) -> None:
    control = Control(lab)
    assert await tracking.enable(vcenter, moref)
    first = await tracking.tracked_snapshot(vcenter, moref, "job-1")
    await snapshots.remove_ours(vcenter, moref)
    for offset in (0, 10 * BLOCK, 320 * BLOCK):
        await control.write(2000, offset, random.Random(offset).randbytes(BLOCK))
    second = await tracking.tracked_snapshot(vcenter, moref, "job-2")
    await control.write(2000, 20 * BLOCK, b"after the snapshot")
    before, now = first.disks[0], second.disks[0]
    assert why_full(before.change_id, now.change_id) is None
    areas = await changed_areas(vcenter, moref, second.moref, 2000, before.change_id, now.capacity_bytes)
    assert areas == [Area(0, BLOCK), Area(10 * BLOCK, BLOCK), Area(320 * BLOCK, BLOCK)]
    children = Children(tmp_path / "children")
    source = await https_source(vcenter, now, DATACENTER)
    async with await open_source(children, vcenter, source, "source/job-2/disk-2000", short / "run") as opened:
        base = lab.estate.datastore / "web" / "web-flat.vmdk"
        assert await compared(opened, base) == SAME
        await folder.verify(vcenter, second, DATACENTER)
    await snapshots.remove_ours(vcenter, moref)


async def test_what_is_allocated_is_told_for_a_first_copy(vcenter: VCenter, moref: str) -> None:
    await tracking.enable(vcenter, moref)
    record = await tracking.tracked_snapshot(vcenter, moref, "job-1")
    assert await changed_areas(vcenter, moref, record.moref, 2000, "*", SIZES[0]) == [Area(0, SIZES[0] // 2)]
    assert await changed_areas(vcenter, moref, record.moref, 2001, "*", SIZES[1]) == []


async def test_changes_of_a_vm_that_is_off_are_told_without_a_snapshot(lab: VcenterLab, vcenter: VCenter, moref: str) -> None:
    await tracking.enable(vcenter, moref)
    before = (await tracking.tracked_snapshot(vcenter, moref, "job-1")).disks[1]
    await snapshots.remove_ours(vcenter, moref)
    await Control(lab).write(2001, 5 * BLOCK, b"changed")
    await power.power_off(vcenter, moref)
    assert await changed_areas(vcenter, moref, None, 2001, before.change_id, SIZES[1]) == [Area(5 * BLOCK, BLOCK)]


async def test_what_a_killed_agent_left_is_swept(vcenter: VCenter, moref: str, short: Path, tmp_path: Path) -> None:
    record = await snapshots.create(vcenter, moref, "job-1")
    children = Children(tmp_path / "children")
    await open_source(children, vcenter, await https_source(vcenter, record.disks[0], DATACENTER), "source/job-1/disk-2000", short / "run")
    assert await children.end("source/job-1/") == 1
    await sweep(short / "run")
    assert list((short / "run").iterdir()) == []


async def test_tracking_that_somebody_else_left_without_effect_is_made_to_work(lab: VcenterLab, vcenter: VCenter, moref: str) -> None:
    await Control(lab).ask("POST", "/vms/web/tracking", json={"enabled": True})
    record = await tracking.tracked_snapshot(vcenter, moref, "job-1")
    assert all(parse_change_id(disk.change_id) for disk in record.disks)
    assert len(await snapshots.find_ours(vcenter, moref)) == 1


async def test_a_lost_epoch_and_a_refused_query_mean_a_full_copy(lab: VcenterLab, vcenter: VCenter, moref: str) -> None:
    await tracking.enable(vcenter, moref)
    first = await tracking.tracked_snapshot(vcenter, moref, "job-1")
    await snapshots.remove_ours(vcenter, moref)
    await Control(lab).ask("POST", "/vms/web/epoch", json={"disk": 2000})
    second = await tracking.tracked_snapshot(vcenter, moref, "job-2")
    assert why_full(first.disks[0].change_id, second.disks[0].change_id) is not None
    assert why_full(first.disks[1].change_id, second.disks[1].change_id) is None
    with pytest.raises(ChangesRefused):
        await changed_areas(vcenter, moref, second.moref, 2000, first.disks[0].change_id, SIZES[0])


async def test_a_session_that_expires_while_a_disk_is_read_is_renewed(
    lab: VcenterLab, vcenter: VCenter, moref: str, short: Path, tmp_path: Path
) -> None:
    record = await snapshots.create(vcenter, moref, "job-1")
    source = await https_source(vcenter, record.disks[0], DATACENTER)
    async with await open_source(Children(tmp_path / "children"), vcenter, source, "source/job-1/disk-2000", short / "run") as opened:
        await Control(lab).fail("read_expires_session", after_bytes=100_000)
        assert await compared(opened, lab.estate.datastore / "web" / "web-flat.vmdk") == SAME
    assert vcenter.logins > 1


async def test_calls_go_on_after_all_sessions_were_ended_and_connections_cut(lab: VcenterLab, vcenter: VCenter, moref: str) -> None:
    await Control(lab).ask("DELETE", "/sessions")
    assert await power.power_state(vcenter, moref) == "poweredOn"
    await Control(lab).ask("POST", "/connections/cut")
    assert await power.power_state(vcenter, moref) == "poweredOn"
    await Control(lab).fail("busy", times=2)
    assert await power.power_state(vcenter, moref) == "poweredOn"


async def test_a_snapshot_of_another_product_during_the_copy_is_noticed(lab: VcenterLab, vcenter: VCenter, moref: str) -> None:
    record = await snapshots.create(vcenter, moref, "job-1")
    await Control(lab).ask("POST", "/vms/web/snapshots", json={"name": "backup"})
    with pytest.raises(Fault) as caught:
        await folder.verify(vcenter, record, DATACENTER)
    assert caught.value.key == "vcenter.snapshot_changed"
    (blocked,) = blockers(await inventory.vm(vcenter, moref))
    assert "backup" in blocked.sentence


async def test_on_top_of_an_old_snapshot_a_disk_is_not_read_as_a_plain_file(lab: VcenterLab, vcenter: VCenter, moref: str) -> None:
    await Control(lab).ask("POST", "/vms/web/snapshots", json={"name": "old", "days_old": 90})
    record = await snapshots.create(vcenter, moref, "job-1")
    with pytest.raises(Fault) as caught:
        await https_source(vcenter, record.disks[0], DATACENTER)
    assert caught.value.key == "vcenter.unsupported_chain"


async def test_a_removal_that_fails_says_so_and_works_later(lab: VcenterLab, vcenter: VCenter, moref: str) -> None:
    await snapshots.create(vcenter, moref, "job-1")
    await Control(lab).fail("remove_fails")
    with pytest.raises(Fault) as caught:
        await snapshots.remove_ours(vcenter, moref)
    assert caught.value.key == "vcenter.refused" and "locked" in caught.value.cause
    assert await snapshots.remove_ours(vcenter, moref) == 1


async def test_a_cancelled_snapshot_can_still_be_found_and_removed(lab: VcenterLab, vcenter: VCenter, moref: str) -> None:
    await Control(lab).fail("task_slow", seconds=1)
    making = asyncio.create_task(snapshots.create(vcenter, moref, "job-1"))
    await asyncio.sleep(0.5)
    making.cancel()
    with pytest.raises(asyncio.CancelledError):
        await making
    assert await snapshots.remove_ours(vcenter, moref, "job-1") == 1


async def test_a_guest_without_tools_is_powered_off_only_if_allowed(lab: VcenterLab, vcenter: VCenter, moref: str) -> None:
    await Control(lab).ask("POST", "/vms/web/tools", json={"running": False})
    with pytest.raises(Fault) as caught:
        await power.shut_down(vcenter, moref, limit=1)
    assert caught.value.key == "vcenter.tools_missing"
    assert await power.shut_down(vcenter, moref, limit=1, force=True) is False
    assert await power.power_state(vcenter, moref) == "poweredOff"


async def test_disks_that_cannot_be_migrated_are_named(lab: VcenterLab, vcenter: VCenter, moref: str) -> None:
    await Control(lab).ask("POST", "/vms/web/disks/2001", json={"mode": "independent_persistent"})
    await Control(lab).ask("POST", "/vms/web/disks/2000", json={"raw_mapping": "physicalMode"})
    found = {(blocker.disk_id, blocker.key) for blocker in blockers(await inventory.vm(vcenter, moref))}
    assert found == {("disk-2001", "independent"), ("disk-2000", "physical_mapping")}
