"""Pictures of the support bundles."""

from __future__ import annotations

import pytest

from tests.tui import vma_answers as answers
from tests.tui.opening import console_with, opened
from tests.tui.snapshots import SIZES

STATES = {
    "normal": {"bundles": answers.bundles()},
    "empty": {"bundles": []},
    "busy": {"bundles": answers.bundles(), "jobs": [answers.job()], "job": answers.job()},
    "failed": {"bundles": answers.bundles(), "jobs": [answers.job()], "job": answers.job("failed")},
}


@SIZES
@pytest.mark.parametrize("state", STATES)
def test_support(snap_compare, size, state) -> None:  # type: ignore[no-untyped-def]
    app, _ = console_with("vma", **STATES[state])
    assert snap_compare(app, terminal_size=size, run_before=opened("support"))
