"""A failover that hangs, between real agents: one action, and the VM is as before; the reconciler then has nothing to tell of."""

from pathlib import Path

import pytest

from appliance.contract.failover import StartFailedCleanup, StartTest
from appliance.contract.reconciliation import ReconciliationApi
from appliance.lab.cloudstack.faults import Fault
from tests.e2e.world import MIB, noise, storage_vm, until, world

pytestmark = [pytest.mark.lab, pytest.mark.timeout(900)]


async def test_a_failover_that_hangs_in_cloudstack_is_cleaned_up_and_the_next_copy_is_an_increment(tmp_path: Path) -> None:
    async with world(tmp_path, storage_vm("web1", 16 * MIB)) as found:
        await found.write("web1", 2000, 0, noise(MIB))
        context_id, job_id = await found.protect("web1")
        await found.ended(job_id)
        cloud = found.cloud.cloud
        before = set(cloud.world.instances)

        cloud.faults.add(Fault(kind="job_never_ends", command="startVirtualMachine", done=True))
        test = (await found.failover.failover_test(StartTest(vm="web1", network_id=found.names["isolated-test"]))).job_id

        async def runs() -> bool | None:
            return any(one.state == "Running" for one in cloud.world.instances.values() if one.id not in before) or None

        await until(runs, "the new machine runs")
        await found.ended((await found.failover.cleanup_failed("web1", StartFailedCleanup())).job_id)
        assert (await found.jobs.job(test)).status == "cancelled"
        assert (await found.replications.context("web1")).current_status == "ready_for_failover"
        assert set(cloud.world.instances) == before
        assert not cloud.world.snapshots

        await found.write("web1", 2000, 4 * MIB, noise(MIB))
        job_id = await found.sync(context_id)
        await found.ended(job_id)
        assert {disk.sync_type for disk in (await found.replications.cycle(job_id)).disks} == {"incremental"}
        await found.identical("web1", context_id)

        reconciler: ReconciliationApi = found.api(ReconciliationApi)  # type: ignore[assignment]
        await found.ended((await reconciler.look()).job_id)
        seen = await reconciler.reconciliation()
        assert (seen.findings, seen.unseen) == ([], [])
