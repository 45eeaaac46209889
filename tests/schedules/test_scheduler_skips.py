"""Why scheduled runs are skipped, from the records of a whole fleet."""

from __future__ import annotations

from datetime import timedelta

import pytest
from schedule_world import NOON, World
from sqlalchemy import update

from appliance.contexts import VmState
from appliance.contract.errors import fault
from appliance.contract.schedules import ExecutionStatus
from appliance.core.jobs import Job


async def test_every_reason_that_a_vm_itself_gives(world: World) -> None:
    long_ago = NOON - timedelta(hours=3)
    given = {
        "migrated": {"current_status": VmState.MIGRATED},
        "failed_over": {"current_status": VmState.LIVE},
        "cleanup_required": {"current_status": VmState.CLEANUP_REQUIRED},
        "diverged": {"diverged_since": long_ago},
        "busy": {"current_job_id": "job-of-something"},
        "source_unreachable": {"peer_id": "peer-2"},
    }
    for name, fields in given.items():
        await world.vms(name, **fields)
    world.down = {"peer-2"}
    await world.schedule(vms=list(given))
    assert await world.tick(hours=1) == 0
    assert await world.told() == sorted(f"{name} schedule.{name}" for name in given)
    assert all(one.decided_at == world.now and one.reason and one.vm_name in one.reason["message"] for one in await world.runs())


@pytest.mark.parametrize("fields", [{"current_status": VmState.DISCOVERED}, {"current_status": VmState.FAILED, "torn_since": NOON}])
async def test_a_new_or_torn_vm_is_copied(world: World, fields: dict[str, object]) -> None:
    await world.vms("web", **fields)
    await world.schedule(vms=["web"])
    assert await world.tick(hours=1) == 1


async def test_a_vm_whose_job_tells_nothing_new_is_stagnant_and_not_just_busy(world: World) -> None:
    await world.vms("web", "db")
    await world.schedule(vms=["web", "db"])
    for name, minutes in (("web", 29), ("db", 31)):
        await world.start(f"ctx-{name}", quiesce=False, job_id=f"job-{name}")
        await world.copy.begun.get()
        async with world.store.begin() as session:
            told_at = NOON + timedelta(minutes=60 - minutes)
            await session.execute(update(Job).where(Job.id == f"job-{name}").values(updated_at=told_at))
    await world.tick(hours=1)
    assert await world.told() == ["db schedule.stagnant", "web schedule.busy"]


async def test_a_vm_that_still_waits_from_an_earlier_time_is_not_queued_twice(world: World) -> None:
    await world.vms("web", "db")
    await world.schedule(vms=["web", "db"], max_concurrent=1)
    await world.tick(hours=1)
    await world.tick(hours=1)
    told = sorted(await world.told())
    assert [one.split()[1] for one in told].count("schedule.already_queued") == 1
    assert [one.split()[1] for one in told].count("schedule.busy") == 1


@pytest.mark.parametrize("whose", ["schedule", "fleet"])
async def test_in_a_blackout_nothing_is_started(world: World, whose: str) -> None:
    window = {"name": "Lunch", "start": "12:30", "end": "13:30", "timezone": "UTC"}
    await world.vms("web")
    await world.schedule(vms=["web"], blackouts=[window] if whose == "schedule" else [])
    if whose == "fleet":
        await world.limits(blackouts=[window])
    await world.tick(hours=1)
    await world.tick(hours=1)
    assert await world.told() == ["web schedule.blackout", "web started"]
    assert "(Lunch)" in ((await world.runs())[0].reason or {})["message"]


async def test_a_run_that_waits_into_a_blackout_is_skipped(world: World) -> None:
    await world.vms("web", "db")
    await world.schedule(vms=["web", "db"], max_concurrent=1, blackouts=[{"start": "13:30", "end": "14:00"}])
    assert await world.tick(hours=1) == 1
    await world.tick(minutes=30)
    assert sorted(one.split()[1] for one in await world.told()) == ["schedule.blackout", "started"]


async def test_a_schedule_without_vms_says_so(world: World) -> None:
    await world.schedule(group_id=await world.group("empty"))
    await world.tick(hours=1)
    assert await world.told() == [" schedule.no_vms"]


async def test_a_vm_that_is_deleted_while_it_waits_is_told_by_its_name(world: World) -> None:
    await world.vms("web", "db")
    await world.schedule(vms=["web", "db"], spread_seconds=600)
    await world.tick(hours=1)
    await world.forget("web")
    await world.tick(minutes=10)
    assert await world.told() == ["db started", "web schedule.vm_deleted"]


@pytest.mark.parametrize("how", ["disabled", "deleted"])
async def test_what_waits_of_a_schedule_that_is_no_longer_on_is_skipped(world: World, how: str) -> None:
    await world.vms("web", "db")
    schedule = await world.schedule(vms=["web", "db"], max_concurrent=1)
    await world.tick(hours=1)
    await (world.schedules.turn(schedule, False) if how == "disabled" else world.schedules.delete(schedule))
    await world.tick(seconds=1)
    assert sorted(one.split()[1] for one in await world.told()) == ["schedule.off", "started"]


async def test_a_refusal_of_the_start_itself_is_the_reason(world: World) -> None:
    refusal = fault("test.no_configuration", 409, "No configuration is active.", "Choose one.")

    async def start(context_id: str, /, *, quiesce: bool, job_id: str, verify: str | None = None) -> str:
        raise refusal(cause="secret")

    await world.vms("web")
    await world.schedule(vms=["web"])
    world.scheduler.start = start
    await world.tick(hours=1)
    (run,) = await world.runs()
    told = {"key": "test.no_configuration", "message": "No configuration is active.", "guidance": "Choose one."}
    assert (run.status, run.reason, run.job_id) == (ExecutionStatus.SKIPPED, told, None)
