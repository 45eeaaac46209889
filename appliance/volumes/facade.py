"""The one owner of CloudStack volumes, as replication and failover see it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from appliance.cloudstack._client import Pace
from appliance.cloudstack.configs import CloudConfig, Configs
from appliance.cloudstack.limits import Places
from appliance.core.commands import Children
from appliance.core.store import Store
from appliance.volumes.berths import BeforeDetach, Berths, OnWait
from appliance.volumes.devices import Devices
from appliance.volumes.exports import Exports
from appliance.volumes.journal import Journal
from appliance.volumes.links import Links
from appliance.volumes.models import DeviceMappingRow, NbdExportRow, VolumeOperationRow
from appliance.volumes.operations import Operations
from appliance.volumes.reach import Reach
from appliance.volumes.reconcile import Difference, Reconciliation, View
from appliance.volumes.records import Records, Volume
from appliance.volumes.slots import Place


@dataclass(frozen=True)
class Settings:
    """Where things are and how long to wait; times in seconds. `slot_limit` None: discovered. Port 0: any free one."""

    state_dir: Path
    run_dir: Path
    devices_dir: Path = Path("/dev/disk/by-id")
    export_port: int = 10809
    slot_limit: int | None = None
    device_wait_s: float = 60.0
    request_timeout_s: float = 30.0
    pace: Pace = field(default_factory=Pace)


class Volumes:
    """Creates, attaches, exports, snapshots and deletes volumes. Nothing else makes volume calls."""

    def __init__(self, store: Store, configs: Configs, children: Children, settings: Settings) -> None:
        self._reach = Reach(store, configs, settings.pace, settings.request_timeout_s)
        links = Links(settings.state_dir / "links", settings.run_dir / "exports")
        self._devices = Devices(settings.devices_dir, wait_s=settings.device_wait_s)
        self.exports = Exports(links.exports, settings.run_dir / "exports.sock", children, settings.export_port)
        self._records, self._journal = Records(store, settings.export_port), Journal(store)
        self._operations = Operations(self._records, self._journal, self._reach, links, self._devices)
        self._berths = Berths(self._records, self._operations, self._reach, links, self._devices, settings.slot_limit)
        self._reconciliation = Reconciliation(self._records, self._journal, self._reach, links, self._devices)

    def set_before_detach(self, hook: BeforeDetach) -> None:
        """`hook(volume_id)` ends and reaps every data session of a volume; called before each detach, snapshot and revert."""
        self._berths.before_detach = hook

    def set_slot_limit(self, most: int | None) -> None:
        """So many volumes may be attached here at once; None: as many as CloudStack allows."""
        self._berths.set_limit(most)

    async def start(self) -> None:
        """Start the exports. Needs no CloudStack; `reconcile` does."""
        await self.exports.start()

    async def close(self) -> None:
        """Stop the exports and close all connections; volumes stay attached."""
        await self.exports.stop()
        await self._reach.close()

    async def reconcile(self) -> list[Difference]:
        """Compare the records with CloudStack and the kernel, and heal. Raises a Fault when CloudStack does not answer."""
        async with self._berths.busy:
            return await self._reconciliation.run()

    async def look(self, config_ids: Collection[int] = ()) -> View:
        """What is in CloudStack and here against the records; nothing is changed. Raises a Fault when CloudStack does not answer."""
        async with self._berths.busy:
            return await self._reconciliation.look(config_ids)

    async def heal(self, volume_ids: Collection[str]) -> list[Difference]:
        """Bring the records, links and exports of these volumes in line with what is; returns what differed."""
        async with self._berths.busy:
            return await self._reconciliation.heal(volume_ids)

    async def forget_stray(self, volume_id: str) -> None:
        """Remove what is left here of a volume that is not on record."""
        await self._reconciliation.forget(volume_id)

    async def discard_stray(self, volume_id: str, config_id: int) -> None:
        """Delete a volume that carries our mark and is not on record. Refused while it is attached anywhere."""
        await self._operations.discard_stray(volume_id, config_id)

    async def discard_stray_snapshot(self, snapshot_id: str, volume_id: str, config_id: int) -> None:
        """Delete a snapshot that carries our mark and is on no record."""
        await self._operations.discard_stray_snapshot(snapshot_id, volume_id, config_id)

    async def check_room(self, config: CloudConfig, sizes_bytes: list[int]) -> None:
        """Before anything is copied: raises a Fault when disks of these sizes do not fit, as far as CloudStack tells."""
        await self._operations.check_room(config, sizes_bytes)

    async def places(self, config: CloudConfig) -> Places:
        """The places for disks at this appliance, and how many strange disks take. Raises a Fault when CloudStack does not answer."""
        return await self._berths.places(config)

    async def create_for_disk(self, job_id: str, context_id: str, disk_id: str, name: str, size_bytes: int, config: CloudConfig) -> str:
        """The volume of a disk of the VM `name`: the one it has, else a new one (size rounded up to GiB). Returns its id.

        Raises a Fault (`volume.lost`) when it is on record but gone from CloudStack.
        """
        return await self._operations.create(job_id, context_id, disk_id, name, size_bytes, config)

    async def created_by(self, job_id: str, volume_id: str) -> bool:
        """Whether this job made the volume: what it reads as zero was never written."""
        return (await self._records.get(volume_id)).created_by_job == job_id

    async def acquire(self, job_id: str, volume_ids: Sequence[str], on_wait: OnWait | None = None) -> dict[str, Path]:
        """Attach all of them to this appliance, or wait for slots (then `on_wait` is told); pinned until `release`.

        Returns the stable path of each.
        """
        return await self._berths.acquire(job_id, volume_ids, on_wait)

    def hold(self, job_id: str, volume_ids: Sequence[str]) -> None:
        """The job still uses these, which it acquired: to be said again after a restart of the agent, which keeps no pins."""
        self._berths.slots.pin(job_id, volume_ids)

    async def release(self, job_id: str) -> None:
        """The job no longer uses its volumes; they stay attached until their slots are needed."""
        slots = self._berths.slots
        slots.unpin(job_id, slots.of_job(job_id))

    async def detach(self, volume_ids: Sequence[str], job_id: str = "") -> None:
        """Detach them from this appliance. Refused (`volume.in_use`) while a job other than `job_id` uses one."""
        await self._berths.detach(volume_ids, job_id)

    async def attach_to_vm(self, volume_id: str, vm_id: str, device_id: int, job_id: str = "") -> None:
        """Attach it to a migrated machine; `device_id` 0 is the root, 3 is the CD-ROM's. It must be detached from here."""
        volume = await self._records.get(volume_id)
        await self._berths.before_detach(volume_id)
        await self._operations.attach(volume, vm_id, device_id, job_id)
        status = {"snapshot_status": "created"} if volume.snapshot_status == "reverted" else {}
        await self._records.change(volume_id, volume_mode="failover", **status)
        await self._records.is_away(volume_id, vm_id)

    async def detach_from_vm(self, volume_id: str, vm_id: str, job_id: str = "") -> None:
        """Detach it from a migrated machine, if it is attached to it; its export here is not touched."""
        await self._operations.detach(await self._records.get(volume_id), vm_id, job_id)
        await self._records.change(volume_id, volume_mode="oma")
        await self._records.is_away(volume_id)

    async def snapshot(self, volume_id: str, job_id: str, point: dict[str, Any] | None = None) -> str:
        """Snapshot a detached volume; `point` is its consistent point. Done again, it finds the one this job made."""
        await self._berths.before_detach(volume_id)
        return await self._operations.snapshot(await self._records.get(volume_id), job_id, point)

    async def revert(self, volume_id: str, job_id: str = "") -> None:
        """Take a detached volume back to its snapshot. Raises `volume.snapshot_lost` or `volume.no_snapshot`."""
        await self._berths.before_detach(volume_id)
        await self._operations.revert(await self._records.get(volume_id), job_id)

    async def delete_snapshot(self, volume_id: str, job_id: str = "") -> None:
        """Delete its snapshot, if there is one; also one that `job_id` made before a crash."""
        await self._operations.delete_snapshot(await self._records.get(volume_id), job_id)

    async def resize(self, volume_id: str, size_bytes: int, job_id: str = "") -> int:
        """Grow it (detached from here first) to hold so many bytes; never smaller. Returns GiB. Refused with a snapshot."""
        volume = await self._records.get(volume_id)
        if volume.size_gb * 1024**3 < size_bytes:
            await self.detach([volume_id], job_id)
        return await self._operations.resize(volume, size_bytes, job_id)

    async def delete(self, volume_id: str, job_id: str = "") -> None:
        """Delete it, its snapshot, links and records, unless it is gone. Refused while attached to another machine."""
        if not await self._records.find(volume_id=volume_id):
            return
        await self.detach([volume_id], job_id)
        await self._operations.delete(await self._records.get(volume_id), job_id)

    async def forget(self, volume_id: str) -> None:
        """Forget a volume that belongs to a migrated machine: it stays where it is, in CloudStack nothing changes."""
        await self._operations.forget(volume_id)

    async def discard_created(self, job_id: str, config: CloudConfig) -> int:
        """Undo `create_for_disk` of a job: delete all volumes it made, recorded or not. Returns how many there were."""
        mine = await self._records.find(created_by_job=job_id)
        for volume in mine:
            await self.delete(volume.volume_id, job_id)
        return len(mine) + await self._operations.discard_created(job_id, config)

    async def root_of(self, vm_id: str, config: CloudConfig) -> str | None:
        """The volume a machine boots from; None when it has none."""
        return await self._operations.root_of(vm_id, config)

    async def discard_root(self, vm_id: str, config: CloudConfig, job_id: str = "") -> None:
        """Detach and delete the root that a new (stopped) machine came with; a migrated root is kept. Can be done again."""
        await self._operations.discard_root(vm_id, config, job_id)

    async def get(self, volume_id: str) -> Volume:
        """One volume. Raises a Fault when it is not on record."""
        return await self._records.get(volume_id)

    async def volumes_of(self, context_id: str) -> list[Volume]:
        """The volumes of a VM."""
        return await self._records.find(vm_context_id=context_id)

    async def gone(self, context_id: str) -> list[Volume]:
        """The volumes of a VM that CloudStack does not have any more. Raises a Fault when it does not answer."""
        return await self._operations.gone(await self.volumes_of(context_id))

    async def all(self) -> list[Volume]:
        """All volumes."""
        return await self._records.find()

    async def operations(self, limit: int = 200) -> list[VolumeOperationRow]:
        """The recorded operations, newest first."""
        return await self._journal.newest(limit)

    async def operation(self, operation_id: str) -> VolumeOperationRow:
        """One operation, once it has ended."""
        return await self._journal.wait(operation_id)

    async def export_rows(self) -> Sequence[NbdExportRow]:
        """The exports and whether each is present."""
        return await self._records.exports()

    async def device_rows(self) -> Sequence[DeviceMappingRow]:
        """Where all volumes are."""
        return await self._records.mappings()

    def waiting(self) -> list[Place]:
        """The jobs that wait for attachment slots."""
        return self._berths.slots.waiting
