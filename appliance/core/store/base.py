"""What every table stands on: the declarative base, UTC times and ids."""

from __future__ import annotations

import secrets
import time
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import JSON, DateTime, Dialect, MetaData, String, TypeDecorator
from sqlalchemy.orm import DeclarativeBase


def utcnow() -> datetime:
    """The time now, aware, in UTC."""
    return datetime.now(UTC)


def new_id(noun: str) -> str:
    """A new id such as `job-0199…`: sorts by time of making, and two made in one instant differ."""
    return f"{noun}-{int(time.time() * 1000):012x}{secrets.token_hex(6)}"


class UtcDateTime(TypeDecorator[datetime]):
    """Aware UTC times, stored without a zone because SQLite has none."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is not None and value.tzinfo is None:
            raise ValueError("a time without a zone can't be stored")
        return None if value is None else value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return None if value is None else value.replace(tzinfo=UTC)


class Base(DeclarativeBase):
    """The base of all tables; dictionaries and lists are stored as JSON, strings hold 255 characters unless declared as text."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {dict[str, Any]: JSON, list[Any]: JSON, datetime: UtcDateTime, str: String(255)}  # noqa: RUF012
