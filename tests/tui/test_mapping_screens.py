"""Network mappings at the console: chosen by name, for all VMs and for one, and a failover's networks."""

from __future__ import annotations

from textual.pilot import Pilot

from appliance.contract.checks import CheckState
from appliance.contract.errors import FaultSpec
from appliance.contract.network_mappings import Kind, Origin, SetDefault, SetMapping
from appliance.contract.types import JobRef
from appliance.tui.mapping_lines import called, mapping_actions, mapping_row, target_text
from appliance.tui.screens.failover import FailoverScreen
from appliance.tui.widgets.dialog import Confirm
from appliance.tui.widgets.notice import Notice
from appliance.tui.widgets.table import Listing
from tests.tui import mapping_answers as some
from tests.tui import operation as op
from tests.tui.stand_in import StandIn, console

STARTED = JobRef(job_id="job-1")
REFUSED = FaultSpec("failover.no_test_network", 422, "Its adapter on {network} has no place to go.", "Map the network.")


def answers(**more: object) -> dict[str, object]:
    mapped = {"network_mappings": some.DEFAULTS, "vm_mappings": some.OF_VM, "mapping_targets": some.TARGETS, "delete_mapping": None}
    return op.answers(op.vm(1), jobs=[], **mapped | more)


def told(pilot: Pilot[object]) -> str:
    return str(pilot.app.screen.query_one(Notice).content)


def test_what_is_wrong_with_a_target_is_said_by_a_word() -> None:
    gone = some.place("net-1", Origin.DEFAULT, state=CheckState.FAIL)
    assert [target_text(one) for one in (some.NONE, gone, some.CONFIGURED)] == ["- none -", "net-1 (gone)", "production"]
    assert [called(one) for one in ("*", "", "DMZ")] == ["All others", "(without a name)", "DMZ"]
    assert [mapping_row(one, counted=True).tone for one in some.DEFAULTS.networks] == ["bad", "warning", "", "bad"]


def test_only_what_is_set_here_can_be_removed() -> None:
    assert [[key for key, _ in mapping_actions(one)] for one in some.OF_VM.networks[:2]] == [
        ["test", "production", "remove-test"],
        ["test", "production"],
    ]


async def test_a_default_is_chosen_by_name() -> None:
    stand_in = StandIn("oma", answers(set_default_mapping=some.DEFAULTS))
    async with console(stand_in).run_test(size=(80, 25)) as pilot:
        await op.opened("mappings", "down", "down", "enter", "enter", "f3", *"rich", "enter", "enter")(pilot)
        body = SetDefault(config_id=1, source_network="VM Network", kind=Kind.TEST, target_network_id="net-zh")
        assert stand_in.called("set_default_mapping") == [{"body": body}]
        assert told(pilot) == "Test: VM Network → isolated-test."


async def test_a_choice_that_is_dangerous_is_said_at_once() -> None:
    stand_in = StandIn("oma", answers(set_default_mapping=some.DEFAULTS))
    async with console(stand_in).run_test(size=(80, 25)) as pilot:
        await op.opened("mappings", "down", "enter", "enter", "enter")(pilot)
        assert some.MEETS in told(pilot)


async def test_a_default_for_a_network_that_no_vm_is_known_to_be_on() -> None:
    known = some.table(*some.DEFAULTS.networks, some.network("Lab", 0, production=some.place("net-iso", Origin.DEFAULT, mapping_id=9)))
    stand_in = StandIn("oma", answers(set_default_mapping=known))
    async with console(stand_in).run_test(size=(80, 25)) as pilot:
        await op.opened("mappings", "f7", *"Lab", "enter", "down", "enter", "enter")(pilot)
        body = SetDefault(config_id=1, source_network="Lab", kind=Kind.PRODUCTION, target_network_id="net-iso")
        assert stand_in.called("set_default_mapping") == [{"body": body}]


async def test_both_mappings_of_a_line_are_removed_one_after_the_other() -> None:
    stand_in = StandIn("oma", answers())
    async with console(stand_in).run_test(size=(80, 25)) as pilot:
        await op.opened("mappings", "f9")(pilot)
        assert told(pilot) == "Nothing is set here that could be removed."
        await op.pressed(pilot, ["down", "down", "f9", "f8", "f8"])
        assert stand_in.called("delete_mapping") == [{"mapping_id": "2"}, {"mapping_id": "3"}]


async def test_without_a_configuration_it_is_said_what_to_do() -> None:
    stand_in = StandIn("oma", answers(network_mappings=some.NOTHING))
    async with console(stand_in).run_test(size=(80, 25)) as pilot:
        await op.opened("mappings")(pilot)
        assert told(pilot) == "No CloudStack configuration is active."
        await op.pressed(pilot, ["enter", "enter"])
        assert "menu: CloudStack" in told(pilot)
        assert not stand_in.called("mapping_targets")


