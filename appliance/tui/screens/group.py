"""One machine group and its VMs."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from appliance.contract.schedules import Group, Member
from appliance.tui.schedule_lines import MEMBER_COLUMNS, group_facts, member_row
from appliance.tui.screens.acting import ActingScreen
from appliance.tui.screens.groups import act_on_group, add_vms
from appliance.tui.widgets.bars import TitleBar
from appliance.tui.widgets.facts import Facts
from appliance.tui.widgets.table import Listing


class GroupScreen(ActingScreen):
    """The page of a group."""

    NAME = "group"
    HEADING = "Machine group"
    EVERY = 5.0
    HELP = (
        "The VMs of one machine group. F7 adds VMs from a list, F9 takes the one under the cursor out; it stays protected, and is copied "
        "by other schedules as before. F4 changes or deletes the group."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f4,ctrl+t", "act", "Actions"),
        Binding("f7,ctrl+n", "add", "Add VMs"),
        Binding("f9,ctrl+d", "remove", "Take out"),
    ]

    def __init__(self, group_id: str) -> None:
        super().__init__()
        self._group_id = group_id
        self._group: Group | None = None
        self._members: dict[str, Member] = {}

    def body(self) -> ComposeResult:
        """Facts, then the VMs."""
        yield Facts(id="facts")
        yield Listing(MEMBER_COLUMNS, empty="No VM is in this group. Press F7 to add some.", id="members")

    def on_mount(self) -> None:
        """The cursor is in the list."""
        self.query_one(Listing).focus()

    async def load(self) -> None:
        """The group, its VMs, and the names of other groups."""
        api = self.console_app.agent.schedules
        self._group = group = await api.group(self._group_id)
        names = {one.id: one.name for one in await api.groups()}
        members = await api.members(group.id)
        self._members = {one.context_id: one for one in members}
        self.query_one(TitleBar).tell(heading=f"Machine group {group.name} ({len(members)})")
        self.query_one("#facts", Facts).show(group_facts(group, names))
        self.query_one(Listing).show([member_row(one) for one in members])

    def action_add(self) -> None:
        """More VMs."""
        group = self._group
        if group is not None:
            self.once(lambda: add_vms(self, group))

    def action_remove(self) -> None:
        """One VM less."""
        member = self._members.get(self.query_one(Listing).chosen or "")
        group = self._group
        if group is not None and member is not None:
            self.once(lambda: self._remove(group, member))

    async def _remove(self, group: Group, member: Member) -> None:
        what = f"{member.vm_name} stays protected, but is no longer copied by the schedules of {group.name}."
        if await self.confirmed(f"Take {member.vm_name} out of {group.name}?", what):
            work = self.console_app.agent.schedules.remove_member(group.id, member.context_id)
            await self.asking(work, f"{member.vm_name} is no longer in {group.name}.")

    def action_act(self) -> None:
        """What can be done with it."""
        group = self._group
        if group is not None:
            self.once(lambda: act_on_group(self, group))
