"""How network mappings read: lines of the lists, and what is said of a place; pure."""

from __future__ import annotations

from collections.abc import Sequence

from appliance.contract.checks import CheckState
from appliance.contract.network_mappings import EVERY_OTHER, Kind, Landing, Origin, SourceNetwork
from appliance.tui.widgets.facts import Fact
from appliance.tui.widgets.table import Column, Row

DEFAULT_COLUMNS = (Column("Network in vCenter"), Column("Test goes to"), Column("Production goes to"), Column("VMs", 5, needs=70))
VM_COLUMNS = (Column("Network in vCenter"), Column("Test goes to"), Column("Production goes to"))
PLACE_COLUMNS = (Column("Network in vCenter"), Column("Goes to in CloudStack"), Column("Because", 26))

ORIGINS = {
    Origin.REQUEST: "chosen now",
    Origin.VM: "set for this VM",
    Origin.VM_CATCH_ALL: "this VM, all others",
    Origin.DEFAULT: "default",
    Origin.CATCH_ALL: "default, all others",
    Origin.CONFIGURATION: "CloudStack configuration",
    Origin.TEST_NETWORK: "isolated test network",
    Origin.NONE: "nothing is chosen",
}
TONES = {CheckState.PASS: "", CheckState.WARN: "warning", CheckState.FAIL: "bad"}
FLAWS = {CheckState.PASS: "", CheckState.WARN: " (!)", CheckState.FAIL: " (gone)"}
WORDS = {Kind.TEST: "Test", Kind.PRODUCTION: "Production"}


def called(source: str) -> str:
    """A source network as people call it."""
    return {EVERY_OTHER: "All others", "": "(without a name)"}.get(source, source)


def landing(network: SourceNetwork, kind: Kind) -> Landing:
    """Where adapters on this network go in tests or in production."""
    return network.test if kind is Kind.TEST else network.production


def target_text(place: Landing) -> str:
    """The target in a list; what is wrong with it is said by a word, too."""
    if place.target_network_id is None:
        return "- none -"
    return f"{place.target_network_name}{FLAWS[place.state]}"


def mapping_row(network: SourceNetwork, *, counted: bool) -> Row:
    """One source network with both its targets."""
    cells = (called(network.name), target_text(network.test), target_text(network.production))
    worst = next((one for one in (CheckState.FAIL, CheckState.WARN) if one in (network.test.state, network.production.state)), None)
    return Row(network.name, (*cells, str(network.vms)) if counted else cells, TONES[worst] if worst else "")


def place_row(source: str, place: Landing) -> Row:
    """One source network with the target of the failover that is being asked for."""
    return Row(source, (called(source), target_text(place), ORIGINS[place.origin]), TONES[place.state])


def mapping_facts(network: SourceNetwork) -> list[Fact]:
    """The whole of it: targets, why, and what is to be said of them."""
    found: list[Fact] = []
    for kind, words in WORDS.items():
        place = landing(network, kind)
        if place.target_network_id is not None:
            found.append((words, f"{place.target_network_name}: {ORIGINS[place.origin]}", TONES[place.state]))
        if place.note:
            found.append(("" if place.target_network_id is not None else words, place.note, TONES[place.state]))
    return found


def mapping_actions(network: SourceNetwork) -> list[tuple[str, str]]:
    """What can be done with this line: by kind, and `remove-` for what is set here."""
    found = [(kind.value, f"Choose the {words.lower()} network …") for kind, words in WORDS.items()]
    own = [kind for kind in Kind if landing(network, kind).mapping_id is not None]
    return found + [(f"remove-{kind.value}", f"Remove the {WORDS[kind].lower()} mapping") for kind in own]


def production_targets(networks: Sequence[SourceNetwork]) -> set[str]:
    """Where production adapters go."""
    return {one.production.target_network_id for one in networks if one.production.target_network_id is not None}
