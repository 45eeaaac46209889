"""Pictures of taking a VM under management."""

from __future__ import annotations

from appliance.contract.errors import FaultSpec
from tests.tui import operation as op
from tests.tui.snapshots import SIZES
from tests.tui.stand_in import StandIn, console

AWAY = FaultSpec("test.vcenter_away", 503, "The vCenter vcenter.example.net does not answer.", "Check that it runs; then look again.")
FOUND = op.found(op.line(1), op.line(2), op.line(12, power_state="poweredOff", name="webshop-database-primary"))


@SIZES
def test_a_search_found_vms(snap_compare, size) -> None:  # type: ignore[no-untyped-def]
    app = console(StandIn("oma", op.answers(op.vm(2), credentials=[op.CREDENTIAL], discover=FOUND)))
    assert snap_compare(app, terminal_size=size, run_before=op.opened("vms", "f7", *"web", "enter"))


@SIZES
def test_without_a_login(snap_compare, size) -> None:  # type: ignore[no-untyped-def]
    app = console(StandIn("oma", op.answers(credentials=[])))
    assert snap_compare(app, terminal_size=size, run_before=op.opened("vms", "f7"))


@SIZES
def test_the_vcenter_does_not_answer(snap_compare, size) -> None:  # type: ignore[no-untyped-def]
    app = console(StandIn("oma", op.answers(credentials=[op.CREDENTIAL], discover=AWAY())))
    assert snap_compare(app, terminal_size=size, run_before=op.opened("vms", "f7", *"web", "enter"))


def test_question_before_a_vm_is_protected(snap_compare) -> None:  # type: ignore[no-untyped-def]
    app = console(StandIn("oma", op.answers(credentials=[op.CREDENTIAL], discover=FOUND)))
    assert snap_compare(app, terminal_size=(80, 25), run_before=op.opened("vms", "f7", *"web", "enter", "enter"))
