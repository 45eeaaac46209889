"""Settings on trial at the console: kept, reverted, and what others do to them meanwhile."""

from __future__ import annotations

import asyncio

import pytest
from textual.pilot import Pilot

from appliance.contract.network import StartTrial, Trial
from appliance.tui.screens.network import NetworkScreen
from appliance.tui.screens.trial import TrialScreen
from appliance.tui.widgets import big as widgets_big
from tests.tui.hands import Nets, finding, notice, press, screen_name, screen_text
from tests.tui.stand_in import plan
from tests.tui.test_network_screens import change_dns, opened


async def start_trial(pilot: Pilot[object]) -> None:
    await change_dns(pilot)
    await press(pilot, "f8", "f8")


async def test_a_trial_is_kept() -> None:
    nets = Nets()
    async with opened(nets) as (pilot, _):
        await start_trial(pilot)
        await press(pilot, "f8")
        assert "The trial is over: kept." in screen_text(pilot)
        assert nets.state.kept.dns == ["192.0.2.54"]
        await press(pilot, "escape")
        assert "not yet tried" not in screen_text(pilot)
        assert "kept" in screen_text(pilot)


async def test_a_trial_is_reverted_and_the_changes_can_be_corrected() -> None:
    nets = Nets()
    async with opened(nets) as (pilot, _):
        await start_trial(pilot)
        await press(pilot, "f9")
        assert "reverted by the operator" in screen_text(pilot)
        await press(pilot, "escape")
        assert "not yet tried" in screen_text(pilot)


async def test_keeping_what_is_wrong_is_confirmed() -> None:
    nets = Nets()
    async with opened(nets) as (pilot, stand_in):
        await start_trial(pilot)
        assert nets.state.trial is not None
        wrong = nets.state.trial.model_copy(update={"findings": [finding("eth0", "ipv4.addresses", "It was not set.")]})
        nets.state = nets.state.model_copy(update={"trial": wrong})
        await pilot.pause(1.2)
        await press(pilot, "f8")
        assert "It was not set." in screen_text(pilot)
        await press(pilot, "escape")
        assert not stand_in.called("keep_network")


async def test_what_another_console_did_to_the_trial_is_seen() -> None:
    nets = Nets()
    async with opened(nets) as (pilot, stand_in):
        await start_trial(pilot)
        nets.end("kept", keep=True)
        await press(pilot, "f9")
        assert "That trial is over." in notice(pilot)
        await pilot.pause(0.3)
        assert "The trial is over: kept." in screen_text(pilot)
        await press(pilot, "f9")
        assert len(stand_in.called("revert_network")) == 1


async def test_a_trial_that_another_console_started_is_shown_by_itself() -> None:
    nets = Nets()
    nets.state = nets.state.model_copy(update={"trial": Trial(id="other", plan=plan(), seconds_left=50.0, findings=[])})
    async with opened(nets) as (pilot, _):
        assert screen_name(pilot) == "trial"
        await press(pilot, "escape")
        assert "on trial, 0:50 left" in screen_text(pilot)
        await press(pilot, "f8")
        assert screen_name(pilot) == "trial"


async def test_two_consoles_do_not_overwrite_each_other() -> None:
    nets = Nets()
    async with opened(nets) as (pilot, _):
        await change_dns(pilot)
        nets.state = nets.state.model_copy(update={"kept": plan().model_copy(update={"ntp": []}), "revision": "r2"})
        await press(pilot, "f8")
        if screen_name(pilot) == "Confirm":
            await press(pilot, "f8")
        assert "changed meanwhile" in notice(pilot) or "another console" in notice(pilot)
        await press(pilot, "f5")
        assert "on another console" in screen_text(pilot)
        await press(pilot, "f4", "end", "enter")
        assert "not yet tried" not in screen_text(pilot)
        assert nets.state.trial is None


async def test_without_an_agent_the_trial_counts_on_and_says_that_it_reverts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(widgets_big, "FRESH", 0.4)
    monkeypatch.setattr(TrialScreen, "EVERY", 0.1)
    nets = Nets()
    async with opened(nets) as (pilot, stand_in):
        await start_trial(pilot)
        stand_in.absent = True
        await pilot.pause(1.2)
        assert "revert by themselves" in screen_text(pilot)
        assert "can't be reached" in screen_text(pilot)
        stand_in.absent = False
        nets.end("reverted: nobody kept it in time")
        await pilot.pause(0.5)
        assert "nobody kept it in time" in screen_text(pilot)


async def test_a_trial_that_is_seen_before_its_start_was_answered_is_opened_once() -> None:
    nets = Nets()

    async def slowly(body: StartTrial) -> Trial:
        trial = nets.try_network(body)
        await asyncio.sleep(NetworkScreen.EVERY + 0.5)
        return trial

    async with opened(nets, try_network=slowly) as (pilot, _):
        await start_trial(pilot)
        await pilot.pause(NetworkScreen.EVERY + 1.0)
        await press(pilot, "f8")
        assert "The trial is over: kept." in screen_text(pilot)
        await press(pilot, "escape")
        assert screen_name(pilot) == "network"
