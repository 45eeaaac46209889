"""Machine groups by keys."""

from __future__ import annotations

import pytest
from textual.widgets import Static

from appliance.contract.schedules import AddMember, SaveGroup
from appliance.schedules.faults import GROUP_IN_USE, NAME_TAKEN, OWN_PARENT
from appliance.tui.schedule_lines import group_row
from appliance.tui.screens.group import GroupScreen
from appliance.tui.screens.group_form import GroupForm, priority_flaw
from appliance.tui.screens.groups import GroupsScreen
from appliance.tui.widgets.form import Field
from appliance.tui.widgets.table import Listing
from tests.tui import operation as op
from tests.tui import schedule_answers as some
from tests.tui.hands import notice
from tests.tui.stand_in import StandIn, console


def test_a_group_names_its_parent_and_what_it_is_not_copied_beside() -> None:
    names = {one.id: one.name for one in some.GROUPS}
    assert group_row(some.GROUPS[0], names).cells == ("databases", "90", "2", "2", "everything", "web")
    assert group_row(some.GROUPS[2], names).cells[3:5] == ("no limit", "")


@pytest.mark.parametrize(("text", "good"), [("0", True), ("100", True), ("101", False), ("", False), ("-1", False), ("²", False)])
def test_a_priority_is_a_number_up_to_a_hundred(text: str, good: bool) -> None:
    assert (priority_flaw(text) == "") is good


async def test_a_group_is_made_with_parent_and_conflicts() -> None:
    stand_in = StandIn("oma", some.answers(create_group=some.group(1)))
    async with console(stand_in).run_test(size=(80, 25)) as pilot:
        await op.opened("groups", "f7", *"shop", "f6", "down", "enter", "f3", "down", "enter", "f8", "f8")(pilot)
        body = stand_in.called("create_group")[0]["body"]
        assert body == SaveGroup(name="shop", priority=50, parent_id="group-1", conflicts_with=["group-2"])
        assert isinstance(pilot.app.screen, GroupsScreen)
        assert notice(pilot) == "shop was saved."


async def test_a_group_is_changed_and_can_not_be_its_own_parent() -> None:
    stand_in = StandIn("oma", some.answers(update_group=some.group(1)))
    async with console(stand_in).run_test(size=(80, 25)) as pilot:
        await op.opened("groups", "f4", "down", "enter")(pilot)
        form = pilot.app.screen
        assert isinstance(form, GroupForm)
        assert [name for _, name in form.others()] == ["web", "everything"]
        form.query_one("#most", Field).value = ""
        await op.pressed(pilot, ["f8"])
        wanted = SaveGroup(
            name="databases", description="ordered by the shop", priority=90, parent_id="group-3", conflicts_with=["group-2"]
        )
        assert stand_in.called("update_group") == [{"group_id": "group-1", "body": wanted}]


async def test_a_name_that_is_taken_is_said_beside_it_and_another_refusal_below() -> None:
    stand_in = StandIn("oma", some.answers(create_group=NAME_TAKEN(noun="group", name="web")))
    async with console(stand_in).run_test(size=(80, 25)) as pilot:
        await op.opened("groups", "f7", *"web", "f8")(pilot)
        assert "called web already" in str(pilot.app.screen.query_one("#name .problem", Static).content)
        stand_in.answers["create_group"] = OWN_PARENT()
        await op.pressed(pilot, ["f8"])
        assert "its own parent" in notice(pilot)


async def test_vms_that_are_not_in_the_group_are_added() -> None:
    stand_in = StandIn("oma", some.answers(add_member=some.member(3)))
    async with console(stand_in).run_test(size=(80, 25)) as pilot:
        await op.opened("groups", "enter", "f7", "enter", "f8")(pilot)
        assert stand_in.called("add_member") == [{"group_id": "group-1", "body": AddMember(vm="ctx-0003")}]
        assert notice(pilot) == "1 of 1 VMs added to databases."


async def test_a_vm_is_taken_out_after_a_question() -> None:
    stand_in = StandIn("oma", some.answers(remove_member=None))
    async with console(stand_in).run_test(size=(80, 25)) as pilot:
        await op.opened("groups", "enter", "down", "f9", "escape")(pilot)
        assert not stand_in.called("remove_member")
        await op.pressed(pilot, ["f9", "f8"])
        assert stand_in.called("remove_member") == [{"group_id": "group-1", "vm": "ctx-0002"}]
        assert notice(pilot) == "web02 is no longer in databases."


async def test_a_group_that_is_named_elsewhere_is_not_deleted_and_its_users_are_told() -> None:
    stand_in = StandIn("oma", some.answers(delete_group=GROUP_IN_USE(name="databases", users="the schedule nightly")))
    async with console(stand_in).run_test(size=(80, 25)) as pilot:
        await op.opened("groups", "enter", "f4", "down", "down", "enter", "f8")(pilot)
        assert isinstance(pilot.app.screen, GroupScreen)
        assert "named by the schedule nightly" in notice(pilot)


async def test_the_cursor_stays_on_its_group_when_others_come() -> None:
    stand_in = StandIn("oma", some.answers())
    async with console(stand_in).run_test(size=(80, 25)) as pilot:
        await op.opened("groups", "down")(pilot)
        stand_in.answers["groups"] = list(reversed(some.GROUPS))
        await op.pressed(pilot, ["f5"])
        assert pilot.app.screen.query_one(Listing).chosen == "group-2"
