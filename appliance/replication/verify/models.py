"""What verifications found, per VM and disk."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from appliance.core.store.base import Base, utcnow


class Verification(Base):
    """One comparison of a VM's copy with its source. Its id is that of the job that makes it."""

    __tablename__ = "verifications"

    id: Mapped[str] = mapped_column(primary_key=True)
    vm_context_id: Mapped[str] = mapped_column(ForeignKey("vm_replication_contexts.context_id", ondelete="CASCADE"), index=True)
    mode: Mapped[str]
    outcome: Mapped[str] = mapped_column(index=True)
    problem: Mapped[dict[str, Any] | None]
    created_at: Mapped[datetime] = mapped_column(default=utcnow, index=True)
    ended_at: Mapped[datetime | None]

    disks: Mapped[list[VerifiedDisk]] = relationship(order_by="VerifiedDisk.disk_id", lazy="selectin", cascade="all, delete-orphan")


class VerifiedDisk(Base):
    """One disk in it, in bytes. `found` are the ranges that differed, `unrepaired` those of them that still do."""

    __tablename__ = "verification_disks"
    __table_args__ = (UniqueConstraint("verification_id", "disk_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    verification_id: Mapped[str] = mapped_column(ForeignKey("verifications.id", ondelete="CASCADE"), index=True)
    disk_id: Mapped[str]
    label: Mapped[str] = mapped_column(default="")
    capacity_bytes: Mapped[int] = mapped_column(BigInteger)
    planned_bytes: Mapped[int] = mapped_column(BigInteger, default=0)
    checked_bytes: Mapped[int] = mapped_column(BigInteger, default=0)
    different_bytes: Mapped[int] = mapped_column(BigInteger, default=0)
    repaired_bytes: Mapped[int] = mapped_column(BigInteger, default=0)
    found: Mapped[list[Any]] = mapped_column(default=list)
    unrepaired: Mapped[list[Any]] = mapped_column(default=list)
    outcome: Mapped[str]
    problem: Mapped[dict[str, Any] | None]
