"""Questions to the network at the console."""

from __future__ import annotations

from appliance.contract.errors import FaultSpec
from appliance.contract.network import Probe, ProbeAnswer, ProbeKind
from appliance.tui.screens.probes import ProbesScreen
from appliance.tui.widgets.form import Choice
from tests.tui.hands import Nets, paste, press, problem, screen_text
from tests.tui.snapshots import settled
from tests.tui.test_network_screens import opened, value

BAD_TARGET = FaultSpec("network.bad_target", 422, "{target} is neither a host name nor an address.", "Type a name or an address.")
FINE = ProbeAnswer(ok=True, message="It answers after 0.4 ms.", lines=["Answer 1"], milliseconds=0.4)


async def test_the_gateway_is_pinged_without_typing() -> None:
    async with opened(Nets(), ProbesScreen, probe_network=FINE) as (pilot, stand_in):
        await press(pilot, "enter")
        assert stand_in.called("probe_network") == [{"body": Probe(kind=ProbeKind.PING, target="192.0.2.1")}]
        assert "It answers after 0.4 ms." in screen_text(pilot)
        assert "Answer 1" in screen_text(pilot)


async def test_the_newest_answer_is_first() -> None:
    async with opened(Nets(), ProbesScreen, probe_network=FINE) as (pilot, stand_in):
        await press(pilot, "f8")
        stand_in.answers["probe_network"] = FINE.model_copy(update={"ok": False, "message": "No answer."})
        await press(pilot, "f8")
        text = screen_text(pilot)
        assert text.index("No answer.") < text.index("It answers")


async def test_a_typed_target_stays_when_another_test_is_chosen() -> None:
    async with opened(Nets(), ProbesScreen) as (pilot, _):
        pilot.app.screen.query_one(Choice).value = ProbeKind.DNS.value
        await settled(pilot)
        assert value(pilot, "target") == "example.net"
        await paste(pilot, "target", "vcenter.example.net")
        pilot.app.screen.query_one(Choice).value = ProbeKind.PEER.value
        await settled(pilot)
        assert value(pilot, "target") == "vcenter.example.net"


async def test_a_target_that_is_none_is_explained_beside_the_field() -> None:
    async with opened(Nets(), ProbesScreen, probe_network=BAD_TARGET(target="-x")) as (pilot, _):
        await paste(pilot, "target", "-x")
        await press(pilot, "f8")
        assert "neither a host name" in problem(pilot, "target")


async def test_a_question_under_way_is_said_and_not_asked_twice() -> None:
    async with opened(Nets(), ProbesScreen, probe_network=FINE) as (pilot, stand_in):
        stand_in.delay = 0.3
        await press(pilot, "f8", "f8")
        assert "Asking: 192.0.2.1" in screen_text(pilot)
        await pilot.pause(0.6)
        assert len(stand_in.called("probe_network")) == 1
        assert "Asking:" not in screen_text(pilot)
