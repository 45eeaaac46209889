"""Changed-block tracking: change ids, pages up to the capacity, refusals."""

import re

import pytest
from pyVim.task import WaitForTask
from pyVmomi import vim, vmodl

from appliance.lab.vcenter.changes import page

from .conftest import MIB, Client, Control

BLOCK = 64 << 10


def test_a_change_id_looks_like_vspheres(client: Client) -> None:
    client.track()
    change = client.disks(client.snapshot())[0].backing.changeId
    assert re.fullmatch(r"52( [0-9a-f]{2}){7}-[0-9a-f]{2}( [0-9a-f]{2}){7}/\d+", change)


def test_tracking_of_a_running_vm_begins_after_the_first_stun(client: Client) -> None:
    WaitForTask(client.vm().ReconfigVM_Task(vim.vm.ConfigSpec(changeTrackingEnabled=True)))
    first = client.snapshot(name="stun")
    assert client.disks(first)[0].backing.changeId is None
    WaitForTask(first.RemoveSnapshot_Task(removeChildren=False))
    assert client.disks(client.snapshot())[0].backing.changeId is not None


def test_a_vm_that_is_off_is_tracked_at_once_and_asked_without_a_snapshot(client: Client, control: Control) -> None:
    WaitForTask(client.vm("cold").ReconfigVM_Task(vim.vm.ConfigSpec(changeTrackingEnabled=True)))
    since = client.disks(client.snapshot("cold"))[0].backing.changeId
    WaitForTask(client.vm("cold").RemoveAllSnapshots_Task())
    control.write(BLOCK, b"x", vm="cold")
    answer = client.vm("cold").QueryChangedDiskAreas(None, 2000, 0, since)
    assert [(area.start, area.length) for area in answer.changedArea] == [(BLOCK, BLOCK)]


def test_an_increment_is_what_the_guest_wrote_in_between(client: Client, control: Control) -> None:
    client.track()
    first = client.snapshot()
    since = client.disks(first)[0].backing.changeId
    control.write(3 * MIB + 5, b"abc")
    control.write(5 * MIB, b"z" * 3 * BLOCK)
    WaitForTask(first.RemoveSnapshot_Task(removeChildren=False))
    second = client.snapshot()
    control.write(7 * MIB, b"too late")
    assert client.changed(second, since) == [(3 * MIB, BLOCK), (5 * MIB, 3 * BLOCK)]


def test_disks_are_tracked_apart(client: Client, control: Control) -> None:
    client.track()
    first = client.snapshot()
    since = client.disks(first)[1].backing.changeId
    control.write(0, b"a", key=2001)
    WaitForTask(first.RemoveSnapshot_Task(removeChildren=False))
    second = client.snapshot()
    assert client.changed(second, since, key=2001) == [(0, BLOCK)]


def test_a_star_means_what_is_allocated(client: Client, control: Control) -> None:
    control.write(2 * MIB, b"x" * BLOCK)
    client.track()
    assert client.changed(client.snapshot(), "*") == [(2 * MIB, BLOCK)]


def test_pages_have_few_areas_and_may_be_empty() -> None:
    extents = [(n * 2 * BLOCK, BLOCK) for n in range(3)] + [(60 * BLOCK, BLOCK)]
    first = page(extents, 0, 64 * BLOCK, areas=2, span=16 * BLOCK)
    assert (first.length, len(first.changedArea)) == (3 * BLOCK, 2)
    empty = page(extents, 16 * BLOCK, 64 * BLOCK, areas=2, span=16 * BLOCK)
    assert (empty.length, len(empty.changedArea)) == (16 * BLOCK, 0)
    last = page(extents, 48 * BLOCK, 64 * BLOCK, areas=2, span=0)
    assert (last.length, last.changedArea[0].start) == (16 * BLOCK, 60 * BLOCK)


@pytest.mark.parametrize(
    ("argument", "fault"),
    [
        ({"offset": 8 * MIB}, vmodl.fault.InvalidArgument),
        ({"key": 2099}, vmodl.fault.InvalidArgument),
        ({"since": "nonsense"}, vmodl.fault.InvalidArgument),
        ({"since": "52 00 00 00 00 00 00 00-00 00 00 00 00 00 00 00/1"}, vim.fault.FileFault),
        ({"snapshot": None}, vim.fault.FileFault),
    ],
    ids=["offset at the capacity", "no such disk", "malformed", "another epoch", "running without a snapshot"],
)
def test_bad_questions_are_refused(client: Client, argument: dict[str, object], fault: type[Exception]) -> None:
    client.track()
    snapshot = client.snapshot()
    asked = {"snapshot": snapshot, "key": 2000, "offset": 0, "since": "*"} | argument
    with pytest.raises(fault):
        client.vm().QueryChangedDiskAreas(asked["snapshot"], asked["key"], asked["offset"], asked["since"])


def test_without_tracking_nothing_is_known(client: Client) -> None:
    with pytest.raises(vim.fault.FileFault):
        client.vm().QueryChangedDiskAreas(client.snapshot(), 2000, 0, "*")


def test_an_old_change_id_is_refused_after_tracking_was_lost(client: Client, control: Control) -> None:
    client.track()
    first = client.snapshot()
    since = client.disks(first)[0].backing.changeId
    WaitForTask(first.RemoveSnapshot_Task(removeChildren=False))
    control("POST", "/vms/web/epoch", {"disk": 2000})
    second = client.snapshot()
    with pytest.raises(vim.fault.FileFault):
        client.vm().QueryChangedDiskAreas(second, 2000, 0, since)
    assert client.disks(second)[0].backing.changeId != since


def test_a_query_can_be_made_to_fail(client: Client, control: Control) -> None:
    client.track()
    snapshot = client.snapshot()
    control.fail("query_refused", vm="web")
    with pytest.raises(vim.fault.FileFault):
        client.vm().QueryChangedDiskAreas(snapshot, 2000, 0, "*")
    assert client.changed(snapshot, "*") == []


def test_a_block_can_be_made_to_be_missing(client: Client, control: Control) -> None:
    control.write(0, b"x")
    client.track()
    snapshot = client.snapshot()
    control.fail("query_drops_block", vm="web", times=-1)
    assert client.changed(snapshot, "*") == []


def test_independent_disks_are_not_in_a_snapshot(client: Client, control: Control) -> None:
    control("POST", "/vms/web/disks/2001", {"mode": "independent_persistent"})
    assert [disk.key for disk in client.disks(client.snapshot())] == [2000]


def test_a_physical_mapping_prevents_snapshots(client: Client, control: Control) -> None:
    control("POST", "/vms/web/disks/2001", {"raw_mapping": "physicalMode"})
    assert client.disks(client.vm())[1].backing.compatibilityMode == "physicalMode"
    with pytest.raises(vim.fault.GenericVmConfigFault):
        client.snapshot()


def test_an_old_snapshot_of_somebody_else_can_be_made(client: Client, control: Control) -> None:
    control("POST", "/vms/web/snapshots", {"name": "before the upgrade", "days_old": 400})
    tree = client.vm().snapshot.rootSnapshotList[0]
    assert (tree.name, (client.service.CurrentTime() - tree.createTime).days) == ("before the upgrade", 400)
