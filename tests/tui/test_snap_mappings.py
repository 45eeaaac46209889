"""Pictures of network mappings, for all VMs and for one, and of a test failover's networks."""

from __future__ import annotations

import pytest

from appliance.contract.client import UNREACHABLE
from appliance.tui.screens.network_mappings import VmMappingsScreen
from tests.tui import mapping_answers as some
from tests.tui import operation as op
from tests.tui.snapshots import SIZES, settled
from tests.tui.stand_in import StandIn, console

STATES = {
    "normal": some.DEFAULTS,
    "empty": some.NOTHING,
    "failed": UNREACHABLE(cause="the agent is away"),
}


@SIZES
@pytest.mark.parametrize("state", STATES)
def test_network_mappings(snap_compare, size, state) -> None:  # type: ignore[no-untyped-def]
    app = console(StandIn("oma", op.answers(network_mappings=STATES[state])))
    keys = ("down",) if state == "normal" else ()
    assert snap_compare(app, terminal_size=size, run_before=op.opened("mappings", *keys))


def test_a_target_is_picked_by_name(snap_compare) -> None:  # type: ignore[no-untyped-def]
    app = console(StandIn("oma", op.answers(network_mappings=some.DEFAULTS, mapping_targets=some.TARGETS)))
    assert snap_compare(app, terminal_size=(80, 25), run_before=op.opened("mappings", "down", "enter", "enter"))


@SIZES
def test_networks_of_a_vm(snap_compare, size) -> None:  # type: ignore[no-untyped-def]
    async def go(pilot) -> None:  # type: ignore[no-untyped-def]
        await settled(pilot)
        pilot.app.push_screen(VmMappingsScreen(op.vm(1)))
        await pilot.pause()
        await settled(pilot)

    assert snap_compare(console(StandIn("oma", op.answers(op.vm(1)))), terminal_size=size, run_before=go)
