"""Deleting a thing, from a list of its kind or from its own page."""

from __future__ import annotations

from collections.abc import Awaitable

from appliance.contract.errors import Fault
from appliance.tui.screens.acting import ActingScreen
from appliance.tui.widgets.form import in_one_sentence


async def deleted(screen: ActingScreen, work: Awaitable[None], done: str, *, leave: bool) -> None:
    """Do it, and say so on the screen that is seen then: the one before where `leave`. Says why where it was refused."""
    try:
        await work
    except Fault as error:
        screen.say(in_one_sentence(error), "error")
        return
    app = screen.console_app
    if leave:
        app.leave(screen)
    else:
        screen.action_reload()
    app.say(done, "success")
