"""The plan that says what already is: what an appliance starts from on which no settings were ever kept."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence

from appliance.contract.network import Family, Interface, InterfacePlan, Mode, NetworkPlan
from appliance.netconfig import render
from appliance.netconfig.applier import Files
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


def restoring(current: Files, observed: Observed, plan: NetworkPlan) -> Files:
    """The files that bring back what is, once `plan` was tried: those there are, and one for each interface that another program set up.

    Without one systemd-networkd would let go of such an interface at the end of a trial, and take all of its addresses along.
    """
    touched = {name.strip(" ") for one in plan.interfaces for name in (one.name, one.parent)}
    touched |= {one.name for one in observed.interfaces if one.kind == "ethernet"}  # by the file for the rest
    set_up = {one.name for one in observed.interfaces if _lasting(one.addresses)}
    foreign = [
        one.model_copy(update={"parent": "", "vlan_id": None})  # it exists: nobody has to make it
        for one in adopted(observed).interfaces
        if one.name in touched & set_up & observed.unmanaged
    ]
    return current.model_copy(update={"networkd": {**render.interface_files(NetworkPlan(interfaces=foreign)), **current.networkd}})


def _lasting(addresses: Sequence[str]) -> list[str]:
    return [text for text in addresses if not ipaddress.ip_interface(text).is_link_local]


def _plan(interface: Interface, observed: Observed) -> InterfacePlan:
    return InterfacePlan(
        name=interface.name,
        parent=interface.parent,
        vlan_id=interface.vlan_id,
        ipv4=_family(interface, observed, 4),
        ipv6=_family(interface, observed, 6),
    )


def _family(interface: Interface, observed: Observed, version: int) -> Family:
    lasting = [text for text in _lasting(interface.addresses) if ipaddress.ip_interface(text).version == version]
    automatic = observed.automatic.get((interface.name, version))
    if automatic or any((interface.name, text) in observed.leased for text in lasting):  # a lease without an end shows in no address
        return Family(mode=Mode.AUTO)
    if lasting:
        gateways = [text for text in interface.gateways if ipaddress.ip_address(text).version == version]
        return Family(mode=Mode.STATIC, addresses=lasting, gateway=gateways[0] if gateways else "")
    if automatic is None:
        # Where nothing was typed it waits for addresses, and goes on to: a fresh appliance's plan stays the same when they come.
        automatic = not (_is_typed(interface, observed) or interface.link == "down")
    return Family(mode=Mode.AUTO if automatic else Mode.OFF)


def _is_typed(interface: Interface, observed: Observed) -> bool:
    """Whether the interface has an address that lasts."""
    return any((interface.name, text) not in observed.leased for text in _lasting(interface.addresses))
