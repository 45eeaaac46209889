"""What both consoles are told while real agents work."""

from pathlib import Path

import pytest

from appliance.contract.client import client
from appliance.contract.source import SourceApi
from appliance.contract.status import StatusApi
from tests.e2e.world import MIB, noise, storage_vm, until, world

pytestmark = [pytest.mark.lab, pytest.mark.timeout(900)]


async def test_a_copy_under_way_is_seen_from_both_sides_and_nothing_is_held_after_it(tmp_path: Path) -> None:
    async with world(tmp_path, storage_vm("web1", 128 * MIB)) as found:
        assert found.vma.transport is not None
        source = client(SourceApi, found.vma.transport)
        await found.write("web1", 2000, 10 * MIB, noise(64 * MIB))
        await found.lab("POST", "/failures", {"kind": "read_slow", "seconds": 0.2, "times": -1})
        _, job_id = await found.protect("web1")

        async def moving() -> bool | None:
            job = await found.jobs.job(job_id)
            assert job.status != "failed", job.error
            return True if job.pace is not None and job.pace.rate_bps > 0 else None

        await until(moving, "the copy moves bytes")
        [transfer], [snapshot], [vcenter] = await source.transfers(), await source.held_snapshots(), await source.vcenters()
        assert (transfer.job_id, transfer.vm_name, snapshot.held, vcenter.sessions) == (job_id, "web1", True, 1)
        assert [one.vm_name for one in await found.jobs.jobs(active=True)] == ["web1"]
        await found.ended(job_id)
        job = await found.jobs.job(job_id)
        assert job.pace is not None
        assert (job.pace.done_bytes, job.pace.rate_bps) == (job.pace.total_bytes, 0.0)
        assert (await source.transfers(), await source.held_snapshots()) == ([], [])


async def test_a_failure_is_told_on_both_sides_until_its_retry_succeeds(tmp_path: Path) -> None:
    async with world(tmp_path, storage_vm("web1", 32 * MIB)) as found:
        assert found.oma.transport is not None and found.vma.transport is not None
        statuses = [client(StatusApi, one.transport) for one in (found.oma, found.vma) if one.transport is not None]
        await found.lab("POST", "/failures", {"kind": "snapshot_fails", "vm": "web1", "times": 1})
        context_id, job_id = await found.protect("web1")
        await found.ended(job_id, wanted="failed")
        failure = (await found.replications.context(context_id)).last_failure
        assert failure is not None and (failure.job_id, failure.problem.key) == (job_id, "vcenter.refused")
        assert [one.last_failure is not None for one in [await api.status() for api in statuses]] == [True, True]

        await found.ended((await found.jobs.retry_job(job_id)).job_id)
        assert (await found.replications.context(context_id)).last_failure is None
        assert [(await api.status()).last_failure for api in statuses] == [None, None]
        assert len(await found.replications.cycles("web1")) == 2
