"""Pictures of the console over SSH."""

from __future__ import annotations

import pytest

from tests.tui import vma_answers as answers
from tests.tui.opening import console_with, opened
from tests.tui.snapshots import SIZES

ON = answers.remote(
    enabled=True, running=True, sessions=2, password_login=True, authorised_keys=[answers.KEY, answers.RSA], port=2222
)  # fmt: skip
STATES = {
    "off": (answers.remote(), ()),
    "on": (ON, ()),
    "empty": (answers.remote(authorised_keys=[], host_keys=[]), ()),
    "failed": (answers.remote(enabled=True, problem="Another program uses port 22."), ()),
    "question": (answers.remote(), ("f8",)),
    "adding": (answers.remote(), ("f7", "f8")),
}


@SIZES
@pytest.mark.parametrize("state", STATES)
def test_remote(snap_compare, size, state) -> None:  # type: ignore[no-untyped-def]
    found, keys = STATES[state]
    app, _ = console_with("vma", remote_console=found)
    assert snap_compare(app, terminal_size=size, run_before=opened("remote", *keys))
