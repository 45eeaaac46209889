"""Where an upgrade stands, on disk: written by the agent and by the base system's `select_release.py`, one after the other.

What each does next is decided from this file alone, so that a power cut at any moment leaves a release that works.
"""

from __future__ import annotations

import json
import logging
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from pathlib import Path

from appliance.core import durable

_log = logging.getLogger(__name__)


class Phase(StrEnum):
    """`trial` and `returning` are entered by `select_release.py`, all others by the agent."""

    ORDERED = "ordered"
    BACKED_UP = "backed_up"
    TRIAL = "trial"
    KEPT = "kept"
    RETURNING = "returning"
    RETURNED = "returned"


@dataclass(frozen=True)
class State:
    """An upgrade. `failed_before` and `ok_before` are parts of the health before it, `up_before` the appliances that were connected.

    `until` is in seconds since the boot `boot`. `reason` is why it is given up, as `select_release.py` says; `problem` what the new
    release found not to be well.
    """

    phase: Phase
    from_version: str
    to_version: str
    job_id: str
    begun_at: str
    failed_before: tuple[str, ...] = ()
    boot: str = ""
    until: float = 0.0
    starts: int = 0
    reason: str = ""
    problem: str = ""
    ok_before: tuple[str, ...] = ()
    up_before: tuple[str, ...] = ()

    def now(self, phase: Phase, reason: str = "") -> State:
        """The same upgrade, one step on."""
        return replace(self, phase=phase, reason=reason or self.reason)


class Task(StrEnum):
    """What an agent does with an upgrade before it opens its records."""

    NOTHING = "nothing"
    BACK_UP = "back up"
    TRY = "try"
    RESTORE = "restore"
    GIVE_UP = "give up"
    REFUSE = "refuse"


def task(state: State | None, version: str, *, has_backup: bool) -> Task:
    """What an agent of this version has to do at its start (pure).

    Records are migrated by a release on trial only where there is a back-up of them, and an agent of the former release that finds
    itself started in the middle of a trial puts them back: the new one may have migrated them.
    """
    if state is None or state.phase in (Phase.KEPT, Phase.RETURNED):
        return Task.NOTHING
    if version == state.to_version:
        return Task.TRY if state.phase is Phase.TRIAL and has_backup else Task.REFUSE
    if version != state.from_version or state.phase is Phase.BACKED_UP or not (has_backup or state.phase is Phase.ORDERED):
        return Task.GIVE_UP
    return Task.BACK_UP if state.phase is Phase.ORDERED else Task.RESTORE


class StateFile:
    """The file. All calls block."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "state.json"
        self.backup = folder / "before.tar.gz"
        """The records as they were before the upgrade."""
        self.room = folder / "room"
        """Holds the room on the disk that putting them back needs."""

    def read(self) -> State | None:
        """Where the upgrade stands; None when there was none, or what is there can't be used."""
        try:
            values = json.loads(self._path.read_text())
            known = {name: values[name] for name in State.__dataclass_fields__ if name in values}
            phase = Phase(values["phase"])
            lists = {name: tuple(values.get(name, ())) for name in ("failed_before", "ok_before", "up_before")}
            return State(**known | lists | {"phase": phase})
        except FileNotFoundError:
            return None
        except (ValueError, TypeError, KeyError) as error:
            _log.error("the record of the last upgrade can't be read: %r", error)
            return None

    def write(self, state: State) -> None:
        """On disk when this returns. A full disk must not keep an upgrade from being given up: the room of the state before is taken."""
        text = json.dumps(asdict(state), indent=2)
        try:
            durable.replace(self._path, text)
        except OSError as error:
            if error.errno not in durable.DISK_FULL or not self._path.exists():
                raise
            durable.overwrite(self._path, text)

    def end(self, state: State) -> None:
        """The upgrade is over: nobody needs the records of before any more, and the keys that are with them."""
        self.write(state)
        self.forget()

    def forget(self) -> None:
        """The records of before are not needed."""
        durable.remove(self.backup)
        durable.remove(self.room)

    def remove(self) -> None:
        """There is no upgrade any more."""
        durable.remove(self._path)
