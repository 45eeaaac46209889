"""The network as the kernel has it, read over netlink."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pyroute2 import IPRoute
from pyroute2.netlink.exceptions import NetlinkError

from appliance.contract.network import Interface
from appliance.netconfig.networkd import management

RESOLV_CONF = Path("/etc/resolv.conf")
_BEHIND_STUB = Path("/run/systemd/resolve/resolv.conf")
_STUB = "127.0.0.53"
_SPEEDS = Path("/sys/class/net")

# linux/if_arp.h, linux/if.h, linux/if_addr.h, linux/rtnetlink.h
_ARPHRD_ETHER, _IFF_UP = 1, 1
_TENTATIVE, _DAD_FAILED, _PERMANENT = 0x40, 0x08, 0x80
_MAIN_TABLE = 254
_KINDS = frozenset({"veth", "vlan", "bond", "bridge"})
_CLUTTER = ("docker", "virbr", "br-")
_NO_DOMAIN = "."
"""The root, which systemd-resolved writes as a search domain where there is none (RFC 1035, 3.1)."""


@dataclass(frozen=True)
class Observed:
    """What is. `leased` are addresses with a lifetime (DHCP, router advertisement), `doubled` those another machine has too.

    `unmanaged` are the names of interfaces that systemd-networkd leaves to another program; `automatic` says, by name and IP version,
    whether the file that it sets an interface up by lets addresses come by themselves: nothing where no file does, or it does not say.
    `files` are the names of those files, by the interface's name; empty where there is none for one.
    """

    host_name: str
    interfaces: list[Interface]
    dns: list[str]
    search_domains: tuple[str, ...] = ()
    leased: frozenset[tuple[str, str]] = frozenset()
    doubled: frozenset[tuple[str, str]] = frozenset()
    unmanaged: frozenset[str] = frozenset()
    automatic: Mapping[tuple[str, int], bool] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)


async def observe(resolv_conf: Path = RESOLV_CONF) -> Observed:
    """Host name, interfaces with addresses and default gateways, and name servers, as they are now.

    An IPv6 address that is not usable (yet) because of the search for duplicates is not among an interface's addresses.
    Raises OSError where the kernel does not answer.
    """
    try:
        return await asyncio.to_thread(_read, resolv_conf)
    except NetlinkError as error:
        raise OSError(error.code, str(error)) from error


def shown_addresses(interfaces: Iterable[Interface]) -> list[str]:
    """The addresses, without prefix, under which others reach this machine; IPv4 first."""
    found = {ipaddress.ip_interface(text).ip for one in interfaces for text in one.addresses}
    shown = [address for address in found if not (address.is_link_local or address.is_loopback)]
    return [str(address) for address in sorted(shown, key=lambda address: (address.version, int(address)))]


def _read(resolv_conf: Path) -> Observed:
    with IPRoute() as kernel:
        every = {link["index"]: link for link in kernel.get_links()}
        addresses, routes = list(kernel.get_addr()), list(kernel.get_routes(table=_MAIN_TABLE))
    links = {index: link for index, link in every.items() if _shown(link)}
    names = {index: link.get_attr("IFLA_IFNAME") for index, link in every.items()}
    managed = {index: management(index) for index in links}
    held = [(names[one["index"]], _text(one), _flags(one)) for one in addresses if one["index"] in links]
    usable = [(name, text) for name, text, flags in held if not flags & (_TENTATIVE | _DAD_FAILED)]
    gateways = [(names[index], gateway) for index, gateway in _default_routes(routes) if index in links]
    dns, domains = _resolvers(resolv_conf)
    return Observed(
        host_name=socket.gethostname(),
        interfaces=sorted((_interface(link, names, usable, gateways) for link in links.values()), key=lambda one: one.name),
        dns=dns,
        search_domains=domains,
        leased=frozenset((name, text) for name, text, flags in held if not flags & _PERMANENT),
        doubled=frozenset((name, text) for name, text, flags in held if flags & _DAD_FAILED),
        unmanaged=frozenset(names[index] for index, one in managed.items() if one.unmanaged),
        automatic={(names[index], version): said for index, one in managed.items() for version, said in one.automatic.items()},
        files={names[index]: one.file for index, one in managed.items() if one.file is not None},
    )


def _shown(link: Any) -> bool:
    """Whether it is an interface an operator configures: Ethernet or on top of it, and no helper of virtual machines or containers."""
    name, kind = link.get_attr("IFLA_IFNAME"), _kind(link)
    return link["ifi_type"] == _ARPHRD_ETHER and kind in _KINDS | {""} and not name.startswith(_CLUTTER)


def _kind(link: Any) -> str:
    info = link.get_attr("IFLA_LINKINFO")
    return "" if info is None else info.get_attr("IFLA_INFO_KIND") or ""


def _vlan_id(link: Any) -> int | None:
    if _kind(link) != "vlan":
        return None
    data = link.get_attr("IFLA_LINKINFO").get_attr("IFLA_INFO_DATA")
    return None if data is None else data.get_attr("IFLA_VLAN_ID")


def _interface(link: Any, names: dict[int, str], addresses: Sequence[tuple[str, str]], gateways: Sequence[tuple[str, str]]) -> Interface:
    name, vlan_id = link.get_attr("IFLA_IFNAME"), _vlan_id(link)
    return Interface(
        name=name,
        kind=_kind(link) or "ethernet",
        mac=link.get_attr("IFLA_ADDRESS") or "",
        parent="" if vlan_id is None else names.get(link.get_attr("IFLA_LINK") or 0, ""),
        vlan_id=vlan_id,
        link=_link(link),
        speed_mbps=_speed(name),
        mtu=link.get_attr("IFLA_MTU") or 0,
        addresses=[text for owner, text in addresses if owner == name],
        gateways=list(dict.fromkeys(text for owner, text in gateways if owner == name)),
    )


def _link(link: Any) -> str:
    if not link["flags"] & _IFF_UP:
        return "down"
    return "up" if link.get_attr("IFLA_CARRIER") else "no cable"


def _speed(name: str) -> int | None:
    """Mbit/s as the driver says; None where it does not know (no cable, virtual)."""
    try:
        speed = int((_SPEEDS / name / "speed").read_text())
    except (OSError, ValueError):
        return None
    return speed if speed > 0 else None


def _text(address: Any) -> str:
    # IFA_LOCAL is the address itself where IFA_ADDRESS is the other end's (point to point).
    return f"{address.get_attr('IFA_LOCAL') or address.get_attr('IFA_ADDRESS')}/{address['prefixlen']}"


def _flags(address: Any) -> int:
    return int(address.get_attr("IFA_FLAGS") or address["flags"])


def _default_routes(routes: Iterable[Any]) -> list[tuple[int, str]]:
    """Interface index and gateway of every default route, those with several gateways included."""
    found: list[tuple[int, str]] = []
    for route in routes:
        if route["dst_len"] or route.get_attr("RTA_TABLE") != _MAIN_TABLE:
            continue
        hops = route.get_attr("RTA_MULTIPATH") or []
        found += [(hop["oif"], hop.get_attr("RTA_GATEWAY")) for hop in hops]
        found.append((route.get_attr("RTA_OIF"), route.get_attr("RTA_GATEWAY")))
    return [(index, gateway) for index, gateway in found if index and gateway]


def _resolvers(resolv_conf: Path) -> tuple[list[str], tuple[str, ...]]:
    """Name servers and search domains; where a local stub stands before them, the servers behind it."""
    servers, domains = _parsed(resolv_conf)
    return _parsed(_BEHIND_STUB) if servers == [_STUB] else (servers, domains)


def _parsed(path: Path) -> tuple[list[str], tuple[str, ...]]:
    try:
        lines = [line.split() for line in path.read_text(errors="replace").splitlines()]
    except OSError:
        return [], ()
    servers = [words[1] for words in lines if len(words) > 1 and words[0] == "nameserver"]
    domains = [tuple(word for word in words[1:] if word != _NO_DOMAIN) for words in lines if words and words[0] in ("search", "domain")]
    return servers, domains[-1] if domains else ()
