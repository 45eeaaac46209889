"""Second step: the network, on the same screen as in the menu."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType

from appliance.contract.setup import Stage
from appliance.tui.screens.network import NetworkScreen
from appliance.tui.screens.wizard.step import ABOUT, WizardStep, heading


class NetworkStep(WizardStep, NetworkScreen):
    """The network's screen, with the way on."""

    NAME = "set-up-network"
    STAGE = Stage.NETWORK
    HEADING = heading(STAGE, "Network")
    HELP = f"{NetworkScreen.HELP} Where an address came by itself and is to stay, there is nothing to do here. {ABOUT}"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("f7,ctrl+n", "next", "Next")]

    async def may_go_on(self) -> bool:
        """Settings on trial are kept or reverted first; changes that were not tried would be forgotten."""
        return not self.show_trial() and await self.may_forget()
