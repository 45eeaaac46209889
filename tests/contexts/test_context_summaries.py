"""What a VM keeps of its last operation: what ran, how it ended, figures, and what to do next."""

from datetime import UTC, datetime, timedelta
from itertools import product

import pytest

from appliance.contexts import VmContext, VmEvent, VmState, records
from appliance.contexts.summaries import next_step, summary
from appliance.contract.errors import CATALOGUE, fault
from appliance.core.jobs import Job, JobStatus, Run, Runner, Step, Workflow
from appliance.core.store import Store
from tests.contract.operator_words import flaws

BEGAN = datetime(2026, 1, 1, tzinfo=UTC)


def ended(status: str = "completed") -> Job:
    times = {"started_at": BEGAN, "completed_at": BEGAN + timedelta(seconds=90)}
    return Job(id="job-1", kind="toy", title="Toy of web", status=status, params={}, state={}, steps=[], vm_context_id="ctx-1", **times)


@pytest.mark.parametrize(("state", "status"), list(product(VmState, ("completed", "failed", "cancelled"))))
def test_there_is_something_to_do_next_in_every_state_however_the_operation_ended(state: VmState, status: str) -> None:
    told = next_step(state, status)
    assert told.endswith(".") and told[0].isupper() and not flaws(told)


def test_a_summary_tells_what_ran_how_long_and_with_what_figures() -> None:
    told = summary(ended(), VmState.READY, {"bytes_transferred": 7})
    assert (told["title"], told["status"], told["seconds"], told["figures"]) == ("Toy of web", "completed", 90.0, {"bytes_transferred": 7})
    assert told["at"] == (BEGAN + timedelta(seconds=90)).isoformat()


def test_a_failure_leaves_a_complete_copy_as_good_as_it_was() -> None:
    assert "still good" in next_step(VmState.READY, JobStatus.FAILED)
    assert "still good" not in next_step(VmState.FAILED, JobStatus.FAILED)
    assert "Clean up" in next_step(VmState.CLEANUP_REQUIRED, JobStatus.CANCELLED)


class Toy(Workflow):
    """Holds the VM; `after` is where it leaves it."""

    kind = "toy"

    def __init__(self, step: Step, after: VmEvent | None = None) -> None:
        super().__init__([step])
        self._after = after

    async def claim(self, session: object, job: Job) -> None:
        await records.claim(session, job)  # type: ignore[arg-type]

    async def settle(self, session: object, job: Job) -> None:
        context = await records.free(session, job, {"things": 3})  # type: ignore[arg-type]
        if self._after and job.status == JobStatus.COMPLETED:
            records.advance(context, self._after)


class Quick(Step):
    name, title = "quick", "Being quick"

    async def do(self, run: Run) -> None:
        if run.params.get("fails"):
            raise BROKEN()


BROKEN = CATALOGUE.get("test.broken_toy") or fault("test.broken_toy", 500, "The toy broke.", "Mend it.")


def web() -> VmContext:
    words = dict.fromkeys(("peer_id", "vmware_vm_id", "vm_path", "vcenter_host", "datacenter"), "x")
    return VmContext(context_id="ctx-1", vm_name="web", current_status=VmState.READY, **words)


async def done(store: Store, runner: Runner, **params: object) -> VmContext:
    """The VM after an operation."""
    await runner.wait(await runner.submit("toy", params, vm_context_id="ctx-1"))
    async with store.session() as session:
        return await records.by_id(session, "ctx-1")


async def test_the_summary_stays_until_the_next_operation_ends(store: Store) -> None:
    async with store.begin() as session:
        session.add(web())
    runner = Runner(store, [Toy(Quick())])
    first = (await done(store, runner, fails=True)).last_operation_summary or {}
    assert (first["status"], first["error"]["message"], first["stopped_at"], first["figures"]) == (
        "failed",
        "The toy broke.",
        "Being quick",
        {"things": 3},
    )
    async with store.begin() as session:
        context = await records.by_id(session, "ctx-1")
        context.current_job_id = "job-next"
        records.advance(context, VmEvent.CYCLE_STARTS)
        assert context.last_operation_summary == first
        context.current_status, context.current_job_id = VmState.READY, None
    assert ((await done(store, runner)).last_operation_summary or {})["status"] == "completed"


async def test_the_next_step_is_that_of_the_state_in_which_the_operation_left_the_vm(store: Store) -> None:
    async with store.begin() as session:
        session.add(web())
    told = (await done(store, Runner(store, [Toy(Quick(), VmEvent.TEST_STARTED)]))).last_operation_summary or {}
    assert (told["state"], told["next_step"]) == (VmState.TEST, next_step(VmState.TEST, "completed"))
