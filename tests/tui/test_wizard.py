"""The first set-up: step after step, left and taken up again."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from textual.pilot import Pilot

from appliance.contract.errors import Fault
from appliance.contract.pairing import PairingCode
from appliance.contract.setup import SetPassword, SetStage, Setup, Stage
from appliance.tui.screens.wizard import next_step
from appliance.tui.screens.wizard import pairing as pairing_steps
from tests.tui.hands import notice, paste, press, problem, screen_name, screen_text
from tests.tui.snapshots import settled
from tests.tui.stand_in import NOW, StandIn, common, console, set_up
from tests.tui.test_snap_pairing import CODE, OMA, PEER

PASSWORD = "correct horse battery"


class Place:
    """The wizard's place, as an agent keeps it."""

    def __init__(self, stage: Stage = Stage.WELCOME, *, password: bool = False) -> None:
        self.state = set_up(stage, password=password)
        self.password = PASSWORD if password else ""

    def answers(self) -> dict[str, object]:
        return {
            "setup": lambda: self.state,
            "set_stage": self.set_stage,
            "set_password": self.set_password,
            "unlock": lambda body: self.state,
            "pairing": CODE,
            "peers": [],
            "show_code": PairingCode(code=CODE.code, expires_at=NOW),
            "hide_code": None,
            "joined": [],
        }

    def set_stage(self, body: SetStage) -> Setup:
        self.state = self.state.model_copy(update={"stage": body.stage})
        return self.state

    def set_password(self, body: SetPassword) -> Setup:
        self.password = body.new.get_secret_value()
        self.state = self.state.model_copy(update={"password_set": True})
        return self.state


@asynccontextmanager
async def at_console(place: Place, role: str = "oma", **changes: object) -> AsyncIterator[tuple[Pilot[object], StandIn]]:
    stand_in = StandIn(role, common(role) | place.answers() | changes)
    app = console(stand_in)
    async with app.run_test(size=(80, 25)) as pilot:
        await settled(pilot)
        yield pilot, stand_in


async def type_password(pilot: Pilot[object], new: str, again: str) -> None:
    await paste(pilot, "new", new)
    await paste(pilot, "again", again)
    await press(pilot, "f8")


async def until(pilot: Pilot[object], name: str) -> None:
    for _ in range(200):
        if screen_name(pilot) == name:
            break
        await pilot.pause(0.02)
    assert screen_name(pilot) == name
    await settled(pilot)


@pytest.mark.parametrize("role", ["oma", "vma"])
@pytest.mark.parametrize("stage", list(Stage))
def test_every_stage_has_a_screen_on_either_side(stage: Stage, role: str) -> None:
    assert next_step(stage, role).NAME.startswith("set-up-")


async def test_an_oma_is_set_up_from_the_first_screen_to_the_menu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pairing_steps, "SEEN", 0.05)
    place = Place()
    async with at_console(place) as (pilot, stand_in):
        assert screen_name(pilot) == "set-up-welcome"
        await type_password(pilot, PASSWORD, PASSWORD)
        await until(pilot, "set-up-network")
        assert place.password == PASSWORD
        await press(pilot, "f7")
        await until(pilot, "set-up-code")
        assert place.state.stage is Stage.PAIRING
        stand_in.answers["pairing"] = CODE.model_copy(update={"code": "", "seconds_left": 0.0, "paired": PEER})
        await until(pilot, "set-up-done")
        assert place.state.stage is Stage.DONE
        await press(pilot, "enter")
        assert screen_name(pilot) == "menu"


async def test_a_vma_pairs_and_goes_on_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pairing_steps, "SEEN", 0.05)
    place = Place(Stage.PAIRING)
    async with at_console(place, "vma", join=OMA) as (pilot, _):
        await paste(pilot, "address", "192.0.2.10")
        await paste(pilot, "code", "7K3M 9QXP")
        await press(pilot, "f8")
        await until(pilot, "set-up-done")
        assert place.state.stage is Stage.DONE


@pytest.mark.parametrize("stage", [Stage.NETWORK, Stage.PAIRING])
async def test_after_a_power_cut_it_is_where_it_was(stage: Stage) -> None:
    async with at_console(Place(stage)) as (pilot, _):
        assert screen_name(pilot) in ("set-up-network", "set-up-code")