async def test_a_vm_gets_its_own_network_from_its_page() -> None:
    stand_in = StandIn("oma", answers(set_vm_mapping=some.OF_VM))
    async with console(stand_in).run_test(size=(80, 25)) as pilot:
        await op.vm_page("f4", "end", "enter", "down", "enter", "enter", "down", "enter")(pilot)
        body = SetMapping(source_network="DMZ", kind=Kind.TEST, target_network_id="net-prod")
        assert stand_in.called("set_vm_mapping") == [{"vm": "ctx-0001", "body": body}]


async def test_a_network_without_a_name_is_left_to_all_others() -> None:
    stand_in = StandIn("oma", answers(network_mappings=some.table(some.network(""))))
    async with console(stand_in).run_test(size=(80, 25)) as pilot:
        await op.opened("mappings", "enter", "enter")(pilot)
        assert "'All others' takes it" in told(pilot)


async def test_a_test_starts_on_the_networks_that_are_set() -> None:
    stand_in = StandIn("oma", answers(failover_test=STARTED))
    async with console(stand_in).run_test(size=(80, 25)) as pilot:
        await op.vm_page("f4", "down", "enter", "f8", "f8")(pilot)
        assert isinstance(pilot.app.screen, Confirm)
        assert "VM Network → isolated-test; DMZ → isolated-test" in pilot.app.screen._consequences
        await op.pressed(pilot, ["f8"])
        body = stand_in.called("failover_test")[0]["body"]
        assert (body.networks, body.network_id) == ({}, None)  # type: ignore[attr-defined]
        assert told(pilot) == "The test failover of web01 was started."


async def test_another_network_is_picked_by_name_for_this_failover_alone() -> None:
    stand_in = StandIn("oma", answers(failover_test=STARTED))
    async with console(stand_in).run_test(size=(80, 25)) as pilot:
        await op.vm_page("f4", "down", "enter", "down", "enter", "down", "enter", "f8", "f8")(pilot)
        assert isinstance(pilot.app.screen, Confirm)
        assert "Production adapters go to production too" in pilot.app.screen._consequences
        await op.pressed(pilot, ["f8"])
        assert stand_in.called("failover_test")[0]["body"].networks == {"DMZ": "net-prod"}  # type: ignore[attr-defined]
        assert not stand_in.called("set_vm_mapping")


async def test_an_adapter_without_a_place_is_asked_for_before_anything_starts() -> None:
    stand_in = StandIn("oma", answers(vm_mappings=some.table(some.network("DMZ"), some.network("*", 0)), failover_test=STARTED))
    async with console(stand_in).run_test(size=(80, 25)) as pilot:
        await op.vm_page("f4", "down", "enter", "f8")(pilot)
        assert isinstance(pilot.app.screen, FailoverScreen)
        assert told(pilot) == "Choose a network for DMZ: press Enter on it."
        await op.pressed(pilot, ["enter", "enter", "f8", "f8", "f8"])
        assert stand_in.called("failover_test")[0]["body"].networks == {"DMZ": "net-iso"}  # type: ignore[attr-defined]


async def test_an_adapter_without_a_name_is_given_the_network_for_all_others() -> None:
    stand_in = StandIn("oma", answers(vm_mappings=some.table(some.network("")), failover_test=STARTED))
    async with console(stand_in).run_test(size=(80, 25)) as pilot:
        await op.vm_page("f4", "down", "enter", "enter", "enter", "f8", "f8", "f8")(pilot)
        body = stand_in.called("failover_test")[0]["body"]
        assert (body.networks, body.network_id) == ({}, "net-iso")  # type: ignore[attr-defined]


async def test_a_refusal_is_said_and_the_form_stays() -> None:
    stand_in = StandIn("oma", answers(failover_test=REFUSED(network="DMZ")))
    async with console(stand_in).run_test(size=(80, 25)) as pilot:
        await op.vm_page("f4", "down", "enter", "f8", "f8", "f8")(pilot)
        assert isinstance(pilot.app.screen, FailoverScreen)
        assert told(pilot) == "Its adapter on DMZ has no place to go. Map the network."
        assert pilot.app.screen.query_one("#places", Listing).row_count == 2


async def test_a_live_failover_wants_the_name_typed() -> None:
    stand_in = StandIn("oma", answers(failover_live=STARTED))
    async with console(stand_in).run_test(size=(80, 25)) as pilot:
        await op.vm_page("f4", "down", "down", "enter", "tab", "end", "backspace", "f8", "f8", "f8")(pilot)
        assert isinstance(pilot.app.screen, Confirm)
        assert not stand_in.called("failover_live")
        await op.pressed(pilot, [*"web01", "f8"])
        body = stand_in.called("failover_live")[0]["body"]
        assert (body.vm, body.shutdown_seconds, body.network_id) == ("ctx-0001", 18, None)  # type: ignore[attr-defined]


async def test_a_wrong_time_is_said_before_anything_is_asked() -> None:
    stand_in = StandIn("oma", answers())
    async with console(stand_in).run_test(size=(80, 25)) as pilot:
        await op.vm_page("f4", "down", "down", "enter", "tab", *"x", "f8")(pilot)
        assert isinstance(pilot.app.screen, FailoverScreen)
        assert "from 1 to 3600" in str(pilot.app.screen.query_one("#seconds .problem").render())
