"""Network settings as files of systemd-networkd, and as resolv.conf(5) and timesyncd.conf(5).

The directives are those of systemd.network(5) and systemd.netdev(5), version 252. All here are pure functions of a plan
that `checks.check` has passed; they raise ValueError rather than write a value that could break out of its line.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable

from appliance.contract.network import Family, InterfacePlan, Mode, NetworkPlan
from appliance.netconfig.addresses import Version, addresses_of, compressed, host_of, on_link_needed

OWNED = "10-appliance-"
"""How the names of our own files begin, but for `REST`; files of other names are never touched."""

REST = "89-appliance-rest.network"
"""The file for what the settings do not name. It comes after every other one, and before the first boot's (`90-appliance-first`)."""

RESOLVER_MOST = 3
"""How many name servers the C library asks (MAXNS in resolv.h)."""

STATIC_METRIC = 100
DHCP_METRIC = 1024

EVERY_NAME = "~."
"""The root as a routing domain (systemd.network(5), Domains=): without it systemd-resolved asks no server for what ends in `.local`."""

_HEADER = "# Written by the appliance from its network settings. Changes made here are lost.\n"
_VALUE = re.compile(r"[A-Za-z0-9._:/-]+")


def canonical(plan: NetworkPlan) -> NetworkPlan:
    """The one spelling of a plan: no spaces around, short addresses, nothing twice, names of hosts and domains in lower case.

    Interfaces are sorted; what they keep from another mode is dropped. Names of interfaces stay: to the kernel, case matters.
    """
    return NetworkPlan(
        host_name=_lower(plan.host_name.strip(" ")),
        interfaces=sorted(map(_canonical_interface, plan.interfaces), key=lambda interface: interface.name),
        dns=_once(plan.dns),
        search_domains=_once(map(_lower, plan.search_domains)),
        ntp=_once(map(_lower, plan.ntp)),
    )


def revision(plan: NetworkPlan) -> str:
    """A short hash that is the same for every spelling of the same plan."""
    return hashlib.sha256(canonical(plan).model_dump_json().encode()).hexdigest()[:16]


def files(plan: NetworkPlan) -> dict[str, str]:
    """Each of our files in systemd-networkd's folder, name → text, in the order of their names: also the one for the rest.

    Raises ValueError as `interface_files` does.
    """
    return {**interface_files(plan), REST: _rest()}


def interface_files(plan: NetworkPlan) -> dict[str, str]:
    """Those of the plan's interfaces alone.

    Raises ValueError where a value holds anything that is not in an address or a name.
    """
    plan = canonical(plan)
    made: dict[str, str] = {}
    for order, interface in enumerate(plan.interfaces):
        made[_file_name(interface.name, "network")] = _network(plan, interface, order)
        if interface.parent:
            made[_file_name(interface.name, "netdev")] = _netdev(interface)
    for parent in {interface.parent for interface in plan.interfaces if interface.parent} - {
        interface.name for interface in plan.interfaces
    }:
        made[_file_name(parent, "network")] = _network(plan, InterfacePlan(name=parent), 0)
    return dict(sorted(made.items()))


def resolv_conf(plan: NetworkPlan) -> str | None:
    """The text of resolv.conf; None where name servers were not typed. Raises ValueError as `files` does."""
    plan = canonical(plan)
    if not plan.dns:
        return None
    lines = [f"nameserver {_value(server)}" for server in plan.dns[:RESOLVER_MOST]]
    if plan.search_domains:
        lines.insert(0, f"search {_values(plan.search_domains)}")
    return _HEADER + "\n".join(lines) + "\n"


def timesyncd_conf(plan: NetworkPlan) -> str | None:
    """The text of timesyncd.conf; None where time servers were not typed. Raises ValueError as `files` does."""
    plan = canonical(plan)
    return _HEADER + _section("Time", f"NTP={_values(plan.ntp)}") if plan.ntp else None


def file_of(name: str) -> str:
    """The name of the file by which systemd-networkd sets an interface up as the plan says."""
    return f"{OWNED}{name}.network"


def is_own(name: str) -> bool:
    """Whether a file of systemd-networkd's folder is one of ours."""
    return name == REST or name.startswith(OWNED)


def is_on(interface: InterfacePlan) -> bool:
    """Whether the interface is to have addresses at all."""
    return {interface.ipv4.mode, interface.ipv6.mode} != {Mode.OFF}


def _canonical_interface(interface: InterfacePlan) -> InterfacePlan:
    return interface.model_copy(
        update={
            "name": interface.name.strip(" "),
            "parent": interface.parent.strip(" "),
            "ipv4": _canonical_family(interface.ipv4),
            "ipv6": _canonical_family(interface.ipv6),
        }
    )


def _canonical_family(family: Family) -> Family:
    if family.mode is not Mode.STATIC:
        return Family(mode=family.mode)
    return Family(mode=family.mode, addresses=_once(family.addresses), gateway=compressed(family.gateway.strip(" ")))


def _lower(name: str) -> str:
    """A name in lower case. Others than ASCII are no names, and could grow longer than a plan takes."""
    return name.lower() if name.isascii() else name


def _once(texts: Iterable[str]) -> list[str]:
    """Each text once, in the order they came, without empty ones."""
    return list(dict.fromkeys(compressed(plain) for text in texts if (plain := text.strip(" "))))


