"""The end of a live failover: the snapshots go, and the disks belong to the new machine."""

from __future__ import annotations

from appliance.core.jobs import Run
from appliance.failover.case import load, record
from appliance.failover.faults import DISKS_NOT_THERE
from appliance.failover.returning import ReturnStep


class CheckMachine(ReturnStep):
    """The new machine exists and holds every migrated disk."""

    name, title = "new-machine-check", "Checking the new machine"

    async def do(self, run: Run) -> None:
        case = await load(self._deps, run)
        machine = await case.machine_id()
        away = [one.volume_id for one in case.volumes if one.vm_id != machine]
        if machine is None or away:
            raise DISKS_NOT_THERE(name=case.context.vm_name, cause=f"machine {machine}, not on it: {away}")


class DropSnapshots(ReturnStep):
    """There is no way back from here."""

    name, title = "cloudstack-snapshot-deletion", "Removing the snapshots"

    async def do(self, run: Run) -> None:
        case = await load(self._deps, run)
        for volume in case.volumes:
            await self._deps.volumes.delete_snapshot(volume.volume_id, case.row.id)


class ReleaseVolumes(ReturnStep):
    """The record of the failover says that the disks are the new machine's."""

    name, title = "volume-release", "Handing the disks over to the new machine"

    async def do(self, run: Run) -> None:
        case = await load(self._deps, run)
        await record(self._deps, case.row.id, status="finalised")
