"""Looking through a vCenter: choose where, mark VMs, add them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import DataTable, Static

from appliance.contract.credentials import Credential
from appliance.contract.discovery import MOST_AT_ONCE, MOST_SHOWN, AddVms, AskDiscovery, AskFolders, FoundVm
from appliance.contract.errors import Fault
from appliance.tui import discovery_lines as lines
from appliance.tui.screens.narrowed import NarrowedScreen
from appliance.tui.screens.protect import NO_LOGIN, logins
from appliance.tui.widgets.dialog import Choose
from appliance.tui.widgets.find import Find
from appliance.tui.widgets.form import in_one_sentence
from appliance.tui.widgets.pick_one import PickOne
from appliance.tui.widgets.table import Listing

HOW = [
    ("mark", "Mark all that are shown and can be added"),
    ("unmark", "Take all marks away"),
    ("vcenter", "Look into another vCenter …"),
    ("anew", "Ask vCenter anew"),
]


class DiscoveryScreen(NarrowedScreen):
    """The VMs of a vCenter."""

    NAME = "discovery"
    HEADING = "Discovery"
    EVERY = 30.0
    HELP = (
        "Shows the VMs of a vCenter with what keeps each from being migrated, and takes many of them under management at once; no copy "
        "is started. F6 narrows the list to a folder or a cluster, F3 to words that are in the name, guest, folder, cluster or state. The "
        "space bar marks a VM that can be added, F4 marks all that are shown or chooses another vCenter, F8 adds what is marked. Enter "
        "shows all about a VM and why it can't be migrated. What vCenter said is good for a minute; F5 asks it anew."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "show", "Show"),
        Binding("space", "mark", "Mark"),
        Binding("f3,ctrl+f", "find", "Find"),
        Binding("f4,ctrl+t", "act", "Marks …"),
        Binding("f6,ctrl+e", "place", "Place"),
        Binding("f7,ctrl+n", "logins", "Logins", show=False),
        Binding("f8,ctrl+s", "add", "Add"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._credentials: list[Credential] = []
        self._credential: Credential | None = None
        self._place = lines.EVERYWHERE
        self._found: dict[str, FoundVm] = {}
        self._shown: list[FoundVm] = []
        self._marked: set[str] = set()
        self._headline = ""
        self._stale, self._added = True, False

    def body(self) -> ComposeResult:
        """Where it is looked, the line to narrow the list, the list."""
        yield Static("", id="where", markup=False)
        yield Find("words of name, guest, folder, cluster or state")
        yield Listing(lines.FOUND_COLUMNS, empty="No VM to show. F6 chooses another place, F5 asks anew.", id="vms")

    def on_screen_resume(self) -> None:
        """Seen again; after VMs were added the list is old."""
        if self._added and self.is_current:
            self._stale, self._added = True, False

    async def load(self) -> None:
        """The logins, of which the default one is looked into; again once VMs were added, until it succeeds."""
        self._credentials = await self.console_app.agent.credentials.credentials()
        if self._credential is None or self._credential.id not in [one.id for one in self._credentials]:
            self._credential = next((one for one in self._credentials if one.is_default), next(iter(self._credentials), None))
            self._place, self._marked, self._stale = lines.EVERYWHERE, set(), True
        if self._stale:
            await self._look()

    async def _look(self, *, anew: bool = False) -> None:
        """Everything at the chosen place, page after page. Raises a Fault."""
        self._found, total, page, at = {}, 0, 1, None
        if self._credential is None:
            self.query_one("#where", Static).update(NO_LOGIN)
            self.show_found()
            return
        where = f"{self._credential.name} ({self._credential.vcenter_host})"
        self.query_one("#where", Static).update(f"Asking {where} …")
        try:
            while page == 1 or len(self._found) < total:
                chosen = lines.narrowed(self._place)
                asked = AskDiscovery(credential_id=self._credential.id, page=page, limit=MOST_SHOWN, anew=anew and page == 1, **chosen)
                answer = await self.console_app.agent.discovery.discover(asked)
                self._found |= {one.moref: one for one in answer.vms}
                total, page, at = answer.total if answer.vms else 0, page + 1, answer.at
            self._stale = False
        finally:
            self._marked &= {one.moref for one in self._found.values() if lines.addable(one)}
            told = lines.headline(where, self._place, len(self._found), at, self.console_app.clock())
            self._headline = told if page > 1 else f"{where} could not be looked into."
            self.show_found()

    def show_found(self) -> None:
        """The VMs at the chosen place, and how many they are."""
        wanted = self.wanted
        self._shown = [one for one in self._found.values() if lines.matches(one, wanted)]
        self.query_one(Listing).show([lines.found_row(one, self._marked) for one in self._shown])
        self._tell()

    def _tell(self) -> None:
        if self._credential is not None:
            narrowed = f"; {len(self._shown)} are shown" if len(self._shown) != len(self._found) else ""
            marked = f"; {len(self._marked)} marked" if self._marked else ""
            self.query_one("#where", Static).update(f"{self._headline}{narrowed}{marked}")

    def on_data_table_row_selected(self, event: DataTable.RowSelected) -> None:
        """All about one VM."""
        from appliance.tui.screens.found_vm import FoundVmScreen

        vm = self._found.get(event.row_key.value or "")
        if vm is not None:
            self.app.push_screen(FoundVmScreen(vm))

    def action_reload(self) -> None:
        """Ask vCenter anew."""
        self.once(lambda: self._try(anew=True))

    def action_logins(self) -> None:
        """Where logins are added."""
        from appliance.tui.screens.credentials import CredentialsScreen

        self.app.push_screen(CredentialsScreen())

    def action_mark(self) -> None:
        """Mark the VM under the cursor, or take its mark away; one that can't be added says why."""
        vm = self._found.get(self.query_one(Listing).chosen or "")
        if vm is None:
            return
        if not lines.addable(vm):
            why = "it is under management already." if vm.context_id is not None else " ".join(vm.blockers)
            self.say(f"{vm.name} can't be added: {why}", "warning")
            return
        self._marked ^= {vm.moref}
        self.show_found()

    def action_act(self) -> None:
        """Marks, another vCenter."""
        self.once(self._act)

    async def _act(self) -> None:
        key = await self.app.push_screen_wait(Choose("Marks", HOW))
        if key == "mark":
            self._marked |= {one.moref for one in self._shown if lines.addable(one)}
            self.show_found()
        elif key == "unmark":
            self._marked.clear()
            self.show_found()
        elif key == "anew":
            await self._try(anew=True)
        elif key == "vcenter":
            await self._choose_vcenter()

    async def _choose_vcenter(self) -> None:
        options = [(key, text, "") for key, text in logins(self._credentials)]
        key = await self.app.push_screen_wait(PickOne("Which vCenter?", options, str(self._credential.id) if self._credential else ""))
        chosen = next((one for one in self._credentials if str(one.id) == key), None)
        if chosen is not None:
            self._credential, self._place = chosen, lines.EVERYWHERE
            self._marked.clear()
            await self._try()

    def action_place(self) -> None:
        """Another folder or cluster."""
        self.once(self._choose_place)

    async def _choose_place(self) -> None:
        if self._credential is None:
            return
        found = await self.asking(self.console_app.agent.discovery.folders(AskFolders(credential_id=self._credential.id)))
        if found is None:
            return
        key = await self.app.push_screen_wait(PickOne("Which folder or cluster?", lines.places(found), self._place))
        if key is not None:
            self._place = key
            await self._try()

    async def _try(self, *, anew: bool = False) -> None:
        """Look, and say why it could not be."""
        try:
            await self._look(anew=anew)
            self.say("")
        except Fault as error:
            self.say(in_one_sentence(error), "error")

    def action_add(self) -> None:
        """Take what is marked under management."""
        self.once(self._add)

    async def _add(self) -> None:
        chosen = [one for one in self._found.values() if one.moref in self._marked]
        if not chosen or self._credential is None:
            self.say("Mark the VMs that are to be added first: the space bar marks one, F4 marks all.", "warning")
            return
        question, consequences = f"Add {lines.count(len(chosen))} to management?", _consequences([one.name for one in chosen])
        if not await self.confirmed(question, consequences):
            return
        morefs, started = [one.moref for one in chosen], []
        for first in range(0, len(morefs), MOST_AT_ONCE):
            body = AddVms(credential_id=self._credential.id, vms=morefs[first : first + MOST_AT_ONCE])
            made = await self.asking(self.console_app.agent.discovery.add_vms(body))
            if made is None:
                break
            started.append(made.job_id)
        if started:
            from appliance.tui.screens.additions import AdditionsScreen

            self._marked.clear()
            self._added = True
            self.app.push_screen(AdditionsScreen(started, {one.moref: one.name for one in chosen}))


def _consequences(names: Sequence[str]) -> str:
    """What will happen when these are added (pure)."""
    shown = ", ".join(names[:10]) + (f" and {len(names) - 10} more" if len(names) > 10 else "")
    return f"{shown}.\n\nEach is looked at once more. Nothing is copied yet, and nothing is changed in vCenter."
