"""Discovery, power, snapshots and tracking against VMware's simulator."""

from dataclasses import replace

import pytest

from appliance.contract.errors import Fault
from appliance.vsphere import inventory, power, snapshots, tracking
from appliance.vsphere._properties import read_present
from appliance.vsphere.blockers import blockers
from appliance.vsphere.changes import ChangesRefused, changed_areas
from appliance.vsphere.session import VCenter
from appliance.vsphere.survey import chosen, survey

# The first test waits while the simulator is built.
pytestmark = [pytest.mark.peers, pytest.mark.timeout(900)]
PATH = "/DC0/vm/DC0_H0_VM0"


@pytest.fixture
async def moref(vcenter: VCenter) -> str:
    """The VM that these tests work on, powered on and without snapshots."""
    found = (await inventory.vm(vcenter, PATH)).moref
    await power.power_on(vcenter, found)
    return found


async def test_all_vms_are_listed_with_their_places_in_one_look(vcenter: VCenter) -> None:
    seen = await survey(vcenter)
    first = next(one for one in seen.vms if one.path == PATH)
    assert len(seen.vms) == 4
    assert (first.name, first.datacenter, first.folder, first.cpus, first.memory_mib) == ("DC0_H0_VM0", "/DC0", "/DC0/vm", 1, 32)
    assert (len(first.disks), first.capacity_bytes, first.cluster) == (1, 1 << 20, "DC0_H0")
    assert [nic.network for nic in first.nics] == ["DC0_DVPG0"]
    assert [blockers(one) for one in seen.vms] == [[]] * 4


async def test_folders_and_clusters_are_shown_with_how_many_vms_they_hold(vcenter: VCenter) -> None:
    seen = await survey(vcenter)
    assert [(one.path, one.kind, one.total) for one in seen.folders] == [("/DC0", "datacenter", 4), ("/DC0/vm", "folder", 4)]
    assert [(one.name, one.datacenter, one.vms) for one in seen.clusters] == [("DC0_C0", "/DC0", 2), ("DC0_H0", "/DC0", 2)]
    assert {one.cluster for one in chosen(seen, cluster="DC0_C0")} == {"DC0_C0"}
    with pytest.raises(Fault) as refused:
        chosen(seen, folder="/DC9/vm")
    assert refused.value.status == 404


async def test_many_vms_are_read_in_full_by_path_or_id_and_those_that_are_gone_left_out(vcenter: VCenter, moref: str) -> None:
    found = await inventory.vms(vcenter, [PATH, moref, "/DC0/vm/nobody", "vm-99999"])
    assert found == {PATH: await inventory.vm(vcenter, PATH), moref: await inventory.vm(vcenter, moref)}


async def test_a_vm_that_disappears_before_it_is_read_is_left_out(vcenter: VCenter, moref: str) -> None:
    found = await vcenter.call(
        "read VMs", lambda content: read_present(content, [inventory.reference(content, one) for one in (moref, "vm-99999")], ["name"])
    )
    assert [one.moref for one in found] == [moref]


async def test_a_vm_is_described_in_detail_by_path_and_by_id(vcenter: VCenter, moref: str) -> None:
    spec = await inventory.vm(vcenter, moref)
    disk, nic = spec.disks[0], spec.nics[0]
    assert spec.path == PATH and spec.datacenter == "/DC0" and spec.firmware == "bios" and spec.hardware_version >= 13
    assert disk.disk_id == f"disk-{disk.key}" and disk.capacity_bytes == 1 << 20
    assert disk.vmdk_path == "[LocalDS_0] DC0_H0_VM0/disk1.vmdk" and disk.datastore == "LocalDS_0"
    assert disk.controller == "pvscsi" and disk.provisioning == "thin" and disk.mode == "persistent"
    assert nic.model == "e1000" and nic.network == "DC0_DVPG0" and nic.mac.startswith("00:0c:29")
    assert blockers(spec) == []


