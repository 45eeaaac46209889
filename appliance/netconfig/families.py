"""What is to be said of the addresses and the gateway of one interface in one family."""

from __future__ import annotations

from collections.abc import Sequence

from appliance.contract.network import Family, Finding, InterfacePlan, Mode
from appliance.netconfig.address_flaws import EXAMPLE, PREFIX, address_flaw, host_flaw
from appliance.netconfig.addresses import VERSIONS, Address, Host, Version, addresses_of, contains, host_of, on_link_needed
from appliance.netconfig.findings import error, errors, warning
from appliance.netconfig.servers import entry_findings


def family_of(interface: InterfacePlan, version: Version) -> Family:
    """What is wanted of one family on an interface."""
    return interface.ipv4 if version == 4 else interface.ipv6


def static_addresses(interface: InterfacePlan, version: Version) -> list[Address]:
    """The addresses of one family that the interface is to have as typed; none in another mode."""
    family = family_of(interface, version)
    return addresses_of(family.addresses, version) if family.mode is Mode.STATIC else []


def family_findings(interface: InterfacePlan) -> list[Finding]:
    """Every finding on both families of an interface."""
    name = interface.name.strip(" ")
    found: list[Finding] = []
    for version in VERSIONS:
        family = family_of(interface, version)
        if family.mode is Mode.STATIC:
            found += _static_findings(name, family, version)
        elif any(text.strip(" ") for text in [*family.addresses, family.gateway]):
            text = f"The IPv{version} addresses are not used unless IPv{version} is set by hand. Choose that, or clear them."
            found.append(warning(name, f"ipv{version}.addresses", text))
    return found


def _static_findings(name: str, family: Family, version: Version) -> list[Finding]:
    addresses = addresses_of(family.addresses, version)
    found = entry_findings(name, f"ipv{version}.addresses", family.addresses, lambda text: address_flaw(text, version))
    found += errors(name, f"ipv{version}.addresses", [_none_flaw(family, version), *_same_host_flaws(addresses)])
    found += _link_local_findings(name, addresses, version)
    return found + _gateway_findings(name, family, addresses, version)


def _none_flaw(family: Family, version: Version) -> str:
    if any(text.strip(" ") for text in family.addresses):
        return ""
    return f"IPv{version} is set by hand, but has no address. Type one with its prefix, such as {EXAMPLE[version]}/{PREFIX[version]}."


def _same_host_flaws(addresses: Sequence[Address]) -> list[str]:
    """Flaws of addresses that are there with two prefixes; the very same ones twice do no harm."""
    prefixes: dict[Host, int] = {}
    flaws = []
    for address in addresses:
        first = prefixes.setdefault(address.ip, address.network.prefixlen)
        if first != address.network.prefixlen:
            flaws.append(f"{address.ip} is there with the prefixes /{first} and /{address.network.prefixlen}. Remove one of the two.")
    return flaws


def _link_local_findings(name: str, addresses: Sequence[Address], version: Version) -> list[Finding]:
    if not addresses or not all(address.is_link_local for address in addresses):
        return []
    example = f"{EXAMPLE[version]}/{PREFIX[version]}"
    text = f"{addresses[0]} reaches neighbours on the same link only. Type another address too, such as {example}."
    return [warning(name, f"ipv{version}.addresses", text)]


def _gateway_findings(name: str, family: Family, addresses: Sequence[Address], version: Version) -> list[Finding]:
    field = f"ipv{version}.gateway"
    if not family.gateway.strip(" "):
        return []
    flaw = host_flaw(family.gateway, version)
    gateway = host_of(family.gateway)
    if flaw or gateway is None:
        return errors(name, field, [flaw])
    if flaw := gateway_flaw(gateway, addresses):
        return [error(name, field, flaw)]
    if addresses and on_link_needed(gateway, addresses):
        text = f"{gateway} is in no subnet of {name}, so it is looked for on the link itself. Make sure that your network is made for this."
        return [warning(name, field, text)]
    return []


def gateway_flaw(gateway: Host, addresses: Sequence[Address]) -> str:
    """What is wrong with a gateway beside these addresses; one outside every subnet is right only next to a single address (/32, /128)."""
    if gateway in [address.ip for address in addresses]:
        return f"{gateway} is the appliance's own address. Type the router's."
    for address in addresses:
        if contains(address, gateway) and (kind := _not_a_host(gateway, address)):
            return f"{gateway} is {kind} of {address.network}. Type the router's own address in it."
    if not addresses or not on_link_needed(gateway, addresses) or gateway.is_link_local:
        return ""
    if any(address.network.prefixlen == address.max_prefixlen for address in addresses):
        return ""
    subnets = " or ".join(str(address.network) for address in addresses)
    return f"{gateway} is outside the subnet {subnets}. Type a gateway inside it, or correct the address and its prefix."


def _not_a_host(host: Host, address: Address) -> str:
    """What an address is in a network if it is none of a host. Both of a /31 are (RFC 3021), and in IPv6 the first is any router's."""
    if address.version == 6 or address.network.prefixlen >= 31:
        return ""
    if host == address.network.network_address:
        return "the network address"
    return "the broadcast address" if host == address.network.broadcast_address else ""
