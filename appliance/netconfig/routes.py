"""What is to be said of all interfaces together: subnets that meet, and ways out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from appliance.contract.network import Finding, InterfacePlan, Mode, NetworkPlan
from appliance.netconfig.addresses import VERSIONS, Address, Version, addresses_of, host_of, overlap
from appliance.netconfig.families import family_of, static_addresses
from appliance.netconfig.findings import error, warning
from appliance.netconfig.links import Kernel
from appliance.netconfig.render import is_on


@dataclass(frozen=True)
class Place:
    """An address and the interface it is to be on."""

    order: int
    name: str
    address: Address

    @property
    def first(self) -> tuple[int, int]:
        """Where its network begins, after those of the other family."""
        return self.address.version, int(self.address.network.network_address)

    @property
    def last(self) -> tuple[int, int]:
        """Where its network ends."""
        return self.address.version, int(self.address.network.broadcast_address)


def off_findings(plan: NetworkPlan) -> list[Finding]:
    """An error where no interface is on."""
    if any(map(is_on, plan.interfaces)):
        return []
    text = "Every interface is off, so nothing would reach the appliance any more. Turn on IPv4 or IPv6 on at least one."
    return [error("", "interfaces", text)]


def overlap_findings(plan: NetworkPlan) -> list[Finding]:
    """Errors where two interfaces have addresses of one network, or the same address; one for each address that meets another."""
    places = [
        Place(order, interface.name.strip(" "), address)
        for order, interface in enumerate(plan.interfaces)
        for version in VERSIONS
        for address in static_addresses(interface, version)
        if not address.is_link_local
    ]
    found = []
    for pair in _meeting(places):
        earlier, later = sorted(pair, key=lambda place: place.order)
        text = _overlap_text(later.address, earlier.address, earlier.name)
        found.append(error(later.name, f"ipv{later.address.version}.addresses", text))
    return found


def leased_overlap_findings(plan: NetworkPlan, kernel: Kernel) -> list[Finding]:
    """Warnings where a typed address is in a network that another interface has from DHCP at present."""
    leased = [(each.name.strip(" "), address) for each in plan.interfaces for address in _leased(each, kernel)]
    return [
        warning(name, f"ipv{version}.addresses", _overlap_text(address, other, holder))
        for interface in plan.interfaces
        for version in VERSIONS
        for address in static_addresses(interface, version)
        for holder, other in leased
        if (name := interface.name.strip(" ")) != holder and overlap(address, other)
    ]


def gateway_findings(plan: NetworkPlan) -> list[Finding]:
    """Warnings where a family has typed addresses and no way out, or more than one gateway."""
    found: list[Finding] = []
    for version in VERSIONS:
        static = [each for each in plan.interfaces if family_of(each, version).mode is Mode.STATIC]
        gateways = sorted((each.name.strip(" "), gateway) for each in static if (gateway := family_of(each, version).gateway.strip(" ")))
        if static and not gateways and not _automatic(plan, version):
            text = f"Without a gateway, IPv{version} reaches its own subnets only. Type the router's address, unless that is meant."
            found.append(warning(static[0].name.strip(" "), f"ipv{version}.gateway", text))
        if len(gateways) > 1:
            first, others = gateways[0], ", ".join(name for name, _ in gateways[1:])
            text = f"More than one interface has an IPv{version} gateway. That of {first[0]} is used; clear those of {others}."
            found += [warning(name, f"ipv{version}.gateway", text) for name, _ in gateways[1:]]
    return found


def own_gateway_findings(plan: NetworkPlan) -> list[Finding]:
    """Errors where a gateway is the address of another interface of the appliance."""
    own = {
        address.ip: each.name.strip(" ") for each in plan.interfaces for version in VERSIONS for address in static_addresses(each, version)
    }
    return [
        error(name, f"ipv{version}.gateway", f"{gateway} is the appliance's own address on {own[gateway]}. Type the router's.")
        for name, version, text in _gateways(plan)
        if (gateway := host_of(text)) and own.get(gateway, name) != name
    ]


def _meeting(places: list[Place]) -> Iterator[tuple[Place, Place]]:
    """Each place with one of another interface whose network meets its own: such are nested, so one pass in order finds them."""
    around: list[Place] = []
    for place in sorted(places, key=lambda place: (place.first, place.address.network.prefixlen)):
        while around and around[-1].last < place.first:
            around.pop()
        other = next((outer for outer in around if outer.order != place.order), None)
        if other:
            yield other, place
        around.append(place)


def _gateways(plan: NetworkPlan) -> Iterator[tuple[str, Version, str]]:
    for interface in plan.interfaces:
        for version in VERSIONS:
            family = family_of(interface, version)
            if family.mode is Mode.STATIC:
                yield interface.name.strip(" "), version, family.gateway


def _automatic(plan: NetworkPlan, version: Version) -> bool:
    return any(family_of(interface, version).mode is Mode.AUTO for interface in plan.interfaces)


def _leased(interface: InterfacePlan, kernel: Kernel) -> list[Address]:
    there = kernel.get(interface.name.strip(" "))
    automatic = [version for version in VERSIONS if family_of(interface, version).mode is Mode.AUTO]
    return [address for version in automatic for address in addresses_of(there.addresses, version)] if there else []


def _overlap_text(address: Address, other: Address, holder: str) -> str:
    if address.ip == other.ip:
        return f"{address.ip} is {holder}'s address too. Type an address that is only here."
    return (
        f"{address} and {holder}'s {other} overlap, so answers may leave by the wrong interface. Give each interface a subnet of its own."
    )
