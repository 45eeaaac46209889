"""Pictures of the idle screen, the menu, power and help."""

from __future__ import annotations

from datetime import timedelta

import pytest

from appliance.contract.setup import Stage
from appliance.contract.status import Failure, Health, Part
from tests.tui.snapshots import SIZES, after
from tests.tui.stand_in import NOW, StandIn, common, console, healthy, network_state, set_up, status_of

FAILURE = Failure(
    at=NOW - timedelta(minutes=7), job_id="job-1", title="Copy of web01", message="The disk is larger than the volume.",
    guidance="Start the copy again; the volume is grown first.",
)  # fmt: skip

IDLE = {
    "normal": common("oma"),
    "empty": common("vma") | {"status": status_of("vma", tunnels=[], addresses=[]), "setup": set_up(Stage.WELCOME)},
    "failed": common("oma") | {"status": status_of("oma", last_failure=FAILURE)},
}


@SIZES
@pytest.mark.parametrize("state", IDLE)
def test_idle_screen(snap_compare, size, state) -> None:  # type: ignore[no-untyped-def]
    role = "vma" if state == "empty" else "oma"
    app = console(StandIn(role, IDLE[state] | {"setup": set_up()}))
    assert snap_compare(app, terminal_size=size, run_before=after())


@SIZES
@pytest.mark.parametrize("role", ["oma", "vma"])
def test_menu(snap_compare, size, role) -> None:  # type: ignore[no-untyped-def]
    assert snap_compare(console(StandIn(role, common(role))), terminal_size=size, run_before=after("f2"))


@SIZES
def test_menu_of_an_appliance_in_trouble(snap_compare, size) -> None:  # type: ignore[no-untyped-def]
    ill = Health(state="degraded", parts={**healthy().parts, "tunnel": Part(state="degraded", detail="Not connected: vma1.")})
    app = console(StandIn("oma", common("oma") | {"health": ill, "network": network_state()}))
    assert snap_compare(app, terminal_size=size, run_before=after("f2"))


@SIZES
def test_help(snap_compare, size) -> None:  # type: ignore[no-untyped-def]
    assert snap_compare(console(StandIn("oma", common("oma"))), terminal_size=size, run_before=after("f2", "f1"))


@SIZES
def test_power(snap_compare, size) -> None:  # type: ignore[no-untyped-def]
    assert snap_compare(console(StandIn("oma", common("oma"))), terminal_size=size, run_before=after("f12"))


@SIZES
def test_first_screen_after_it_has_crashed_again_and_again(snap_compare, size) -> None:  # type: ignore[no-untyped-def]
    app = console(StandIn("oma", common("oma")), crashed="Migration Appliance (ValueError).", fall_back=True)
    assert snap_compare(app, terminal_size=size, run_before=after())
