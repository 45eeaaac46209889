"""The console's password: what is typed, what is refused, and where that is said."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from textual.pilot import Pilot

from appliance.contract.errors import FaultSpec
from appliance.contract.setup import SetPassword
from appliance.tui.screens.password import PasswordScreen, password_flaw
from tests.tui.hands import notice, paste, press, problem
from tests.tui.snapshots import settled
from tests.tui.stand_in import StandIn, common, console, set_up

GOOD = "correct horse battery"
WRONG = FaultSpec(
    "setup.password_wrong", 403, "This is not the console's password.", "Type it again; check the keyboard and the Caps Lock key."
)
WAIT = FaultSpec("tries.wait", 429, "Too many wrong ones.", "Wait 30 seconds.")


@asynccontextmanager
async def form(*, password: bool = True, set_password: object = None) -> AsyncIterator[tuple[Pilot[object], StandIn]]:
    answers = {"setup": set_up(password=password), "set_password": set_password or set_up(password=True)}
    stand_in = StandIn("oma", common("oma") | answers)
    app = console(stand_in)
    async with app.run_test(size=(80, 25)) as pilot:
        await settled(pilot)
        app.push_screen(PasswordScreen())
        await settled(pilot)
        yield pilot, stand_in


async def fill(pilot: Pilot[object], *, current: str = "the old one", new: str = GOOD, again: str = GOOD) -> None:
    for name, text in (("current", current), ("new", new), ("again", again)):
        await paste(pilot, name, text)


@pytest.mark.parametrize(
    ("text", "good"),
    [
        ("", False),
        ("ninechars", False),
        ("tencharact", True),
        ("x" * 256, True),
        ("x" * 257, False),
        ("e\u0301" * 9, False),
        ("é" * 10, True),
    ],
)
def test_what_a_new_password_needs(text: str, good: bool) -> None:
    assert (password_flaw(text) == "") is good


async def test_a_password_is_changed() -> None:
    async with form() as (pilot, stand_in):
        await fill(pilot)
        await press(pilot, "f8")
        body = stand_in.called("set_password")[0]["body"]
        assert isinstance(body, SetPassword)
        assert body.current is not None
        assert (body.current.get_secret_value(), body.new.get_secret_value()) == ("the old one", GOOD)
        assert "is set" in notice(pilot)


async def test_enter_goes_from_field_to_field_and_saves_at_the_last() -> None:
    async with form() as (pilot, stand_in):
        await fill(pilot)
        pilot.app.screen.query_one("#current").query_one("Input").focus()
        await press(pilot, "enter", "enter")
        assert not stand_in.called("set_password")
        await press(pilot, "enter")
        assert len(stand_in.called("set_password")) == 1


async def test_without_a_password_there_is_nothing_to_type_for_the_current_one() -> None:
    async with form(password=False) as (pilot, stand_in):
        assert not pilot.app.screen.query_one("#current").display
        await paste(pilot, "new", GOOD)
        await paste(pilot, "again", GOOD)
        await press(pilot, "f8")
        body = stand_in.called("set_password")[0]["body"]
        assert isinstance(body, SetPassword)
        assert body.current is None


async def test_two_that_differ_are_not_sent() -> None:
    async with form() as (pilot, stand_in):
        await fill(pilot, again="correct horse batterx")
        await press(pilot, "f8")
        assert "not the same" in problem(pilot, "again")
        assert not stand_in.called("set_password")


@pytest.mark.parametrize("error", [WRONG(), WAIT()], ids=lambda error: error.key)
async def test_a_refusal_is_shown_beside_the_current_password_and_nothing_is_lost(error: Exception) -> None:
    async with form(set_password=error) as (pilot, _):
        await fill(pilot)
        await press(pilot, "f8")
        assert str(error) in problem(pilot, "current")
        assert pilot.app.screen.query_one("#new").value == GOOD  # type: ignore[attr-defined]


async def test_what_was_wrong_goes_away_while_it_is_typed_again() -> None:
    async with form(set_password=WRONG()) as (pilot, _):
        await fill(pilot)
        await press(pilot, "f8", "x")
        assert problem(pilot, "current") == ""


async def test_pasted_lines_become_one() -> None:
    async with form() as (pilot, stand_in):
        await fill(pilot, new="correct\nhorse\r\nbattery", again="correct horse battery")
        await press(pilot, "f8")
        assert len(stand_in.called("set_password")) == 1


async def test_a_password_of_300_characters_is_refused_at_once() -> None:
    async with form() as (pilot, stand_in):
        await fill(pilot, new="x" * 300, again="x" * 300)
        await press(pilot, "f8")
        assert "at most 256" in problem(pilot, "new")
        assert not stand_in.called("set_password")


async def test_while_the_agent_is_slow_a_second_key_does_nothing() -> None:
    async with form() as (pilot, stand_in):
        await fill(pilot)
        stand_in.delay = 0.2
        await press(pilot, "f8", "f8")
        await pilot.pause(0.6)
        assert len(stand_in.called("set_password")) == 1
