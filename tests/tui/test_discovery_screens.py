"""Looking through a vCenter: places, marks, adding; and what is done to a VM's record."""

from __future__ import annotations

from typing import Any

import pytest
from textual.widgets import Static

from appliance.contract.discovery import AddVms
from appliance.contract.errors import FaultSpec
from appliance.contract.types import JobRef
from appliance.tui import discovery_lines as lines
from appliance.tui.screens.additions import AdditionsScreen
from appliance.tui.screens.discovery import DiscoveryScreen
from appliance.tui.screens.found_vm import FoundVmScreen
from appliance.tui.screens.job import JobScreen
from appliance.tui.screens.specifications import SpecificationsScreen
from appliance.tui.widgets.notice import Notice
from appliance.tui.widgets.table import Listing
from tests.tui import discovery_answers as some
from tests.tui import operation as op
from tests.tui.drawing import drawn_cells
from tests.tui.snapshots import settled
from tests.tui.stand_in import StandIn, console

BUSY = FaultSpec("test.busy", 409, "Another operation is under way for web01.", "Wait until it has ended.")


def names(pilot: Any) -> list[str]:
    return [row.cells[1] for row in pilot.app.screen.query_one(Listing)._rows]


def marked(pilot: Any) -> list[str]:
    return [row.cells[1] for row in pilot.app.screen.query_one(Listing)._rows if row.cells[0] == "[x]"]


def said(pilot: Any) -> str:
    return pilot.app.screen.query_one(Notice).said


@pytest.mark.parametrize(("number", "state", "addable"), [(0, "managed", False), (1, "", True), (3, "can't move", False)])
def test_a_line_says_whether_a_vm_can_be_added(number: int, state: str, addable: bool) -> None:
    vm = some.found_vms()[number]
    assert (lines.state(vm), lines.addable(vm)) == (state, addable)


@pytest.mark.parametrize(("typed", "fits"), [("web 02", True), ("databases", False), ("cluster a DEBIAN", True), ("managed", False)])
def test_every_word_that_is_typed_has_to_be_somewhere(typed: str, fits: bool) -> None:
    assert lines.matches(some.found_vms()[1], typed) is fits


async def test_a_vm_is_marked_by_the_space_bar_and_one_that_cant_be_added_says_why() -> None:
    async with console(StandIn("oma", some.answers())).run_test(size=(80, 25)) as pilot:
        await op.opened("discovery", "space")(pilot)
        assert "under management already" in said(pilot)
        await pilot.press("down", "space", "down", "space", "space", "down", "space")
        await pilot.pause()
        assert marked(pilot) == ["web02"]
        assert some.SNAPSHOTS in said(pilot)


async def test_all_that_are_shown_are_marked_and_added_by_one_request() -> None:
    stand_in = StandIn("oma", some.answers())
    async with console(stand_in).run_test(size=(80, 25)) as pilot:
        await op.opened("discovery", "f3", *"web", "enter", "f4", "enter")(pilot)
        assert (names(pilot), marked(pilot)) == (
            ["web01", "web02", "web03", "web04", "webshop-database-primary"],
            ["web02", "web03", "webshop-database-primary"],
        )
        await op.pressed(pilot, ["f8", "f8"])
        assert isinstance(pilot.app.screen, AdditionsScreen)
        [asked] = stand_in.called("add_vms")
        assert asked["body"] == AddVms(credential_id=3, vms=["vm-2", "vm-3", "vm-12"])
        looks = len(stand_in.called("discover"))
        await op.pressed(pilot, ["escape"])
        assert len(stand_in.called("discover")) == looks + 1 and marked(pilot) == []


async def test_more_than_one_request_may_hold_are_added_by_several() -> None:
    many = [op.line(number) for number in range(1, 1202)]
    stand_in = StandIn("oma", some.answers(discover=some.pages(many), add_vms=lambda body: JobRef(job_id=f"job-{len(body.vms)}")))
    async with console(stand_in).run_test(size=(80, 25)) as pilot:
        await op.opened("discovery", "f4", "enter", "f8", "f8")(pilot)
        bodies = [one["body"] for one in stand_in.called("add_vms")]
        assert [len(one.vms) for one in bodies if isinstance(one, AddVms)] == [500, 500, 201]


async def test_nothing_is_added_without_a_mark_or_a_yes() -> None:
    stand_in = StandIn("oma", some.answers())
    async with console(stand_in).run_test(size=(80, 25)) as pilot:
        await op.opened("discovery", "f8")(pilot)
        assert "Mark the VMs" in said(pilot)
        await op.pressed(pilot, ["down", "space", "f8", "escape"])
        assert stand_in.called("add_vms") == []


async def test_a_folder_or_a_cluster_narrows_the_list_at_the_agent() -> None:
    stand_in = StandIn("oma", some.answers())
    async with console(stand_in).run_test(size=(80, 25)) as pilot:
        await op.opened("discovery", "f6", "down", "down", "down", "enter")(pilot)
        assert names(pilot) == ["webshop-database-primary"]
        assert "folder /DC1/vm/Databases" in str(pilot.app.screen.query_one("#where", Static).content)
        await op.pressed(pilot, ["f6", "end", "up", "enter"])
        assert names(pilot) == ["web01", "web02", "web03", "web04"]


