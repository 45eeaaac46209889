"""How an operation on a VM ended: what ran, with what figures, and what to do next (pure)."""

from __future__ import annotations

from typing import Any

from appliance.contexts.states import VmState
from appliance.core.jobs import Job, JobStatus, StepStatus
from appliance.core.store import utcnow

_NEXT = {
    VmState.DISCOVERED: "Start the first copy of the VM.",
    VmState.REPLICATING: "Wait until the copy has ended.",
    VmState.READY: "Test failover or live failover can be started; further copies move only what changed.",
    VmState.TEST: "Look at the test machine, then clean the test up: no copies are made meanwhile.",
    VmState.LIVE: "Check the new machine, then finalise; or roll back to the source.",
    VmState.CLEANUP_REQUIRED: "Clean up the failed run: it looks at what is there and brings the VM back.",
    VmState.MIGRATED: "Nothing is left to do: the VM has moved.",
    VmState.FAILED: "Start a copy: no failover is possible before one has succeeded.",
}
_READY_STILL = "The last complete copy is still good. Start the operation again once its reason is mended."


def next_step(state: str, status: str) -> str:
    """What to do with a VM in this state after an operation that ended so, in a sentence."""
    if status != JobStatus.COMPLETED and state == VmState.READY:
        return _READY_STILL
    return _NEXT[VmState(state)]


def summary(job: Job, state: str, figures: dict[str, Any] | None = None) -> dict[str, Any]:
    """How a job ended, as its VM keeps it until the next one ends. Times are ISO 8601, `seconds` from start to end."""
    ended = job.completed_at or utcnow()
    stopped = next((one for one in job.steps if one.error), None)
    return {
        "job_id": job.id,
        "kind": job.kind,
        "title": job.title,
        "status": job.status,
        "error": {key: job.error[key] for key in ("key", "message", "guidance")} if job.error else None,
        "at": ended.isoformat(),
        "started_at": job.started_at.isoformat() if job.started_at else None,
        "seconds": round((ended - job.started_at).total_seconds(), 1) if job.started_at else None,
        "steps_done": sum(one.status == StepStatus.COMPLETED for one in job.steps),
        "steps": len(job.steps),
        "stopped_at": stopped.title if stopped else None,
        "figures": figures or {},
        "state": state,
        "next_step": next_step(state, job.status),
    }


def in_state(told: dict[str, Any], state: str) -> dict[str, Any]:
    """The same summary after the VM has moved on to another state."""
    return {**told, "state": state, "next_step": next_step(state, str(told.get("status", "")))}