def _value(text: str) -> str:
    if not _VALUE.fullmatch(text):
        raise ValueError(f"not a value for a network file: {text!r}")
    return text


def _values(texts: Iterable[str]) -> str:
    return " ".join(map(_value, texts))


def _file_name(interface: str, kind: str) -> str:
    if "/" in _value(interface):
        raise ValueError(f"not the name of an interface: {interface!r}")
    return f"{OWNED}{interface}.{kind}"


def _section(name: str, *lines: str) -> str:
    return "\n".join([f"[{name}]", *lines]) + "\n"


def _netdev(interface: InterfacePlan) -> str:
    if interface.vlan_id is None:
        raise ValueError(f"a VLAN without an id: {interface.name!r}")
    return _HEADER + "\n".join(
        [_section("NetDev", f"Name={_value(interface.name)}", "Kind=vlan"), _section("VLAN", f"Id={int(interface.vlan_id)}")]
    )


def _network(plan: NetworkPlan, interface: InterfacePlan, order: int) -> str:
    sections = [
        _section("Match", f"Name={_value(interface.name)}"),
        _link(interface),
        _section("Network", *_network_lines(plan, interface)),
        *_static(interface.ipv4, 4, order),
        *_static(interface.ipv6, 6, order),
        *_automatic(plan, interface, order),
    ]
    return _HEADER + "\n".join(section for section in sections if section)


def _rest() -> str:
    """A network card that is added later stays without addresses: its name servers and gateway would compete with the operator's."""
    sections = [
        _section("Match", "Type=ether", "Kind=!*"),
        _section("Link", "RequiredForOnline=no"),
        _section("Network", "DHCP=no", "IPv6AcceptRA=no", "LinkLocalAddressing=no"),
    ]
    return _HEADER + "\n".join(sections)


def _link(interface: InterfacePlan) -> str:
    lines = [f"MTUBytes={int(interface.mtu)}"] if interface.mtu else []
    # Starting up must not wait for an interface that is to have no address.
    lines += [] if is_on(interface) else ["RequiredForOnline=no"]
    return _section("Link", *lines) if lines else ""


def _network_lines(plan: NetworkPlan, interface: InterfacePlan) -> list[str]:
    ipv6_on = interface.ipv6.mode is not Mode.OFF
    lines = [
        f"DHCP={_dhcp(interface)}",
        f"IPv6AcceptRA={_yes(interface.ipv6.mode is Mode.AUTO)}",
        f"LinkLocalAddressing={'ipv6' if ipv6_on else 'no'}",
    ]
    if is_on(interface):
        # On each interface, since a name server may be behind any: a resolver asks all of them and takes the first answer.
        lines += [f"DNS={_value(server)}" for server in plan.dns]
        lines.append(f"Domains={' '.join([*map(_value, plan.search_domains), EVERY_NAME])}")
        lines += [f"NTP={_values(plan.ntp)}"] if plan.ntp else []
    vlans = sorted(other.name for other in plan.interfaces if other.parent == interface.name)
    return lines + [f"VLAN={_value(vlan)}" for vlan in vlans]


def _dhcp(interface: InterfacePlan) -> str:
    ipv4, ipv6 = interface.ipv4.mode is Mode.AUTO, interface.ipv6.mode is Mode.AUTO
    return {(True, True): "yes", (True, False): "ipv4", (False, True): "ipv6", (False, False): "no"}[ipv4, ipv6]


def _static(family: Family, version: Version, order: int) -> list[str]:
    """A section for each address, and one for the gateway. The metric lets the first interface by name win, before any by DHCP."""
    if family.mode is not Mode.STATIC:
        return []
    sections = [_section("Address", f"Address={_value(address)}") for address in family.addresses]
    if not family.gateway:
        return sections
    gateway = host_of(_value(family.gateway))
    if gateway is None:
        raise ValueError(f"not the address of a gateway: {family.gateway!r}")
    on_link = ["GatewayOnLink=yes"] if on_link_needed(gateway, addresses_of(family.addresses, version)) else []
    return [*sections, _section("Route", f"Gateway={gateway}", *on_link, f"Metric={STATIC_METRIC + order}")]


def _automatic(plan: NetworkPlan, interface: InterfacePlan, order: int) -> list[str]:
    """What is taken from DHCP and router advertisements: nothing for which something was typed."""
    dns, ntp = f"UseDNS={_yes(not plan.dns)}", f"UseNTP={_yes(not plan.ntp)}"
    domains, host_name = f"UseDomains={_yes(not plan.search_domains)}", f"UseHostname={_yes(not plan.host_name)}"
    metric, keep_mtu = f"RouteMetric={DHCP_METRIC + order}", ["UseMTU=no"] if interface.mtu else []
    sections = []
    if interface.ipv4.mode is Mode.AUTO:
        # By its MAC address a server knows the appliance again after its disk was replaced.
        lines = ["ClientIdentifier=mac", dns, domains, ntp, host_name, metric, *keep_mtu]
        sections.append(_section("DHCPv4", *lines))
    if interface.ipv6.mode is Mode.AUTO:
        sections += [_section("DHCPv6", dns, domains, ntp, host_name), _section("IPv6AcceptRA", dns, domains, metric, *keep_mtu)]
    return sections


def _yes(wanted: bool) -> str:
    return "yes" if wanted else "no"
