"""What is to be said of name servers, search domains and time servers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

from appliance.contract.network import Finding, Mode, NetworkPlan
from appliance.netconfig.address_flaws import server_flaw
from appliance.netconfig.addresses import compressed, host_of
from appliance.netconfig.findings import error, errors, shown, warning
from appliance.netconfig.names import name_flaw
from appliance.netconfig.render import RESOLVER_MOST

DNS_MOST = 8
SEARCH_MOST = 16
NTP_MOST = 8


def dns_findings(plan: NetworkPlan) -> list[Finding]:
    """Every finding on the name servers."""
    found = entry_findings("", "dns", plan.dns, server_flaw) + _most("dns", plan.dns, DNS_MOST, "name servers")
    if RESOLVER_MOST < len(_filled(plan.dns)) <= DNS_MOST:
        text = f"Only the first {RESOLVER_MOST} name servers are asked. Put those that matter first, and leave out the others."
        found.append(warning("", "dns", text))
    return found + _missing_dns(plan) + _unreachable_family(plan) + _own_dns(plan)


def search_findings(plan: NetworkPlan) -> list[Finding]:
    """Every finding on the search domains."""
    found = entry_findings("", "search_domains", plan.search_domains, name_flaw)
    return found + _most("search_domains", plan.search_domains, SEARCH_MOST, "search domains")


def ntp_findings(plan: NetworkPlan) -> list[Finding]:
    """Every finding on the time servers, which are names or addresses."""
    return entry_findings("", "ntp", plan.ntp, ntp_flaw) + _most("ntp", plan.ntp, NTP_MOST, "time servers")


def ntp_flaw(text: str) -> str:
    """What is wrong with a time server; what looks like an address is judged as one."""
    plain = text.strip(" ")
    looks_like_address = ":" in plain or "%" in plain or host_of(plain) is not None or not plain.strip("0123456789.")
    return server_flaw(text) if looks_like_address else name_flaw(text)


def entry_findings(interface: str, field: str, texts: Sequence[str], flaw: Callable[[str], str]) -> list[Finding]:
    """What is to be said of each entry of a list: empty, wrong, or typed more than once."""
    empty = (
        [warning(interface, field, "An entry is empty and is left out. Fill it in, or remove it.")]
        if len(_filled(texts)) < len(texts)
        else []
    )
    return empty + errors(interface, field, list(map(flaw, dict.fromkeys(_filled(texts))))) + _twice(interface, field, texts)


def _filled(texts: Sequence[str]) -> list[str]:
    return [text for text in texts if text.strip(" ")]


def _twice(interface: str, field: str, texts: Sequence[str]) -> list[Finding]:
    counted = Counter(compressed(text.strip(" ").lower()) for text in _filled(texts))
    return [
        warning(interface, field, f"{shown(text)} is there {count} times. Once is enough; remove the others.")
        for text, count in counted.items()
        if count > 1
    ]


def _most(field: str, texts: Sequence[str], most: int, noun: str) -> list[Finding]:
    count = len(_filled(texts))
    return [error("", field, f"There are {count} {noun}. Type at most {most}.")] if count > most else []


def _missing_dns(plan: NetworkPlan) -> list[Finding]:
    by_itself = any(Mode.AUTO in (interface.ipv4.mode, interface.ipv6.mode) for interface in plan.interfaces)
    if by_itself or _filled(plan.dns):
        return []
    return [warning("", "dns", "Without a name server, no name of another machine is found. Type the address of one, such as 192.0.2.53.")]


def _unreachable_family(plan: NetworkPlan) -> list[Finding]:
    on = {4: False, 6: False}
    for interface in plan.interfaces:
        on[4] |= interface.ipv4.mode is not Mode.OFF
        on[6] |= interface.ipv6.mode is not Mode.OFF
    hosts = [host for text in _filled(plan.dns) if (host := host_of(text)) and not on[host.version]]
    return [
        warning(
            "", "dns", f"{host} can't be asked while IPv{host.version} is off everywhere. Turn it on, or type a server of the other kind."
        )
        for host in hosts
    ]


def _own_dns(plan: NetworkPlan) -> list[Finding]:
    own = {
        compressed(address.strip(" ")).partition("/")[0]
        for each in plan.interfaces
        for family in (each.ipv4, each.ipv6)
        for address in family.addresses
    }
    return [
        warning("", "dns", f"{shown(text)} is the appliance itself, which answers no such questions. Type another machine's address.")
        for text in _filled(plan.dns)
        if compressed(text.strip(" ")) in own
    ]
