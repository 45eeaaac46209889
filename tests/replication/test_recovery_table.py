"""After a restart of the OMA every cycle is settled by what its VMA says of it: step it was left in x far side's answer."""

import asyncio
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from recovery_site import DISK, PEER, RecoverySite

from appliance.contexts import VmContext, VmState
from appliance.contract.peer import CopyPhase
from appliance.core.jobs import Job, JobStatus
from appliance.core.store import Store
from appliance.replication import follow
from appliance.tunnel.peers import Peers


@pytest.fixture
async def site(store: Store, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[RecoverySite]:
    monkeypatch.setattr(follow, "RETRY", 0.02)
    with tempfile.TemporaryDirectory(prefix="rec-") as folder:
        found = RecoverySite(store, Path(folder))
        await found.prepare()
        yield found
        await found.close()


COPY, REMOVE = "data-transfer", "snapshot-removal"
READY, TORN = VmState.READY, VmState.FAILED
COMPLETED, FAILED, CANCELLED = JobStatus.COMPLETED, JobStatus.FAILED, JobStatus.CANCELLED

# Left in which step, being undone or not; what the VMA says (None: it does not know the job) -> how the job ends, why, and the VM's state.
TABLE = {
    "copying, copied meanwhile": ((COPY, False), CopyPhase.COPIED, (COMPLETED, None, READY)),
    "copying, needs its login": ((COPY, False), CopyPhase.NEEDS_ACCESS, (COMPLETED, None, READY)),
    "copying, failed meanwhile": ((COPY, False), CopyPhase.FAILED, (FAILED, "replication.far_ended", TORN)),
    "copying, cancelled meanwhile": ((COPY, False), CopyPhase.CANCELLED, (FAILED, "replication.far_ended", TORN)),
    "copying, unknown there": ((COPY, False), None, (FAILED, "replication.forgotten", TORN)),
    "committed, snapshot held": ((REMOVE, False), CopyPhase.COPIED, (COMPLETED, None, READY)),
    "committed, snapshot removed": ((REMOVE, False), CopyPhase.FINISHED, (COMPLETED, None, READY)),
    "committed, removal failed": ((REMOVE, False), CopyPhase.FAILED, (FAILED, "replication.far_ended", READY)),
    "committed, unknown there": ((REMOVE, False), None, (FAILED, "replication.forgotten", READY)),
    "being undone, still copying": ((COPY, True), CopyPhase.RUNNING, (CANCELLED, None, TORN)),
    "being undone, cancelled": ((COPY, True), CopyPhase.CANCELLED, (CANCELLED, None, TORN)),
    "being undone, unknown there": ((COPY, True), None, (CANCELLED, None, TORN)),
}


async def left(site: RecoverySite, name: str) -> str:
    (step, undoing), phase, _ = TABLE[name]
    job_id = await site.leave(1, step, undoing=undoing)
    if phase is not None:
        site.vma.phases[job_id] = phase
    return job_id


async def ends_as_the_table_says(site: RecoverySite, job_id: str, name: str) -> None:
    status, key, state = TABLE[name][2]
    if TABLE[name][1] is CopyPhase.NEEDS_ACCESS:
        while site.vma.phases[job_id] is not CopyPhase.RUNNING:
            await asyncio.sleep(0.01)
        site.vma.phases[job_id] = CopyPhase.COPIED
    assert await site.settled(job_id) == (status, key, state, None)


@pytest.mark.parametrize("name", TABLE)
async def test_a_cycle_is_settled_by_what_the_vma_says(site: RecoverySite, name: str) -> None:
    job_id = await left(site, name)
    await site.connect()
    await site.start()
    await ends_as_the_table_says(site, job_id, name)


@pytest.mark.parametrize("name", TABLE)
async def test_a_vma_that_can_not_be_reached_is_waited_for_and_then_asked(site: RecoverySite, name: str) -> None:
    job_id = await left(site, name)
    await site.start()
    shown = await site.waits(job_id)
    assert shown == (JobStatus.UNDOING if TABLE[name][0][1] else JobStatus.WAITING)
    await site.connect()
    await ends_as_the_table_says(site, job_id, name)


async def test_a_cycle_that_still_runs_there_is_followed_and_not_ordered_again(site: RecoverySite) -> None:
    job_id = await site.leave(1, COPY)
    site.vma.phases[job_id] = CopyPhase.RUNNING
    await site.connect()
    await site.start()
    while site.vma.heard.count(f"progress {job_id}") < 3:
        await asyncio.sleep(0.01)
    assert (await site.job(job_id)).status == JobStatus.RUNNING
    site.vma.phases[job_id] = CopyPhase.COPIED
    assert await site.settled(job_id) == (COMPLETED, None, READY, None)
    assert [one for one in site.vma.heard if not one.startswith("progress")] == [f"release {job_id}"]


async def test_a_vma_whose_pairing_was_revoked_meanwhile_is_an_answer(site: RecoverySite) -> None:
    job_id = await site.leave(1, COPY)
    await Peers(site.store).revoke(PEER)
    await site.start()
    assert await site.settled(job_id) == (FAILED, "replication.source_unpaired", TORN, None)


@pytest.mark.parametrize("times", [2, 3])
async def test_an_agent_that_is_killed_again_and_again_settles_its_cycle_once(site: RecoverySite, times: int) -> None:
    job_id = await site.leave(1, COPY)
    site.vma.phases[job_id] = CopyPhase.RUNNING
    await site.connect()
    for _ in range(times):
        await site.start()
        heard = len(site.vma.heard)
        while len(site.vma.heard) == heard:
            await asyncio.sleep(0.01)
        await site.kill()
    site.vma.phases[job_id] = CopyPhase.COPIED
    await site.start()
    assert await site.settled(job_id) == (COMPLETED, None, READY, None)
    async with site.store.session() as session:
        point = (await session.get_one(VmContext, "ctx-001")).consistent_point
    assert point is not None and point["change_ids"] == {DISK: "52 de ad/7"} and site.volumes.released == [job_id]


@pytest.mark.lab
async def test_fifty_cycles_are_settled_side_by_side(site: RecoverySite) -> None:
    phases = [CopyPhase.COPIED, CopyPhase.FAILED, None, CopyPhase.COPIED, CopyPhase.CANCELLED]
    jobs = {}
    for number in range(50):
        job_id = await site.leave(number, COPY)
        jobs[job_id] = phases[number % 5]
        if (phase := phases[number % 5]) is not None:
            site.vma.phases[job_id] = phase
    await site.connect()
    await site.start()
    ended = {job_id: await site.settled(job_id) for job_id in jobs}
    assert {one[3] for one in ended.values()} == {None}
    assert [one[0] for one in ended.values()] == [COMPLETED, FAILED, FAILED, COMPLETED, FAILED] * 10


async def test_a_cycle_without_a_step_that_this_version_has_goes_on(site: RecoverySite) -> None:
    job_id = await site.leave(1, COPY)
    async with site.store.begin() as session:
        job = await session.get_one(Job, job_id)
        job.steps = [one for one in job.steps if one.name != "comparison"]
    site.vma.phases[job_id] = CopyPhase.COPIED
    await site.connect()
    await site.start()
    assert await site.settled(job_id) == (COMPLETED, None, READY, None)
    assert [one.name for one in (await site.job(job_id)).steps].index("comparison") == 7
