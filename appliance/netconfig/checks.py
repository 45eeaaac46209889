"""Everything that can be said about network settings before they are tried, without asking the network."""

from __future__ import annotations

from collections.abc import Sequence

from appliance.contract.network import Finding, Interface, InterfacePlan, NetworkPlan, Severity
from appliance.netconfig import families, links, routes, servers
from appliance.netconfig.findings import errors
from appliance.netconfig.names import host_name_flaw


def check(plan: NetworkPlan, interfaces: Sequence[Interface]) -> list[Finding]:
    """Every finding on every field of a plan, given the interfaces there are. Never raises."""
    kernel = {interface.name: interface for interface in interfaces}
    found = _host_name_findings(plan)
    for interface in plan.interfaces:
        found += _interface_findings(interface, plan, kernel)
    return found + _network_findings(plan, kernel)


def problems(findings: Sequence[Finding]) -> list[Finding]:
    """Those findings that keep settings from being tried."""
    return [finding for finding in findings if finding.severity is Severity.ERROR]


def _host_name_findings(plan: NetworkPlan) -> list[Finding]:
    """An empty host name leaves the one there is."""
    return errors("", "host_name", [host_name_flaw(plan.host_name)]) if plan.host_name.strip(" ") else []


def _interface_findings(interface: InterfacePlan, plan: NetworkPlan, kernel: links.Kernel) -> list[Finding]:
    return [
        *links.name_findings(interface, kernel),
        *links.vlan_findings(interface, plan, kernel),
        *links.link_findings(interface, plan, kernel),
        *families.family_findings(interface),
        *links.mtu_findings(interface, plan, kernel),
    ]


def _network_findings(plan: NetworkPlan, kernel: links.Kernel) -> list[Finding]:
    return [
        *links.twice_findings(plan),
        *routes.off_findings(plan),
        *routes.overlap_findings(plan),
        *routes.leased_overlap_findings(plan, kernel),
        *routes.gateway_findings(plan),
        *routes.own_gateway_findings(plan),
        *servers.dns_findings(plan),
        *servers.search_findings(plan),
        *servers.ntp_findings(plan),
    ]
