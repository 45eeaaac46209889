"""Why a run is skipped: every row of the table, which one is told first, and what is no reason."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from appliance.contexts import VmState
from appliance.schedules import conflicts
from appliance.schedules.conflicts import STAGNANT_AFTER, TABLE, Situation, VmFacts, refusal

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
LONG_AGO = NOW - STAGNANT_AFTER - timedelta(seconds=1)
FREE = VmFacts("ctx-1", "web", VmState.READY, diverged=False, held=False, job_told_at=None, reachable=True)
FINE = Situation(NOW, FREE)


def vm(**changed: object) -> Situation:
    return replace(FINE, vm=replace(FREE, **changed))  # type: ignore[arg-type]


REASONS = {
    "schedule.vm_deleted": replace(FINE, vm=None),
    "schedule.off": replace(FINE, schedule_on=False),
    "schedule.missed": replace(FINE, missed=True),
    "schedule.migrated": vm(state=VmState.MIGRATED),
    "schedule.stagnant": vm(held=True, job_told_at=LONG_AGO),
    "schedule.failed_over": vm(state=VmState.TEST),
    "schedule.cleanup_required": vm(state=VmState.CLEANUP_REQUIRED),
    "schedule.busy": vm(held=True, job_told_at=NOW),
    "schedule.diverged": vm(diverged=True),
    "schedule.already_queued": replace(FINE, queued=True),
    "schedule.blackout": replace(FINE, blackout="Month end"),
    "schedule.source_unreachable": vm(reachable=False),
}


@pytest.mark.parametrize("key", REASONS)
def test_a_run_is_skipped_with_the_reason(key: str) -> None:
    found = refusal(REASONS[key], "web")
    assert found is not None and found.key == key
    assert "web" in found.message and found.guidance.endswith(".")


def test_every_row_of_the_table_is_tried_here() -> None:
    assert {spec.key for spec, _ in TABLE} | {conflicts.DELETED.key} == set(REASONS)


@pytest.mark.parametrize("state", [VmState.DISCOVERED, VmState.READY, VmState.FAILED])
def test_a_vm_that_is_new_in_step_or_torn_is_replicated(state: VmState) -> None:
    assert refusal(vm(state=state), "web") is None


@pytest.mark.parametrize(
    ("state", "key"),
    [
        (VmState.REPLICATING, "schedule.busy"),
        (VmState.TEST, "schedule.failed_over"),
        (VmState.LIVE, "schedule.failed_over"),
        (VmState.CLEANUP_REQUIRED, "schedule.cleanup_required"),
        (VmState.MIGRATED, "schedule.migrated"),
    ],
)
def test_no_other_state_lets_a_run_through(state: VmState, key: str) -> None:
    found = refusal(vm(state=state), "web")
    assert found is not None and found.key == key


@pytest.mark.parametrize(
    ("changed", "key"),
    [
        ({"held": True, "state": VmState.TEST, "job_told_at": NOW}, "schedule.failed_over"),
        ({"held": True, "state": VmState.REPLICATING, "job_told_at": LONG_AGO, "reachable": False}, "schedule.stagnant"),
        ({"diverged": True, "state": VmState.TEST}, "schedule.failed_over"),
        ({"diverged": True, "state": VmState.CLEANUP_REQUIRED}, "schedule.cleanup_required"),
        ({"held": True, "reachable": False}, "schedule.busy"),
    ],
)
def test_of_several_reasons_the_one_that_says_most_is_told(changed: dict[str, object], key: str) -> None:
    found = refusal(vm(**changed), "web")
    assert found is not None and found.key == key


def test_a_blackout_is_named_if_it_has_a_name() -> None:
    named, nameless = (refusal(replace(FINE, blackout=name), "web") for name in ("Month end", ""))
    assert named is not None and named.message == "web was due in a time without starts (Month end)."
    assert nameless is not None and nameless.message == "web was due in a time without starts."


def test_a_name_with_braces_is_told_as_it_is() -> None:
    found = refusal(vm(name="{vm} {0}", held=True), "x")
    assert found is not None and "{vm} {0}" in found.message
