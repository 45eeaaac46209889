"""Tables of the failover package: failovers with their ways back, and where network adapters go."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from appliance.core.store import Base, utcnow


class FailoverJobRow(Base):
    """One failover, or one way back from it; its id is the job's.

    `failover_job_id` is what a way back comes back from. `source_before` is the source's power state and adapters before a live
    failover touched them. `guest_started_at` is set before the new machine is started, and cleared when it verifiably never ran.
    """

    __tablename__ = "failover_jobs"

    id: Mapped[str] = mapped_column(ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True)
    vm_context_id: Mapped[str] = mapped_column(ForeignKey("vm_replication_contexts.context_id", ondelete="CASCADE"), index=True)
    failover_job_id: Mapped[str | None] = mapped_column(index=True)
    replication_job_id: Mapped[str | None]
    vm_id: Mapped[str]
    job_type: Mapped[str]
    status: Mapped[str]
    destination_vm_id: Mapped[str | None]
    network_mappings: Mapped[dict[str, Any]] = mapped_column(default=dict)
    ossea_config_id: Mapped[int | None]
    source_before: Mapped[dict[str, Any] | None]
    preparation: Mapped[dict[str, Any] | None]
    guest_started_at: Mapped[datetime | None]
    error_message: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(default=utcnow, index=True)
    updated_at: Mapped[datetime] = mapped_column(default=utcnow, onupdate=utcnow)
    started_at: Mapped[datetime | None]
    completed_at: Mapped[datetime | None]


class NetworkMappingRow(Base):
    """Where adapters on one source network go: of one VM, or of every VM of a CloudStack configuration; one of the two is set.

    The source network `*` stands for every one without a mapping of its own. The target's name is the one it had when it was chosen.
    """

    __tablename__ = "network_mappings"
    __table_args__ = (
        UniqueConstraint("vm_context_id", "source_network", "kind"),
        UniqueConstraint("ossea_config_id", "source_network", "kind"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    vm_context_id: Mapped[str | None] = mapped_column(ForeignKey("vm_replication_contexts.context_id", ondelete="CASCADE"), index=True)
    ossea_config_id: Mapped[int | None] = mapped_column(ForeignKey("ossea_configs.id", ondelete="CASCADE"), index=True)
    source_network: Mapped[str]
    kind: Mapped[str]
    target_network_id: Mapped[str]
    target_network_name: Mapped[str] = mapped_column(default="", server_default="")
    created_at: Mapped[datetime] = mapped_column(default=utcnow)
    updated_at: Mapped[datetime] = mapped_column(default=utcnow, onupdate=utcnow)
