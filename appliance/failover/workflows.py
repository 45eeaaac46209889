"""The kinds of jobs: what each refuses, what it holds, and the state in which it leaves the VM."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from appliance.contexts import VmContext, VmEvent, VmState, records
from appliance.core.jobs import Job, JobStatus, Run, StepStatus, Workflow
from appliance.core.jobs.lifecycle import ENDED
from appliance.core.store import utcnow
from appliance.failover.case import FAILOVER, load
from appliance.failover.copies import Checks, SetFree, Snapshots
from appliance.failover.departure import DisconnectSource, LastCycle, ShutDownSource
from appliance.failover.deps import FailoverDeps
from appliance.failover.faults import NO_FAILOVER, NOT_A_TEST, WRONG_STATE
from appliance.failover.finalising import CheckMachine, DropSnapshots, ReleaseVolumes
from appliance.failover.guest import Prepare
from appliance.failover.kinds import CLEANUP, FAILED_CLEANUP, FINALISE, LIVE_FAILOVER, ROLLBACK, TEST_FAILOVER
from appliance.failover.machine import AttachDisks, Deploy, Start
from appliance.failover.models import FailoverJobRow
from appliance.failover.readiness import refuse_unusable
from appliance.failover.returning import OpenCloud, StopMachine, ten_steps, with_source
from appliance.failover.source import SourceGuest
from appliance.failover.stopping import STOPS, MayDiscard, StopEarlier, refuse_to_discard

_OPEN = (JobStatus.COMPLETED, VmState.CLEANUP_REQUIRED)


class Failover(Workflow):
    """What test and live have in common: a usable copy, a new machine, and everything undone when it fails."""

    job_type: str
    words: str
    started: VmEvent

    def title(self, job: Job) -> str:
        return f"{self.words} of {job.params['vm_name']}"

    async def claim(self, session: AsyncSession, job: Job) -> None:
        context = await records.claim(session, job)
        refuse_unready(context, self.words)
        session.add(_row(job, context, self.job_type))

    async def settle(self, session: AsyncSession, job: Job) -> None:
        row = await _close(session, job)
        context = await records.free(session, job, _figures(row))
        if job.status == JobStatus.COMPLETED:
            records.advance(context, self.started)
        elif _is_stuck(job):
            row.status = VmState.CLEANUP_REQUIRED
            # A last cycle that left the copy torn has its own state already.
            if context.current_status == VmState.READY:
                records.advance(context, VmEvent.FAILOVER_STUCK)


class TestFailover(Failover):
    """A copy of the VM on an isolated network; the source goes on."""

    kind, job_type, words, started = TEST_FAILOVER, "test", "Test failover", VmEvent.TEST_STARTED

    def __init__(self, deps: FailoverDeps) -> None:
        before = [Checks(deps), SetFree(deps), Snapshots(deps), Prepare(deps, may_fail=False)]
        super().__init__([*before, Deploy(deps), AttachDisks(deps), Start(deps)])


class LiveFailover(Failover):
    """The source goes off, what changed last is copied, and the new machine takes over."""

    kind, job_type, words, started = LIVE_FAILOVER, "live", "Live failover", VmEvent.LIVE_STARTED

    def __init__(self, deps: FailoverDeps) -> None:
        async def still_off(run: Run) -> None:
            await SourceGuest(deps, run, (await load(deps, run)).context).refuse_unless_off()

        source = [ShutDownSource(deps), DisconnectSource(deps), LastCycle(deps)]
        copies = [SetFree(deps), Snapshots(deps), Prepare(deps, may_fail=True)]
        super().__init__([Checks(deps), *source, *copies, Deploy(deps), AttachDisks(deps), Start(deps, still_off)])


class WayBack(Workflow):
    """What ends a failover. Never undone: stopped half-way, it is run again."""

    undoes = False
    words: str
    states: tuple[VmState, ...]

    def title(self, job: Job) -> str:
        return f"{self.words} of {job.params['vm_name']}"

    async def claim(self, session: AsyncSession, job: Job) -> None:
        stops = job.params.get(STOPS, [])
        context = await records.take_over(session, job, stops[0]) if stops else await records.claim(session, job)
        # What is stopped has a failover and leaves a state that only the steps can see.
        if not stops and context.current_status not in self.states:
            raise _wrong_state(context, self.words)
        failover = await session.get(FailoverJobRow, job.params.get(FAILOVER, "")) or await open_failover(session, context)
        await self.refuse(session, job, context, failover)
        # The steps must know which failover they work on from the first moment, also after a crash.
        job.params = {**job.params, FAILOVER: failover.id}
        row = _row(job, context, CLEANUP if self.kind == FAILED_CLEANUP else self.kind)
        row.failover_job_id, row.destination_vm_id, row.ossea_config_id = failover.id, failover.destination_vm_id, failover.ossea_config_id
        session.add(row)

    async def refuse(self, session: AsyncSession, job: Job, context: VmContext, failover: FailoverJobRow) -> None:
        """Raise the Fault with which this kind refuses the failover."""

    async def settle(self, session: AsyncSession, job: Job) -> None:
        context = await records.free(session, job, _figures(await _close(session, job)))
        await _give_back(session, job, context)
        touched = any(step.name == StopMachine.name and step.status != StepStatus.PENDING for step in job.steps)
        if job.status != JobStatus.COMPLETED and touched and context.current_status in (VmState.TEST, VmState.LIVE):
            records.advance(context, VmEvent.RETURN_STUCK)


class Cleanup(WayBack):
    """The end of a test failover."""

    kind, words, states = CLEANUP, "Cleanup", (VmState.TEST, VmState.CLEANUP_REQUIRED)

    def __init__(self, deps: FailoverDeps) -> None:
        super().__init__(ten_steps(deps))

    async def refuse(self, session: AsyncSession, job: Job, context: VmContext, failover: FailoverJobRow) -> None:
        if failover.job_type != "test":
            raise NOT_A_TEST(name=context.vm_name)


class Rollback(WayBack):
    """Back to the source, from a test or a live failover."""

    kind, words, states = ROLLBACK, "Rollback", (VmState.LIVE, VmState.TEST, VmState.CLEANUP_REQUIRED)

    def __init__(self, deps: FailoverDeps) -> None:
        super().__init__(with_source(deps))


class FailedCleanup(WayBack):
    """Cleanup after a failover or a way back that stopped half-way, or that hangs and is stopped for it.

    The data of a new machine that ran is not given up unasked.
    """

    kind, words, states = FAILED_CLEANUP, "Cleanup of a failed run", (VmState.CLEANUP_REQUIRED, VmState.FAILED)

    def __init__(self, deps: FailoverDeps) -> None:
        super().__init__([StopEarlier(deps), MayDiscard(deps), *with_source(deps)])

    async def refuse(self, session: AsyncSession, job: Job, context: VmContext, failover: FailoverJobRow) -> None:
        await refuse_to_discard(session, job.params, context, failover)


class Finalise(WayBack):
    """The end of a live failover: there is no way back after it."""

    kind, words, states = FINALISE, "Finalising", (VmState.LIVE,)

    def __init__(self, deps: FailoverDeps) -> None:
        super().__init__([StopEarlier(deps), OpenCloud(deps), CheckMachine(deps), DropSnapshots(deps), ReleaseVolumes(deps)])

    async def settle(self, session: AsyncSession, job: Job) -> None:
        await super().settle(session, job)
        context = await records.by_id(session, job.vm_context_id or "")
        # The one that this one was to stop may have come to its end by itself.
        if job.status == JobStatus.COMPLETED and context.current_status != VmState.MIGRATED:
            records.advance(context, VmEvent.FINALISED)


def workflows(deps: FailoverDeps) -> list[Workflow]:
    """All kinds of jobs about failovers."""
    kinds: Sequence[type[TestFailover | LiveFailover | Cleanup | Rollback | FailedCleanup | Finalise]] = (
        TestFailover,
        LiveFailover,
        Cleanup,
        Rollback,
        FailedCleanup,
        Finalise,
    )
    return [kind(deps) for kind in kinds]


def refuse_unready(context: VmContext, words: str) -> None:
    """Raise the Fault that says why a failover of this VM can't start."""
    refuse_unusable(context, heed_divergence=context.current_status == VmState.READY)
    if context.current_status != VmState.READY:
        raise _wrong_state(context, words)


