"""The menu by keys: a letter leads on, the title says where one is; every section of it can be opened on a tiny terminal."""

from __future__ import annotations

import pytest

from appliance.tui.screens.menu import next_beginning
from appliance.tui.sections import sections_for
from appliance.tui.widgets.bars import TitleBar
from appliance.tui.widgets.dialog import Confirm
from appliance.tui.widgets.table import Listing
from tests.tui import oma_answers as oma
from tests.tui import schedule_answers as some
from tests.tui.opening import open_screen, section
from tests.tui.snapshots import settled
from tests.tui.stand_in import StandIn, common, console

TITLES = ["Schedules", "Network", "Services", "Settings"]


@pytest.mark.parametrize(
    ("letter", "after", "found"), [("n", 0, 1), ("S", 0, 2), ("s", 2, 3), ("s", 3, 0), ("n", 1, 1), ("x", 0, None), ("é", 0, None)]
)
def test_a_letter_leads_to_the_next_title_that_begins_with_it(letter: str, after: int, found: int | None) -> None:
    assert next_beginning(TITLES, letter, after) == found


def test_a_menu_without_sections_has_none_to_lead_to() -> None:
    assert next_beginning([], "s", 0) is None


async def test_letters_go_through_the_menu_and_the_title_says_where_one_is() -> None:
    titles = [one.title for one in sections_for("oma")]
    async with console(StandIn("oma", common("oma"))).run_test(size=(80, 25)) as pilot:
        await settled(pilot)
        await pilot.press("f2")
        await settled(pilot)
        await pilot.press("s", "s", "x")
        await settled(pilot)
        with_s = [number for number, title in enumerate(titles) if title.startswith("S")]
        assert pilot.app.screen.query_one(Listing).cursor_row == with_s[1]
        assert pilot.app.screen.query_one(TitleBar).heading == f"Menu · {with_s[1] + 1} of {len(titles)}"
        await pilot.press("end")
        await settled(pilot)
        assert pilot.app.screen.query_one(TitleBar).heading == f"Menu · {len(titles)} of {len(titles)}"


@pytest.mark.parametrize("role", ["oma", "vma"])
async def test_every_section_comes_up_on_a_tiny_terminal_while_the_agent_is_absent(role: str) -> None:
    agent = StandIn(role, common(role))
    agent.absent = True
    app = console(agent)
    async with app.run_test(size=(40, 10)) as pilot:
        for one in sections_for(role):
            screen = section(one.key)
            await open_screen(pilot, screen)
            assert app.screen is screen
            await pilot.resize_terminal(12, 4)
            await pilot.resize_terminal(40, 10)
            await settled(pilot)


@pytest.mark.parametrize(
    ("key", "named"), [("credentials", "production"), ("clouds", "production"), ("schedules", "nightly"), ("groups", "databases")]
)
async def test_f9_asks_before_it_removes_what_is_under_the_cursor(key: str, named: str) -> None:
    stand_in = StandIn("oma", (oma if key in ("credentials", "clouds") else some).answers())
    async with console(stand_in).run_test(size=(80, 25)) as pilot:
        await open_screen(pilot, section(key))
        await pilot.press("f9")
        await settled(pilot)
        assert isinstance(pilot.app.screen, Confirm)
        assert named in pilot.app.screen._question
        await pilot.press("escape")
        await settled(pilot)
        assert not [name for name, _ in stand_in.calls if name.startswith("delete")]
