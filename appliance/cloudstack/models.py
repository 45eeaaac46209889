"""Tables of the CloudStack package: configurations and the jobs that CloudStack was given."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Computed, Index, Text
from sqlalchemy.orm import Mapped, mapped_column

from appliance.core.store import Base, UtcDateTime, new_id, utcnow


class OsseaConfigRow(Base):
    """One CloudStack configuration; `secret_key` is sealed by the vault.

    `active_marker` is 1 or NULL, of which a unique index takes many on every database: so one row at most is active.
    `last_trial` is how the last trial of snapshots went.
    """

    __tablename__ = "ossea_configs"
    __table_args__ = (
        Index("uq_ossea_configs_active", "active_marker", unique=True),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    name: Mapped[str] = mapped_column(unique=True)
    api_url: Mapped[str]
    api_key: Mapped[str]
    secret_key: Mapped[str] = mapped_column(Text)
    domain: Mapped[str] = mapped_column(default="")
    zone: Mapped[str] = mapped_column(default="")
    template_id: Mapped[str] = mapped_column(default="")
    network_id: Mapped[str] = mapped_column(default="")
    service_offering_id: Mapped[str] = mapped_column(default="")
    disk_offering_id: Mapped[str] = mapped_column(default="")
    oma_vm_id: Mapped[str] = mapped_column(default="")
    is_active: Mapped[bool] = mapped_column(default=False)
    active_marker: Mapped[int | None] = mapped_column(Computed("CASE WHEN is_active THEN 1 END"))
    last_trial: Mapped[dict[str, Any] | None]
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utcnow)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utcnow, onupdate=utcnow)


class CloudstackJobRow(Base):
    """One asynchronous job that CloudStack was given, and how far it is."""

    __tablename__ = "cloudstack_job_tracking"

    id: Mapped[str] = mapped_column(primary_key=True, default=lambda: new_id("csjob"))
    cloudstack_job_id: Mapped[str] = mapped_column(unique=True)
    cloudstack_command: Mapped[str]
    cloudstack_status: Mapped[str] = mapped_column(default="pending")
    operation_type: Mapped[str] = mapped_column(default="")
    correlation_id: Mapped[str] = mapped_column(default="")
    parent_job_id: Mapped[str] = mapped_column(default="", index=True)
    status: Mapped[str] = mapped_column(default="pending")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utcnow)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utcnow, onupdate=utcnow)
