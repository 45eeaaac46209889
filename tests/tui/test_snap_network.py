"""Pictures of the network's screens."""

from __future__ import annotations

import pytest

from appliance.contract.network import Network, ProbeAnswer, Trial
from appliance.tui.screens.network import NetworkScreen
from appliance.tui.screens.probes import ProbesScreen
from tests.tui.hands import Nets, finding, paste, press
from tests.tui.snapshots import SIZES, after
from tests.tui.stand_in import StandIn, common, console, network_state, plan

FINDINGS = [
    finding("eth0", "name", "eth0 has a link.", "ok"),
    finding("eth0", "ipv4.addresses", "192.0.2.20/24 is set.", "ok"),
    finding("eth0", "ipv4.gateway", "192.0.2.1 does not answer yet.", "warning"),
]

NOT_YET = [
    finding("eth0", "name", "eth0 has a link.", "ok"),
    finding("eth0", "ipv4.addresses", "192.0.2.20/24 is not set yet.", "pending"),
    finding("eth0", "ipv4.addresses", "192.0.2.10/24 is still set.", "pending"),
    finding("eth0", "ipv4.gateway", "192.0.2.1 is the gateway.", "ok"),
]


def opened(nets: Nets, *keys: str, screen=NetworkScreen):  # type: ignore[no-untyped-def]
    """A console with a screen of the network open, and what leads there."""
    app = console(StandIn("oma", common("oma") | nets.answers()))

    async def run(pilot) -> None:  # type: ignore[no-untyped-def]
        await after()(pilot)
        app.push_screen(screen())
        await after(*keys)(pilot)

    return app, run


def on_trial() -> Network:
    """Other settings on trial."""
    wanted = plan()
    eth0 = wanted.interfaces[0]
    moved = eth0.model_copy(update={"ipv4": eth0.ipv4.model_copy(update={"addresses": ["192.0.2.20/24"]}), "mtu": 9000})
    wanted = wanted.model_copy(update={"interfaces": [moved], "host_name": "oma2"})
    return network_state(trial=Trial(id="trial-1", plan=wanted, seconds_left=93.0, findings=FINDINGS))


@SIZES
@pytest.mark.parametrize("state", ["normal", "empty", "reverted"])
def test_network(snap_compare, size, state) -> None:  # type: ignore[no-untyped-def]
    nets = Nets()
    if state == "empty":
        nets.state = network_state(interfaces=[], dns=[], host_name="")
    if state == "reverted":
        nets.state = network_state(outcome="reverted: nobody kept it in time")
    app, run = opened(nets)
    assert snap_compare(app, terminal_size=size, run_before=run)


@SIZES
def test_network_with_changes_not_tried(snap_compare, size) -> None:  # type: ignore[no-untyped-def]
    app, run = opened(Nets(), "enter", "down", "f8")
    assert snap_compare(app, terminal_size=size, run_before=run)


@SIZES
def test_trying_asks_first(snap_compare, size) -> None:  # type: ignore[no-untyped-def]
    nets = Nets()
    app, lead = opened(nets, "enter", "down", "f8")

    async def run(pilot) -> None:  # type: ignore[no-untyped-def]
        await lead(pilot)
        nets.findings = [finding("eth0", "ipv4.addresses", "No address came by itself yet.", "warning")]
        await press(pilot, "f8")

    assert snap_compare(app, terminal_size=size, run_before=run)


@SIZES
@pytest.mark.parametrize("state", ["normal", "failed"])
def test_interface(snap_compare, size, state) -> None:  # type: ignore[no-untyped-def]
    nets = Nets()
    nets.findings = [
        finding("eth0", "ipv4.gateway", "192.0.9.1 is outside the subnet 192.0.2.0/24. Type a gateway inside it."),
        finding("eth0", "mtu", "An MTU above 1500 needs switches that take it.", "warning"),
    ]
    app, run = opened(nets, "enter", *(["f8"] if state == "failed" else []))
    assert snap_compare(app, terminal_size=size, run_before=run)


@SIZES
@pytest.mark.parametrize("form", ["names", "vlan"])
def test_other_forms(snap_compare, size, form) -> None:  # type: ignore[no-untyped-def]
    app, run = opened(Nets(), "f4", *(["down"] if form == "vlan" else []), "enter")
    assert snap_compare(app, terminal_size=size, run_before=run)


@SIZES
@pytest.mark.parametrize("state", ["on", "over"])
def test_trial(snap_compare, size, state) -> None:  # type: ignore[no-untyped-def]
    nets = Nets()
    nets.state = on_trial()
    app, run = opened(nets, *(["f9"] if state == "over" else []))
    assert snap_compare(app, terminal_size=size, run_before=run)


@SIZES
@pytest.mark.parametrize("state", ["settling", "waiting", "too-early"])
def test_trial_that_settles(snap_compare, size, state) -> None:  # type: ignore[no-untyped-def]
    nets = Nets()
    nets.state = on_trial()
    nets.turns(settling=True, findings=NOT_YET)
    app, run = opened(nets, *["f8"] * ["settling", "waiting", "too-early"].index(state))
    assert snap_compare(app, terminal_size=size, run_before=run)


@SIZES
def test_tests_of_the_network(snap_compare, size) -> None:  # type: ignore[no-untyped-def]
    app, lead = opened(Nets(), screen=ProbesScreen)
    fine = ProbeAnswer(ok=True, message="192.0.2.1 answers after 0.4 ms.", lines=["Answer 1 from 192.0.2.1 after 0.4 ms"], milliseconds=0.4)
    wrong = ProbeAnswer(ok=False, message="vcenter.example.net has no address. Check the spelling.", lines=[], milliseconds=None)

    async def run(pilot) -> None:  # type: ignore[no-untyped-def]
        await lead(pilot)
        stand_in = app.agent.transport
        stand_in.answers["probe_network"] = fine
        await press(pilot, "f8")
        stand_in.answers["probe_network"] = wrong
        await paste(pilot, "target", "vcenter.example.net")
        await press(pilot, "f8")

    assert snap_compare(app, terminal_size=size, run_before=run)
