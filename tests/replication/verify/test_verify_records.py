"""What the OMA records of a comparison: the mark comes before any repair, and goes only when the repair held."""

import hashlib
import os
from pathlib import Path
from typing import Any

import pytest

from appliance.cloudstack.models import OsseaConfigRow
from appliance.contexts import VmContext, doubts
from appliance.contract.errors import Fault
from appliance.contract.peer import Compare, Error, Examined, HashedBlock
from appliance.contract.verifications import VerificationOutcome as Outcome
from appliance.core.jobs import Job, JobStatus, JobStep, StepStatus
from appliance.core.store import Store, utcnow
from appliance.replication import records as cycles
from appliance.replication.models import VmDisk
from appliance.replication.verify import records
from appliance.replication.verify.desk import Desk, is_comparing
from appliance.replication.verify.models import Verification

MIB = 1 << 20
SIZE = 2 * MIB + 512
ONE, TWO, LAST = (0, MIB), (MIB, MIB), (2 * MIB, 512)


def step(name: str, status: StepStatus, position: int = 0) -> JobStep:
    return JobStep(position=position, name=name, title="", status=status)


class Ground:
    """A committed cycle of a VM with one disk whose copy is a file, and its desk."""

    def __init__(self, store: Store, folder: Path) -> None:
        self.store, self.path = store, folder / "volume"
        self.content = os.urandom(SIZE)
        self.path.write_bytes(self.content + bytes(4096))
        self.ended: list[str] = []
        self.desk = Desk(store, self._end)
        state = {
            "devices": {"disk-2000": str(self.path)},
            "volumes": {"disk-2000": "volume-1"},
            "tasks": [{"disk_id": "disk-2000", "capacity_bytes": SIZE}],
        }
        steps = [step("commit", StepStatus.COMPLETED), step("comparison", StepStatus.RUNNING, 1)]
        self.job = Job(
            id="job-1", kind="replication", title="", status=JobStatus.RUNNING, vm_context_id="ctx-1", params={}, state=state, steps=steps
        )
        self.job.cancel_requested = False

    async def _end(self, volume: str) -> None:
        self.ended.append(volume)

    async def begin(self, mode: str = "full") -> None:
        words = dict.fromkeys(("peer_id", "vm_name", "vmware_vm_id", "vm_path", "vcenter_host", "datacenter"), "x")
        point = {"job_id": "job-1", "change_ids": {"disk-2000": "52/7"}, "capacities": {"disk-2000": SIZE}}
        async with self.store.begin() as session:
            config = OsseaConfigRow(name="lab", api_url="x", api_key="x", secret_key="x")
            context = VmContext(context_id="ctx-1", current_status="replicating", consistent_point=point, **words)
            session.add_all([config, context])
            await session.merge(self.job)
            await session.flush()
            cycle = cycles.new_cycle(self.job, context, config.id)
            disk = {"size_gb": 1, "datastore": "ds", "unit_number": 0, "provisioning_type": "thin", "vmdk_path": "x"}
            cycle.disks = [VmDisk(disk_id="disk-2000", label="Hard disk 1", capacity_bytes=SIZE, **disk)]
            session.add(cycle)
            await records.begin(session, cycle, mode)

    def page(self, *blocks: tuple[int, int], source: bytes = b"", again: bool = False) -> Compare:
        source = source or self.content
        hashed = [
            HashedBlock(offset=at, length=size, digest=hashlib.blake2b(source[at : at + size], digest_size=32).hexdigest())
            for at, size in blocks
        ]
        checked = sum(size for _, size in blocks)
        return Compare(disk_id="disk-2000", blocks=hashed, planned_bytes=SIZE, checked_bytes=checked, again=again)

    def spoil(self, at: int) -> None:
        with self.path.open("r+b") as file:
            file.seek(at)
            file.write(b"wrong")

    def mend(self) -> None:
        self.path.write_bytes(self.content + bytes(4096))

    async def mark(self) -> tuple[bool, str]:
        """Whether the copy is torn, and the disk's change id."""
        async with self.store.session() as session:
            context = await session.get_one(VmContext, "ctx-1")
            return context.torn_since is not None, (context.consistent_point or {})["change_ids"]["disk-2000"]

    async def doubt(self) -> None:
        """The records came back from a back-up, and a cycle has brought the copy up to date since."""
        async with self.store.begin() as session:
            doubts.cast(await session.get_one(VmContext, "ctx-1"), utcnow())

    async def doubted(self) -> bool:
        async with self.store.session() as session:
            return doubts.of(await session.get_one(VmContext, "ctx-1")) is not None

    async def examined(self, problem: Error | None = None) -> None:
        await self.desk.examined(self.job, Examined(disk_id="disk-2000", problem=problem))

    async def close(self) -> Verification:
        async with self.store.begin() as session:
            return await records.close(session, "job-1", {"disk-2000": "52/8"})


@pytest.fixture
async def ground(store: Store, tmp_path: Path) -> Ground:
    made = Ground(store, tmp_path)
    await made.begin()
    return made


