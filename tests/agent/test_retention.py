"""Old records go, a few at a time; what still tells something or is referred to stays."""

import asyncio
from datetime import datetime, timedelta
from typing import Any

import pytest
from console_records import START, at, cycle, job, keep, vm
from sqlalchemy import func, select

from appliance.agent.retention import workflow
from appliance.agent.retention.daily import look
from appliance.agent.retention.limits import Limits, is_due
from appliance.agent.retention.workflow import KIND, Keeping, Maintenance, prune
from appliance.cloudstack.models import CloudstackJobRow
from appliance.contract.errors import Fault
from appliance.core.audit import AuditEvent
from appliance.core.jobs import Job, JobIdCorrelation, JobStep, LogEvent, Run, Runner, Step, Workflow
from appliance.core.store import Store
from appliance.failover.models import FailoverJobRow
from appliance.replication.models import ReplicationJob
from appliance.schedules.models import ScheduleExecution
from appliance.volumes.models import VolumeOperationRow

NOW = START + timedelta(days=365)
RECENT = NOW - timedelta(days=1)


async def tidied(store: Store, **limits: int) -> list[str]:
    """What is left of the jobs, besides those that removed others."""
    runner = Runner(store)
    runner.register(Maintenance(Keeping(store, lambda: Limits(**limits), lambda: NOW)))
    done = await runner.wait(await prune(runner))
    assert done.status == "completed"
    async with store.session() as session:
        return list(await session.scalars(select(Job.id).where(Job.kind != KIND).order_by(Job.id)))


async def count(store: Store, table: type[Any]) -> int:
    async with store.session() as session:
        return await session.scalar(select(func.count()).select_from(table)) or 0


def failover(job_id: str, context_id: str, **more: Any) -> FailoverJobRow:
    return FailoverJobRow(id=job_id, vm_context_id=context_id, vm_id="vm", job_type="test", status="completed", **more)


async def add(store: Store, *rows: Any) -> None:
    async with store.begin() as session:
        session.add_all(rows)


async def test_an_old_job_goes_with_all_that_belongs_to_it(store: Store) -> None:
    await keep(store, vm(1), *(job(f"job-{n}", minute=n, vm_context_id="ctx-0001") for n in (1, 2)), cycle("job-1", "ctx-0001"))
    await add(
        store,
        LogEvent(job_id="job-1", level="info", message="x"),
        CloudstackJobRow(cloudstack_job_id="cs-1", cloudstack_command="x", parent_job_id="job-1", status="done"),
        JobIdCorrelation(external_job_id="cs-1", internal_job_id="job-1", job_type="cloudstack"),
    )
    assert await tidied(store) == ["job-2"]
    async with store.session() as session:
        steps = set(await session.scalars(select(JobStep.job_id)))
        logged = set(await session.scalars(select(LogEvent.job_id)))
    assert "job-1" not in steps | logged
    assert [await count(store, one) for one in (ReplicationJob, CloudstackJobRow, JobIdCorrelation)] == [0, 0, 0]


async def test_the_last_failure_and_the_last_success_of_each_vm_stay_however_old(store: Store) -> None:
    ends = ["failed", "completed", "failed", "completed", "cancelled"]
    mine = [job(f"job-a{n}", status, minute=n, vm_context_id="ctx-0001") for n, status in enumerate(ends)]
    others = [job(f"job-b{n}", status, minute=n, vm_context_id="ctx-0002") for n, status in enumerate(ends[:2])]
    await keep(store, vm(1), vm(2), *mine, *others)
    assert await tidied(store) == ["job-a2", "job-a3", "job-b0", "job-b1"]


async def test_each_vm_of_an_appliance_at_the_source_keeps_its_own_last_copies(store: Store) -> None:
    copies = [job(f"job-{n}", minute=n, kind="copy", title=f"Copy of vm-{n % 2}") for n in range(6)]
    await keep(store, *copies)
    assert await tidied(store) == ["job-4", "job-5"]


@pytest.mark.parametrize("status", ["pending", "running", "waiting", "undoing"])
async def test_what_has_not_ended_stays_with_its_parts_and_what_it_is_a_part_of(store: Store, status: str) -> None:
    whole, part = job("job-0", "failed", minute=0, kind="bulk"), job("job-2", "cancelled", minute=2, parent_job_id="job-1")
    open_one = job("job-1", status, minute=1, parent_job_id="job-0", kind="other")
    newer = job("job-3", "failed", minute=3, kind="bulk")
    await keep(store, whole, open_one, part, newer)
    assert await tidied(store) == ["job-0", "job-1", "job-2", "job-3"]


@pytest.mark.parametrize(
    ("state", "left"),
    [
        ("failed_over_test", ["job-0", "job-1", "job-9"]),
        ("failed_over_live", ["job-0", "job-1", "job-9"]),
        ("cleanup_required", ["job-0", "job-1", "job-9"]),
        ("ready_for_failover", ["job-9"]),
        ("migrated", ["job-9"]),
    ],
)
async def test_what_an_open_failover_refers_to_stays(store: Store, state: str, left: list[str]) -> None:
    jobs = [job(f"job-{n}", minute=n, vm_context_id="ctx-0001") for n in (0, 1, 9)]
    await keep(store, vm(1, current_status=state), *jobs)
    await add(store, failover("job-1", "ctx-0001", replication_job_id="job-0"))
    assert await tidied(store) == left


async def test_the_job_of_the_consistent_point_stays(store: Store) -> None:
    jobs = [job(f"job-{n}", minute=n, vm_context_id="ctx-0001") for n in (0, 1)]
    await keep(store, vm(1, last_successful_job_id="job-0"), *jobs)
    assert await tidied(store) == ["job-0", "job-1"]


