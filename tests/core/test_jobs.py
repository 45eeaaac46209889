"""Jobs are stored before they are acted on, survive a crash, and free what they hold however they end."""

import asyncio
import contextlib
from collections.abc import Callable
from itertools import product

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from appliance.contract.errors import STORE_UNREADABLE, STORE_UNWRITABLE, Fault, FaultSpec, fault
from appliance.core.jobs import Job, JobEvent, JobStatus, Run, Runner, Step, StepStatus, Workflow
from appliance.core.jobs.lifecycle import TRANSITIONS, IllegalMove, move
from appliance.core.store import Store

BROKEN = fault("test.broken", 500, "The thing broke.", "Mend it.")


class Noting(Step):
    """Notes what is called; may fail or hang."""

    def __init__(self, name: str, calls: list[str], *, act: Callable[[Run], object] | None = None, done: bool = False) -> None:
        self.name, self.title, self._calls, self._act, self._done = name, f"Doing {name}", calls, act, done

    async def done(self, run: Run) -> bool:
        self._calls.append(f"{self.name}?")
        return self._done

    async def do(self, run: Run) -> None:
        self._calls.append(self.name)
        if self._act is not None:
            outcome = self._act(run)
            if asyncio.iscoroutine(outcome):
                await outcome

    async def undo(self, run: Run) -> None:
        self._calls.append(f"-{self.name}")


class Plain(Workflow):
    kind = "plain"
    settled: list[str]

    async def claim(self, session: AsyncSession, job: Job) -> None:
        if job.params.get("refuse"):
            raise BROKEN()

    async def settle(self, session: AsyncSession, job: Job) -> None:
        self.settled = [*getattr(self, "settled", []), job.status]


def fail(_: Run) -> None:
    raise BROKEN(cause="a wire")


def statuses(job: Job) -> list[str]:
    return [step.status for step in job.steps]


async def test_a_job_runs_its_steps_in_order_and_completes(store: Store) -> None:
    calls: list[str] = []
    flow = Plain([Noting("one", calls), Noting("two", calls)])
    runner = Runner(store, [flow])
    job = await runner.wait(await runner.submit("plain", {}))
    assert (job.status, calls, flow.settled, job.progress_percent) == ("completed", ["one", "two"], ["completed"], 100.0)


async def test_a_failed_step_undoes_what_was_begun_in_reverse_order_and_keeps_both_messages(store: Store) -> None:
    calls: list[str] = []
    flow = Plain([Noting("one", calls), Noting("two", calls, act=fail), Noting("three", calls)])
    runner = Runner(store, [flow])
    job = await runner.wait(await runner.submit("plain", {}))
    assert (job.status, calls, flow.settled) == ("failed", ["one", "two", "-two", "-one"], ["failed"])
    assert job.error is not None and (job.error["message"], job.error["cause"]) == ("The thing broke.", "a wire")
    assert statuses(job) == ["undone", "undone", "pending"]


async def test_a_refused_job_leaves_nothing_behind(store: Store) -> None:
    runner = Runner(store, [Plain([Noting("one", [])])])
    with pytest.raises(Fault):
        await runner.submit("plain", {"refuse": True}, job_id="job-refused")
    with pytest.raises(Fault):
        await runner.get("job-refused")


async def test_cancelling_stops_the_running_step_and_undoes(store: Store) -> None:
    calls: list[str] = []
    runner = Runner(store, [Plain([Noting("one", calls), Noting("two", calls, act=lambda _: asyncio.sleep(60))])])
    job_id = await runner.submit("plain", {})
    while "two" not in calls:
        await asyncio.sleep(0.01)
    await runner.cancel(job_id)
    await runner.cancel(job_id)
    job = await runner.wait(job_id)
    assert (job.status, calls) == ("cancelled", ["one", "two", "-two", "-one"])


@pytest.mark.parametrize(("already", "expected"), [(True, ["two?", "three"]), (False, ["two?", "two", "three"])])
async def test_after_a_crash_the_broken_off_step_is_asked_and_the_job_goes_on(store: Store, already: bool, expected: list[str]) -> None:
    calls: list[str] = []
    first = Runner(store, [Plain([Noting("one", []), Noting("two", calls, act=lambda _: asyncio.sleep(60)), Noting("three", [])])])
    job_id = await first.submit("plain", {})
    while not calls:
        await asyncio.sleep(0.01)
    await first.close()
    calls.clear()
    second = Runner(store, [Plain([Noting("one", calls), Noting("two", calls, done=already), Noting("three", calls)])])
    assert await second.recover() == [job_id]
    job = await second.wait(job_id)
    assert (job.status, calls) == ("completed", expected)


