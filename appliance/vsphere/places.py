"""What is around the VMs in a vCenter: folders, datacenters, clusters, networks and datastores, and the paths that follow from them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import unquote

from pyVmomi import vim

from appliance.vsphere._properties import Found, read
from appliance.vsphere.spec import Datastore

NAMED = ["name", "parent"]
IN_VAPP = ["name", "parentFolder", "parentVApp"]
STORE = ["name", "summary.type", "summary.capacity", "summary.freeSpace"]
OPAQUE = ["name", "summary"]
AROUND: Mapping[Any, list[str]] = {
    vim.Folder: NAMED,
    vim.Datacenter: NAMED,
    vim.VirtualApp: IN_VAPP,
    vim.ComputeResource: NAMED,
    vim.ClusterComputeResource: NAMED,
    vim.HostSystem: NAMED,
    vim.Datastore: STORE,
    vim.Network: ["name"],
    vim.dvs.DistributedVirtualPortgroup: ["name"],
    vim.OpaqueNetwork: OPAQUE,
}
"""What is asked of each kind; kinds that others derive from are named with them, so that no server has to know that."""


@dataclass(frozen=True)
class Places:
    """The objects around VMs by their ids."""

    found: Mapping[str, Found]

    @classmethod
    def of(cls, found: Iterable[Found]) -> Places:
        """Those among these objects; VMs are left out."""
        return cls({one.moref: one for one in found if not isinstance(one.object, vim.VirtualMachine)})

    def path(self, one: Found) -> tuple[str, str]:
        """Inventory paths of the object and of its datacenter; the invisible root folder is no part of them.

        They keep vCenter's writing of %, / and \\ in names (%25, %2f, %5c), which is what it takes back.
        """
        names, above_datacenter = [str(one.values.get("name", one.moref))], None
        at = parent(one)
        while at is not None and (place := self.found.get(str(at._moId))) is not None and (above := parent(place)) is not None:
            if isinstance(place.object, vim.Datacenter):
                above_datacenter = len(names)
            names.append(str(place.values.get("name", place.moref)))
            at = above
        datacenter = "/" + "/".join(reversed(names[above_datacenter:])) if above_datacenter else ""
        return "/" + "/".join(reversed(names)), datacenter

    def cluster(self, host: Any) -> str:
        """The name of the cluster (or of the single host) that runs on `host`; empty where it is not known."""
        place = self.found.get(str(host._moId)) if host is not None else None
        above = parent(place) if place is not None else None
        return self.name(str(above._moId)) if above is not None else ""

    def name(self, moref: str) -> str:
        """What an object is called; empty where it is not known."""
        place = self.found.get(moref)
        return unquote(str(place.values.get("name") or "")) if place is not None else ""

    def datastores(self, stores: Iterable[Any]) -> tuple[Datastore, ...]:
        """These datastores; their names are unique within a VM's datacenter only."""
        return tuple(_datastore(self.found[str(one._moId)]) for one in stores if str(one._moId) in self.found)

    @cached_property
    def networks(self) -> dict[str, str]:
        """The names of networks and port groups, by what a network adapter calls them: their id, or a foreign network's own."""
        names: dict[str, str] = {}
        for moref, one in self.found.items():
            if isinstance(one.object, vim.Network) and one.values.get("name"):
                summary = one.values.get("summary")
                names[moref] = names[str(getattr(summary, "opaqueNetworkId", "") or moref)] = unquote(str(one.values["name"]))
        return names


def _datastore(one: Found) -> Datastore:
    get = one.values.get
    return Datastore(
        name=str(get("name")),
        type=str(get("summary.type") or ""),
        capacity_bytes=int(get("summary.capacity") or 0),
        free_bytes=int(get("summary.freeSpace") or 0),
    )


def parent(one: Found) -> Any:
    """What an object lies in. A vApp's parent is a resource pool, which is no part of a path."""
    first = "parentFolder" if isinstance(one.object, vim.VirtualApp) else "parent"
    return one.values.get(first) or one.values.get("parentVApp")


def around(content: Any, one: Found) -> Places:
    """What is around one VM, asked for step by step."""
    get = one.values.get
    networks = get("network") or []
    found = [place for kind in dict.fromkeys(type(net) for net in networks) for place in _networks(content, networks, kind)]
    found += read(content, get("datastore") or [], STORE)
    found += _upwards(content, parent(one))
    return Places.of(found + _upwards(content, get("runtime.host"), 2))


def _networks(content: Any, networks: Iterable[Any], kind: Any) -> list[Found]:
    return read(content, [one for one in networks if type(one) is kind], AROUND.get(kind, ["name"]))


def _upwards(content: Any, start: Any, most: int = 100) -> list[Found]:
    """The object, what it lies in, and so on, `most` of them."""
    found: list[Found] = []
    while start is not None and len(found) < most:
        found += read(content, [start], IN_VAPP if isinstance(start, vim.VirtualApp) else NAMED)
        start = parent(found[-1])
    return found
