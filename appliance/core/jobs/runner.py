"""The job runner: the only writer of job state."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from typing import Any

from appliance.contract.errors import ErrorRecord, fault
from appliance.core.jobs import log, recovery, trace
from appliance.core.jobs.changes import Changes
from appliance.core.jobs.drive import Drive
from appliance.core.jobs.lifecycle import ENDED, JobStatus
from appliance.core.jobs.models import Job
from appliance.core.jobs.workflow import Workflow
from appliance.core.store import Store, new_id

logger = logging.getLogger(__name__)

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
        self.going_forward: set[str] = set()
        self._broken_off: set[str] = set()
        self._ending_restored = asyncio.Lock()
        self.changes = Changes()
        self.is_closing = False

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
        await self.tell(job.id)
        self._start(job.id)
        return job.id

    async def recover(self) -> list[str]:
        """Take up every job that an earlier agent left unfinished, and none that is driven already; returns their ids.

        Jobs of a kind that this agent does not know are ended with that reason, and so are those that a restore brought back.
        """
        for job_id in await recovery.end_unknown(self.store, self._workflows):
            logger.warning("job %s is of a kind that this agent does not know, and was ended", job_id)
        await self._end_restored()
        async with self.store.session() as session:
            found = await log.unfinished_ids(session)
        return [job_id for job_id in found if self._start(job_id)]

    def is_broken_off(self, job_id: str) -> bool:
        """Whether somebody ends the job where it stands."""
        return job_id in self._broken_off

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
        if job_id in self.going_forward:
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
            await self._end_where_it_stands(job_id, BROKEN_OFF().record())
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
        self.is_closing = True
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
        await self.tell(job_id)

    async def tell(self, job_id: str) -> None:
        """Tell followers that the job has changed."""
        self.changes.note(job_id)

    def _start(self, job_id: str) -> bool:
        """Drive a job, unless it is driven already: two drivers of one job would undo each other's work."""
        if self.is_closing or job_id in self._tasks or job_id in self._broken_off:
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
            async with self.store.session() as session:
                job, statuses = await log.load_to_drive(session, job_id)
            at_work.correlation_id = job.correlation_id
            if job.status in ENDED:
                return True
            if recovery.is_restored(job):
                await self._end_restored()
                return True
            await Drive(self, self._workflows[job.kind], job, statuses).to_its_end()
        except asyncio.CancelledError:
            raise
        except Exception:
            logger.exception("job %s could not be driven on", job_id)
            return False
        return True

    async def _end_restored(self) -> None:
        """End the jobs that a restore brought back where they stand, a part of another one before that one."""
        async with self._ending_restored:
            async with self.store.session() as session:
                found = await recovery.restored_ids(session)
            for job_id in found:
                problem = recovery.RESTORED(title=(await self.get(job_id)).title).record()
                logger.warning("job %s was under way when the back-up was made that was restored, and is ended", job_id)
                try:
                    await self._end_where_it_stands(job_id, problem)
                except Exception as error:
                    if recovery.is_of_store(error):
                        raise
                    logger.exception("job %s could not give back what it held", job_id)
                    await self._end_where_it_stands(job_id, problem, held=False)

    async def _end_where_it_stands(self, job_id: str, problem: ErrorRecord, *, held: bool = True) -> None:
        async with self.store.begin() as session:
            job = await log.load(session, job_id)
            if job.status in ENDED:
                return
            session.add(log.break_off(job, problem))
            workflow = self._workflows[job.kind]
            if held:
                await workflow.settle(session, job)
            else:
                session.add(log.event(job, "", "error", recovery.NOT_SETTLED))
        await self.tell(job_id)
        await workflow.ended(job)
