"""A failover that hangs is stopped and cleaned up from the VM's page."""

from __future__ import annotations

import pytest

from appliance.contract.failover import StartFailedCleanup
from appliance.contract.types import JobRef
from appliance.tui import actions
from tests.tui import operation as op
from tests.tui.stand_in import StandIn, console


@pytest.mark.parametrize("state", ["ready_for_failover", "failed_over_test", "failed_over_live", "cleanup_required"])
def test_a_vm_that_a_failover_holds_can_be_stopped_where_it_is(state: str) -> None:
    held = op.vm(current_status=state, current_job_id="job-1")
    assert [one.key for one in actions.vm_actions(held)] == ["cancel", "stop"]


async def test_stopping_asks_first_and_then_cleans_up() -> None:
    held = op.vm(1, current_job_id="job-1")
    stand_in = StandIn("oma", op.answers(held, jobs=[], cleanup_failed=JobRef(job_id="job-7")))
    async with console(stand_in).run_test(size=(80, 25)) as pilot:
        await op.opened("vms", "enter", "f4", "down", "enter")(pilot)
        assert not stand_in.called("cleanup_failed")
        await op.pressed(pilot, ["f8"])
        assert stand_in.called("cleanup_failed") == [{"vm": "ctx-0001", "body": StartFailedCleanup()}]
