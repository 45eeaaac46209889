"""Schedules, machine groups with their members, and scheduled runs."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, Text
from sqlalchemy.orm import Mapped, mapped_column

from appliance.core.store.base import Base, utcnow


class MachineGroup(Base):
    """VMs with a common priority and limit. `conflicts_with` are ids of groups that it waits for."""

    __tablename__ = "vm_machine_groups"

    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    description: Mapped[str] = mapped_column(Text, default="")
    priority: Mapped[int]
    max_concurrent: Mapped[int | None]
    parent_id: Mapped[str | None] = mapped_column(ForeignKey("vm_machine_groups.id"))
    conflicts_with: Mapped[list[Any]] = mapped_column(default=list)
    created_at: Mapped[datetime] = mapped_column(default=utcnow)
    updated_at: Mapped[datetime] = mapped_column(default=utcnow, onupdate=utcnow)


class GroupMembership(Base):
    """A VM in a group; it goes with either."""

    __tablename__ = "vm_group_memberships"

    group_id: Mapped[str] = mapped_column(ForeignKey("vm_machine_groups.id", ondelete="CASCADE"), primary_key=True)
    vm_context_id: Mapped[str] = mapped_column(
        ForeignKey("vm_replication_contexts.context_id", ondelete="CASCADE"), primary_key=True, index=True
    )
    created_at: Mapped[datetime] = mapped_column(default=utcnow)


class ReplicationSchedule(Base):
    """When VMs are replicated. All its times up to `decided_until` are dealt with; `next_run_at` is the first one after it."""

    __tablename__ = "replication_schedules"
    __table_args__ = (Index("ix_replication_schedules_due", "enabled", "next_run_at"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    description: Mapped[str] = mapped_column(Text, default="")
    cron: Mapped[str]
    timezone: Mapped[str]
    enabled: Mapped[bool]
    group_id: Mapped[str | None] = mapped_column(ForeignKey("vm_machine_groups.id"), index=True)
    on_missed: Mapped[str]
    on_gap: Mapped[str]
    spread_seconds: Mapped[int]
    max_concurrent: Mapped[int | None]
    quiesce: Mapped[bool]
    verify: Mapped[bool] = mapped_column(default=False)
    blackouts: Mapped[list[Any]] = mapped_column(default=list)
    decided_until: Mapped[datetime]
    next_run_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(default=utcnow)
    updated_at: Mapped[datetime] = mapped_column(default=utcnow)


class ScheduleVm(Base):
    """A VM that a schedule names itself; it goes with either."""

    __tablename__ = "schedule_vms"

    schedule_id: Mapped[str] = mapped_column(ForeignKey("replication_schedules.id", ondelete="CASCADE"), primary_key=True)
    vm_context_id: Mapped[str] = mapped_column(
        ForeignKey("vm_replication_contexts.context_id", ondelete="CASCADE"), primary_key=True, index=True
    )


class ScheduleExecution(Base):
    """One run of one VM, recorded before it starts. It outlives its schedule and its VM, so it refers to neither by key."""

    __tablename__ = "schedule_executions"
    __table_args__ = (
        Index("ix_schedule_executions_history", "schedule_id", "due_at"),
        Index("ix_schedule_executions_turn", "status", "start_at"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    schedule_id: Mapped[str]
    schedule_name: Mapped[str]
    vm_context_id: Mapped[str | None] = mapped_column(index=True)
    vm_name: Mapped[str] = mapped_column(default="")
    started_by: Mapped[str]
    due_at: Mapped[datetime]
    missed_since: Mapped[datetime | None]
    start_at: Mapped[datetime]
    priority: Mapped[int] = mapped_column(default=50)
    quiesce: Mapped[bool] = mapped_column(default=False)
    verify: Mapped[bool] = mapped_column(default=False)
    status: Mapped[str]
    reason: Mapped[dict[str, Any] | None]
    job_id: Mapped[str | None] = mapped_column(index=True)
    created_at: Mapped[datetime] = mapped_column(default=utcnow, index=True)
    decided_at: Mapped[datetime | None]
