"""One VM of a vCenter: what it is, and why it can't be migrated."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from appliance.contract.discovery import FoundVm
from appliance.tui.discovery_lines import found_facts
from appliance.tui.screens.base import ConsoleScreen
from appliance.tui.widgets.bars import TitleBar
from appliance.tui.widgets.facts import Facts


class FoundVmScreen(ConsoleScreen):
    """The page of a VM that was found."""

    NAME = "found-vm"
    HEADING = "VM in vCenter"
    EVERY = 600.0
    HELP = (
        "What vCenter says of a VM, and everything that is in the way of its migration with what to do about it. When that was done in "
        "vCenter, go back and press F5 there to ask vCenter anew. F4 opens the page of a VM that is under management."
    )
    BINDINGS: ClassVar[list[BindingType]] = [Binding("f4,ctrl+t", "open", "Its page")]

    def __init__(self, vm: FoundVm) -> None:
        super().__init__()
        self._vm = vm

    def body(self) -> ComposeResult:
        """Facts."""
        yield Facts(found_facts(self._vm), id="facts", label_width=14)

    def on_mount(self) -> None:
        """Its name is the heading."""
        self.query_one(TitleBar).tell(heading=self._vm.name)

    def action_open(self) -> None:
        """The page of the VM under management."""
        from appliance.tui.screens.vm import VmScreen

        if self._vm.context_id is None:
            self.say("It is not under management: there is no page of it yet.", "warning")
        else:
            self.app.push_screen(VmScreen(self._vm.context_id, self._vm.name))
