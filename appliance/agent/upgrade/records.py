"""The records around an upgrade: backed up before it, put back after one that was given up. All calls block."""

from __future__ import annotations

import logging
import os
from pathlib import Path

from alembic.migration import MigrationContext
from sqlalchemy.exc import SQLAlchemyError

from appliance.agent.backup.archive import Manifest, pack
from appliance.agent.backup.faults import NOT_A_BACKUP, OTHER_ROLE, TOO_NEW
from appliance.agent.backup.restoring import Restoring
from appliance.agent.config import Config
from appliance.agent.upgrade import room
from appliance.agent.upgrade.state import StateFile
from appliance.agent.version import VERSION
from appliance.contract.errors import STORE_UNREADABLE, STORE_UNWRITABLE, Fault
from appliance.core import durable
from appliance.core.store import dump, utcnow
from appliance.core.store.engine import revisions

logger = logging.getLogger(__name__)

_DAMAGED = {one.key for one in (NOT_A_BACKUP, OTHER_ROLE, TOO_NEW, dump.ROWS_BROKEN)}
"""What is wrong with a back-up and stays wrong; anything else, such as a full disk, may pass."""


def back_up(config: Config, file: StateFile) -> bool:
    """Make a back-up that can be put back for sure: it was read from the disk and tried as a whole, and its room is held.

    Nobody writes meanwhile: the agent before this one has ended, and this one has not opened the records yet. False where it can't be done.
    """
    try:
        file.forget()
        durable.replace(file.backup, _packed(config))
        _restoring(config).check(_from_disk(file.backup))
        room.hold(file.room, room.for_way_back(room.records_bytes(config.database_url)))
    except Exception:  # whatever it is: without a back-up nothing is tried, and the agent has to go on
        logger.exception("the records can't be backed up, and the upgrade is given up")
        return False
    return True


def put_back(config: Config, file: StateFile) -> bool:
    """Put the records of before back; again after a power cut. False for a back-up that is damaged: they stay as they are.

    Raises a Fault for what may pass, such as a full disk: then nothing is decided.
    """
    durable.remove(file.room)
    try:
        packed = file.backup.read_bytes()
    except OSError as error:
        logger.error("the back-up of before the upgrade can't be read: %s", error)
        return False
    # What an operator's restore has kept is not this one's to remove.
    restoring = Restoring(config.state_dir, config.database_url, config.role, before="before-return")
    try:
        restoring.lay_ready(packed)
        return restoring.take_up(as_it_was=True) is not None
    except Fault as error:
        if error.key not in _DAMAGED:
            raise
        logger.error("the records of before the upgrade can't be put back: %s", error)
        return False
    except SQLAlchemyError as error:
        raise STORE_UNWRITABLE(cause=str(error)) from error


def are_readable(config: Config) -> bool:
    """Whether this release knows the records' tables as they are now. Raises a Fault when the database does not answer."""
    try:
        found = _revision(config)
    except SQLAlchemyError as error:
        raise STORE_UNREADABLE(cause=str(error)) from error
    return found is None or found in revisions()


def _restoring(config: Config) -> Restoring:
    return Restoring(config.state_dir, config.database_url, config.role)


def _revision(config: Config) -> str | None:
    engine = dump.blocking_engine(config.database_url)
    try:
        with engine.connect() as connection:
            return MigrationContext.configure(connection).get_current_revision()
    finally:
        engine.dispose()


def _packed(config: Config) -> bytes:
    engine = dump.blocking_engine(config.database_url)
    try:
        with engine.connect() as connection:
            revision = MigrationContext.configure(connection).get_current_revision() or ""
            now = utcnow().isoformat(timespec="seconds")
            return pack(connection, config.state_dir, Manifest(config.role, config.name, VERSION, revision, now))
    finally:
        engine.dispose()


def _from_disk(path: Path) -> bytes:
    """As the disk gives it, not as it is remembered from writing it."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as file:
        os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
        return file.read()
