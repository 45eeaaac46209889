"""What is done about a job of which nothing was heard (pure): only an answer moves it, never the clock."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import Enum, auto

from appliance.contract.peer import CopyPhase
from appliance.replication.follow import OVER


class Answer(Enum):
    """What the far side says of a job."""

    RUNNING = auto()
    WANTS = auto()
    """It is copied, or needs its login: this side has to do something."""
    OVER = auto()
    UNKNOWN = auto()
    NONE = auto()
    """No answer: it can't be reached, or is not asked for this kind of step."""


class Verdict(Enum):
    """What this side does."""

    LEAVE = auto()
    TAKE_UP = auto()
    DRIVE_ANEW = auto()


_FOR_US = frozenset({Answer.WANTS, Answer.OVER, Answer.UNKNOWN})


def answer_of(phase: CopyPhase) -> Answer:
    """What a phase asks of this side."""
    if phase in (CopyPhase.COPIED, CopyPhase.COMPARED, CopyPhase.NEEDS_ACCESS):
        return Answer.WANTS
    return Answer.OVER if phase in OVER else Answer.RUNNING


def verdict(answer: Answer, *, driven: bool, again: bool) -> Verdict:
    """What is done. `again`: the last look found the same answer, and the job has not moved since.

    A job that nobody here works on is taken up; what its far side says is then dealt with as after a restart, waiting included.
    """
    if not driven:
        return Verdict.TAKE_UP
    return Verdict.DRIVE_ANEW if again and answer in _FOR_US else Verdict.LEAVE


def is_silent(last_heard: datetime, now: datetime, limit: float) -> bool:
    """Whether a job is asked about; one that was heard of in the future is, for the clock was set."""
    return not timedelta(0) <= now - last_heard < timedelta(seconds=limit)


def minutes_without_news(last_heard: datetime, now: datetime, limit: float) -> int | None:
    """Whole minutes, once they are more than the limit (seconds); None where the clock says nothing of use."""
    silence = now - last_heard
    return int(silence.total_seconds() // 60) if silence >= timedelta(seconds=limit) else None