async def test_an_undo_that_was_broken_off_goes_on_after_a_restart(store: Store) -> None:
    calls: list[str] = []

    class Slow(Noting):
        async def undo(self, run: Run) -> None:
            await asyncio.sleep(60)

    first = Runner(store, [Plain([Noting("one", []), Slow("two", [], act=fail)])])
    job_id = await first.submit("plain", {})
    while (await first.get(job_id)).status != JobStatus.UNDOING:
        await asyncio.sleep(0.01)
    await first.close()
    second = Runner(store, [Plain([Noting("one", calls), Noting("two", calls)])])
    await second.recover()
    job = await second.wait(job_id)
    assert (job.status, calls) == ("failed", ["-two", "-one"])


async def test_a_failing_undo_is_recorded_and_does_not_stop_the_others(store: Store) -> None:
    calls: list[str] = []

    class Stuck(Noting):
        async def undo(self, run: Run) -> None:
            raise BROKEN()

    runner = Runner(store, [Plain([Noting("one", calls), Stuck("two", calls), Noting("three", calls, act=fail)])])
    job = await runner.wait(await runner.submit("plain", {}))
    assert statuses(job) == [StepStatus.UNDONE, StepStatus.UNDO_FAILED, StepStatus.UNDONE]
    assert job.status == "failed" and calls[-1] == "-one"


async def test_what_a_step_saves_is_there_for_the_next_and_after_a_restart(store: Store) -> None:
    seen: list[object] = []

    async def keep(run: Run) -> None:
        run.state["made"] = "vm-1"
        await run.save()

    runner = Runner(store, [Plain([Noting("one", [], act=keep), Noting("two", [], act=lambda run: seen.append(run.state["made"]))])])
    job = await runner.wait(await runner.submit("plain", {}))
    assert (seen, job.state) == (["vm-1"], {"made": "vm-1"})


async def test_a_follower_is_told_of_a_change_at_once(store: Store) -> None:
    gate = asyncio.Event()
    runner = Runner(store, [Plain([Noting("one", [], act=lambda _: gate.wait())])])
    job_id = await runner.submit("plain", {})
    job = await runner.follow(job_id, after=0, timeout=5)
    while job.current_operation != "Doing one":
        job = await runner.follow(job_id, after=job.revision, timeout=5)
    asyncio.get_running_loop().call_later(0.05, gate.set)
    while job.status != "completed":
        job = await runner.follow(job_id, after=job.revision, timeout=5)


async def test_a_waiting_step_is_shown_as_waiting(store: Store) -> None:
    shown: list[tuple[str, str]] = []

    async def wait(run: Run) -> None:
        async with run.waiting("Waiting for the other appliance"):
            job = await runner.get(run.id)
            shown.append((job.status, job.current_operation))

    runner = Runner(store, [Plain([Noting("one", [], act=wait)])])
    assert (await runner.wait(await runner.submit("plain", {}))).status == "completed"
    assert shown == [("waiting", "Waiting for the other appliance")]


async def test_a_job_that_is_driven_already_is_not_taken_up_a_second_time(store: Store) -> None:
    calls: list[str] = []
    runner = Runner(store, [Plain([Noting("one", calls, act=lambda _: asyncio.sleep(60))])])
    job_id = await runner.submit("plain", {})
    while not calls:
        await asyncio.sleep(0.01)
    assert await runner.recover() == []
    await runner.cancel(job_id)
    await runner.wait(job_id)
    assert calls == ["one", "-one"]


async def test_a_job_that_nobody_has_taken_up_yet_can_be_cancelled(store: Store) -> None:
    calls: list[str] = []
    first = Runner(store, [Plain([Noting("one", calls, act=lambda _: asyncio.sleep(60))])])
    job_id = await first.submit("plain", {})
    while not calls:
        await asyncio.sleep(0.01)
    await first.close()
    second = Runner(store, [Plain([Noting("one", calls)])])
    await second.cancel(job_id)
    assert (await second.wait(job_id)).status == "cancelled"
    assert await second.recover() == []


async def test_a_cancel_in_the_moment_of_a_failure_does_not_break_off_the_undoing(store: Store) -> None:
    class SlowToTell(Runner):
        async def _tell(self, job_id: str) -> None:
            await asyncio.sleep(0.1)
            await super()._tell(job_id)

    class SlowUndo(Noting):
        async def undo(self, run: Run) -> None:
            await asyncio.sleep(0.5)
            await super().undo(run)

    async def fail_once_cancelled(run: Run) -> None:
        while not (await runner.get(run.id)).cancel_requested:
            await asyncio.sleep(0.005)
        raise BROKEN()

    calls: list[str] = []
    flow = Plain([SlowUndo("one", calls, act=fail_once_cancelled)])
    runner = SlowToTell(store, [flow])
    job_id = await runner.submit("plain", {})
    while not calls:
        await asyncio.sleep(0.01)
    await runner.cancel(job_id)
    assert (await runner.wait(job_id)).status == "cancelled"
    assert (calls, flow.settled) == (["one", "-one"], ["cancelled"])


