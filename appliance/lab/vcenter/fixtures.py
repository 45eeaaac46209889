"""The properties of what does not change: folders, cluster, host, datastore, networks, and the service's own objects."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from pyVmomi import VmomiSupport, vim, vmodl

if TYPE_CHECKING:
    from appliance.lab.vcenter.inventory import Inventory

GIB = 1 << 30
INSTANCE_UUID = "5f3b1c2e-7a54-4d0f-9b57-3f0c6d1b7e01"
COLLECTOR = vmodl.query.PropertyCollector("propertyCollector")
SESSIONS = vim.SessionManager("SessionManager")
VIEWS = vim.view.ViewManager("ViewManager")
SEARCH = vim.SearchIndex("SearchIndex")
TASKS = vim.TaskManager("TaskManager")
SERVICE = vim.ServiceInstance("ServiceInstance")


def about() -> Any:
    """``ServiceContent.about``: a vCenter 8.0 U2."""
    return vim.AboutInfo(
        name="VMware vCenter Server",
        fullName="VMware vCenter Server 8.0.2 build-22385739 (lab)",
        vendor="VMware, Inc.",
        version="8.0.2",
        build="22385739",
        localeVersion="INTL",
        localeBuild="000",
        osType="linux-x64",
        productLineId="vpx",
        apiType="VirtualCenter",
        apiVersion="8.0.2.0",
        instanceUuid=INSTANCE_UUID,
        licenseProductName="VMware VirtualCenter Server",
        licenseProductVersion="8.0",
    )


def content(root: Any) -> Any:
    """``ServiceInstance.content``."""
    return vim.ServiceInstanceContent(
        rootFolder=root,
        propertyCollector=COLLECTOR,
        viewManager=VIEWS,
        about=about(),
        sessionManager=SESSIONS,
        searchIndex=SEARCH,
        taskManager=TASKS,
    )


def properties(inventory: Inventory) -> dict[Any, dict[str, Callable[[], Any]]]:
    """Every fixed object's properties, as functions."""
    found: dict[Any, dict[str, Callable[[], Any]]] = {}
    for ref, name in inventory.names.items():
        found[ref] = _entity(inventory, ref, name)
    for folder in (inventory.root, inventory.vm_folder, inventory.host_folder, inventory.store_folder, inventory.net_folder):
        found[folder] |= _folder(inventory, folder)
    found[inventory.datacenter] |= _datacenter(inventory)
    found[inventory.cluster] |= _cluster(inventory)
    found[inventory.pool] |= {"owner": lambda: inventory.cluster, "vm": lambda: _array("vim.VirtualMachine", inventory.vms())}
    found[inventory.host] |= _host(inventory)
    found[inventory.datastore] |= _datastore(inventory)
    for name, network in inventory.networks.items():
        found[network] |= _network(inventory, name, network)
    found[SERVICE] = {"content": lambda: content(inventory.root), "serverClock": lambda: datetime.now(UTC)}
    found[TASKS] = {"recentTask": lambda: _array("vim.Task", [vim.Task(task.key) for task in inventory.tasks.recent()])}
    for plain in (COLLECTOR, SESSIONS, VIEWS, SEARCH):
        found[plain] = {}
    return found


def _array(kind: str, values: list[Any]) -> Any:
    return VmomiSupport.GetVmodlType(f"{kind}[]")(values)


def _entity(inventory: Inventory, ref: Any, name: str) -> dict[str, Callable[[], Any]]:
    return {
        "name": lambda: name,
        "parent": lambda: inventory.parents.get(ref),
        "overallStatus": lambda: "green",
        "configStatus": lambda: "green",
    }


def _folder(inventory: Inventory, ref: Any) -> dict[str, Callable[[], Any]]:
    kinds = {inventory.vm_folder: "VirtualMachine", inventory.host_folder: "ComputeResource", inventory.root: "Datacenter"}
    return {
        "childEntity": lambda: _array("vim.ManagedEntity", inventory.children(ref)),
        "childType": lambda: _array("str", ["Folder", kinds.get(ref, "Datastore" if ref == inventory.store_folder else "Network")]),
    }


def _datacenter(inventory: Inventory) -> dict[str, Callable[[], Any]]:
    return {
        "vmFolder": lambda: inventory.vm_folder,
        "hostFolder": lambda: inventory.host_folder,
        "datastoreFolder": lambda: inventory.store_folder,
        "networkFolder": lambda: inventory.net_folder,
        "datastore": lambda: _array("vim.Datastore", [inventory.datastore]),
        "network": lambda: _array("vim.Network", list(inventory.networks.values())),
    }


