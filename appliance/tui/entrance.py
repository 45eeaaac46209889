"""The way from the idle screen into set-up and operation: past the password, to where the operator left off."""

from __future__ import annotations

from typing import TYPE_CHECKING

from appliance.contract.errors import Fault
from appliance.contract.setup import Stage
from appliance.tui.widgets.form import in_one_sentence

if TYPE_CHECKING:
    from appliance.tui.app import Console


async def let_in(app: Console, *, password_set: bool | None = None) -> bool:
    """Whether whoever is there may go on: before a password was set anybody, afterwards who knows it."""
    if password_set is None:
        password_set = app.setup_state is None or app.setup_state.password_set
    if password_set and not app.unlocked:
        from appliance.tui.screens.login import LoginScreen

        return await app.push_screen_wait(LoginScreen())
    return True


async def enter(app: Console) -> None:
    """Ask for the password where there is one, then go on with set-up, or to the menu."""
    try:
        setup = await app.agent.setup.setup()
        app.status = await app.agent.status.status()
    except Fault as error:
        app.say(in_one_sentence(error))
        return
    if not await let_in(app, password_set=setup.password_set):
        return
    if setup.stage is Stage.DONE:
        from appliance.tui.screens.menu import MenuScreen

        app.push_screen(MenuScreen())
    else:
        from appliance.tui.screens.wizard import next_step

        app.push_screen(next_step(setup.stage, app.status.role))
