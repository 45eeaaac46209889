"""A screen that is closed while it still asks the agent."""

from __future__ import annotations

import asyncio

import pytest
from textual.app import ComposeResult
from textual.widgets import Static

from appliance.tui.screens.base import ConsoleScreen
from tests.tui.opening import console_with
from tests.tui.snapshots import settled


class Part(Static):
    """Tells when it has gone."""

    def __init__(self) -> None:
        super().__init__()
        self.gone = asyncio.Event()

    def on_unmount(self) -> None:
        """The screen goes after its parts."""
        self.gone.set()


class Answered(ConsoleScreen):
    """Is answered at the worst moment: its parts have gone, itself has not."""

    def body(self) -> ComposeResult:
        """What the answer is shown by."""
        yield Part()

    async def load(self) -> None:
        """Wait for the part's end, then look for it."""
        await self.query_one(Part).gone.wait()
        self.query_one(Part)


@pytest.mark.parametrize("end", ["leave", "exit"])
async def test_an_answer_that_comes_while_the_screen_goes_is_no_crash(end: str) -> None:
    app, _ = console_with("oma")
    async with app.run_test() as pilot:
        await settled(pilot)
        screen = Answered()
        await app.push_screen(screen)
        await pilot.pause()
        if end == "leave":
            app.leave(screen)
            await settled(pilot)
        else:
            app.exit()
    assert app.failure is None
