"""A job that is broken off ends where it stands: nobody drives it any more, nothing is undone, and what it holds is given back."""

import asyncio

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from appliance.core.jobs import Job, Run, Runner, Step, Workflow, runner
from appliance.core.store import Store


class Hanging(Step):
    """Hangs in its work, or in its undoing after it has failed; may not want to be stopped the first time."""

    name, title = "hang", "Hanging"

    def __init__(self, *, in_undo: bool = False, stubborn: bool = False) -> None:
        self.reached, self.left, self._in_undo, self._stubborn = asyncio.Event(), False, in_undo, stubborn

    async def do(self, run: Run) -> None:
        if self._in_undo:
            raise RuntimeError("it fails")
        await self._hang()

    async def undo(self, run: Run) -> None:
        assert self._in_undo, "nothing is undone"
        await self._hang()

    async def _hang(self) -> None:
        self.reached.set()
        try:
            await asyncio.Event().wait()
        finally:
            if self._stubborn:
                self._stubborn = False
                await asyncio.Event().wait()
            self.left = True


class Holding(Workflow):
    kind = "holding"
    settled: tuple[str, ...] = ()

    async def settle(self, session: AsyncSession, job: Job) -> None:
        self.settled += (job.status,)


async def hung(store: Store, step: Hanging) -> tuple[Runner, Holding, str]:
    flow = Holding([step])
    driven = Runner(store, [flow])
    job_id = await driven.submit("holding", {})
    async with asyncio.timeout(20):
        await step.reached.wait()
    return driven, flow, job_id


@pytest.mark.parametrize("in_undo", [False, True])
async def test_it_ends_where_it_stands(store: Store, in_undo: bool) -> None:
    step = Hanging(in_undo=in_undo)
    driven, flow, job_id = await hung(store, step)
    job = await driven.break_off(job_id)
    assert (job.status, [one.status for one in job.steps], flow.settled) == ("cancelled", ["failed"], ("cancelled",))
    assert job.error is not None and (in_undo or job.error["key"] == "job.broken_off")
    assert step.left and not driven.is_driven(job_id)


async def test_one_that_tidies_up_for_ever_is_told_again(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "BREAK_OFF_AGAIN", 0.05)
    step = Hanging(stubborn=True)
    driven, flow, job_id = await hung(store, step)
    assert (await driven.break_off(job_id)).status == "cancelled"
    assert not driven.is_driven(job_id) and flow.settled == ("cancelled",)


async def test_what_a_step_says_when_it_is_stopped_undoes_nothing(store: Store) -> None:
    class Complaining(Hanging):
        async def do(self, run: Run) -> None:
            try:
                await super().do(run)
            except asyncio.CancelledError as stopped:
                raise RuntimeError("its program was killed") from stopped

    driven, flow, job_id = await hung(store, Complaining())
    job = await driven.break_off(job_id)
    assert (job.status, [one.status for one in job.steps], flow.settled) == ("cancelled", ["failed"], ("cancelled",))


async def test_one_that_an_earlier_agent_left_is_ended_without_being_driven(store: Store) -> None:
    step = Hanging()
    driven, _, job_id = await hung(store, step)
    await driven.close()
    flow = Holding([Hanging()])
    assert (await Runner(store, [flow]).break_off(job_id)).status == "cancelled"
    assert flow.settled == ("cancelled",)


async def test_a_cancelled_one_that_hangs_all_the_same_is_ended_too(store: Store) -> None:
    step = Hanging(stubborn=True)
    driven, flow, job_id = await hung(store, step)
    await driven.cancel(job_id)
    await asyncio.sleep(0)
    assert (await driven.break_off(job_id)).status == "cancelled"
    assert flow.settled == ("cancelled",)


async def test_one_that_has_ended_stays_as_it_ended(store: Store) -> None:
    flow = Holding([])
    driven = Runner(store, [flow])
    job_id = await driven.submit("holding", {})
    await driven.wait(job_id)
    assert (await driven.break_off(job_id)).status == "completed"
    assert flow.settled == ("completed",)
