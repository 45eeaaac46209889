"""Pictures of schedules, a schedule's page and its form."""

from __future__ import annotations

import pytest

from appliance.schedules.faults import CRON_UNREADABLE
from tests.tui import operation as op
from tests.tui import schedule_answers as some
from tests.tui.snapshots import SIZES
from tests.tui.stand_in import StandIn, console

UNREADABLE = CRON_UNREADABLE(detail="75 is no minute")


@SIZES
@pytest.mark.parametrize("state", [{}, some.EMPTY], ids=["normal", "empty"])
def test_schedules(snap_compare, size, state) -> None:  # type: ignore[no-untyped-def]
    app = console(StandIn("oma", some.answers(**state)))
    assert snap_compare(app, terminal_size=size, run_before=op.opened("schedules"))


@SIZES
@pytest.mark.parametrize("state", [{}, {"schedule_history": []}], ids=["normal", "empty"])
def test_schedule_page(snap_compare, size, state) -> None:  # type: ignore[no-untyped-def]
    app = console(StandIn("oma", some.answers(**state)))
    assert snap_compare(app, terminal_size=size, run_before=op.opened("schedules", "enter"))


def test_next_runs(snap_compare) -> None:  # type: ignore[no-untyped-def]
    app = console(StandIn("oma", some.answers()))
    assert snap_compare(app, terminal_size=(80, 25), run_before=op.opened("schedules", "enter", "f6"))


async def _typed(pilot) -> None:  # type: ignore[no-untyped-def]
    await op.opened("schedules", "f7", *"nightly")(pilot)
    await pilot.pause(0.5)


@SIZES
@pytest.mark.parametrize("state", [{}, {"preview_line": UNREADABLE}], ids=["normal", "failed"])
def test_schedule_form(snap_compare, size, state) -> None:  # type: ignore[no-untyped-def]
    app = console(StandIn("oma", some.answers(**state)))
    assert snap_compare(app, terminal_size=size, run_before=_typed)


def test_choosing_vms(snap_compare) -> None:  # type: ignore[no-untyped-def]
    app = console(StandIn("oma", some.answers()))
    assert snap_compare(app, terminal_size=(80, 25), run_before=op.opened("schedules", "f7", "f3", "enter"))
