"""The audit log: who did, tried or was refused what."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Text, select
from sqlalchemy.orm import Mapped, mapped_column

from appliance.core.store import Base, Store, utcnow


class AuditEvent(Base):
    """One thing that was done, tried or refused. `result` is `done`, `refused` or `failed`."""

    __tablename__ = "audit_events"

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(default=utcnow, index=True)
    actor: Mapped[str]
    action: Mapped[str] = mapped_column(index=True)
    result: Mapped[str]
    detail: Mapped[str] = mapped_column(Text, default="")


class Audit:
    """Writes and reads the audit log."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def record(self, actor: str, action: str, result: str, detail: str = "") -> None:
        """Add an event; it is on disk when this returns."""
        async with self._store.begin() as session:
            session.add(AuditEvent(actor=actor, action=action, result=result, detail=detail))

    async def newest(self, limit: int) -> Sequence[AuditEvent]:
        """The newest events, newest first."""
        async with self._store.session() as session:
            return (await session.scalars(select(AuditEvent).order_by(AuditEvent.id.desc()).limit(limit))).all()
