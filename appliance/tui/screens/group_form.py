"""Making and changing a machine group."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from appliance.contract.errors import Fault
from appliance.contract.schedules import Group, SaveGroup
from appliance.tui import words
from appliance.tui.screens.acting import FormScreen
from appliance.tui.widgets.bars import TitleBar
from appliance.tui.widgets.dialog import Choose
from appliance.tui.widgets.facts import Facts
from appliance.tui.widgets.form import Field, in_one_sentence
from appliance.tui.widgets.pick import Pick
from appliance.tui.window_lines import count_flaw

NAME_TAKEN = "schedule.name_taken"


def priority_flaw(text: str) -> str:
    """What is wrong with a typed priority (pure)."""
    good = text.isascii() and text.isdigit() and int(text) <= 100
    return "" if good else "Type a number from 0 to 100; 100 goes first."


class GroupForm(FormScreen):
    """All of a group but its VMs."""

    NAME = "group-form"
    HEADING = "New machine group"
    EVERY = 30.0
    HELP = (
        "Groups with a higher priority go first, 100 before all others. The limit says how many of the group's VMs are copied at once; "
        "empty is no limit. F6 chooses a group that this one is part of: its limit holds for both together. F3 chooses groups beside "
        "which this one is not copied: it waits until they are done. F8 saves. VMs are added on the group's page."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f6,ctrl+e", "choose_parent", "Part of"),
        Binding("f3,ctrl+f", "choose_conflicts", "Not beside"),
    ]

    def __init__(self, group: Group | None = None) -> None:
        super().__init__()
        self._before = group
        self._part_of = group.parent_id if group else None
        self._conflicts = list(group.conflicts_with) if group else []
        self._names: dict[str, str] = {}

    def body(self) -> ComposeResult:
        """Fields, and what is chosen from lists."""
        one = self._before
        yield Field("Name", id="name", value=one.name if one else "", limit=120, check=lambda text: "" if text else "Type a name.")
        yield Field("Description", id="description", value=one.description if one else "", hint="may be empty", limit=1000)
        yield Field("Priority", id="priority", value=str(one.priority if one else 50), hint="0 to 100", limit=3, check=priority_flaw)
        most = str(one.max_concurrent) if one and one.max_concurrent else ""
        yield Field("Copies at once", id="most", value=most, hint="empty: no limit of its own", limit=4, check=count_flaw)
        yield Facts(id="others", label_width=19)

    async def load(self) -> None:
        """What groups there are."""
        found = await self.console_app.agent.schedules.groups()
        self._names = {one.id: one.name for one in found}
        if self._before is not None:
            self.query_one(TitleBar).tell(heading=f"Machine group {self._before.name}")
        self._show_others()

    def _show_others(self) -> None:
        parent = self._names.get(self._part_of, self._part_of) if self._part_of else ""
        beside = words.cut(", ".join(self._names.get(one, one) for one in self._conflicts), 150)
        self.query_one("#others", Facts).show([("Part of", parent or "no group; F6 chooses"), ("Not beside", beside or "none; F3 chooses")])

    def others(self) -> list[tuple[str, str]]:
        """The groups that may be its parent or its conflict, as (id, name)."""
        own = self._before.id if self._before else ""
        return [(key, name) for key, name in self._names.items() if key != own]

    def action_choose_parent(self) -> None:
        """A group from a list."""
        self.once(self._choose_parent)

    async def _choose_parent(self) -> None:
        chosen = await self.app.push_screen_wait(Choose("This group is part of", [("", "No group"), *self.others()]))
        if chosen is not None:
            self._part_of = chosen or None
            self._show_others()

    def action_choose_conflicts(self) -> None:
        """Groups from a list."""
        self.once(self._choose_conflicts)

    async def _choose_conflicts(self) -> None:
        chosen = await self.app.push_screen_wait(Pick("Groups beside which this one is not copied", self.others(), self._conflicts))
        if chosen is not None:
            self._conflicts = chosen
            self._show_others()

    def wanted(self) -> SaveGroup:
        """The group as it was typed."""
        most = self.field("most").value
        return SaveGroup(
            name=self.field("name").value,
            description=self.field("description").value,
            priority=int(self.field("priority").value),
            max_concurrent=int(most) if most else None,
            parent_id=self._part_of,
            conflicts_with=self._conflicts,
        )

    async def submit(self) -> None:
        """Save it, and go back."""
        if not self.all_good():
            return
        api, body = self.console_app.agent.schedules, self.wanted()
        try:
            await (api.update_group(self._before.id, body) if self._before else api.create_group(body))
        except Fault as error:
            if error.key == NAME_TAKEN:
                self.field("name").problem(in_one_sentence(error))
                self.field("name").focus_input()
            else:
                self.say(in_one_sentence(error), "error")
            return
        self.console_app.leave(self)
        self.console_app.say(f"{body.name} was saved.", "success")