@pytest.mark.parametrize("which", ["/DC0/vm/nobody", "vm-99999"])
async def test_a_vm_that_is_not_there_is_a_plain_refusal(vcenter: VCenter, which: str) -> None:
    with pytest.raises(Fault) as caught:
        await inventory.vm(vcenter, which)
    assert caught.value.key == "vcenter.vm_not_found" and which in caught.value.message


async def test_power_goes_off_and_on_and_again_without_harm(vcenter: VCenter, moref: str) -> None:
    for _ in range(2):
        await power.power_off(vcenter, moref)
    assert await power.power_state(vcenter, moref) == "poweredOff"
    for _ in range(2):
        await power.power_on(vcenter, moref)
    assert await power.power_state(vcenter, moref) == "poweredOn"


async def test_a_guest_shuts_down_when_asked(vcenter: VCenter, moref: str) -> None:
    assert await power.shut_down(vcenter, moref, limit=10, force=True) is True
    assert await power.power_state(vcenter, moref) == "poweredOff"


async def test_network_cards_are_set_not_to_connect_and_back(vcenter: VCenter, moref: str) -> None:
    key = (await inventory.vm(vcenter, moref)).nics[0].key
    assert await power.set_start_connected(vcenter, moref, {key: False}) == {key: True}
    assert (await inventory.vm(vcenter, moref)).nics[0].start_connected is False
    assert await power.set_start_connected(vcenter, moref, {key: True}) == {key: False}


async def test_our_snapshot_is_made_found_checked_and_removed(vcenter: VCenter, moref: str) -> None:
    record = await snapshots.create(vcenter, moref, "job-1")
    assert record == snapshots.SnapshotRecord.from_record(record.to_record())
    assert [one.moref for one in await snapshots.find_ours(vcenter, moref, "job-1")] == [record.moref]
    assert await snapshots.find_ours(vcenter, moref, "job-2") == []
    await snapshots.verify_unchanged(vcenter, record)
    assert record.disks[0].backing_path == "[LocalDS_0] DC0_H0_VM0/disk1.vmdk"
    assert await snapshots.remove_ours(vcenter, moref) == 1
    assert await snapshots.list_snapshots(vcenter, moref) == []
    with pytest.raises(Fault) as caught:
        await snapshots.verify_unchanged(vcenter, record)
    assert caught.value.key == "vcenter.snapshot_gone"
    await snapshots.remove(vcenter, moref, record.moref)


async def test_a_recorded_disk_that_differs_is_named(vcenter: VCenter, moref: str) -> None:
    record = await snapshots.create(vcenter, moref, "job-2")
    moved = replace(record, disks=(replace(record.disks[0], datastore="elsewhere"),))
    try:
        with pytest.raises(Fault) as caught:
            await snapshots.verify_unchanged(vcenter, moved)
    finally:
        await snapshots.remove_ours(vcenter, moref, "job-2")
    assert caught.value.key == "vcenter.snapshot_changed" and "another datastore" in caught.value.message


async def test_where_changes_cannot_be_asked_the_disk_is_to_be_copied_in_full(vcenter: VCenter, moref: str) -> None:
    record = await snapshots.create(vcenter, moref, "job-3")
    try:
        with pytest.raises(ChangesRefused):
            await changed_areas(vcenter, moref, record.moref, record.disks[0].key, "*", record.disks[0].capacity_bytes)
    finally:
        await snapshots.remove_ours(vcenter, moref)


async def test_tracking_is_turned_on_and_leaves_no_snapshot(vcenter: VCenter, moref: str) -> None:
    assert [await tracking.enable(vcenter, moref) for _ in range(2)] == [True, False]
    assert (await inventory.vm(vcenter, moref)).tracking_enabled
    assert await snapshots.list_snapshots(vcenter, moref) == []


async def test_tracking_is_not_turned_on_over_snapshots(vcenter: VCenter) -> None:
    other = (await inventory.vm(vcenter, "/DC0/vm/DC0_H0_VM1")).moref
    await snapshots.create(vcenter, other, "job-4")
    with pytest.raises(Fault) as caught:
        await tracking.enable(vcenter, other)
    assert caught.value.key == "vcenter.tracking_refused"
    await snapshots.remove_ours(vcenter, other)
