"""Whether the records are sound."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy import Connection, select

from appliance.contract.checks import Check, CheckState, failed, passed
from appliance.contract.errors import Fault
from appliance.core.rotation import SealedColumn
from appliance.core.store import Store, dump
from appliance.core.vault import Vault

_RESTORE = "Make a support bundle, then restore the newest back-up that was made before."


async def integrity(store: Store, url: str, vault: Vault | None, sealed: Sequence[SealedColumn]) -> list[Check]:
    """The database's own check, references between rows, and whether every stored secret can be read."""
    return [*await asyncio.to_thread(_structure, url), *([] if vault is None else [await _secrets(store, vault, sealed)])]


def _structure(url: str) -> list[Check]:
    engine = dump.blocking_engine(url)
    try:
        with engine.connect() as connection:
            found = _database(connection)
            return [found] if found.state is CheckState.FAIL else [found, _references(connection)]
    finally:
        engine.dispose()


def _database(connection: Connection) -> Check:
    try:
        found = _damage(connection)
    except sa.exc.DatabaseError as error:  # too much of it to be told
        found = [str(error.orig)]
    if found:
        return failed("database", f"The database is damaged in {len(found)} places.", _RESTORE)
    return passed("database", "The database is sound.")


def _damage(connection: Connection) -> list[str]:
    """What the database says is broken (sqlite.org/pragma.html#pragma_integrity_check; MariaDB's CHECK TABLE)."""
    if connection.dialect.name == "sqlite":
        return [str(one) for (one,) in connection.execute(sa.text("PRAGMA integrity_check")) if one != "ok"]
    names = ", ".join(f"`{table.name}`" for table in dump.tables(connection))
    rows = connection.execute(sa.text(f"CHECK TABLE {names}")).all()
    return [row[0] for row in rows if row[2] == "error" or (row[2] == "status" and row[3] != "OK")]


def _references(connection: Connection) -> Check:
    broken = dump.broken_references(connection)
    if broken:
        return failed("references", f"Records refer to others that are not there: {', '.join(broken)}.", _RESTORE)
    return passed("references", "All records that refer to each other are there.")


async def _secrets(store: Store, vault: Vault, sealed: Sequence[SealedColumn]) -> Check:
    lost: list[str] = []
    async with store.session() as session:
        for column in sealed:
            for row_id, secret in await session.execute(select(column.model.id, getattr(column.model, column.name))):
                try:
                    if secret:
                        vault.open(secret, column.bound_to(row_id))
                except Fault:
                    lost.append(f"{column.noun} {row_id}")
    if lost:
        return failed(
            "secrets", f"These can't be read with this appliance's keys: {', '.join(lost)}.", "Enter their passwords or keys again."
        )
    return passed("secrets", "Every stored password and key can be read.")
