"""Second step: the network, on the same screen as in the menu."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType

from appliance.contract.network import Network, NetworkPlan
from appliance.contract.provided import Provided
from appliance.contract.setup import Stage
from appliance.tui.provided_lines import facts_of, filled
from appliance.tui.screens.network import NetworkScreen
from appliance.tui.screens.wizard.step import ABOUT, WizardStep, heading
from appliance.tui.widgets.facts import Fact


class NetworkStep(WizardStep, NetworkScreen):
    """The network's screen, with what was given at deployment filled in, and the way on."""

    NAME = "set-up-network"
    STAGE = Stage.NETWORK
    HEADING = heading(STAGE, "Network")
    HELP = (
        f"{NetworkScreen.HELP} Where an address came by itself and is to stay, there is nothing to do here. "
        "Values that were given when the appliance was deployed are filled in; they are in force only after they were tried and kept, and "
        f"F4 forgets them. {ABOUT}"
    )
    BINDINGS: ClassVar[list[BindingType]] = [Binding("f7,ctrl+n", "next", "Next")]

    def __init__(self) -> None:
        super().__init__()
        self._given = Provided()
        self._filled: NetworkPlan | None = None

    async def load(self) -> None:
        """What was given, and the network."""
        self._given = await self.console_app.agent.setup.provided()
        await super().load()

    def follow(self, state: Network) -> None:
        """Fill in what was given, as long as nothing was tried and nobody has changed anything here."""
        super().follow(state)
        draft = self._draft
        if state.trial or state.outcome or (self._filled is not None and draft.plan != self._filled):
            return
        draft.forget(state)
        draft.plan = self._filled = filled(state.kept, state.interfaces, self._given)

    def lines(self, state: Network) -> list[Fact]:
        """What was given too, until settings were tried."""
        given = [] if state.outcome else facts_of(self._given, in_use=self._draft.changed)
        return [*super().lines(state), *given]

    async def may_go_on(self) -> bool:
        """Settings on trial are kept or reverted first; changes that were not tried would be forgotten."""
        return not self.show_trial() and await self.may_forget()
