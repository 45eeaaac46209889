"""The third step of a CloudStack configuration: choosing, and saving."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import DataTable, Static

from appliance.contract import clouds as contract
from appliance.tui.cloud_draft import NEEDED, OWN_VM, PARTS, Draft, described, name_of, offered, own_vm_words
from appliance.tui.flaws import check_of
from appliance.tui.screens.acting import ActingScreen
from appliance.tui.screens.clouds import CloudsScreen
from appliance.tui.widgets.ask import Ask
from appliance.tui.widgets.dialog import Choose
from appliance.tui.widgets.form import Field
from appliance.tui.widgets.pick_one import PickOne
from appliance.tui.widgets.table import Column, Listing, Row

NONE = "none"
COLUMNS = (Column("What", 17), Column("Chosen"), Column("What it is for", 50, needs=120))


class ChoiceScreen(ActingScreen):
    """One line for each thing to choose; Enter opens the list of what there is."""

    NAME = "cloud-choice"
    HEADING = "CloudStack, step 3 of 3: choose and save"
    HELP = (
        "Enter chooses the thing under the cursor from a list by name; another zone brings its own templates and networks. Zone, disk "
        "offering and this appliance's own machine are needed before a VM can be copied, the others before a failover. The disk offering "
        "has to be one whose size can be chosen. F8 saves; then F6 in the list checks whether it can be used."
    )
    EVERY: ClassVar[float] = 3600.0
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "choose", "Choose"),
        Binding("f8,ctrl+s", "save", "Save"),
    ]

    def __init__(self, draft: Draft, found: contract.Resources) -> None:
        super().__init__()
        self._draft, self._found = draft, found
        self._zone: str | None = ""

    def body(self) -> ComposeResult:
        """A sentence and the list."""
        yield Static(f"{self._draft.name} at {self._draft.address}\n", markup=False)
        yield Listing(COLUMNS, id="choices")

    def on_mount(self) -> None:
        """The cursor is in the list."""
        self.query_one(Listing).focus()

    async def load(self) -> None:
        """What there is in the chosen zone; of all zones that is known from the step before."""
        self._take(self._found)
        zone = self._draft.chosen.get("zone", "")
        if zone != self._zone:
            self._take(await self.console_app.agent.clouds.discover_resources(self._draft.discovery()))
            self._zone = zone

    def action_reload(self) -> None:
        """Look through the zone again."""
        self._zone = None
        super().action_reload()

    def _take(self, found: contract.Resources) -> None:
        self._found = found
        forgotten = self._draft.take(found)
        if forgotten:
            self.say(f"No longer there, choose again: {', '.join(forgotten)}.", "warning")
        self.query_one(Listing).show(choice_rows(self._draft, found))

    def on_data_table_row_selected(self, event: DataTable.RowSelected) -> None:
        """Choose this."""
        name = event.row_key.value or ""
        self.once(self._own_vm if name == OWN_VM[0] else lambda: self._choose(name))

    async def _choose(self, name: str) -> None:
        title, kind, about = next((title, kind, about) for one, title, kind, about in PARTS if one == name)
        options = [(one.id, one.name, described(kind, one)) for one in offered(kind, self._found)]
        if name not in NEEDED:
            options.append((NONE, "None", ""))
        picked = await self.app.push_screen_wait(PickOne(f"{title}: {about}", options, self._draft.chosen.get(name) or NONE))
        if picked is None:
            return
        self._draft.chosen[name] = "" if picked == NONE else picked
        self.query_one(Listing).show(choice_rows(self._draft, self._found))
        if name == "zone":
            self.action_reload()

    async def _own_vm(self) -> None:
        own = self._found.oma_vm_id
        options = [("found", f"The machine that was found: {own}")] if own else []
        key = await self.app.push_screen_wait(Choose("Which machine is this appliance?", [*options, ("type", "Type its id")]))
        if key == "found":
            self._draft.chosen["oma_vm_id"] = own or ""
        elif key == "type":
            text = "CloudStack shows the id on the page of the machine."
            field = Field("Id", id="oma_vm_id", value=self._draft.chosen.get("oma_vm_id", ""), check=_ID)
            await self.app.push_screen_wait(Ask("The id of this appliance's machine", text, [field], self._typed))
        self.query_one(Listing).show(choice_rows(self._draft, self._found))

    async def _typed(self, values: Mapping[str, str]) -> None:
        self._draft.chosen["oma_vm_id"] = values["oma_vm_id"]

    def action_save(self) -> None:
        """Store it."""
        self.once(self._save)

    async def _save(self) -> None:
        missing = self._draft.missing()
        lacking = (
            f"Not chosen yet: {', '.join(missing)}. Until then nothing can be copied with this configuration; it can be changed later."
        )
        if missing and not await self.confirmed(f"Save {self._draft.name} all the same?", lacking):
            return
        saved = await self.asking(self.console_app.agent.clouds.save_config(self._draft.saved()))
        if saved is None:
            return
        # Help may have been opened over the steps meanwhile.
        while len(self.console_app.screen_stack) > 1 and not isinstance(self.console_app.screen, CloudsScreen):
            self.console_app.pop_screen()
        active = "it is the active one" if saved.is_active else "F4 makes it the active one"
        self.console_app.say(f"{saved.name} is stored; {active}. F6 checks whether it can be used.", "success")


def choice_rows(draft: Draft, found: contract.Resources) -> list[Row]:
    """One line for each thing to choose (pure)."""
    rows = []
    for name, title, kind, about in PARTS:
        wanted = draft.chosen.get(name, "")
        rows.append(_row(name, title, name_of(kind, wanted, found), about, is_chosen=bool(wanted)))
    name, title, about = OWN_VM
    wanted = draft.chosen.get(name, "")
    return [*rows, _row(name, title, own_vm_words(wanted, found), about, is_chosen=bool(wanted))]


def _row(name: str, title: str, shown: str, about: str, *, is_chosen: bool) -> Row:
    nothing = "not chosen (needed)" if name in NEEDED else "not chosen"
    return Row(name, (title, shown if is_chosen else nothing, about), "" if is_chosen else "warning")


_ID = check_of(contract.Text, "Type the id as CloudStack shows it.")
