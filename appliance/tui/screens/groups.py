"""Machine groups: VMs with a common priority and limit."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import DataTable

from appliance.contract.schedules import AddMember, Group
from appliance.tui.schedule_lines import GROUP_COLUMNS, group_row
from appliance.tui.screens.acting import ActingScreen
from appliance.tui.screens.deleting import deleted
from appliance.tui.widgets.bars import TitleBar
from appliance.tui.widgets.dialog import Choose
from appliance.tui.widgets.pick import Pick
from appliance.tui.widgets.table import Listing


class GroupsScreen(ActingScreen):
    """Each group with its priority, its limit, and how many VMs it has."""

    NAME = "groups"
    HEADING = "Machine groups"
    EVERY = 5.0
    HELP = (
        "A machine group has VMs that are copied by the same schedules. Groups with a higher priority go first; the limit says how many "
        "of its VMs are copied at once, those of groups that are part of it included. It waits while a group beside which it must not be "
        "copied is being copied. Enter opens a group with its VMs, F7 makes one. F4 changes the chosen one or adds "
        "VMs to it, F9 deletes it."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "open", "Open"),
        Binding("f4,ctrl+t", "act", "Actions"),
        Binding("f7,ctrl+n", "add", "New group"),
        Binding("f9,ctrl+d", "remove", "Delete"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._groups: dict[str, Group] = {}

    def body(self) -> ComposeResult:
        """The list."""
        yield Listing(GROUP_COLUMNS, empty="There is no machine group yet. Press F7 to make one.", id="groups")

    def on_mount(self) -> None:
        """The cursor is in the list."""
        self.query_one(Listing).focus()

    async def load(self) -> None:
        """All groups."""
        found = await self.console_app.agent.schedules.groups()
        self._groups = {one.id: one for one in found}
        names = {one.id: one.name for one in found}
        self.query_one(Listing).show([group_row(one, names) for one in found])
        self.query_one(TitleBar).tell(heading=f"{self.HEADING} ({len(found)})")

    def on_data_table_row_selected(self, event: DataTable.RowSelected) -> None:
        """Open the page of a group."""
        from appliance.tui.screens.group import GroupScreen

        self.app.push_screen(GroupScreen(event.row_key.value or ""))

    def action_add(self) -> None:
        """A new one."""
        from appliance.tui.screens.group_form import GroupForm

        self.app.push_screen(GroupForm())

    def action_act(self) -> None:
        """What can be done with the one under the cursor."""
        group = self._groups.get(self.query_one(Listing).chosen or "")
        if group is not None:
            self.once(lambda: act_on_group(self, group))

    def action_remove(self) -> None:
        """Delete the one under the cursor."""
        group = self._groups.get(self.query_one(Listing).chosen or "")
        if group is not None:
            self.once(lambda: _delete(self, group))


async def act_on_group(screen: ActingScreen, group: Group) -> None:
    """Ask what is to be done with a group, and do it; only from a worker."""
    options = [("add", "Add VMs"), ("change", "Change it"), ("delete", "Delete it")]
    chosen = await screen.app.push_screen_wait(Choose(group.name, options))
    if chosen == "add":
        await add_vms(screen, group)
    elif chosen == "change":
        from appliance.tui.screens.group_form import GroupForm

        screen.app.push_screen(GroupForm(group))
    elif chosen == "delete":
        await _delete(screen, group)


async def add_vms(screen: ActingScreen, group: Group) -> None:
    """Choose VMs that are not in a group, and put them into it; only from a worker."""
    agent = screen.console_app.agent
    found = await screen.asking(_outside(screen, group))
    if found is None:
        return
    chosen = await screen.app.push_screen_wait(Pick(f"VMs to add to {group.name}", found)) or []
    for number, vm in enumerate(chosen):
        if await screen.asking(agent.schedules.add_member(group.id, AddMember(vm=vm))) is None:
            return
        screen.say(f"{number + 1} of {len(chosen)} VMs added to {group.name}.")


async def _outside(screen: ActingScreen, group: Group) -> list[tuple[str, str]]:
    agent = screen.console_app.agent
    inside = {one.context_id for one in await agent.schedules.members(group.id)}
    vms = [vm for vm in await agent.replications.contexts() if vm.context_id not in inside]
    return [(vm.context_id, vm.vm_name) for vm in sorted(vms, key=lambda vm: vm.vm_name.casefold())]


async def _delete(screen: ActingScreen, group: Group) -> None:
    from appliance.tui.screens.group import GroupScreen

    what = "Its VMs stay protected, and so do their copies. A group that a schedule or another group names can't be deleted."
    if await screen.confirmed(f"Delete the machine group {group.name}?", what):
        work = screen.console_app.agent.schedules.delete_group(group.id)
        await deleted(screen, work, f"{group.name} was deleted.", leave=isinstance(screen, GroupScreen))
