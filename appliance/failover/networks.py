"""Where the adapters of the new machine go: what was asked for, what is set for the VM, the defaults. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from appliance.contract.checks import CheckState
from appliance.contract.inventory import Vm
from appliance.contract.network_mappings import EVERY_OTHER, Kind, Origin
from appliance.failover.faults import NETWORK_GONE, NO_NETWORK, NO_TEST_NETWORK


@dataclass(frozen=True)
class Target:
    """A network of CloudStack; the name is the one it had when it was chosen, `mapping_id` that of the record that says so."""

    id: str
    name: str = ""
    mapping_id: int | None = None


@dataclass(frozen=True)
class Layer:
    """Mappings of one standing, by the source network's name; `others` is the origin of what `*` says."""

    origin: Origin
    others: Origin
    targets: Mapping[str, Target] = field(default_factory=dict)


@dataclass(frozen=True)
class Place:
    """Where adapters go, None for nowhere, and why."""

    target: Target | None
    origin: Origin


NOWHERE = Place(None, Origin.NONE)


def asked(networks: Mapping[str, str]) -> Layer:
    """What a request says."""
    return Layer(Origin.REQUEST, Origin.REQUEST, {name: Target(target) for name, target in networks.items()})


def of_vm(targets: Mapping[str, Target]) -> Layer:
    """What is set for a VM."""
    return Layer(Origin.VM, Origin.VM_CATCH_ALL, targets)


def defaults(targets: Mapping[str, Target]) -> Layer:
    """What is set for every VM of a configuration."""
    return Layer(Origin.DEFAULT, Origin.CATCH_ALL, targets)


def last_resort(kind: Kind, configured: str, isolated: str) -> Place:
    """Where adapters go of which nothing is said: in production to the configuration's network, in tests never to that one."""
    if kind is Kind.TEST:
        return Place(Target(isolated), Origin.TEST_NETWORK) if isolated else NOWHERE
    return Place(Target(configured), Origin.CONFIGURATION) if configured else NOWHERE


def resolve(source: str, layers: Sequence[Layer], last: Place) -> Place:
    """Where adapters on a source network go: by the first layer that names it or says `*`, else by the last resort."""
    for layer in layers:
        if source in layer.targets:
            return Place(layer.targets[source], layer.others if source == EVERY_OTHER else layer.origin)
        if EVERY_OTHER in layer.targets:
            return Place(layer.targets[EVERY_OTHER], layer.others)
    return last


def choose(source: Vm, kind: Kind, layers: Sequence[Layer], last: Place) -> dict[str, Target]:
    """The target of each source network, in the order of the adapters. Raises a Fault that names the network without a place to go."""
    chosen: dict[str, Target] = {}
    for nic in source.nics:
        target = resolve(nic.network, layers, last).target
        if target is None:
            raise (NO_TEST_NETWORK if kind is Kind.TEST else NO_NETWORK)(name=source.name, network=nic.network)
        chosen[nic.network] = target
    return chosen


def refuse_gone(source: Vm, chosen: Mapping[str, Target], existing: Collection[str]) -> None:
    """Raise a Fault when an adapter would go to a network that CloudStack no longer has."""
    for network, target in chosen.items():
        if target.id not in existing:
            raise NETWORK_GONE(name=source.name, network=network, target=target.name or target.id)


def attached(chosen: Mapping[str, str]) -> tuple[str, ...]:
    """The target networks, each once: a machine can't have two adapters on one CloudStack network."""
    return tuple(dict.fromkeys(chosen.values()))


def judged(kind: Kind, place: Place, existing: Collection[str] | None, production: Collection[str]) -> tuple[CheckState, str]:
    """What is to be said of a place. `existing` is None while CloudStack can't be asked; `production`: where production adapters go."""
    if place.target is None:
        what = "A test failover" if kind is Kind.TEST else "A live failover"
        return CheckState.FAIL, f"No network is chosen. {what} of a VM with an adapter here is refused."
    if existing is not None and place.target.id not in existing:
        return CheckState.FAIL, "CloudStack no longer has this network in the zone. Choose another one."
    if kind is Kind.TEST and place.target.id in production:
        return CheckState.WARN, "Production adapters go to this network too: a test machine on it can meet production machines."
    return CheckState.PASS, ""
