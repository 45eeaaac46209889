"""Tunnel, services, support bundles and power by keys."""

from __future__ import annotations

import pytest
from textual.widgets import Static

from appliance.contract.client import UNREACHABLE
from appliance.contract.system import AskMachine, PowerAction
from appliance.contract.types import JobRef
from appliance.tui.screens.login import LoginScreen
from appliance.tui.screens.making import ending
from appliance.tui.screens.power import DONE, PowerScreen, consequences, under_way
from appliance.tui.screens.support import SupportScreen
from appliance.tui.screens.tunnel import TunnelScreen, change_row
from appliance.tui.widgets.notice import Notice
from appliance.tui.widgets.table import Listing
from tests.tui import vma_answers as answers
from tests.tui.opening import console_with, open_screen
from tests.tui.snapshots import settled
from tests.tui.stand_in import set_up


async def test_enter_on_a_tunnel_shows_its_history_alone_and_once_more_all() -> None:
    app, _ = console_with("vma", tunnel=answers.tunnels(), tunnel_history=answers.history())
    async with app.run_test(size=(80, 25)) as pilot:
        await open_screen(pilot, TunnelScreen())
        history = app.screen.query_one("#history", Listing)
        assert history.row_count == 5
        await pilot.press("enter")
        await settled(pilot)
        assert history.row_count == 3
        await pilot.press("enter")
        await settled(pilot)
        assert history.row_count == 5


async def test_the_history_of_a_former_peer_is_chosen_from_a_list() -> None:
    app, _ = console_with("vma", tunnel=answers.tunnels(), tunnel_history=answers.history())
    async with app.run_test(size=(80, 25)) as pilot:
        screen = TunnelScreen()
        await open_screen(pilot, screen)
        await pilot.press("f3", "down", "down", "enter")
        await settled(pilot)
        assert screen.query_one("#history", Listing).row_count == 2


def test_a_change_is_told_in_words_and_one_that_is_not_known_as_it_is() -> None:
    change = answers.history()[3]
    assert change_row("1", change).cells[2] == "held back"
    assert change_row("1", change.model_copy(update={"kind": "moved"})).cells[2] == "moved"


async def test_a_bundle_is_made_and_its_job_followed_to_the_end() -> None:
    app, agent = console_with("vma", bundles=[], make_bundle=JobRef(job_id="job-9"), job=answers.job())
    async with app.run_test(size=(80, 25)) as pilot:
        screen = SupportScreen()
        await open_screen(pilot, screen)
        await pilot.press("f7")
        await pilot.pause(0.2)
        assert "Packing logs" in str(screen.query_one("#job", Static).content)
        await pilot.press("f7")
        await pilot.pause(0.1)
        assert len(agent.called("make_bundle")) == 1
        agent.answers |= {"job": answers.job("completed", 100), "bundles": answers.bundles()}
        await pilot.press("f5")
        await pilot.pause(0.2)
        assert str(screen.query_one(Notice).content) == "The bundle is ready."
        assert not screen.query_one("#job").display
        assert screen.query_one(Listing).row_count == 2


@pytest.mark.parametrize(("status", "says"), [("completed", "ready"), ("failed", "There is no room"), ("cancelled", "cancelled.")])
def test_how_a_bundle_job_ended_is_told(status: str, says: str) -> None:
    assert says in ending(answers.job(status), "The bundle is ready.", "No bundle was made")[0]


async def test_power_is_asked_for_after_password_and_question() -> None:
    app, agent = console_with("vma", setup=set_up(password=True), unlock=set_up(password=True), power=None)
    async with app.run_test(size=(80, 25)) as pilot:
        await open_screen(pilot, PowerScreen())
        await pilot.press("down", "enter")
        await pilot.pause(0.2)
        assert isinstance(app.screen, LoginScreen)
        await pilot.press(*"secret", "enter")
        await pilot.pause(0.3)
        assert not agent.called("power")
        await pilot.press("f8")
        await pilot.pause(0.2)
        assert agent.called("power") == [{"body": AskMachine(action=PowerAction.RESTART)}]
        assert str(app.screen.query_one(Notice).content) == DONE[PowerAction.RESTART]


async def test_without_an_agent_power_says_what_cannot_be_done_and_does_when_it_is_back() -> None:
    app, agent = console_with("vma", power=None)
    async with app.run_test(size=(80, 25)) as pilot:
        agent.absent = True
        await open_screen(pilot, PowerScreen())
        await pilot.press("enter")
        await pilot.pause(0.2)
        assert "nothing can be restarted" in str(app.screen.query_one("#jobs", Static).content)
        assert "Nothing was done" in str(app.screen.query_one(Notice).content)
        agent.absent = False
        await pilot.press("f5", "enter")
        await pilot.pause(0.2)
        await pilot.press("f8")
        await pilot.pause(0.2)
        assert agent.called("power") == [{"body": AskMachine(action=PowerAction.RESTART_AGENT)}]


async def test_a_refusal_while_jobs_are_asked_for_is_told() -> None:
    app, _ = console_with("vma", jobs=UNREACHABLE())
    async with app.run_test(size=(80, 25)) as pilot:
        await open_screen(pilot, PowerScreen())
        assert "nothing can be restarted" in str(app.screen.query_one("#jobs", Static).content)


@pytest.mark.parametrize(
    ("count", "says"), [(0, "No job is running."), (1, "One job is running."), (3, "3 jobs are running."), (20, "  and 12 more")]
)
def test_running_jobs_are_named_up_to_a_few(count: int, says: str) -> None:
    assert says in under_way([answers.job()] * count)


def test_the_question_says_what_becomes_of_jobs_even_when_they_are_not_known() -> None:
    assert "go on by themselves" in consequences(PowerAction.OFF, None)
    assert "Support bundle: Packing logs" in consequences(PowerAction.OFF, [answers.job()])