async def open_failover(session: AsyncSession, context: VmContext) -> FailoverJobRow:
    """The failover of a VM that was neither taken back nor finalised. Raises a Fault when there is none."""
    query = (
        select(FailoverJobRow)
        .where(FailoverJobRow.vm_context_id == context.context_id, FailoverJobRow.job_type.in_(("test", "live")))
        .where(FailoverJobRow.status.in_(_OPEN))
        .order_by(FailoverJobRow.created_at.desc())
    )
    found = (await session.scalars(query)).first()
    if found is None and context.current_status == VmState.CLEANUP_REQUIRED:
        # A way back stopped after it had closed the failover's record, and before the VM's.
        found = await newest_failover(session, context)
    if found is None:
        raise NO_FAILOVER(name=context.vm_name)
    return found


async def newest_failover(session: AsyncSession, context: VmContext) -> FailoverJobRow | None:
    """The last failover of a VM, however it ended."""
    query = (
        select(FailoverJobRow)
        .where(FailoverJobRow.vm_context_id == context.context_id, FailoverJobRow.job_type.in_(("test", "live")))
        .order_by(FailoverJobRow.created_at.desc())
    )
    return (await session.scalars(query)).first()


def _wrong_state(context: VmContext, words: str) -> Exception:
    return WRONG_STATE(name=context.vm_name, state=context.current_status.replace("_", " "), what=words)


def _row(job: Job, context: VmContext, job_type: str) -> FailoverJobRow:
    return FailoverJobRow(
        id=job.id,
        vm_context_id=context.context_id,
        replication_job_id=context.last_successful_job_id,
        vm_id=context.vmware_vm_id,
        job_type=job_type,
        status=JobStatus.RUNNING,
        network_mappings=job.params.get("network_mappings", {}),
        ossea_config_id=job.params.get("ossea_config_id"),
        started_at=utcnow(),
    )


async def _give_back(session: AsyncSession, job: Job, context: VmContext) -> None:
    """A job that ended before it could stop the one it took the VM over from leaves the VM to that one."""
    for job_id in job.params.get(STOPS, []):
        earlier = await session.get(Job, job_id)
        if earlier is not None and earlier.status not in ENDED and context.current_job_id is None:
            context.current_job_id = job_id


async def _close(session: AsyncSession, job: Job) -> FailoverJobRow:
    row = await session.get_one(FailoverJobRow, job.id)
    row.status, row.completed_at = job.status, job.completed_at
    if job.error:
        row.error_message = f"{job.error['message']} {job.error['guidance']}"
    return row


def _figures(row: FailoverJobRow) -> dict[str, Any]:
    """What a failover or a way back came to, as its VM keeps it."""
    prepared = (row.preparation or {}).get("outcome")
    return {"new_vm_id": row.destination_vm_id, "networks": len(row.network_mappings), "drivers": prepared}


def _is_stuck(job: Job) -> bool:
    """Something that was begun was not taken back: undoing it failed, or the job was stopped where it stood."""
    return any(step.status not in (StepStatus.PENDING, StepStatus.UNDONE) for step in job.steps)
