"""The states of a VM under management and the one table of moves between them."""

from __future__ import annotations

from enum import StrEnum

from appliance.contract.errors import fault

ILLEGAL = fault(
    "vm.wrong_state", 409, "This can't be done while the VM is {state}.", "Look at the VM's page: it shows what can be done in this state."
)


class VmState(StrEnum):
    DISCOVERED = "discovered"
    REPLICATING = "replicating"
    READY = "ready_for_failover"
    FAILED = "failed"
    TEST = "failed_over_test"
    LIVE = "failed_over_live"
    CLEANUP_REQUIRED = "cleanup_required"
    MIGRATED = "migrated"


class VmEvent(StrEnum):
    CYCLE_STARTS = "cycle starts"
    CYCLE_COMMITTED = "cycle committed"
    CYCLE_STOPPED_UNTOUCHED = "cycle failed or cancelled, target untouched"
    CYCLE_STOPPED_TORN = "cycle failed or cancelled, target touched"
    TEST_STARTED = "test VM started"
    LIVE_STARTED = "live VM started"
    FAILOVER_STUCK = "failover stopped half-way and was not undone"
    CLEANUP_DONE = "cleanup done"
    ROLLBACK_DONE = "rollback done"
    FINALISED = "finalised"
    RETURN_STUCK = "cleanup or rollback stopped half-way"
    REPAIRED = "failed-run cleanup done"
    REPAIRED_WITH_LOSS = "failed-run cleanup done, a snapshot was lost"
    RECORDS_RESTORED = "the records came back from a back-up"
    COPY_ACCEPTED = "the copy was accepted as it is after a restore"


S, E = VmState, VmEvent
TRANSITIONS: dict[tuple[VmState, VmEvent], VmState] = {
    (S.DISCOVERED, E.CYCLE_STARTS): S.REPLICATING,
    (S.READY, E.CYCLE_STARTS): S.REPLICATING,
    (S.FAILED, E.CYCLE_STARTS): S.REPLICATING,
    (S.REPLICATING, E.CYCLE_COMMITTED): S.READY,
    (S.REPLICATING, E.CYCLE_STOPPED_UNTOUCHED): S.READY,
    (S.REPLICATING, E.CYCLE_STOPPED_TORN): S.FAILED,
    (S.READY, E.TEST_STARTED): S.TEST,
    (S.READY, E.LIVE_STARTED): S.LIVE,
    (S.READY, E.FAILOVER_STUCK): S.CLEANUP_REQUIRED,
    (S.TEST, E.CLEANUP_DONE): S.READY,
    (S.LIVE, E.ROLLBACK_DONE): S.READY,
    (S.LIVE, E.FINALISED): S.MIGRATED,
    (S.TEST, E.RETURN_STUCK): S.CLEANUP_REQUIRED,
    (S.LIVE, E.RETURN_STUCK): S.CLEANUP_REQUIRED,
    (S.CLEANUP_REQUIRED, E.REPAIRED): S.READY,
    (S.CLEANUP_REQUIRED, E.REPAIRED_WITH_LOSS): S.FAILED,
    (S.READY, E.RECORDS_RESTORED): S.FAILED,
    (S.FAILED, E.COPY_ACCEPTED): S.READY,
}


def move(state: VmState, event: VmEvent) -> VmState:
    """The state after `event`. Raises the Fault `vm.wrong_state` when the table has no such move."""
    try:
        return TRANSITIONS[state, event]
    except KeyError:
        raise ILLEGAL(state=state.replace("_", " "), cause=f"{event} in {state}") from None
