"""What was given at deployment is filled in, may be changed, and is never applied by itself."""

from __future__ import annotations

import pytest
from textual.pilot import Pilot

from appliance.contract.provided import Provided
from appliance.contract.setup import Stage
from appliance.tui.widgets.form import Field
from tests.tui.hands import Nets, paste, press, screen_name, screen_text
from tests.tui.provided_answers import FLAWED, FOR_VMA, GIVEN, NAMED, fresh
from tests.tui.snapshots import settled
from tests.tui.test_wizard import Place, at_console, until


def nets() -> Nets:
    """A network that nobody has set up yet."""
    made = Nets()
    made.state = fresh()
    return made


def at_network(given: Provided, made: Nets | None = None):  # type: ignore[no-untyped-def]
    answers = (made or nets()).answers()
    return at_console(Place(Stage.NETWORK), **answers, provided=given)


async def reloaded(pilot: Pilot[object]) -> None:
    await press(pilot, "f5")
    await settled(pilot)


def value(pilot: Pilot[object], name: str) -> str:
    return pilot.app.screen.query_one(f"#{name}", Field).value


async def test_the_fields_are_filled_and_it_is_said_from_what() -> None:
    async with at_network(GIVEN) as (pilot, _):
        shown = screen_text(pilot)
        assert "Filled in from what CloudStack was given" in shown and "not yet tried" in shown
        await press(pilot, "enter")
        assert (value(pilot, "ipv4-addresses"), value(pilot, "ipv4-gateway")) == ("192.0.2.77/24", "192.0.2.1")
        await press(pilot, "escape", "f4", "enter")
        assert (value(pilot, "host_name"), value(pilot, "dns"), value(pilot, "ntp")) == ("oma-prod", "192.0.2.53", "ntp.example.net")


async def test_nothing_is_in_force_before_the_operator_has_tried_it_and_said_so() -> None:
    made = nets()
    async with at_network(GIVEN, made) as (pilot, stand_in):
        await reloaded(pilot)
        assert not stand_in.called("try_network") and not stand_in.called("keep_network")
        await press(pilot, "f8")
        assert screen_name(pilot) == "Confirm" and not made.tried
        await press(pilot, "f8")
        assert made.tried[0].plan.interfaces[0].ipv4.addresses == ["192.0.2.77/24"] and made.tried[0].revision == "r1"


async def test_what_was_changed_here_is_not_filled_over() -> None:
    async with at_network(GIVEN) as (pilot, _):
        await press(pilot, "enter")
        await paste(pilot, "ipv4-addresses", "192.0.2.99/24")
        await press(pilot, "f8")
        await reloaded(pilot)
        await press(pilot, "enter")
        assert value(pilot, "ipv4-addresses") == "192.0.2.99/24"


async def test_what_comes_late_is_filled_in_unless_something_was_changed() -> None:
    async with at_network(Provided()) as (pilot, stand_in):
        assert "Filled in" not in screen_text(pilot) and "not yet tried" not in screen_text(pilot)
        stand_in.answers["provided"] = GIVEN
        await reloaded(pilot)
        assert "Filled in" in screen_text(pilot)
    async with at_network(Provided()) as (pilot, stand_in):
        await press(pilot, "enter", "down", "down", "f8")
        stand_in.answers["provided"] = GIVEN
        await reloaded(pilot)
        await press(pilot, "f4", "enter")
        assert value(pilot, "host_name") == "oma"


async def test_addresses_that_come_by_themselves_meanwhile_do_not_make_it_stale() -> None:
    made = nets()
    async with at_network(GIVEN, made) as (pilot, _):
        made.state = fresh(revision="r2")
        await reloaded(pilot)
        await press(pilot, "f8", "f8")
        assert made.tried[0].revision == "r2"


async def test_what_was_forgotten_stays_forgotten() -> None:
    async with at_network(GIVEN) as (pilot, _):
        await press(pilot, "f4", "end", "enter")
        await reloaded(pilot)
        assert "not yet tried" not in screen_text(pilot) and "Filled in" not in screen_text(pilot)


@pytest.mark.parametrize("outcome", ["kept", "reverted: nobody kept it in time"])
async def test_after_a_trial_nothing_is_filled_in_any_more(outcome: str) -> None:
    made = nets()
    made.state = fresh(outcome=outcome)
    async with at_network(FLAWED, made) as (pilot, _):
        shown = screen_text(pilot)
        assert "not yet tried" not in shown and "Filled in" not in shown and "Left out" not in shown


async def test_leaving_without_trying_asks_first() -> None:
    async with at_network(NAMED) as (pilot, _):
        await press(pilot, "f7")
        assert screen_name(pilot) == "Confirm"
        await press(pilot, "f8")
        await until(pilot, "set-up-code")


async def test_what_can_not_be_used_is_told() -> None:
    async with at_network(FLAWED) as (pilot, _):
        shown = " ".join(screen_text(pilot).split())
        assert "“password”" in shown and "has no prefix" in shown and "and 2 more" in shown and "eth0" in shown


async def test_the_network_of_the_menu_is_not_filled() -> None:
    async with at_console(Place(Stage.DONE), **nets().answers(), provided=GIVEN) as (pilot, stand_in):
        assert not stand_in.called("provided") and "Filled in" not in screen_text(pilot)


async def test_the_welcome_has_the_agent_look_already() -> None:
    async with at_console(Place()) as (_, stand_in):
        assert stand_in.called("provided")


# the OMA's address on a VMA


async def test_the_omas_address_is_filled_in() -> None:
    async with at_console(Place(Stage.PAIRING), "vma", provided=FOR_VMA) as (pilot, stand_in):
        assert value(pilot, "address") == "oma.example.net" and value(pilot, "code") == ""
        assert "what vCenter was given" in " ".join(screen_text(pilot).split())
        assert not stand_in.called("join")


async def test_an_address_that_was_typed_stays() -> None:
    async with at_console(Place(Stage.PAIRING), "vma") as (pilot, stand_in):
        await paste(pilot, "address", "192.0.2.44")
        stand_in.answers["provided"] = FOR_VMA
        await reloaded(pilot)
        assert value(pilot, "address") == "192.0.2.44"


async def test_an_address_that_was_filled_in_may_be_emptied() -> None:
    async with at_console(Place(Stage.PAIRING), "vma", provided=FOR_VMA) as (pilot, _):
        await press(pilot, "ctrl+u")
        await reloaded(pilot)
        assert value(pilot, "address") == ""


async def test_without_an_address_the_form_is_as_ever() -> None:
    async with at_console(Place(Stage.PAIRING), "vma", provided=GIVEN) as (pilot, _):
        assert value(pilot, "address") == "" and "was given" not in screen_text(pilot)
