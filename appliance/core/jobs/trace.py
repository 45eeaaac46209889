"""For which job the code that runs now is at work: known to every line of the log without being handed around."""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass


@dataclass
class Trace:
    """A job under way. `correlation_id` is the same in all systems that work for one request; `over` once the job is let go."""

    job_id: str = ""
    correlation_id: str = ""
    over: bool = False


_NOTHING = Trace()
_TRACE: ContextVar[Trace] = ContextVar("trace", default=_NOTHING)


def begin(job_id: str, correlation_id: str) -> Trace:
    """From now on this task, and the tasks and threads that it starts, work for a job."""
    trace = Trace(job_id, correlation_id)
    _TRACE.set(trace)
    return trace


def current() -> Trace:
    """The job at work here, with empty ids where none is."""
    trace = _TRACE.get()
    # A task that outlives the job that started it (a connection that is kept) works for nobody in particular.
    return _NOTHING if trace.over else trace
