"""Discovery: the list of VMs in one traversal, and one VM in every detail."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast
from urllib.parse import unquote

from pyVmomi import vim

from appliance.contract.errors import Fault
from appliance.vsphere import _devices
from appliance.vsphere._properties import Found, read, traverse
from appliance.vsphere.faults import OBJECT_GONE, VM_NOT_FOUND
from appliance.vsphere.session import VCenter
from appliance.vsphere.spec import PowerState, VmSpec, VmSummary

COMMON = [
    "name",
    "parent",
    "parentVApp",
    "config.template",
    "config.uuid",
    "config.guestId",
    "config.guestFullName",
    "config.hardware.numCPU",
    "config.hardware.memoryMB",
    "config.changeTrackingEnabled",
    "runtime.powerState",
    "snapshot.rootSnapshotList",
]
LISTED = [*COMMON, "summary.config.numVirtualDisks", "summary.storage.committed"]
DETAILED = [
    *COMMON,
    "capability.changeTrackingSupported",
    "config.bootOptions",
    "config.firmware",
    "config.hardware.device",
    "config.keyId",
    "config.version",
    "datastore",
    "guest.net",
    "guest.toolsRunningStatus",
    "network",
    "runtime.consolidationNeeded",
]
PARENTS = ["name", "parent"]
VAPP_PARENTS = ["name", "parentFolder", "parentVApp"]


async def list_vms(vcenter: VCenter, datacenter: str | None = None) -> list[VmSummary]:
    """All VMs, or those of the datacenter of this name or path, sorted by path."""
    found = await vcenter.look("list the VMs", _list)
    return sorted((one for one in found if datacenter is None or _is_in(one, datacenter)), key=lambda one: one.path)


async def vm(vcenter: VCenter, which: str) -> VmSpec:
    """One VM by its managed object id (vm-42) or inventory path (/DC0/vm/web1). Raises VM_NOT_FOUND."""
    try:
        moref = await vcenter.look("find the VM", lambda content: _by_path(content, which)) if which.startswith("/") else which
        spec = await vcenter.look("read the VM's settings", lambda content: _detail(content, moref)) if moref else None
    except Fault as fault:
        if fault.spec is not OBJECT_GONE:
            raise
        raise VM_NOT_FOUND(vm=which, cause=fault.cause) from fault
    if spec is None:
        raise VM_NOT_FOUND(vm=which)
    return spec


def reference(content: Any, moref: str) -> Any:
    """The VM's managed object, bound to this session."""
    return vim.VirtualMachine(moref, content.rootFolder._stub)


def _is_in(summary: VmSummary, datacenter: str) -> bool:
    return summary.datacenter == datacenter or summary.datacenter.rpartition("/")[2] == datacenter.strip("/")


def _by_path(content: Any, path: str) -> str | None:
    found = content.searchIndex.FindByInventoryPath(path.lstrip("/"))
    return str(found._moId) if isinstance(found, vim.VirtualMachine) else None


def _list(content: Any) -> list[VmSummary]:
    tree = {vim.Folder: PARENTS, vim.Datacenter: PARENTS, vim.VirtualApp: VAPP_PARENTS}
    found = traverse(content, {vim.VirtualMachine: LISTED, **tree})
    places = {one.moref: one for one in found if not isinstance(one.object, vim.VirtualMachine)}
    return [_summary(one, places) for one in found if isinstance(one.object, vim.VirtualMachine)]


def _summary(one: Found, places: Mapping[str, Found]) -> VmSummary:
    get = one.values.get
    path, datacenter = _place(one, places)
    return VmSummary(
        moref=one.moref,
        name=unquote(str(get("name") or one.moref)),
        path=path,
        datacenter=datacenter,
        disk_count=int(get("summary.config.numVirtualDisks") or 0),
        storage_bytes=int(get("summary.storage.committed") or 0),
        **_common(one.values),
    )


