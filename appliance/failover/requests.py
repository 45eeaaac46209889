"""What is asked for from outside: each request is checked and becomes a job."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from appliance.cloudstack.configs import CloudConfig
from appliance.contexts import VmContext, VmState, records
from appliance.contract.errors import NOT_FOUND
from appliance.contract.failover import FailoverJob, StartFailedCleanup, StartFinalise, StartLive, StartRollback, StartTest
from appliance.contract.network_mappings import Kind
from appliance.contract.preflight import FailoverKind
from appliance.contract.types import JobRef
from appliance.core.jobs import Job
from appliance.core.store import utcnow
from appliance.failover import landings, preflight
from appliance.failover.case import FAILOVER
from appliance.failover.deps import FailoverDeps
from appliance.failover.fitness import Wish
from appliance.failover.kinds import CLEANUP, FAILED_CLEANUP, FINALISE, KINDS, LIVE_FAILOVER, ROLLBACK, TEST_FAILOVER
from appliance.failover.models import FailoverJobRow
from appliance.failover.stopping import STOPS
from appliance.failover.workflows import refuse_unready


async def start_test(deps: FailoverDeps, body: StartTest) -> JobRef:
    """Start a test failover. Raises the Fault with which it is refused; then nothing was touched."""
    context = await _context(deps, body.vm)
    params = await _failover_params(deps, context, body, FailoverKind.TEST, "Test failover")
    return await _submit(deps, TEST_FAILOVER, context, params)


async def start_live(deps: FailoverDeps, body: StartLive) -> JobRef:
    """Start a live failover. Raises the Fault with which it is refused; then nothing was touched."""
    context = await _context(deps, body.vm)
    params = await _failover_params(deps, context, body, FailoverKind.LIVE, "Live failover")
    return await _submit(deps, LIVE_FAILOVER, context, {**params, "shutdown_seconds": body.shutdown_seconds})


async def start_rollback(deps: FailoverDeps, body: StartRollback) -> JobRef:
    """Start the way back from a failover. What was written on the new machine is lost."""
    return await _submit(deps, ROLLBACK, await _context(deps, body.vm), {"power_on_source": body.power_on_source})


async def start_finalise(deps: FailoverDeps, body: StartFinalise) -> JobRef:
    """Start finalising a live failover."""
    return await _submit(deps, FINALISE, await _context(deps, body.vm), {})


async def start_cleanup(deps: FailoverDeps, vm: str) -> JobRef:
    """Start the cleanup of a test failover."""
    return await _submit(deps, CLEANUP, await _context(deps, vm), {})


async def start_failed_cleanup(deps: FailoverDeps, vm: str, body: StartFailedCleanup) -> JobRef:
    """Start the cleanup after something that stopped half-way, or that hangs: that is stopped first.

    What ends a live failover for good is finished instead, for there is no way back from it.
    """
    context = await _context(deps, vm)
    earlier = await _earlier(deps, context)
    if earlier is None:
        return await _submit(deps, FAILED_CLEANUP, context, body.model_dump())
    failover_id = earlier.id if earlier.kind in (TEST_FAILOVER, LIVE_FAILOVER) else earlier.params[FAILOVER]
    params = {STOPS: [earlier.id, *earlier.params.get(STOPS, [])], FAILOVER: failover_id}
    if earlier.kind == FINALISE:
        return await _submit(deps, FINALISE, context, params)
    asked = body.model_dump()
    for choice in asked:
        asked[choice] = asked[choice] or bool(earlier.params.get(choice))
    return await _submit(deps, FAILED_CLEANUP, context, {**asked, **params})


async def _earlier(deps: FailoverDeps, context: VmContext) -> Job | None:
    """The job about a failover that holds the VM, or the finalising that stopped half-way; None where there is none.

    Raises a Fault while a job of another kind holds it: that one ends by itself.
    """
    if context.current_job_id is not None:
        held = await deps.runner.get(context.current_job_id)
        if held.kind not in KINDS:
            raise records.BUSY(name=context.vm_name, cause=f"held by {held.id}")
        return held
    if context.current_status != VmState.LIVE:
        return None
    async with deps.store.session() as session:
        mine = select(Job).where(Job.vm_context_id == context.context_id, Job.kind.in_(KINDS))
        last = (await session.scalars(mine.order_by(Job.created_at.desc(), Job.id.desc()).limit(1))).first()
    return last if last is not None and last.kind == FINALISE else None


async def again(deps: FailoverDeps, job: Job) -> str:
    """Ask once more for what an ended job was asked for; returns the new job's id. Raises the Fault with which it is refused."""
    vm, params = job.vm_context_id or "", job.params
    started = {
        TEST_FAILOVER: lambda: start_test(deps, StartTest(vm=vm, **_choices(params))),
        LIVE_FAILOVER: lambda: start_live(deps, StartLive(vm=vm, shutdown_seconds=params["shutdown_seconds"], **_choices(params))),
        ROLLBACK: lambda: start_rollback(deps, StartRollback(vm=vm, power_on_source=params["power_on_source"])),
        FINALISE: lambda: start_finalise(deps, StartFinalise(vm=vm)),
        CLEANUP: lambda: start_cleanup(deps, vm),
        FAILED_CLEANUP: lambda: start_failed_cleanup(
            deps, vm, StartFailedCleanup(discard_new_vm=params["discard_new_vm"], power_on_source=params["power_on_source"])
        ),
    }
    return (await started[job.kind]()).job_id


