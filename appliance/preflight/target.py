"""Checks of the target: what the configuration refers to, what is left, and where the new machine would go (pure)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from appliance.cloudstack.answers import Row, flag, number, text
from appliance.cloudstack.checks import place_checks
from appliance.cloudstack.limits import copy_checks, failover_checks, limit_checks, places_check, quota_check
from appliance.contract.checks import Check, CheckState, failed, passed, warned
from appliance.contract.errors import Fault
from appliance.preflight.facts import Cloud

GIB = 1024**3
_SNAPSHOTS = ("snapshot-place", "storage-pools", "snapshot-trial")
_NOT_FOR_COPIES = ("template", "network", "service-offering", *_SNAPSHOTS)
_NOT_FOR_MACHINES = ("disk-offering",)


def unreachable(cloud: Cloud | Fault) -> list[Check]:
    """The one check of a CloudStack that could not be asked."""
    return [failed("cloudstack", cloud.message, cloud.guidance)] if isinstance(cloud, Fault) else []


def softened(checks: Sequence[Check], names: Collection[str]) -> list[Check]:
    """What fails among these is only something to know."""
    return [warned(one.name, one.sentence, one.guidance) if one.name in names and one.state is CheckState.FAIL else one for one in checks]


def for_copies(cloud: Cloud, sizes_bytes: Sequence[int]) -> list[Check]:
    """Whether disks of these sizes can be copied here; what only a later failover needs is warned of."""
    machine = failover_checks(cloud.facts, [-(-size // GIB) for size in sizes_bytes])
    later = softened([*_snapshots(cloud), *machine], {one.name for one in machine} | set(_SNAPSHOTS))
    places = softened(place_checks(cloud.config, cloud.facts), _NOT_FOR_COPIES)
    room = copy_checks(cloud.facts, sizes_bytes)
    return [*places, *room, places_check(cloud.facts, len(sizes_bytes), cloud.places), *later]


def for_machine(cloud: Cloud, sizes_bytes: Sequence[int], cpus: int, memory_mib: int) -> list[Check]:
    """Whether a machine of this size can be made from copies of these sizes."""
    offering = cloud.facts.found.get("service_offering_id")
    get, use = _size(offering, cpus, memory_mib)
    room = [
        *failover_checks(cloud.facts, [-(-size // GIB) for size in sizes_bytes]),
        quota_check(cloud.facts, "volumes", 1),
        quota_check(cloud.facts, "processors", use[0]),
        quota_check(cloud.facts, "memory", use[1]),
        places_check(cloud.facts, len(sizes_bytes), cloud.places),
    ]
    places = [one for one in place_checks(cloud.config, cloud.facts) if one.name != "network"]
    return [*softened(places, _NOT_FOR_MACHINES), *get, *room, *_snapshots(cloud)]


def _snapshots(cloud: Cloud) -> list[Check]:
    return [one for one in limit_checks(cloud.facts, cloud.last_trial) if one.name in _SNAPSHOTS]


def _size(offering: Row | None, cpus: int, memory_mib: int) -> tuple[list[Check], tuple[int, int]]:
    """Whether the offering fits, and how much the new machine takes of the quotas."""
    name = "offering-size"
    if offering is None:
        return [], (cpus, memory_mib)
    if flag(offering, "iscustomized"):
        return [_within(name, offering, cpus, memory_mib)], (cpus, memory_mib)
    given = number(offering, "cpunumber") or 0, number(offering, "memory") or 0
    shown = f"{given[0]} CPU and {given[1]} MiB"
    if given[0] < cpus or given[1] < memory_mib:
        sentence = f"The new machine gets {shown}; the source has {cpus} CPU and {memory_mib} MiB."
        return [warned(name, sentence, "Choose a larger service offering, or one whose size can be chosen.")], given
    return [passed(name, f"The new machine gets {shown}.")], given


def _within(name: str, offering: Row, cpus: int, memory_mib: int) -> Check:
    """An offering whose size is chosen may have bounds (serviceofferingdetails: mincpunumber, maxmemory, …)."""
    details = offering.get("serviceofferingdetails")
    bounds: Row = details if isinstance(details, Mapping) else {}
    wrong = []
    for noun, wanted, key in (("CPU", cpus, "cpunumber"), ("MiB", memory_mib, "memory")):
        least, most = number(bounds, f"min{key}"), number(bounds, f"max{key}")
        if (least is not None and wanted < least) or (most is not None and wanted > most):
            wrong.append(f"{wanted} {noun} is not between {least or 0} and {'any' if most is None else most}")
    if wrong:
        guidance = "Choose another service offering in the CloudStack configuration."
        return failed(name, f"The service offering does not take the size of the source: {'; '.join(wrong)}.", guidance)
    return passed(name, f"The new machine gets {cpus} CPU and {memory_mib} MiB, as the source has.")


def network_checks(chosen: Mapping[str, str] | Fault, cloud: Cloud | Fault, *, production: Collection[str] = ()) -> list[Check]:
    """Whether each adapter has a network to go to that can take it; `chosen` is by the source's network.

    `production` are networks on which a test should not be.
    """
    name = "networks"
    if isinstance(chosen, Fault):
        return [failed(name, chosen.message, chosen.guidance)]
    if isinstance(cloud, Fault):
        return []
    wrong = [words for source, target in chosen.items() if (words := _wrong(source, cloud.networks.get(target), cloud.config.zone))]
    if wrong:
        return [failed(name, " ".join(wrong), "Choose another network for it in the network mappings.")]
    if not chosen:
        return [warned(name, "The VM has no network adapter, and the new machine gets none.", "CloudStack may want one: map '*'.")]
    shared = sorted({_named(cloud.networks[target]) for target in chosen.values() if target in production})
    if shared:
        guidance = "A test machine there can meet production machines: choose an isolated network for tests."
        return [warned(name, f"The test uses the production network {', '.join(shared)}.", guidance)]
    where = "; ".join(f"{source or 'no name'} → {_named(cloud.networks[target])}" for source, target in chosen.items())
    return [passed(name, f"Every adapter has a network: {where}.")]


def _wrong(source: str, target: Row | None, zone: str) -> str:
    adapter = f"The adapter on {source or 'a network without a name'}"
    if target is None:
        return f"{adapter} would go to a network that does not exist any more, or is not shown to this user."
    if text(target, "zoneid") not in ("", zone):
        return f"{adapter} would go to {_named(target)}, which lies in another zone."
    if text(target, "canusefordeploy").lower() == "false":
        return f"{adapter} would go to {_named(target)}, which takes no new machines."
    return ""


def _named(network: Row) -> str:
    return text(network, "displaytext") or text(network, "name") or text(network, "id")
