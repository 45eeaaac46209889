"""What is to be said of interfaces as such: their names, VLANs, MTU and link."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from appliance.contract.network import Finding, Interface, InterfacePlan, Mode, NetworkPlan
from appliance.netconfig.findings import error, errors, shown, warning
from appliance.netconfig.names import interface_name_flaw
from appliance.netconfig.render import is_on

LEAST_MTU = 576
LEAST_MTU_IPV6 = 1280
"""RFC 8200, section 5."""
MOST_MTU = 9216
MOST_VLAN = 4094

Kernel = Mapping[str, Interface]
"""The interfaces there are, by name."""


def name_findings(interface: InterfacePlan, kernel: Kernel) -> list[Finding]:
    """Whether the interface is well named and there is one; a VLAN is made, and must not take another one's name."""
    name = interface.name.strip(" ")
    if flaw := interface_name_flaw(interface.name):
        return [error(name, "name", flaw)]
    there = kernel.get(name)
    if not is_vlan(interface):
        return [] if there else [error(name, "name", f"There is no interface {name}. Choose one of: {_listed(kernel)}.")]
    if there and (there.parent, there.vlan_id) != (interface.parent.strip(" "), interface.vlan_id):
        text = f"There is another interface called {name} already. Type another name, such as {_free_name(interface, kernel)}."
        return [error(name, "name", text)]
    return []


def twice_findings(plan: NetworkPlan) -> list[Finding]:
    """Interfaces that are there twice, and VLANs that are there under two names."""
    names = Counter(interface.name.strip(" ") for interface in plan.interfaces)
    found = [
        error(name, "name", f"{shown(name)} is there {count} times. Remove all but one.") for name, count in names.items() if count > 1
    ]
    vlans: dict[tuple[str, int], str] = {}
    for interface in filter(is_vlan, plan.interfaces):
        parent, name = interface.parent.strip(" "), interface.name.strip(" ")
        first = vlans.setdefault((parent, interface.vlan_id or 0), name)
        if first != name:
            text = f"VLAN {interface.vlan_id} on {parent} is {first} already. Type another id, or remove one of the two."
            found.append(error(name, "vlan_id", text))
    return found


def vlan_findings(interface: InterfacePlan, plan: NetworkPlan, kernel: Kernel) -> list[Finding]:
    """Whether the VLAN's id and its parent can be used."""
    name, there = interface.name.strip(" "), kernel.get(interface.name.strip(" "))
    if not is_vlan(interface):
        bare = there is not None and there.vlan_id is not None
        return [error(name, "vlan_id", f"{name} is a VLAN. Type its id and choose the interface it is on.")] if bare else []
    return errors(name, "vlan_id", [vlan_id_flaw(interface.vlan_id)]) + errors(name, "parent", [_parent_flaw(interface, plan, kernel)])


def vlan_id_flaw(vlan_id: int | None) -> str:
    """What is wrong with a VLAN's id (IEEE 802.1Q: 0 and 4095 are reserved)."""
    if vlan_id is None:
        return f"A VLAN needs its id. Type a number from 1 to {MOST_VLAN}."
    return "" if 1 <= vlan_id <= MOST_VLAN else f"{vlan_id} is no VLAN id. Type a number from 1 to {MOST_VLAN}."


def mtu_findings(interface: InterfacePlan, plan: NetworkPlan, kernel: Kernel) -> list[Finding]:
    """Whether the MTU is one, large enough for IPv6, and no larger than that of the interface a VLAN is on."""
    if not interface.mtu:
        return []
    flaw = mtu_flaw(interface.mtu, ipv6=interface.ipv6.mode is not Mode.OFF) or _wider_than_parent(interface, plan, kernel)
    return errors(interface.name.strip(" "), "mtu", [flaw])


def mtu_flaw(mtu: int, ipv6: bool) -> str:
    """What is wrong with an MTU, in bytes."""
    if not LEAST_MTU <= mtu <= MOST_MTU:
        return f"{mtu} can't be an MTU. Type a number from {LEAST_MTU} to {MOST_MTU}, such as 1500, or 0 to leave it as it is."
    if ipv6 and mtu < LEAST_MTU_IPV6:
        return f"{mtu} is too small for IPv6. Type {LEAST_MTU_IPV6} or more, or turn IPv6 off."
    return ""


def link_findings(interface: InterfacePlan, plan: NetworkPlan, kernel: Kernel) -> list[Finding]:
    """A warning where an interface that is to be used has no link."""
    name = interface.name.strip(" ")
    there, carries = kernel.get(name), any(other.parent.strip(" ") == name for other in plan.interfaces)
    if there is None or there.link == "up" or not (is_on(interface) or carries):
        return []
    if there.link == "no cable":
        return [warning(name, "name", f"{name} has no cable, or nothing at its other end. Check it before you try the settings.")]
    return [warning(name, "name", f"{name} is down at present. Whether it has a link shows once the settings are tried.")]


def is_vlan(interface: InterfacePlan) -> bool:
    """Whether this interface is meant to be a VLAN, also where one half of that is missing."""
    return bool(interface.parent.strip(" ")) or interface.vlan_id is not None


def _parent_flaw(interface: InterfacePlan, plan: NetworkPlan, kernel: Kernel) -> str:
    parent, listed = interface.parent.strip(" "), _listed(kernel)
    if not parent:
        return f"A VLAN needs the interface it is on. Choose one of: {listed}."
    if flaw := interface_name_flaw(interface.parent):
        return flaw
    if parent == interface.name.strip(" ") or parent in {other.name.strip(" ") for other in plan.interfaces if is_vlan(other)}:
        return f"{parent} is a VLAN itself. Choose the interface it is on, one of: {listed}."
    there = kernel.get(parent)
    if there is None:
        return f"There is no interface {parent} for this VLAN. Choose one of: {listed}."
    return f"{parent} is a VLAN itself. Choose the interface it is on, one of: {listed}." if there.vlan_id is not None else ""


def _wider_than_parent(interface: InterfacePlan, plan: NetworkPlan, kernel: Kernel) -> str:
    if not is_vlan(interface):
        return ""
    parent = interface.parent.strip(" ")
    planned = [other.mtu for other in plan.interfaces if other.name.strip(" ") == parent and other.mtu]
    widest = planned[0] if planned else kernel[parent].mtu if parent in kernel else interface.mtu
    if interface.mtu <= widest:
        return ""
    return (
        f"{interface.mtu} is more than the {widest} of {parent}, which this VLAN is on. Type {widest} or less, or raise {parent}'s first."
    )


def _listed(kernel: Kernel) -> str:
    """The names of what can be set, for a message."""
    return ", ".join(_settable(kernel.values())) or "none is there"


def _settable(interfaces: Iterable[Interface]) -> list[str]:
    return sorted(interface.name for interface in interfaces if interface.vlan_id is None and interface.name != "lo")


def _free_name(interface: InterfacePlan, kernel: Kernel) -> str:
    usual = f"{interface.parent.strip(' ')}.{interface.vlan_id}"
    return usual if usual not in kernel and not interface_name_flaw(usual) else f"vlan{interface.vlan_id}"
