"""What an agent does with the jobs that an earlier one left: each goes on, or ends with a reason."""

import asyncio

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from appliance.contract.errors import STORE_UNREADABLE, STORE_UNWRITABLE, Fault, FaultSpec, fault
from appliance.core.jobs import Job, JobStatus, LogEvent, Run, Runner, Step, StepStatus, Workflow
from appliance.core.jobs.lifecycle import ENDED
from appliance.core.jobs.recovery import RESTORED, is_of_store, keep_from_going_on
from appliance.core.store import Store

BROKEN = fault("test.broken_recovery", 500, "The thing broke.", "Mend it.")


class Waits(Step):
    """Waits until it is let go; counts how often it was begun."""

    name, title = "waits", "Waiting"

    def __init__(self) -> None:
        self.begun, self.undone, self.go = 0, 0, asyncio.Event()
        self.fails: Exception | None = None

    async def done(self, run: Run) -> bool:
        if self.fails:
            raise self.fails
        return False

    async def do(self, run: Run) -> None:
        self.begun += 1
        await self.go.wait()

    async def undo(self, run: Run) -> None:
        self.undone += 1


class Plain(Workflow):
    kind = "plain"
    unsettled: Exception | None = None

    async def settle(self, session: AsyncSession, job: Job) -> None:
        if self.unsettled:
            raise self.unsettled


async def left_by(store: Store, step: Waits, flow: Workflow, *, status: str = JobStatus.RUNNING) -> str:
    """A job that an agent left in the middle of its one step."""
    first = Runner(store, [flow])
    job_id = await first.submit(flow.kind, {})
    while not step.begun:
        await asyncio.sleep(0)
    await first.close()
    if status != JobStatus.RUNNING:
        async with store.begin() as session:
            (await session.get_one(Job, job_id)).status = status
    return job_id


@pytest.mark.parametrize("status", [one for one in JobStatus if one not in ENDED])
async def test_a_job_of_an_unknown_kind_ends_with_that_reason(store: Store, status: JobStatus) -> None:
    step = Waits()
    job_id = await left_by(store, step, Plain([step]), status=status)
    assert await Runner(store).recover() == []
    async with store.session() as session:
        job = await session.get_one(Job, job_id)
        assert (job.status, job.error and job.error["key"]) == (JobStatus.FAILED, "job.unknown_kind")
        assert job.completed_at is not None and [one.status for one in job.steps] == [StepStatus.FAILED]
        assert (await session.get_one(LogEvent, 1)).level == "error"


@pytest.mark.parametrize("problem", [BROKEN(), ValueError("a bug")])
async def test_a_job_whose_step_raises_when_it_is_taken_up_ends(store: Store, problem: Exception) -> None:
    step = Waits()
    job_id = await left_by(store, step, Plain([step]))
    step.fails = problem
    runner = Runner(store, [Plain([step])])
    assert await runner.recover() == [job_id]
    job = await runner.wait(job_id)
    assert (job.status, step.undone) == (JobStatus.FAILED, 1)


@pytest.mark.parametrize("problem", [BROKEN(), KeyError("gone")])
async def test_a_job_that_can_not_give_back_what_it_held_ends_all_the_same(store: Store, problem: Exception) -> None:
    step = Waits()
    job_id = await left_by(store, step, Plain([step]))
    flow = Plain([step])
    step.fails, flow.unsettled = BROKEN(), problem
    runner = Runner(store, [flow])
    await runner.recover()
    assert (await runner.wait(job_id)).status == JobStatus.FAILED


async def restored(store: Store) -> None:
    """What a restore does with the records that it puts in place; twice, as after a power cut."""
    async with store.begin() as session:
        for _ in range(2):
            await (await session.connection()).run_sync(keep_from_going_on)


@pytest.mark.parametrize("status", [one for one in JobStatus if one not in ENDED])
async def test_a_job_of_restored_records_ends_where_it_stands_with_that_reason(store: Store, status: JobStatus) -> None:
    step = Waits()
    job_id = await left_by(store, step, Plain([step]), status=status)
    await restored(store)
    runner = Runner(store, [Plain([step])])
    assert await runner.recover() == []
    job = await runner.get(job_id)
    assert (job.status, job.error and job.error["key"], step.begun, step.undone) == (JobStatus.CANCELLED, RESTORED.key, 1, 0)
    assert [one.status for one in job.steps] == [StepStatus.FAILED] and not runner.is_driven(job_id)
    async with store.session() as session:
        assert "was under way when the back-up was made" in (await session.get_one(LogEvent, 1)).message


