"""Driving one job: its steps forward, and back when one fails or the job is cancelled."""

from __future__ import annotations

import asyncio
import copy
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING

from sqlalchemy.ext.asyncio import AsyncSession

from appliance.contract.errors import ErrorRecord, Fault, fault
from appliance.core.jobs import log, recovery
from appliance.core.jobs.lifecycle import JobEvent, JobStatus, StepStatus
from appliance.core.jobs.models import Job
from appliance.core.jobs.run import Run
from appliance.core.jobs.workflow import Step, Workflow

if TYPE_CHECKING:
    from appliance.core.jobs.runner import Runner

logger = logging.getLogger(__name__)

CANCELLED = fault("job.cancelled", 409, "The job was cancelled.", "Start it again when you want it.")

Settle = Callable[[AsyncSession, Job], Awaitable[None]]


class Drive:
    """One job under way. `statuses` are those of its steps when it was taken up."""

    def __init__(self, runner: Runner, workflow: Workflow, job: Job, statuses: Mapping[str, str]) -> None:
        self._runner, self._workflow, self.run = runner, workflow, Run(runner, job)
        self._statuses = statuses

    async def to_its_end(self) -> None:
        """Forward, and back where that fails. An agent that ends leaves the job as it is recorded."""
        if self.run.job.status != JobStatus.UNDOING:
            problem = await self._forward()
            # What a step says while the agent ends, or its job is ended where it stands, is no verdict on its job.
            if problem is None or self._runner.is_closing or self._runner.is_broken_off(self.run.id):
                return
            await self._stop(problem)
        await self._back()

    async def _forward(self) -> ErrorRecord | None:
        """Drive the steps that are not done yet; the error that stopped it, or None when the job is completed."""
        self._runner.going_forward.add(self.run.id)
        try:
            await self._begin()
            for step in self._workflow.steps:
                await self._take(step)
            self._runner.going_forward.discard(self.run.id)  # too late for a cancel
            await self._end(JobEvent.FINISH)
        except asyncio.CancelledError:
            if not await self._is_cancelled():
                raise
            return CANCELLED().record()
        except Exception as error:
            if recovery.is_of_store(error):
                # What was done is not undone because it could not be recorded: the job is driven on from its records.
                raise
            if not isinstance(error, Fault):
                logger.exception("job %s, step %s", self.run.id, self.run.step)
            return ErrorRecord.of(error)
        finally:
            self._runner.going_forward.discard(self.run.id)
        return None

    async def _is_cancelled(self) -> bool:
        """Whether it was stopped because somebody cancelled the job; else it stays as it is for the next driver."""
        left = self._runner.is_closing or self._runner.is_broken_off(self.run.id)
        return not left and (await self._runner.get(self.run.id)).cancel_requested

    async def _begin(self) -> None:
        async with self._runner.changing(self.run.id) as job:
            if job.cancel_requested:
                raise CANCELLED()
            log.add_missing(job, [(one.name, one.title) for one in self._workflow.steps])
            if job.status == JobStatus.PENDING:
                log.advance(job, JobEvent.START)
            elif job.status == JobStatus.WAITING:
                log.advance(job, JobEvent.GO_ON)
        logger.info("%s (%s) is under way", job.title, job.kind)

    async def _take(self, step: Step) -> None:
        self.run.step = step.name
        # As it was when the job was taken up: nobody else drives it, and each step is come to once.
        before = self._statuses.get(step.name, StepStatus.PENDING)
        if before == StepStatus.COMPLETED:
            return
        if before == StepStatus.PENDING or not await step.done(self.run):
            async with self._runner.changing(self.run.id) as job:
                log.mark(job, step.name, StepStatus.RUNNING)
            logger.debug("step %s", step.name)
            await step.do(self.run)
        async with self._runner.changing(self.run.id) as job:
            job.state = copy.deepcopy(self.run.state)
            log.mark(job, step.name, StepStatus.COMPLETED)

    async def _stop(self, problem: ErrorRecord) -> None:
        async with self._runner.store.begin() as session:
            job = await log.load(session, self.run.id)
            job.error, job.state = asdict(problem), copy.deepcopy(self.run.state)
            for step in job.steps:
                if step.status == StepStatus.RUNNING:
                    log.mark(job, step.name, StepStatus.FAILED, problem)
            log.advance(job, JobEvent.STOP)
            session.add(log.event(job, self.run.step, "error", f"{problem.message} {problem.guidance}", problem.cause))
        await self._runner.tell(self.run.id)
        logger.warning("stopped in step %s: %s", self.run.step or "(none)", problem.message)

    async def _back(self) -> None:
        job = await self._runner.get(self.run.id)
        begun = {one.name for one in job.steps if one.status not in (StepStatus.PENDING, StepStatus.UNDONE)}
        for step in reversed(self._workflow.steps if self._workflow.undoes else ()):
            if step.name in begun:
                await self._take_back(step)
        await self._end(JobEvent.CANCEL if job.cancel_requested else JobEvent.FAIL)

    async def _take_back(self, step: Step) -> None:
        self.run.step, status, error = step.name, StepStatus.UNDONE, None
        try:
            await step.undo(self.run)
        except Exception as problem:
            if self._runner.is_closing:
                raise asyncio.CancelledError from problem
            if recovery.is_of_store(problem):
                raise
            logger.exception("job %s: step %s could not be undone", self.run.id, step.name)
            status, error = StepStatus.UNDO_FAILED, ErrorRecord.of(problem)
            await self.run.log(f"Could not be taken back: {error.message} {error.guidance}", level="error", cause=error.cause)
        async with self._runner.changing(self.run.id) as job:
            job.state = copy.deepcopy(self.run.state)
            log.mark(job, step.name, status, error)

    async def _end(self, event: JobEvent) -> None:
        try:
            job = await self._concluded(event, self._workflow.settle)
        except Exception as error:
            if event is JobEvent.FINISH or recovery.is_of_store(error):
                raise
            logger.exception("job %s could not give back what it held", self.run.id)
            await self.run.log(recovery.NOT_SETTLED, level="error", cause=str(error))
            job = await self._concluded(event, None)
        await self._runner.tell(self.run.id)
        logger.info("%s (%s): %s", job.title, job.kind, job.status)
        await self._workflow.ended(job)

    async def _concluded(self, event: JobEvent, settle: Settle | None) -> Job:
        async with self._runner.store.begin() as session:
            job = await log.load(session, self.run.id)
            job.state = copy.deepcopy(self.run.state)
            log.advance(job, event)
            if job.status == JobStatus.COMPLETED:
                job.progress_percent = 100.0
            if settle is not None:
                await settle(session, job)
        return job
