"""The states of a job and the one table of moves between them."""

from __future__ import annotations

from enum import StrEnum


class JobStatus(StrEnum):
    PENDING = "pending"
    RUNNING = "running"
    WAITING = "waiting"
    UNDOING = "undoing"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"


class JobEvent(StrEnum):
    START = "start"
    WAIT = "wait"
    GO_ON = "go on"
    STOP = "stop"
    FINISH = "finish"
    FAIL = "fail"
    CANCEL = "cancel"


class StepStatus(StrEnum):
    PENDING = "pending"
    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"
    UNDONE = "undone"
    UNDO_FAILED = "undo_failed"


ENDED = frozenset({JobStatus.COMPLETED, JobStatus.FAILED, JobStatus.CANCELLED})

TRANSITIONS: dict[tuple[JobStatus, JobEvent], JobStatus] = {
    (JobStatus.PENDING, JobEvent.START): JobStatus.RUNNING,
    (JobStatus.RUNNING, JobEvent.WAIT): JobStatus.WAITING,
    (JobStatus.WAITING, JobEvent.GO_ON): JobStatus.RUNNING,
    (JobStatus.PENDING, JobEvent.STOP): JobStatus.UNDOING,
    (JobStatus.RUNNING, JobEvent.STOP): JobStatus.UNDOING,
    (JobStatus.WAITING, JobEvent.STOP): JobStatus.UNDOING,
    (JobStatus.RUNNING, JobEvent.FINISH): JobStatus.COMPLETED,
    (JobStatus.UNDOING, JobEvent.FAIL): JobStatus.FAILED,
    (JobStatus.UNDOING, JobEvent.CANCEL): JobStatus.CANCELLED,
}


class IllegalMove(Exception):
    """A move of a job that the table does not have: a fault of our own."""


def move(status: JobStatus, event: JobEvent) -> JobStatus:
    """The state after `event`. Raises IllegalMove when the table has no such move."""
    try:
        return TRANSITIONS[status, event]
    except KeyError:
        raise IllegalMove(f"{event} in state {status}") from None
