"""A new VLAN."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.widgets import Static

from appliance.contract.network import Family, Finding, InterfacePlan, Mode, NetworkPlan
from appliance.tui.screens.network_edit import InterfaceScreen
from appliance.tui.screens.network_forms import PlanForm
from appliance.tui.screens.network_plan import Draft, vlan_name, with_interface
from appliance.tui.widgets.form import Choice, Field


class VlanScreen(PlanForm):
    """On which interface, and with which id; its addresses come next."""

    NAME = "vlan"
    HEADING = "New VLAN"
    HELP = (
        "Choose the interface that the VLAN is on and type its id, which the network's administrators know. F8 has it checked and leads on "
        "to its addresses. It is in force only after it was tried on the network's screen."
    )
    EVERY: ClassVar[float] = 5.0

    def __init__(self, draft: Draft, parents: Sequence[str]) -> None:
        super().__init__(draft)
        self._parents = parents

    def body(self) -> ComposeResult:
        """The interface and the id."""
        yield Static("A VLAN is one of several networks on the same cable.\n", markup=False)
        yield Choice("On", [(name, name) for name in self._parents], id="parent")
        yield Field("VLAN id", id="vlan_id", hint="from 1 to 4094", limit=6, check=self._flaw)

    def _flaw(self, text: str) -> str:
        if not (text.isascii() and text.isdigit()):
            return "Type a number from 1 to 4094."
        name = vlan_name(self.query_one(Choice).value, str(int(text)))
        taken = any(one.name == name for one in self.draft.plan.interfaces)
        return f"{name} is there already. Type another id, or press Esc and choose {name} in the list." if taken else ""

    def wanted(self) -> NetworkPlan:
        """The network with the VLAN, which gets its addresses by itself for now."""
        parent, number = self.query_one(Choice).value, int(self.field("vlan_id").value)
        self.about = vlan_name(parent, str(number))
        return with_interface(self.draft.plan, InterfacePlan(name=self.about, parent=parent, vlan_id=number, ipv4=Family(mode=Mode.AUTO)))

    def place_of(self, finding: Finding) -> Field | None:
        """Whatever is said of the new VLAN is said of its id."""
        return self.field("vlan_id") if finding.interface == self.about else None

    def taken(self) -> None:
        """On to its addresses."""
        self.app.switch_screen(InterfaceScreen(self.draft, self.about))
