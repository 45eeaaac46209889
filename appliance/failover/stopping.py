"""The step that stops what still works, or hangs, on a VM before it is cleaned up."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from appliance.contexts import VmContext, VmEvent, VmState, records
from appliance.contract.errors import NOT_FOUND, Fault
from appliance.core.jobs import Job, Run, Step
from appliance.core.jobs.lifecycle import ENDED
from appliance.core.jobs.runner import ALREADY_ENDED
from appliance.failover.case import load
from appliance.failover.deps import FailoverDeps
from appliance.failover.faults import HAS_RUN
from appliance.failover.models import FailoverJobRow

STOPS = "stops"
"""Where a job keeps the ids of the jobs that it takes the VM over from."""
CYCLE = "cycle_job_id"
"""Where a live failover keeps the id of its last cycle."""
_FOLLOW_SECONDS = 20.0


class StopEarlier(Step):
    """Earlier jobs of the VM are ended where they stand, their programs reaped, and their last cycle is cancelled."""

    name, title = "earlier-run-stop", "Stopping what was still under way"

    def __init__(self, deps: FailoverDeps) -> None:
        self._deps = deps

    async def do(self, run: Run) -> None:
        for job_id in run.params.get(STOPS, []):
            job = await self._deps.runner.break_off(job_id)
            await self._deps.preparer.end(job_id)
            await self._deps.volumes.release(job_id)
            await self._cancel_cycle(run, str(job.state.get(CYCLE, "")))
        await self._note_what_is_open(run)

    async def _cancel_cycle(self, run: Run, cycle_id: str) -> None:
        """A cycle has a far end, which only its own undoing stops; it is waited for."""
        cycle = await find(self._deps, cycle_id)
        if cycle is None or cycle.status in ENDED:
            return
        try:
            await self._deps.runner.cancel(cycle_id)
        except Fault as error:
            if error.spec is not ALREADY_ENDED:
                raise
        async with run.waiting("Waiting for the last copy to stop"):
            while cycle.status not in ENDED:
                cycle = await self._deps.runner.follow(cycle_id, cycle.revision, _FOLLOW_SECONDS)

    async def _note_what_is_open(self, run: Run) -> None:
        """A cycle gives the VM back as ready: but its failover is not cleaned up yet, and this job may be broken off, too."""
        if not run.params.get(STOPS):
            return
        async with self._deps.store.begin() as session:
            context = await records.by_id(session, run.context_id)
            if context.current_status == VmState.READY:
                records.advance(context, VmEvent.FAILOVER_STUCK)


class MayDiscard(Step):
    """What was stopped may have started the new machine meanwhile: asked again, now that nothing can."""

    name, title = "new-machine-question", "Checking whether the new machine has run"

    def __init__(self, deps: FailoverDeps) -> None:
        self._deps = deps

    async def do(self, run: Run) -> None:
        case = await load(self._deps, run)
        async with self._deps.store.session() as session:
            await refuse_to_discard(session, run.params, case.context, case.row)


async def refuse_to_discard(session: AsyncSession, params: dict[str, Any], context: VmContext, failover: FailoverJobRow) -> None:
    """Raise HAS_RUN where the new machine of a live failover was started and nobody said that its data may go."""
    if failover.job_type == "test" or failover.guest_started_at is None or params.get("discard_new_vm"):
        return
    given_up = select(FailoverJobRow.id).where(FailoverJobRow.failover_job_id == failover.id, FailoverJobRow.job_type == "rollback")
    if (await session.scalars(given_up)).first() is None:
        raise HAS_RUN(name=context.vm_name)


async def find(deps: FailoverDeps, job_id: str) -> Job | None:
    """A job, if there is one of this id."""
    try:
        return await deps.runner.get(job_id)
    except Fault as error:
        if error.spec is not NOT_FOUND:
            raise
        return None
