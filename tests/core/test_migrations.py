"""Every earlier revision comes up to the newest with all that was in it, on each database."""

import asyncio
import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, create_engine

import appliance.core.store
from appliance.agent.tables import METADATA
from appliance.core.store import Base, Store

MIGRATIONS = Path(appliance.core.store.__file__).parent / "migrations"
AT = datetime(2026, 1, 2, 3, 4, 5, 678901)
ROWS = (1, 2)


def config(connection: Connection | None = None) -> Config:
    made = Config()
    made.set_main_option("script_location", str(MIGRATIONS))
    made.attributes["connection"] = connection
    return made


REVISIONS = [one.revision for one in ScriptDirectory.from_config(config()).walk_revisions()]


def value(column: sa.Column[Any], row: int) -> Any:
    """Something that the column can hold, another one in each row."""
    if column.foreign_keys:
        return value(next(iter(column.foreign_keys)).column, row)
    kind = column.type
    if isinstance(kind, sa.DateTime):
        return AT
    if isinstance(kind, sa.JSON):
        return {"row": row}
    if kind._type_affinity is sa.Boolean or getattr(kind, "display_width", None) == 1:
        return row == 1
    if isinstance(kind, sa.Integer | sa.Float | sa.Numeric):
        return row
    if kind.__class__.__name__ == "LONGTEXT":  # MariaDB's JSON
        return json.dumps({"row": row})
    return f"{column.name}-{row}"[: getattr(kind, "length", None) or 40]


def fill(connection: Connection) -> dict[str, list[dict[str, Any]]]:
    """Two rows in every table; returns them by table."""
    tables = sa.MetaData()
    tables.reflect(connection)
    put = {}
    for table in tables.sorted_tables:
        if table.name != "alembic_version":
            rows = [{one.name: value(one, row) for one in table.columns if one.computed is None} for row in ROWS]
            connection.execute(table.insert(), rows)
            put[table.name] = rows
    connection.commit()
    return put


def read(connection: Connection, table: str) -> list[dict[str, Any]]:
    """The rows of a table as they are now."""
    reflected = sa.Table(table, sa.MetaData(), autoload_with=connection)
    key = next(iter(reflected.primary_key.columns))
    return [dict(row) for row in connection.execute(sa.select(reflected).order_by(key)).mappings()]


@pytest.fixture
def engine(empty_database_url: str) -> Iterator[Engine]:
    """The database, at the speed of a test."""
    engine = create_engine(empty_database_url.replace("aiosqlite", "pysqlite").replace("aiomysql", "pymysql"))
    yield engine
    engine.dispose()


@pytest.mark.parametrize("revision", sorted(REVISIONS))
def test_what_an_earlier_revision_holds_is_all_there_in_the_newest(revision: str, engine: Engine, empty_database_url: str) -> None:
    with engine.connect() as connection:
        command.upgrade(config(connection), revision)
        connection.commit()
        put = fill(connection)
    asyncio.run(opened(empty_database_url))
    with engine.connect() as connection:
        for table, rows in put.items():
            for before, now in zip(rows, read(connection, table), strict=True):
                assert {name: now[name] for name in before if name in now} == {name: one for name, one in before.items() if name in now}


async def opened(url: str) -> None:
    """The agent opens the database as it starts, and every row can be read."""
    store = await Store.open(url)
    async with store.session() as session:
        for mapper in Base.registry.mappers:
            (await session.scalars(sa.select(mapper.class_))).all()
    await store.close()


async def test_the_migrations_lead_to_the_models_and_can_be_run_again(empty_database_url: str) -> None:
    await (await Store.open(empty_database_url)).close()
    store = await Store.open(empty_database_url)

    def differences(connection: Connection) -> list[object]:
        return list(compare_metadata(MigrationContext.configure(connection), METADATA))

    async with store.engine.connect() as connection:
        assert await connection.run_sync(differences) == []
    await store.close()


def test_there_is_one_newest_revision() -> None:
    assert len(ScriptDirectory.from_config(config()).get_heads()) == 1
