"""Taking a VM under management: look for it in a vCenter, then add it, or add it and start the first copy."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import partial
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import DataTable, Input, Static

from appliance.contract.credentials import Credential
from appliance.contract.discovery import MOST_SHOWN, AskDiscovery
from appliance.contract.errors import Fault
from appliance.contract.inventory import VmLine
from appliance.contract.preflight import AskProtection
from appliance.contract.replications import StartReplication
from appliance.tui import words
from appliance.tui.screens.base import ConsoleScreen
from appliance.tui.widgets.dialog import Choose
from appliance.tui.widgets.form import Choice, Field, in_one_sentence
from appliance.tui.widgets.table import Column, Listing, Row

NO_LOGIN = (
    "No vCenter login is stored yet. Press F7 to go to the vCenter credentials, and F7 there to add one (also in the menu: vCenter "
    "credentials). This page goes on by itself then."
)
COLUMNS = (
    Column("VM"), Column("CPUs", 5), Column("Memory", 10), Column("Disks", 6), Column("Size", 10), Column("Power", 10), Column("", 9),
    Column("Guest", 28, 120), Column("Folder", 0, 140),
)  # fmt: skip
POWER = {"poweredOn": "on", "poweredOff": "off", "suspended": "suspended"}


def found_row(vm: VmLine, protected: Collection[str]) -> Row:
    """A VM of a vCenter in the list (pure). `protected` has the inventory paths of those under management."""
    cells = (
        vm.name,
        str(vm.cpus),
        words.size(vm.memory_mib * 1024 * 1024),
        str(vm.disk_count),
        words.size(vm.storage_bytes),
        POWER.get(vm.power_state, vm.power_state),
        "protected" if vm.path in protected else "",
        vm.guest_name,
        vm.path,
    )
    return Row(vm.moref, cells, "good" if vm.path in protected else "")


def built(vm: VmLine) -> str:
    """How a VM is built, in a line (pure)."""
    cpus = "1 CPU" if vm.cpus == 1 else f"{vm.cpus} CPUs"
    disks = "1 disk" if vm.disk_count == 1 else f"{vm.disk_count} disks"
    return f"{cpus}, {words.size(vm.memory_mib * 1024 * 1024)} memory, {disks} with {words.size(vm.storage_bytes)}"


def logins(credentials: Sequence[Credential]) -> list[tuple[str, str]]:
    """The logins to choose from: id, and how it reads (pure)."""
    return [(str(one.id), f"{one.name}: {one.username} at {one.vcenter_host}") for one in credentials]


class ProtectScreen(ConsoleScreen):
    """Choose a vCenter, type a part of the name, choose a VM."""

    NAME = "protect"
    HEADING = "Protect a VM"
    EVERY = 5.0
    HELP = (
        "Looks for VMs in a vCenter and takes one under management. Choose the vCenter login, type a part of the VM's name (nothing "
        "finds all), and press Enter. Enter on a VM shows how it is built and asks whether the first copy is to start now. What keeps a"
        " VM from being migrated is said when it is added; nothing is changed then."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f3,ctrl+f", "find", "Look for"),
        Binding("f7,ctrl+n", "logins", "Logins"),
        Binding("enter", "choose", "Choose"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._credentials: list[Credential] = []
        self._protected: set[tuple[str, str]] = set()
        self._found: dict[str, VmLine] = {}
        self._found_with: Credential | None = None

    def body(self) -> ComposeResult:
        """The login, the name, what was found."""
        yield Static("", id="no-login", classes="text", markup=False)
        yield Vertical(id="login")
        yield Field("Name contains", id="name", hint="a part of the VM's name; empty finds all", limit=200)
        yield Listing(COLUMNS, empty="Nothing was looked for yet. Type a part of a name and press Enter.", id="found")

    def on_mount(self) -> None:
        """Nothing can be looked for until it is known where."""
        self.query_one("#no-login").display = False

    async def load(self) -> None:
        """The logins, and what is under management already."""
        agent = self.console_app.agent
        credentials = await agent.credentials.credentials()
        self._protected = {(vm.vcenter_host, vm.vm_path) for vm in await agent.replications.contexts()}
        nothing = self.query_one("#no-login", Static)
        nothing.update(NO_LOGIN)
        nothing.display = not credentials
        for name in ("#name", "#found"):
            self.query_one(name).display = bool(credentials)
        if logins(credentials) != logins(self._credentials):
            await self._offer(credentials)
        self._credentials = credentials
        if self._found_with is not None and self._found_with.id not in [one.id for one in credentials]:
            self._found, self._found_with = {}, None
        self._show()

    async def _offer(self, credentials: Sequence[Credential]) -> None:
        """The logins to choose from; the one that was chosen stays."""
        place, options = self.query_one("#login", Vertical), logins(credentials)
        before = next((one.value for one in place.query(Choice)), "")
        await place.remove_children()
        if options:
            default = next((str(one.id) for one in credentials if one.is_default), options[0][0])
            value = before if before in dict(options) else default
            await place.mount(Choice("vCenter", options, id="credential", value=value))
            if not before:
                self.query_one("#name", Field).focus_input()

    def _credential(self) -> Credential:
        chosen = self.query_one("#credential", Choice).value
        return next(one for one in self._credentials if str(one.id) == chosen)

    def action_find(self) -> None:
        """Another name."""
        if self._credentials:
            self.query_one("#name", Field).focus_input()

    def action_logins(self) -> None:
        """Where logins are added."""
        from appliance.tui.screens.credentials import CredentialsScreen

        self.app.push_screen(CredentialsScreen())

    @on(Input.Submitted)
    def _look(self) -> None:
        if self._credentials:
            self.run_worker(self._discover(), name="discover", group="discover", exclusive=True)

    async def _discover(self) -> None:
        field, listing, credential = self.query_one("#name", Field), self.query_one(Listing), self._credential()
        field.problem(f"Asking {credential.vcenter_host} …", "warning")
        try:
            asked = AskDiscovery(credential_id=credential.id, name_contains=field.value, limit=MOST_SHOWN)
            found = await self.console_app.agent.discovery.discover(asked)
        except Fault as error:
            field.problem(in_one_sentence(error))
            return
        self._found, self._found_with = {vm.moref: vm for vm in found.vms}, credential
        field.problem("" if self._found else "No VM has that in its name. Type another part of it.", "warning")
        self._show()
        if self._found:
            listing.focus()

    def _show(self) -> None:
        found_with = self._found_with
        protected = {path for host, path in self._protected if found_with is not None and host == found_with.vcenter_host}
        self.query_one(Listing).show([found_row(vm, protected) for vm in self._found.values()])

    def on_data_table_row_selected(self, event: DataTable.RowSelected) -> None:
        """Show the VM and ask."""
        vm, credential = self._found.get(event.row_key.value or ""), self._found_with
        if vm is not None and credential is not None:
            self.once(partial(self._protect, vm, credential))

    async def _protect(self, vm: VmLine, credential: Credential) -> None:
        """With the login that it was found with, whichever is chosen now."""
        if (credential.vcenter_host, vm.path) in self._protected:
            self.say(f"{vm.name} is protected already: its page says how it is.", "warning")
            return
        heading = f"Protect {vm.name}?\n{built(vm)}\n{vm.guest_name}, power {POWER.get(vm.power_state, vm.power_state)}\n{vm.path}"
        options = [
            ("now", "Protect it and start the first full copy now; it goes on running"),
            ("later", "Only add it; no copy is made yet"),
        ]
        key = await self.app.push_screen_wait(Choose(heading, options))
        if key is None:
            return
        if key == "later":
            await self._add(vm, credential, start=False)
            return
        from appliance.tui.screens.preflight import PreflightScreen

        look = partial(self.console_app.agent.preflight.preflight_protection, AskProtection(credential_id=credential.id, vm_path=vm.path))
        self.app.push_screen(
            PreflightScreen(f"First copy of {vm.name}", look, lambda: self.once(partial(self._add, vm, credential, start=True)))
        )

    async def _add(self, vm: VmLine, credential: Credential, *, start: bool) -> None:
        body = StartReplication(credential_id=credential.id, vm_path=vm.path, start_replication=start)
        done = f"{vm.name} is protected; its first copy has started." if start else f"{vm.name} was added."
        self.say(f"Adding {vm.name} …", "warning")
        await self.attempt(self.console_app.agent.replications.replicate(body), done)
