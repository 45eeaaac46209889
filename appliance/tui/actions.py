"""What can be done to a VM or a job in its state, the question that is asked first, and what will happen; pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from appliance.contract.jobs import Job
from appliance.contract.replications import VmContext

ENDED = ("completed", "failed", "cancelled")
"""The states of a job that has ended."""


LONGEST_WORD = 80
"""Characters that somebody is asked to type."""


@dataclass(frozen=True)
class Action:
    """One thing that can be done. `{name}` is the VM's name; where `typed` it has to be typed. `when` is for the help."""

    key: str
    title: str
    question: str
    consequences: str
    when: str
    typed: bool = False

    def asked(self, name: str) -> tuple[str, str]:
        """The question and what will happen, about the VM of this name."""
        return self.question.replace("{name}", name), self.consequences.replace("{name}", name)

    def word(self, name: str) -> str:
        """What has to be typed: the VM's name, or what is done where the name is none that every keyboard has; nothing for most actions."""
        if not self.typed:
            return ""
        return name if name.isascii() and name.isprintable() and 0 < len(name.strip()) == len(name) <= LONGEST_WORD else self.key


SYNC = Action(
    "sync",
    "Copy what changed now",
    "Copy {name} now?",
    "A snapshot of {name} is taken in vCenter, what changed since the last copy is copied, and the snapshot is removed. "
    "The first copy, and one after a loss, is a full one. {name} goes on running.",
    "while nothing else is under way, and no failover is open",
)
TEST = Action(
    "test",
    "Test failover …",
    "Start a test failover of {name}?",
    "A new machine is made from the last copy of {name} and started on the networks chosen. "
    "{name} itself goes on running and is not touched. No copies are made until the test is cleaned up.",
    "once there is a complete copy",
)
LIVE = Action(
    "live",
    "Live failover …",
    "Move {name} for good? It will be shut down.",
    "{name} is shut down in vCenter, what changed last is copied, and a new machine takes its place on the networks chosen. "
    "Until it has started, {name} is not reachable. Afterwards it can be rolled back or finalised.",
    "once there is a complete copy",
    typed=True,
)
VERIFY = Action(
    "verify",
    "Verify the copy …",
    "Verify {name} now?",
    "What changed since the last copy is copied first. Then blocks are compared with {name} at one snapshot, "
    "and what differs is copied again. {name} goes on running.",
    "once there is a complete copy",
)
NETWORKS = Action(
    "networks",
    "Networks …",
    "Where do the adapters of {name} go?",
    "Nothing is changed before a network is chosen.",
    "before a failover",
)
CLEAN_UP = Action(
    "clean_up",
    "Clean up the test",
    "End the test of {name}?",
    "The test machine of {name} is switched off and deleted; everything written on it is lost. "
    "The copy goes back to its last consistent point. {name} itself goes on running.",
    "while a test machine runs",
)
ROLLBACK = Action(
    "rollback",
    "Roll back …",
    "Give up the new machine of {name}?",
    "The new machine of {name} is switched off and deleted; everything written on it since the failover is lost. "
    "The copy goes back to its last consistent point, and {name} in vCenter gets its networks back.",
    "after a live failover, until it is finalised",
    typed=True,
)
FINALISE = Action(
    "finalise",
    "Finalise",
    "Keep the new machine of {name} for good?",
    "The disks are handed over to the new machine and the snapshots that a rollback needs are deleted. "
    "There is no way back to {name} in vCenter afterwards, and no more copies are made.",
    "after a live failover",
    typed=True,
)
REPAIR = Action(
    "repair",
    "Clean up the failed run",
    "Clean up what was left of the failover of {name}?",
    "What the run left behind is looked for and removed: the new machine of {name} is switched off and deleted, "
    "and the copy goes back to its last consistent point. If the new machine has run with live data you are asked once more.",
    "after a failover or a clean-up that stopped half-way",
)
STOP = Action(
    "stop",
    "Stop it where it is and clean up",
    "Stop the failover of {name} and clean up?",
    "The job is ended where it is, also when it hangs and can't be cancelled; a cleanup under way goes on anew. What it made is removed: "
    "the new machine of {name} is deleted, and the copy goes back to its last consistent point. "
    "If the new machine has run with live data you are asked once more.",
    "while a failover or the way back from one is under way, or hangs",
)
DISCARD = Action(
    "discard",
    "Clean up and discard the new machine",
    "Discard the new machine of {name} and its data?",
    "The new machine of {name} has run: it may hold data that exists nowhere else. It is deleted, and that data is lost.",
    "when the new machine of a failed live run has been started",
    typed=True,
)
ACCEPT = Action(
    "accept",
    "Use the copy as it is …",
    "Use the copy of {name} though it was not compared?",
    "The records came back from a back-up. Nobody has compared the copy since: it may be newer than the records say, or be a mix of two "
    "moments, and a machine started from it may have damaged data. If {name} is still in vCenter, copy it instead: that compares "
    "everything. A test failover can be started from the copy afterwards; the next copy compares all of it nevertheless.",
    "after a restore of the records, where the source is lost",
    typed=True,
)
CANCEL = Action(
    "cancel",
    "Cancel the running job",
    "Cancel the job of {name}?",
    "",
    "while a job is running",
)
RETRY = Action(
    "retry",
    "Start the failed job again",
    "Start it again for {name}?",
    "",
    "after a job failed or was cancelled",
)