async def test_a_step_is_left_for_the_first_screen_and_taken_up_again() -> None:
    place = Place(Stage.NETWORK)
    async with at_console(place) as (pilot, _):
        await press(pilot, "escape")
        assert screen_name(pilot) == "idle"
        assert place.state.stage is Stage.NETWORK
        await press(pilot, "f2")
        assert screen_name(pilot) == "set-up-network"


async def test_the_step_before_can_be_seen_again() -> None:
    place = Place(Stage.NETWORK)
    async with at_console(place) as (pilot, _):
        await press(pilot, "f2")
        await until(pilot, "set-up-welcome")
        assert place.state.stage is Stage.WELCOME


async def test_there_is_nothing_before_the_first_step() -> None:
    async with at_console(Place()) as (pilot, stand_in):
        await press(pilot, "f2")
        assert screen_name(pilot) == "set-up-welcome"
        assert not stand_in.called("set_stage")


async def test_the_password_is_not_skipped() -> None:
    async with at_console(Place()) as (pilot, stand_in):
        await press(pilot, "f7")
        assert screen_name(pilot) == "set-up-welcome"
        assert "password first" in notice(pilot)
        assert not stand_in.called("set_stage")


async def test_a_password_that_is_set_is_left_as_it_is() -> None:
    async with at_console(Place(password=True)) as (pilot, _):
        await paste(pilot, "password", PASSWORD)
        await press(pilot, "enter")
        await until(pilot, "set-up-welcome")
        await press(pilot, "f7")
        await until(pilot, "set-up-network")


async def test_a_short_password_is_explained_beside_its_field() -> None:
    async with at_console(Place()) as (pilot, stand_in):
        await type_password(pilot, "short", "short")
        assert "10 characters" in problem(pilot, "new")
        assert not stand_in.called("set_password")


async def test_without_an_agent_nothing_moves_and_nothing_typed_is_lost() -> None:
    place = Place()
    async with at_console(place) as (pilot, stand_in):
        stand_in.absent = True
        await type_password(pilot, PASSWORD, PASSWORD)
        assert screen_name(pilot) == "set-up-welcome"
        assert "can't be reached" in notice(pilot)
        stand_in.absent = False
        await press(pilot, "f8")
        await until(pilot, "set-up-network")
        assert place.password == PASSWORD


async def test_a_step_that_the_agent_can_not_keep_is_not_left() -> None:
    async with at_console(Place(Stage.NETWORK)) as (pilot, stand_in):

        def refuse(body: SetStage) -> Fault:
            stand_in.absent = False
            raise stand_in_fault()

        stand_in.answers["set_stage"] = refuse
        await press(pilot, "f7")
        assert screen_name(pilot) == "set-up-network"
        assert "can't write" in notice(pilot)


def stand_in_fault() -> Fault:
    from appliance.contract.errors import STORE_UNWRITABLE

    return STORE_UNWRITABLE()


async def test_a_second_key_while_the_agent_is_slow_moves_one_step_only() -> None:
    place = Place(Stage.NETWORK)
    async with at_console(place) as (pilot, stand_in):
        stand_in.delay = 0.3
        await press(pilot, "f7", "f7", "f7")
        stand_in.delay = 0.0
        await until(pilot, "set-up-code")
        assert len(stand_in.called("set_stage")) == 1


async def test_changes_of_the_network_that_were_not_tried_are_not_forgotten_silently() -> None:
    async with at_console(Place(Stage.NETWORK), check_network=[]) as (pilot, stand_in):
        await press(pilot, "enter", "down", "f8", "f7")
        assert screen_name(pilot) == "Confirm"
        await press(pilot, "escape")
        assert screen_name(pilot) == "set-up-network"
        assert not stand_in.called("set_stage")


@pytest.mark.parametrize("stage", list(Stage)[:3])
@pytest.mark.parametrize("role", ["oma", "vma"])
async def test_a_small_terminal_and_back(stage: Stage, role: str) -> None:
    async with at_console(Place(stage), role) as (pilot, _):
        before = screen_text(pilot)
        await pilot.resize_terminal(40, 10)
        await pilot.pause()
        await pilot.resize_terminal(80, 25)
        for _ in range(50):
            await pilot.pause(0.05)
            if screen_text(pilot) == before:
                break
        assert screen_text(pilot) == before
