"""The engine: opens the database, brings it to the newest revision, hands out sessions."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, event, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DatabaseError, DataError, IntegrityError, ProgrammingError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

from appliance.contract.errors import STORE_UNREADABLE, STORE_UNWRITABLE
from appliance.core.cancelling import to_its_end

OURS = (IntegrityError, DataError, ProgrammingError)
"""Errors of our own statements; every other one of a database is about its disk, its locks or its connection."""

_MIGRATIONS = Path(__file__).parent / "migrations"


class Store:
    """The database of one appliance. Made by `Store.open`; closed by `close`."""

    def __init__(self, engine: AsyncEngine) -> None:
        self.engine = engine
        self._sessions = async_sessionmaker(engine, expire_on_commit=False)
        self._writing = asyncio.Lock()

    @classmethod
    async def open(cls, url: str) -> Store:
        """Open the database at a SQLAlchemy URL and migrate it to the newest revision.

        Raises a Fault (`store.unwritable`) when it can't be opened or written.
        """
        engine = _engine(url)
        if engine.dialect.name == "sqlite":
            event.listen(engine.sync_engine, "connect", _set_up_sqlite)
            event.listen(engine.sync_engine, "invalidate", _give_lock_back)
        store = cls(engine)
        try:
            async with engine.begin() as connection:
                await connection.run_sync(migrate)
        except DatabaseError as error:
            await engine.dispose()
            if isinstance(error, OURS):
                raise
            spec = STORE_UNREADABLE if type(error) is DatabaseError else STORE_UNWRITABLE  # a file that is none, or damaged
            raise spec(cause=str(error.orig)) from error
        return store

    async def revision(self) -> str:
        """The revision that the database is at."""
        async with self.engine.connect() as connection:
            found = await connection.run_sync(lambda sync: MigrationContext.configure(sync).get_current_revision())
        return found or ""

    async def close(self) -> None:
        """Close all connections."""
        await self.engine.dispose()

    @asynccontextmanager
    async def session(self) -> AsyncIterator[AsyncSession]:
        """A session for reading; what is written in it is lost unless committed. Raises a Fault when the database can't be read."""
        session = self._sessions()
        try:
            yield session
        except DatabaseError as error:
            if isinstance(error, OURS):
                raise
            raise STORE_UNREADABLE(cause=str(error.orig)) from error
        finally:
            await to_its_end(session.close())

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[AsyncSession]:
        """One transaction: committed at the end of the block, rolled back on an exception; one that is left half-way locks the database.

        Writers of one agent queue here instead of at the file lock. Raises a Fault when the database can't be written.
        """
        async with self._writing:
            session = self._sessions()
            try:
                yield session
                await to_its_end(session.commit())
            except DatabaseError as error:
                if isinstance(error, OURS):
                    raise
                raise STORE_UNWRITABLE(cause=str(error.orig)) from error
            finally:
                await to_its_end(session.close())  # what was not committed is rolled back


def _engine(url: str) -> AsyncEngine:
    if make_url(url).get_backend_name() == "sqlite":
        return create_async_engine(url)
    # A server may have closed a connection meanwhile; and a reader sees what was committed, as with SQLite.
    return create_async_engine(url, pool_pre_ping=True, pool_recycle=1800, isolation_level="READ COMMITTED")


def _set_up_sqlite(connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=10000"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _give_lock_back(connection: DBAPIConnection, *_: object) -> None:
    """The connection of a task that was cancelled is closed; SQLite would hold its lock until the last cursor is forgotten, too."""
    connection.rollback()


def migrate(connection: Connection, revision: str = "head") -> None:
    """Bring a database to a revision. Blocks."""
    config = _migrations()
    config.attributes["connection"] = connection
    command.upgrade(config, revision)


def revisions() -> set[str]:
    """Every revision that this version knows. Reads files."""
    return {one.revision for one in ScriptDirectory.from_config(_migrations()).walk_revisions()}


def _migrations() -> Config:
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    return config
