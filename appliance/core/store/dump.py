"""All rows of a database as lines of JSON, and back: the same lines whatever the database is."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import islice
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.pool import ConnectionPoolEntry

from appliance.contract.errors import fault

VERSION_TABLE = "alembic_version"
_AT_ONCE = 500

ROWS_BROKEN = fault(
    "store.rows_broken",
    409,
    "The rows of a back-up do not belong together: {detail}.",
    "Take another back-up; this one was changed or cut off. Nothing was replaced.",
)


def blocking_engine(url: str) -> Engine:
    """The database at the store's URL for a thread of its own: one transaction sees one moment of it."""
    known = sa.make_url(url)
    driver = known.drivername.replace("aiosqlite", "pysqlite").replace("aiomysql", "pymysql")
    if not driver.startswith("sqlite"):
        return create_engine(known.set(drivername=driver), isolation_level="REPEATABLE READ")
    engine = create_engine(known.set(drivername=driver))
    event.listen(engine, "connect", _begin_ourselves)
    event.listen(engine, "begin", _begin)
    return engine


def _begin_ourselves(connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
    """Python's driver begins a transaction with the first write only: what is just read would be of many moments."""
    connection.isolation_level = None


def _begin(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN")


def tables(connection: Connection) -> list[sa.Table]:
    """Every table as it is in the database now, those first that others refer to."""
    found = sa.MetaData()
    found.reflect(connection)
    for table in found.sorted_tables:
        for column in table.columns:
            if isinstance(column.type, sa.JSON):
                column.type = sa.Text()  # as it is stored; MariaDB tells of no other kind
            elif isinstance(column.type, sa.Float | sa.Numeric):
                column.type = sa.Double()  # MariaDB's are told as decimal
    return [one for one in found.sorted_tables if one.name != VERSION_TABLE]


def lines(connection: Connection, table: sa.Table) -> Iterator[bytes]:
    """The rows of a table, one JSON object a line, without what the database computes itself."""
    columns = [one for one in table.columns if one.computed is None]
    query = sa.select(*columns).order_by(*table.primary_key.columns).execution_options(yield_per=_AT_ONCE)
    for row in connection.execute(query):
        yield json.dumps(dict(row._mapping), default=_plain, ensure_ascii=False).encode() + b"\n"


def load(connection: Connection, table: sa.Table, rows: Iterable[bytes]) -> int:
    """Put rows into an empty table; returns how many. Raises a Fault (`store.rows_broken`) for what is no row of it."""
    count, source = 0, iter(rows)
    while some := list(islice(source, _AT_ONCE)):
        connection.execute(table.insert(), [_row(table, line) for line in some])
        count += len(some)
    return count


def unchecked(connection: Connection) -> None:
    """Take rows in any order; `broken_references` tells afterwards."""
    if connection.dialect.name != "sqlite":  # where it is off unless a connection asks for it
        connection.execute(sa.text("SET FOREIGN_KEY_CHECKS = 0"))


def broken_references(connection: Connection) -> list[str]:
    """Tables with rows that refer to rows which are not there."""
    broken = []
    for table in tables(connection):
        for key in table.foreign_key_constraints:
            far = key.referred_table.alias()
            pairs = [(one.parent, far.columns[one.column.name]) for one in key.elements]
            found = sa.exists().where(*[far_column == column for column, far_column in pairs])
            lost = sa.select(sa.literal(1)).select_from(table).where(*[column.is_not(None) for column, _ in pairs], ~found).limit(1)
            if connection.execute(lost).first() is not None:
                broken.append(table.name)
    return broken


def _plain(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} can't be written as JSON")


def _row(table: sa.Table, line: bytes) -> dict[str, Any]:
    try:
        row = json.loads(line)
        return {name: _value(table.columns[name], value) for name, value in row.items()}
    except (ValueError, KeyError, AttributeError, TypeError) as error:
        raise ROWS_BROKEN(detail=f"a row of {table.name} can't be read", cause=repr(error)) from error


def _value(column: sa.Column[Any], value: Any) -> Any:
    return datetime.fromisoformat(value) if value is not None and isinstance(column.type, sa.DateTime) else value
