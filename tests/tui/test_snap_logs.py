"""Pictures of the log."""

from __future__ import annotations

import pytest

from appliance.contract.system import LogPage
from tests.tui import vma_answers as answers
from tests.tui.opening import console_with, opened
from tests.tui.snapshots import SIZES

STATES = {
    "normal": (answers.log(12), ()),
    "busy": (answers.log(1500), ("pageup",)),
    "empty": (LogPage(entries=[], last=0), ("f6",)),
    "filter": (answers.log(12), ("f3", "d", "b", "0", "1")),
}


@SIZES
@pytest.mark.parametrize("state", STATES)
def test_log(snap_compare, size, state) -> None:  # type: ignore[no-untyped-def]
    page, keys = STATES[state]
    app, _ = console_with("vma", logs=lambda after=-1, **_: page if after < 0 else LogPage(entries=[], last=page.last))
    assert snap_compare(app, terminal_size=size, run_before=opened("logs", *keys))
