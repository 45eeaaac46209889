"""Asynchronous jobs: an id at once, the work later, the result by queryAsyncJobResult."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from .errors import ApiError, JobFailed
from .faults import Fault, Faults, Kind
from .plugging import DeviceFailed
from .records import Job, timestamp
from .wire import Params

Result = dict[str, object]
JOB_KINDS: tuple[Kind, ...] = ("job_error", "job_never_ends", "job_slow")
RESTARTED = ApiError(530, "job cancelled because of management server restart or shutdown")


@dataclass(frozen=True)
class Work:
    """What an accepted asynchronous command still has to do."""

    run: Callable[[], Awaitable[Result]]
    entity_type: str = "None"
    entity_id: str | None = None
    creates: bool = False


class Jobs:
    """Starts jobs and writes their outcome; `save` is called at each change."""

    def __init__(self, records: dict[str, Job], faults: Faults, save: Callable[[], None]) -> None:
        self._records = records
        self._faults = faults
        self._save = save
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self, params: Params, work: Work, seconds: float) -> Job:
        """Record a job and let it run after so many seconds."""
        job = Job(command=params.command, instance_type=work.entity_type, instance_id=work.entity_id)
        self._records[job.id] = job
        fault = self._faults.take(JOB_KINDS, params.command, params.values)
        task = asyncio.create_task(self._run(job, work, seconds, fault))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        self._save()
        return job

    async def _run(self, job: Job, work: Work, seconds: float, fault: Fault | None) -> None:
        """Do the work, or what the fault says."""
        await asyncio.sleep(fault.seconds if fault and fault.kind == "job_slow" else seconds)
        try:
            result = await self._do(work, fault)
        except JobFailed as error:
            self._end(job, 2, error.code, error.body())
        except ApiError as error:
            # Whatever a job throws that is not made for the API comes out as 530 (ApiAsyncJobDispatcher).
            self._end(job, 2, 530, {**error.body(), "errorcode": 530})
        except (OSError, DeviceFailed) as error:
            self._end(job, 2, 530, ApiError(530, f"Resource is unreachable: {error}").body())
        else:
            self._end(job, 1, 0, result)

    async def _do(self, work: Work, fault: Fault | None) -> Result:
        """The work as the fault allows it."""
        if fault is None or fault.kind == "job_slow":
            return await work.run()
        if fault.done:
            await work.run()
        if fault.kind == "job_never_ends":
            await asyncio.Event().wait()
        raise JobFailed(fault.code, fault.text)

    def _end(self, job: Job, status: int, code: int, result: Result) -> None:
        """Write the outcome."""
        job.status, job.result_code, job.result, job.completed = status, code, result, timestamp()
        self._save()

    def fail_unfinished(self) -> None:
        """What a management server does at start with the jobs of its earlier life."""
        for job in self._records.values():
            if job.status == 0:
                job.status, job.result_code, job.result, job.completed = 2, 530, RESTARTED.body(), timestamp()

    async def close(self) -> None:
        """Stop what runs; the records stay pending until the next start."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
