"""Pictures of CloudStack configurations and their three steps."""

from __future__ import annotations

import pytest

from tests.tui import oma_answers as oma
from tests.tui.snapshots import SIZES
from tests.tui.stand_in import StandIn, console

EDIT = ("enter", "down", "enter")
LISTS = {
    "normal": (oma.answers(), ()),
    "empty": (oma.answers(configs=[]), ()),
    "failed": (oma.answers(discover_resources=oma.CLOUD_AWAY()), ()),
}
STEPS = {
    "connect-normal": (oma.answers(), EDIT),
    "connect-failed": (oma.answers(test_connection=oma.KEYS_REFUSED()), (*EDIT, "f8")),
    "found-normal": (oma.answers(), (*EDIT, "f8")),
    "choice-normal": (oma.answers(), (*EDIT, "f8", "f8")),
    "choice-empty": (oma.answers(configs=[oma.config(zone="", disk_offering_id="", network_id="")]), (*EDIT, "f8", "f8")),
    "choice-list": (oma.answers(), (*EDIT, "f8", "f8", "down", "down", "down", "down", "enter")),
}


@SIZES
@pytest.mark.parametrize("state", LISTS)
def test_clouds(snap_compare, size, state) -> None:  # type: ignore[no-untyped-def]
    answers, keys = LISTS[state]
    assert snap_compare(console(StandIn("oma", answers)), terminal_size=size, run_before=oma.opened("clouds", *keys))


@SIZES
@pytest.mark.parametrize("state", STEPS)
def test_step(snap_compare, size, state) -> None:  # type: ignore[no-untyped-def]
    answers, keys = STEPS[state]
    assert snap_compare(console(StandIn("oma", answers)), terminal_size=size, run_before=oma.opened("clouds", *keys))


@SIZES
@pytest.mark.parametrize("state", ["failed", "normal"])
def test_checks(snap_compare, size, state) -> None:  # type: ignore[no-untyped-def]
    answers = oma.answers(validate_config=oma.VALIDATION if state == "failed" else oma.GOOD)
    assert snap_compare(console(StandIn("oma", answers)), terminal_size=size, run_before=oma.opened("clouds", "f6", "down", "down", "down"))
