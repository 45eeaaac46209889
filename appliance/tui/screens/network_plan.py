"""Network settings that are being made: the draft, its changes in words, and what was typed as lists. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from appliance.contract.network import Family, Finding, InterfacePlan, Mode, Network, NetworkPlan, Severity

MODES = {Mode.AUTO: "automatic", Mode.STATIC: "by hand", Mode.OFF: "off"}
SEVERITIES = {
    Severity.ERROR: ("wrong", "bad"),
    Severity.WARNING: ("look again", "warning"),
    Severity.PENDING: ("not yet", "warning"),
    Severity.OK: ("well", "good"),
}
NOTHING = "nothing"

LIST_LIMIT = 4096
"""Characters of a list in a field."""

ENTRY_LIMIT = 255
"""Characters of each of its entries, as in the contract."""

Change = tuple[str, str, str]
"""What is changed, how it was, how it will be."""


@dataclass
class Draft:
    """Settings as they are being changed on one console. `revision` is the one of the settings they were made from."""

    base: NetworkPlan = field(default_factory=NetworkPlan)
    plan: NetworkPlan = field(default_factory=NetworkPlan)
    revision: str = ""
    tried: NetworkPlan | None = None

    @property
    def changed(self) -> bool:
        """Whether there is anything to try."""
        return self.plan != self.base

    def follow(self, state: Network) -> None:
        """Take up what was kept meanwhile, unless there are other changes here."""
        if self.revision != state.revision and (not self.changed or state.kept == self.tried):
            self.forget(state)

    def forget(self, state: Network) -> None:
        """Begin again with the settings that are kept."""
        self.base = self.plan = state.kept
        self.revision, self.tried = state.revision, None

    def is_stale(self, state: Network) -> bool:
        """Whether the settings that these were made from are no longer the ones that are kept."""
        return self.changed and self.revision != state.revision


def entries(text: str) -> list[str]:
    """What was typed with commas, semicolons or blanks between."""
    return [one for one in re.split(r"[\s,;]+", text) if one]


def listed(texts: Sequence[str]) -> str:
    """A list as it is typed."""
    return ", ".join(texts)


def list_flaw(text: str, most: int, noun: str) -> str:
    """What is wrong with a list before the agent looks at it: too many entries, or one that is too long."""
    found = entries(text)
    if len(found) > most:
        return f"Type at most {most} {noun}."
    return f"Type {noun} of at most {ENTRY_LIMIT} characters." if any(len(one) > ENTRY_LIMIT for one in found) else ""


def interface_of(plan: NetworkPlan, name: str) -> InterfacePlan:
    """The settings of an interface; one that has none yet is off."""
    return next((one for one in plan.interfaces if one.name == name), InterfacePlan(name=name))


def with_interface(plan: NetworkPlan, wanted: InterfacePlan) -> NetworkPlan:
    """The plan with one interface set like this."""
    if wanted.name not in [one.name for one in plan.interfaces]:
        return plan.model_copy(update={"interfaces": [*plan.interfaces, wanted]})
    return plan.model_copy(update={"interfaces": [wanted if one.name == wanted.name else one for one in plan.interfaces]})


def without(plan: NetworkPlan, name: str) -> NetworkPlan:
    """The plan without an interface and the VLANs on it."""
    return plan.model_copy(update={"interfaces": [one for one in plan.interfaces if name not in (one.name, one.parent)]})


def vlan_name(parent: str, number: str) -> str:
    """What a VLAN's interface is called; the kernel takes 15 characters."""
    name = f"{parent}.{number}"
    return name if len(name) <= 15 else f"vlan{number}"


def family_words(family: Family) -> str:
    """How addresses are set."""
    if family.mode is not Mode.STATIC:
        return MODES[family.mode]
    gateway = f", gateway {family.gateway}" if family.gateway else ", no gateway"
    return f"{listed(family.addresses) or 'no address'}{gateway}"


def changes(before: NetworkPlan, after: NetworkPlan) -> list[Change]:
    """What is different, old and new, for each interface and for the appliance."""
    found: list[Change] = []
    names = dict.fromkeys([one.name for one in before.interfaces] + [one.name for one in after.interfaces])
    for name in names:
        found += _interface_changes(_named(before, name), _named(after, name))
    general = [
        ("host name", before.host_name, after.host_name),
        ("name servers", listed(before.dns), listed(after.dns)),
        ("search domains", listed(before.search_domains), listed(after.search_domains)),
        ("time servers", listed(before.ntp), listed(after.ntp)),
    ]
    return found + [(what, old or NOTHING, new or NOTHING) for what, old, new in general if old != new]


def _named(plan: NetworkPlan, name: str) -> InterfacePlan | None:
    return next((one for one in plan.interfaces if one.name == name), None)


def _interface_changes(before: InterfacePlan | None, after: InterfacePlan | None) -> list[Change]:
    one = after or before
    if one is None:
        return []
    rows = [
        ("IPv4", _family(before, 4), _family(after, 4)),
        ("IPv6", _family(before, 6), _family(after, 6)),
        ("MTU", _mtu(before), _mtu(after)),
        ("VLAN", _vlan(before), _vlan(after)),
    ]
    return [(f"{one.name} {what}", old, new) for what, old, new in rows if old != new]


def _family(interface: InterfacePlan | None, version: int) -> str:
    if interface is None:
        return "not set up"
    return family_words(interface.ipv4 if version == 4 else interface.ipv6)


def _mtu(interface: InterfacePlan | None) -> str:
    return str(interface.mtu) if interface and interface.mtu else "as it is"


def _vlan(interface: InterfacePlan | None) -> str:
    return f"{interface.vlan_id} on {interface.parent}" if interface and interface.parent else "none"


def change_lines(found: Sequence[Change]) -> str:
    """Changes as lines of text."""
    return "\n".join(f"{what}: {old} → {new}" for what, old, new in found)


def finding_lines(findings: Sequence[Finding]) -> str:
    """Findings as lines of text, each with the interface it is about."""
    return "\n".join(f"• {one.interface}: {one.message}" if one.interface else f"• {one.message}" for one in findings)
