"""Removing what is stored: the question, and the refusal in full, which names everything that still uses it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from appliance.contract.errors import Fault
from appliance.tui.screens.acting import ActingScreen
from appliance.tui.widgets.dialog import Tell
from appliance.tui.widgets.form import in_one_sentence


async def remove(screen: ActingScreen, name: str, consequences: str, work: Callable[[], Awaitable[None]]) -> None:
    """Ask, then do it; only from a worker."""
    if not await screen.confirmed(f"Remove {name}?", consequences):
        return
    try:
        await work()
    except Fault as error:
        await screen.app.push_screen_wait(Tell(f"{name} was not removed", in_one_sentence(error)))
        return
    screen.say(f"{name} was removed.")
    screen.action_reload()
