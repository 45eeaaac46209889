"""Where each adapter of a VM goes in a failover that is asked for."""

from __future__ import annotations

import logging
from collections.abc import Mapping

from appliance.cloudstack.configs import CloudConfig
from appliance.contexts import VmContext
from appliance.contract.errors import Fault
from appliance.contract.failover import StartTest
from appliance.contract.network_mappings import Kind, Origin
from appliance.failover import mappings, networks, plans, specification
from appliance.failover.deps import FailoverDeps
from appliance.failover.networks import Place, Target

_log = logging.getLogger(__name__)


async def chosen(deps: FailoverDeps, context: VmContext, config: CloudConfig, body: StartTest, kind: Kind) -> dict[str, Target]:
    """The target of each source network. Raises a Fault for one without a place to go."""
    stored, _ = await plans.layers_of(deps, context, config)
    asked = Place(Target(body.network_id), Origin.REQUEST) if body.network_id else None
    last = asked or plans.last_resorts(deps, config)[kind]
    return networks.choose(specification.described(context), kind, [networks.asked(body.networks), *stored[kind]], last)


async def existing(deps: FailoverDeps, context: VmContext, config: CloudConfig, body: StartTest, kind: Kind) -> dict[str, str]:
    """The same by id. Raises a Fault also for one that is gone; what can't be asked now is not refused."""
    found = await chosen(deps, context, config, body, kind)
    try:
        known = {one.id for one in await mappings.existing(deps.clouds, config)}
    except Fault as error:
        _log.warning("the networks for %s could not be looked at: %s", context.vm_name, error)
    else:
        networks.refuse_gone(specification.described(context), found, known)
    return ids(found)


def ids(found: Mapping[str, Target]) -> dict[str, str]:
    """The targets' ids by source network."""
    return {source: target.id for source, target in found.items()}