@pytest.mark.parametrize("act", ["cancel", "drive_anew", "break_off"])
async def test_a_job_of_restored_records_does_not_go_on_when_somebody_is_faster_than_the_agent(store: Store, act: str) -> None:
    step = Waits()
    job_id = await left_by(store, step, Plain([step]))
    await restored(store)
    runner = Runner(store, [Plain([step])])
    await getattr(runner, act)(job_id)
    job = await runner.wait(job_id)
    assert (job.status, job.error and job.error["key"], step.begun, step.undone) == (JobStatus.CANCELLED, RESTORED.key, 1, 0)


async def test_a_part_of_a_job_of_restored_records_ends_before_that_one(store: Store) -> None:
    ended: list[str] = []

    class Noted(Plain):
        async def settle(self, session: AsyncSession, job: Job) -> None:
            ended.append(job.id)

    step = Waits()
    first = Runner(store, [Noted([step])])
    made = [await first.submit("plain", {}) for _ in range(3)]
    await first.close()
    await restored(store)
    await Runner(store, [Noted([step])]).recover()
    assert ended == made[::-1]


async def test_a_job_of_restored_records_that_can_not_give_back_what_it_held_ends_all_the_same(store: Store) -> None:
    step, flow = Waits(), Plain([Waits()])
    job_id = await left_by(store, step, Plain([step]))
    await restored(store)
    flow.unsettled = KeyError("gone")
    runner = Runner(store, [flow])
    assert await runner.recover() == [] and (await runner.get(job_id)).status == JobStatus.CANCELLED


async def test_what_begins_after_a_restore_goes_on(store: Store) -> None:
    step = Waits()
    await restored(store)
    job_id = await left_by(store, step, Plain([step]))
    runner = Runner(store, [Plain([step])])
    assert await runner.recover() == [job_id]
    step.go.set()
    assert (await runner.wait(job_id)).status == JobStatus.COMPLETED


async def test_an_agent_that_is_killed_twice_leaves_a_job_that_the_third_one_ends(store: Store) -> None:
    step = Waits()
    job_id = await left_by(store, step, Plain([step]))
    second = Runner(store, [Plain([step])])
    await second.recover()
    while step.begun < 2:
        await asyncio.sleep(0)
    await second.close()
    third = Runner(store, [Plain([step])])
    await third.recover()
    step.go.set()
    assert (await third.wait(job_id)).status == JobStatus.COMPLETED
    assert step.begun == 3


async def test_a_job_that_hangs_is_driven_anew_and_who_waits_for_it_sees_its_end(store: Store) -> None:
    step = Waits()
    runner = Runner(store, [Plain([step])])
    job_id = await runner.submit("plain", {})
    waiting = asyncio.create_task(runner.wait(job_id))
    while not step.begun:
        await asyncio.sleep(0)
    assert runner.is_driven(job_id) and await runner.drive_anew(job_id)
    while step.begun < 2:
        await asyncio.sleep(0)
    assert not waiting.done()
    step.go.set()
    assert (await waiting).status == JobStatus.COMPLETED
    assert not runner.is_driven(job_id)


async def test_an_ended_job_is_not_driven_anew(store: Store) -> None:
    step = Waits()
    step.go.set()
    runner = Runner(store, [Plain([step])])
    job = await runner.wait(await runner.submit("plain", {}))
    await runner.drive_anew(job.id)
    assert ((await runner.wait(job.id)).status, step.begun) == (JobStatus.COMPLETED, 1)


@pytest.mark.lab
async def test_fifty_jobs_are_taken_up_at_once(store: Store) -> None:
    step = Waits()
    flow = Plain([step])
    first = Runner(store, [flow])
    jobs = [await first.submit("plain", {}) for _ in range(50)]
    while step.begun < 50:
        await asyncio.sleep(0)
    await first.close()
    second = Runner(store, [flow])
    assert sorted(await second.recover()) == sorted(jobs)
    step.go.set()
    assert {(await second.wait(one)).status for one in jobs} == {JobStatus.COMPLETED}


def test_a_fault_of_the_test_is_no_fault_of_the_store() -> None:
    ours, told = STORE_UNWRITABLE, FaultSpec.told("store.unwritable", 503, STORE_UNWRITABLE.message, STORE_UNWRITABLE.guidance)
    errors = (ours(), STORE_UNREADABLE(), told(), BROKEN(), Fault(BROKEN), ValueError())
    assert [is_of_store(one) for one in errors] == [True, True, False, False, False, False]
