"""Small durable values by name: where the wizard stands, hashes of passwords, counts of tries."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON
from sqlalchemy.orm import Mapped, mapped_column

from appliance.core.store import Base, Store, utcnow


class Setting(Base):
    """One named value."""

    __tablename__ = "settings"

    name: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[dict[str, Any]] = mapped_column(JSON)
    updated_at: Mapped[datetime] = mapped_column(default=utcnow, onupdate=utcnow)


class Settings:
    """Reads and writes named values; each is a JSON object."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def get(self, name: str) -> dict[str, Any]:
        """The value, empty when it was never set."""
        async with self._store.session() as session:
            found = await session.get(Setting, name)
            return {} if found is None else dict(found.value)

    async def put(self, name: str, value: dict[str, Any]) -> None:
        """Set the value; it is on disk when this returns."""
        async with self._store.begin() as session:
            await session.merge(Setting(name=name, value=value))
