"""All of a vCenter at once: its VMs, folders and clusters; narrowed and in pages without asking again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from pyVmomi import vim

from appliance.contract.errors import Fault
from appliance.core.store import utcnow
from appliance.vsphere import inventory
from appliance.vsphere.faults import CLUSTER_NOT_FOUND, FOLDER_NOT_FOUND, OBJECT_GONE
from appliance.vsphere.places import Places
from appliance.vsphere.session import VCenter
from appliance.vsphere.spec import VmSpec

FolderKind = Literal["datacenter", "folder", "vapp"]
_KINDS: tuple[tuple[type, FolderKind], ...] = ((vim.Datacenter, "datacenter"), (vim.Folder, "folder"), (vim.VirtualApp, "vapp"))


@dataclass(frozen=True)
class Folder:
    """A datacenter, a folder or a vApp by its inventory path; `vms` lie directly in it, `total` anywhere below it."""

    path: str
    name: str
    kind: FolderKind
    vms: int
    total: int


@dataclass(frozen=True)
class Cluster:
    """A cluster, or a host that is in none."""

    name: str
    datacenter: str
    hosts: int
    vms: int


@dataclass(frozen=True)
class Survey:
    """What a vCenter held at a time; VMs by path, without templates."""

    at: datetime
    vms: tuple[VmSpec, ...]
    folders: tuple[Folder, ...]
    clusters: tuple[Cluster, ...]


async def survey(vcenter: VCenter) -> Survey:
    """Look at everything, by one question in pages. VMs that disappear meanwhile are left out, or everything is asked again.

    Raises the Faults of `VCenter.call`: a vCenter that answers slowly is not asked again and again.
    """
    try:
        found, places = await vcenter.call("list the VMs", inventory.everything)
    except Fault as fault:
        if fault.spec is not OBJECT_GONE:
            raise
        found, places = await vcenter.call("list the VMs", inventory.everything)
    vms = tuple(sorted((one for one in found if not one.template), key=lambda one: one.path))
    return Survey(utcnow(), vms, folders(vms, places), clusters(vms, places))


def folders(vms: Iterable[VmSpec], places: Places) -> tuple[Folder, ...]:
    """Datacenters, and the folders and vApps that hold VMs or others that do, by path."""
    direct = Counter(one.folder for one in vms)
    total: Counter[str] = Counter()
    for path, count in direct.items():
        for above in _lineage(path):
            total[above] += count
    found = []
    for one in places.found.values():
        kind = next((kind for managed, kind in _KINDS if isinstance(one.object, managed)), None)
        path = places.path(one)[0] if kind else ""
        if kind is not None and (kind == "datacenter" or total[path]):
            found.append(Folder(path, places.name(one.moref) or one.moref, kind, direct[path], total[path]))
    return tuple(sorted(found, key=lambda one: one.path))


def clusters(vms: Iterable[VmSpec], places: Places) -> tuple[Cluster, ...]:
    """All of them, by datacenter and name."""
    running = Counter((one.datacenter, one.cluster) for one in vms)
    hosts = Counter(places.cluster(one.object) for one in places.found.values() if isinstance(one.object, vim.HostSystem))
    found = []
    for one in places.found.values():
        if isinstance(one.object, vim.ComputeResource):
            name, datacenter = places.name(one.moref) or one.moref, places.path(one)[1]
            found.append(Cluster(name, datacenter, hosts[name], running[datacenter, name]))
    return tuple(sorted(found, key=lambda one: (one.datacenter, one.name)))


def chosen(seen: Survey, *, folder: str = "", cluster: str = "", name_contains: str = "") -> list[VmSpec]:
    """The VMs in a folder (or below it), in a cluster, and with this in their names. Raises FOLDER_NOT_FOUND, CLUSTER_NOT_FOUND."""
    within, part = folder.rstrip("/"), name_contains.casefold()
    if within and within not in {one.path for one in seen.folders}:
        raise FOLDER_NOT_FOUND(folder=folder)
    if cluster and cluster not in {one.name for one in seen.clusters}:
        raise CLUSTER_NOT_FOUND(cluster=cluster)
    return [
        one
        for one in seen.vms
        if (not within or one.path.startswith(within + "/")) and (not cluster or one.cluster == cluster) and part in one.name.casefold()
    ]


def page_of(found: Sequence[VmSpec], page: int, limit: int) -> Sequence[VmSpec]:
    """One page of a list; the first is 1. One after the last is empty."""
    return found[(page - 1) * limit : page * limit]


def _lineage(path: str) -> list[str]:
    """The path and all above it: /DC0/vm/Web → /DC0/vm/Web, /DC0/vm, /DC0."""
    parts = path.strip("/").split("/")
    return ["/" + "/".join(parts[:count]) for count in range(len(parts), 0, -1)]
