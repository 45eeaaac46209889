"""The VMs under management."""

from __future__ import annotations

from functools import partial
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import DataTable, Static

from appliance.contract.replications import VmContext
from appliance.tui.screens.narrowed import NarrowedScreen
from appliance.tui.vm_lines import VM_COLUMNS, matches, now_doing, vm_row
from appliance.tui.widgets.bars import TitleBar
from appliance.tui.widgets.find import Find
from appliance.tui.widgets.table import Listing


class VmsScreen(NarrowedScreen):
    """All VMs with their state, how old their copies are, and what is under way."""

    NAME = "vms"
    HEADING = "Virtual machines"
    HELP = (
        "Every VM that is protected, with its state and the age of its copy. Below the list: what is going on with the VM under the "
        "cursor, and what failed last. Enter opens the VM's page, F7 protects another one. F4 offers what can be done to the VM in its "
        "state; the help of a VM's page says when each action is possible. 'torn' means that a copy was broken off while it was being "
        "written; 'full copy' that the next copy starts from nothing. F3 narrows the list to names, states or vCenters that contain "
        "what is typed."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "open", "Open"),
        Binding("f3,ctrl+f", "find", "Find"),
        Binding("f4,ctrl+t", "act", "Actions"),
        Binding("f7,ctrl+n", "protect", "Protect"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._vms: dict[str, VmContext] = {}

    def body(self) -> ComposeResult:
        """The list, and two lines about the one under the cursor."""
        yield Find("name, state or vCenter")
        yield Listing(VM_COLUMNS, empty="No VM is protected yet. Press F7 to protect one.", id="vms")
        yield Static("", id="detail", markup=False)

    async def load(self) -> None:
        """All VMs in one question."""
        self._vms = {vm.context_id: vm for vm in await self.console_app.agent.replications.contexts()}
        self.show_found()

    def show_found(self) -> None:
        """The VMs, and how many they are."""
        wanted, now = self.wanted, self.console_app.clock()
        found = [vm for vm in self._vms.values() if matches(vm, wanted)] if wanted else list(self._vms.values())
        self.query_one(Listing).show([vm_row(vm, now) for vm in found])
        count = f"{len(found)} of {len(self._vms)}" if wanted else str(len(self._vms))
        self.query_one(TitleBar).tell(heading=f"{self.HEADING} ({count})")
        self._tell_chosen()

    def _tell_chosen(self) -> None:
        self.query_one("#detail", Static).update(now_doing(self._chosen(), self.console_app.clock()))

    def _chosen(self) -> VmContext | None:
        return self._vms.get(self.query_one(Listing).chosen or "")

    @on(DataTable.RowHighlighted)
    def _moved(self) -> None:
        self._tell_chosen()

    def on_data_table_row_selected(self, event: DataTable.RowSelected) -> None:
        """Open the page of a VM."""
        from appliance.tui.screens.vm import VmScreen

        vm = self._vms.get(event.row_key.value or "")
        if vm is not None:
            self.app.push_screen(VmScreen(vm.context_id, vm.vm_name))

    def action_act(self) -> None:
        """What can be done to the VM under the cursor."""
        vm = self._chosen()
        if vm is not None:
            from appliance.tui.screens.operate import act_on_vm

            self.once(partial(act_on_vm, self, vm))

    def action_protect(self) -> None:
        """Take another VM under management."""
        from appliance.tui.screens.protect import ProtectScreen

        self.app.push_screen(ProtectScreen())
