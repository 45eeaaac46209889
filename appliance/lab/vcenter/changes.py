"""QueryChangedDiskAreas: what changed since a change id, in pages, and what is refused."""

from __future__ import annotations

import re
from typing import Any

from pyVmomi import vim

from appliance.lab.machines.source import SourceMachine, UnknownPoint
from appliance.lab.vcenter.devices import file_name
from appliance.lab.vcenter.estate import Estate, change_id
from appliance.lab.vcenter.faults import file_fault, invalid_argument
from appliance.lab.vcenter.records import DiskRecord, SnapshotRecord, VmRecord

Extent = tuple[int, int]
_WORD = re.compile(r"(?:[0-9a-f]{2} ){7}[0-9a-f]{2}-(?:[0-9a-f]{2} ){7}[0-9a-f]{2}/(\d+)")
Info = vim.VirtualMachine.DiskChangeInfo


def query(estate: Estate, vm: VmRecord, snapshot: SnapshotRecord | None, key: int, offset: int, since: str) -> Any:
    """One page of the answer; refuses as vSphere does (FileFault for tracking that cannot answer, InvalidArgument for bad parameters)."""
    disk = vm.disk(key)
    if disk is None or disk.raw_mapping == "physicalMode":
        raise invalid_argument("deviceKey")
    path = file_name(estate.plan.datastore, vm.name, disk.file)
    frozen = snapshot.frozen.get(key) if snapshot else None
    if snapshot is not None and frozen is None:
        raise invalid_argument("deviceKey")
    capacity = frozen.capacity if frozen else disk.capacity
    if not 0 <= offset < capacity:
        raise invalid_argument("startOffset")
    refused = estate.failures.take("query_refused", vm.name) is not None
    untracked = not vm.tracking_active or (frozen is not None and frozen.change_id is None)
    if refused or untracked or (snapshot is None and vm.powered_on):
        raise file_fault(path)
    machine = estate.machines.get(vm.moid)
    extents = _extents(estate, machine, disk, frozen.sequence if frozen else None, since, path) if machine else []
    if estate.failures.take("query_drops_block", vm.name):
        extents = extents[:-1]
    return page(extents, offset, capacity, estate.plan.changed_areas_page, estate.plan.changed_bytes_page)


def _extents(estate: Estate, machine: SourceMachine, disk: DiskRecord, until: int | None, since: str, path: str) -> list[Extent]:
    if since == "*":
        extents: list[Extent] = estate.run(machine.allocated(disk.key))
        return extents
    found = _WORD.fullmatch(since)
    if found is None:
        raise invalid_argument("changeId")
    sequence = int(found[1])
    try:
        if since != change_id(str(machine.epoch(disk.key)), sequence) or sequence > machine.sequence(disk.key):
            raise file_fault(path)
        changed: list[Extent] = estate.run(machine.changed(disk.key, sequence, until))
    except UnknownPoint as unknown:
        raise file_fault(path) from unknown
    return changed


def page(extents: list[Extent], offset: int, capacity: int, areas: int, span: int) -> Any:
    """One page from ``offset``: at most ``areas`` extents within at most ``span`` bytes (0: no limit).

    A page covers [startOffset, startOffset + length); pages within a long unchanged stretch are empty.
    """
    end = min(capacity, offset + span) if span else capacity
    inside: list[Extent] = []
    for start, length in extents:
        low, high = max(start, offset), min(start + length, end)
        if low < high:
            if len(inside) == areas:
                end = sum(inside[-1])
                break
            inside.append((low, high - low))
    return Info(startOffset=offset, length=end - offset, changedArea=[Info.DiskChangeExtent(start=a, length=b) for a, b in inside])
