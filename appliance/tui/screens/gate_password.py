"""The password that may be asked for besides the vendor's answer: setting, changing and removing it."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import SecretStr

from appliance.contract.gate import GateApi, GatePassword
from appliance.tui.screens.base import ConsoleScreen
from appliance.tui.widgets.ask import Ask
from appliance.tui.widgets.form import Field

LONGEST, SHORTEST = 256, 10

BESIDE = {"password.too_short": "new", "gate.password_wrong": "current", "tries.wait": "current"}
"""Beside which field a refusal is shown."""


def ask_password(screen: ConsoleScreen, api: GateApi, *, required: bool, remove: bool) -> None:
    """Ask for the current one where there is one, and for the new one twice; then set it, or remove it."""
    new = Field("New password", id="new", secret=True, limit=LONGEST, check=new_flaw)
    again = Field("The same again", id="again", secret=True, limit=LONGEST, check=lambda text: again_flaw(text, new.value))
    current = Field("Current password", id="current", secret=True, limit=LONGEST, check=current_flaw)
    fields = [*([current] if required else []), *([] if remove else [new, again])]

    async def change(typed: Mapping[str, str]) -> None:
        wanted = GatePassword(current=SecretStr(typed.get("current", "")), new=SecretStr(typed.get("new", "")))
        await api.set_gate_password(wanted)

    def told(done: bool | None) -> None:
        if done:
            screen.say("The password was removed." if remove else "The password is asked for besides the vendor's answer from now on.")
            screen.action_reload()

    heading = "Remove the password" if remove else "Set a password"
    text = "The vendor's answer alone opens the shell then." if remove else "Without it the vendor's answer opens nothing. Keep it safe."
    screen.app.push_screen(Ask(heading, text, fields, change, beside=BESIDE), told)


def current_flaw(text: str) -> str:
    """The agent knows whether it is right (pure)."""
    return "" if text else "Type the password that is set now."


def new_flaw(text: str) -> str:
    """As long as the agent wants it (pure)."""
    return "" if len(text) >= SHORTEST else f"Type at least {SHORTEST} characters."


def again_flaw(text: str, new: str) -> str:
    """A typing mistake would lock everybody out (pure)."""
    return "" if text == new else "This is not the same as the new password. Type both again."
