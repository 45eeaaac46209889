"""The job runner: the only writer of job state."""

from __future__ import annotations

import asyncio
import copy
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import asdict
from typing import Any

from appliance.contract.errors import ErrorRecord, Fault, fault
from appliance.core.jobs import log, recovery, trace
from appliance.core.jobs.changes import Changes
from appliance.core.jobs.lifecycle import ENDED, JobEvent, JobStatus, StepStatus
from appliance.core.jobs.models import Job
from appliance.core.jobs.run import Run
from appliance.core.jobs.workflow import Step, Workflow
from appliance.core.store import Store, new_id

logger = logging.getLogger(__name__)

CANCELLED = fault("job.cancelled", 409, "The job was cancelled.", "Start it again when you want it.")
ALREADY_ENDED = fault("job.already_ended", 409, "The job {id} has ended already.", "Nothing needs to be done.")
BROKEN_OFF = fault(
    "job.broken_off",
    409,
    "The job was stopped where it stood, so that what it left can be cleaned up.",
    "Nothing needs to be done: the cleanup that stopped it goes on from there.",
)
NOT_ENDED = fault("job.not_ended", 409, "{title} has not ended yet.", "Wait until it has ended, or cancel it; then start it again.")
SUCCEEDED = fault("job.succeeded", 409, "{title} has succeeded.", "Only what failed or was cancelled is started again from its own page.")
NOT_REPEATABLE = fault(
    "job.not_repeatable", 409, "{title} can't be started again by itself.", "Start the operation that it was a part of again."
)

Again = Callable[[Job], Awaitable[str]]
"""Asks once more for what an ended job was asked for, with all checks of the first time; returns the new job's id."""

CLOSING_LIMIT = 15.0
"""Seconds that jobs have to stop in when the agent ends; whatever goes on longer is taken up by the next one, as after a crash."""
BREAK_OFF_AGAIN = 5.0
"""Seconds until a job that was told to stop, and still tidies up after itself, is told again."""
RETRY = 15.0
"""Seconds until a job whose records could not be written is driven on."""