async def test_a_copy_that_is_the_same_leaves_no_mark(ground: Ground) -> None:
    assert (await ground.desk.compare(ground.job, ground.page(ONE, TWO, LAST))).different == []
    await ground.examined()
    found = await ground.close()
    assert (found.outcome, found.disks[0].checked_bytes, found.disks[0].found) == (Outcome.SAME, SIZE, [])
    assert await ground.mark() == (False, "52/7")
    assert ground.ended == ["volume-1"]  # whatever could have written was ended first


async def test_a_difference_tears_the_copy_and_marks_the_disk_before_it_is_told(ground: Ground) -> None:
    ground.spoil(MIB + 17)
    assert not await ground.desk.may_repair(ground.job, "disk-2000")
    assert (await ground.desk.compare(ground.job, ground.page(ONE, TWO, LAST))).different == [TWO]
    assert await ground.mark() == (True, "")
    assert await ground.desk.may_repair(ground.job, "disk-2000")


async def test_a_repair_that_held_takes_the_mark_away(ground: Ground) -> None:
    ground.spoil(2 * MIB)
    await ground.desk.compare(ground.job, ground.page(ONE, TWO, LAST))
    ground.mend()
    assert (await ground.desk.compare(ground.job, ground.page(LAST, again=True))).different == []
    await ground.examined()
    found = await ground.close()
    disk = found.disks[0]
    assert (found.outcome, disk.found, disk.different_bytes, disk.repaired_bytes) == (Outcome.REPAIRED, [list(LAST)], 512, 512)
    assert await ground.mark() == (False, "52/8")
    assert not await ground.desk.may_repair(ground.job, "disk-2000")


async def test_what_could_not_be_repaired_keeps_the_mark(ground: Ground) -> None:
    ground.spoil(0)
    ground.spoil(MIB)
    await ground.desk.compare(ground.job, ground.page(ONE, TWO, LAST))
    ground.mend()
    ground.spoil(MIB)
    await ground.desk.compare(ground.job, ground.page(ONE, TWO, again=True))
    await ground.examined(Error(key="verification.differs", message="m", guidance="g", cause="c"))
    found = await ground.close()
    assert (found.outcome, found.disks[0].unrepaired, found.disks[0].repaired_bytes) == (Outcome.DIFFERENT, [list(TWO)], MIB)
    assert await ground.mark() == (True, "")


@pytest.mark.parametrize("spoilt", [False, True])
async def test_a_whole_comparison_ends_the_doubt_about_a_restored_copy(ground: Ground, spoilt: bool) -> None:
    await ground.doubt()
    if spoilt:  # a guest wrote to it after the back-up
        ground.spoil(MIB)
    await ground.desk.compare(ground.job, ground.page(ONE, TWO, LAST))
    if spoilt:
        ground.mend()
        await ground.desk.compare(ground.job, ground.page(TWO, again=True))
    await ground.examined()
    await ground.close()
    assert (await ground.mark(), await ground.doubted()) == ((False, "52/8" if spoilt else "52/7"), False)


@pytest.mark.parametrize("spoilt", [False, True])
async def test_a_sample_does_not_end_it(store: Store, tmp_path: Path, spoilt: bool) -> None:
    ground = Ground(store, tmp_path)
    await ground.begin("sampled")
    await ground.doubt()
    if spoilt:
        ground.spoil(0)
    await ground.desk.compare(ground.job, ground.page(ONE))
    ground.mend()
    await ground.desk.compare(ground.job, ground.page(ONE, again=True))
    await ground.examined()
    await ground.close()
    assert (await ground.mark())[0] and await ground.doubted()


async def test_a_whole_comparison_that_was_not_finished_does_not_end_it(ground: Ground) -> None:
    await ground.doubt()
    await ground.desk.compare(ground.job, ground.page(ONE, TWO))
    await ground.examined(Error(key="vsphere.snapshot_gone", message="m", guidance="g"))
    await ground.close()
    assert await ground.mark() == (True, "52/7") and await ground.doubted()


async def test_a_commit_does_not_end_it_nor_makes_the_copy_ready(ground: Ground) -> None:
    await ground.doubt()
    async with ground.store.begin() as session:
        await cycles.mark_torn(session, "ctx-1")
        await cycles.commit(session, "job-1", {"change_ids": {"disk-2000": "52/8"}, "capacities": {"disk-2000": SIZE}})
    assert await ground.mark() == (True, "52/8") and await ground.doubted()


async def test_a_repair_that_could_not_be_judged_keeps_the_mark(ground: Ground) -> None:
    ground.spoil(0)
    await ground.desk.compare(ground.job, ground.page(ONE))
    ground.mend()
    await ground.desk.compare(ground.job, ground.page(ONE, again=True))
    await ground.examined(Error(key="vsphere.snapshot_gone", message="m", guidance="g"))
    assert (await ground.close()).outcome is Outcome.INCOMPLETE
    assert await ground.mark() == (True, "")


