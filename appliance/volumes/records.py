"""The records of volumes: what they are, where they are, how they are exported."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, select, update

from appliance.core.store import Store, utcnow
from appliance.volumes.devices import Device
from appliance.volumes.faults import UNKNOWN
from appliance.volumes.models import DeviceMappingRow, NbdExportRow, VolumeRow
from appliance.volumes.names import link_name


@dataclass(frozen=True)
class Volume:
    """A volume as others see it. `vm_id` is the machine it is attached to, as last seen; size in GiB."""

    volume_id: str
    context_id: str
    disk_id: str
    name: str
    size_gb: int
    mode: str
    config_id: int
    created_by_job: str
    snapshot_id: str | None
    snapshot_status: str | None
    snapshot_point: dict[str, Any] | None
    vm_id: str | None
    device_path: str | None
    export_status: str


_AS_SEEN = (
    VolumeRow.volume_id,
    VolumeRow.vm_context_id,
    VolumeRow.disk_id,
    VolumeRow.volume_name,
    VolumeRow.size_gb,
    VolumeRow.volume_mode,
    VolumeRow.ossea_config_id,
    VolumeRow.created_by_job,
    VolumeRow.snapshot_id,
    VolumeRow.snapshot_status,
    VolumeRow.snapshot_point,
    DeviceMappingRow.vm_id,
    DeviceMappingRow.device_path,
    NbdExportRow.status,
)
"""The columns of a `Volume`, in its order."""


class Records:
    """Reads and writes `ossea_volumes`, `device_mappings` and `nbd_exports`."""

    def __init__(self, store: Store, port: int) -> None:
        self._store, self._port = store, port

    async def find(self, **having: str) -> list[Volume]:
        """The volumes with these values, e.g. `vm_context_id=…`, `created_by_job=…`; oldest first."""
        query = (
            select(*_AS_SEEN)
            .join(DeviceMappingRow, DeviceMappingRow.volume_id == VolumeRow.volume_id)
            .join(NbdExportRow, NbdExportRow.volume_id == VolumeRow.volume_id)
            .order_by(VolumeRow.created_at, VolumeRow.volume_id)
        )
        async with self._store.session() as session:
            found = await session.execute(query.where(*_conditions(having)))
            return [Volume(*row) for row in found]

    async def get(self, volume_id: str) -> Volume:
        """One volume. Raises a Fault when it is not on record."""
        found = await self.find(volume_id=volume_id)
        if not found:
            raise UNKNOWN(volume=volume_id)
        return found[0]

    async def add(self, row: VolumeRow, by_id: str, symlink: str) -> None:
        """Record a new volume, which is attached to nothing."""
        volume_id = row.volume_id
        async with self._store.begin() as session:
            if await session.get(VolumeRow, volume_id) is not None:
                return
            session.add(row)
            await session.flush()
            session.add(DeviceMappingRow(volume_id=volume_id, persistent_device_name=by_id, symlink_path=symlink))
            session.add(NbdExportRow(volume_id=volume_id, export_name=link_name(volume_id), port=self._port, export_metadata={}))

    async def change(self, volume_id: str, **values: Any) -> None:
        """Change a volume's own record."""
        async with self._store.begin() as session:
            await session.execute(update(VolumeRow).where(VolumeRow.volume_id == volume_id).values(**values))

    async def is_here(self, volume_id: str, vm_id: str, device: Device) -> None:
        """The volume is attached to this appliance (`vm_id`), its device was found, and it is exported."""
        mapping = {
            "vm_id": vm_id,
            "device_path": str(device.path),
            "persistent_device_name": device.by_id.name,
            "cloudstack_state": "attached",
            "linux_state": "attached",
            "size": device.size,
        }
        await self._place(volume_id, mapping, {"status": "exported", "device_path": str(device.path)})

    async def is_away(self, volume_id: str, vm_id: str | None = None) -> None:
        """The volume is attached to another machine, or to none: no device here, and its export is detached."""
        mapping = {
            "vm_id": vm_id,
            "device_path": None,
            "cloudstack_state": "attached" if vm_id else "detached",
            "linux_state": "detached",
        }
        await self._place(volume_id, mapping, {"status": "detached", "device_path": None})

    async def forget(self, volume_id: str) -> None:
        """The volume is deleted."""
        async with self._store.begin() as session:
            for table in (NbdExportRow, DeviceMappingRow, VolumeRow):
                await session.execute(delete(table).where(table.volume_id == volume_id))

    async def exports(self) -> Sequence[NbdExportRow]:
        """All exports, by name."""
        async with self._store.session() as session:
            return list(await session.scalars(select(NbdExportRow).order_by(NbdExportRow.export_name)))

    async def mappings(self) -> Sequence[DeviceMappingRow]:
        """Where all volumes are."""
        async with self._store.session() as session:
            return list(await session.scalars(select(DeviceMappingRow).order_by(DeviceMappingRow.volume_id)))

    async def _place(self, volume_id: str, mapping: dict[str, Any], export: dict[str, Any]) -> None:
        now = utcnow()
        async with self._store.begin() as session:
            where = update(DeviceMappingRow).where(DeviceMappingRow.volume_id == volume_id)
            await session.execute(where.values(**mapping, last_sync=now, updated_at=now))
            await session.execute(update(NbdExportRow).where(NbdExportRow.volume_id == volume_id).values(**export, updated_at=now))


def _conditions(having: dict[str, str]) -> list[Any]:
    return [getattr(VolumeRow, column) == value for column, value in having.items()]