class Runner:
    """Runs jobs: stores them first, drives their steps, undoes them when they fail, takes them up again after a restart."""

    def __init__(self, store: Store, workflows: Iterable[Workflow] = ()) -> None:
        self.store = store
        self._workflows = {one.kind: one for one in workflows}
        self._again: dict[str, Again] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._going_forward: set[str] = set()
        self._broken_off: set[str] = set()
        self.changes = Changes()
        self._closing = False

    def register(self, workflow: Workflow, again: Again | None = None) -> None:
        """Make a kind of job known. Without `again` its jobs can't be retried."""
        self._workflows[workflow.kind] = workflow
        if again is not None:
            self._again[workflow.kind] = again

    async def submit(
        self,
        kind: str,
        params: dict[str, Any],
        *,
        vm_context_id: str | None = None,
        peer_id: str | None = None,
        job_id: str | None = None,
        correlation_id: str = "",
    ) -> str:
        """Store a job with its steps and start it; returns its id at once. Raises the Fault with which its kind refuses it.

        What a step of another job submits is a part of that job, and shares its correlation id unless one is given.
        """
        workflow, parent, job_id = self._workflows[kind], trace.current(), job_id or new_id("job")
        job = Job(
            id=job_id,
            parent_job_id=parent.job_id or None,
            correlation_id=correlation_id or parent.correlation_id or job_id,
            kind=kind,
            title="",
            status=JobStatus.PENDING,
            vm_context_id=vm_context_id,
            peer_id=peer_id,
            params=params,
            state={},
            steps=log.new_steps([(one.name, one.title) for one in workflow.steps]),
        )
        job.title = workflow.title(job)
        async with self.store.begin() as session:
            session.add(job)
            await session.flush()
            await workflow.claim(session, job)
        await self._tell(job.id)
        self._start(job.id)
        return job.id

    async def recover(self) -> list[str]:
        """Take up every job that an earlier agent left unfinished, and none that is driven already; returns their ids.

        Jobs of a kind that this agent does not know are ended with that reason.
        """
        for job_id in await recovery.end_unknown(self.store, self._workflows):
            logger.warning("job %s is of a kind that this agent does not know, and was ended", job_id)
        async with self.store.session() as session:
            found = await log.unfinished_ids(session)
        return [job_id for job_id in found if self._start(job_id)]

    def is_driven(self, job_id: str) -> bool:
        """Whether this agent works on the job now."""
        return job_id in self._tasks

    async def drive_anew(self, job_id: str) -> bool:
        """Take a job up as after a restart; whoever drives it now is stopped first. False when it goes on stopping."""
        task = self._tasks.get(job_id)
        if task is not None:
            task.cancel()
            await asyncio.wait([task], timeout=CLOSING_LIMIT)
        return self._start(job_id)

    async def cancel(self, job_id: str) -> None:
        """Stop a job and undo it. Raises a Fault when it has ended already; asking twice is harmless."""
        async with self.changing(job_id) as job:
            if job.status in ENDED:
                raise ALREADY_ENDED(id=job_id)
            if job.status == JobStatus.UNDOING or job.cancel_requested:
                return
            job.cancel_requested = True
        if job_id in self._going_forward:
            self._tasks[job_id].cancel()
        else:
            # It is being undone already, which must not be broken off; or nobody has taken it up yet.
            self._start(job_id)

    async def break_off(self, job_id: str) -> Job:
        """End a job where it stands, whatever it hangs in, and undo nothing: what it left is for the caller to look at.

        When this returns nobody drives it any more and its programs are reaped. A job that has ended meanwhile stays as it ended.
        """
        self._broken_off.add(job_id)
        try:
            while (task := self._tasks.get(job_id)) is not None:
                task.cancel()
                await asyncio.wait([task], timeout=BREAK_OFF_AGAIN)
            await self._end_where_it_stands(job_id)
        finally:
            self._broken_off.discard(job_id)
        return await self.get(job_id)

    async def retry(self, job_id: str) -> str:
        """Start the operation of a failed or cancelled job again; returns the new job's id. Raises the Fault with which it is refused."""
        job = await self.get(job_id)
        if job.status not in ENDED:
            raise NOT_ENDED(title=job.title)
        if job.status == JobStatus.COMPLETED:
            raise SUCCEEDED(title=job.title)
        if job.kind not in self._again:
            raise NOT_REPEATABLE(title=job.title, cause=f"kind {job.kind}")
        return await self._again[job.kind](job)

    async def wait(self, job_id: str) -> Job:
        """The job once it has ended."""
        while (task := self._tasks.get(job_id)) is not None:
            await asyncio.wait([task])
            await asyncio.sleep(0)  # who stopped its driver to take it up again does so now
        return await self.get(job_id)

    async def get(self, job_id: str) -> Job:
        """The job as it is stored. Raises a Fault (404)."""
        async with self.store.session() as session:
            return await log.load(session, job_id)

    async def follow(self, job_id: str, after: int, timeout: float) -> Job:
        """The job as soon as its revision is greater than `after`, at the latest after `timeout` seconds."""
        seen, job = self.changes.last, await self.get(job_id)
        try:
            async with asyncio.timeout(timeout):
                while job.revision <= after and job.status not in ENDED:
                    await self.changes.wait_for(job_id, seen)
                    seen, job = self.changes.last, await self.get(job_id)
        except TimeoutError:
            pass
        return job

    async def close(self) -> None:
        """Stop driving jobs, without ending them: the next agent takes them up."""
        self._closing = True
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        _, left = await asyncio.wait(tasks, timeout=CLOSING_LIMIT) if tasks else (None, ())
        for task in left:
            logger.warning("job %s does not stop; the next start takes it up", task.get_name())

    @asynccontextmanager
    async def changing(self, job_id: str) -> AsyncIterator[Job]:
        """The job for a change, in one transaction, followers told afterwards."""
        async with self.store.begin() as session:
            job = await log.load(session, job_id)
            yield job
            log.touch(job)
        await self._tell(job_id)

    async def _tell(self, job_id: str) -> None:
        self.changes.note(job_id)

    def _start(self, job_id: str) -> bool:
        """Drive a job, unless it is driven already: two drivers of one job would undo each other's work."""
        if self._closing or job_id in self._tasks or job_id in self._broken_off:
            return False
        task = asyncio.create_task(self._drive(job_id), name=job_id)
        self._tasks[job_id] = task
        task.add_done_callback(lambda _: self._tasks.pop(job_id, None))
        return True

    async def _drive(self, job_id: str) -> None:
        at_work = trace.begin(job_id, "")
        try:
            while True:
                if await self._driven(job_id, at_work):
                    return
                await asyncio.sleep(RETRY)
        finally:
            at_work.over = True

    async def _driven(self, job_id: str, at_work: trace.Trace) -> bool:
        """Drive a job to its end. False when its records could not be read or written: it stays as it is recorded."""
        try:
            job = await self.get(job_id)
            at_work.correlation_id = job.correlation_id
            if job.status in ENDED:
                return True
            workflow = self._workflows[job.kind]
            run = Run(self, job)
            if job.status != JobStatus.UNDOING:
                problem = await self._forward(workflow, run)
                # What a step says while the agent ends is no verdict on its job.
                if problem is None or self._closing:
                    return True
                await self._stop(run, problem)
            await self._back(workflow, run)
        except asyncio.CancelledError:
            raise
        except Exception:
            logger.exception("job %s could not be driven on", job_id)
            return False
        return True

    async def _forward(self, workflow: Workflow, run: Run) -> ErrorRecord | None:
        """Drive the steps that are not done yet; the error that stopped it, or None when the job is completed."""
        self._going_forward.add(run.id)
        try:
            await self._begin(workflow, run)
            for step in workflow.steps:
                await self._take(step, run)
            self._going_forward.discard(run.id)  # too late for a cancel
            await self._end(workflow, run, JobEvent.FINISH)
        except asyncio.CancelledError:
            if self._closing or run.id in self._broken_off or not (await self.get(run.id)).cancel_requested:
                raise
            return CANCELLED().record()
        except Fault as error:
            return error.record()
        except Exception as error:
            logger.exception("job %s, step %s", run.id, run.step)
            return ErrorRecord.of(error)
        finally:
            self._going_forward.discard(run.id)
        return None

    async def _begin(self, workflow: Workflow, run: Run) -> None:
        async with self.changing(run.id) as job:
            if job.cancel_requested:
                raise CANCELLED()
            log.add_missing(job, [(one.name, one.title) for one in workflow.steps])
            if job.status == JobStatus.PENDING:
                log.advance(job, JobEvent.START)
            elif job.status == JobStatus.WAITING:
                log.advance(job, JobEvent.GO_ON)

    async def _take(self, step: Step, run: Run) -> None:
        run.step = step.name
        # As it was when the job was taken up: nobody else drives it, and each step is come to once.
        before = next((one.status for one in run.job.steps if one.name == step.name), StepStatus.PENDING)
        if before == StepStatus.COMPLETED:
            return
        if before == StepStatus.PENDING or not await step.done(run):
            async with self.changing(run.id) as job:
                log.mark(job, step.name, StepStatus.RUNNING)
            await step.do(run)
        async with self.changing(run.id) as job:
            job.state = copy.deepcopy(run.state)
            log.mark(job, step.name, StepStatus.COMPLETED)

    async def _stop(self, run: Run, problem: ErrorRecord) -> None:
        async with self.store.begin() as session:
            job = await log.load(session, run.id)
            job.error, job.state = asdict(problem), copy.deepcopy(run.state)
            for step in job.steps:
                if step.status == StepStatus.RUNNING:
                    log.mark(job, step.name, StepStatus.FAILED, problem)
            log.advance(job, JobEvent.STOP)
            session.add(log.event(job, run.step, "error", f"{problem.message} {problem.guidance}", problem.cause))
        await self._tell(run.id)

    async def _end_where_it_stands(self, job_id: str) -> None:
        async with self.store.begin() as session:
            job = await log.load(session, job_id)
            if job.status in ENDED:
                return
            session.add(log.break_off(job, BROKEN_OFF().record()))
            workflow = self._workflows[job.kind]
            await workflow.settle(session, job)
        await self._tell(job_id)
        await workflow.ended(job)

    async def _back(self, workflow: Workflow, run: Run) -> None:
        job = await self.get(run.id)
        begun = {one.name for one in job.steps if one.status not in (StepStatus.PENDING, StepStatus.UNDONE)}
        for step in reversed(workflow.steps if workflow.undoes else ()):
            if step.name in begun:
                await self._take_back(step, run)
        await self._end(workflow, run, JobEvent.CANCEL if job.cancel_requested else JobEvent.FAIL)

    async def _take_back(self, step: Step, run: Run) -> None:
        run.step, status, error = step.name, StepStatus.UNDONE, None
        try:
            await step.undo(run)
        except Exception as problem:
            if self._closing:
                raise asyncio.CancelledError from problem
            logger.exception("job %s: step %s could not be undone", run.id, step.name)
            status, error = StepStatus.UNDO_FAILED, ErrorRecord.of(problem)
            await run.log(f"Could not be taken back: {error.message} {error.guidance}", level="error", cause=error.cause)
        async with self.changing(run.id) as job:
            job.state = copy.deepcopy(run.state)
            log.mark(job, step.name, status, error)

    async def _end(self, workflow: Workflow, run: Run, event: JobEvent) -> None:
        try:
            job = await self._concluded(run, event, workflow)
        except Exception as error:
            if event is JobEvent.FINISH or recovery.is_of_store(error):
                raise
            logger.exception("job %s could not give back what it held", run.id)
            await run.log(recovery.NOT_SETTLED, level="error", cause=str(error))
            job = await self._concluded(run, event, None)
        await self._tell(run.id)
        await workflow.ended(job)

    async def _concluded(self, run: Run, event: JobEvent, workflow: Workflow | None) -> Job:
        async with self.store.begin() as session:
            job = await log.load(session, run.id)
            job.state = copy.deepcopy(run.state)
            log.advance(job, event)
            if job.status == JobStatus.COMPLETED:
                job.progress_percent = 100.0
            if workflow is not None:
                await workflow.settle(session, job)
        return job
