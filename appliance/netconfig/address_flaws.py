"""What is wrong with an IP address that was typed, and what to type instead. Empty where nothing is wrong."""

from __future__ import annotations

from ipaddress import IPv4Interface, IPv6Address

from appliance.netconfig.addresses import Host, Version, address_of, host_of
from appliance.netconfig.findings import entry_flaw, shown

EXAMPLE: dict[Version, str] = {4: "192.0.2.10", 6: "2001:db8::10"}
PREFIX: dict[Version, int] = {4: 24, 6: 64}


def address_flaw(text: str, version: Version) -> str:
    """What is wrong with an address that was typed with its prefix."""
    return entry_flaw(text) or _spelling_flaw(text.strip(" "), version) or _use_flaw(text.strip(" "), version)


def host_flaw(text: str, version: Version) -> str:
    """What is wrong with a single address (a gateway) that was typed."""
    plain = text.strip(" ")
    return (
        entry_flaw(text) or _family_flaw(plain, version) or _scope_flaw(plain) or _host_spelling_flaw(plain, version) or _kind_flaw(plain)
    )


def server_flaw(text: str) -> str:
    """What is wrong with the address of a server, of either family."""
    plain = text.strip(" ")
    if flaw := entry_flaw(text) or _scope_flaw(plain):
        return flaw
    host = host_of(plain)
    if host is None:
        return f"{shown(text)} is no address. Type the server's IP address, such as 192.0.2.53 or 2001:db8::53."
    if host.version == 6 and host.is_link_local:
        return f"{shown(text)} is valid on one link only. Type another address of this server, such as 2001:db8::53."
    return _kind_flaw(plain)


def _spelling_flaw(text: str, version: Version) -> str:
    host, slash, prefix = text.partition("/")
    if flaw := _family_flaw(host, version) or _scope_flaw(text):
        return flaw
    example = f"{EXAMPLE[version]}/{PREFIX[version]}"
    if host_of(host) is None:
        return f"{shown(text)} is no IPv{version} address. Type an address with its prefix, such as {example}."
    if not slash or not prefix:
        return f"{shown(text)} has no prefix. Type how long the subnet's prefix is too, such as {host}/{PREFIX[version]}."
    if version == 4 and "." in prefix:
        return _mask_flaw(text, host, prefix)
    if address_of(text, version) is None or int(prefix) == 0:
        most = 32 if version == 4 else 128
        return f"{shown('/' + prefix)} is no prefix. Type a number from 1 to {most}, such as {host}/{PREFIX[version]}."
    return ""


def _mask_flaw(text: str, host: str, mask: str) -> str:
    try:
        meant = IPv4Interface(f"{host}/{mask}")
    except ValueError:
        meant = None
    if meant is None or str(meant.netmask) != mask:
        return f"{shown(text)} has no valid prefix. Type the prefix as a number, such as {host}/24."
    return f"{shown(text)} has a mask in place of a prefix. Type {meant} instead."


def _family_flaw(host: str, version: Version) -> str:
    found = host_of(host.partition("/")[0])
    if found is None or found.version == version:
        return ""
    return f"{shown(host)} is an IPv{found.version} address. Type it under IPv{found.version}; here belongs one such as {EXAMPLE[version]}."


def _scope_flaw(text: str) -> str:
    host, percent, _ = text.partition("%")
    return f"{shown(text)} names an interface after “%”. Type the address alone: {host}." if percent and host_of(host) else ""


def _host_spelling_flaw(text: str, version: Version) -> str:
    host, slash, _ = text.partition("/")
    if slash and host_of(host):
        return f"{shown(text)} has a prefix, which has no meaning here. Type the address alone: {host}."
    return "" if host_of(text) else f"{shown(text)} is no IPv{version} address. Type one such as {EXAMPLE[version]}."


def _use_flaw(text: str, version: Version) -> str:
    """What is wrong with a well-spelt address as one of our own. No subnet address is in /31 (RFC 3021), /127 (RFC 6164), /32 and /128."""
    address = address_of(text, version)
    if address is None:
        return ""
    if flaw := _kind_flaw(str(address.ip)):
        return flaw
    prefix = address.network.prefixlen
    if prefix >= address.max_prefixlen - 1:
        return ""
    if address.ip == address.network.network_address:
        return f"{address} is the address of the subnet itself. Type the appliance's own, such as {address.ip + 1}/{prefix}."
    if version == 4 and address.ip == address.network.broadcast_address:
        return f"{address} is the subnet's broadcast address. Type the appliance's own, such as {address.ip - 1}/{prefix}."
    return ""


def _kind_flaw(text: str) -> str:
    """What is wrong with an address because of the range it is in."""
    host = host_of(text)
    if host is None:
        return ""
    example = EXAMPLE[4 if host.version == 4 else 6]
    kind = _unusable_kind(host)
    return f"{host} is {kind} and can't be used here. Type an address such as {example}." if kind else ""


def _unusable_kind(host: Host) -> str:
    if host.is_unspecified:
        return "the empty address"
    if host.is_loopback:
        return "a loopback address, which every machine has for itself,"
    if host.is_multicast:
        return "a multicast address"
    if isinstance(host, IPv6Address):
        return "an IPv4 address written as IPv6" if host.ipv4_mapped else ""
    if str(host) == "255.255.255.255":
        return "the broadcast address"
    return "in a reserved range" if host.is_reserved or str(host).startswith("0.") else ""
