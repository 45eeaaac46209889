"""Tables of the volumes package: volumes, where they are, how they are exported, and what was done to them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, ForeignKey, Text
from sqlalchemy.orm import Mapped, mapped_column

from appliance.core.store import Base, UtcDateTime, new_id, utcnow


class VolumeRow(Base):
    """A CloudStack volume that holds one disk of one VM. Snapshot tracking lives here: it must survive detach and attach."""

    __tablename__ = "ossea_volumes"

    volume_id: Mapped[str] = mapped_column(primary_key=True)
    vm_context_id: Mapped[str] = mapped_column(index=True)
    disk_id: Mapped[str]
    volume_name: Mapped[str]
    size_gb: Mapped[int]
    volume_mode: Mapped[str] = mapped_column(default="oma")
    snapshot_id: Mapped[str | None]
    snapshot_status: Mapped[str | None]
    snapshot_point: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    created_by_job: Mapped[str] = mapped_column(default="", index=True)
    ossea_config_id: Mapped[int]
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utcnow)


class DeviceMappingRow(Base):
    """Where a volume is: the machine it is attached to, and its device here when that machine is this appliance."""

    __tablename__ = "device_mappings"

    id: Mapped[str] = mapped_column(primary_key=True, default=lambda: new_id("map"))
    volume_id: Mapped[str] = mapped_column(ForeignKey("ossea_volumes.volume_id", ondelete="CASCADE"), unique=True)
    vm_id: Mapped[str | None]
    device_path: Mapped[str | None]
    persistent_device_name: Mapped[str]
    symlink_path: Mapped[str]
    cloudstack_state: Mapped[str] = mapped_column(default="detached")
    linux_state: Mapped[str] = mapped_column(default="detached")
    size: Mapped[int] = mapped_column(BigInteger, default=0)
    last_sync: Mapped[datetime] = mapped_column(UtcDateTime, default=utcnow)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utcnow)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utcnow, onupdate=utcnow)


class NbdExportRow(Base):
    """The export of a volume for local checks; `status` is `exported` or `detached`."""

    __tablename__ = "nbd_exports"

    id: Mapped[str] = mapped_column(primary_key=True, default=lambda: new_id("export"))
    volume_id: Mapped[str] = mapped_column(ForeignKey("ossea_volumes.volume_id", ondelete="CASCADE"), unique=True)
    export_name: Mapped[str] = mapped_column(unique=True)
    device_path: Mapped[str | None]
    port: Mapped[int]
    status: Mapped[str] = mapped_column(default="detached")
    export_metadata: Mapped[dict[str, Any]] = mapped_column("metadata", JSON, default=dict)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utcnow)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utcnow, onupdate=utcnow)


class VolumeOperationRow(Base):
    """One operation; stored before it is acted on. `status` is `pending`, `completed`, `failed` or `interrupted`."""

    __tablename__ = "volume_operations"

    id: Mapped[str] = mapped_column(primary_key=True, default=lambda: new_id("volop"))
    type: Mapped[str]
    status: Mapped[str] = mapped_column(default="pending", index=True)
    volume_id: Mapped[str] = mapped_column(default="", index=True)
    vm_id: Mapped[str | None]
    request: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    response: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    error: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utcnow)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utcnow, onupdate=utcnow)
    completed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
