"""CloudStack's volumes and snapshots as typed calls; the only user of the volume face of the client."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass

from appliance.cloudstack._client import Accepted, Param, VolumeCalls
from appliance.cloudstack.answers import Row, number, text
from appliance.cloudstack.faults import KEYS_REFUSED, NOT_THERE, REFUSED
from appliance.cloudstack.tracking import Purpose
from appliance.contract.errors import Fault

_GONE = ("Destroy", "Expunging", "Expunged", "Destroying")
_STEADY = ("Allocated", "Ready", "Uploaded", "UploadOp", "UploadError")
_SNAPSHOT_IN_THE_MAKING = ("Allocated", "Creating", "BackingUp")
_SNAPSHOT_GONE = ("Destroyed", "Destroying", "Error")


@dataclass(frozen=True)
class CloudVolume:
    """A volume as CloudStack shows it; size in bytes, `vm_id` empty while it is attached to nothing."""

    id: str
    name: str
    size: int
    state: str
    is_root: bool
    vm_id: str
    device_id: int | None


@dataclass(frozen=True)
class CloudSnapshot:
    """A volume snapshot as CloudStack shows it."""

    id: str
    name: str
    state: str
    volume_id: str


class CloudVolumes:
    """The volumes of one CloudStack."""

    def __init__(self, calls: VolumeCalls) -> None:
        self._calls = calls

    async def get(self, volume_id: str) -> CloudVolume | None:
        """The volume as it is now; None when it is gone."""
        return _first(_volumes(await self._calls.list("listVolumes", id=volume_id, listall=True)))

    async def steady(self, volume_id: str) -> CloudVolume | None:
        """The volume once CloudStack is not working on it; asks until then."""
        wait = 0.1
        while True:
            volume = await self.get(volume_id)
            if volume is None or volume.state in _STEADY:
                return volume
            await asyncio.sleep(wait)
            wait = min(wait * 1.5, 5.0)

    async def named(self, name: str) -> CloudVolume | None:
        """The volume of exactly this name."""
        found = _volumes(await self._calls.list("listVolumes", name=name, listall=True))
        return _first(one for one in found if one.name == name)

    async def of_job(self, job_id: str) -> list[CloudVolume]:
        """The volumes whose name says that this job made them."""
        found = _volumes(await self._calls.list("listVolumes", keyword=job_id, listall=True))
        return [one for one in found if one.name.endswith(f"-{job_id}")]

    async def all(self) -> dict[str, CloudVolume]:
        """Every volume of the account, by id."""
        return {one.id: one for one in _volumes(await self._calls.list("listVolumes", listall=True))}

    async def on(self, vm_id: str) -> list[CloudVolume]:
        """The volumes attached to a machine, its root among them."""
        return _volumes(await self._calls.list("listVolumes", virtualmachineid=vm_id, listall=True))

    async def snapshots(self, volume_id: str) -> list[CloudSnapshot]:
        """The snapshots of a volume that can be used, once none is in the making; asks until then."""
        wait = 0.1
        while True:
            found = [one for one in await self._snapshots(volume_id) if one.state not in _SNAPSHOT_GONE]
            if not any(one.state in _SNAPSHOT_IN_THE_MAKING for one in found):
                return found
            await asyncio.sleep(wait)
            wait = min(wait * 1.5, 5.0)

    async def all_snapshots(self) -> list[CloudSnapshot]:
        """Every volume snapshot of the account that is there or in the making."""
        return [one for one in _snapshots(await self._calls.list("listSnapshots", listall=True)) if one.state not in _SNAPSHOT_GONE]

    async def run(self, command: str, purpose: Purpose, accepted: Accepted | None = None, /, **params: Param) -> str:
        """One command to its end; returns the id of what it made or changed."""
        return text(await self._calls.run(command, purpose, accepted, **params), "id")

    async def settle(self, cloudstack_job_id: str) -> None:
        """Wait for a job that was started earlier, however it ends. A forgotten one has ended."""
        try:
            await self._calls.follow(cloudstack_job_id)
        except Fault as error:
            if error.spec is KEYS_REFUSED:
                raise  # no answer about the job

    async def under_way(self, volume_id: str) -> list[str]:
        """The jobs that CloudStack has under way for a volume, known to us or not."""
        jobs = await self._calls.list("listAsyncJobs")
        return [text(row, "jobid") for row in jobs if text(row, "jobinstanceid") == volume_id and text(row, "jobstatus") == "0"]

    async def is_under_way(self, cloudstack_job_id: str) -> bool:
        """Ask once whether a job has not ended. Raises a Fault when CloudStack does not answer."""
        try:
            return text(await self._calls.ask("queryAsyncJobResult", jobid=cloudstack_job_id), "jobstatus") == "0"
        except Fault as error:
            if error.spec is not NOT_THERE:
                raise
            return False

    async def most_data_volumes(self) -> int | None:
        """How many data volumes one machine may have, where CloudStack tells."""
        try:
            found = await self._calls.list("listHypervisorCapabilities", hypervisor="KVM")
        except Fault as error:
            if error.spec not in (KEYS_REFUSED, REFUSED):
                raise
            return None
        limits = [limit for row in found if (limit := number(row, "maxdatavolumeslimit"))]
        return min(limits, default=None)

    async def _snapshots(self, volume_id: str) -> list[CloudSnapshot]:
        return _snapshots(await self._calls.list("listSnapshots", volumeid=volume_id, listall=True))


def _volumes(found: Iterable[Row]) -> list[CloudVolume]:
    volumes = [
        CloudVolume(
            text(row, "id"),
            text(row, "name"),
            number(row, "size") or 0,
            text(row, "state"),
            text(row, "type") == "ROOT",
            text(row, "virtualmachineid"),
            number(row, "deviceid"),
        )
        for row in found
    ]
    return [one for one in volumes if one.state not in _GONE]


def _snapshots(found: Iterable[Row]) -> list[CloudSnapshot]:
    return [CloudSnapshot(text(row, "id"), text(row, "name"), text(row, "state"), text(row, "volumeid")) for row in found]


def _first(volumes: Iterable[CloudVolume]) -> CloudVolume | None:
    return next(iter(volumes), None)