def _choices(params: dict[str, Any]) -> dict[str, Any]:
    """What was chosen for a failover, as a request says it: an adapter may be on a network without a name."""
    chosen = params["network_mappings"]
    named = {name: target for name, target in chosen.items() if name}
    return {"networks": named, "network_id": chosen.get("") or None, "preparation": params["preparation"]}


async def failover_job(deps: FailoverDeps, job_id: str) -> FailoverJob:
    """One failover as it is recorded. Raises a Fault (404)."""
    async with deps.store.session() as session:
        row = await session.get(FailoverJobRow, job_id)
    if row is None:
        raise NOT_FOUND(noun="failover", id=job_id)
    return FailoverJob(**{name: getattr(row, name) for name in FailoverJob.model_fields if name != "preparation"}, preparation=_shown(row))


def _shown(row: FailoverJobRow) -> dict[str, Any] | None:
    """What was done for the drivers, without the technical cause."""
    return {key: row.preparation[key] for key in ("outcome", "reason")} if row.preparation else None


async def context_id(deps: FailoverDeps, vm: str) -> str:
    """The context id of a VM that is named by id or name. Raises a Fault (404, 409)."""
    return (await _context(deps, vm)).context_id


async def _context(deps: FailoverDeps, vm: str) -> VmContext:
    async with deps.store.session() as session:
        return await records.by_name_or_id(session, vm)


async def config_of(deps: FailoverDeps, vm: str) -> CloudConfig:
    """The CloudStack configuration that a job of this VM gets. Raises a Fault (404, 409)."""
    return (await deps.configs.choose((await _context(deps, vm)).ossea_config_id))[0]


async def _failover_params(deps: FailoverDeps, context: VmContext, body: StartTest, kind: FailoverKind, words: str) -> dict[str, Any]:
    """What the job gets. The plainest refusals come first and ask nobody; then everything is looked at."""
    if context.current_job_id is not None:
        raise records.BUSY(name=context.vm_name, cause=f"held by {context.current_job_id}")
    refuse_unready(context, words)
    config, _ = await deps.configs.choose(context.ossea_config_id)
    config.require("zone", "template_id", "service_offering_id", "oma_vm_id")
    mapped = await landings.existing(deps, context, config, body, Kind.TEST if kind is FailoverKind.TEST else Kind.PRODUCTION)
    await preflight.refuse_unfit(deps, context, config.id, Wish(kind, mapped, body.preparation))
    looked_at = utcnow().isoformat()
    return {
        "ossea_config_id": config.id,
        "network_mappings": mapped,
        "preparation": body.preparation.value,
        preflight.LOOKED_AT: looked_at,
    }


async def _submit(deps: FailoverDeps, kind: str, context: VmContext, params: dict[str, Any]) -> JobRef:
    job_id = await deps.runner.submit(
        kind, {**params, "vm_name": context.vm_name}, vm_context_id=context.context_id, peer_id=context.peer_id
    )
    return JobRef(job_id=job_id)
