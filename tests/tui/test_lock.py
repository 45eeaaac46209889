"""The console locks itself where nobody is, and only there."""

from __future__ import annotations

import pytest

from appliance.tui.screens.idle import IdleScreen
from appliance.tui.screens.vms import VmsScreen
from tests.tui import operation as op
from tests.tui.snapshots import settled
from tests.tui.stand_in import StandIn, console, set_up


@pytest.mark.parametrize("keys", [("down",), ("f3", *"web"), ("f4", "down")])
async def test_whoever_moves_or_types_is_not_locked_out(keys: tuple[str, ...]) -> None:
    app = console(StandIn("oma", op.answers(op.vm(1), op.vm(2))))
    async with app.run_test(size=(80, 25)) as pilot:
        await op.opened("vms")(pilot)
        app.unlocked = True
        for key in keys:
            app._last_key -= app._lock_after + 1
            await pilot.press(key)
            app._tick()
        assert any(isinstance(one, VmsScreen) for one in app.screen_stack)


async def test_after_a_quarter_of_an_hour_without_a_key_it_is_locked() -> None:
    app = console(StandIn("oma", op.answers(op.vm(1))))
    async with app.run_test(size=(80, 25)) as pilot:
        await op.opened("vms", "f4")(pilot)
        app.unlocked = True
        app._last_key -= app._lock_after + 1
        app._tick()
        await pilot.pause()
        assert isinstance(app.screen, IdleScreen)
        assert not app.unlocked


async def test_all_of_the_idle_screen_is_reached_on_a_tiny_terminal() -> None:
    app = console(StandIn("oma", op.answers()))
    async with app.run_test(size=(40, 10)) as pilot:
        await settled(pilot)
        await pilot.press("end")
        await settled(pilot)
        facts, details = app.screen.query_one("#facts"), app.screen.query_one("#details")
        assert details.scroll_y > 0
        assert facts.region.bottom <= details.region.bottom + 1


@pytest.mark.parametrize("key", ["enter", "f8", "ctrl+s"])
async def test_the_password_is_sent_by_enter_and_by_the_key_that_says_yes_everywhere(key: str) -> None:
    answers = op.answers() | {"setup": set_up(password=True), "unlock": set_up(password=True)}
    stand_in = StandIn("oma", answers)
    async with console(stand_in).run_test(size=(80, 25)) as pilot:
        await settled(pilot)
        await pilot.press("f2")
        await pilot.pause(0.2)
        stand_in.delay = 0.1
        await pilot.press(*"correct horse", key, key)
        await pilot.pause(0.5)
        assert len(stand_in.called("unlock")) == 1
