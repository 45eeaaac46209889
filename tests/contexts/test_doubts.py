"""Copies whose records came back from a back-up: in doubt until compared, or accepted as they are."""

from datetime import UTC, datetime
from typing import Any

import pytest

from appliance.contexts import VmContext, VmState, doubts
from appliance.contexts.doubts import Doubt
from appliance.contract.errors import Fault

NOW, BEFORE = datetime(2026, 1, 2, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC)
POINT = {"job_id": "job-1", "at": "2026-01-01T00:00:00+00:00", "change_ids": {"disk-2000": "52/7"}}


def vm(**values: Any) -> VmContext:
    return VmContext(**{"vm_name": "web", "current_status": VmState.READY, "consistent_point": POINT, **values})


def restored(**values: Any) -> VmContext:
    made = vm(**values)
    doubts.cast(made, NOW)
    return made


@pytest.mark.parametrize(
    ("values", "doubt", "torn", "state"),
    [
        ({}, Doubt.WHOLE, NOW, VmState.FAILED),
        ({"torn_since": BEFORE, "current_status": VmState.FAILED}, Doubt.WRITTEN, BEFORE, VmState.FAILED),
        ({"current_status": VmState.REPLICATING}, Doubt.WRITTEN, NOW, VmState.REPLICATING),
        ({"current_status": VmState.TEST, "diverged_since": BEFORE}, Doubt.WHOLE, NOW, VmState.TEST),
        ({"current_status": VmState.MIGRATED}, None, None, VmState.MIGRATED),
        ({"consistent_point": None, "current_status": VmState.DISCOVERED}, None, None, VmState.DISCOVERED),
    ],
)
def test_a_restored_copy_is_not_ready(values: dict[str, Any], doubt: Doubt | None, torn: datetime | None, state: VmState) -> None:
    context = restored(**values)
    for _ in range(2):  # a restore that is taken up again
        assert (doubts.of(context), context.torn_since, context.current_status) == (doubt, torn, state)
        doubts.cast(context, BEFORE if torn is BEFORE else NOW)


def test_its_change_ids_are_kept_for_the_next_copy() -> None:
    assert (restored().consistent_point or {})["change_ids"] == POINT["change_ids"]


def test_an_operator_can_take_it_as_it_is_and_the_next_copy_compares_it_nevertheless() -> None:
    context = restored()
    doubts.accept(context)
    assert (context.torn_since, context.current_status, doubts.of(context)) == (None, VmState.READY, Doubt.WHOLE)


def test_what_was_accepted_is_in_doubt_again_after_another_restore() -> None:
    context = restored()
    doubts.accept(context)
    doubts.cast(context, NOW)
    assert (context.torn_since, context.current_status, doubts.of(context)) == (NOW, VmState.FAILED, Doubt.WHOLE)


@pytest.mark.parametrize(
    ("values", "key"),
    [
        ({"torn_since": BEFORE, "current_status": VmState.FAILED}, "vm.copy_not_in_doubt"),
        ({"current_status": VmState.TEST, "diverged_since": BEFORE}, "vm.copy_not_in_doubt"),
        ({"current_job_id": "job-2"}, "vm.busy"),
        ({"consistent_point": None}, "vm.copy_not_in_doubt"),
    ],
)
def test_what_may_be_half_written_is_never_accepted(values: dict[str, Any], key: str) -> None:
    with pytest.raises(Fault) as refused:
        doubts.accept(restored(**values))
    assert refused.value.key == key


def test_a_copy_that_began_to_write_can_not_be_accepted_any_more() -> None:
    context = restored()
    doubts.note_writing(context)
    with pytest.raises(Fault) as refused:
        doubts.accept(context)
    assert refused.value.key == "vm.copy_not_in_doubt"


def test_a_sound_copy_needs_no_accepting_and_is_never_doubted_by_a_cycle() -> None:
    context = vm()
    doubts.note_writing(context)
    assert (context.consistent_point, doubts.carried(context, {"job_id": "job-2"})) == (POINT, {"job_id": "job-2"})
    with pytest.raises(Fault):
        doubts.accept(context)
