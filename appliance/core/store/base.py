"""What every table stands on: the declarative base and UTC times."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import JSON, DateTime, Dialect, MetaData, String, Text, TypeDecorator
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.sql.compiler import TypeCompiler


def utcnow() -> datetime:
    """The time now, aware, in UTC."""
    return datetime.now(UTC)


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


@compiles(DateTime, "mysql", "mariadb")
def _with_microseconds(kind: DateTime, compiler: TypeCompiler, **options: Any) -> str:
    """MariaDB's DATETIME keeps whole seconds only, unless it is told; so it is in models and migrations alike."""
    return "DATETIME(6)"


@compiles(Text, "mysql", "mariadb")
def _longer_than_64_kib(kind: Text, compiler: TypeCompiler, **options: Any) -> str:
    """MariaDB's TEXT ends at 64 KiB."""
    return "MEDIUMTEXT"


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
