"""Pictures of the services."""

from __future__ import annotations

import pytest

from appliance.contract.status import Health, Part
from tests.tui.opening import console_with, opened
from tests.tui.snapshots import SIZES
from tests.tui.stand_in import healthy

ILL = Health(
    state="failed",
    parts={
        **healthy().parts,
        "recovery": Part(state="ok", detail="3 unfinished jobs were taken up."),
        "tunnel": Part(state="degraded", detail="Not connected to the other appliance."),
        "database": Part(state="failed", detail="The disk that holds the appliance's data is full; free some space on it."),
    },
)
STATES = {"normal": healthy(), "failed": ILL}


@SIZES
@pytest.mark.parametrize("state", STATES)
def test_services(snap_compare, size, state) -> None:  # type: ignore[no-untyped-def]
    app, _ = console_with("oma", health=STATES[state])
    assert snap_compare(app, terminal_size=size, run_before=opened("services"))
