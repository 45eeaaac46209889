"""Pictures of the audit log."""

from __future__ import annotations

import pytest

from tests.tui import vma_answers as answers
from tests.tui.opening import console_with, opened
from tests.tui.snapshots import SIZES

STATES = {"normal": answers.audit(), "empty": []}


@SIZES
@pytest.mark.parametrize("state", STATES)
def test_audit(snap_compare, size, state) -> None:  # type: ignore[no-untyped-def]
    app, _ = console_with("vma", audit=STATES[state])
    assert snap_compare(app, terminal_size=size, run_before=opened("audit"))
