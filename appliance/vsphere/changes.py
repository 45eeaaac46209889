"""Changed-block queries: change ids, paging to the end, and a refusal that means "copy this disk in full"."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Any

from pyVmomi import vim, vmodl

from appliance.contract.errors import Fault
from appliance.vsphere._soap import said
from appliance.vsphere.faults import OBJECT_GONE, SNAPSHOT_GONE
from appliance.vsphere.inventory import reference
from appliance.vsphere.session import VCenter

ALLOCATED = "*"
CHANGE_ID = re.compile(r"((?:[0-9a-f]{2}[ -]?){15}[0-9a-f]{2})/(\d+)", re.IGNORECASE)


class ChangesRefused(Exception):
    """What changed on this disk can't be known: copy it in full. `reason` is for operators, the text for support."""

    def __init__(self, reason: str, cause: str = "") -> None:
        self.reason = reason
        super().__init__(f"{reason} [{cause}]" if cause else reason)


@dataclass(frozen=True)
class ChangeId:
    """A change id taken apart: the epoch of tracking (32 hex digits) and the number within it."""

    epoch: str
    sequence: int


@dataclass(frozen=True, order=True)
class Area:
    """A range of a disk in bytes."""

    offset: int
    length: int

    @property
    def end(self) -> int:
        return self.offset + self.length


@dataclass(frozen=True)
class Page:
    """One answer to a query: what it covers, and the changed areas in it."""

    offset: int
    length: int
    areas: tuple[Area, ...]


def parse_change_id(text: str | None) -> ChangeId | None:
    """`52 xx …-xx …/249` taken apart; None for what is missing or malformed."""
    match = CHANGE_ID.fullmatch((text or "").strip())
    return ChangeId(re.sub(r"[ -]", "", match[1]).lower(), int(match[2])) if match else None


def why_full(previous: str | None, now: str | None) -> str | None:
    """Why an increment from `previous` to the snapshot's id `now` can't be trusted, for operators; None when it can."""
    before, after = parse_change_id(previous), parse_change_id(now)
    if before is None:
        return "it has not been copied in full yet" if not previous else "the record of its last copy is damaged"
    if after is None:
        return "vCenter does not track its changes"
    if before.epoch != after.epoch:
        return "vCenter started tracking its changes anew"
    if before.sequence > after.sequence:
        return "it was returned to an earlier state in vCenter"
    return None


async def changed_areas(vcenter: VCenter, vm: str, snapshot: str | None, disk_key: int, change_id: str, capacity: int) -> list[Area]:
    """What changed since `change_id` up to the snapshot, or what is allocated (`*`), sorted and merged, in bytes.

    Without a snapshot only for a VM that is powered off. Raises ChangesRefused (copy in full), SNAPSHOT_GONE and session faults.
    """
    if change_id != ALLOCATED and parse_change_id(change_id) is None:
        raise ChangesRefused("the record of its last copy is damaged", f"change id {change_id!r}")

    async def query(offset: int) -> Page:
        return await vcenter.look("ask what changed", lambda content: _query(content, vm, snapshot, disk_key, change_id, offset))

    try:
        return await every_page(query, capacity)
    except Fault as fault:
        if fault.spec is not OBJECT_GONE or snapshot is None:
            raise
        raise SNAPSHOT_GONE(cause=fault.cause) from fault


async def every_page(query: Callable[[int], Awaitable[Page]], capacity: int) -> list[Area]:
    """Ask page by page until the capacity is covered; an empty page is not the last one. Raises ChangesRefused.

    QueryChangedDiskAreas, vSphere Web Services API: each answer covers `startOffset` to `startOffset + length`.
    """
    offset = 0
    areas: list[Area] = []
    while offset < capacity:
        page = await query(offset)
        end = page.offset + page.length
        if page.offset > offset or end <= offset:
            raise ChangesRefused("vCenter's list of changes has gaps", f"asked at {offset}, got {page.offset}+{page.length}")
        for area in page.areas:
            if area.offset < 0 or area.length <= 0 or area.end > capacity:
                raise ChangesRefused("vCenter's list of changes does not fit the disk", f"{area} with a capacity of {capacity}")
        areas += page.areas
        offset = end
    return merged(areas)


def merged(areas: Iterable[Area]) -> list[Area]:
    """Sorted, with areas that touch or overlap made one."""
    result: list[Area] = []
    for area in sorted(areas):
        if result and area.offset <= result[-1].end:
            result[-1] = Area(result[-1].offset, max(result[-1].end, area.end) - result[-1].offset)
        else:
            result.append(area)
    return result


def _query(content: Any, vm: str, snapshot: str | None, disk_key: int, change_id: str, offset: int) -> Page:
    at = vim.vm.Snapshot(snapshot, content.rootFolder._stub) if snapshot else None
    try:
        answer = reference(content, vm).QueryChangedDiskAreas(snapshot=at, deviceKey=disk_key, startOffset=offset, changeId=change_id)
    except (vim.fault.NotAuthenticated, vmodl.fault.ManagedObjectNotFound):
        raise
    except vmodl.MethodFault as error:
        raise ChangesRefused("vCenter can't say what changed on it", said(error)) from error
    areas = tuple(Area(int(one.start), int(one.length)) for one in answer.changedArea or ())
    return Page(int(answer.startOffset), int(answer.length), areas)
