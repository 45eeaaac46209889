"""Reading back: whether the network has become what the settings say. Pure; the interfaces were observed elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from appliance.contract.network import Finding, Interface, InterfacePlan, Mode, NetworkPlan
from appliance.netconfig.addresses import VERSIONS, Address, Version, addresses_of, host_of
from appliance.netconfig.families import family_of, static_addresses
from appliance.netconfig.findings import error, fine, pending, warning
from appliance.netconfig.observe import Observed
from appliance.netconfig.render import canonical, file_of, is_on


@dataclass(frozen=True)
class Reading:
    """What was read back of one thing. `meanwhile` says it as long as it can be a matter of time; it is empty where it can't be."""

    finding: Finding
    meanwhile: str = ""

    @property
    def so_far(self) -> Finding:
        """The finding while there is still time."""
        return pending(self.finding.interface, self.finding.field, self.meanwhile) if self.meanwhile else self.finding


def compare(plan: NetworkPlan, observed: Observed) -> list[Reading]:
    """What is as it was wanted, what is not, and what is not yet, for each interface of the plan."""
    kernel = {interface.name: interface for interface in observed.interfaces}
    found: list[Reading] = []
    for wanted in canonical(plan).interfaces:
        there = kernel.get(wanted.name)
        if there is None:
            text = f"{wanted.name} is not there. Check its name, or for a VLAN the interface it is on."
            found.append(Reading(error(wanted.name, "name", text), f"{wanted.name} is not there yet."))
        else:
            found += _interface_readings(wanted, there, observed)
    return found


def _interface_readings(wanted: InterfacePlan, there: Interface, observed: Observed) -> list[Reading]:
    # The kernel does not use what another machine has (RFC 4862, 5.4).
    twice = addresses_of([text for name, text in sorted(observed.doubled) if name == wanted.name], 6)
    found = [*_vlan(wanted, there), *(_link(wanted, there, observed) if is_on(wanted) else []), *_mtu(wanted, there)]
    for version in VERSIONS:
        mode = family_of(wanted, version).mode
        if mode is Mode.STATIC:
            found += _static(wanted, there, version, twice)
        elif mode is Mode.AUTO:
            found += _automatic(there, version)
        else:
            found += _off(there, version)
    return found + _in_use(wanted, twice)


def _vlan(wanted: InterfacePlan, there: Interface) -> list[Reading]:
    if not wanted.parent or (wanted.parent, wanted.vlan_id) == (there.parent, there.vlan_id):
        return []
    text = f"{there.name} is not VLAN {wanted.vlan_id} on {wanted.parent}. Type another name for the VLAN and try again."
    return [Reading(error(there.name, "vlan_id", text))]


def _link(wanted: InterfacePlan, there: Interface, observed: Observed) -> list[Reading]:
    name = there.name
    if there.link == "up":
        # Before it has the settings, what is as wanted may be what was before, and about to go.
        taken = observed.files.get(name, file_of(name)) == file_of(name)
        return [Reading(fine(name, "name", f"{name} has a link."), "" if taken else f"{name} has not taken the settings yet.")]
    if there.link == "no cable":
        # An adapter that takes another MTU loses its link for seconds. One that waits for addresses may well never have had any.
        meanwhile = f"{name} has no link yet." if Mode.STATIC in (wanted.ipv4.mode, wanted.ipv6.mode) else ""
        return [Reading(warning(name, "name", f"{name} has no cable, or nothing at its other end. Check it."), meanwhile)]
    text = f"{name} did not come up. Check the machine's network adapter."
    return [Reading(error(name, "name", text), f"{name} has not come up yet.")]


def _mtu(wanted: InterfacePlan, there: Interface) -> list[Reading]:
    if not wanted.mtu:
        return []
    if wanted.mtu == there.mtu:
        return [Reading(fine(there.name, "mtu", f"The MTU is {there.mtu}."))]
    text = f"The MTU is {there.mtu}, not {wanted.mtu}: the interface did not take it. Type a smaller one."
    return [Reading(error(there.name, "mtu", text), f"The MTU is {there.mtu}, and not yet {wanted.mtu}.")]


