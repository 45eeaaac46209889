"""Why a scheduled run is skipped: one table, read from the top. Pure.

A VM whose last cycle failed, or whose copy is torn, is not in it: the next cycle is what mends it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from appliance.contexts import VmState
from appliance.contract.errors import Fault, FaultSpec, fault

STAGNANT_AFTER = timedelta(minutes=30)
"""A job that has told nothing new for so long hangs: even one that waits for its peer tells when it goes on."""

DELETED = fault("schedule.vm_deleted", 404, "{vm} is no longer under management.", "Nothing needs to be done.")
SCHEDULE_OFF = fault(
    "schedule.off", 409, "The schedule was disabled or removed before {vm} was started.", "Enable it again if its VMs are to be replicated."
)
MISSED = fault(
    "schedule.missed",
    409,
    "The time of {vm} went by while the appliance could not start it.",
    "Start it by hand if it can't wait until next time.",
)
MIGRATED = fault("schedule.migrated", 409, "{vm} has been migrated for good.", "Take it out of the schedule or the group.")
FAILED_OVER = fault("schedule.failed_over", 409, "{vm} is failed over.", "Clean up, roll back or finalise; then it is replicated again.")
CLEANUP_REQUIRED = fault(
    "schedule.cleanup_required", 409, "{vm} has to be cleaned up after something that stopped half-way.", "Start the clean-up on its page."
)
DIVERGED = fault(
    "schedule.diverged", 409, "The copy of {vm} was started or prepared for a start.", "Clean up or roll back its failover on its page."
)
STAGNANT = fault(
    "schedule.stagnant",
    409,
    "{vm} is held by an operation that has told nothing new for half an hour.",
    "Look at that job, and cancel it if it does not go on.",
)
BUSY = fault(
    "schedule.busy", 409, "Another operation was under way for {vm}.", "Nothing needs to be done if this is rare; else run it less often."
)
ALREADY_QUEUED = fault(
    "schedule.already_queued",
    409,
    "{vm} still waits for its turn from an earlier run.",
    "Raise the limit of its group or its schedule, or run it less often.",
)
BLACKOUT = fault(
    "schedule.blackout", 409, "{vm} was due in a time without starts{window}.", "Change the schedule or the window if this is not meant."
)
UNREACHABLE = fault(
    "schedule.source_unreachable",
    503,
    "The appliance at the source of {vm} could not be reached.",
    "Check that it runs and that its tunnel is up.",
)
NO_VMS = fault("schedule.no_vms", 409, "The schedule has no VM to run for.", "Add VMs to it or to its group.")


@dataclass(frozen=True)
class VmFacts:
    """A VM as it is now. `job_told_at` is when the job that holds it told something last."""

    context_id: str
    name: str
    state: VmState
    diverged: bool
    held: bool
    job_told_at: datetime | None
    reachable: bool


@dataclass(frozen=True)
class Situation:
    """All that is asked before a run. `vm` is None once it is deleted; `blackout` is the name of the window that holds, perhaps empty."""

    now: datetime
    vm: VmFacts | None
    schedule_on: bool = True
    missed: bool = False
    queued: bool = False
    blackout: str | None = None


def _state(*states: VmState) -> Callable[[VmFacts, Situation], bool]:
    return lambda vm, _: vm.state in states


def _stagnant(vm: VmFacts, situation: Situation) -> bool:
    return vm.held and vm.job_told_at is not None and situation.now - vm.job_told_at > STAGNANT_AFTER


TABLE: tuple[tuple[FaultSpec, Callable[[VmFacts, Situation], bool]], ...] = (
    (SCHEDULE_OFF, lambda _, situation: not situation.schedule_on),
    (MISSED, lambda _, situation: situation.missed),
    (MIGRATED, _state(VmState.MIGRATED)),
    (STAGNANT, _stagnant),
    (FAILED_OVER, _state(VmState.TEST, VmState.LIVE)),
    (CLEANUP_REQUIRED, _state(VmState.CLEANUP_REQUIRED)),
    (BUSY, lambda vm, _: vm.held or vm.state is VmState.REPLICATING),
    (DIVERGED, lambda vm, _: vm.diverged),
    (ALREADY_QUEUED, lambda _, situation: situation.queued),
    (BLACKOUT, lambda _, situation: situation.blackout is not None),
    (UNREACHABLE, lambda vm, _: not vm.reachable),
)


def refusal(situation: Situation, name: str) -> Fault | None:
    """Why the VM is not to be replicated now, None when it is. `name` is what it was called when it was last known."""
    if situation.vm is None:
        return DELETED(vm=name)
    for spec, applies in TABLE:
        if applies(situation.vm, situation):
            return spec(vm=situation.vm.name, window=f" ({situation.blackout})" if situation.blackout else "")
    return None
