"""Replication cycles and the disks in each: also the history of a VM's specification."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from appliance.core.store.base import Base, utcnow


class ReplicationJob(Base):
    """One cycle of one VM. `change_id` and its neighbours are for show; the change ids that matter are in `vm_disks`."""

    __tablename__ = "replication_jobs"

    id: Mapped[str] = mapped_column(primary_key=True)
    vm_context_id: Mapped[str] = mapped_column(ForeignKey("vm_replication_contexts.context_id", ondelete="CASCADE"), index=True)
    peer_id: Mapped[str]
    source_vm_id: Mapped[str]
    source_vm_name: Mapped[str] = mapped_column(Text)
    source_vm_path: Mapped[str] = mapped_column(Text)
    vcenter_host: Mapped[str]
    datacenter: Mapped[str]
    replication_type: Mapped[str]
    target_network: Mapped[str | None]
    status: Mapped[str] = mapped_column(index=True)
    progress_percent: Mapped[float] = mapped_column(default=0.0)
    current_operation: Mapped[str] = mapped_column(Text, default="")
    bytes_transferred: Mapped[int] = mapped_column(BigInteger, default=0)
    bytes_skipped: Mapped[int] = mapped_column(BigInteger, default=0)
    total_bytes: Mapped[int] = mapped_column(BigInteger, default=0)
    transfer_speed_bps: Mapped[int] = mapped_column(BigInteger, default=0)
    vma_sync_type: Mapped[str | None]
    vma_eta_seconds: Mapped[int | None]
    error_message: Mapped[str | None] = mapped_column(Text)
    change_id: Mapped[str | None]
    previous_change_id: Mapped[str | None]
    snapshot_id: Mapped[str | None]
    nbd_port: Mapped[int | None]
    nbd_export_name: Mapped[str | None]
    target_device: Mapped[str | None]
    ossea_config_id: Mapped[int] = mapped_column(ForeignKey("ossea_configs.id"))
    specification: Mapped[dict[str, Any]] = mapped_column(default=dict)
    created_at: Mapped[datetime] = mapped_column(default=utcnow)
    updated_at: Mapped[datetime] = mapped_column(default=utcnow, onupdate=utcnow)
    started_at: Mapped[datetime | None]
    completed_at: Mapped[datetime | None]

    disks: Mapped[list[VmDisk]] = relationship(order_by="VmDisk.unit_number", lazy="selectin", cascade="all, delete-orphan")


class VmDisk(Base):
    """One disk of a VM in one cycle."""

    __tablename__ = "vm_disks"
    __table_args__ = (UniqueConstraint("job_id", "disk_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    job_id: Mapped[str] = mapped_column(ForeignKey("replication_jobs.id", ondelete="CASCADE"), index=True)
    disk_id: Mapped[str]
    vmdk_path: Mapped[str] = mapped_column(Text)
    size_gb: Mapped[int]
    datastore: Mapped[str]
    unit_number: Mapped[int]
    label: Mapped[str]
    capacity_bytes: Mapped[int] = mapped_column(BigInteger)
    provisioning_type: Mapped[str]
    ossea_volume_id: Mapped[str | None] = mapped_column(ForeignKey("ossea_volumes.volume_id", ondelete="SET NULL"))
    disk_change_id: Mapped[str | None]
    sync_type: Mapped[str] = mapped_column(default="")
    sync_status: Mapped[str] = mapped_column(default="pending")
    sync_progress_percent: Mapped[float] = mapped_column(default=0.0)
    bytes_synced: Mapped[int] = mapped_column(BigInteger, default=0)
    bytes_total: Mapped[int] = mapped_column(BigInteger, default=0)
    bytes_zeroed: Mapped[int] = mapped_column(BigInteger, default=0)
    bytes_skipped: Mapped[int] = mapped_column(BigInteger, default=0)
    rate_bps: Mapped[float] = mapped_column(default=0.0)
    eta_seconds: Mapped[int | None]
    seconds: Mapped[float] = mapped_column(default=0.0)
    created_at: Mapped[datetime] = mapped_column(default=utcnow)
    updated_at: Mapped[datetime] = mapped_column(default=utcnow, onupdate=utcnow)
