"""Settings of one interface."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.widgets import OptionList, Static

from appliance.contract.network import Family, Mode, NetworkPlan
from appliance.tui.screens.network_forms import PlanForm
from appliance.tui.screens.network_plan import LIST_LIMIT, MODES, Draft, entries, interface_of, list_flaw, listed, with_interface
from appliance.tui.widgets.form import Choice, Field

ADDRESSES_MOST = 16
VERSIONS = (4, 6)
EXAMPLES = {4: ("192.0.2.10/24", "192.0.2.1"), 6: ("2001:db8::10/64", "2001:db8::1")}


class InterfaceScreen(PlanForm):
    """IPv4, IPv6 and MTU of an interface."""

    NAME = "interface"
    HEADING = "Interface"
    HELP = (
        "Choose for IPv4 and IPv6 how the interface gets its addresses: automatic, by hand, or not at all. Addresses are typed with their "
        "prefix, such as 192.0.2.10/24, several with commas or blanks between. F8 has everything checked and takes it; it is in force only "
        "after it was tried on the network's screen."
    )
    EVERY: ClassVar[float] = 5.0

    def __init__(self, draft: Draft, name: str, known: str = "") -> None:
        super().__init__(draft, name)
        self._known = known

    def body(self) -> ComposeResult:
        """Each family's mode, addresses and gateway, and the MTU."""
        wanted = interface_of(self.draft.plan, self.about)
        yield Static(f"{self.about}{self._known}", classes="heading", markup=False)
        for version, family in zip(VERSIONS, (wanted.ipv4, wanted.ipv6), strict=True):
            address, gateway = EXAMPLES[version]
            modes = [(mode.value, text) for mode, text in MODES.items()]
            yield Choice(f"IPv{version}", modes, id=f"ipv{version}-mode", value=family.mode.value)
            yield Field(
                "  Addresses",
                id=f"ipv{version}-addresses",
                value=listed(family.addresses),
                hint=f"such as {address}",
                check=addresses_flaw,
                limit=LIST_LIMIT,
            )
            yield Field("  Gateway", id=f"ipv{version}-gateway", value=family.gateway, hint=f"such as {gateway}, or empty")
        mtu = str(wanted.mtu) if wanted.mtu else ""
        yield Field("MTU", id="mtu", value=mtu, hint="empty leaves it as it is", limit=6, check=mtu_flaw)

    def on_mount(self) -> None:
        """Only fields that are used are seen."""
        self._show_fields()

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        """Another mode."""
        self._show_fields()

    def _show_fields(self) -> None:
        for version in VERSIONS:
            by_hand = self._mode(version) is Mode.STATIC
            for part in ("addresses", "gateway"):
                self.field(f"ipv{version}-{part}").display = by_hand

    def _mode(self, version: int) -> Mode:
        return Mode(self.query_one(f"#ipv{version}-mode", Choice).value)

    def _family(self, version: int) -> Family:
        """What was typed; addresses are left out where they are not used."""
        mode = self._mode(version)
        if mode is not Mode.STATIC:
            return Family(mode=mode)
        addresses, gateway = (self.field(f"ipv{version}-{part}").value for part in ("addresses", "gateway"))
        return Family(mode=mode, addresses=entries(addresses), gateway=gateway)

    def wanted(self) -> NetworkPlan:
        """The network with this interface."""
        before = interface_of(self.draft.plan, self.about)
        update = {"ipv4": self._family(4), "ipv6": self._family(6), "mtu": int(self.field("mtu").value or 0)}
        return with_interface(self.draft.plan, before.model_copy(update=update))


def addresses_flaw(text: str) -> str:
    """What is wrong with a list of addresses before the agent looks at it (pure)."""
    return list_flaw(text, ADDRESSES_MOST, "addresses")


def mtu_flaw(text: str) -> str:
    """What is wrong with an MTU before the agent looks at it (pure)."""
    return "" if not text or (text.isascii() and text.isdigit()) else "Type a number such as 1500, or leave it empty."
