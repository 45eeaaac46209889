"""The managed objects of the lab's vCenter: the tree of folders, hosts and VMs, and how their properties are read."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

from pyVmomi import VmomiSupport, vim, vmodl

from appliance.lab.vcenter import fixtures, machine_view
from appliance.lab.vcenter.estate import Estate
from appliance.lab.vcenter.faults import Refused, gone
from appliance.lab.vcenter.records import SnapshotRecord, VmRecord
from appliance.lab.vcenter.tasks import Tasks

Properties = dict[str, Callable[[], Any]]


class Inventory:
    """Every object by reference, and the values of its properties. Read under ``estate.lock``."""

    def __init__(self, estate: Estate, tasks: Tasks) -> None:
        self.estate, self.tasks = estate, tasks
        plan = estate.plan
        self.root = vim.Folder("group-d1")
        self.datacenter = vim.Datacenter("datacenter-2")
        self.vm_folder, self.host_folder = vim.Folder("group-v3"), vim.Folder("group-h4")
        self.store_folder, self.net_folder = vim.Folder("group-s5"), vim.Folder("group-n6")
        self.cluster, self.pool = vim.ClusterComputeResource("domain-c7"), vim.ResourcePool("resgroup-8")
        self.host, self.datastore = vim.HostSystem("host-9"), vim.Datastore("datastore-10")
        self.networks = {name: vim.Network(f"network-{11 + n}") for n, name in enumerate(plan.networks)}
        stored = machine_view.Stored(plan.datastore, self.datastore)
        self.place = machine_view.Place(stored, self.networks, self.host, self.pool)
        self.names = {
            self.root: "Datacenters", self.datacenter: plan.datacenter, self.vm_folder: "vm", self.host_folder: "host",
            self.store_folder: "datastore", self.net_folder: "network", self.cluster: plan.cluster, self.pool: "Resources",
            self.host: plan.host, self.datastore: plan.datastore,
        } | {ref: name for name, ref in self.networks.items()}  # fmt: skip
        self.parents = {
            self.datacenter: self.root, self.vm_folder: self.datacenter, self.host_folder: self.datacenter,
            self.store_folder: self.datacenter, self.net_folder: self.datacenter, self.cluster: self.host_folder,
            self.pool: self.cluster, self.host: self.cluster, self.datastore: self.store_folder,
        } | dict.fromkeys(self.networks.values(), self.net_folder)  # fmt: skip
        self._fixed = fixtures.properties(self)
        self._cached: dict[tuple[str, str], tuple[int, Any]] = {}

    def vms(self) -> list[Any]:
        """References of all virtual machines."""
        return [machine_view.reference(vm) for vm in self.estate.vms]

    def children(self, ref: Any) -> list[Any]:
        """The objects directly inside a folder, datacenter, cluster or pool."""
        inside = [child for child, parent in self.parents.items() if parent == ref]
        return inside + self.vms() if ref == self.vm_folder else inside

    def below(self, ref: Any) -> Iterator[Any]:
        """All objects inside, at any depth."""
        for child in self.children(ref):
            yield child
            yield from self.below(child)

    def exists(self, ref: Any) -> bool:
        """Whether the reference leads to something."""
        try:
            self.properties(ref)
        except Refused:
            return False
        return True

    def properties(self, ref: Any) -> Properties:
        """The properties an object has, each as a function that reads it; refuses with ManagedObjectNotFound."""
        fixed = self._fixed.get(ref)
        if fixed is not None:
            return fixed
        if isinstance(ref, vim.VirtualMachine) and (vm := self.estate.vm(ref._moId)):
            return self._of_vm(vm)
        if isinstance(ref, vim.vm.Snapshot) and (vm := self.estate.holder(ref._moId)):
            return self._of_snapshot(vm, ref)
        if isinstance(ref, vim.Task) and (task := self.tasks.find(ref._moId)):
            return {"info": task.info}
        raise gone(ref)

    def value(self, ref: Any, path: str) -> Any:
        """The value at a dotted path, None where it is unset; refuses with InvalidProperty."""
        first, *rest = path.split(".")
        kind = _property_type(type(ref), first, path)
        read = self.properties(ref).get(first)
        value = read() if read else None
        for name in rest:
            kind = _property_type(kind, name, path)
            value = None if value is None else getattr(value, name)
        return kind(value) if type(value) is list else value

    def _of_vm(self, vm: VmRecord) -> Properties:
        view = functools.partial(self._remembered, vm)
        return {
            "name": lambda: vm.name,
            "parent": lambda: self.vm_folder,
            "config": lambda: view("config", lambda: machine_view.config(vm, self.place)),
            "runtime": lambda: view("runtime", lambda: machine_view.runtime(vm, self.place)),
            "guest": lambda: view("guest", lambda: machine_view.guest(vm)),
            "summary": lambda: view("summary", lambda: machine_view.summary(vm, self.place)),
            "snapshot": lambda: machine_view.snapshots(vm),
            "rootSnapshot": lambda: _references(vim.vm.Snapshot, [s.moid for s in vm.snapshots if s.parent is None]),
            "layoutEx": lambda: view("layoutEx", lambda: machine_view.files(vm, self.place)),
            "datastore": lambda: _array(vim.Datastore, [self.datastore]),
            "network": lambda: _array(vim.Network, [self.networks[n.network] for n in vm.nics if n.network in self.networks]),
            "resourcePool": lambda: self.pool,
            "overallStatus": lambda: "green",
            "configStatus": lambda: "green",
            "guestHeartbeatStatus": lambda: "green" if vm.tools else "gray",
            "recentTask": lambda: _references(vim.Task, [t.key for t in self.tasks.recent() if t.entity_id == vm.moid]),
            "capability": lambda: vim.vm.Capability(
                snapshotOperationsSupported=True,
                multipleSnapshotsSupported=True,
                quiescedSnapshotsSupported=True,
                changeTrackingSupported=True,
            ),
            "storage": lambda: vim.vm.StorageInfo(timestamp=datetime.now(UTC)),
        }

    def _of_snapshot(self, vm: VmRecord, ref: Any) -> Properties:
        snapshot = vm.snapshot(ref._moId)
        if snapshot is None:
            raise gone(ref)
        held: SnapshotRecord = snapshot
        return {
            "config": lambda: machine_view.config(vm, self.place, held),
            "childSnapshot": lambda: _references(vim.vm.Snapshot, [s.moid for s in vm.snapshots if s.parent == held.moid]),
            "vm": lambda: machine_view.reference(vm),
        }

    def _remembered(self, vm: VmRecord, name: str, build: Callable[[], Any]) -> Any:
        """Building a VM's config takes a millisecond; thousands of VMs are asked for over and over."""
        revision, value = self._cached.get((vm.moid, name), (-1, None))
        if revision != vm.revision:
            value = build()
            self._cached[(vm.moid, name)] = (vm.revision, value)
        return value


def _array(kind: Any, references: list[Any]) -> Any:
    return VmomiSupport.GetVmodlType(f"{kind.__name__}[]")(references)


def _references(kind: Any, moids: list[str]) -> Any:
    return _array(kind, [kind(moid) for moid in moids])


def _property_type(kind: Any, name: str, path: str) -> Any:
    try:
        return kind._GetPropertyInfo(name).type
    except AttributeError as unknown:
        raise Refused(vmodl.query.InvalidProperty(msg=f"The property {path} is not valid.", name=path)) from unknown
