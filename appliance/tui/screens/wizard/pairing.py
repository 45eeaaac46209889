"""Third step: pairing, from the side on which this appliance is."""

from __future__ import annotations

import asyncio
from typing import ClassVar

from textual.binding import Binding, BindingType

from appliance.contract.pairing import Peer
from appliance.contract.setup import Stage
from appliance.tui.screens.base import ConsoleScreen
from appliance.tui.screens.joining import JoiningScreen
from appliance.tui.screens.pairing_code import CodeScreen
from appliance.tui.screens.wizard.step import ABOUT, WizardStep, heading

SEEN = 3.0
"""Seconds for which it is said who paired before it goes on by itself."""


def pairing_step(role: str) -> ConsoleScreen:
    """An OMA shows a code, a VMA takes one."""
    return CodeStep() if role == "oma" else JoinStep()


class CodeStep(WizardStep, CodeScreen):
    """Shows the code; goes on by itself once somebody has paired."""

    NAME = "set-up-code"
    STAGE = Stage.PAIRING
    HEADING = heading(STAGE, "Pairing")
    HELP = f"{CodeScreen.HELP} The set-up goes on by itself once the other appliance has paired. {ABOUT}"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("f7,ctrl+n", "next", "Next / skip")]

    def __init__(self) -> None:
        super().__init__()
        self._going = False

    async def paired(self, name: str) -> None:
        """Say so, and go on."""
        self.say(f"{name} is paired with this appliance.")
        if not self._going:
            self._going = True
            self.set_timer(SEEN, self.action_next)


class JoinStep(WizardStep, JoiningScreen):
    """Takes address and code; goes on by itself once it is paired."""

    NAME = "set-up-pairing"
    STAGE = Stage.PAIRING
    HEADING = heading(STAGE, "Pairing")
    HELP = f"{JoiningScreen.HELP} {ABOUT}"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("f7,ctrl+n", "next", "Next / skip")]

    async def paired(self, peer: Peer) -> None:
        """Let it be read, and go on."""
        await asyncio.sleep(SEEN)
        await self.move(Stage.DONE)