async def test_an_appliance_that_did_not_compare_leaves_it_incomplete(ground: Ground) -> None:
    found = await ground.close()
    assert (found.outcome, (found.problem or {})["key"]) == (Outcome.INCOMPLETE, "verification.not_answered")
    assert await ground.mark() == (False, "52/7")


async def test_a_job_that_ends_in_between_ends_its_verification(ground: Ground) -> None:
    ground.spoil(0)
    await ground.desk.compare(ground.job, ground.page(ONE))
    ground.job.error = {"key": "job.cancelled", "message": "m", "guidance": "g", "cause": ""}
    async with ground.store.begin() as session:
        await records.give_up(session, ground.job)
        found = await records.load(session, "job-1")
    assert (found.outcome, found.ended_at is None, (found.problem or {})["key"]) == (Outcome.DIFFERENT, False, "job.cancelled")
    assert await ground.mark() == (True, "")


async def test_a_page_that_is_asked_again_counts_once(ground: Ground) -> None:
    ground.spoil(0)
    for _ in range(2):
        await ground.desk.compare(ground.job, ground.page(ONE, TWO))
    async with ground.store.session() as session:
        disk = await records.disk_of(session, "job-1", "disk-2000")
    assert (disk.checked_bytes, disk.different_bytes) == (2 * MIB, MIB)


@pytest.mark.parametrize("block", [(2 * MIB, 1024), (3 * MIB, 512), (7, 512)])
async def test_nothing_beyond_the_disk_is_looked_at(ground: Ground, block: tuple[int, int]) -> None:
    page = Compare(disk_id="disk-2000", blocks=[HashedBlock(offset=block[0], length=block[1], digest="")], planned_bytes=1, checked_bytes=1)
    with pytest.raises(Fault) as refused:
        await ground.desk.compare(ground.job, page)
    assert refused.value.key == "verification.not_wanted"


async def test_a_volume_that_cannot_be_read_is_told(ground: Ground) -> None:
    ground.path.unlink()
    with pytest.raises(Fault) as failed:
        await ground.desk.compare(ground.job, ground.page(ONE))
    assert failed.value.key == "verification.copy_unreadable"


@pytest.mark.parametrize(
    ("commit", "comparison", "status", "cancelled", "wanted"),
    [
        (StepStatus.COMPLETED, StepStatus.RUNNING, JobStatus.RUNNING, False, True),
        (StepStatus.COMPLETED, StepStatus.PENDING, JobStatus.RUNNING, False, True),
        (StepStatus.RUNNING, StepStatus.PENDING, JobStatus.WAITING, False, True),
        (StepStatus.PENDING, StepStatus.PENDING, JobStatus.RUNNING, False, False),
        (StepStatus.COMPLETED, StepStatus.COMPLETED, JobStatus.RUNNING, False, False),
        (StepStatus.COMPLETED, StepStatus.RUNNING, JobStatus.UNDOING, False, False),
        (StepStatus.COMPLETED, StepStatus.RUNNING, JobStatus.RUNNING, True, False),
        (StepStatus.COMPLETED, StepStatus.RUNNING, JobStatus.CANCELLED, True, False),
    ],
)
def test_a_job_compares_between_its_commit_and_its_end(
    commit: StepStatus, comparison: StepStatus, status: JobStatus, cancelled: bool, wanted: bool
) -> None:
    more: dict[str, Any] = {"params": {}, "title": "", "id": "job-1", "kind": "replication"}
    job = Job(status=status, steps=[step("commit", commit), step("comparison", comparison, 1)], **more)
    job.cancel_requested = cancelled
    assert is_comparing(job) is wanted


@pytest.mark.parametrize(
    ("outcomes", "wanted"),
    [
        ([], Outcome.SAME),
        (["same", "same"], Outcome.SAME),
        (["same", "repaired"], Outcome.REPAIRED),
        (["incomplete", "repaired"], Outcome.INCOMPLETE),
        (["incomplete", "different", "same"], Outcome.DIFFERENT),
    ],
)
def test_the_worst_of_the_disks_is_the_outcome(outcomes: list[str], wanted: Outcome) -> None:
    assert records.worst(outcomes) is wanted


async def test_what_is_found_after_the_job_has_ended_marks_nothing_and_ends_no_sessions(ground: Ground) -> None:
    ground.spoil(5)

    async def end_meanwhile(volume: str) -> None:
        ground.ended.append(volume)
        async with ground.store.begin() as session:
            (await session.get_one(Job, "job-1")).status = JobStatus.CANCELLED

    desk = Desk(ground.store, end_meanwhile)
    for _ in range(2):  # the second one comes when the job has ended already
        with pytest.raises(Fault) as refused:
            await desk.compare(ground.job, ground.page(ONE))
        assert refused.value.key == "verification.not_wanted"
    desk.close()
    assert await ground.mark() == (False, "52/7")
    assert ground.ended == ["volume-1"]