async def test_what_a_step_says_while_the_agent_ends_is_no_verdict_on_its_job(store: Store) -> None:
    calls: list[str] = []

    async def complain(_: Run) -> None:
        try:
            await asyncio.sleep(60)
        finally:
            raise BROKEN()

    first = Runner(store, [Plain([Noting("one", calls, act=complain)])])
    job_id = await first.submit("plain", {})
    while not calls:
        await asyncio.sleep(0.01)
    await first.close()
    assert (await first.get(job_id)).status == "running" and calls == ["one"]


async def test_an_agent_ends_although_a_job_does_not_stop(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("appliance.core.jobs.runner.CLOSING_LIMIT", 0.1)
    gate = asyncio.Event()

    async def deaf(_: Run) -> None:
        while not gate.is_set():
            with contextlib.suppress(asyncio.CancelledError):
                await gate.wait()

    calls: list[str] = []
    runner = Runner(store, [Plain([Noting("one", calls, act=deaf)])])
    job_id = await runner.submit("plain", {})
    while not calls:
        await asyncio.sleep(0.01)
    async with asyncio.timeout(60):
        await runner.close()
    gate.set()
    await runner.wait(job_id)


async def test_a_job_goes_on_once_its_records_can_be_written_again(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("appliance.core.jobs.runner.RETRY", 0.05)

    class FullDisk(Plain):
        refusals = 2

        async def settle(self, session: AsyncSession, job: Job) -> None:
            if self.refusals:
                self.refusals -= 1
                raise STORE_UNWRITABLE(cause="disk I/O error")
            await super().settle(session, job)

    calls: list[str] = []
    flow = FullDisk([Noting("one", calls)])
    runner = Runner(store, [flow])
    job = await runner.wait(await runner.submit("plain", {}))
    assert flow.settled == [job.status] == [JobStatus.COMPLETED]
    assert calls == ["one"]


@pytest.mark.parametrize("problem", [STORE_UNREADABLE, STORE_UNWRITABLE])
async def test_what_was_done_is_not_undone_because_it_could_not_be_recorded(
    store: Store, monkeypatch: pytest.MonkeyPatch, problem: FaultSpec
) -> None:
    monkeypatch.setattr("appliance.core.jobs.runner.RETRY", 0.05)

    class Unrecorded(Noting):
        refusals = 2

        async def do(self, run: Run) -> None:
            await super().do(run)
            if self.refusals:
                self.refusals -= 1
                raise problem(cause="disk I/O error")

    calls: list[str] = []
    runner = Runner(store, [Plain([Unrecorded("one", calls)])])
    job = await runner.wait(await runner.submit("plain", {}))
    assert (job.status, job.error) == (JobStatus.COMPLETED, None)
    assert "-one" not in calls


async def test_a_job_of_an_earlier_version_gets_the_steps_that_it_lacks(store: Store) -> None:
    gate, calls = asyncio.Event(), list[str]()
    earlier = Runner(store, [Plain([Noting("one", calls), Noting("three", calls, act=lambda _: gate.wait())])])
    job_id = await earlier.submit("plain", {})
    while "three" not in calls:
        await asyncio.sleep(0)
    await earlier.close()
    gate.set()
    runner = Runner(store, [Plain([Noting("one", calls), Noting("two", calls), Noting("three", calls), Noting("four", calls)])])
    assert await runner.recover() == [job_id]
    job = await runner.wait(job_id)
    assert [(step.name, step.position, step.status) for step in (await runner.get(job_id)).steps] == [
        (name, position, StepStatus.COMPLETED) for position, name in enumerate(("one", "two", "three", "four"))
    ]
    assert (job.status, job.progress_percent) == (JobStatus.COMPLETED, 100.0)


@pytest.mark.parametrize(("status", "event"), list(product(JobStatus, JobEvent)))
def test_every_move_is_in_the_table_or_refused(status: JobStatus, event: JobEvent) -> None:
    if (status, event) in TRANSITIONS:
        assert move(status, event) == TRANSITIONS[status, event]
    else:
        with pytest.raises(IllegalMove):
            move(status, event)
