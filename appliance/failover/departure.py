"""Steps of a live failover before the copies are touched: the source goes off, stays off, and its last changes are copied."""

from __future__ import annotations

from typing import Any

from appliance.core.jobs import Job, JobStatus, Run, Step
from appliance.core.jobs.lifecycle import ENDED
from appliance.core.store import new_id
from appliance.failover.case import Case, load, record
from appliance.failover.deps import FailoverDeps
from appliance.failover.faults import LAST_CYCLE_FAILED
from appliance.failover.source import OFF, SourceGuest
from appliance.failover.stopping import CYCLE, find
from appliance.replication.protect import submit_cycle

_FOLLOW_SECONDS = 20.0


class ShutDownSource(Step):
    """The source is shut down; how it was is recorded first."""

    name, title = "source-shutdown", "Shutting the source machine down"

    def __init__(self, deps: FailoverDeps) -> None:
        self._deps = deps

    async def do(self, run: Run) -> None:
        case = await load(self._deps, run)
        guest = SourceGuest(self._deps, run, case.context)
        if case.row.source_before is None:
            seen = await guest.look()
            before = {"power": seen.power_state, "start_connected": {nic.mac: nic.start_connected for nic in seen.nics}}
            await record(self._deps, case.row.id, source_before=before)
        await guest.shut_down(int(run.params["shutdown_seconds"]))

    async def undo(self, run: Run) -> None:
        case = await load(self._deps, run)
        if case.row.guest_started_at is not None:
            await run.log("The source machine is left switched off, because the new machine had been started.", level="warning")
        elif before(case).get("power", OFF) != OFF:
            await SourceGuest(self._deps, run, case.context, undoing=True).switch_on()


class DisconnectSource(Step):
    """Whoever switches the source on by mistake does not meet its successor on the network."""

    name, title = "source-disconnection", "Keeping the source machine off its networks"

    def __init__(self, deps: FailoverDeps) -> None:
        self._deps = deps

    async def do(self, run: Run) -> None:
        case = await load(self._deps, run)
        adapters = before(case).get("start_connected", {})
        await SourceGuest(self._deps, run, case.context).set_adapters(dict.fromkeys(adapters, False))

    async def undo(self, run: Run) -> None:
        case = await load(self._deps, run)
        await restore_adapters(SourceGuest(self._deps, run, case.context, undoing=True), case)


class LastCycle(Step):
    """A last replication, as a job of its own, while the source is off."""

    name, title = "final-increment", "Copying what changed last"

    def __init__(self, deps: FailoverDeps) -> None:
        self._deps = deps

    async def do(self, run: Run) -> None:
        case = await load(self._deps, run)
        guest = SourceGuest(self._deps, run, case.context)
        await guest.refuse_unless_off()
        job = await self._follow(run, await self._started(run, case))
        if job.status != JobStatus.COMPLETED:
            error = job.error or {}
            reason = str(error.get("message", "it was cancelled."))
            raise LAST_CYCLE_FAILED(name=case.context.vm_name, reason=reason, cause=f"{job.id}: {error.get('cause', job.status)}")
        await guest.refuse_unless_off()

    async def undo(self, run: Run) -> None:
        child = await find(self._deps, _cycle(run))
        if child is not None and child.status not in ENDED:
            await self._deps.runner.cancel(child.id)
            await self._follow(run, child.id)

    async def _started(self, run: Run, case: Case) -> str:
        """The id is kept before the job is made: after a crash it is found, not made twice."""
        if await find(self._deps, _cycle(run)) is None:
            run.state[CYCLE] = new_id("job")
            await run.save()
            why = "the one of the failover"
            await submit_cycle(self._deps.runner, case.context, case.config.id, why, parent_job_id=run.id, job_id=_cycle(run))
        return _cycle(run)

    async def _follow(self, run: Run, job_id: str) -> Job:
        job = await self._deps.runner.get(job_id)
        while job.status not in ENDED:
            job = await self._deps.runner.follow(job_id, job.revision, _FOLLOW_SECONDS)
            if run.step == self.name and job.status not in ENDED:
                await run.progress(job.progress_percent / 100.0)
        return job


def _cycle(run: Run) -> str:
    return str(run.state.get(CYCLE, ""))


def before(case: Case) -> dict[str, Any]:
    """How the source was before a live failover touched it; empty when it never was."""
    return case.row.source_before or {}


async def restore_adapters(guest: SourceGuest, case: Case) -> None:
    """The source's adapters connect at power-on as they did before."""
    await guest.set_adapters(dict(before(case).get("start_connected", {})))
