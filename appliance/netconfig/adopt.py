"""The plan that says what already is: what an appliance starts from on which no settings were ever kept."""

from __future__ import annotations

import ipaddress

from appliance.contract.network import Family, Interface, InterfacePlan, Mode, NetworkPlan
from appliance.netconfig.observe import Observed


def adopted(observed: Observed) -> NetworkPlan:
    """The settings that are in force, as a plan. Name servers that came with an address are not fixed."""
    interfaces = [_plan(one, observed) for one in observed.interfaces]
    given = any(family.mode is Mode.AUTO for one in interfaces for family in (one.ipv4, one.ipv6))
    return NetworkPlan(
        host_name=observed.host_name,
        interfaces=interfaces,
        dns=[] if given else observed.dns,
        search_domains=[] if given else list(observed.search_domains),
    )


def _plan(interface: Interface, observed: Observed) -> InterfacePlan:
    return InterfacePlan(
        name=interface.name,
        parent=interface.parent,
        vlan_id=interface.vlan_id,
        ipv4=_family(interface, observed, 4),
        ipv6=_family(interface, observed, 6),
    )


def _family(interface: Interface, observed: Observed, version: int) -> Family:
    held = [text for text in interface.addresses if ipaddress.ip_interface(text).version == version]
    lasting = [text for text in held if not ipaddress.ip_interface(text).is_link_local]
    if any((interface.name, text) in observed.leased for text in lasting):
        return Family(mode=Mode.AUTO)
    if lasting:
        gateways = [text for text in interface.gateways if ipaddress.ip_address(text).version == version]
        return Family(mode=Mode.STATIC, addresses=lasting, gateway=gateways[0] if gateways else "")
    # Where nothing was typed it waits for addresses, and goes on to: a fresh appliance's plan stays the same when they come.
    return Family(mode=Mode.OFF if _is_typed(interface, observed) or interface.link == "down" else Mode.AUTO)


def _is_typed(interface: Interface, observed: Observed) -> bool:
    """Whether the interface has an address that lasts."""
    return any(
        not ipaddress.ip_interface(text).is_link_local and (interface.name, text) not in observed.leased for text in interface.addresses
    )
