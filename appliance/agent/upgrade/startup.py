"""What an agent does about an upgrade before it opens its records."""

from __future__ import annotations

import logging
from pathlib import Path

from alembic.migration import MigrationContext
from sqlalchemy.exc import SQLAlchemyError

from appliance.agent.backup.archive import Manifest, pack
from appliance.agent.backup.restoring import Restoring
from appliance.agent.config import Config
from appliance.agent.upgrade.home import Home
from appliance.agent.upgrade.state import Phase, State, StateFile, Task, task
from appliance.agent.version import VERSION
from appliance.contract.errors import Fault
from appliance.core import durable
from appliance.core.store import dump, utcnow

_log = logging.getLogger(__name__)

FOLDER = "upgrade"
"""Below the folder of the appliance's state."""


class Leave(Exception):
    """This process has to end, so that the base system chooses which release is started next."""


def at_start(config: Config) -> State | None:
    """The upgrade on trial, None when none is. Raises Leave when another release is to be started. Blocks."""
    file = StateFile(config.state_dir / FOLDER)
    state = file.read()
    todo = task(state, VERSION, has_backup=file.backup.exists())
    if state is None or todo is Task.NOTHING:
        return None
    _log.warning("upgrade from %s to %s, %s: %s", state.from_version, state.to_version, state.phase, todo)
    if todo is Task.TRY:
        return state
    if todo is Task.REFUSE:
        raise Leave(f"version {VERSION} is not to be started now")
    if todo is Task.BACK_UP and _back_up(config, file.backup):
        file.write(state.now(Phase.BACKED_UP))
        raise Leave("the records are backed up; the new release is tried")
    reason = "the records could not be backed up." if todo is Task.BACK_UP else "the base system did not change over."
    returned = state.now(Phase.RETURNED, reason=state.reason or reason)
    if todo is Task.RESTORE:
        Home(config.machine.release_home).remove(state.to_version)  # the records need its room on a disk that is full
        if restore(config, file.backup):
            file.end(returned)
            return None
    file.write(returned)
    return None


def restore(config: Config, backup: Path) -> bool:
    """Put the records of before back; again after a power cut. False for a back-up that can't be used: they stay as they are."""
    restoring = Restoring(config.state_dir, config.database_url, config.role)
    try:
        restoring.lay_ready(backup.read_bytes())
    except Fault as error:
        _log.error("the records of before the upgrade can't be put back: %s", error)
        return False
    return restoring.take_up() is not None


def _back_up(config: Config, backup: Path) -> bool:
    """Nobody writes now: the agent before this one has ended, and this one has not opened the records yet. False where it can't be done."""
    try:
        durable.replace(backup, _packed(config))
    except (OSError, SQLAlchemyError, Fault) as error:
        _log.error("the records can't be backed up, and the upgrade is given up: %s", error)
        return False
    return True


def _packed(config: Config) -> bytes:
    engine = dump.blocking_engine(config.database_url)
    try:
        with engine.connect() as connection:
            revision = MigrationContext.configure(connection).get_current_revision() or ""
            now = utcnow().isoformat(timespec="seconds")
            return pack(connection, config.state_dir, Manifest(config.role, config.name, VERSION, revision, now))
    finally:
        engine.dispose()
