"""The audit log: who did, tried or was refused what, and from where."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Text, select
from sqlalchemy.orm import Mapped, mapped_column

from appliance.core.store import Base, Store, utcnow


class AuditEvent(Base):
    """One thing that was done, tried or refused. `result` is `done`, `refused` or `failed`; `origin` is where it was asked from."""

    __tablename__ = "audit_events"

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(default=utcnow, index=True)
    actor: Mapped[str]
    action: Mapped[str] = mapped_column(index=True)
    result: Mapped[str]
    detail: Mapped[str] = mapped_column(Text, default="")
    origin: Mapped[str] = mapped_column(default="", server_default="")


WHOEVER_ASKS = ("console", "operator")
"""Actors that stand for whoever asked: where that one has a name, such as a token's, the name is recorded."""


@dataclass
class Asking:
    """A request while it is served: where it came from, who asked, and the results that were recorded for it."""

    origin: str
    actor: str = ""
    results: set[str] = field(default_factory=set)
    over: bool = False


_ASKING: ContextVar[Asking | None] = ContextVar("asking", default=None)


@contextmanager
def asked_from(origin: str, actor: str = "") -> Iterator[Asking]:
    """What is recorded in the block was asked from `origin`, by `actor` if that is known."""
    asking = Asking(origin, actor)
    token = _ASKING.set(asking)
    try:
        yield asking
    finally:
        # Tasks that were started meanwhile keep the request as their context; what they do later nobody asked for just then.
        asking.over = True
        _ASKING.reset(token)


class Audit:
    """Writes and reads the audit log."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def record(self, actor: str, action: str, result: str, detail: str = "") -> None:
        """Add an event; it is on disk when this returns."""
        asking = _ASKING.get()
        origin = asking.origin if asking and not asking.over else ""
        if asking and not asking.over and actor in WHOEVER_ASKS:
            actor = asking.actor or actor
        async with self._store.begin() as session:
            session.add(AuditEvent(actor=actor, action=action, result=result, detail=detail, origin=origin))
        if asking:
            asking.results.add(result)

    async def newest(self, limit: int) -> Sequence[AuditEvent]:
        """The newest events, newest first."""
        async with self._store.session() as session:
            return (await session.scalars(select(AuditEvent).order_by(AuditEvent.id.desc()).limit(limit))).all()