async def test_what_was_seen_is_asked_anew_only_on_demand() -> None:
    stand_in = StandIn("oma", some.answers())
    async with console(stand_in).run_test(size=(80, 25)) as pilot:
        await op.opened("discovery", "f5")(pilot)
        await settled(pilot)
        assert [getattr(one["body"], "anew", None) for one in stand_in.called("discover")] == [False, True]


async def test_a_vm_that_is_managed_leads_to_its_page_and_another_does_not() -> None:
    async with console(StandIn("oma", some.answers())).run_test(size=(80, 25)) as pilot:
        await op.opened("discovery", "down", "enter", "f4")(pilot)
        assert isinstance(pilot.app.screen, FoundVmScreen) and "not under management" in said(pilot)


async def test_four_thousand_vms_come_in_pages_and_a_key_draws_no_more_than_it_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    many = [op.line(number) for number in range(1, 4003)]
    stand_in = StandIn("oma", some.answers(discover=some.pages(many)))
    async with console(stand_in).run_test(size=(160, 50)) as pilot:
        await op.opened("discovery")(pilot)
        screen = pilot.app.screen
        assert isinstance(screen, DiscoveryScreen) and len(names(pilot)) == 4002
        assert [getattr(one["body"], "page", None) for one in stand_in.called("discover")] == [1, 2, 3]
        drawn = drawn_cells(monkeypatch)
        await pilot.press("end", "space")
        await pilot.pause()
        assert marked(pilot) == ["web4002"] and len({row for row, _ in drawn}) == 1
        drawn.clear()
        await pilot.press("up")
        await pilot.pause()
        assert drawn == []


async def test_what_became_of_each_is_shown_with_the_reason() -> None:
    stand_in = StandIn("oma", some.answers(additions=some.WAITING))
    async with console(stand_in).run_test(size=(80, 25)) as pilot:
        await op.opened("discovery", "f4", "enter", "f8", "f8")(pilot)
        assert [row.cells[1] for row in pilot.app.screen.query_one(Listing)._rows] == ["waiting"] * 3
        stand_in.answers["additions"] = some.ADDED
        pilot.app.screen.action_reload()  # type: ignore[attr-defined]
        for _ in range(100):
            await pilot.pause(0.02)
            if pilot.app.screen.query_one(Listing)._rows[0].cells[1] == "added":
                break
        assert [row.cells[1] for row in pilot.app.screen.query_one(Listing)._rows] == ["added", "managed already", "refused"]


def record_of(*keys: str) -> Any:
    return op.opened("vms", "enter", "f2", *keys)


async def test_a_look_says_what_has_changed() -> None:
    changed = some.seen(0, "rediscovered", changes=["CPUs: 2 became 4."])
    async with console(StandIn("oma", some.answers(rediscover=changed))).run_test(size=(80, 25)) as pilot:
        await record_of("down", "enter")(pilot)
        assert said(pilot) == "CPUs: 2 became 4."


async def test_the_history_is_reached_from_the_vm_and_looks_anew() -> None:
    stand_in = StandIn("oma", some.answers())
    async with console(stand_in).run_test(size=(80, 25)) as pilot:
        await record_of("enter", "f4")(pilot)
        assert isinstance(pilot.app.screen, SpecificationsScreen)
        assert said(pilot) == "Nothing has changed of web01 in vCenter." and len(stand_in.called("rediscover")) == 1


async def test_only_credentials_of_the_same_vcenter_are_offered() -> None:
    other = op.CREDENTIAL.model_copy(update={"id": 4, "name": "spare"})
    elsewhere = op.CREDENTIAL.model_copy(update={"id": 5, "vcenter_host": "vc2.example.net"})
    stand_in = StandIn("oma", some.answers(credentials=[op.CREDENTIAL, elsewhere, other]))
    async with console(stand_in).run_test(size=(80, 25)) as pilot:
        await record_of("down", "down", "enter", "down", "enter")(pilot)
        [asked] = stand_in.called("set_credential")
        assert getattr(asked["body"], "credential_id", None) == 4


async def test_a_vm_is_removed_after_its_name_was_typed_and_the_job_is_shown() -> None:
    stand_in = StandIn("oma", some.answers())
    async with console(stand_in).run_test(size=(80, 25)) as pilot:
        await record_of("down", "down", "down", "enter", "f8")(pilot)
        assert stand_in.called("remove_vm") == []
        await op.pressed(pilot, [*"web01", "f8"])
        assert stand_in.called("remove_vm") == [{"vm": "ctx-0001"}] and isinstance(pilot.app.screen, JobScreen)


async def test_a_vm_that_cant_be_removed_now_says_why() -> None:
    refused = some.REMOVAL.model_copy(update={"refusal": BUSY().message})
    stand_in = StandIn("oma", some.answers(removal=refused))
    async with console(stand_in).run_test(size=(80, 25)) as pilot:
        await record_of("down", "down", "down", "enter", "enter")(pilot)
        assert stand_in.called("remove_vm") == []
