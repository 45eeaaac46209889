"""What an agent does about an upgrade before it opens its records."""

from __future__ import annotations

import logging

from appliance.agent.config import Config
from appliance.agent.upgrade.faults import NO_WAY_BACK
from appliance.agent.upgrade.home import Home
from appliance.agent.upgrade.records import are_readable, back_up, put_back
from appliance.agent.upgrade.state import Phase, State, StateFile, Task, task
from appliance.agent.version import VERSION

_log = logging.getLogger(__name__)

FOLDER = "upgrade"
"""Below the folder of the appliance's state."""

NO_BACKUP = "the records could not be backed up."
NOT_TRIED = "the base system did not change over."
"""Why an upgrade is given up that was not even tried."""
AS_THEY_ARE = "The back-up of before was damaged, and the records are as that release left them."
STAYS = "Its records can't be read by the former release, and the back-up of before was damaged: so it stays."


class Leave(Exception):
    """This process has to end, so that the base system chooses which release is started next."""


def at_start(config: Config) -> State | None:
    """The upgrade on trial, None when none is. Blocks.

    Raises Leave when another release is to be started, and a Fault when the way back can't be ended now: the next start tries it again.
    """
    file = StateFile(config.state_dir / FOLDER)
    state = file.read()
    todo = task(state, VERSION, has_backup=file.backup.exists())
    if state is None:
        return None
    if todo is Task.NOTHING:
        file.forget()  # an agent that was killed when the upgrade was over has not come to it
        return None
    _log.warning("upgrade from %s to %s, %s: %s", state.from_version, state.to_version, state.phase, todo)
    if todo is Task.TRY:
        return state
    if todo is Task.REFUSE:
        raise Leave(f"version {VERSION} is not to be started now")
    if todo is Task.BACK_UP and back_up(config, file):
        file.write(state.now(Phase.BACKED_UP))
        raise Leave("the records are backed up; the new release is tried")
    state = state.now(state.phase, reason=state.reason or (NO_BACKUP if todo is Task.BACK_UP else NOT_TRIED))
    if todo is not Task.RESTORE:
        _leave_as_they_are(config, file, state)
    elif put_back(config, file):
        _end(config, file, state)
    else:
        _leave_as_they_are(config, file, state, AS_THEY_ARE)
    return None


def _leave_as_they_are(config: Config, file: StateFile, state: State, note: str = "") -> None:
    """There is nothing to put back: the release that can read the records is the one that stays."""
    if are_readable(config):
        _end(config, file, _noted(state, note))
    elif state.to_version in Home(config.machine.release_home).all():
        file.end(_noted(state, STAYS).now(Phase.KEPT))
        raise Leave(f"nothing but version {state.to_version} can read the records")
    else:
        raise NO_WAY_BACK(version=state.to_version)


def _noted(state: State, note: str) -> State:
    return state.now(state.phase, reason=f"{state.reason} {note}".strip())


def _end(config: Config, file: StateFile, state: State) -> None:
    """The former release has its records: nobody needs the new one any more."""
    Home(config.machine.release_home).remove(state.to_version)
    file.end(state.now(Phase.RETURNED))
