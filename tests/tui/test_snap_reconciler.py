"""Pictures of the reconciler."""

from __future__ import annotations

import pytest

from appliance.contract.client import UNREACHABLE
from tests.tui import operation as op
from tests.tui import reconciler_answers as some
from tests.tui.snapshots import SIZES
from tests.tui.stand_in import StandIn, console

STATES = {
    "normal": some.ALL,
    "empty": some.seen(),
    "first": some.FIRST,
    "busy": some.BUSY,
    "partly": some.PARTLY,
    "failed": UNREACHABLE(cause="the agent is away"),
}


@SIZES
@pytest.mark.parametrize("state", STATES)
def test_reconciler(snap_compare, size, state) -> None:  # type: ignore[no-untyped-def]
    app = console(StandIn("oma", op.answers(reconciliation=STATES[state])))
    assert snap_compare(app, terminal_size=size, run_before=op.opened("reconciler"))


def test_question_before_all_is_healed(snap_compare) -> None:  # type: ignore[no-untyped-def]
    app = console(StandIn("oma", op.answers(reconciliation=some.ALL)))
    assert snap_compare(app, terminal_size=(80, 25), run_before=op.opened("reconciler", "f8"))
