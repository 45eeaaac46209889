"""Pictures of windows and of a window's form."""

from __future__ import annotations

import pytest

from appliance.schedules.faults import ZONE_UNKNOWN
from tests.tui import operation as op
from tests.tui import schedule_answers as some
from tests.tui.snapshots import SIZES
from tests.tui.stand_in import StandIn, console

HOLDING = {"windows_now": some.now_of(some.OFFICE, some.LIMIT.bytes_per_second)}


@SIZES
@pytest.mark.parametrize("state", [{}, HOLDING, some.EMPTY], ids=["normal", "busy", "empty"])
def test_windows(snap_compare, size, state) -> None:  # type: ignore[no-untyped-def]
    app = console(StandIn("oma", some.answers(**state)))
    assert snap_compare(app, terminal_size=size, run_before=op.opened("windows"))


@SIZES
def test_window_form(snap_compare, size) -> None:  # type: ignore[no-untyped-def]
    refused = ZONE_UNKNOWN(zone="Europe/Berlin")
    app = console(StandIn("oma", some.answers(save_windows=refused)))
    assert snap_compare(app, terminal_size=size, run_before=op.opened("windows", "down", "enter", "enter", "f8"))
