"""Pairing on both sides, and the paired appliances."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from textual.pilot import Pilot

from appliance.contract.errors import FaultSpec
from appliance.contract.pairing import Join, Pairing, PairingCode, PeerName
from appliance.tui.app import Console
from appliance.tui.screens.base import ConsoleScreen
from appliance.tui.screens.joining import JoiningScreen, address_flaw, split_address
from appliance.tui.screens.pairing_code import CodeScreen, grouped
from appliance.tui.screens.peers import PeersScreen
from appliance.tui.widgets.big import Countdown, big
from tests.tui.hands import notice, paste, press, problem, screen_name, screen_text
from tests.tui.snapshots import settled
from tests.tui.stand_in import NOW, StandIn, common, console
from tests.tui.test_snap_pairing import AWAY, CODE, OMA, PEER, REVOKED

FAILURES = {
    "code": FaultSpec("pairing.code_expired", 410, "The pairing code has expired.", "Have a new code shown."),
    "address": FaultSpec("pairing.unreachable", 504, "No answer from {address} on port {port}.", "Check the address."),
    "notice": FaultSpec("pairing.busy", 409, "Another appliance is being paired at this moment.", "Wait half a minute and try again."),
}


class Desk:
    """An OMA's codes."""

    def __init__(self, code: str = "") -> None:
        self.state = CODE.model_copy(update={"code": code})
        self.shown, self.hidden = 0, 0

    def answers(self) -> dict[str, object]:
        return {"pairing": lambda: self.state, "show_code": self.show, "hide_code": self.hide, "peers": [PEER, AWAY, REVOKED]}

    def show(self) -> PairingCode:
        self.shown += 1
        self.state = CODE.model_copy(update={"code": f"7K3M9QX{self.shown}"})
        return PairingCode(code=self.state.code, expires_at=NOW)

    def hide(self) -> None:
        self.hidden += 1
        self.state = Pairing(code="", seconds_left=0.0, tries_left=0, addresses=[], paired=None)


@asynccontextmanager
async def opened(screen: ConsoleScreen, role: str, **answers: object) -> AsyncIterator[tuple[Pilot[object], StandIn, Console]]:
    stand_in = StandIn(role, common(role) | answers)
    app = console(stand_in)
    async with app.run_test(size=(80, 25)) as pilot:
        await settled(pilot)
        app.push_screen(screen)
        await settled(pilot)
        yield pilot, stand_in, app


async def test_a_code_is_made_when_the_screen_comes_up() -> None:
    desk = Desk()
    async with opened(CodeScreen(), "oma", **desk.answers()) as (pilot, _, _app):
        assert desk.shown == 1
        assert "7K3M 9QX1" in screen_text(pilot)


async def test_the_code_ends_with_the_screen() -> None:
    desk = Desk()
    async with opened(CodeScreen(), "oma", **desk.answers()) as (pilot, _, _app):
        await press(pilot, "escape")
        assert desk.hidden == 1


async def test_the_code_ends_when_the_console_is_locked() -> None:
    desk = Desk()
    async with opened(CodeScreen(), "oma", **desk.answers()) as (pilot, _, _app):
        await press(pilot, "f10")
        assert screen_name(pilot) == "idle"
        assert desk.hidden == 1


async def test_the_code_ends_when_the_console_ends() -> None:
    desk = Desk()
    async with opened(CodeScreen(), "oma", **desk.answers()):
        pass
    assert desk.hidden == 1


async def test_the_code_stays_below_its_help() -> None:
    desk = Desk()
    async with opened(CodeScreen(), "oma", **desk.answers()) as (pilot, _, _app):
        await press(pilot, "f1", "escape")
        assert (desk.shown, desk.hidden) == (1, 0)


async def test_a_code_that_another_console_shows_is_left_as_it_is() -> None:
    desk = Desk("7K3M9QXP")
    async with opened(CodeScreen(), "oma", **desk.answers()) as (pilot, _, _app):
        assert desk.shown == 0
        assert "7K3M 9QXP" in screen_text(pilot)


async def test_a_new_code_is_made_by_a_key() -> None:
    desk = Desk()
    async with opened(CodeScreen(), "oma", **desk.answers()) as (pilot, _, _app):
        await press(pilot, "f5")
        await settled(pilot)
        assert desk.shown == 2


async def test_who_paired_is_said() -> None:
    desk = Desk()
    async with opened(CodeScreen(), "oma", **desk.answers()) as (pilot, _, _app):
        desk.state = CODE.model_copy(update={"code": "", "paired": PEER})
        await pilot.pause(1.3)
        assert "vma1 is paired" in notice(pilot)
        assert desk.shown == 1


async def test_a_peer_gets_another_name() -> None:
    renamed = AWAY.model_copy(update={"name": "backup"})
    async with opened(PeersScreen(), "oma", **Desk().answers(), name_peer=renamed) as (pilot, stand_in, _):
        await press(pilot, "down", "f4", "enter")
        await paste(pilot, "name", "backup")
        await press(pilot, "f8")
        assert stand_in.called("name_peer") == [{"peer_id": "vma-2", "body": PeerName(name="backup")}]