async def test_no_more_jobs_are_kept_than_are_set_and_the_newest_stay(store: Store) -> None:
    await keep(store, *(job(f"job-{n:03}", "cancelled", created_at=RECENT, completed_at=RECENT) for n in range(300)))
    left = await tidied(store, job_count=20)
    assert left == [f"job-{n:03}" for n in range(280, 300)]


async def test_what_is_recent_stays_and_nothing_goes_where_all_is_kept(store: Store) -> None:
    await keep(store, *(job(f"job-{n}", minute=n) for n in range(3)), job("job-9", created_at=RECENT, completed_at=RECENT))
    assert await tidied(store, job_days=0) == ["job-0", "job-1", "job-2", "job-9"]
    assert await tidied(store, job_days=30) == ["job-9"]


async def test_old_records_of_volumes_and_cloudstack_go_once_they_have_ended_and_no_job_has_them(store: Store) -> None:
    def operation(name: str, status: str, **more: Any) -> VolumeOperationRow:
        return VolumeOperationRow(id=name, type="attach", status=status, **{"created_at": at(0), **more})

    def given(name: str, status: str, **more: Any) -> CloudstackJobRow:
        return CloudstackJobRow(id=name, cloudstack_job_id=name, cloudstack_command="x", status=status, **{"created_at": at(0), **more})

    await keep(store, vm(1, current_status="failed_over_test"), job("job-1", created_at=RECENT, completed_at=RECENT))
    await add(store, failover("job-1", "ctx-0001", destination_vm_id="machine-1"))
    await add(store, operation("a", "completed"), operation("b", "failed", vm_id="machine-0"), operation("c", "pending"))
    await add(store, operation("d", "interrupted"), operation("e", "completed", created_at=RECENT))
    await add(store, operation("f", "completed", vm_id="machine-1"))
    await add(
        store, given("a", "done"), given("b", "pending"), given("c", "done", parent_job_id="job-1"), given("d", "failed", parent_job_id="x")
    )
    await tidied(store)
    async with store.session() as session:
        assert list(await session.scalars(select(VolumeOperationRow.id).order_by(VolumeOperationRow.id))) == ["c", "d", "e", "f"]
        assert list(await session.scalars(select(CloudstackJobRow.id).order_by(CloudstackJobRow.id))) == ["b", "c"]


async def test_old_entries_of_the_audit_log_and_old_runs_of_schedules_go(store: Store) -> None:
    def run(name: str, status: str, created_at: datetime) -> ScheduleExecution:
        times = {"due_at": created_at, "start_at": created_at, "created_at": created_at}
        return ScheduleExecution(id=name, schedule_id="s", schedule_name="s", started_by="schedule", status=status, **times)

    await add(store, *(AuditEvent(at=when, actor="x", action="x", result="done") for when in (START - timedelta(days=99), RECENT)))
    await add(store, run("a", "started", START), run("b", "queued", START), run("c", "skipped", RECENT))
    await tidied(store)
    assert await count(store, AuditEvent) == 1
    async with store.session() as session:
        assert list(await session.scalars(select(ScheduleExecution.id).order_by(ScheduleExecution.id))) == ["b", "c"]


async def test_others_write_between_two_batches(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workflow, "BATCH", 5)
    await keep(store, *(job(f"job-{n:03}", "cancelled", minute=n) for n in range(50)))
    running = asyncio.create_task(tidied(store))
    left = []
    while not running.done():
        async with store.begin() as session:
            left.append(await session.scalar(select(func.count()).select_from(Job).where(Job.status == "cancelled")) or 0)
        await asyncio.sleep(0)
    await running
    assert any(0 < one < 50 for one in left)


async def test_it_is_done_once_at_a_time(store: Store) -> None:
    gate = asyncio.Event()

    class Waits(Step):
        name, title = "wait", "Waiting"

        async def do(self, run: Run) -> None:
            await gate.wait()

    class Waiting(Maintenance):
        def __init__(self, keeping: Keeping) -> None:
            Workflow.__init__(self, [Waits()])

    runner = Runner(store)
    runner.register(Waiting(Keeping(store)))
    first = await prune(runner)
    with pytest.raises(Fault) as refused:
        await prune(runner)
    gate.set()
    assert (refused.value.key, (await runner.wait(first)).status) == ("maintenance.runs_already", "completed")


@pytest.mark.parametrize(
    ("newest", "oldest", "due"),
    [
        (None, None, False),
        (None, NOW - timedelta(hours=23), False),
        (None, NOW - timedelta(hours=24), True),
        (NOW - timedelta(hours=23), START, False),
        (NOW - timedelta(hours=24), START, True),
        (NOW + timedelta(hours=1), START, False),
        (NOW + timedelta(days=300), START, True),
    ],
)
def test_it_is_time_a_day_after_the_last_time(newest: datetime | None, oldest: datetime | None, due: bool) -> None:
    assert is_due(newest, oldest, NOW) is due


async def test_it_starts_by_itself_a_day_after_the_first_job_and_not_again_at_once(store: Store) -> None:
    runner = Runner(store)
    runner.register(Maintenance(Keeping(store)))
    assert await look(runner, NOW) is None
    await keep(store, job("job-1", minute=0))
    started = await look(runner, NOW)
    assert started is not None and (await runner.wait(started)).kind == KIND
    assert await look(runner, (await runner.get(started)).created_at + timedelta(hours=1)) is None
