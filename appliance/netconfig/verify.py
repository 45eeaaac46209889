"""Reading back: whether the network has become what the settings say. Pure; the interfaces were observed elsewhere."""

from __future__ import annotations

from collections.abc import Sequence

from appliance.contract.network import Finding, Interface, InterfacePlan, Mode, NetworkPlan
from appliance.netconfig.addresses import VERSIONS, Address, Version, addresses_of, host_of
from appliance.netconfig.families import family_of, static_addresses
from appliance.netconfig.findings import error, fine, warning
from appliance.netconfig.render import canonical, is_on


def compare(plan: NetworkPlan, interfaces: Sequence[Interface]) -> list[Finding]:
    """What is as it was wanted, what is not, and what is not yet, for each interface of the plan."""
    kernel = {interface.name: interface for interface in interfaces}
    found: list[Finding] = []
    for wanted in canonical(plan).interfaces:
        there = kernel.get(wanted.name)
        if there is None:
            found.append(error(wanted.name, "name", f"{wanted.name} is not there. Check its name, or for a VLAN the interface it is on."))
        else:
            found += _interface_findings(wanted, there)
    return found


def _interface_findings(wanted: InterfacePlan, there: Interface) -> list[Finding]:
    found = [*_vlan(wanted, there), *(_link(there) if is_on(wanted) else []), *_mtu(wanted, there)]
    for version in VERSIONS:
        mode = family_of(wanted, version).mode
        if mode is Mode.STATIC:
            found += _static(wanted, there, version)
        elif mode is Mode.AUTO:
            found += _automatic(there, version)
        else:
            found += _off(there, version)
    return found


def _vlan(wanted: InterfacePlan, there: Interface) -> list[Finding]:
    if not wanted.parent or (wanted.parent, wanted.vlan_id) == (there.parent, there.vlan_id):
        return []
    text = f"{there.name} is not VLAN {wanted.vlan_id} on {wanted.parent}. Type another name for the VLAN and try again."
    return [error(there.name, "vlan_id", text)]


def _link(there: Interface) -> list[Finding]:
    if there.link == "up":
        return [fine(there.name, "name", f"{there.name} has a link.")]
    if there.link == "no cable":
        return [warning(there.name, "name", f"{there.name} has no cable, or nothing at its other end. Check it.")]
    return [error(there.name, "name", f"{there.name} did not come up. Check the machine's network adapter.")]


def _mtu(wanted: InterfacePlan, there: Interface) -> list[Finding]:
    if not wanted.mtu:
        return []
    if wanted.mtu == there.mtu:
        return [fine(there.name, "mtu", f"The MTU is {there.mtu}.")]
    text = f"The MTU is {there.mtu}, not {wanted.mtu}: the interface did not take it. Type a smaller one."
    return [error(there.name, "mtu", text)]


def _static(wanted: InterfacePlan, there: Interface, version: Version) -> list[Finding]:
    held = addresses_of(there.addresses, version)
    field = f"ipv{version}.addresses"
    found = [_address(there, field, address, held) for address in static_addresses(wanted, version)]
    return found + _surplus(wanted, there, version, held) + _gateway(wanted, there, version)


def _address(there: Interface, field: str, address: Address, held: Sequence[Address]) -> Finding:
    if address in held:
        return fine(there.name, field, f"{address} is set.")
    if there.link != "up":
        return warning(there.name, field, f"{address} is not set while {there.name} has no link. Check its cable.")
    return error(there.name, field, f"{address} was not set. Check that no other machine has this address.")


def _surplus(wanted: InterfacePlan, there: Interface, version: Version, held: Sequence[Address]) -> list[Finding]:
    surplus = [address for address in _lasting(held) if address not in static_addresses(wanted, version)]
    text = "{} is still set beside what was typed. Wait a moment and look again."
    return [warning(there.name, f"ipv{version}.addresses", text.format(address)) for address in surplus]


def _gateway(wanted: InterfacePlan, there: Interface, version: Version) -> list[Finding]:
    text, field = family_of(wanted, version).gateway, f"ipv{version}.gateway"
    gateway = host_of(text)
    if gateway is None:
        return []
    if gateway in [host_of(each) for each in there.gateways]:
        return [fine(there.name, field, f"{gateway} is the gateway.")]
    if there.link != "up":
        return [warning(there.name, field, f"{gateway} is not used while {there.name} has no link. Check its cable.")]
    return [error(there.name, field, f"{gateway} was not taken as the gateway. Check that it is in the interface's subnet.")]


def _automatic(there: Interface, version: Version) -> list[Finding]:
    field, held = f"ipv{version}.addresses", _lasting(addresses_of(there.addresses, version))
    if held:
        return [fine(there.name, field, f"{there.name} was given {', '.join(map(str, held))}.")]
    giver = "DHCP server" if version == 4 else "router or DHCP server"
    return [
        warning(
            there.name, field, f"{there.name} has no IPv{version} address yet. If none comes, no {giver} answers here; type one by hand."
        )
    ]


def _off(there: Interface, version: Version) -> list[Finding]:
    return [
        warning(
            there.name, f"ipv{version}.addresses", f"{address} is still set although IPv{version} is off. Wait a moment and look again."
        )
        for address in _lasting(addresses_of(there.addresses, version))
    ]


def _lasting(addresses: Sequence[Address]) -> list[Address]:
    """Without link-local addresses, which interfaces give themselves."""
    return [address for address in addresses if not address.is_link_local]
