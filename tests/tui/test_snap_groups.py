"""Pictures of machine groups, a group's page and its form."""

from __future__ import annotations

import pytest

from appliance.schedules.faults import NAME_TAKEN
from tests.tui import operation as op
from tests.tui import schedule_answers as some
from tests.tui.snapshots import SIZES
from tests.tui.stand_in import StandIn, console


@SIZES
@pytest.mark.parametrize("state", [{}, some.EMPTY], ids=["normal", "empty"])
def test_groups(snap_compare, size, state) -> None:  # type: ignore[no-untyped-def]
    app = console(StandIn("oma", some.answers(**state)))
    assert snap_compare(app, terminal_size=size, run_before=op.opened("groups"))


@SIZES
@pytest.mark.parametrize("state", [{}, {"members": []}], ids=["normal", "empty"])
def test_group_page(snap_compare, size, state) -> None:  # type: ignore[no-untyped-def]
    app = console(StandIn("oma", some.answers(**state)))
    assert snap_compare(app, terminal_size=size, run_before=op.opened("groups", "enter"))


@SIZES
def test_group_form(snap_compare, size) -> None:  # type: ignore[no-untyped-def]
    taken = NAME_TAKEN(noun="machine group", name="web")
    app = console(StandIn("oma", some.answers(create_group=taken)))
    assert snap_compare(app, terminal_size=size, run_before=op.opened("groups", "f7", *"web", "f8"))
