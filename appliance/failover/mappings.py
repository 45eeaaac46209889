"""The records of where adapters go: read, set, removed. A target is taken only if CloudStack has it in the zone."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

from sqlalchemy import ColumnElement, delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from appliance.cloudstack.clouds import Clouds
from appliance.cloudstack.configs import CloudConfig
from appliance.cloudstack.discovery import Resource
from appliance.cloudstack.faults import NO_ANSWER
from appliance.contract.errors import NOT_FOUND
from appliance.contract.failover import NetworkMapping
from appliance.contract.network_mappings import Kind, SetMapping
from appliance.core.store import Store
from appliance.failover.faults import MAPPING_TARGET_UNKNOWN
from appliance.failover.models import NetworkMappingRow
from appliance.failover.networks import Target

ANSWER_WITHIN = 10.0
"""Seconds in which CloudStack has to say which networks it has."""
_LONGEST = 255

Row = NetworkMappingRow
Targets = dict[Kind, dict[str, Target]]


async def existing(clouds: Clouds, config: CloudConfig) -> list[Resource]:
    """The networks of the configuration's zone. Raises CloudStack's Fault, at the latest after ANSWER_WITHIN."""
    try:
        async with asyncio.timeout(ANSWER_WITHIN):
            return await clouds.discovery(config).networks(config.zone)
    except TimeoutError as error:
        raise NO_ANSWER(cause=f"no list of networks within {ANSWER_WITHIN:.0f} s") from error


async def of_vm(session: AsyncSession, context_id: str) -> Targets:
    """What is set for a VM, tests and production apart."""
    return await _read(session, Row.vm_context_id == context_id)


async def of_config(session: AsyncSession, config_id: int) -> Targets:
    """What is set for every VM of a configuration, tests and production apart."""
    return await _read(session, Row.ossea_config_id == config_id)


async def _read(session: AsyncSession, whose: ColumnElement[bool]) -> Targets:
    found: Targets = {kind: {} for kind in Kind}
    for row in await session.scalars(select(Row).where(whose).order_by(Row.id)):
        found[Kind(row.kind)][row.source_network] = Target(row.target_network_id, row.target_network_name, row.id)
    return found


def known(config: CloudConfig, networks: Sequence[Resource], target_id: str) -> Resource:
    """The network with this id. Raises a Fault when the zone has none (pure)."""
    found = next((one for one in networks if one.id == target_id), None)
    if found is None:
        raise MAPPING_TARGET_UNKNOWN(config=config.name, target=target_id)
    return found


async def put(store: Store, wanted: SetMapping, target: Resource, *, context_id: str | None = None, config_id: int | None = None) -> None:
    """Store one mapping, of a VM or of a configuration, instead of the one that it had."""
    try:
        await _put(store, wanted, target, context_id, config_id)
    except IntegrityError:
        # Somebody else has stored the same one meanwhile: that one is changed.
        await _put(store, wanted, target, context_id, config_id)


async def _put(store: Store, wanted: SetMapping, target: Resource, context_id: str | None, config_id: int | None) -> None:
    whose = Row.vm_context_id == context_id if context_id is not None else Row.ossea_config_id == config_id
    async with store.begin() as session:
        row = await session.scalar(select(Row).where(whose, Row.source_network == wanted.source_network, Row.kind == wanted.kind.value))
        if row is None:
            row = Row(vm_context_id=context_id, ossea_config_id=config_id, source_network=wanted.source_network, kind=wanted.kind.value)
            session.add(row)
        row.target_network_id, row.target_network_name = target.id, target.name[:_LONGEST]


async def remove(store: Store, mapping_id: str) -> None:
    """Remove one mapping. Raises a Fault (404)."""
    async with store.begin() as session:
        plain = mapping_id.isascii() and mapping_id.isdecimal() and len(mapping_id) < 10
        row = await session.get(Row, int(mapping_id)) if plain else None
        if row is None:
            raise NOT_FOUND(noun="network mapping", id=mapping_id)
        await session.delete(row)


async def listed(store: Store, context_id: str) -> list[NetworkMapping]:
    """All mappings of a VM."""
    async with store.session() as session:
        rows = (await session.scalars(select(Row).where(Row.vm_context_id == context_id).order_by(Row.id))).all()
    return [NetworkMapping(source_network=row.source_network, kind=row.kind, target_network_id=row.target_network_id) for row in rows]


async def replace(store: Store, context_id: str, mappings: Sequence[NetworkMapping], names: Mapping[str, str]) -> list[NetworkMapping]:
    """Store the mappings of a VM instead of those it had; of two for the same network the later one counts. `names` are the targets'."""
    latest = {(one.source_network, one.kind): one for one in mappings}
    async with store.begin() as session:
        await session.execute(delete(Row).where(Row.vm_context_id == context_id))
        for one in latest.values():
            name = names.get(one.target_network_id, "")[:_LONGEST]
            session.add(Row(vm_context_id=context_id, target_network_name=name, **one.model_dump()))
    return list(latest.values())
