"""Pictures of the vendor's shell."""

from __future__ import annotations

import pytest

from appliance.contract.gate import GateState
from tests.tui import vma_answers as answers
from tests.tui.opening import console_with, opened
from tests.tui.snapshots import SIZES

STATES = {
    "absent": (answers.gate(GateState.ABSENT), ()),
    "closed": (answers.gate(GateState.CLOSED, password_required=True), ()),
    "challenge": (answers.gate(GateState.CHALLENGE), ("x",)),
    "challenge-password": (answers.gate(GateState.CHALLENGE, password_required=True, tries_left=2), ()),
    "waiting": (answers.gate(GateState.WAITING), ()),
    "open": (answers.gate(GateState.OPEN), ()),
    "running": (answers.gate(GateState.RUNNING), ()),
    "password": (answers.gate(GateState.CLOSED), ("f4", "enter")),
}


@SIZES
@pytest.mark.parametrize("state", STATES)
def test_gate(snap_compare, size, state) -> None:  # type: ignore[no-untyped-def]
    found, keys = STATES[state]
    app, _ = console_with("vma", gate=found)
    assert snap_compare(app, terminal_size=size, run_before=opened("gate", *keys))
