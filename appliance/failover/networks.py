"""Where the adapters of the new machine go."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from appliance.contract.failover import NetworkMapping
from appliance.contract.inventory import Vm
from appliance.core.store import Store
from appliance.failover.faults import NO_NETWORK, NO_TEST_NETWORK
from appliance.failover.models import NetworkMappingRow

EVERY_OTHER = "*"
TEST, PRODUCTION = "test", "production"


def choose(source: Vm, kind: str, mappings: Mapping[str, str], otherwise: str) -> dict[str, str]:
    """The target of each source network, in the order of the adapters (pure).

    `mappings` come first, `otherwise` takes what they leave. Raises a Fault that names the network without a place to go.
    """
    chosen: dict[str, str] = {}
    for nic in source.nics:
        target = mappings.get(nic.network) or mappings.get(EVERY_OTHER) or otherwise
        if not target:
            raise (NO_TEST_NETWORK if kind == TEST else NO_NETWORK)(name=source.name, network=nic.network)
        chosen[nic.network] = target
    return chosen


def attached(chosen: Mapping[str, str]) -> tuple[str, ...]:
    """The target networks, each once: a machine can't have two adapters on one CloudStack network."""
    return tuple(dict.fromkeys(chosen.values()))


async def stored(session: AsyncSession, context_id: str, kind: str) -> dict[str, str]:
    """The mappings of a VM for tests or for production."""
    query = select(NetworkMappingRow).where(NetworkMappingRow.vm_context_id == context_id, NetworkMappingRow.kind == kind)
    return {row.source_network: row.target_network_id for row in await session.scalars(query)}


async def listed(store: Store, context_id: str) -> list[NetworkMapping]:
    """All mappings of a VM."""
    query = select(NetworkMappingRow).where(NetworkMappingRow.vm_context_id == context_id).order_by(NetworkMappingRow.id)
    async with store.session() as session:
        rows = (await session.scalars(query)).all()
    return [NetworkMapping(source_network=row.source_network, kind=row.kind, target_network_id=row.target_network_id) for row in rows]


async def replace(store: Store, context_id: str, mappings: Sequence[NetworkMapping]) -> list[NetworkMapping]:
    """Store the mappings of a VM instead of those it had; of two for the same network the later one counts."""
    latest = {(one.source_network, one.kind): one for one in mappings}
    async with store.begin() as session:
        await session.execute(delete(NetworkMappingRow).where(NetworkMappingRow.vm_context_id == context_id))
        for one in latest.values():
            session.add(NetworkMappingRow(vm_context_id=context_id, **one.model_dump()))
    return list(latest.values())
