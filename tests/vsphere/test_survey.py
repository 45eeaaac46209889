"""What is seen of a vCenter: folders and clusters with how many VMs they hold, narrowed and in pages."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from pyVmomi import vim

from appliance.contract.errors import Fault
from appliance.vsphere._properties import Found
from appliance.vsphere.blockers import blockers
from appliance.vsphere.inventory import spec_of
from appliance.vsphere.places import Places
from appliance.vsphere.spec import VmSpec
from appliance.vsphere.survey import Survey, chosen, clusters, folders, page_of

ROOT, DC, TOP, WEB = vim.Folder("group-1"), vim.Datacenter("dc-1"), vim.Folder("group-2"), vim.Folder("group-3")
EMPTY, VAPP, CLUSTER, HOST = vim.Folder("group-4"), vim.VirtualApp("app-1"), vim.ClusterComputeResource("c-1"), vim.HostSystem("host-1")


def placed() -> Places:
    """Datacenter Köln with the folder vm, below it Web/Shop %2f B with a vApp, an empty folder, and a cluster with a host."""
    inside: Sequence[tuple[Any, dict[str, Any]]] = [
        (ROOT, {"name": "Datacenters"}),
        (DC, {"name": "Köln", "parent": ROOT}),
        (TOP, {"name": "vm", "parent": DC}),
        (WEB, {"name": "Web %2f Shop", "parent": TOP}),
        (EMPTY, {"name": "Empty", "parent": TOP}),
        (VAPP, {"name": "app", "parentFolder": WEB}),
        (CLUSTER, {"name": "Cluster A", "parent": vim.Folder("group-9")}),
        (vim.Folder("group-9"), {"name": "host", "parent": DC}),
        (HOST, {"name": "esx1", "parent": CLUSTER}),
        (vim.Network("network-1"), {"name": "VM Network"}),
        (vim.dvs.DistributedVirtualPortgroup("pg-1"), {"name": "Web %2f 10"}),
        (vim.OpaqueNetwork("network-2"), {"name": "Overlay", "summary": vim.OpaqueNetwork.Summary(opaqueNetworkId="nsx-7")}),
    ]
    return Places.of(Found(one, values) for one, values in inside)


def seen(name: str, parent: Any = WEB, **more: Any) -> VmSpec:
    device: list[Any] = []
    values = {"name": name, "parent": parent, "runtime.host": HOST, "config.hardware.device": device, **more}
    return spec_of(Found(vim.VirtualMachine(f"vm-{name}"), values), placed())


def survey(*vms: VmSpec) -> Survey:
    return Survey(datetime(2026, 1, 1, tzinfo=UTC), vms, folders(vms, placed()), clusters(vms, placed()))


VMS = (seen("a", TOP), seen("web1"), seen("web2"), seen("db", None, parentVApp=VAPP))


def test_a_vm_knows_its_folder_its_datacenter_and_its_cluster() -> None:
    vm = VMS[1]
    assert (vm.path, vm.folder, vm.datacenter, vm.cluster) == ("/Köln/vm/Web %2f Shop/web1", "/Köln/vm/Web %2f Shop", "/Köln", "Cluster A")


def test_folders_count_what_lies_in_them_and_below_and_empty_ones_are_left_out() -> None:
    assert [(one.path, one.name, one.kind, one.vms, one.total) for one in folders(VMS, placed())] == [
        ("/Köln", "Köln", "datacenter", 0, 4),
        ("/Köln/vm", "vm", "folder", 1, 4),
        ("/Köln/vm/Web %2f Shop", "Web / Shop", "folder", 2, 3),
        ("/Köln/vm/Web %2f Shop/app", "app", "vapp", 1, 1),
    ]


def test_a_vcenter_without_vms_shows_its_datacenters() -> None:
    assert [one.path for one in folders([], placed())] == ["/Köln"]


def test_clusters_count_their_hosts_and_vms() -> None:
    assert [(one.name, one.datacenter, one.hosts, one.vms) for one in clusters(VMS, placed())] == [("Cluster A", "/Köln", 1, 4)]


@pytest.mark.parametrize(
    ("narrowed", "names"),
    [
        ({}, ["a", "web1", "web2", "db"]),
        ({"folder": "/Köln/vm"}, ["a", "web1", "web2", "db"]),
        ({"folder": "/Köln/vm/Web %2f Shop/"}, ["web1", "web2", "db"]),
        ({"folder": "/Köln/vm/Web %2f Shop/app"}, ["db"]),
        ({"cluster": "Cluster A", "name_contains": "WEB"}, ["web1", "web2"]),
        ({"name_contains": "nobody"}, []),
    ],
)
def test_the_list_is_narrowed(narrowed: dict[str, str], names: list[str]) -> None:
    assert [one.name for one in chosen(survey(*VMS), **narrowed)] == names


@pytest.mark.parametrize("narrowed", [{"folder": "/Köln/vm/Web"}, {"folder": "/Köln/vm/Empty"}, {"cluster": "Cluster B"}])
def test_a_place_that_is_not_there_is_said_and_named(narrowed: dict[str, str]) -> None:
    with pytest.raises(Fault) as refused:
        chosen(survey(*VMS), **narrowed)
    assert refused.value.status == 404 and next(iter(narrowed.values())) in refused.value.message


@pytest.mark.parametrize(("page", "names"), [(1, ["a", "web1", "web2"]), (2, ["db"]), (3, [])])
def test_pages_hold_all_of_the_list_once(page: int, names: list[str]) -> None:
    assert [one.name for one in page_of(VMS, page, 3)] == names


def test_a_vm_whose_settings_are_not_told_says_so_and_nothing_else() -> None:
    half = spec_of(Found(vim.VirtualMachine("vm-1"), {"name": "lost", "parent": vim.Folder("group-77")}), placed())
    assert [one.key for one in blockers(half)] == ["unreadable"]
    assert (half.path, half.cluster, half.datacenter) == ("/lost", "", "")
    assert [one.key for one in blockers(replace(half, readable=True))] == ["no_disks"]


@pytest.mark.parametrize(
    ("backing", "name"),
    [
        (vim.vm.device.VirtualEthernetCard.NetworkBackingInfo(deviceName="old name", network=vim.Network("network-1")), "VM Network"),
        (
            vim.vm.device.VirtualEthernetCard.DistributedVirtualPortBackingInfo(
                port=vim.dvs.PortConnection(switchUuid="x", portgroupKey="pg-1")
            ),
            "Web / 10",
        ),
        (
            vim.vm.device.VirtualEthernetCard.OpaqueNetworkBackingInfo(opaqueNetworkId="nsx-7", opaqueNetworkType="nsx.LogicalSwitch"),
            "Overlay",
        ),
        (vim.vm.device.VirtualEthernetCard.NetworkBackingInfo(deviceName="Gone Network"), "Gone Network"),
    ],
)
def test_a_network_has_its_name_without_any_guest_agent(backing: Any, name: str) -> None:
    card = vim.vm.device.VirtualVmxnet3(key=4000, macAddress="00:50:56:00:00:01", backing=backing)
    vm = seen("web", **{"config.hardware.device": [card]})
    assert [nic.network for nic in vm.nics] == [name] and vm.tools_running is False
