"""Last step: how everything is."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.widgets import Static

from appliance.contract.network import Network
from appliance.contract.setup import Setup, Stage
from appliance.contract.status import Health, Status
from appliance.tui.screens.wizard.step import ABOUT, WizardStep, heading
from appliance.tui.widgets.facts import Fact, Facts


class DoneStep(WizardStep):
    """What was set up; Enter leads to the menu."""

    NAME = "set-up-done"
    STAGE = Stage.DONE
    HEADING = heading(STAGE, "Status")
    HELP = f"This is how the appliance is after its set-up. Enter leads to the menu, where everything is done from now on. {ABOUT}"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter,f7,ctrl+n,f8,ctrl+s", "menu", "To the menu")]

    def body(self) -> ComposeResult:
        """The facts."""
        yield Static("The set-up is done. Each of its steps can be opened again from the menu.\n", id="introduction", markup=False)
        with VerticalScroll(id="details"):
            yield Facts(id="facts")

    def on_mount(self) -> None:
        """The arrow keys move through the facts where there is little room."""
        self.query_one("#details").focus()

    async def load(self) -> None:
        """Everything that was set up."""
        app = self.console_app
        app.status = status = await app.agent.status.status()
        app.setup_state = state = await app.agent.setup.setup()
        network = await app.agent.network.network()
        health = await app.agent.status.health()
        self.query_one(Facts).show(facts(status, state, network, health))

    def action_menu(self) -> None:
        """On to operation."""
        from appliance.tui.screens.menu import MenuScreen

        self.app.switch_screen(MenuScreen())


def facts(status: Status, state: Setup, network: Network, health: Health) -> list[Fact]:
    """What was set up, and what is missing still (pure)."""
    names = ", ".join(f"{one.peer_name} ({'connected' if one.up else 'not connected yet'})" for one in status.tunnels)
    bad = [f"{name}: {part.detail or part.state}" for name, part in health.parts.items() if part.state != "ok"]
    shown: list[Fact] = [
        (
            "Console password",
            "set" if state.password_set else "not set; see Console password in the menu",
            "good" if state.password_set else "bad",
        ),
        ("Host name", network.host_name or status.name),
        ("Addresses", "  ".join(status.addresses) or "none; see Network in the menu", "" if status.addresses else "bad"),
        ("Name servers", "  ".join(network.dns) or "none", "" if network.dns else "warning"),
        ("Paired with", names or "nobody yet; see the pairing in the menu", "good" if any(one.up for one in status.tunnels) else "warning"),
        ("Health", "; ".join(bad) or "everything is well", "warning" if bad else "good"),
    ]
    if network.trial is not None:
        shown.append(("Network", "settings are on trial; keep them on the network's screen, or they revert", "warning"))
    return shown
