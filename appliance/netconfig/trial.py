"""The trial of new settings: its record on disk, what follows from it at a start, and the clock it is measured by."""

from __future__ import annotations

import asyncio
import contextlib
import time
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Protocol, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from appliance.contract.network import NetworkPlan
from appliance.core.durable import remove, replace
from appliance.netconfig.applier import Files

KEPT = "kept"
TIME_UP = "reverted: nobody kept it in time"
BY_OPERATOR = "reverted by the operator"
AFTER_RESTART = "reverted after a restart"
NOT_APPLICABLE = "reverted: the settings could not be applied"

_Record = TypeVar("_Record", bound=BaseModel)


class Phase(StrEnum):
    """How far a trial is: its files are being put in place, it runs, it is being given up."""

    APPLYING = "applying"
    RUNNING = "running"
    REVERTING = "reverting"


class _OnDisk(BaseModel):
    model_config = ConfigDict(frozen=True)


class TrialRecord(_OnDisk):
    """A trial as it is on disk before anything is changed. `deadline` in seconds of CLOCK_BOOTTIME of the boot named.

    `base` are the settings that those on trial were made from; an older release does not tell them.
    """

    id: str
    plan: NetworkPlan
    base: NetworkPlan | None = None
    before: Files
    boot_id: str
    deadline: float
    phase: Phase = Phase.APPLYING
    outcome: str = ""


class Kept(_OnDisk):
    """The settings that were kept last, and the trial they come from."""

    trial_id: str
    plan: NetworkPlan


class Ended(_OnDisk):
    """How the last trial ended."""

    trial_id: str
    outcome: str


class Next(StrEnum):
    """What an agent that starts does with the trial it finds."""

    FINISH_KEEPING = "finish keeping"
    GO_ON = "go on"
    REVERT = "revert"


@dataclass(frozen=True)
class Decision:
    """What to do with a found trial; `outcome` is how it ends, if it does."""

    next: Next
    outcome: str = ""


class Clock(Protocol):
    """The time since this boot, which no setting of the wall clock moves."""

    def boot_id(self) -> str:
        """Which boot this is."""

    def now(self) -> float:
        """Seconds of CLOCK_BOOTTIME."""

    async def sleep(self, seconds: float) -> None:
        """Wait that long."""


class BootClock:
    """The kernel's own."""

    def boot_id(self) -> str:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()

    def now(self) -> float:
        return time.clock_gettime(time.CLOCK_BOOTTIME)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


def decide(record: TrialRecord, kept: Kept | None, boot_id: str, now: float) -> Decision:
    """What follows from a trial that is found on disk. Doubt is always decided for the settings of before."""
    if kept is not None and kept.trial_id == record.id:
        return Decision(Next.FINISH_KEEPING, KEPT)
    if record.phase is Phase.REVERTING:
        return Decision(Next.REVERT, record.outcome)
    if record.phase is Phase.APPLYING or record.boot_id != boot_id:
        return Decision(Next.REVERT, AFTER_RESTART)
    if now >= record.deadline:
        return Decision(Next.REVERT, TIME_UP)
    return Decision(Next.GO_ON)


class TrialFolder:
    """The three files a trial is kept in. What is written is on disk when a call returns."""

    def __init__(self, folder: Path) -> None:
        self._trial, self._kept, self._ended = folder / "trial.json", folder / "kept.json", folder / "ended.json"

    def trial(self) -> TrialRecord | None:
        """The trial that has not ended."""
        return _read(self._trial, TrialRecord)

    def is_unreadable(self) -> bool:
        """Whether there is a trial whose record can't be read."""
        return self._trial.exists() and self.trial() is None

    def kept(self) -> Kept | None:
        """The settings kept last; None when there never were any."""
        return _read(self._kept, Kept)

    def ended(self) -> Ended | None:
        """How the last trial ended."""
        return _read(self._ended, Ended)

    def save(self, record: TrialRecord) -> None:
        """Remember a trial as it stands."""
        replace(self._trial, record.model_dump_json())

    def keep(self, record: TrialRecord) -> None:
        """Keep what is on trial: the settings first, so that a crash in between still finds them kept."""
        replace(self._kept, Kept(trial_id=record.id, plan=record.plan).model_dump_json())
        with contextlib.suppress(OSError):  # from here on they are kept, whatever else can't be written
            self.end(record.id, KEPT)

    def end(self, trial_id: str, outcome: str) -> None:
        """The trial is over: how first, so that a crash in between ends it the same way. A full disk forgets how, but it is over."""
        try:
            replace(self._ended, Ended(trial_id=trial_id, outcome=outcome).model_dump_json())
        except OSError:
            remove(self._ended)
        remove(self._trial)


def _read(path: Path, kind: type[_Record]) -> _Record | None:
    try:
        return kind.model_validate_json(path.read_bytes())
    except (OSError, ValidationError):  # what the disk does not give back counts as damaged, not as a reason not to start
        return None
