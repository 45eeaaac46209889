"""Operations on CloudStack volumes. Each is recorded, can be done again without harm, and looks at what is so afterwards."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from appliance.cloudstack._client import Param
from appliance.cloudstack.configs import CloudConfig
from appliance.cloudstack.limits import copy_checks
from appliance.contract.checks import CheckState
from appliance.contract.errors import Fault
from appliance.volumes.cloud import CloudVolume
from appliance.volumes.devices import Devices
from appliance.volumes.faults import (
    ATTACHED_ELSEWHERE,
    HAS_SNAPSHOT,
    LOST,
    NO_ROOM,
    NO_SNAPSHOT,
    NOT_ATTACHED,
    RESIZE_WITH_SNAPSHOT,
    SNAPSHOT_LOST,
    STILL_ATTACHED,
)
from appliance.volumes.journal import Entry, Journal
from appliance.volumes.links import Links
from appliance.volumes.models import VolumeRow
from appliance.volumes.names import GIB, gib_of, snapshot_name, volume_name
from appliance.volumes.reach import Reach, Site
from appliance.volumes.records import Records, Volume


class Operations:
    """What can be done to a volume in CloudStack; where it shows on this appliance is not looked at here."""

    def __init__(self, records: Records, journal: Journal, reach: Reach, links: Links, devices: Devices) -> None:
        self._records, self._journal, self._reach, self._links, self._devices = records, journal, reach, links, devices

    async def check_room(self, config: CloudConfig, sizes_bytes: list[int]) -> None:
        """Refuse, before anything is made, what would not fit into the limits or the zone, as far as CloudStack tells."""
        checks = copy_checks(await self._reach.of(config).survey.room(), sizes_bytes) if sizes_bytes else []
        lacking = [one.sentence for one in checks if one.state is CheckState.FAIL]
        if lacking:
            raise NO_ROOM(reasons=" ".join(lacking))

    async def gone(self, volumes: Sequence[Volume]) -> list[Volume]:
        """Those of these volumes that CloudStack does not have any more."""
        sites = [await self._reach.site(one.config_id) for one in volumes]
        seen = await asyncio.gather(*(site.volumes.get(one.volume_id) for one, site in zip(volumes, sites, strict=True)))
        return [one for one, found in zip(volumes, seen, strict=True) if found is None]

    async def create(self, job_id: str, context_id: str, disk_id: str, vm_name: str, size_bytes: int, config: CloudConfig) -> str:
        """The volume of a disk: the recorded one, one that this job made before a crash, or a new one. Returns its id."""
        known = await self._records.find(vm_context_id=context_id, disk_id=disk_id)
        if known:
            return (await self._existing(known[0], await self._reach.site(known[0].config_id))).id
        site = self._reach.of(config.ready_for_volumes())
        name = volume_name(vm_name, disk_id, job_id)
        made = await site.volumes.named(name) or await self._make(site, name, gib_of(size_bytes), job_id)
        row = VolumeRow(
            volume_id=made.id,
            vm_context_id=context_id,
            disk_id=disk_id,
            volume_name=name,
            size_gb=gib_of(made.size),
            created_by_job=job_id,
            ossea_config_id=config.id,
        )
        await self._records.add(row, self._devices.names(made.id)[0].name, str(self._links.path(made.id)))
        await self._links.keep(made.id, self._devices.names(made.id)[0])
        return made.id

    async def attach(self, volume: Volume, vm_id: str, device_id: int | None = None, job_id: str = "") -> CloudVolume:
        """Attach it to a machine; `device_id` 0 makes it the root. Raises a Fault when it is attached to another one."""
        site = await self._reach.site(volume.config_id)
        seen = await self._settled(volume, site)
        if _is_on(seen, vm_id, device_id):
            return seen
        if seen.vm_id:
            raise ATTACHED_ELSEWHERE(volume=volume.name, cause=f"{seen.vm_id} device {seen.device_id}, wanted {vm_id} device {device_id}")
        async with self._journal.recorded("attach", volume.volume_id, vm_id, job_id, device_id=device_id) as entry:
            doing: dict[str, Param] = {"id": volume.volume_id, "virtualmachineid": vm_id, "deviceid": device_id}
            failure = await self._try(site, "attachVolume", entry, doing)
            seen = await self._existing(volume, site)
            if not _is_on(seen, vm_id, device_id):
                raise failure or NOT_ATTACHED(volume=volume.name, cause=f"on {seen.vm_id or 'nothing'} device {seen.device_id}")
        return seen

    async def detach(self, volume: Volume, vm_id: str, job_id: str = "") -> None:
        """Detach it from this machine, if it is attached. Raises a Fault when it is attached to another one."""
        site = await self._reach.site(volume.config_id)
        await self._journal.settle(volume.volume_id, site.volumes)
        seen = await site.volumes.steady(volume.volume_id)
        if seen is None or not seen.vm_id:
            return
        if seen.vm_id != vm_id:
            raise ATTACHED_ELSEWHERE(volume=volume.name, cause=f"{seen.vm_id}, not {vm_id}")
        async with self._journal.recorded("detach", volume.volume_id, vm_id, job_id) as entry:
            failure = await self._try(site, "detachVolume", entry, {"id": volume.volume_id})
            seen = await site.volumes.steady(volume.volume_id)
            if seen is not None and seen.vm_id == vm_id:
                raise failure or STILL_ATTACHED(volume=volume.name, cause=f"state {seen.state}")

    async def resize(self, volume: Volume, size_bytes: int, job_id: str = "") -> int:
        """Grow it to hold so many bytes; it is never made smaller. Returns its size in GiB."""
        site = await self._reach.site(volume.config_id)
        seen = await self._settled(volume, site)
        wanted = gib_of(size_bytes)
        if gib_of(seen.size) < wanted:
            if volume.snapshot_id:
                raise RESIZE_WITH_SNAPSHOT(volume=volume.name)
            async with self._journal.recorded("resize", volume.volume_id, None, job_id, size_gb=wanted) as entry:
                failure = await self._try(site, "resizeVolume", entry, {"id": volume.volume_id, "size": wanted})
                seen = await self._existing(volume, site)
                if failure and gib_of(seen.size) < wanted:
                    raise failure
        await self._records.change(volume.volume_id, size_gb=gib_of(seen.size))
        return gib_of(seen.size)

    async def snapshot(self, volume: Volume, job_id: str, point: dict[str, Any] | None) -> str:
        """Snapshot it for a job; `point` is the consistent point its content has. Returns the snapshot's id."""
        site = await self._reach.site(volume.config_id)
        await self._settled(volume, site)
        name = snapshot_name(volume.volume_id, job_id)
        here = await site.volumes.snapshots(volume.volume_id)
        if volume.snapshot_id and any(one.id == volume.snapshot_id and one.name != name for one in here):
            raise HAS_SNAPSHOT(volume=volume.name, cause=volume.snapshot_id)
        snapshot_id = next((one.id for one in here if one.name == name), None)
        if snapshot_id is None:
            async with self._journal.recorded("snapshot", volume.volume_id, None, job_id, name=name) as entry:
                # What the answer names is the snapshot: the entry already says which volume.
                snapshot_id = await site.volumes.run("createSnapshot", entry.purpose, entry.accepted, volumeid=volume.volume_id, name=name)
        await self._records.change(volume.volume_id, snapshot_id=snapshot_id, snapshot_status="created", snapshot_point=point)
        return snapshot_id

    async def revert(self, volume: Volume, job_id: str = "") -> None:
        """Take it back to its snapshot, unless that was recorded as done. Raises a Fault when there is none any more."""
        if volume.snapshot_id is None:
            raise NO_SNAPSHOT(volume=volume.name)
        if volume.snapshot_status == "reverted":
            return
        site = await self._reach.site(volume.config_id)
        await self._settled(volume, site)
        if not any(one.id == volume.snapshot_id for one in await site.volumes.snapshots(volume.volume_id)):
            await self._records.change(volume.volume_id, snapshot_status="lost")
            raise SNAPSHOT_LOST(volume=volume.name, cause=volume.snapshot_id)
        async with self._journal.recorded("revert", volume.volume_id, None, job_id, snapshot_id=volume.snapshot_id) as entry:
            await site.volumes.run("revertSnapshot", entry.purpose, entry.accepted, id=volume.snapshot_id)
            await self._records.change(volume.volume_id, snapshot_status="reverted")

    async def delete_snapshot(self, volume: Volume, job_id: str = "") -> None:
        """Delete its snapshot, if it has one; also one that `job_id` made and could not record."""
        site = await self._reach.site(volume.config_id)
        await self._journal.settle(volume.volume_id, site.volumes)
        ours = snapshot_name(volume.volume_id, job_id)
        here = await site.volumes.snapshots(volume.volume_id)
        for one in [one for one in here if one.id == volume.snapshot_id or (job_id and one.name == ours)]:
            async with self._journal.recorded("delete_snapshot", volume.volume_id, None, job_id, snapshot_id=one.id) as entry:
                failure = await self._try(site, "deleteSnapshot", entry, {"id": one.id})
                if failure and any(left.id == one.id for left in await site.volumes.snapshots(volume.volume_id)):
                    raise failure
        await self._records.change(volume.volume_id, snapshot_id=None, snapshot_status=None, snapshot_point=None)

    async def delete(self, volume: Volume, job_id: str = "") -> None:
        """Delete it and its snapshot, its links and its records. Raises a Fault while it is attached anywhere."""
        site = await self._reach.site(volume.config_id)
        await self._journal.settle(volume.volume_id, site.volumes)
        seen = await site.volumes.steady(volume.volume_id)
        if seen is not None:
            if seen.vm_id:
                raise ATTACHED_ELSEWHERE(volume=volume.name, cause=seen.vm_id)
            await self.delete_snapshot(volume, job_id)
            await self._remove(site, volume.volume_id, "delete", None, job_id)
        await self.forget(volume.volume_id)

    async def forget(self, volume_id: str) -> None:
        """Its links and its records; the volume itself is not touched."""
        await self._links.forget(volume_id)
        await self._records.forget(volume_id)

    async def discard_created(self, job_id: str, config: CloudConfig) -> int:
        """Delete the volumes that a job made and could not record; returns how many."""
        site = self._reach.of(config)
        for row in [row for row in await self._journal.unfinished() if row.type == "create" and row.request.get("job_id") == job_id]:
            await self._journal.settle_one(row, site.volumes)
        recorded = {one.volume_id for one in await self._records.find()}
        strays = [one for one in await site.volumes.of_job(job_id) if one.id not in recorded and not one.vm_id]
        for stray in strays:
            await self._remove(site, stray.id, "delete", None, job_id)
        return len(strays)

    async def discard_stray(self, volume_id: str, config_id: int) -> None:
        """Delete a volume of ours that is not on record. Refused while it is attached anywhere."""
        site = await self._reach.site(config_id)
        seen = await site.volumes.steady(volume_id)
        if seen is None or await self._records.find(volume_id=volume_id):
            return
        if seen.vm_id:
            raise ATTACHED_ELSEWHERE(volume=seen.name, cause=seen.vm_id)
        await self._remove(site, volume_id, "delete", None, "")

    async def discard_stray_snapshot(self, snapshot_id: str, volume_id: str, config_id: int) -> None:
        """Delete a snapshot of ours that is on no record."""
        if any(one.snapshot_id == snapshot_id for one in await self._records.find()):
            return
        site = await self._reach.site(config_id)
        async with self._journal.recorded("delete_snapshot", volume_id, None, "", snapshot_id=snapshot_id) as entry:
            failure = await self._try(site, "deleteSnapshot", entry, {"id": snapshot_id})
            if failure and any(left.id == snapshot_id for left in await site.volumes.all_snapshots()):
                raise failure

    async def root_of(self, vm_id: str, config: CloudConfig) -> str | None:
        """The volume a machine boots from; None when it has none."""
        found = await self._reach.of(config).volumes.on(vm_id)
        return next((one.id for one in found if one.device_id == 0), None)

    async def discard_root(self, vm_id: str, config: CloudConfig, job_id: str = "") -> None:
        """Detach and delete the root a new machine came with; a migrated one is kept. Finishes what a crash interrupted."""
        site = self._reach.of(config)
        root = await self.root_of(vm_id, config)
        recorded = {one.volume_id for one in await self._records.find()}
        for volume_id in [*await self._journal.discarded_roots(vm_id), *([root] if root else [])]:
            await self._journal.settle(volume_id, site.volumes)
            seen = await site.volumes.steady(volume_id)
            if seen is None or volume_id in recorded or seen.vm_id not in ("", vm_id):
                continue
            if seen.vm_id:
                async with self._journal.recorded("discard_root", volume_id, vm_id, job_id) as entry:
                    await site.volumes.run("detachVolume", entry.purpose, entry.accepted, id=volume_id)
            await self._remove(site, volume_id, "discard_root", vm_id, job_id)

    async def _make(self, site: Site, name: str, gib: int, job_id: str) -> CloudVolume:
        config = site.config
        doing: dict[str, Param] = {"name": name, "zoneid": config.zone, "diskofferingid": config.disk_offering_id, "size": gib}
        async with self._journal.recorded("create", "", None, job_id, name=name, size_gb=gib) as entry:
            failure = await self._try(site, "createVolume", entry, doing)
            made = await site.volumes.named(name)
            if made is None:
                raise failure or LOST(volume=name, cause="createVolume is done, but the volume is not listed")
            return made

    async def _remove(self, site: Site, volume_id: str, kind: str, vm_id: str | None, job_id: str) -> None:
        async with self._journal.recorded(kind, volume_id, vm_id, job_id) as entry:
            failure = await self._try(site, "deleteVolume", entry, {"id": volume_id})
            if failure and await site.volumes.get(volume_id) is not None:
                raise failure

    async def _try(self, site: Site, command: str, entry: Entry, params: dict[str, Param]) -> Fault | None:
        """Do it; an error is returned, for what is so in CloudStack decides."""
        try:
            await site.volumes.run(command, entry.purpose, entry.accepted, **params)
        except Fault as error:
            return error
        return None

    async def _settled(self, volume: Volume, site: Site) -> CloudVolume:
        """The volume once nothing of an earlier operation is under way."""
        await self._journal.settle(volume.volume_id, site.volumes)
        return await self._existing(volume, site)

    async def _existing(self, volume: Volume, site: Site) -> CloudVolume:
        seen = await site.volumes.steady(volume.volume_id)
        if seen is None:
            raise LOST(volume=volume.name, cause=volume.volume_id)
        return seen


def _is_on(seen: CloudVolume, vm_id: str, device_id: int | None) -> bool:
    return seen.vm_id == vm_id and device_id in (None, seen.device_id)


def size_bytes(volume: Volume) -> int:
    """The volume's size in bytes."""
    return volume.size_gb * GIB
