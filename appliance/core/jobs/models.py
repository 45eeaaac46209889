"""The one job log that every operation reports to."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from appliance.core.store.base import Base, utcnow


class Job(Base):
    """One operation: what was asked (`params`), what its steps share (`state`), where it stands.

    `parent_job_id` is the job that it is a part of; both, and what other systems do for them, have one `correlation_id`.
    """

    __tablename__ = "jobs"
    # Lists are ordered by id, which sorts by the time of making.
    __table_args__ = (
        Index("ix_jobs_kind", "kind", "id"),
        Index("ix_jobs_status", "status", "id"),
        Index("ix_jobs_vm_context_id", "vm_context_id", "id"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str]
    title: Mapped[str] = mapped_column(Text)
    status: Mapped[str]
    vm_context_id: Mapped[str | None]
    peer_id: Mapped[str | None]
    parent_job_id: Mapped[str | None] = mapped_column(index=True)
    correlation_id: Mapped[str] = mapped_column(default="", server_default="")
    params: Mapped[dict[str, Any]]
    state: Mapped[dict[str, Any]] = mapped_column(default=dict)
    progress_percent: Mapped[float] = mapped_column(default=0.0)
    current_operation: Mapped[str] = mapped_column(Text, default="")
    error: Mapped[dict[str, Any] | None]
    cancel_requested: Mapped[bool] = mapped_column(default=False)
    revision: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime] = mapped_column(default=utcnow, index=True)
    updated_at: Mapped[datetime] = mapped_column(default=utcnow, onupdate=utcnow)
    started_at: Mapped[datetime | None]
    completed_at: Mapped[datetime | None]

    steps: Mapped[list[JobStep]] = relationship(order_by="JobStep.position", lazy="selectin", cascade="all, delete-orphan")


class JobStep(Base):
    """One named step of a job."""

    __tablename__ = "job_steps"
    __table_args__ = (UniqueConstraint("job_id", "name"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    job_id: Mapped[str] = mapped_column(ForeignKey("jobs.id", ondelete="CASCADE"), index=True)
    position: Mapped[int]
    name: Mapped[str]
    title: Mapped[str] = mapped_column(Text)
    status: Mapped[str]
    error: Mapped[dict[str, Any] | None]
    started_at: Mapped[datetime | None]
    completed_at: Mapped[datetime | None]


class LogEvent(Base):
    """One line of a job's log: the operator's sentence, and the technical cause beside it."""

    __tablename__ = "log_events"

    id: Mapped[int] = mapped_column(primary_key=True)
    job_id: Mapped[str] = mapped_column(ForeignKey("jobs.id", ondelete="CASCADE"), index=True)
    correlation_id: Mapped[str] = mapped_column(default="", server_default="")
    step: Mapped[str] = mapped_column(default="")
    level: Mapped[str]
    message: Mapped[str] = mapped_column(Text)
    cause: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[datetime] = mapped_column(default=utcnow)


class JobIdCorrelation(Base):
    """Which of our jobs stands behind an id that another system knows it by."""

    __tablename__ = "job_id_correlations"

    id: Mapped[int] = mapped_column(primary_key=True)
    external_job_id: Mapped[str] = mapped_column(unique=True)
    internal_job_id: Mapped[str] = mapped_column(index=True)
    job_type: Mapped[str]
    vm_context_id: Mapped[str | None]
    correlation_metadata: Mapped[dict[str, Any]] = mapped_column(default=dict)
    created_at: Mapped[datetime] = mapped_column(default=utcnow)