def _detail(content: Any, moref: str) -> VmSpec | None:
    found = read(content, [reference(content, moref)], DETAILED)
    if not found:
        return None
    one = found[0]
    get = one.values.get
    path, datacenter = _place(one, _ancestors(content, one))
    devices = get("config.hardware.device") or []
    boot = get("config.bootOptions")
    return VmSpec(
        moref=moref,
        name=unquote(str(get("name") or one.moref)),
        path=path,
        datacenter=datacenter,
        hardware_version=int("".join(filter(str.isdigit, str(get("config.version") or ""))) or 0),
        firmware=str(get("config.firmware") or "bios"),
        secure_boot=bool(getattr(boot, "efiSecureBootEnabled", False)),
        disks=_devices.disks(devices, _datastore_types(content, get("datastore") or [])),
        nics=_devices.nics(devices, _network_names(content, get("network") or []), get("guest.net") or []),
        tracking_supported=bool(get("capability.changeTrackingSupported", True)),
        tools_running=get("guest.toolsRunningStatus") == "guestToolsRunning",
        encrypted=get("config.keyId") is not None,
        consolidation_needed=bool(get("runtime.consolidationNeeded")),
        **_common(one.values),
    )


def _common(values: Mapping[str, Any]) -> dict[str, Any]:
    get = values.get
    return {
        "uuid": str(get("config.uuid") or ""),
        "cpus": int(get("config.hardware.numCPU") or 0),
        "memory_mib": int(get("config.hardware.memoryMB") or 0),
        "guest_id": str(get("config.guestId") or ""),
        "guest_name": str(get("config.guestFullName") or ""),
        "power_state": power_state_of(values),
        "template": bool(get("config.template")),
        "tracking_enabled": bool(get("config.changeTrackingEnabled")),
        "snapshots": tuple(_devices.snapshots(get("snapshot.rootSnapshotList"))),
    }


def power_state_of(values: Mapping[str, Any]) -> PowerState:
    """The power state among a VM's properties."""
    return cast(PowerState, str(values.get("runtime.powerState") or "unknown"))


def _place(one: Found, places: Mapping[str, Found]) -> tuple[str, str]:
    """Inventory paths of the object and of its datacenter; the invisible root folder is no part of them.

    They keep vCenter's writing of %, / and \\ in names (%25, %2f, %5c), which is what it takes back.
    """
    names, above_datacenter = [str(one.values.get("name", one.moref))], None
    at = _parent(one)
    while at is not None and (place := places.get(str(at._moId))) is not None and (above := _parent(place)) is not None:
        if isinstance(place.object, vim.Datacenter):
            above_datacenter = len(names)
        names.append(str(place.values["name"]))
        at = above
    datacenter = "/" + "/".join(reversed(names[above_datacenter:])) if above_datacenter else ""
    return "/" + "/".join(reversed(names)), datacenter


def _parent(one: Found) -> Any:
    # A vApp's parent is a resource pool, which is no part of a path.
    first = "parentFolder" if isinstance(one.object, vim.VirtualApp) else "parent"
    return one.values.get(first) or one.values.get("parentVApp")


def _ancestors(content: Any, one: Found) -> dict[str, Found]:
    places: dict[str, Found] = {}
    above = _parent(one)
    while above is not None:
        found = read(content, [above], VAPP_PARENTS if isinstance(above, vim.VirtualApp) else PARENTS)
        places[str(above._moId)] = found[0]
        above = _parent(found[0])
    return places


def _datastore_types(content: Any, stores: list[Any]) -> dict[str, str]:
    found = read(content, stores, ["name", "summary.type"])
    return {str(one.values.get("name")): str(one.values.get("summary.type") or "") for one in found}


def _network_names(content: Any, networks: list[Any]) -> dict[str, str]:
    names: dict[str, str] = {}
    for kind in {type(one) for one in networks}:
        for found in read(content, [one for one in networks if type(one) is kind], ["name"]):
            names[found.moref] = unquote(str(found.values.get("name")))
    return names
