"""Pictures of vCenter credentials."""

from __future__ import annotations

import pytest

from tests.tui import oma_answers as oma
from tests.tui.snapshots import SIZES
from tests.tui.stand_in import StandIn, console

LISTS = {
    "normal": (oma.answers(), ()),
    "empty": (oma.answers(credentials=[]), ()),
    "failed": (oma.answers(test_credential=oma.REFUSED), ("f6",)),
}
TYPED = ("f7", *"production", "tab", "tab", *"vcenter.example.net", "tab", "tab", *"migrate", "tab", *"secret")
FORMS = {
    "normal": (oma.answers(), ("enter", "down", "enter")),
    "failed": (oma.answers(certificate=oma.VCENTER_AWAY()), (*TYPED, "f8")),
}


@SIZES
@pytest.mark.parametrize("state", LISTS)
def test_credentials(snap_compare, size, state) -> None:  # type: ignore[no-untyped-def]
    answers, keys = LISTS[state]
    assert snap_compare(console(StandIn("oma", answers)), terminal_size=size, run_before=oma.opened("credentials", *keys))


@SIZES
@pytest.mark.parametrize("state", FORMS)
def test_form(snap_compare, size, state) -> None:  # type: ignore[no-untyped-def]
    answers, keys = FORMS[state]
    assert snap_compare(console(StandIn("oma", answers)), terminal_size=size, run_before=oma.opened("credentials", *keys))


@SIZES
def test_certificate(snap_compare, size) -> None:  # type: ignore[no-untyped-def]
    assert snap_compare(console(StandIn("oma", oma.answers())), terminal_size=size, run_before=oma.opened("credentials", *TYPED, "f8"))
