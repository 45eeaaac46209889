"""Settings on trial at the console: kept, reverted, and what others do to them meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from textual.pilot import Pilot

from appliance.contract.network import KeepTrial, StartTrial, Trial
from appliance.tui.screens.network import NetworkScreen
from appliance.tui.screens.trial import TrialScreen
from appliance.tui.widgets import big as widgets_big
from tests.tui.hands import Nets, finding, notice, press, screen_name, screen_text
from tests.tui.stand_in import StandIn, plan
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
        nets.turns(findings=[finding("eth0", "ipv4.addresses", "It was not set.")])
        await pilot.pause(1.2)
        await press(pilot, "f8")
        assert "although something is wrong?" in screen_text(pilot) and "It was not set." in screen_text(pilot)
        await press(pilot, "escape")
        assert not stand_in.called("keep_network")
        await press(pilot, "f8", "f8")
        assert "The trial is over: kept." in screen_text(pilot)


NOT_YET = finding("eth0", "ipv4.addresses", "192.0.2.20/24 is not set yet.", "pending")
WELL = finding("eth0", "ipv4.addresses", "192.0.2.20/24 is set.", "ok")
WRONG = finding("eth0", "ipv4.addresses", "192.0.2.20/24 was not set.")


@pytest.fixture
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    """The agent is asked ten times a second."""
    monkeypatch.setattr(TrialScreen, "EVERY", 0.1)


@asynccontextmanager
async def settling(nets: Nets) -> AsyncIterator[tuple[Pilot[object], StandIn]]:
    """A trial whose settings the network is still taking."""
    async with opened(nets) as (pilot, stand_in):
        await start_trial(pilot)
        nets.turns(settling=True, findings=[NOT_YET])
        await until(pilot, "Settling: the network is taking the settings.")
        yield pilot, stand_in


async def until(pilot: Pilot[object], text: str) -> None:
    """Wait until this is on the screen, over as many lines as it may be."""
    for _ in range(100):
        if text in " ".join(screen_text(pilot).split()):
            return
        await pilot.pause(0.05)
    raise AssertionError(screen_text(pilot))


@pytest.mark.usefixtures("often")
async def test_what_is_not_in_force_yet_is_shown_as_such() -> None:
    nets = Nets()
    async with settling(nets) as (pilot, _):
        assert "not yet" in screen_text(pilot) and "192.0.2.20/24 is not set yet." in screen_text(pilot)
        assert "wrong" not in screen_text(pilot)
        nets.turns(findings=[WELL])
        await until(pilot, "192.0.2.20/24 is set. wait gateways and name servers are being asked")


@pytest.mark.usefixtures("often")
async def test_keeping_early_waits_until_the_settings_are_verified() -> None:
    nets = Nets()
    async with settling(nets) as (pilot, stand_in):
        await press(pilot, "f8")
        await until(pilot, "Checking: they are kept as soon as they are verified.")
        await pilot.pause(0.3)
        assert not stand_in.called("keep_network")
        nets.turns(settling=False, findings=[WELL])
        await until(pilot, "The trial is over: kept.")
        assert [call["body"] for call in stand_in.called("keep_network")] == [KeepTrial(trial_id="trial-1")]


@pytest.mark.usefixtures("often")
async def test_keeping_early_asks_when_something_turns_out_wrong() -> None:
    nets = Nets()
    async with settling(nets) as (pilot, stand_in):
        await press(pilot, "f8")
        nets.turns(settling=False, findings=[WRONG])
        await until(pilot, "Keep these settings although something is wrong?")
        await press(pilot, "escape")
        await pilot.pause(0.3)
        assert screen_name(pilot) == "trial" and not stand_in.called("keep_network"), "it is asked once"
        await press(pilot, "f8", "f8")
        assert stand_in.called("keep_network")[0]["body"] == KeepTrial(trial_id="trial-1", anyway=True)


@pytest.mark.usefixtures("often")
async def test_settings_can_be_kept_before_they_are_verified() -> None:
    async with settling(Nets()) as (pilot, stand_in):
        await press(pilot, "f8", "f8")
        assert "before they are verified?" in screen_text(pilot) and "192.0.2.20/24 is not set yet." in screen_text(pilot)
        await press(pilot, "f8")
        assert "The trial is over: kept." in screen_text(pilot)
        assert stand_in.called("keep_network")[0]["body"] == KeepTrial(trial_id="trial-1", anyway=True)


@pytest.mark.usefixtures("often")
async def test_who_does_not_want_to_keep_them_unverified_goes_on_waiting() -> None:
    nets = Nets()
    async with settling(nets) as (pilot, _):
        await press(pilot, "f8", "f8", "escape")
        await until(pilot, "Checking:")
        nets.turns(settling=False, findings=[WELL])
        await until(pilot, "The trial is over: kept.")


@pytest.mark.usefixtures("often")
async def test_waiting_is_given_up_by_escape_and_the_settings_are_not_kept() -> None:
    nets = Nets()
    async with settling(nets) as (pilot, stand_in):
        await press(pilot, "f8", "escape")
        await until(pilot, "Settling:")
        nets.turns(settling=False, findings=[WELL])
        await until(pilot, "These settings are on trial.")
        assert not stand_in.called("keep_network")
        await press(pilot, "escape")
        assert screen_name(pilot) == "network"


@pytest.mark.usefixtures("often")
async def test_what_waits_to_be_kept_can_be_reverted() -> None:
    async with settling(Nets()) as (pilot, stand_in):
        await press(pilot, "f8", "f9")
        assert "reverted by the operator" in screen_text(pilot) and not stand_in.called("keep_network")


@pytest.mark.usefixtures("often")
async def test_the_time_can_be_up_while_it_waits_and_the_next_trial_is_not_kept_for_it() -> None:
    nets = Nets()
    async with settling(nets) as (pilot, stand_in):
        await press(pilot, "f8")
        nets.end("reverted: nobody kept it in time")
        await until(pilot, "The trial is over: reverted: nobody kept it in time.")
        nets.state = nets.state.model_copy(update={"trial": Trial(id="other", plan=plan(), seconds_left=50.0, findings=[WELL])})
        await until(pilot, "These settings are on trial.")
        await pilot.pause(0.3)
        assert not stand_in.called("keep_network")


@pytest.mark.usefixtures("often")
async def test_an_agent_that_restarts_while_it_waits_is_waited_for() -> None:
    nets = Nets()
    async with settling(nets) as (pilot, stand_in):
        await press(pilot, "f8")
        stand_in.absent = True
        await pilot.pause(0.3)
        stand_in.absent = False
        nets.turns(findings=[])
        await pilot.pause(0.3)
        assert not stand_in.called("keep_network")
        nets.turns(settling=False, findings=[WELL])
        await until(pilot, "The trial is over: kept.")


async def test_an_agent_that_settles_again_refuses_what_an_older_view_would_keep(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(TrialScreen, "EVERY", 60.0)
    nets = Nets()
    async with opened(nets) as (pilot, _):
        await start_trial(pilot)
        nets.turns(settling=True)
        await press(pilot, "f8")
        assert "still taking the settings" in notice(pilot)
        await until(pilot, "Settling:")
        await press(pilot, "f8")
        await until(pilot, "Checking:")


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
