"""VMs under management as the console lists them."""

from __future__ import annotations

from typing import Any, cast

import pytest
from console_records import at, cycle, job, keep, statements, vm

from appliance.agent.http.replications import ReplicationRoutes
from appliance.contract.errors import Fault
from appliance.core.store import Store


def routes(store: Store) -> ReplicationRoutes:
    return ReplicationRoutes(store, cast(Any, None), cast(Any, None))


async def test_a_vm_tells_how_the_job_that_holds_it_gets_on(store: Store) -> None:
    running = job("job-1", "running", vm_context_id="ctx-0001", progress_percent=45.0, current_operation="Copying the disks")
    await keep(store, vm(1, current_job_id="job-1"), running, cycle("job-1", "ctx-0001"))
    found = await routes(store).context("vm-0001")
    assert (found.progress_percent, found.current_operation, found.rate_bps, found.eta_seconds) == (45.0, "Copying the disks", 10.0, 6)
    assert (found.next_run, found.last_failure) == (None, None)


async def test_a_vm_whose_job_waits_has_no_rate(store: Store) -> None:
    waiting = job("job-1", "waiting", vm_context_id="ctx-0001", current_operation="Waiting for the appliance at the source")
    await keep(store, vm(1, current_job_id="job-1"), waiting, cycle("job-1", "ctx-0001"))
    found = await routes(store).context("ctx-0001")
    assert (found.current_operation, found.rate_bps, found.eta_seconds) == ("Waiting for the appliance at the source", 0.0, None)


async def test_a_vm_that_nothing_holds_shows_no_progress(store: Store) -> None:
    await keep(store, vm(1), job("job-1", "completed", vm_context_id="ctx-0001", progress_percent=100.0))
    found = await routes(store).context("ctx-0001")
    assert (found.progress_percent, found.current_operation, found.rate_bps, found.eta_seconds) == (None, "", 0.0, None)


@pytest.mark.parametrize(
    ("ends", "failure"),
    [
        ([], None),
        (["completed"], None),
        (["failed"], "job-0"),
        (["failed", "completed"], None),
        (["completed", "failed"], "job-1"),
        (["failed", "failed"], "job-1"),
        (["failed", "completed", "failed"], "job-2"),
        (["failed", "cancelled"], "job-0"),
        (["completed", "cancelled"], None),
        (["failed", "running"], "job-0"),
    ],
)
@pytest.mark.parametrize("summed_up", [True, False])
async def test_a_failure_stays_until_something_succeeds(store: Store, ends: list[str], failure: str | None, summed_up: bool) -> None:
    over = [status for status in ends if status != "running"]
    summary = {"status": over[-1]} if over and summed_up else None
    jobs = [job(f"job-{n}", status, minute=n, vm_context_id="ctx-0001", kind=f"kind {n}") for n, status in enumerate(ends)]
    await keep(store, vm(1, last_operation_summary=summary), *jobs, job("job-9", "failed", minute=9))
    found = (await routes(store).context("ctx-0001")).last_failure
    assert (found.job_id if found else None) == failure


async def test_a_failure_tells_when_what_and_why_in_the_operators_words(store: Store) -> None:
    await keep(store, vm(1), job("job-1", "failed", minute=3, vm_context_id="ctx-0001"))
    found = (await routes(store).context("ctx-0001")).last_failure
    assert found is not None
    assert (found.at, found.title, found.problem.message, found.problem.guidance) == (
        at(3.5),
        "Title of job-1",
        "It can't be reached.",
        "Check it.",
    )
    assert "secret" not in found.model_dump_json()


async def test_a_success_that_began_before_the_failure_but_ended_after_it_counts(store: Store) -> None:
    failed = job("job-1", "failed", minute=2, vm_context_id="ctx-0001")
    await keep(store, vm(1), failed, job("job-0", minute=1, completed_at=at(5), vm_context_id="ctx-0001"))
    assert (await routes(store).context("ctx-0001")).last_failure is None


async def test_a_thousand_vms_with_five_thousand_jobs_take_as_many_questions_as_two(store: Store) -> None:
    async def asked() -> list[str]:
        with statements(store) as found:
            await routes(store).contexts()
        return found

    await keep(store, *_busy(0), *_busy(1))
    few = await asked()
    await keep(store, *(row for n in range(2, 1000) for row in _busy(n)))
    many = await asked()
    assert len(many) == len(few) <= 3
    assert all(one.last_failure and one.progress_percent == 45.0 for one in await routes(store).contexts())


def _busy(number: int) -> list[Any]:
    """A VM with a job that runs, one that failed, and three before them."""
    context_id, running = f"ctx-{number:04}", f"job-{number:04}-5"
    past = [job(f"job-{number:04}-{n}", "failed" if n == 4 else "completed", minute=n, vm_context_id=context_id) for n in (1, 2, 3, 4)]
    now = job(running, "running", minute=5, vm_context_id=context_id, progress_percent=45.0)
    return [vm(number, current_job_id=running, last_operation_summary={"status": "failed"}), *past, now, cycle(running, context_id)]


async def test_the_cycles_of_a_vm_come_newest_first_and_no_more_than_asked(store: Store) -> None:
    mine = [cycle(f"job-{n}", "ctx-0001", minute=n) for n in range(4)]
    await keep(store, vm(1), vm(2), *mine, cycle("job-x", "ctx-0002", minute=9))
    assert [one.job_id for one in await routes(store).cycles("vm-0001", limit=3)] == ["job-3", "job-2", "job-1"]


async def test_the_cycles_of_an_unknown_vm_are_not_found(store: Store) -> None:
    with pytest.raises(Fault) as refused:
        await routes(store).cycles("nothing")
    assert refused.value.status == 404
