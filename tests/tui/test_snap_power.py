"""Pictures of power: jobs under way, an agent that is away, the question."""

from __future__ import annotations

import pytest

from appliance.contract.client import UNREACHABLE
from tests.tui import vma_answers as answers
from tests.tui.opening import console_with, opened
from tests.tui.snapshots import SIZES

STATES = {
    "busy": ({"jobs": [answers.job(), answers.job(title="Copy of web01", current_operation="Copying disk 2000")]}, ()),
    "absent": ({"jobs": UNREACHABLE(), "setup": UNREACHABLE()}, ("enter",)),
    "question": ({"jobs": [answers.job()]}, ("enter",)),
}


@SIZES
@pytest.mark.parametrize("state", STATES)
def test_power(snap_compare, size, state) -> None:  # type: ignore[no-untyped-def]
    found, keys = STATES[state]
    app, _ = console_with("vma", **found)
    assert snap_compare(app, terminal_size=size, run_before=opened("power", *keys))
