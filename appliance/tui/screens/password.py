"""The console's password: setting it, and changing it."""

from __future__ import annotations

import unicodedata
from typing import ClassVar

from textual.app import ComposeResult
from textual.widgets import Static

from appliance.contract.errors import Fault
from appliance.contract.setup import SetPassword, Setup
from appliance.tui.screens.acting import MOMENT, FormScreen
from appliance.tui.widgets.form import Field, in_one_sentence

SHORTEST, LONGEST = 10, 256

BESIDE = {
    "setup.password_wrong": "current",
    "setup.current_needed": "current",
    "tries.wait": "current",
    "password.too_short": "new",
}
"""Beside which field a refusal is shown."""


def password_flaw(text: str) -> str:
    """What is wrong with a new password (pure)."""
    count = len(unicodedata.normalize("NFC", text))
    if count < SHORTEST:
        return f"Type at least {SHORTEST} characters; a few words that do not belong together are easy to remember."
    return f"Type at most {LONGEST} characters." if count > LONGEST else ""


class PasswordScreen(FormScreen):
    """The current password where there is one, and the new one twice."""

    NAME = "password"
    HEADING = "Console password"
    HELP = (
        "The console asks for this password before it shows or changes anything beyond its first screen. It has at least ten characters. "
        "Type the current one, then the new one twice; F8 saves it. After several wrong passwords there is a growing wait."
    )
    EVERY: ClassVar[float] = 5.0
    INTRODUCTION: ClassVar[str] = "The console asks for this password before anything can be seen or changed."

    def body(self) -> ComposeResult:
        """What it is for, and the fields."""
        yield Static(self.INTRODUCTION, id="introduction", markup=False)
        yield Field("Current password", id="current", secret=True, limit=LONGEST + 1, check=self._current_flaw)
        yield Field("New password", id="new", secret=True, limit=LONGEST + 1, check=password_flaw)
        yield Field("The same again", id="again", secret=True, limit=LONGEST + 1, check=self._again_flaw)

    def on_mount(self) -> None:
        """Whether there is a password was asked before."""
        state = self.console_app.setup_state
        self._show(state is None or state.password_set)

    async def load(self) -> None:
        """Whether there is a password already."""
        state = self.console_app.setup_state = await self.console_app.agent.setup.setup()
        self._show(state.password_set)

    def _show(self, password_set: bool) -> None:
        current = self.field("current")
        if current.display != password_set:
            current.display = password_set
            if not current.value and not self.field("new").value:
                self.fields()[0].focus_input()

    def _current_flaw(self, text: str) -> str:
        return "" if text or not self.field("current").display else "Type the password that is set now."

    def _again_flaw(self, text: str) -> str:
        return "" if text == self.field("new").value else "This is not the same as the new password. Type both again."

    async def submit(self) -> None:
        """Save it; what is refused is shown beside its field."""
        if not self.all_good():
            return
        current = self.field("current").value if self.field("current").display else None
        self.say(MOMENT, "info")
        try:
            wanted = SetPassword.model_validate({"current": current, "new": self.field("new").value})
            state = await self.console_app.agent.setup.set_password(wanted)
        except Fault as error:
            self._refused(error)
            return
        self.console_app.setup_state, self.console_app.unlocked = state, True
        for one in self.query(Field):
            one.value = ""
        await self.saved(state)

    def _refused(self, error: Fault) -> None:
        name = BESIDE.get(error.key)
        if name is None:
            self.say(in_one_sentence(error), "error")
            return
        self.say("")
        self.field(name).display = True
        self.field(name).problem(in_one_sentence(error))
        self.field(name).focus_input()

    async def saved(self, state: Setup) -> None:
        """It is set."""
        self.say("The password is set. It is asked for from now on.")
        self._show(state.password_set)
        self.fields()[0].focus_input()
