"""Pictures of a VM's page, its actions and the questions before them, and a failover's form."""

from __future__ import annotations

import pytest

from appliance.contract.replications import VmContext
from tests.tui import operation as op
from tests.tui.snapshots import SIZES
from tests.tui.stand_in import StandIn, console

DONE = op.cycle(status="completed", completed_at=op.NOW)
PAGES = {
    "normal": (op.vm(1), [op.job(1, "completed")], [DONE]),
    "empty": (op.vm(1, current_status="discovered", consistent_at=None, last_operation_summary=None), [], []),
    "busy": (op.copying(1), [op.job(1), op.job(2, "completed")], [op.cycle()]),
    "failed": (op.failed(1), [op.job(1, "failed"), op.job(2, "completed")], [DONE]),
}


def app_for(vm: VmContext, jobs, cycles, **changes: object):  # type: ignore[no-untyped-def]
    return console(StandIn("oma", op.answers(vm, jobs=jobs, cycles=cycles, **changes)))


@SIZES
@pytest.mark.parametrize("state", PAGES)
def test_vm_page(snap_compare, size, state) -> None:  # type: ignore[no-untyped-def]
    assert snap_compare(app_for(*PAGES[state]), terminal_size=size, run_before=op.vm_page())


def test_disks_of_a_vm(snap_compare) -> None:  # type: ignore[no-untyped-def]
    assert snap_compare(app_for(*PAGES["busy"]), terminal_size=(80, 25), run_before=op.vm_page("f6"))


def test_actions_of_a_vm(snap_compare) -> None:  # type: ignore[no-untyped-def]
    assert snap_compare(app_for(*PAGES["normal"]), terminal_size=(80, 25), run_before=op.vm_page("f4"))


def test_question_before_finalising(snap_compare) -> None:  # type: ignore[no-untyped-def]
    live = op.vm(1, current_status="failed_over_live")
    assert snap_compare(app_for(live, [], []), terminal_size=(80, 25), run_before=op.vm_page("f4", "down", "enter"))


@SIZES
def test_form_of_a_live_failover(snap_compare, size) -> None:  # type: ignore[no-untyped-def]
    assert snap_compare(app_for(*PAGES["normal"]), terminal_size=size, run_before=op.vm_page("f4", "down", "down", "enter"))


def test_question_before_a_live_failover(snap_compare) -> None:  # type: ignore[no-untyped-def]
    app = app_for(*PAGES["normal"])
    assert snap_compare(app, terminal_size=(80, 25), run_before=op.vm_page("f4", "down", "down", "enter", "f8", "f8"))
