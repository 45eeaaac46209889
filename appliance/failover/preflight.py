"""The look before a failover: asked for by itself, before the job is stored, and by the job where that was a while ago."""

from __future__ import annotations

import asyncio
import shutil
from datetime import datetime, timedelta

from sqlalchemy import select

from appliance.contexts import VmContext, records
from appliance.contract.checks import Check
from appliance.contract.errors import Fault
from appliance.contract.inventory import VCenterAccess
from appliance.contract.network_mappings import Kind
from appliance.contract.preflight import AskFailover, FailoverKind, Preflight
from appliance.core.store import utcnow
from appliance.failover import landings
from appliance.failover.deps import FailoverDeps
from appliance.failover.fitness import Seen, Tools, Verified, Wish, checks_of
from appliance.failover.preparation import Preparer
from appliance.preflight.faults import refuse_failed
from appliance.preflight.gather import Lookout
from appliance.replication.verify.models import Verification

FRESH = timedelta(seconds=60)
"""For so long a job need not look again at what was looked at before it was stored."""
LOOKED_AT = "looked_at"
"""The parameter of a job that says when that was."""
WORDS = {FailoverKind.TEST: "A test failover", FailoverKind.LIVE: "A live failover"}
_MAPPED = {FailoverKind.TEST: Kind.TEST, FailoverKind.LIVE: Kind.PRODUCTION}


async def asked(deps: FailoverDeps, body: AskFailover) -> Preflight:
    """The checks of a failover as it would be asked for. Raises a Fault (404, 409) only for a VM that can't be found by this name."""
    async with deps.store.session() as session:
        context = await records.by_name_or_id(session, body.vm)
    networks = await _networks(deps, context, body)
    return Preflight.of(await checks(deps, context, context.ossea_config_id, Wish(body.kind, networks, body.preparation)))


async def refuse_unfit(deps: FailoverDeps, context: VmContext, config_id: int | None, wish: Wish) -> None:
    """Raise the Fault that names every failed check of this failover and what to do."""
    refuse_failed(context.vm_name, WORDS[wish.kind], await checks(deps, context, config_id, wish))


async def checks(deps: FailoverDeps, context: VmContext, config_id: int | None, wish: Wish) -> list[Check]:
    """Everything there is to say before this failover. Who does not answer is a check that fails or warns."""
    lookout = Lookout(deps.source, deps.clouds, deps.volumes, deps.configs, deps.link, deps.pace.answer_seconds)
    ids = [] if isinstance(wish.networks, Fault) else wish.networks.values()
    found, volumes, gone, verified, tools = await asyncio.gather(
        lookout.look(context.peer_id, await _access(deps, context), context.vmware_vm_id, config_id, ids),
        deps.volumes.volumes_of(context.context_id),
        lookout.answer(deps.volumes.gone(context.context_id), "CloudStack"),
        _verified(deps, context),
        asyncio.to_thread(_tools, deps.preparer, deps.preparer.turns.ahead(hurry=True)),
    )
    lost = [] if isinstance(gone, Fault) else gone
    return checks_of(wish, Seen(context, volumes, lost, verified, tools, found, utcnow(), deps.old_copy))


def is_fresh(looked_at: object, now: datetime) -> bool:
    """Whether what was looked at then need not be looked at again; a clock that went back proves nothing (pure)."""
    try:
        at = datetime.fromisoformat(str(looked_at))
    except ValueError:
        return False
    return at.tzinfo is not None and timedelta() <= now - at < FRESH


async def _networks(deps: FailoverDeps, context: VmContext, body: AskFailover) -> dict[str, str] | Fault:
    try:
        config, _ = await deps.configs.choose(context.ossea_config_id)
        return landings.ids(await landings.chosen(deps, context, config, body, _MAPPED[body.kind]))
    except Fault as error:
        return error


async def _access(deps: FailoverDeps, context: VmContext) -> VCenterAccess | Fault:
    try:
        return await deps.source.access(context)
    except Fault as error:
        return error


async def _verified(deps: FailoverDeps, context: VmContext) -> Verified | None:
    columns = Verification.id, Verification.outcome, Verification.created_at
    newest = select(*columns).where(Verification.vm_context_id == context.context_id)
    async with deps.store.session() as session:
        row = (await session.execute(newest.order_by(Verification.created_at.desc()).limit(1))).first()
    if row is None:
        return None
    # It has the id of the cycle whose copy it compared.
    return Verified(row.outcome, row.created_at, copied_since=context.last_successful_job_id != row.id)


def _tools(preparer: Preparer, ahead: int) -> Tools:
    return Tools(shutil.which(preparer.program) is not None, preparer.drivers.lack(), ahead)
