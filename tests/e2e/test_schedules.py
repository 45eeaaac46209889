"""Schedules on two real agents: increments by themselves, through a power cut, and without the other side."""

from __future__ import annotations

from pathlib import Path

import pytest

from appliance.contract.client import client
from appliance.contract.errors import Fault
from appliance.contract.schedules import AddMember, Execution, ExecutionStatus, SaveGroup, SaveSchedule, SchedulesApi
from appliance.contract.status import StatusApi
from tests.e2e.world import MIB, World, noise, storage_vm, until, world

pytestmark = [pytest.mark.lab, pytest.mark.timeout(900)]


async def test_a_schedule_keeps_a_copy_in_step_through_a_power_cut_and_tells_when_the_source_is_away(tmp_path: Path) -> None:
    async with world(tmp_path, storage_vm("web1", 64 * MIB)) as found:
        api: SchedulesApi = client(SchedulesApi, found.oma.transport)  # type: ignore[arg-type]
        context_id, job_id = await found.protect("web1")
        await found.ended(job_id)
        await found.write("web1", 2000, 8 * MIB, noise(4 * MIB))
        group = await api.create_group(SaveGroup(name="web", max_concurrent=1))
        await api.add_member(group.id, AddMember(vm="web1"))
        made = await api.create_schedule(SaveSchedule(name="often", cron="*/3 * * * * *", group_id=group.id, spread_seconds=0))
        assert (await found.replications.context("web1")).next_run is not None

        health = await client(StatusApi, found.oma.transport).health()  # type: ignore[arg-type]
        assert health.parts["scheduler"].detail.startswith("Next run at")
        first = await run_that(api, "started")
        await found.ended(first.job_id or "")
        found.oma.kill()
        await found.oma.start()
        later = await run_that(api, "started", after=first.due_at.isoformat())
        job = await found.ended(later.job_id or "")
        assert job.vm_context_id == context_id

        found.vma.kill()
        away = await run_that(api, "schedule.source_unreachable")
        assert away.vm_name == "web1" and away.job_id is None
        await api.disable_schedule(made.id)
        await found.vma.start()
        await connected(found)
        (queued,) = await api.run_schedule(made.id)
        assert queued.status is ExecutionStatus.QUEUED

        async def job_of_it() -> str | None:
            return (await api.execution(queued.id)).job_id

        await found.ended(await until(job_of_it, "it is started by hand"))
        runs = await api.schedule_history(made.id, limit=1000)
        assert len({one.job_id for one in runs if one.job_id}) == sum(one.job_id is not None for one in runs)
        assert {one.replication_type for one in (await found.replications.cycles("web1"))[:-1]} == {"incremental"}
        await found.identical("web1", context_id)


async def run_that(api: SchedulesApi, outcome: str, after: str = "") -> Execution:
    """A scheduled run, due after a time, that was started or skipped for a reason."""

    async def there() -> Execution | None:
        try:
            runs = await api.executions()
        except Fault:
            return None
        fitting = (one for one in runs if outcome in (one.reason.key if one.reason else one.status) and one.due_at.isoformat() > after)
        return next(fitting, None)

    found: Execution = await until(there, f"a run is {outcome}")
    return found


async def connected(found: World) -> None:
    status = client(StatusApi, found.oma.transport)  # type: ignore[arg-type]

    async def up() -> bool | None:
        return True if all(one.up for one in (await status.status()).tunnels) else None

    await until(up, "the tunnel is up again")
