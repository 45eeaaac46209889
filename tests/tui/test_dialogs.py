"""Dialogs: whatever the text and the terminal, the field and the keys are in sight."""

from __future__ import annotations

import pytest
from textual.screen import ModalScreen
from textual.widgets import Input

from appliance.tui.screens.help import HelpScreen
from appliance.tui.screens.network import NetworkScreen
from appliance.tui.widgets.bars import KeyBar
from appliance.tui.widgets.dialog import Confirm, Reading, Tell
from tests.tui.opening import console_with, open_screen
from tests.tui.snapshots import settled

LONG = "\n".join(f"line {number}" for number in range(40))
SIZES = ((80, 25), (160, 50), (40, 10))


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("text", ["It is.", LONG])
async def test_the_field_and_the_keys_are_in_sight(size: tuple[int, int], text: str) -> None:
    app, _ = console_with("oma")
    async with app.run_test(size=size) as pilot:
        app.push_screen(Confirm("Move web01 for good?", text, word="web01"))
        await settled(pilot)
        for widget in (app.screen.query_one(Input), app.screen.query_one(KeyBar), app.screen.query_one(Reading)):
            assert app.screen.region.contains_region(widget.region)
            assert widget.parent.region.contains_region(widget.region)  # type: ignore[union-attr]
            assert widget.region.height


@pytest.mark.parametrize("dialog", [Confirm("Try?", LONG), Confirm("Move?", LONG, word="x"), Tell("Why", LONG)])
async def test_a_long_text_is_moved_through_by_keys(dialog: ModalScreen[object]) -> None:
    app, _ = console_with("oma")
    async with app.run_test(size=(80, 25)) as pilot:
        app.push_screen(dialog)
        await settled(pilot)
        await pilot.press("down", "pagedown")
        await settled(pilot)
        assert app.screen.query_one(Reading).scroll_y > 5


async def test_help_shows_how_it_is_closed_and_names_each_key_once() -> None:
    app, _ = console_with("oma")
    async with app.run_test(size=(80, 25)) as pilot:
        await open_screen(pilot, NetworkScreen())
        await pilot.press("f1")
        await settled(pilot)
        assert isinstance(app.screen, HelpScreen)
        bar = app.screen.query_one(KeyBar)
        assert bar.parent.region.contains_region(bar.region)  # type: ignore[union-attr]
        assert not [keys for keys, _ in app.screen._keys if "tab" in keys]
