"""Pictures of the set-up's steps with what was given at deployment."""

from __future__ import annotations

import pytest

from appliance.contract.provided import Provided
from appliance.contract.setup import Stage
from tests.tui.provided_answers import FLAWED, FOR_VMA, GIVEN, NAMED, fresh
from tests.tui.snapshots import SIZES, after
from tests.tui.stand_in import console
from tests.tui.test_snap_wizard import at

STATES: dict[str, Provided] = {"given": GIVEN, "flawed": FLAWED, "named": NAMED}


@SIZES
@pytest.mark.parametrize("state", STATES)
def test_network_filled_in(snap_compare, size, state) -> None:  # type: ignore[no-untyped-def]
    stand_in = at(Stage.NETWORK, network=fresh(), provided=STATES[state])
    assert snap_compare(console(stand_in), terminal_size=size, run_before=after())


@SIZES
def test_pairing_filled_in(snap_compare, size) -> None:  # type: ignore[no-untyped-def]
    assert snap_compare(console(at(Stage.PAIRING, "vma", provided=FOR_VMA)), terminal_size=size, run_before=after())
