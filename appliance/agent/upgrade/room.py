"""Room on the disk: for an upgrade, and for the way back from it, which is held free from the back-up to the end. All calls block."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import sqlalchemy as sa

from appliance.agent.upgrade.faults import NO_ROOM
from appliance.agent.upgrade.manifest import Manifest
from appliance.core.store import dump

ROOM = 128 << 20
"""Bytes that stay free beside the release, whatever the records' size: for what is written meanwhile."""
WAY_BACK, MIGRATION = 3, 2
"""How many times the records' size is needed: for a second database, the back-up in two places and the largest table as text;
and by a migration, which may write each table anew, and once more into the database's log."""
LEAST = 16 << 20
"""Bytes that are held for the way back of the smallest records."""


def free_bytes(folder: Path) -> int:
    """Bytes that can still be written to the disk that `folder` is on."""
    return shutil.disk_usage(folder).free


def records_bytes(url: str) -> int:
    """Bytes that the records take, here or on a database server. Raises an SQLAlchemyError when the server can't be asked."""
    known = sa.make_url(url)
    if known.get_backend_name() == "sqlite":
        path = Path(known.database or "")
        return sum(one.stat().st_size for one in path.parent.glob(f"{path.name}*"))
    engine = dump.blocking_engine(url)
    try:
        with engine.connect() as connection:
            asked = "SELECT SUM(data_length + index_length) FROM information_schema.tables WHERE table_schema = DATABASE()"
            return int(connection.scalar(sa.text(asked)) or 0)
    finally:
        engine.dispose()


def for_way_back(records: int) -> int:
    """Bytes that putting records of this size back takes at most (pure)."""
    return LEAST + WAY_BACK * records


def require_room(manifest: Manifest, records: int, releases: Path, free: Callable[[Path], int] = free_bytes) -> None:
    """For a release, the migration of records of this size, and the way back. Raises a Fault (`upgrade.no_room`)."""
    needed, there = manifest.size + ROOM + MIGRATION * records + for_way_back(records), free(releases)
    if there < needed:
        raise NO_ROOM(needed_mib=needed >> 20, free_mib=there >> 20)


def hold(path: Path, size: int) -> None:
    """Take so many bytes of the disk with a file, which is removed for what they are meant for. Raises OSError; then none are taken."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        try:
            os.posix_fallocate(descriptor, 0, size)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    except OSError:
        path.unlink(missing_ok=True)
        raise
