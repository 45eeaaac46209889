"""Comparing the records with CloudStack and the kernel: what differs is reported, and healed where that is safe."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from enum import StrEnum

from appliance.volumes.cloud import CloudSnapshot, CloudVolume
from appliance.volumes.devices import Device, Devices
from appliance.volumes.journal import Journal
from appliance.volumes.links import Links
from appliance.volumes.names import job_of_volume
from appliance.volumes.reach import Reach, Site
from appliance.volumes.records import Records, Volume


class What(StrEnum):
    """The differences there can be."""

    VOLUME_LOST = "volume_lost"
    ATTACHED_UNRECORDED = "attached_unrecorded"
    DETACHED_UNRECORDED = "detached_unrecorded"
    ATTACHED_ELSEWHERE = "attached_elsewhere"
    DEVICE_MISSING = "device_missing"
    DEVICE_LEFT = "device_left"
    LINK_MISSING = "link_missing"
    EXPORT_MISSING = "export_missing"
    EXPORT_LEFT = "export_left"
    STRAY_LINK = "stray_link"
    UNFINISHED_OPERATION = "unfinished_operation"
    OPERATION_UNDER_WAY = "operation_under_way"


_NOT_HEALED = {What.VOLUME_LOST, What.DEVICE_MISSING, What.DEVICE_LEFT, What.OPERATION_UNDER_WAY}


@dataclass(frozen=True)
class Difference:
    """One difference and whether it was healed."""

    volume_id: str
    what: What

    @property
    def healed(self) -> bool:
        """Whether records, links and exports were brought in line; the rest needs a person or a job."""
        return self.what not in _NOT_HEALED


@dataclass(frozen=True)
class Seen:
    """All views of one volume: the record's machine, CloudStack's, and what is here."""

    volume_id: str
    oma_vm_id: str
    recorded_vm: str | None
    exists: bool
    cloud_vm: str
    has_device: bool
    is_linked: bool
    is_published: bool


def judge(seen: Seen) -> list[Difference]:
    """What differs (pure). CloudStack says where the volume is, the kernel whether it is here."""
    found: list[What] = []
    here = seen.exists and seen.cloud_vm == seen.oma_vm_id
    recorded_here = seen.recorded_vm == seen.oma_vm_id
    if not seen.exists:
        found.append(What.VOLUME_LOST)
    elif here and not recorded_here:
        found.append(What.ATTACHED_UNRECORDED)
    elif not seen.cloud_vm and seen.recorded_vm:
        found.append(What.DETACHED_UNRECORDED)
    elif seen.cloud_vm and not here and seen.cloud_vm != seen.recorded_vm:
        found.append(What.ATTACHED_ELSEWHERE)
    if here and not seen.has_device:
        found.append(What.DEVICE_MISSING)
    if not here and seen.has_device:
        found.append(What.DEVICE_LEFT)
    if not seen.is_linked:
        found.append(What.LINK_MISSING)
    usable = here and seen.has_device
    if usable and not seen.is_published:
        found.append(What.EXPORT_MISSING)
    if seen.is_published and not usable:
        found.append(What.EXPORT_LEFT)
    return [Difference(seen.volume_id, what) for what in found]


@dataclass(frozen=True)
class Shown:
    """The volumes that have a stable name here, and those among the exports."""

    kept: set[str]
    published: set[str]


@dataclass
class View:
    """All that was seen: what differs, every volume of the account; with their configurations its snapshots and our unrecorded volumes."""

    differences: list[Difference] = field(default_factory=list)
    there: dict[str, CloudVolume] = field(default_factory=dict)
    snapshots: dict[str, tuple[CloudSnapshot, int]] = field(default_factory=dict)
    strays: dict[str, tuple[CloudVolume, int]] = field(default_factory=dict)


class Reconciliation:
    """Compares and heals. The caller sees to it that nothing is attached or detached on this appliance meanwhile."""

    def __init__(self, records: Records, journal: Journal, reach: Reach, links: Links, devices: Devices) -> None:
        self._records, self._journal, self._reach, self._links, self._devices = records, journal, reach, links, devices

    async def run(self) -> list[Difference]:
        """Compare everything once; returns what differed. Raises a Fault when CloudStack does not answer."""
        volumes = await self._records.find()
        sites = {config_id: await self._reach.site(config_id) for config_id in {one.config_id for one in volumes}}
        found, shown = await self._settle_operations(volumes, sites), self._shown()
        for config_id, site in sites.items():
            there = await site.volumes.all()
            for volume in [one for one in volumes if one.config_id == config_id]:
                found += await self._compare(volume, site, there.get(volume.volume_id), shown)
        return found + await self._remove_strays({one.volume_id for one in volumes})

    async def look(self, config_ids: Collection[int] = ()) -> View:
        """Compare everything once and change nothing. Raises a Fault when a CloudStack does not answer: half a view is none."""
        volumes = await self._records.find()
        sites = {config_id: await self._reach.site(config_id) for config_id in {*config_ids, *(one.config_id for one in volumes)}}
        known, shown = {one.volume_id for one in volumes}, self._shown()
        view = View()
        for config_id, site in sites.items():
            there = await site.volumes.all()
            view.there |= there
            view.snapshots |= {one.id: (one, config_id) for one in await site.volumes.all_snapshots()}
            for volume in [one for one in volumes if one.config_id == config_id]:
                view.differences += judge(await self._seen(volume, site, there.get(volume.volume_id), shown))
            view.strays |= {one.id: (one, config_id) for one in there.values() if one.id not in known and job_of_volume(one.name)}
        strays = sorted((shown.kept | shown.published) - known)
        view.differences += [Difference(volume_id, What.STRAY_LINK) for volume_id in strays]
        return view

    async def heal(self, volume_ids: Collection[str]) -> list[Difference]:
        """Bring records, links and exports of these volumes in line with what is; returns what differed."""
        found: list[Difference] = []
        shown = self._shown()
        for volume in [one for one in await self._records.find() if one.volume_id in volume_ids]:
            site = await self._reach.site(volume.config_id)
            found += await self._compare(volume, site, await site.volumes.steady(volume.volume_id), shown)
        return found

    async def _settle_operations(self, volumes: list[Volume], sites: dict[int, Site]) -> list[Difference]:
        found = [Difference("", What.UNFINISHED_OPERATION)] * await self._journal.close_unsent()
        unfinished = {row.volume_id for row in await self._journal.unfinished()}
        for volume in [one for one in volumes if one.volume_id in unfinished]:
            closed, left = await self._journal.close_ended(volume.volume_id, sites[volume.config_id].volumes)
            found += [Difference(volume.volume_id, What.UNFINISHED_OPERATION)] * closed
            found += [Difference(volume.volume_id, What.OPERATION_UNDER_WAY)] * left
        return found

    async def _compare(self, volume: Volume, site: Site, there: CloudVolume | None, shown: Shown) -> list[Difference]:
        seen = await self._seen(volume, site, there, shown)
        found = judge(seen)
        if found:
            await self._heal(seen, await self._devices.look(volume.volume_id))
        return found

    async def _seen(self, volume: Volume, site: Site, there: CloudVolume | None, shown: Shown) -> Seen:
        return Seen(
            volume.volume_id,
            site.oma_vm_id,
            volume.vm_id,
            there is not None,
            there.vm_id if there else "",
            await self._devices.look(volume.volume_id) is not None,
            self._links.is_kept(volume.volume_id),
            self._links.is_published(volume.volume_id),
        )

    async def _heal(self, seen: Seen, device: Device | None) -> None:
        name = device.by_id if device else self._devices.names(seen.volume_id)[0]
        await self._links.keep(seen.volume_id, name)
        if device is not None and seen.exists and seen.cloud_vm == seen.oma_vm_id:
            await self._links.publish(seen.volume_id)
            await self._records.is_here(seen.volume_id, seen.oma_vm_id, device)
        else:
            await self._links.withdraw(seen.volume_id)
            await self._records.is_away(seen.volume_id, seen.cloud_vm or None)

    async def _remove_strays(self, known: set[str]) -> list[Difference]:
        strays = (self._links.kept() | self._links.published()) - known
        for volume_id in strays:
            await self.forget(volume_id)
        return [Difference(volume_id, What.STRAY_LINK) for volume_id in sorted(strays)]

    def _shown(self) -> Shown:
        """Asked once for all volumes: there may be thousands."""
        return Shown(self._links.kept(), self._links.published())

    async def forget(self, volume_id: str) -> None:
        """Remove the links of a volume that is not on record."""
        if not await self._records.find(volume_id=volume_id):
            await self._links.forget(volume_id)
