"""Power, reconfiguration and snapshots, by tasks."""

import time

import pytest
from pyVim.task import WaitForTask
from pyVmomi import vim, vmodl

from appliance.lab.vcenter import VcenterLab

from .conftest import MIB, Client, Control, plan


def test_a_vm_is_switched_off_and_on(client: Client) -> None:
    vm = client.vm()
    WaitForTask(vm.PowerOffVM_Task())
    assert vm.runtime.powerState == "poweredOff"
    WaitForTask(vm.PowerOnVM_Task())
    assert vm.runtime.powerState == "poweredOn"


def test_what_is_on_cannot_be_switched_on(client: Client) -> None:
    with pytest.raises(vim.fault.InvalidPowerState):
        WaitForTask(client.vm().PowerOnVM_Task())


def test_a_guest_shuts_down_by_itself(client: Client) -> None:
    vm = client.vm()
    vm.ShutdownGuest()
    limit = time.monotonic() + 10
    while time.monotonic() < limit:
        if client.read(vm, "runtime.powerState")["runtime.powerState"] == "poweredOff":
            return
    pytest.fail("the VM is still on")


def test_without_tools_a_guest_cannot_be_shut_down(client: Client, control: Control) -> None:
    control("POST", "/vms/web/tools", {"running": False})
    with pytest.raises(vim.fault.ToolsUnavailable):
        client.vm().ShutdownGuest()


def test_annotation_and_extra_configuration_are_kept(client: Client) -> None:
    spec = vim.vm.ConfigSpec(annotation="ours", extraConfig=[vim.option.OptionValue(key="guestinfo.job", value="7")])
    WaitForTask(client.vm().ReconfigVM_Task(spec))
    config = client.vm().config
    assert (config.annotation, [(one.key, one.value) for one in config.extraConfig]) == ("ours", [("guestinfo.job", "7")])


def test_a_network_adapter_is_told_not_to_connect(client: Client) -> None:
    nic = next(d for d in client.vm().config.hardware.device if isinstance(d, vim.vm.device.VirtualVmxnet3))
    nic.connectable.startConnected = False
    change = vim.vm.device.VirtualDeviceSpec(operation="edit", device=nic)
    WaitForTask(client.vm().ReconfigVM_Task(vim.vm.ConfigSpec(deviceChange=[change])))
    nics = [d.connectable.startConnected for d in client.vm().config.hardware.device if isinstance(d, vim.vm.device.VirtualVmxnet3)]
    assert nics == [False, True]


def _resize(client: Client, capacity: int) -> None:
    disk = client.disks(client.vm())[0]
    disk.capacityInBytes, disk.capacityInKB = capacity, capacity // 1024
    change = vim.vm.device.VirtualDeviceSpec(operation="edit", device=disk)
    WaitForTask(client.vm().ReconfigVM_Task(vim.vm.ConfigSpec(deviceChange=[change])))


def test_a_disk_grows(client: Client) -> None:
    _resize(client, 12 * MIB)
    assert client.disks(client.vm())[0].capacityInBytes == 12 * MIB


def test_a_disk_never_shrinks(client: Client) -> None:
    with pytest.raises(vmodl.fault.InvalidArgument):
        _resize(client, 4 * MIB)


def test_a_disk_does_not_grow_under_a_snapshot(client: Client) -> None:
    client.snapshot()
    with pytest.raises(vim.fault.InvalidDeviceOperation):
        _resize(client, 12 * MIB)


def test_a_snapshot_freezes_the_base_and_the_vm_writes_a_delta(client: Client) -> None:
    snapshot = client.snapshot()
    assert client.disks(snapshot)[0].backing.fileName == "[datastore1] web/web.vmdk"
    running = client.disks(client.vm())[0].backing
    assert (running.fileName, running.parent.fileName) == ("[datastore1] web/web-000001.vmdk", "[datastore1] web/web.vmdk")


def test_the_snapshot_tree_shows_names_and_parents(client: Client) -> None:
    client.snapshot(name="first", description="by hand")
    second = client.snapshot(name="second")
    tree = client.vm().snapshot
    assert tree.currentSnapshot == second
    root = tree.rootSnapshotList[0]
    assert (root.name, root.description, root.childSnapshotList[0].name) == ("first", "by hand", "second")


def test_removing_a_snapshot_gives_the_disk_back(client: Client) -> None:
    snapshot = client.snapshot()
    WaitForTask(snapshot.RemoveSnapshot_Task(removeChildren=False))
    assert client.vm().snapshot is None
    assert client.disks(client.vm())[0].backing.fileName == "[datastore1] web/web.vmdk"
    with pytest.raises(vmodl.fault.ManagedObjectNotFound):
        client.read(snapshot, "config")


def test_all_snapshots_are_removed_at_once(client: Client) -> None:
    client.snapshot(name="first")
    client.snapshot(name="second")
    WaitForTask(client.vm().RemoveAllSnapshots_Task())
    assert client.vm().snapshot is None


def test_the_extended_snapshot_call_works_too(client: Client) -> None:
    task = client.vm().CreateSnapshotEx_Task(name="quiet", memory=False, quiesceSpec=vim.vm.GuestQuiesceSpec(timeout=5))
    WaitForTask(task)
    assert client.vm().snapshot.rootSnapshotList[0].quiesced


def test_a_failed_snapshot_leaves_nothing(client: Client, control: Control) -> None:
    control.fail("snapshot_fails", vm="web")
    with pytest.raises(vim.fault.GenericVmConfigFault):
        client.snapshot()
    assert client.vm().snapshot is None


def test_a_task_that_hangs_can_be_cancelled(client: Client, control: Control) -> None:
    control.fail("task_hangs", vm="web")
    task = client.vm().CreateSnapshot_Task("job-1", "", False, False)
    while task.info.progress != 40:
        pass
    task.CancelTask()
    with pytest.raises(vmodl.fault.RequestCanceled):
        WaitForTask(task)


def test_everything_is_there_after_a_restart(lab: VcenterLab, control: Control) -> None:
    with Client(lab) as client:
        client.track()
        snapshot = client.snapshot(name="kept")
        before = client.disks(snapshot)[0].backing.changeId
    control.write(0, b"x" * 4096)
    lab.stop()
    again = VcenterLab(lab.folder, plan(), password=lab.password)
    again.start()
    try:
        with Client(again) as client:
            kept = client.vm().snapshot.rootSnapshotList[0]
            assert (kept.name, client.disks(kept.snapshot)[0].backing.changeId) == ("kept", before)
            assert client.vm().runtime.powerState == "poweredOn"
            assert Control(again)("GET", "/vms/web/disks/2000/data?offset=0&length=4096") == b"x" * 4096
    finally:
        again.stop()