VM_ACTIONS: Mapping[str, tuple[Action, ...]] = {
    "discovered": (SYNC,),
    "replicating": (),
    "ready_for_failover": (SYNC, TEST, LIVE, VERIFY),
    "failed_over_test": (CLEAN_UP,),
    "failed_over_live": (ROLLBACK, FINALISE),
    "cleanup_required": (REPAIR,),
    "migrated": (),
    "failed": (SYNC, ACCEPT),
}
"""What each state of a VM allows while no job holds it."""

FAILING_OVER = ("ready_for_failover", "failed_over_test", "failed_over_live", "cleanup_required")
"""States in which the job that holds a VM is a failover, or a way back from one."""

EXPLAINED = (SYNC, TEST, LIVE, VERIFY, NETWORKS, CLEAN_UP, ROLLBACK, FINALISE, REPAIR, STOP, ACCEPT, CANCEL, RETRY)

_KINDS = {
    "replication": SYNC, "test_failover": TEST, "live_failover": LIVE, "cleanup": CLEAN_UP, "rollback": ROLLBACK, "finalise": FINALISE,
    "failed_cleanup": REPAIR, "verification": VERIFY,
}  # fmt: skip
"""The action that starts a job of each kind."""

_CANCELLED = {
    "replication": "The copy of {name} stops and its snapshot in vCenter is removed. "
    "If the copy was being written it stays incomplete, and can't be started, until a later copy has finished.",
    "verification": "The comparison stops and the snapshot in vCenter is removed. If it found differences that are not repaired yet, "
    "{name} can't be failed over until its next copy.",
    "test_failover": "What was made for the test of {name} is removed again, and the copy goes back to its last consistent point.",
    "live_failover": "What was made for the new machine of {name} is removed again. "
    "{name} in vCenter is switched on again if it ran before, unless the new machine had been started already.",
}
_STOPPED = "The job stops where it is. {name} then needs a clean-up, which finishes it."
_UNDONE = "The job stops, and what it did is taken back."


def vm_actions(vm: VmContext) -> list[Action]:
    """What can be done to this VM now, the usual thing first."""
    if vm.current_job_id is not None:
        return [CANCEL, STOP] if vm.current_status in FAILING_OVER else [CANCEL]
    allowed = [one for one in VM_ACTIONS.get(vm.current_status, ()) if one not in (TEST, LIVE, VERIFY) or _usable(vm)]
    if not _acceptable(vm):
        allowed = [one for one in allowed if one is not ACCEPT]
    kind = failed_kind(vm)
    # A retry asks with all checks of the first time: it is offered where its operation is.
    if vm.last_failure is not None and (kind not in _KINDS or _KINDS[kind] in allowed):
        allowed.append(RETRY)
    return [*allowed, NETWORKS] if SYNC in allowed else allowed


def job_actions(job: Job) -> list[Action]:
    """What can be done to this job now."""
    if job.status not in ENDED:
        return [] if job.status == "undoing" else [CANCEL]
    return [RETRY] if job.status != "completed" and job.kind in _KINDS else []


def failed_kind(vm: VmContext) -> str:
    """The kind of the VM's last failed job; empty where it is not known any more."""
    summary = vm.last_operation_summary or {}
    known = vm.last_failure is not None and summary.get("job_id") == vm.last_failure.job_id
    return str(summary.get("kind", "")) if known else ""


def cancelling(kind: str, title: str) -> Action:
    """The question before a job of this kind is cancelled."""
    ways_back = ("cleanup", "rollback", "finalise", "failed_cleanup")
    consequences = _CANCELLED.get(kind, _STOPPED if kind in ways_back else _UNDONE)
    return Action(CANCEL.key, CANCEL.title, f"Cancel: {title}?", consequences, CANCEL.when, typed=False)


def retrying(kind: str, title: str) -> Action:
    """The question before a job of this kind is started again: what the operation itself asks. An unknown one is confirmed by typing."""
    again = _KINDS.get(kind)
    consequences = f"What was asked for then is asked for again. {again.consequences if again else ''}".strip()
    return Action(RETRY.key, RETRY.title, f"Start again: {title}?", consequences, RETRY.when, typed=again.typed if again else True)


def _usable(vm: VmContext) -> bool:
    """Whether there is a copy that a machine may be started from."""
    return vm.consistent_at is not None and vm.torn_since is None and vm.diverged_since is None


def _acceptable(vm: VmContext) -> bool:
    """Whether the copy waits to be compared after a restore, and no copy was stopped while it wrote to it."""
    return vm.doubt == "whole" and vm.torn_since is not None and vm.diverged_since is None


def explained() -> str:
    """Every action and when it is offered, for the help."""
    return "\n".join(f"{one.title.removesuffix(' …')}: {one.when}." for one in EXPLAINED)
