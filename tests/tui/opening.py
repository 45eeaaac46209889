"""Opening a screen of the menu in a test without walking there."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from textual.pilot import Pilot

from appliance.tui.app import Console
from appliance.tui.screens.base import ConsoleScreen
from appliance.tui.sections import SECTIONS
from tests.tui.snapshots import settled
from tests.tui.stand_in import StandIn, common, console


def console_with(role: str, **answers: object) -> tuple[Console, StandIn]:
    """A console, and the stand-in that answers it: a healthy appliance, and these answers besides."""
    stand_in = StandIn(role, common(role) | answers)
    return console(stand_in), stand_in


def section(key: str) -> ConsoleScreen:
    """A new screen of a section of the menu."""
    return next(one for one in SECTIONS if one.key == key).open()


async def open_screen(pilot: Pilot[object], screen: ConsoleScreen) -> None:
    """Show it, and wait until it has asked the agent."""
    await settled(pilot)
    await pilot.app.push_screen(screen)
    await settled(pilot)


def opened(screen: Callable[[], ConsoleScreen] | str, *keys: str) -> Callable[[Pilot[object]], Awaitable[None]]:
    """For `run_before`: open this screen, then press these keys."""

    async def run(pilot: Pilot[object]) -> None:
        await open_screen(pilot, section(screen) if isinstance(screen, str) else screen())
        for key in keys:
            await pilot.press(key)
            await settled(pilot)

    return run
