"""Reading the inventory: paths, traversal, pages, views, waiting."""

import threading
from typing import Any

import pytest
from pyVmomi import vim, vmodl

from appliance.lab.vcenter import Plan, VcenterLab

from .conftest import Client, Control, Query


def _viewed(client: Client, paths: list[str], page: int) -> tuple[list[Any], int]:
    view = client.content.viewManager.CreateContainerView(client.content.rootFolder, [vim.VirtualMachine], True)
    traversal = Query.TraversalSpec(type=vim.view.ContainerView, path="view", skip=False)
    spec = Query.FilterSpec(
        objectSet=[Query.ObjectSpec(obj=view, skip=True, selectSet=[traversal])],
        propSet=[Query.PropertySpec(type=vim.VirtualMachine, pathSet=paths)],
    )
    collector = client.content.propertyCollector
    found, pages = [], 0
    result = collector.RetrievePropertiesEx([spec], Query.RetrieveOptions(maxObjects=page))
    while result:
        found, pages = found + list(result.objects), pages + 1
        result = collector.ContinueRetrievePropertiesEx(result.token) if result.token else None
    view.DestroyView()
    return found, pages


def test_nested_paths_are_read_alone(client: Client) -> None:
    read = client.read(client.vm(), "name", "runtime.powerState", "config.hardware.numCPU", "config.bootOptions.efiSecureBootEnabled")
    assert read == {
        "name": "web",
        "runtime.powerState": "poweredOn",
        "config.hardware.numCPU": 1,
        "config.bootOptions.efiSecureBootEnabled": False,
    }


def test_what_is_unset_is_left_out(client: Client) -> None:
    assert client.read(client.vm(), "snapshot", "name") == {"name": "web"}


def test_an_unknown_path_is_refused(client: Client) -> None:
    with pytest.raises(vmodl.query.InvalidProperty) as refused:
        client.read(client.vm(), "config.nonsense")
    assert refused.value.name == "config.nonsense"


def test_a_deleted_object_is_refused(client: Client) -> None:
    gone = vim.VirtualMachine("vm-999999", client.service._stub)
    with pytest.raises(vmodl.fault.ManagedObjectNotFound):
        client.read(gone, "name")


def test_lazy_attributes_work(client: Client) -> None:
    vm = client.vm()
    assert (vm.name, vm.summary.config.numVirtualDisks, vm.guest.net[0].ipAddress[0]) == ("web", 2, "192.0.2.7")


def test_named_traversals_lead_from_the_root_to_the_vms(client: Client) -> None:
    folders = Query.SelectionSpec(name="folders")
    inside = Query.TraversalSpec(name="datacenter", type=vim.Datacenter, path="vmFolder", selectSet=[folders])
    walk = Query.TraversalSpec(name="folders", type=vim.Folder, path="childEntity", selectSet=[folders, inside])
    start = Query.ObjectSpec(obj=client.content.rootFolder, skip=True, selectSet=[walk])
    spec = Query.FilterSpec(objectSet=[start], propSet=[Query.PropertySpec(type=vim.VirtualMachine, pathSet=["name"])])
    found = client.content.propertyCollector.RetrieveProperties([spec])
    assert sorted(one.propSet[0].val for one in found) == ["cold", "web"]


def test_a_container_view_is_read_in_pages(client: Client) -> None:
    found, pages = _viewed(client, ["name"], 1)
    assert sorted(one.propSet[0].val for one in found) == ["cold", "web"]
    assert pages == 2


def test_two_thousand_vms_are_listed(tmp_path_factory: pytest.TempPathFactory) -> None:
    lab = VcenterLab(tmp_path_factory.mktemp("v"), Plan(synthetic=2000))
    lab.start()
    try:
        with Client(lab) as client:
            found, pages = _viewed(client, ["name", "runtime.powerState"], 5000)
    finally:
        lab.stop()
    assert len({one.propSet[0].val for one in found}) == 2000
    assert pages == 4, "the server's own limit is 500 objects a page"


def test_a_vm_is_found_by_its_uuids(client: Client) -> None:
    vm = client.vm()
    index = client.content.searchIndex
    assert index.FindByUuid(None, vm.config.uuid, True, False) == vm
    assert index.FindByUuid(None, vm.config.instanceUuid, True, True) == vm
    assert index.FindByUuid(None, "00000000-0000-0000-0000-000000000000", True, False) is None


def test_devices_carry_what_discovery_needs(client: Client) -> None:
    devices = client.read(client.vm(), "config.hardware.device")["config.hardware.device"]
    disk = next(d for d in devices if isinstance(d, vim.vm.device.VirtualDisk))
    nic = [d for d in devices if isinstance(d, vim.vm.device.VirtualVmxnet3)][1]
    assert any(isinstance(d, vim.vm.device.ParaVirtualSCSIController) and d.key == disk.controllerKey for d in devices)
    assert (disk.backing.fileName, disk.backing.diskMode, disk.capacityInBytes) == ("[datastore1] web/web.vmdk", "persistent", 8 << 20)
    assert (nic.macAddress, nic.backing.deviceName, nic.backing.network.name) == ("00:50:56:01:02:03", "Isolated", "Isolated")


def test_waiting_tells_of_a_change(client: Client, control: Control) -> None:
    vm, collector = client.vm(), client.content.propertyCollector
    spec = Query.FilterSpec(
        objectSet=[Query.ObjectSpec(obj=vm)], propSet=[Query.PropertySpec(type=vim.VirtualMachine, pathSet=["guest.toolsRunningStatus"])]
    )
    collector.CreateFilter(spec, True)
    first = collector.WaitForUpdatesEx("", Query.WaitOptions(maxWaitSeconds=5))
    timer = threading.Timer(0.2, lambda: control("POST", "/vms/web/tools", {"running": False}))
    timer.start()
    second = collector.WaitForUpdatesEx(first.version, Query.WaitOptions(maxWaitSeconds=5))
    timer.join()
    assert first.filterSet[0].objectSet[0].changeSet[0].val == "guestToolsRunning"
    assert second.filterSet[0].objectSet[0].changeSet[0].val == "guestToolsNotRunning"
    assert collector.WaitForUpdatesEx(second.version, Query.WaitOptions(maxWaitSeconds=0)) is None


def test_a_wait_can_be_cancelled(client: Client) -> None:
    collector = client.content.propertyCollector
    threading.Timer(0.3, collector.CancelWaitForUpdates).start()
    with pytest.raises(vmodl.fault.RequestCanceled):
        collector.WaitForUpdatesEx("", Query.WaitOptions(maxWaitSeconds=10))
