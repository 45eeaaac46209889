"""Pictures of the list of VMs."""

from __future__ import annotations

import pytest

from tests.tui import operation as op
from tests.tui.snapshots import SIZES
from tests.tui.stand_in import StandIn, console

STATES = {
    "normal": op.every_state(),
    "empty": [],
    "busy": [op.copying(number, percent=number * 4.9) for number in range(1, 21)] + [op.vm(number) for number in range(21, 60)],
}


@SIZES
@pytest.mark.parametrize("state", STATES)
def test_vms(snap_compare, size, state) -> None:  # type: ignore[no-untyped-def]
    app = console(StandIn("oma", op.answers(*STATES[state])))
    assert snap_compare(app, terminal_size=size, run_before=op.opened("vms"))


@SIZES
def test_vms_with_failures(snap_compare, size) -> None:  # type: ignore[no-untyped-def]
    broken = [op.failed(1), op.failed(2, consistent_at=None), op.failed(3, current_status="cleanup_required", torn_since=None)]
    app = console(StandIn("oma", op.answers(*broken)))
    assert snap_compare(app, terminal_size=size, run_before=op.opened("vms", "down"))


def test_vms_narrowed_by_typing(snap_compare) -> None:  # type: ignore[no-untyped-def]
    app = console(StandIn("oma", op.answers(*op.every_state())))
    assert snap_compare(app, terminal_size=(80, 25), run_before=op.opened("vms", "f3", *"fail"))
