"""Finding VMs under management, moving their state, and holding them for one job at a time."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from appliance.contexts import summaries
from appliance.contexts.models import VmContext
from appliance.contexts.states import VmEvent, VmState, move
from appliance.contract.errors import AMBIGUOUS_NAME, NOT_FOUND, fault
from appliance.core.jobs import Job

BUSY = fault("vm.busy", 409, "Another operation is under way for {name}.", "Wait until it has ended, or cancel it first.")
ALREADY_MANAGED = fault(
    "vm.already_managed", 409, "{name} is under management already.", "Start an operation on it instead of adding it again."
)


async def by_id(session: AsyncSession, context_id: str) -> VmContext:
    """The VM with this context id. Raises a Fault (404)."""
    found = await session.get(VmContext, context_id)
    if found is None:
        raise NOT_FOUND(noun="VM", id=context_id)
    return found


async def by_name_or_id(session: AsyncSession, name: str) -> VmContext:
    """The VM named by its context id or, where that is unique, by its name. Raises a Fault (404, 409)."""
    found = await session.get(VmContext, name)
    if found is not None:
        return found
    same = list((await session.scalars(select(VmContext).where(VmContext.vm_name == name))).all())
    if len(same) > 1:
        raise AMBIGUOUS_NAME(name=name)
    if not same:
        raise NOT_FOUND(noun="VM", id=name)
    return same[0]


def advance(context: VmContext, event: VmEvent) -> None:
    """Move the VM by the table of states. Raises the Fault `vm.wrong_state`."""
    context.current_status = move(VmState(context.current_status), event)
    told = context.last_operation_summary
    if context.current_job_id is None and told is not None:
        # It is the operation that has just ended which moves a VM that nothing holds.
        context.last_operation_summary = summaries.in_state(told, context.current_status)


async def claim(session: AsyncSession, job: Job) -> VmContext:
    """Hold the VM for a job, in the transaction that stores the job. Raises a Fault when another job holds it."""
    context = await by_id(session, job.vm_context_id or "")
    if context.current_job_id is not None:
        raise BUSY(name=context.vm_name, cause=f"held by {context.current_job_id}")
    context.current_job_id = job.id
    return context


async def take_over(session: AsyncSession, job: Job, holder: str) -> VmContext:
    """Hold the VM instead of the job `holder`, which the new job stops. Raises a Fault when a third job holds it."""
    context = await by_id(session, job.vm_context_id or "")
    if context.current_job_id not in (None, holder):
        raise BUSY(name=context.vm_name, cause=f"held by {context.current_job_id}")
    context.current_job_id = job.id
    return context


async def free(session: AsyncSession, job: Job, figures: dict[str, Any] | None = None) -> VmContext:
    """Free the VM in the transaction that ends its job, and keep how the job ended until the next operation ends."""
    context = await by_id(session, job.vm_context_id or "")
    if context.current_job_id == job.id:
        context.current_job_id = None
    context.last_operation_summary = summaries.summary(job, context.current_status, figures)
    return context


def stopped(context: VmContext) -> VmEvent:
    """What the end of a cycle that did not commit means for the VM."""
    untouched = context.torn_since is None and context.consistent_point is not None
    return VmEvent.CYCLE_STOPPED_UNTOUCHED if untouched else VmEvent.CYCLE_STOPPED_TORN
