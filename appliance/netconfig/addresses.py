"""IP addresses as operators type them: read, spelt in one way and compared."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from ipaddress import IPv4Address, IPv4Interface, IPv6Address, IPv6Interface, ip_address
from typing import Literal

Version = Literal[4, 6]
Host = IPv4Address | IPv6Address
Address = IPv4Interface | IPv6Interface

VERSIONS: tuple[Version, Version] = (4, 6)


def host_of(text: str) -> Host | None:
    """The address a text means, of either family; None where it is none."""
    try:
        return ip_address(text.strip(" "))
    except ValueError:
        return None


def address_of(text: str, version: Version) -> Address | None:
    """The address with its prefix length (in digits) a text means; None where it is none or of the other family."""
    host, slash, prefix = text.strip(" ").partition("/")
    if not (slash and prefix.isascii() and prefix.isdigit() and len(prefix) <= 3):
        return None
    try:
        return IPv4Interface(f"{host}/{prefix}") if version == 4 else IPv6Interface(f"{host}/{prefix}")
    except ValueError:
        return None


def addresses_of(texts: Iterable[str], version: Version) -> list[Address]:
    """Those of these texts that are addresses of this family."""
    return [address for text in texts if (address := address_of(text, version))]


def compressed(text: str) -> str:
    """An address in its shortest spelling, with or without a prefix; other text as it stands."""
    host, slash, _ = text.partition("/")
    found = host_of(host)
    if not slash or found is None:
        return str(found) if found else text
    whole = address_of(text, 4 if found.version == 4 else 6)
    return str(whole) if whole else text


def contains(address: Address, host: Host) -> bool:
    """Whether this host is in the address's own network."""
    return address.version == host.version and host in address.network


def overlap(one: Address, other: Address) -> bool:
    """Whether the networks of two addresses share an address. Every link has a link-local network of its own."""
    if one.is_link_local or other.is_link_local:
        return False
    if isinstance(one, IPv4Interface):
        return isinstance(other, IPv4Interface) and one.network.overlaps(other.network)
    return isinstance(other, IPv6Interface) and one.network.overlaps(other.network)


def on_link_needed(gateway: Host, addresses: Sequence[Address]) -> bool:
    """Whether the kernel must be told that a gateway is on the link: no address's network has it. IPv6 link-local ones always are."""
    if gateway.version == 6 and gateway.is_link_local:
        return False
    return not any(contains(address, gateway) for address in addresses)
