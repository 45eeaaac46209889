"""The network as it stands in lines and in the list of interfaces. Pure."""

from __future__ import annotations

from appliance.contract.network import Interface, InterfacePlan, Mode, Network
from appliance.tui import words
from appliance.tui.screens.network_plan import MODES, Draft, interface_of, listed
from appliance.tui.widgets.facts import Fact
from appliance.tui.widgets.table import Row


def facts(state: Network, draft: Draft) -> list[Fact]:
    """The lines above the list."""
    gateways = dict.fromkeys(one for interface in state.interfaces for one in interface.gateways)
    shown: list[Fact] = [
        ("Host name", state.host_name or "none", "" if state.host_name else "warning"),
        ("Gateways", "  ".join(gateways) or "none", "" if gateways else "warning"),
        ("Name servers", "  ".join(state.dns) or "none", "" if state.dns else "warning"),
        _settings(state, draft),
    ]
    if state.outcome:
        shown.append(("Last trial", state.outcome, "good" if state.outcome == "kept" else "warning"))
    return shown


def _settings(state: Network, draft: Draft) -> Fact:
    if state.trial:
        return ("Settings", f"on trial, {words.countdown(state.trial.seconds_left)} left; F8 shows the trial", "warning")
    if draft.is_stale(state):
        return ("Settings", "changed here and on another console; F4 forgets the changes made here", "bad")
    if draft.changed:
        return ("Settings", "changed here, not yet tried; F8 tries them", "warning")
    return ("Settings", "kept", "good")


def rows(state: Network, draft: Draft) -> list[Row]:
    """Every interface that is there, then those that are only wanted."""
    there = {one.name: one for one in state.interfaces}
    names = dict.fromkeys([*there, *(one.name for one in draft.plan.interfaces), *(one.name for one in draft.base.interfaces)])
    return [_row(name, there.get(name), draft) for name in names]


def _row(name: str, there: Interface | None, draft: Draft) -> Row:
    wanted, change = interface_of(draft.plan, name), _change(name, draft)
    vlan = f"{wanted.vlan_id} on {wanted.parent}" if wanted.parent else ""
    if there is None:
        return Row(name, (name, "absent", "", set_words(wanted), "", change, "", "", vlan, ""), "warning")
    vlan = f"{there.vlan_id} on {there.parent}" if there.parent else vlan
    cells = (
        name, there.link, speed(there.speed_mbps), set_words(wanted), "  ".join(there.addresses) or "none", change,
        "  ".join(there.gateways), str(there.mtu), vlan, there.mac,
    )  # fmt: skip
    return Row(name, cells, "warning" if change or there.link != "up" else "")


def _change(name: str, draft: Draft) -> str:
    before, after = ({one.name: one for one in plan.interfaces}.get(name) for plan in (draft.base, draft.plan))
    if before == after:
        return ""
    return "new" if before is None else "removed" if after is None else "changed"


def set_words(wanted: InterfacePlan) -> str:
    """How addresses are set, in a word where both families are alike."""
    used = {MODES[one.mode] for one in (wanted.ipv4, wanted.ipv6) if one.mode is not Mode.OFF}
    return "both" if len(used) > 1 else next(iter(used), "off")


def speed(mbps: int | None) -> str:
    """The speed of a link; nothing where it is not known."""
    if mbps is None:
        return ""
    return f"{mbps / 1000:g} Gbit/s" if mbps >= 1000 else f"{mbps} Mbit/s"


def known(state: Network, name: str) -> str:
    """What is known of an interface, for the head of its form."""
    there = next((one for one in state.interfaces if one.name == name), None)
    if there is None:
        return ": not there yet"
    parts = (f"link {there.link}", speed(there.speed_mbps), f"now {listed(there.addresses) or 'without address'}")
    return ": " + ", ".join(part for part in parts if part)


def parents(state: Network) -> list[str]:
    """The interfaces on which a VLAN can be."""
    return [one.name for one in state.interfaces if not one.parent]


def is_removable(state: Network, draft: Draft, name: str) -> bool:
    """Whether an interface can be taken out of the settings: a VLAN, or one that is no longer there."""
    wanted = next((one for one in draft.plan.interfaces if one.name == name), None)
    return wanted is not None and (bool(wanted.parent) or name not in [one.name for one in state.interfaces])


def actions(state: Network, draft: Draft, name: str) -> list[tuple[str, str]]:
    """What can be done now, as (key, text)."""
    found = [("general", "Host name, name servers, time servers")]
    if parents(state):
        found.append(("vlan", "Add a VLAN"))
    if is_removable(state, draft, name):
        found.append(("remove", f"Remove {name}"))
    if draft.changed:
        found += [("try", "Try the changed settings"), ("forget", "Forget the changes made here")]
    return found
