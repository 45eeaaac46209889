"""Pictures of the tunnel and its history."""

from __future__ import annotations

import pytest

from tests.tui import vma_answers as answers
from tests.tui.opening import console_with, opened
from tests.tui.snapshots import SIZES

STATES = {
    "normal": {"tunnel": answers.tunnels(), "tunnel_history": answers.history()},
    "failed": {"tunnel": answers.tunnels(up=False), "tunnel_history": answers.history()[1:]},
    "empty": {"tunnel": [], "tunnel_history": []},
}


@SIZES
@pytest.mark.parametrize("state", STATES)
def test_tunnel(snap_compare, size, state) -> None:  # type: ignore[no-untyped-def]
    app, _ = console_with("vma", **STATES[state])
    assert snap_compare(app, terminal_size=size, run_before=opened("tunnel"))
