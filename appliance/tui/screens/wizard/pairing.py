"""Third step: pairing, from the side on which this appliance is."""

from __future__ import annotations

import time
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.widgets import Static

from appliance.contract.pairing import Peer
from appliance.contract.setup import Stage
from appliance.tui.provided_lines import WHENCE
from appliance.tui.screens.base import ConsoleScreen
from appliance.tui.screens.joining import FORM, JoiningScreen
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
    BINDINGS: ClassVar[list[BindingType]] = [Binding("f7,ctrl+n", "next", "Next")]

    def __init__(self) -> None:
        super().__init__()
        self._paired_at: float | None = None

    async def paired(self, name: str) -> None:
        """Say so, and go on."""
        self.say(f"{name} is paired with this appliance.")
        now = time.monotonic()
        self._paired_at = self._paired_at or now
        if now - self._paired_at >= SEEN:
            self.action_next()


class JoinStep(WizardStep, JoiningScreen):
    """Takes address and code; goes on by itself once it is paired."""

    NAME = "set-up-pairing"
    STAGE = Stage.PAIRING
    HEADING = heading(STAGE, "Pairing")
    HELP = f"{JoiningScreen.HELP} {ABOUT}"
    EVERY: ClassVar[float] = 1.0
    BINDINGS: ClassVar[list[BindingType]] = [Binding("f7,ctrl+n", "next", "Next")]

    def __init__(self) -> None:
        super().__init__()
        self._paired_at: float | None = None
        self._proposed = False

    async def load(self) -> None:
        """The pairing; some time after it was made it goes on."""
        await super().load()
        await self._propose()
        if self._paired_at is not None and time.monotonic() - self._paired_at >= SEEN:
            self.action_next()

    async def _propose(self) -> None:
        """Fill in the address that was given at deployment, unless one was typed already."""
        address = self.field("address")
        if self._proposed or not self.form_shown:
            return
        given = await self.console_app.agent.setup.provided()
        if given.oma_address and not address.value and not self._proposed:
            address.value = given.oma_address
            self.query_one("#introduction", Static).update(f"{FORM} The address is filled in from {WHENCE[given.giver]}.")
            self._proposed = True

    async def paired(self, peer: Peer) -> None:
        """Let it be read first."""
        self._paired_at = time.monotonic()
