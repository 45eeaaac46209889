"""Pictures of what a VMA does at its vCenter: logins, transfers, snapshots."""

from __future__ import annotations

import pytest

from tests.tui import vma_answers as answers
from tests.tui.opening import console_with, opened
from tests.tui.snapshots import SIZES

STATES = {
    "vcenters-normal": ("vcenters", {"vcenters": answers.vcenters()}, ()),
    "vcenters-failed": ("vcenters", {"vcenters": answers.vcenters()}, ("down",)),
    "vcenters-empty": ("vcenters", {"vcenters": []}, ()),
    "transfers-normal": ("transfers", {"transfers": answers.transfers()}, ()),
    "transfers-busy": ("transfers", {"transfers": answers.transfers(20)}, ("down",)),
    "transfers-empty": ("transfers", {"transfers": []}, ()),
    "snapshots-normal": ("snapshots", {"held_snapshots": answers.snapshots()}, ("down",)),
    "snapshots-empty": ("snapshots", {"held_snapshots": []}, ()),
}


@SIZES
@pytest.mark.parametrize("state", STATES)
def test_source(snap_compare, size, state) -> None:  # type: ignore[no-untyped-def]
    name, found, keys = STATES[state]
    app, _ = console_with("vma", **found)
    assert snap_compare(app, terminal_size=size, run_before=opened(name, *keys))
