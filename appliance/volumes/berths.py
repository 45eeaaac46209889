"""The volumes attached to this appliance: brought here with device, link and export, sent away again, never more than there are slots."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from appliance.cloudstack.configs import CloudConfig
from appliance.cloudstack.limits import Places
from appliance.contract.errors import Fault
from appliance.volumes.devices import Devices
from appliance.volumes.faults import DEVICE_MISSING, DEVICE_SMALL, IN_USE, LEFT_ATTACHED
from appliance.volumes.links import Links
from appliance.volumes.names import GIB
from appliance.volumes.operations import Operations
from appliance.volumes.reach import Reach, Site
from appliance.volumes.records import Records, Volume
from appliance.volumes.slots import Place, Slots, limit_of

BeforeDetach = Callable[[str], Awaitable[None]]
OnWait = Callable[[Place], Awaitable[None]]
_ASK_AGAIN_S = 15.0


async def nothing_to_end(volume_id: str) -> None:
    """The hook where no data sessions exist."""


class Berths:
    """Attaches and detaches on this appliance, one at a time; a VM gets slots for all its disks at once or waits."""

    def __init__(
        self,
        records: Records,
        operations: Operations,
        reach: Reach,
        links: Links,
        devices: Devices,
        slot_limit: int | None = None,
    ) -> None:
        self._records, self._operations, self._reach, self._links, self._devices = records, operations, reach, links, devices
        self.slots = Slots()
        self.busy = asyncio.Lock()
        self.before_detach: BeforeDetach = nothing_to_end
        self._slot_limit, self._limit_is_known = slot_limit, False

    def set_limit(self, most: int | None) -> None:
        """So many volumes may be attached at once, from the next look on; those that are stay."""
        if most != self._slot_limit:
            self._slot_limit, self._limit_is_known = most, False
            self.slots.wake()

    async def acquire(self, job_id: str, volume_ids: Sequence[str], on_wait: OnWait | None = None) -> dict[str, Path]:
        """Attach all of them, or wait until all can be; they stay until `release`. Returns the paths to open them by."""
        volumes = [await self._records.get(one) for one in dict.fromkeys(volume_ids)]
        if volumes:
            site = await self._reach.site(volumes[0].config_id)
            async with self.slots.in_line(job_id, len(volumes)) as place:
                while not await self._brought(job_id, volumes, site, place):
                    if not place.is_held_up:
                        place.is_held_up = True
                        await (on_wait(place) if on_wait else asyncio.sleep(0))
                    # Slots may also come free by what others do in CloudStack: ask again now and then.
                    with contextlib.suppress(TimeoutError):
                        await asyncio.wait_for(self.slots.changed(), _ASK_AGAIN_S)
        return {volume.volume_id: self._links.path(volume.volume_id) for volume in volumes}

    async def detach(self, volume_ids: Sequence[str], job_id: str = "") -> None:
        """Detach them from this appliance; what is attached elsewhere is not touched. Refused while another job uses one."""
        async with self.busy:
            volumes = [await self._records.get(one) for one in volume_ids]
            for volume in volumes:
                if self.slots.users(volume.volume_id) - {job_id}:
                    raise IN_USE(volume=volume.name, cause=", ".join(sorted(self.slots.users(volume.volume_id))))
            for volume in volumes:
                await self._send_away(volume, await self._reach.site(volume.config_id), job_id)
        for volume_id in volume_ids:
            if job_id in self.slots.users(volume_id):
                self.slots.unpin(job_id, [volume_id])
        self.slots.wake()

    async def places(self, config: CloudConfig) -> Places:
        """The places for disks at this appliance's machine. Raises a Fault when CloudStack does not answer."""
        site = self._reach.of(config)
        await self._learn_limit(site)
        _, foreign = await self._attached(site) if site.oma_vm_id else ({}, 0)
        return Places(self.slots.limit, foreign)

    async def _attached(self, site: Site) -> tuple[dict[str, Volume], int]:
        """Our volumes that CloudStack has on this machine now, and the number of other data volumes there."""
        attached = {one.id for one in await site.volumes.on(site.oma_vm_id) if not one.is_root and one.device_id != 0}
        ours = {one.volume_id: one for one in await self._records.find() if one.volume_id in attached}
        return ours, len(attached) - len(ours)

    async def _brought(self, job_id: str, volumes: list[Volume], site: Site, place: Place) -> bool:
        async with self.busy:
            await self._learn_limit(site)
            ours, foreign = await self._attached(site)
            wanted = [one.volume_id for one in volumes]
            plan = self.slots.plan(wanted, ours, foreign)
            if plan is None or (plan.attach and not self.slots.is_first(place)):
                return False
            new = [one for one in wanted if job_id not in self.slots.users(one)]
            self.slots.pin(job_id, wanted)
            try:
                for volume_id in plan.park:
                    await self._send_away(ours[volume_id], site, job_id)
                for volume in volumes:
                    await self._bring(volume, site, job_id)
            except BaseException:
                self.slots.unpin(job_id, new)
                raise
            return True

    async def _bring(self, volume: Volume, site: Site, job_id: str) -> None:
        seen = await self._operations.attach(volume, site.oma_vm_id, None, job_id)
        try:
            device = await self._devices.appear(volume.volume_id, max(seen.size, volume.size_gb * GIB))
        except Fault as error:
            if error.spec in (DEVICE_MISSING, DEVICE_SMALL):
                await self._send_back(volume, site, job_id, error)
            raise
        await self._links.keep(volume.volume_id, device.by_id)
        await self._links.publish(volume.volume_id)
        await self._records.is_here(volume.volume_id, site.oma_vm_id, device)
        # It may be written to from now on: a later revert has work to do again.
        status = {"snapshot_status": "created"} if volume.snapshot_status == "reverted" else {}
        if status or volume.mode != "oma":
            await self._records.change(volume.volume_id, volume_mode="oma", **status)

    async def _send_back(self, volume: Volume, site: Site, job_id: str, problem: Fault) -> None:
        """Detach again what can't be used here. Raises LEFT_ATTACHED where that fails: the records then say where it was left."""
        try:
            await self._operations.detach(volume, site.oma_vm_id, job_id)
        except Fault as error:
            await self._records.is_away(volume.volume_id, site.oma_vm_id)
            raise LEFT_ATTACHED(volume=volume.name, cause=f"{problem}; then {error}") from error
        await self._away(volume.volume_id)

    async def _send_away(self, volume: Volume, site: Site, job_id: str) -> None:
        seen = await site.volumes.steady(volume.volume_id)
        if seen is not None and seen.vm_id not in ("", site.oma_vm_id):
            return
        await self.before_detach(volume.volume_id)
        await self._links.withdraw(volume.volume_id)
        try:
            await self._operations.detach(volume, site.oma_vm_id, job_id)
        except Fault:
            await self._links.publish(volume.volume_id)
            raise
        await self._devices.vanish(volume.volume_id)
        await self._away(volume.volume_id)

    async def _away(self, volume_id: str) -> None:
        await self._links.withdraw(volume_id)
        await self._records.is_away(volume_id)

    async def _learn_limit(self, site: Site) -> None:
        if not self._limit_is_known:
            discovered = None if self._slot_limit else await site.volumes.most_data_volumes()
            self.slots.limit, self._limit_is_known = limit_of(self._slot_limit, discovered), True