async def test_a_pairing_is_revoked_only_after_the_word_was_typed() -> None:
    async with opened(PeersScreen(), "oma", **Desk().answers(), revoke_peer=None) as (pilot, stand_in, _):
        await press(pilot, "f4", "down", "enter", "f8")
        assert "Type revoke" in problem(pilot, "word")
        assert not stand_in.called("revoke_peer")
        await press(pilot, *"revoke", "f8")
        assert stand_in.called("revoke_peer") == [{"peer_id": PEER.id}]
        assert "no longer paired" in notice(pilot)


async def test_nothing_can_be_done_with_a_pairing_that_has_ended() -> None:
    async with opened(PeersScreen(), "oma", **Desk().answers()) as (pilot, _, _app):
        await press(pilot, "down", "down", "f4")
        assert screen_name(pilot) == "peers"
        assert "has ended" in notice(pilot)


async def test_pairing_one_more_shows_a_code() -> None:
    desk = Desk()
    async with opened(PeersScreen(), "oma", **desk.answers()) as (pilot, _, _app):
        await press(pilot, "f7")
        assert (screen_name(pilot), desk.shown) == ("pairing-code", 1)


async def test_a_vma_pairs_with_what_was_typed() -> None:
    async with opened(JoiningScreen(), "vma", joined=[], join=OMA) as (pilot, stand_in, _):
        await paste(pilot, "address", "192.0.2.10:8443\n")
        await paste(pilot, "code", "7k3m 9qxp\n")
        stand_in.answers["joined"] = [OMA]
        await press(pilot, "f8")
        assert stand_in.called("join") == [{"body": Join(address="192.0.2.10", port=8443, code="7k3m 9qxp")}]
        assert "Paired with" in screen_text(pilot)


@pytest.mark.parametrize("place", FAILURES)
async def test_each_failure_is_explained_where_it_can_be_corrected(place: str) -> None:
    spec: FaultSpec = FAILURES[place]
    error = spec(address="192.0.2.10", port=443)
    async with opened(JoiningScreen(), "vma", joined=[], join=error) as (pilot, _, _app):
        await paste(pilot, "address", "192.0.2.10")
        await paste(pilot, "code", "7K3M9QXP")
        await press(pilot, "f8")
        said = notice(pilot) if place == "notice" else problem(pilot, place)
        assert error.message in said
        assert error.guidance in said
        assert pilot.app.screen.query_one("#address").value == "192.0.2.10"  # type: ignore[attr-defined]


async def test_an_empty_form_is_not_sent() -> None:
    async with opened(JoiningScreen(), "vma", joined=[]) as (pilot, stand_in, _):
        await press(pilot, "f8")
        assert problem(pilot, "address")
        assert problem(pilot, "code")
        assert not stand_in.called("join")


async def test_a_paired_vma_shows_the_form_only_when_it_is_wanted() -> None:
    async with opened(JoiningScreen(), "vma", joined=[OMA]) as (pilot, stand_in, _):
        await press(pilot, "f8")
        assert not stand_in.called("join")
        await press(pilot, "f4", "enter")
        assert pilot.app.screen.query_one("#address").display
        await press(pilot, "escape")
        assert screen_name(pilot) == "pairing"
        assert not pilot.app.screen.query_one("#address").display


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("192.0.2.10", ("192.0.2.10", 443)), ("oma.example.net:8443", ("oma.example.net", 8443)), ("2001:db8::1", ("2001:db8::1", 443)),
        ("[2001:db8::1]", ("2001:db8::1", 443)), ("[2001:db8::1]:8443", ("2001:db8::1", 8443)), ("oma:0", ("oma", 0)),
        ("oma:65536", ("oma", 0)), ("oma:x", ("oma", 0)), ("[2001:db8::1]x", ("2001:db8::1", 0)),
    ],
)  # fmt: skip
def test_an_address_with_its_port(text: str, address: tuple[str, int]) -> None:
    assert split_address(text) == address


@pytest.mark.parametrize("text", ["", "https://oma", "two words", ":443", "oma:99999", "a@b", "[]"])
def test_addresses_that_are_none(text: str) -> None:
    assert address_flaw(text)


def test_a_code_is_read_in_groups() -> None:
    assert grouped("7K3M-9QXP") == "7K3M 9QXP" == grouped("7K3M9QXP")


def test_large_letters_need_room() -> None:
    assert big("7K3M 9QXP", 78).plain.count("\n") == 4
    assert big("7K3M 9QXP", 38).plain.count("\n") == 4
    assert big("7K3M 9QXP", 20).plain == "7K3M 9QXP"


def test_a_countdown_is_the_agents_until_that_is_silent() -> None:
    now = [0.0]
    countdown = Countdown(lambda: now[0])
    countdown.say(60.0)
    now[0] = 1.0
    assert (countdown.left, countdown.silent) == (60.0, False)
    now[0] = 10.0
    assert (countdown.left, countdown.silent) == (50.0, True)
    now[0] = 100.0
    assert countdown.left == 0.0


@pytest.mark.parametrize("key", ["f6", "ctrl+e"])
async def test_both_spellings_of_a_key_work_while_something_is_typed(key: str) -> None:
    async with opened(JoiningScreen(), "vma", joined=[]) as (pilot, _, _):
        await press(pilot, *"192.0.2.7", key)
        assert screen_name(pilot) == "tests"
