"""What was given at deployment: as it fills the set-up's fields, and what is said of it. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from appliance.contract.network import Family, Interface, Mode, NetworkPlan
from appliance.contract.provided import Giver, Provided
from appliance.tui.screens.network_plan import interface_of, with_interface
from appliance.tui.widgets.facts import Fact

WHENCE = {
    Giver.NOBODY: "",
    Giver.VCENTER: "what vCenter was given when this appliance was deployed",
    Giver.CLOUDSTACK: "what CloudStack was given when this appliance was deployed",
    Giver.DHCP: "the name that the network gives this appliance by DHCP",
}
"""From what it is filled in."""
MOST_FLAWS = 3
"""Of a screen of 25 lines they leave enough for the interfaces."""


def filled(plan: NetworkPlan, interfaces: Sequence[Interface], given: Provided) -> NetworkPlan:
    """The settings with what was given; addresses are for the first interface that has a link, or else the first one."""
    general = {name: value for name in ("host_name", "dns", "search_domains", "ntp") if (value := getattr(given, name))}
    wanted = plan.model_copy(update=general)
    families = {
        name: Family(mode=Mode.STATIC, addresses=[address], gateway=gateway)
        for name, address, gateway in (
            ("ipv4", given.ipv4_address, given.ipv4_gateway),
            ("ipv6", given.ipv6_address, given.ipv6_gateway),
        )
        if address
    }
    first = _first(interfaces)
    return with_interface(wanted, interface_of(wanted, first).model_copy(update=families)) if families and first else wanted


def facts_of(given: Provided, *, in_use: bool) -> list[Fact]:
    """The lines about it; `in_use` is whether anything of it stands in the fields still."""
    shown: list[Fact] = []
    if in_use and given.giver is not Giver.NOBODY:
        shown.append(("At deployment", f"Filled in from {WHENCE[given.giver]}. F8 shows what changes, and tries it.", "good"))
    shown += [("Left out", flaw, "warning") for flaw in given.flaws[:MOST_FLAWS]]
    if len(given.flaws) > MOST_FLAWS:
        shown.append(("", f"and {len(given.flaws) - MOST_FLAWS} more", "warning"))
    return shown


def _first(interfaces: Sequence[Interface]) -> str:
    names = [one.name for one in sorted(interfaces, key=lambda one: one.link != "up") if not one.parent]
    return names[0] if names else ""
