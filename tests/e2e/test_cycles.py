"""Cycles of real agents between the lab's clouds: what arrives is what was there."""

from pathlib import Path

import pytest

from appliance.contract.client import client
from appliance.contract.jobs import JobsApi
from appliance.contract.system import SystemApi
from tests.e2e.world import MIB, World, noise, storage_vm, world

pytestmark = [pytest.mark.lab, pytest.mark.timeout(900)]


async def test_a_full_copy_and_an_increment_arrive_and_leave_nothing(tmp_path: Path) -> None:
    async with world(tmp_path, storage_vm("web1", 64 * MIB, 32 * MIB)) as found:
        first = noise(5 * MIB)
        await found.write("web1", 2000, 10 * MIB, first)
        await found.write("web1", 2001, 0, noise(MIB))
        context_id, job_id = await found.protect("web1")
        await found.ended(job_id)
        assert await found.snapshots("web1") == []
        cycle = await found.replications.cycle(job_id)
        assert {disk.sync_type for disk in cycle.disks} == {"full"}
        assert cycle.bytes_transferred <= 1.05 * 6 * MIB + 2 * MIB
        assert (await found.replications.context(context_id)).current_status == "ready_for_failover"
        await one_correlation_id_runs_through(found, context_id, job_id)

        await found.write("web1", 2000, 12 * MIB, noise(3 * 65536))
        await found.write("web1", 2000, 10 * MIB, bytes(65536))
        job_id = await found.sync(context_id)
        await found.ended(job_id)
        cycle = await found.replications.cycle(job_id)
        assert {disk.sync_type for disk in cycle.disks} == {"incremental"}
        assert cycle.bytes_transferred <= 3 * 65536
        await found.identical("web1", context_id)


async def one_correlation_id_runs_through(found: World, context_id: str, job_id: str) -> None:
    """OMA, CloudStack and VMA name one request alike, their logs too; and the VM sums up what was done."""
    ours = await found.jobs.job(job_id)
    assert ours.cloudstack_jobs and {one.correlation_id for one in ours.cloudstack_jobs} == {ours.correlation_id}
    assert (await found.jobs.job_by_external(ours.cloudstack_jobs[0].id)).id == job_id
    assert found.vma.transport is not None
    far = await client(JobsApi, found.vma.transport).job(job_id)
    assert (far.kind, far.correlation_id) == ("copy", ours.correlation_id)
    lines = (await client(SystemApi, found.vma.transport).logs(job=ours.correlation_id)).entries
    assert lines and {one.job_id for one in lines} == {job_id}
    told = (await found.replications.context(context_id)).last_operation_summary or {}
    assert told["figures"]["bytes_transferred"] > 0 and "failover" in told["next_step"]


async def test_a_disk_whose_tracking_began_anew_is_copied_in_full_and_the_other_stays_incremental(tmp_path: Path) -> None:
    async with world(tmp_path, storage_vm("web1", 32 * MIB, 32 * MIB)) as found:
        await found.write("web1", 2000, 0, noise(MIB))
        await found.write("web1", 2001, 0, noise(MIB))
        context_id, job_id = await found.protect("web1")
        await found.ended(job_id)
        await found.lab("POST", "/vms/web1/epoch", {"disk": 2001})
        await found.write("web1", 2000, 2 * MIB, noise(MIB))
        job_id = await found.sync(context_id)
        await found.ended(job_id)
        cycle = await found.replications.cycle(job_id)
        assert {disk.disk_id: disk.sync_type for disk in cycle.disks} == {"disk-2000": "incremental", "disk-2001": "full"}
        await found.identical("web1", context_id)


async def test_a_failing_snapshot_ends_the_cycle_and_frees_the_vm(tmp_path: Path) -> None:
    async with world(tmp_path, storage_vm("web1", 32 * MIB)) as found:
        context_id, job_id = await found.protect("web1")
        await found.ended(job_id)
        await found.lab("POST", "/failures", {"kind": "snapshot_fails", "vm": "web1", "times": 1})
        job = await found.ended(await found.sync(context_id), wanted="failed")
        assert job.error is not None and "snapshot" in job.error.message
        after = await found.replications.context(context_id)
        assert after.current_job_id is None
        await found.ended(await found.sync(context_id))
        assert await found.snapshots("web1") == []