def _static(wanted: InterfacePlan, there: Interface, version: Version, twice: Sequence[Address]) -> list[Reading]:
    held = addresses_of(there.addresses, version)
    field = f"ipv{version}.addresses"
    # What another machine has is said of it already.
    found = [_address(there, field, address, held) for address in static_addresses(wanted, version) if address not in twice]
    return found + _surplus(wanted, there, version, held) + _gateway(wanted, there, version)


def _address(there: Interface, field: str, address: Address, held: Sequence[Address]) -> Reading:
    if address in held:
        return Reading(fine(there.name, field, f"{address} is set."))
    meanwhile = f"{address} is not set yet."
    if there.link != "up":
        return Reading(warning(there.name, field, f"{address} is not set while {there.name} has no link. Check its cable."), meanwhile)
    return Reading(error(there.name, field, f"{address} was not set. Check that no other machine has this address."), meanwhile)


def _surplus(wanted: InterfacePlan, there: Interface, version: Version, held: Sequence[Address]) -> list[Reading]:
    surplus = [address for address in _lasting(held) if address not in static_addresses(wanted, version)]
    return [_still(there, version, address, "beside what was typed") for address in surplus]


def _still(there: Interface, version: Version, address: Address, beside: str) -> Reading:
    text = f"{address} is still set {beside}. Wait a moment and look again."
    return Reading(warning(there.name, f"ipv{version}.addresses", text), f"{address} is still set.")


def _gateway(wanted: InterfacePlan, there: Interface, version: Version) -> list[Reading]:
    text, field = family_of(wanted, version).gateway, f"ipv{version}.gateway"
    gateway = host_of(text)
    if gateway is None:
        return []
    if gateway in [host_of(each) for each in there.gateways]:
        return [Reading(fine(there.name, field, f"{gateway} is the gateway."))]
    meanwhile = f"{gateway} is not the gateway yet."
    if there.link != "up":
        return [Reading(warning(there.name, field, f"{gateway} is not used while {there.name} has no link. Check its cable."), meanwhile)]
    text = f"{gateway} was not taken as the gateway. Check that it is in the interface's subnet."
    return [Reading(error(there.name, field, text), meanwhile)]


def _automatic(there: Interface, version: Version) -> list[Reading]:
    field, held = f"ipv{version}.addresses", _lasting(addresses_of(there.addresses, version))
    if held:
        return [Reading(fine(there.name, field, f"{there.name} was given {', '.join(map(str, held))}."))]
    giver = "DHCP server" if version == 4 else "router or DHCP server"
    missing = f"{there.name} has no IPv{version} address yet."
    found = warning(there.name, field, f"{missing} If none comes, no {giver} answers here; type one by hand.")
    return [Reading(found, missing if _is_awaited(there, version) else "")]


def _is_awaited(there: Interface, version: Version) -> bool:
    """Whether an address should come within seconds. Many networks have no IPv6: what has an address of IPv4 does not wait for one."""
    return there.link == "up" and not (version == 6 and _lasting(addresses_of(there.addresses, 4)))


def _off(there: Interface, version: Version) -> list[Reading]:
    return [
        _still(there, version, address, f"although IPv{version} is off") for address in _lasting(addresses_of(there.addresses, version))
    ]


def _in_use(wanted: InterfacePlan, twice: Sequence[Address]) -> list[Reading]:
    """An error for each address that another machine has; one that was not typed may be on its way out."""
    typed, text = static_addresses(wanted, 6), "{} is in use by another machine. Revert, and type one that is free."
    return [
        Reading(error(wanted.name, "ipv6.addresses", text.format(each.ip)), "" if each in typed else f"{each.ip} is still being tried.")
        for each in twice
    ]


def _lasting(addresses: Sequence[Address]) -> list[Address]:
    """Without link-local addresses, which interfaces give themselves."""
    return [address for address in addresses if not address.is_link_local]
