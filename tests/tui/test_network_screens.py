"""The network at the console: edited, checked, tried, kept, reverted, and tested."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from textual.pilot import Pilot

from appliance.contract.network import Family, InterfacePlan, Mode, NetworkPlan
from appliance.tui.screens.base import ConsoleScreen
from appliance.tui.screens.network import NetworkScreen
from appliance.tui.widgets.form import Choice, Field
from tests.tui.hands import Nets, finding, notice, paste, press, problem, screen_name, screen_text
from tests.tui.snapshots import settled
from tests.tui.stand_in import StandIn, common, console, plan


@asynccontextmanager
async def opened(
    nets: Nets, screen: type[ConsoleScreen] = NetworkScreen, **answers: object
) -> AsyncIterator[tuple[Pilot[object], StandIn]]:
    stand_in = StandIn("oma", common("oma") | nets.answers() | answers)
    app = console(stand_in)
    async with app.run_test(size=(80, 25)) as pilot:
        await settled(pilot)
        app.push_screen(screen())
        await settled(pilot)
        yield pilot, stand_in


async def change_dns(pilot: Pilot[object], text: str = "192.0.2.54") -> None:
    """Change something that is easily changed."""
    await press(pilot, "f4", "enter")
    await paste(pilot, "dns", text)
    await press(pilot, "f8")


def checked(stand_in: StandIn) -> NetworkPlan:
    body = stand_in.called("check_network")[-1]["body"]
    assert isinstance(body, NetworkPlan)
    return body


def value(pilot: Pilot[object], name: str) -> str:
    return pilot.app.screen.query_one(f"#{name}", Field).value


async def test_an_interface_is_set_by_hand() -> None:
    async with opened(Nets()) as (pilot, stand_in):
        await press(pilot, "down", "enter")
        pilot.app.screen.query_one("#ipv4-mode", Choice).value = Mode.STATIC.value
        await pilot.pause()
        await paste(pilot, "ipv4-addresses", "198.51.100.10/24, 198.51.100.11/24")
        await paste(pilot, "ipv4-gateway", "198.51.100.1")
        await paste(pilot, "mtu", "9000")
        await press(pilot, "f8")
        family = Family(mode=Mode.STATIC, addresses=["198.51.100.10/24", "198.51.100.11/24"], gateway="198.51.100.1")
        assert checked(stand_in).interfaces[1] == InterfacePlan(name="eth1", ipv4=family, mtu=9000)
        assert screen_name(pilot) == "network"
        assert "not yet tried" in screen_text(pilot)
        assert not stand_in.called("try_network")


async def test_addresses_are_asked_for_only_where_they_are_set_by_hand() -> None:
    async with opened(Nets()) as (pilot, stand_in):
        await press(pilot, "enter", "down")
        assert not pilot.app.screen.query_one("#ipv4-addresses").display
        await press(pilot, "f8")
        assert checked(stand_in).interfaces[0].ipv4 == Family(mode=Mode.OFF)


async def test_an_error_is_shown_beside_its_field_and_nothing_is_taken() -> None:
    nets = Nets()
    nets.findings = [finding("eth0", "ipv4.gateway", "It is outside the subnet."), finding("eth1", "mtu", "Not of this form.")]
    async with opened(nets) as (pilot, _):
        await press(pilot, "enter", "f8")
        assert screen_name(pilot) == "interface"
        assert problem(pilot, "ipv4-gateway") == "It is outside the subnet."
        assert problem(pilot, "mtu") == ""
        await press(pilot, "escape")
        assert "not yet tried" not in screen_text(pilot)


async def test_the_worst_finding_of_a_field_is_shown() -> None:
    nets = Nets()
    nets.findings = [finding("eth0", "mtu", "Think again.", "warning"), finding("eth0", "mtu", "Too small.")]
    async with opened(nets) as (pilot, _):
        await press(pilot, "enter", "f8")
        assert problem(pilot, "mtu") == "Too small."


async def test_warnings_are_confirmed() -> None:
    nets = Nets()
    nets.findings = [finding("", "dns", "Only the first three are asked.", "warning")]
    async with opened(nets) as (pilot, _):
        await change_dns(pilot)
        assert screen_name(pilot) == "Confirm"
        assert "Only the first three" in screen_text(pilot)
        await press(pilot, "escape")
        assert problem(pilot, "dns") == "Only the first three are asked."
        await press(pilot, "f8", "f8")
        assert screen_name(pilot) == "network"


async def test_several_changes_are_tried_together_with_the_revision_they_were_made_from() -> None:
    nets = Nets()
    async with opened(nets) as (pilot, _):
        await change_dns(pilot)
        await press(pilot, "enter", "down", "f8", "f8")
        assert "192.0.2.53 → 192.0.2.54" in screen_text(pilot)
        assert "eth0 IPv4" in screen_text(pilot)
        await press(pilot, "f8")
        assert nets.tried[0].revision == "r1"
        assert nets.tried[0].plan.dns == ["192.0.2.54"]
        assert nets.tried[0].plan.interfaces[0].ipv4.mode is Mode.OFF
        assert screen_name(pilot) == "trial"


async def test_there_is_nothing_to_try_without_changes() -> None:
    async with opened(Nets()) as (pilot, stand_in):
        await press(pilot, "f8")
        assert "Nothing was changed" in notice(pilot)
        assert not stand_in.called("try_network")


async def test_what_is_wrong_as_a_whole_is_not_tried() -> None:
    nets = Nets()
    async with opened(nets) as (pilot, _):
        await change_dns(pilot)
        nets.findings = [finding("eth1", "ipv4.addresses", "Its network overlaps the one of eth0.")]
        await press(pilot, "f8")
        assert "eth1: Its network overlaps" in screen_text(pilot)
        await press(pilot, "escape")
        assert (screen_name(pilot), nets.tried) == ("network", [])


async def test_without_an_agent_nothing_typed_is_lost() -> None:
    async with opened(Nets()) as (pilot, stand_in):
        await press(pilot, "f4", "enter")
        await paste(pilot, "dns", "192.0.2.54")
        stand_in.absent = True
        await press(pilot, "f8")
        assert (screen_name(pilot), value(pilot, "dns")) == ("names", "192.0.2.54")
        assert "can't be reached" in notice(pilot)
        stand_in.absent = False
        await press(pilot, "f8")
        assert screen_name(pilot) == "network"


async def test_while_the_agent_is_slow_a_second_key_does_nothing() -> None:
    async with opened(Nets()) as (pilot, stand_in):
        await press(pilot, "f4", "enter")
        await paste(pilot, "dns", "192.0.2.54")
        stand_in.delay = 0.3
        await press(pilot, "f8", "f8", "f8")
        await pilot.pause(0.6)
        assert len(stand_in.called("check_network")) == 1


async def test_pasted_lines_become_a_list() -> None:
    async with opened(Nets()) as (pilot, stand_in):
        await change_dns(pilot, "192.0.2.53\n192.0.2.54\r\n\t192.0.2.55\n")
        assert checked(stand_in).dns == ["192.0.2.53", "192.0.2.54", "192.0.2.55"]


@pytest.mark.parametrize("text", ["", "x" * 300, "[/red]{0}%s\u202e \x1b[31m", "1 " * 120, "ß→€日本"])
async def test_whatever_is_typed_is_left_to_the_agent_or_explained(text: str) -> None:
    async with opened(Nets()) as (pilot, stand_in):
        await change_dns(pilot, text)
        assert stand_in.called("check_network") or problem(pilot, "dns")


async def test_a_vlan_is_added_and_leads_to_its_addresses() -> None:
    async with opened(Nets()) as (pilot, stand_in):
        await press(pilot, "f4", "down", "enter")
        await paste(pilot, "vlan_id", "100")
        await press(pilot, "f8")
        assert checked(stand_in).interfaces[1] == InterfacePlan(name="eth0.100", parent="eth0", vlan_id=100, ipv4=Family(mode=Mode.AUTO))
        assert screen_name(pilot) == "interface"
        await press(pilot, "escape")
        assert "eth0.100" in screen_text(pilot)


@pytest.mark.parametrize(("text", "said"), [("", "from 1 to 4094"), ("x", "from 1 to 4094"), ("9999", "Type an id")])
async def test_a_vlan_id_that_is_none(text: str, said: str) -> None:
    nets = Nets()
    nets.findings = [finding("eth0.9999", "vlan_id", "Type an id from 1 to 4094.")]
    async with opened(nets) as (pilot, _):
        await press(pilot, "f4", "down", "enter")
        await paste(pilot, "vlan_id", text)
        await press(pilot, "f8")
        assert said in problem(pilot, "vlan_id")


async def test_a_vlan_is_removed_after_a_question() -> None:
    nets = Nets()
    vlan = InterfacePlan(name="eth0.100", parent="eth0", vlan_id=100)
    nets.state = nets.state.model_copy(update={"kept": plan().model_copy(update={"interfaces": [*plan().interfaces, vlan]})})
    async with opened(nets) as (pilot, _):
        await press(pilot, "f9")
        assert "can be removed" in notice(pilot)
        await press(pilot, "end", "f9", "f8")
        assert "removed" in screen_text(pilot)
        assert "not yet tried" in screen_text(pilot)


async def test_changes_that_were_not_tried_are_not_left_silently() -> None:
    async with opened(Nets()) as (pilot, _):
        await change_dns(pilot)
        await press(pilot, "escape")
        assert "Forget the changes" in screen_text(pilot)
        await press(pilot, "escape")
        assert screen_name(pilot) == "network"
        await press(pilot, "escape", "f8")
        assert screen_name(pilot) == "idle"


async def test_the_cursor_stays_on_its_interface_while_others_come() -> None:
    nets = Nets()
    async with opened(nets) as (pilot, _):
        await press(pilot, "down")
        eth0, eth1 = nets.state.interfaces
        nets.state = nets.state.model_copy(update={"interfaces": [eth0.model_copy(update={"name": "eth9"}), eth0, eth1]})
        await press(pilot, "f5")
        await pilot.pause(0.1)
        await press(pilot, "enter")
        assert "eth1: link no cable" in screen_text(pilot)


async def test_a_form_stays_as_it_is_on_a_small_terminal_and_back() -> None:
    async with opened(Nets()) as (pilot, _):
        await press(pilot, "enter")
        await paste(pilot, "mtu", "1400")
        await pilot.resize_terminal(40, 10)
        await pilot.pause()
        await pilot.resize_terminal(80, 25)
        await pilot.pause()
        assert value(pilot, "mtu") == "1400"
