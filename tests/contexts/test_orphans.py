"""A VM that nothing holds is freed, and its state is one from which something can be started."""

import pytest

from appliance.contexts import VmContext, VmState
from appliance.contexts.orphans import free_orphans
from appliance.core.jobs import Job, JobStatus
from appliance.core.jobs.lifecycle import ENDED
from appliance.core.store import Store, utcnow

POINT = {"at": "2026-01-01T00:00:00+00:00", "change_ids": {}}


def context(state: VmState, held_by: str | None, *, torn: bool = False, synced: bool = True) -> VmContext:
    words = dict.fromkeys(("peer_id", "vmware_vm_id", "vm_path", "vcenter_host", "datacenter"), "x")
    return VmContext(
        context_id="ctx-1",
        vm_name="web1",
        current_status=state,
        current_job_id=held_by,
        consistent_point=POINT if synced else None,
        torn_since=utcnow() if torn else None,
        **words,
    )


def job(status: str, kind: str = "replication") -> Job:
    return Job(id="job-1", kind=kind, title="Replication of web1", status=status, vm_context_id="ctx-1", params={}, state={})


async def after(store: Store, vm: VmContext, *jobs: Job) -> tuple[str, str | None, list[str]]:
    """State, holder and what was said of a VM after it was looked at."""
    async with store.begin() as session:
        session.add_all([*jobs, vm])
    async with store.begin() as session:
        said = [one.sentence for one in await free_orphans(session)]
    async with store.session() as session:
        found = await session.get_one(VmContext, "ctx-1")
        return found.current_status, found.current_job_id, said


@pytest.mark.parametrize("status", sorted(ENDED))
async def test_a_vm_of_an_ended_job_is_freed(store: Store, status: str) -> None:
    found = await after(store, context(VmState.READY, "job-1"), job(status))
    assert found == (VmState.READY, None, ["web1 was held by the job job-1, which has ended; it is free again."])
    async with store.session() as session:
        summary = (await session.get_one(VmContext, "ctx-1")).last_operation_summary
        assert summary is not None and (summary["job_id"], summary["status"]) == ("job-1", status)


async def test_a_vm_of_a_job_that_is_not_on_record_is_freed(store: Store) -> None:
    found = await after(store, context(VmState.TEST, "job-1"))
    assert found == (VmState.TEST, None, ["web1 was held by the job job-1, which is not on record; it is free again."])


@pytest.mark.parametrize("status", [one for one in JobStatus if one not in ENDED])
async def test_a_vm_of_a_job_under_way_stays_held(store: Store, status: str) -> None:
    assert await after(store, context(VmState.REPLICATING, "job-1"), job(status)) == (VmState.REPLICATING, "job-1", [])


@pytest.mark.parametrize("state", [one for one in VmState if one is not VmState.REPLICATING])
async def test_a_free_vm_is_left_alone(store: Store, state: VmState) -> None:
    assert await after(store, context(state, None)) == (state, None, [])


@pytest.mark.parametrize(
    ("torn", "synced", "state"), [(False, True, VmState.READY), (True, True, VmState.FAILED), (False, False, VmState.FAILED)]
)
@pytest.mark.parametrize("held_by", ["job-1", None])
async def test_a_vm_that_no_job_replicates_is_not_left_replicating(
    store: Store, torn: bool, synced: bool, state: VmState, held_by: str | None
) -> None:
    found = await after(store, context(VmState.REPLICATING, held_by, torn=torn, synced=synced), job(JobStatus.FAILED))
    assert found[:2] == (state, None)


async def test_a_cycle_within_a_failover_is_left_alone(store: Store) -> None:
    failover = Job(id="job-2", kind="live-failover", title="t", status="running", vm_context_id="ctx-1", params={}, state={})
    found = await after(store, context(VmState.REPLICATING, "job-2"), failover, job("running"))
    assert found == (VmState.REPLICATING, "job-2", [])
