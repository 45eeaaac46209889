"""Where adapters go as it is shown: every source network with its targets by name, why, and what is wrong with them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from appliance.cloudstack.configs import CloudConfig
from appliance.contexts import VmContext, records
from appliance.contract.errors import Fault
from appliance.contract.network_mappings import EVERY_OTHER, Kind, Landing, MappingTable, SourceNetwork
from appliance.failover import mappings, networks
from appliance.failover.deps import FailoverDeps
from appliance.failover.networks import Layer, Place


@dataclass(frozen=True)
class Ground:
    """What the places are taken from. `names` are CloudStack's networks by id, None while it can't be asked."""

    layers: Mapping[Kind, Sequence[Layer]]
    last: Mapping[Kind, Place]
    names: Mapping[str, str] | None


async def of_config(deps: FailoverDeps, config_id: int | None) -> MappingTable:
    """The defaults of a configuration, or of the active one. Raises a Fault (404) for one that does not exist."""
    config = await deps.configs.get(config_id) if config_id is not None else await _active(deps, None)
    async with deps.store.session() as session:
        defaults = await mappings.of_config(session, config.id) if config else {kind: {} for kind in Kind}
        used = await _sources(session)
    counted = {name: used.get(name, 0) for name in {*used, *(name for one in defaults.values() for name in one)} - {EVERY_OTHER}}
    layers = {kind: [networks.defaults(defaults[kind])] for kind in Kind}
    others = sum(count for name, count in used.items() if not any(name in one for one in defaults.values()))
    return await _plan(deps, config, layers, {EVERY_OTHER: others, **dict(sorted(counted.items(), key=_by_name))})


async def of_vm(deps: FailoverDeps, vm: str) -> MappingTable:
    """Where the adapters of a VM go, and why. Raises a Fault (404, 409) for a VM that can't be found by this name."""
    async with deps.store.session() as session:
        context = await records.by_name_or_id(session, vm)
    config = await _active(deps, context.ossea_config_id)
    layers, own = await layers_of(deps, context, config)
    named = [*_networks_of(context.specification), *(name for one in own.values() for name in one if name != EVERY_OTHER)]
    on_it = Counter(_networks_of(context.specification))
    return await _plan(deps, config, layers, {name: min(1, on_it[name]) for name in [*dict.fromkeys(named), EVERY_OTHER]})


async def layers_of(deps: FailoverDeps, context: VmContext, config: CloudConfig | None) -> tuple[dict[Kind, list[Layer]], mappings.Targets]:
    """What is set for a VM and for its configuration, the nearest first; and the VM's own."""
    async with deps.store.session() as session:
        own = await mappings.of_vm(session, context.context_id)
        defaults = await mappings.of_config(session, config.id) if config else {kind: {} for kind in Kind}
    return {kind: [networks.of_vm(own[kind]), networks.defaults(defaults[kind])] for kind in Kind}, own


def last_resorts(deps: FailoverDeps, config: CloudConfig | None) -> dict[Kind, Place]:
    """Where adapters go of which nothing is said."""
    return {kind: networks.last_resort(kind, config.network_id if config else "", deps.test_network_id) for kind in Kind}


async def _active(deps: FailoverDeps, asked: int | None) -> CloudConfig | None:
    """The configuration that a job would get, None where it would be refused."""
    try:
        return (await deps.configs.choose(asked))[0]
    except Fault:
        return None


async def _plan(
    deps: FailoverDeps, config: CloudConfig | None, layers: Mapping[Kind, Sequence[Layer]], sources: Mapping[str, int]
) -> MappingTable:
    names, problem = await _names(deps, config)
    ground = Ground(layers, last_resorts(deps, config), names)
    return MappingTable(
        config_id=config.id if config else None,
        config_name=config.name if config else "",
        problem=problem,
        networks=shown(ground, sources),
    )


async def _names(deps: FailoverDeps, config: CloudConfig | None) -> tuple[dict[str, str] | None, str]:
    if config is None:
        return None, "No CloudStack configuration is active."
    try:
        return {one.id: one.name for one in await mappings.existing(deps.clouds, config)}, ""
    except Fault as error:
        return None, error.message


def shown(ground: Ground, sources: Mapping[str, int]) -> list[SourceNetwork]:
    """Each source network with its places; `sources` has the number of VMs on each (pure)."""
    places = {kind: {name: networks.resolve(name, ground.layers[kind], ground.last[kind]) for name in sources} for kind in Kind}
    production = {place.target.id for place in places[Kind.PRODUCTION].values() if place.target is not None}
    landed = {
        kind: {name: _landing(kind, name, place, ground, production) for name, place in by_name.items()} for kind, by_name in places.items()
    }
    return [
        SourceNetwork(name=name, vms=count, test=landed[Kind.TEST][name], production=landed[Kind.PRODUCTION][name])
        for name, count in sources.items()
    ]


def _landing(kind: Kind, name: str, place: Place, ground: Ground, production: Collection[str]) -> Landing:
    state, note = networks.judged(kind, place, ground.names, production)
    target = place.target
    own = ground.layers[kind][0].targets.get(name)
    return Landing(
        target_network_id=target.id if target else None,
        target_network_name=((ground.names or {}).get(target.id) or target.name or target.id) if target else "",
        origin=place.origin,
        mapping_id=own.mapping_id if own else None,
        state=state,
        note=note,
    )


async def _sources(session: AsyncSession) -> Counter[str]:
    """How many VMs under management are on each source network, by its name."""
    found: Counter[str] = Counter()
    for specification in await session.scalars(select(VmContext.specification)):
        found.update(set(_networks_of(specification)) - {""})
    return found


def _networks_of(specification: Mapping[str, Any]) -> list[str]:
    """The source networks of a VM in the order of its adapters; none of one that was never described."""
    return [nic["network"] for nic in specification.get("nics", ())]


def _by_name(item: tuple[str, int]) -> str:
    return item[0].casefold()
