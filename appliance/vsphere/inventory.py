"""VMs as vCenter describes them: one, some, or all, in every detail."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast
from urllib.parse import unquote

from pyVmomi import vim

from appliance.contract.errors import Fault
from appliance.vsphere import _devices
from appliance.vsphere._properties import LARGE_PAGE, Found, read, read_present, traverse
from appliance.vsphere.faults import OBJECT_GONE, VM_NOT_FOUND
from appliance.vsphere.places import AROUND, Places, around
from appliance.vsphere.session import VCenter
from appliance.vsphere.spec import PowerState, VmSpec

PARENTS = ["name", "parent", "parentVApp"]
LISTED = [
    *PARENTS,
    "capability.changeTrackingSupported",
    "config.bootOptions",
    "config.changeTrackingEnabled",
    "config.firmware",
    "config.guestFullName",
    "config.guestId",
    "config.hardware.device",
    "config.hardware.memoryMB",
    "config.hardware.numCPU",
    "config.keyId",
    "config.template",
    "config.uuid",
    "config.version",
    "datastore",
    "runtime.consolidationNeeded",
    "runtime.host",
    "runtime.powerState",
    "snapshot.rootSnapshotList",
    "summary.storage.committed",
]
DETAILED = [*LISTED, "guest.net", "guest.toolsRunningStatus", "network"]
"""Those of a list, and what VMware Tools say."""


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


async def vms(vcenter: VCenter, which: Sequence[str]) -> dict[str, VmSpec]:
    """Many VMs by id or path, by two questions in pages however many they are; those that are not there are left out."""
    return await vcenter.look("read the VMs' settings", lambda content: _several(content, which))


def everything(content: Any) -> tuple[list[VmSpec], Places]:
    """All VMs with what is around them, by one question in pages. Runs in a session's thread."""
    found = traverse(content, {vim.VirtualMachine: LISTED, **AROUND}, LARGE_PAGE)
    places = Places.of(found)
    return [spec_of(one, places) for one in found if isinstance(one.object, vim.VirtualMachine)], places


def reference(content: Any, moref: str) -> Any:
    """The VM's managed object, bound to this session."""
    return vim.VirtualMachine(moref, content.rootFolder._stub)


def power_state_of(values: Mapping[str, Any]) -> PowerState:
    """The power state among a VM's properties."""
    return cast(PowerState, str(values.get("runtime.powerState") or "unknown"))


def spec_of(one: Found, places: Places) -> VmSpec:
    """A VM, from those of its properties that vCenter told."""
    get = one.values.get
    path, datacenter = places.path(one)
    devices, stores = get("config.hardware.device") or [], places.datastores(get("datastore") or [])
    return VmSpec(
        moref=one.moref,
        name=unquote(str(get("name") or one.moref)),
        path=path,
        datacenter=datacenter,
        uuid=str(get("config.uuid") or ""),
        cpus=int(get("config.hardware.numCPU") or 0),
        memory_mib=int(get("config.hardware.memoryMB") or 0),
        guest_id=str(get("config.guestId") or ""),
        guest_name=str(get("config.guestFullName") or ""),
        hardware_version=int("".join(filter(str.isdigit, str(get("config.version") or ""))) or 0),
        firmware=str(get("config.firmware") or "bios"),
        secure_boot=bool(getattr(get("config.bootOptions"), "efiSecureBootEnabled", False)),
        disks=_devices.disks(devices, {one.name: one.type for one in stores}),
        nics=_devices.nics(devices, places.networks, get("guest.net") or []),
        power_state=power_state_of(one.values),
        tracking_enabled=bool(get("config.changeTrackingEnabled")),
        tracking_supported=bool(get("capability.changeTrackingSupported", True)),
        tools_running=get("guest.toolsRunningStatus") == "guestToolsRunning",
        template=bool(get("config.template")),
        encrypted=get("config.keyId") is not None,
        snapshots=tuple(_devices.snapshots(get("snapshot.rootSnapshotList"))),
        consolidation_needed=bool(get("runtime.consolidationNeeded")),
        datastores=stores,
        cluster=places.cluster(get("runtime.host")),
        storage_bytes=int(get("summary.storage.committed") or 0),
        readable=get("config.hardware.device") is not None,
    )


def _by_path(content: Any, path: str) -> str | None:
    found = content.searchIndex.FindByInventoryPath(path.lstrip("/"))
    return str(found._moId) if isinstance(found, vim.VirtualMachine) else None


def _detail(content: Any, moref: str) -> VmSpec | None:
    found = read(content, [reference(content, moref)], DETAILED)
    return spec_of(found[0], around(content, found[0])) if found else None


def _several(content: Any, which: Sequence[str]) -> dict[str, VmSpec]:
    found = traverse(content, {vim.VirtualMachine: PARENTS, **AROUND})
    places = Places.of(found)
    known = [one for one in found if isinstance(one.object, vim.VirtualMachine)]
    morefs = {one.moref: one.moref for one in known} | {places.path(one)[0]: one.moref for one in known}
    wanted = {one: morefs[one] for one in which if one in morefs}
    chosen = [reference(content, moref) for moref in dict.fromkeys(wanted.values())]
    specs = {one.moref: spec_of(one, places) for one in read_present(content, chosen, DETAILED)}
    return {name: specs[moref] for name, moref in wanted.items() if moref in specs}
