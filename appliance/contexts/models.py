"""VMs under management."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from appliance.core.store.base import Base, utcnow


class VmContext(Base):
    """One VM under management. `torn_since` and `diverged_since` say why its copy must not be started or written to."""

    __tablename__ = "vm_replication_contexts"
    __table_args__ = (UniqueConstraint("peer_id", "vcenter_host", "vmware_vm_id"),)

    context_id: Mapped[str] = mapped_column(primary_key=True)
    peer_id: Mapped[str] = mapped_column(index=True)
    vm_name: Mapped[str] = mapped_column(index=True)
    vmware_vm_id: Mapped[str]
    vm_path: Mapped[str] = mapped_column(Text)
    vcenter_host: Mapped[str]
    datacenter: Mapped[str]
    current_status: Mapped[str] = mapped_column(index=True)
    current_job_id: Mapped[str | None]
    last_successful_job_id: Mapped[str | None]
    last_operation_summary: Mapped[dict[str, Any] | None]
    consistent_point: Mapped[dict[str, Any] | None]
    torn_since: Mapped[datetime | None]
    diverged_since: Mapped[datetime | None]
    ossea_config_id: Mapped[int | None]
    credential_id: Mapped[int | None]
    specification: Mapped[dict[str, Any]] = mapped_column(default=dict)
    created_at: Mapped[datetime] = mapped_column(default=utcnow)
    updated_at: Mapped[datetime] = mapped_column(default=utcnow, onupdate=utcnow)


class SeenSpecification(Base):
    """What vCenter said of a VM outside its cycles: when it was `added`, or looked at again (`rediscovered`)."""

    __tablename__ = "vm_specifications"

    id: Mapped[int] = mapped_column(primary_key=True)
    vm_context_id: Mapped[str] = mapped_column(ForeignKey("vm_replication_contexts.context_id", ondelete="CASCADE"), index=True)
    origin: Mapped[str]
    job_id: Mapped[str | None]
    specification: Mapped[dict[str, Any]]
    created_at: Mapped[datetime] = mapped_column(default=utcnow)
