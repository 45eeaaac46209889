"""First step: what is ahead, and the console's password."""

from __future__ import annotations

from typing import ClassVar

from appliance.contract.setup import Setup, Stage
from appliance.tui.screens.password import PasswordScreen
from appliance.tui.screens.wizard.step import ABOUT, WizardStep, heading


class WelcomeStep(WizardStep, PasswordScreen):
    """Says what the set-up does, and takes the password."""

    NAME = "set-up-welcome"
    STAGE = Stage.WELCOME
    HEADING = heading(STAGE, "Welcome")
    HELP = f"Choose the password of this console: at least ten characters, typed twice. F8 saves it and goes on. {ABOUT}"
    INTRODUCTION: ClassVar[str] = (
        "Welcome. The set-up has four steps: the password of this console, the network, the pairing with the other appliance, "
        "and a look at how everything is. It can be left at any step and goes on there.\n"
    )

    async def load(self) -> None:
        """Meanwhile the agent looks for what was given at deployment, for the next step."""
        await super().load()
        await self.console_app.agent.setup.provided()

    async def saved(self, state: Setup) -> None:
        """Straight on."""
        await self.move(Stage.NETWORK)

    async def may_go_on(self) -> bool:
        """Only a console that has a password is left alone."""
        state = self.console_app.setup_state
        if state is not None and state.password_set:
            return True
        self.say("Choose a password first: anybody who stands before this console could change it otherwise.", "warning")
        return False
