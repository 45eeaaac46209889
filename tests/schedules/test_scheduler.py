"""What the scheduler starts, and when: on time, once, in its order, within its limits, and by hand."""

from __future__ import annotations

from datetime import timedelta

from schedule_world import NOON, World

from appliance.contexts import VmState
from appliance.contract.schedules import ExecutionStatus


async def test_a_schedule_starts_its_vms_when_it_is_due_and_not_before(world: World) -> None:
    await world.vms("web", "db")
    await world.schedule(vms=["web", "ctx-db"])
    assert await world.tick(minutes=59, seconds=59) == 0
    assert await world.tick(seconds=1) == 2
    assert await world.tick(seconds=1) == 0
    assert await world.told() == ["db started", "web started"]
    assert sorted(await world.jobs()) == ["db", "web"]


async def test_a_run_keeps_when_it_was_due_and_which_job_it_became(world: World) -> None:
    await world.vms("web")
    await world.schedule(vms=["web"], quiesce=True)
    await world.tick(hours=1, seconds=3)
    (run,) = await world.runs()
    assert (run.due_at, run.started_by, run.missed_since) == (NOON + timedelta(hours=1), "schedule", None)
    job = await world.runner.get(run.job_id or "")
    assert (job.vm_context_id, job.params["quiesce"]) == ("ctx-web", True)


async def test_a_run_is_recorded_before_it_is_started(world: World) -> None:
    seen = []

    async def start(context_id: str, /, *, quiesce: bool, job_id: str, verify: str | None = None) -> str:
        (run,) = await world.runs()
        seen.append((run.status, run.job_id == job_id))
        return await world.start(context_id, quiesce=quiesce, job_id=job_id)

    await world.vms("web")
    await world.schedule(vms=["web"])
    world.scheduler.start = start
    await world.tick(hours=1)
    assert seen == [(ExecutionStatus.STARTING, True)]


async def test_a_group_is_run_with_the_members_it_has_when_it_is_due(world: World) -> None:
    await world.vms("web", "db", "mail")
    group = await world.group("all", "web")
    await world.schedule(group_id=group, vms=["mail", "web"])
    await world.groups.add(group, "db")
    await world.groups.remove(group, "web")
    await world.tick(hours=1)
    assert sorted(await world.jobs()) == ["db", "mail", "web"]


async def test_a_vm_that_two_schedules_name_is_started_once(world: World) -> None:
    await world.vms("web")
    await world.schedule("one", vms=["web"])
    await world.schedule("two", vms=["web"])
    await world.tick(hours=1)
    assert sorted(await world.told()) == ["web schedule.already_queued", "web started"]


async def test_starts_are_spread_within_their_bound(world: World) -> None:
    names = [f"vm-{number}" for number in range(10)]
    await world.vms(*names)
    await world.schedule(vms=names, spread_seconds=60)
    started = [await world.tick(hours=1), *[await world.tick(seconds=10) for _ in range(6)]]
    assert sum(started) == 10 and max(started) <= 3


async def test_a_groups_limit_holds_across_schedules_and_what_ends_makes_room(world: World) -> None:
    await world.vms("a", "b", "c", "d")
    group = await world.group("hosts", "a", "b", "c", "d", max_concurrent=2)
    await world.schedule("one", group_id=group)
    await world.schedule("two", vms=["c", "d"])
    assert await world.tick(hours=1) == 2
    assert await world.tick(seconds=1) == 0
    await world.finish((await world.jobs())[0])
    assert await world.tick(seconds=1) == 1
    assert len(await world.jobs()) == 3


async def test_what_an_operator_started_counts_too(world: World) -> None:
    await world.vms("a", "b")
    await world.limits(max_concurrent=1)
    await world.start("ctx-a", quiesce=False, job_id="job-1")
    await world.schedule(vms=["b"])
    assert await world.tick(hours=1) == 0
    await world.finish("a")
    assert await world.tick(seconds=1) == 1


async def test_the_higher_priority_goes_first_across_schedules(world: World) -> None:
    await world.vms("low", "high", "middle")
    await world.limits(max_concurrent=1)
    await world.schedule("one", group_id=await world.group("background", "low", priority=10), vms=["middle"])
    await world.schedule("two", group_id=await world.group("urgent", "high", priority=90))
    await world.tick(hours=1)
    for name in ("high", "middle", "low"):
        assert (await world.jobs())[-1] == name
        await world.finish(name)
        await world.tick(seconds=1)


async def test_a_group_waits_for_one_that_it_is_in_conflict_with(world: World) -> None:
    await world.vms("web", "db")
    databases = await world.group("databases", "db", priority=90)
    webs = await world.group("webs", "web", conflicts_with=[databases])
    await world.schedule("one", group_id=databases)
    await world.schedule("two", group_id=webs)
    assert await world.tick(hours=1) == 1
    await world.finish("db")
    assert await world.tick(seconds=1) == 1
    assert await world.jobs() == ["db", "web"]


async def test_a_tick_starts_a_few_and_the_next_goes_on(world: World) -> None:
    names = [f"vm-{number:02}" for number in range(12)]
    await world.vms(*names)
    await world.schedule(vms=names)
    assert [await world.tick(hours=1), *[await world.tick(seconds=1) for _ in range(3)]] == [5, 5, 2, 0]


async def test_a_schedule_that_is_off_can_be_run_now(world: World) -> None:
    await world.vms("web", "db", current_status=VmState.READY)
    await world.change("db", current_status=VmState.TEST)
    schedule = await world.schedule(vms=["web", "db"], enabled=False, spread_seconds=3600)
    await world.schedules.run_now(schedule)
    assert await world.tick() == 1
    assert await world.told() == ["db schedule.failed_over", "web started"]
    assert {one.started_by for one in await world.runs()} == {"operator"}


async def test_running_it_now_leaves_its_next_time_as_it_is(world: World) -> None:
    await world.vms("web")
    schedule = await world.schedule(vms=["web"])
    await world.schedules.run_now(schedule)
    assert (await world.schedules.get(schedule)).row.next_run_at == NOON + timedelta(hours=1)


async def test_asked_for_twice_it_is_run_once(world: World) -> None:
    await world.vms("web")
    schedule = await world.schedule(vms=["web"])
    await world.schedules.run_now(schedule)
    await world.schedules.run_now(schedule)
    assert await world.tick() == 1
    assert sorted(await world.told()) == ["web schedule.already_queued", "web started"]


async def test_a_schedule_that_verifies_starts_verifications_in_full(world: World) -> None:
    await world.vms("web")
    await world.schedule(vms=["web"], verify=True)
    await world.tick(hours=1, seconds=3)
    (run,) = await world.runs()
    assert run.verify and (await world.runner.get(run.job_id or "")).params["verify"] == "full"
