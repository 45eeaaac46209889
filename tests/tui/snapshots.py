"""Pictures of screens: which sizes, and waiting until a screen has its data."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest
from textual.pilot import Pilot

from appliance.tui.screens.base import ConsoleScreen

SIZES = pytest.mark.parametrize("size", [(80, 25), (160, 50)], ids=["80x25", "160x50"])
"""A test with this mark takes `size`, and is run on the smallest and on a wide terminal."""


async def settled(pilot: Pilot[object]) -> None:
    """Until the screen that is seen has asked the agent, and everything is drawn."""
    for _ in range(200):
        screen = pilot.app.screen
        if not isinstance(screen, ConsoleScreen) or screen.asked:
            break
        await pilot.pause(0.02)
    await pilot.pause()
    await pilot.pause()


def after(*keys: str) -> Callable[[Pilot[object]], Awaitable[None]]:
    """For `run_before`: press these keys, each once the screen before it has settled."""

    async def press(pilot: Pilot[object]) -> None:
        await settled(pilot)
        for key in keys:
            await pilot.press(key)
            await settled(pilot)

    return press
