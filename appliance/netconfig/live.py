"""What can be asked of the network itself, before settings are tried and while they are on trial."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Interface, ip_address, ip_interface
from typing import Protocol

from appliance.contract.network import Finding, Interface, InterfacePlan, Mode, NetworkPlan
from appliance.netconfig import arp, ping, resolvers
from appliance.netconfig.findings import error, fine, warning
from appliance.netconfig.resolvers import Answer

_GATEWAY_SECONDS = 2.0


class LiveChecks(Protocol):
    """Asks the network; changes nothing."""

    async def before(self, plan: NetworkPlan, interfaces: Sequence[Interface]) -> list[Finding]:
        """What speaks against trying a plan that has no errors in itself."""

    async def during(self, plan: NetworkPlan) -> list[Finding]:
        """What works, and what does not, now that the plan is in force."""


class NetworkAsked:
    """Asks by ARP, ping and DNS."""

    async def before(self, plan: NetworkPlan, interfaces: Sequence[Interface]) -> list[Finding]:
        """An address that another machine has is an error; name servers that are silent a warning. Takes 2 s at most."""
        taken = [_in_use(one, wanted) for one in plan.interfaces if (wanted := new_addresses(one, interfaces))]
        answers = await asyncio.gather(*taken, _resolvers(plan.dns, silent_ok=True))
        return [finding for found in answers for finding in found]

    async def during(self, plan: NetworkPlan) -> list[Finding]:
        """Whether gateways and name servers answer."""
        gateways = [
            _gateway(one.name, family.gateway, field)
            for one in plan.interfaces
            for field, family in (("ipv4.gateway", one.ipv4), ("ipv6.gateway", one.ipv6))
            if family.mode is Mode.STATIC and family.gateway
        ]
        answers = await asyncio.gather(*gateways, _resolvers(plan.dns, silent_ok=False))
        return [finding for found in answers for finding in found]


def new_addresses(wanted: InterfacePlan, interfaces: Sequence[Interface]) -> list[IPv4Address]:
    """The IPv4 addresses that this machine does not have yet, where the link is there to ask on."""
    if wanted.ipv4.mode is not Mode.STATIC or not any(one.name == wanted.name and one.link == "up" for one in interfaces):
        return []
    own = {ip_interface(text).ip for one in interfaces for text in one.addresses}
    return [address for text in wanted.ipv4.addresses if (address := IPv4Interface(text).ip) not in own]


async def _in_use(wanted: InterfacePlan, addresses: Sequence[IPv4Address]) -> list[Finding]:
    try:
        found = await arp.holders(wanted.name, addresses)
    except OSError:
        return [warning(wanted.name, "ipv4.addresses", "Whether another machine has this address could not be found out.")]
    return [
        error(
            wanted.name,
            "ipv4.addresses",
            f"{address} is in use by another machine (MAC address {mac}). Type one that is free, or take it from that machine.",
        )
        for address, mac in found.items()
    ]


async def _resolvers(servers: Sequence[str], *, silent_ok: bool) -> list[Finding]:
    """What is to be said of the name servers. With `silent_ok` only those count to which there is a way now."""
    answers = await resolvers.ask(servers)
    if silent_ok:
        answers = {server: answer for server, answer in answers.items() if answer is not Answer.NO_WAY}
    if not answers:
        return []
    if any(answer is Answer.YES for answer in answers.values()):
        return [] if silent_ok else [_answering(answers)]
    which = "The name server does not answer" if len(answers) == 1 else "None of the name servers answers"
    return [warning("", "dns", f"{which}: {', '.join(answers)}. Check the address; without it, only addresses can be used, no names.")]


def _answering(answers: dict[str, Answer]) -> Finding:
    silent = [server for server, answer in answers.items() if answer is not Answer.YES]
    if silent:
        return warning("", "dns", f"Of the name servers, {', '.join(silent)} can't be reached. Names are looked up with the others.")
    return fine("", "dns", "The name servers answer." if len(answers) > 1 else "The name server answers.")


async def _gateway(interface: str, gateway: str, field: str) -> list[Finding]:
    try:
        there = await _answers(interface, gateway)
    except PermissionError:
        return []  # not allowed to ask: nothing is known
    except OSError:
        there = False
    if there:
        return [fine(interface, field, f"The gateway {gateway} answers.")]
    return [warning(interface, field, f"The gateway {gateway} does not answer. Check its address, and the cable or the virtual network.")]


async def _answers(interface: str, gateway: str) -> bool:
    """Whether a gateway is there: by ARP, which no gateway can refuse; IPv6 has none, so by ping. Raises OSError."""
    address = ip_address(gateway)
    if isinstance(address, IPv4Address):
        return bool(await arp.holders(interface, [address], seconds=_GATEWAY_SECONDS))
    return bool((await ping.ping(f"{address}%{interface}" if address.is_link_local else str(address))).times_ms)
