"""Failovers of real agents: the cloud ends as it should be, and the way back is exact."""

from pathlib import Path

import pytest

from appliance.contract.failover import StartFinalise, StartLive, StartRollback, StartTest
from tests.e2e.world import MIB, World, noise, storage_vm, world

pytestmark = [pytest.mark.lab, pytest.mark.timeout(900)]


def is_on(found: World, vm: str) -> bool:
    """Whether the source VM runs."""
    record = found.vcenter.estate.named(vm)
    assert record is not None
    return record.powered_on


def machines(found: World) -> set[str]:
    """The machines that the cloud has."""
    return set(found.cloud.cloud.world.instances)


async def test_test_failover_cleanup_live_failover_rollback_and_finalise(tmp_path: Path) -> None:
    async with world(tmp_path, storage_vm("web1", 32 * MIB, 16 * MIB)) as found:
        await found.write("web1", 2000, 0, noise(2 * MIB))
        await found.write("web1", 2001, 0, noise(MIB))
        context_id, job_id = await found.protect("web1")
        await found.ended(job_id)
        isolated = found.names["isolated-test"]

        test = (await found.failover.failover_test(StartTest(vm="web1", network_id=isolated))).job_id
        await found.ended(test)
        assert (await found.replications.context("web1")).current_status == "failed_over_test"
        destination = (await found.failover.failover_job(test)).destination_vm_id
        assert destination is not None and destination in machines(found)

        await found.ended((await found.failover.cleanup(context_id)).job_id)
        assert (await found.replications.context("web1")).current_status == "ready_for_failover"
        assert destination not in machines(found)
        assert not found.cloud.cloud.world.snapshots

        await found.write("web1", 2000, 4 * MIB, noise(MIB))
        job_id = await found.sync(context_id)
        await found.ended(job_id)
        assert {disk.sync_type for disk in (await found.replications.cycle(job_id)).disks} == {"incremental"}

        live = StartLive(vm="web1", shutdown_seconds=20)
        await found.ended((await found.failover.failover_live(live)).job_id)
        assert (await found.replications.context("web1")).current_status == "failed_over_live"
        assert not is_on(found, "web1")

        await found.ended((await found.failover.rollback(StartRollback(vm="web1", power_on_source=True))).job_id)
        assert (await found.replications.context("web1")).current_status == "ready_for_failover"
        assert is_on(found, "web1")

        await found.write("web1", 2001, 0, noise(MIB))
        job_id = await found.sync(context_id)
        await found.ended(job_id)
        assert {disk.sync_type for disk in (await found.replications.cycle(job_id)).disks} == {"incremental"}
        await found.ended((await found.failover.failover_live(live)).job_id)
        await found.ended((await found.failover.finalise(StartFinalise(vm="web1"))).job_id)
        assert (await found.replications.context("web1")).current_status == "migrated"
        assert await found.snapshots("web1") == []
        assert not found.cloud.cloud.world.snapshots
