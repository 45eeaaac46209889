"""What of the records belongs to this machine and stays with it when a back-up is restored: the ways in."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase

import sqlalchemy as sa
from sqlalchemy import Connection

from appliance.core.store import dump

STAYING = ("console.password", "gate.password", "remote_console", "remote_console.password", "tries.*")
"""Settings, as patterns of their names, that a restore leaves as they are: no lost password and no key that was taken away comes back."""
NEEDED = frozenset({"console.password"})
"""Of those, what comes from the back-up where this machine has none: a console without a password lets everybody in."""

SETTINGS, TOKENS = "settings", "api_tokens"
Held = dict[str, list[str]]
"""Rows of this machine as lines of JSON, by table."""


def held(connection: Connection) -> Held:
    """What stays, read from the records that a restore replaces."""
    found = {table.name: table for table in dump.tables(connection) if table.name in (SETTINGS, TOKENS)}
    rows = {name: [line.decode() for line in dump.lines(connection, table)] for name, table in found.items()}
    return {name: [line for line in lines if name == TOKENS or _stays(json.loads(line)["name"])] for name, lines in rows.items()}


def put(connection: Connection, here: Held) -> None:
    """Put it among restored records; done again, nothing changes."""
    tables = {table.name: table for table in dump.tables(connection)}
    _put_settings(connection, tables[SETTINGS], here.get(SETTINGS, []))
    _put_tokens(connection, tables[TOKENS], here.get(TOKENS, []))


def _stays(name: str) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in STAYING)


def _put_settings(connection: Connection, table: sa.Table, lines: list[str]) -> None:
    lacking = NEEDED - {json.loads(line)["name"] for line in lines}
    gone = [name for name in connection.scalars(sa.select(table.c.name)).all() if _stays(name) and name not in lacking]
    connection.execute(table.delete().where(table.c.name.in_(gone)))
    dump.load(connection, table, _fitting(table, lines))


def _put_tokens(connection: Connection, table: sa.Table, lines: list[str]) -> None:
    """Tokens that were revoked here stay so, and whoever restores stays logged in; those that are not known here come back."""
    ours = [json.loads(line) for line in lines]
    known = {(key, str(one[key]).casefold()) for one in ours for key in ("id", "name", "hash")}
    rows = connection.execute(sa.select(table.c.id, table.c.name, table.c.hash)).mappings().all()
    gone = [row["id"] for row in rows if known & {(key, str(row[key]).casefold()) for key in ("id", "name", "hash")}]
    connection.execute(table.delete().where(table.c.id.in_(gone)))
    dump.load(connection, table, _fitting(table, lines))


def _fitting(table: sa.Table, lines: Iterable[str]) -> Iterator[bytes]:
    """The rows without columns that this version's table does not have."""
    for line in lines:
        yield json.dumps({name: value for name, value in json.loads(line).items() if name in table.columns}).encode()