def _cluster(inventory: Inventory) -> dict[str, Callable[[], Any]]:
    return {
        "host": lambda: _array("vim.HostSystem", [inventory.host]),
        "datastore": lambda: _array("vim.Datastore", [inventory.datastore]),
        "network": lambda: _array("vim.Network", list(inventory.networks.values())),
        "resourcePool": lambda: inventory.pool,
        "summary": lambda: vim.ClusterComputeResource.Summary(
            totalCpu=64000,
            totalMemory=512 * GIB,
            numCpuCores=32,
            numCpuThreads=64,
            effectiveCpu=60000,
            effectiveMemory=500000,
            numHosts=1,
            numEffectiveHosts=1,
            overallStatus="green",
            currentFailoverLevel=0,
            numVmotions=0,
        ),
    }


def _host(inventory: Inventory) -> dict[str, Callable[[], Any]]:
    return {
        "vm": lambda: _array("vim.VirtualMachine", inventory.vms()),
        "datastore": lambda: _array("vim.Datastore", [inventory.datastore]),
        "network": lambda: _array("vim.Network", list(inventory.networks.values())),
        "runtime": lambda: _host_runtime(),
        "summary": lambda: vim.host.Summary(
            host=inventory.host,
            runtime=_host_runtime(),
            config=_host_config(inventory.names[inventory.host]),
            quickStats=vim.host.Summary.QuickStats(),
            overallStatus="green",
            rebootRequired=False,
        ),
    }


def _host_config(name: str) -> Any:
    return vim.host.Summary.ConfigSummary(name=name, port=443, product=_esx(), vmotionEnabled=True, faultToleranceEnabled=False)


def _host_runtime() -> Any:
    return vim.host.RuntimeInfo(connectionState="connected", powerState="poweredOn", inMaintenanceMode=False)


def _esx() -> Any:
    shown = about()
    shown.name, shown.fullName, shown.apiType, shown.productLineId = (
        "VMware ESXi",
        "VMware ESXi 8.0.2 build-22380479 (lab)",
        "HostAgent",
        "embeddedEsx",
    )
    return shown


def _datastore(inventory: Inventory) -> dict[str, Callable[[], Any]]:
    name = inventory.estate.plan.datastore
    url = f"ds:///vmfs/volumes/{name}/"

    def free() -> int:
        return shutil.disk_usage(inventory.estate.folder).free

    return {
        "vm": lambda: _array("vim.VirtualMachine", inventory.vms()),
        "host": lambda: _array("vim.Datastore.HostMount", [vim.Datastore.HostMount(key=inventory.host, mountInfo=_mount(name))]),
        "summary": lambda: vim.Datastore.Summary(
            datastore=inventory.datastore,
            name=name,
            url=url,
            capacity=64 << 40,
            freeSpace=free(),
            accessible=True,
            multipleHostAccess=False,
            type="VMFS",
            maintenanceMode="normal",
        ),
        "info": lambda: vim.host.VmfsDatastoreInfo(
            name=name,
            url=url,
            freeSpace=free(),
            maxFileSize=64 << 40,
            maxMemoryFileSize=64 << 40,
            maxPhysicalRDMFileSize=64 << 40,
            maxVirtualRDMFileSize=62 << 40,
            vmfs=_vmfs(name),
        ),
    }


def _mount(name: str) -> Any:
    return vim.host.MountInfo(path=f"/vmfs/volumes/{name}", accessMode="readWrite", mounted=True, accessible=True)


def _vmfs(name: str) -> Any:
    return vim.host.VmfsVolume(
        name=name,
        type="VMFS",
        capacity=64 << 40,
        blockSizeMb=1,
        maxBlocks=1 << 30,
        majorVersion=6,
        version="6.82",
        uuid=INSTANCE_UUID,
        vmfsUpgradable=False,
    )


def _network(inventory: Inventory, name: str, network: Any) -> dict[str, Callable[[], Any]]:
    def attached() -> list[Any]:
        return [vim.VirtualMachine(vm.moid) for vm in inventory.estate.vms if any(nic.network == name for nic in vm.nics)]

    return {
        "vm": lambda: _array("vim.VirtualMachine", attached()),
        "host": lambda: _array("vim.HostSystem", [inventory.host]),
        "summary": lambda: vim.Network.Summary(network=network, name=name, accessible=True, ipPoolName=""),
    }
