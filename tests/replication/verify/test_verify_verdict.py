"""What comes of a job whose comparison has ended."""

from types import SimpleNamespace
from typing import Any, cast

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from appliance.cloudstack.models import OsseaConfigRow
from appliance.contexts import VmContext, VmState
from appliance.contract.errors import Fault
from appliance.core.jobs import Job, JobStatus, Run
from appliance.core.store import Store, utcnow
from appliance.replication import records as cycles
from appliance.replication.cycle import Replication, Verification
from appliance.replication.steps import CycleDeps
from appliance.replication.verify import models
from appliance.replication.verify.steps import Comparison, Verdict, summary

MIB, GIB = 1 << 20, 1 << 30


def disk(outcome: str, **more: Any) -> models.VerifiedDisk:
    sizes = {"capacity_bytes": GIB, "planned_bytes": GIB, "checked_bytes": GIB, "different_bytes": 0, "repaired_bytes": 0}
    return models.VerifiedDisk(**{"disk_id": "disk-2000", "label": "Hard disk 1", "outcome": outcome, **sizes, **more})


def row(outcome: str, **more: Any) -> models.Verification:
    changes = {"different_bytes": MIB, "found": [[0, MIB]]} if outcome in ("repaired", "different") else {}
    if outcome == "different":
        changes["unrepaired"] = [[0, MIB]]
    made = disk(outcome, **changes)
    return models.Verification(id="job-1", vm_context_id="ctx-1", mode="full", outcome=outcome, disks=[made], **more)


async def managed(session: AsyncSession, job: Job, **more: Any) -> None:
    words = dict.fromkeys(("peer_id", "vm_name", "vmware_vm_id", "vm_path", "vcenter_host", "datacenter"), "web")
    point = {"change_ids": {"disk-2000": ""}}
    context = VmContext(context_id="ctx-1", current_status=VmState.REPLICATING, consistent_point=point, **words, **more)
    config = OsseaConfigRow(name="lab", api_url="x", api_key="x", secret_key="x")
    session.add_all([config, context, job])
    await session.flush()
    session.add(cycles.new_cycle(job, context, config.id))
    await session.flush()


def job_of(kind: str, status: JobStatus) -> Job:
    return Job(id="job-1", kind=kind, title="", status=status, vm_context_id="ctx-1", params={"vm_name": "web"}, state={}, steps=[])


def deps(store: Store) -> CycleDeps:
    nothing = cast(Any, None)
    return CycleDeps(store, nothing, nothing, nothing, nothing)


def run_of(said: list[tuple[str, str]]) -> Run:
    async def log(message: str, *, level: str = "info") -> None:
        said.append((level, message))

    return cast(Run, SimpleNamespace(id="job-1", state={"outcome": {"change_ids": {"disk-2000": "52/9"}}}, log=log))


@pytest.mark.parametrize(("outcome", "level"), [("same", "info"), ("repaired", "warning"), ("incomplete", "warning")])
async def test_a_cycle_goes_on_where_nothing_differs_any_more(store: Store, outcome: str, level: str) -> None:
    said: list[tuple[str, str]] = []
    async with store.begin() as session:
        await managed(session, job_of("replication", JobStatus.RUNNING))
        session.add(row(outcome))
    await Comparison(deps(store))._close(run_of(said))
    assert [one for one, _ in said] == [level]


async def test_a_cycle_whose_copy_differs_still_fails_and_names_the_disk(store: Store) -> None:
    async with store.begin() as session:
        await managed(session, job_of("replication", JobStatus.RUNNING))
        session.add(row("different"))
    with pytest.raises(Fault) as failed:
        await Comparison(deps(store))._close(run_of([]))
    assert failed.value.key == "verification.differs" and "Hard disk 1" in failed.value.message


async def test_a_verification_that_could_not_compare_all_fails_with_the_reason(store: Store) -> None:
    problem = {"key": "k", "message": "The source could not be read.", "guidance": "g", "cause": "c"}
    async with store.begin() as session:
        await managed(session, job_of("verification", JobStatus.RUNNING))
        session.add(row("incomplete", problem=problem))
    with pytest.raises(Fault) as failed:
        await Verdict(deps(store)).do(run_of([]))
    assert failed.value.key == "verification.incomplete" and "The source could not be read." in failed.value.message


@pytest.mark.parametrize(
    ("committed", "torn", "state"),
    [(True, False, VmState.READY), (True, True, VmState.FAILED), (False, False, VmState.READY), (False, True, VmState.FAILED)],
)
async def test_a_copy_that_was_torn_after_its_commit_is_not_ready(store: Store, committed: bool, torn: bool, state: VmState) -> None:
    job = job_of("replication", JobStatus.FAILED)
    more = {"last_successful_job_id": "job-1" if committed else "job-0", "torn_since": utcnow() if torn else None}
    async with store.begin() as session:
        await managed(session, job, current_job_id="job-1", **more)
        session.add(row("running"))
        await session.flush()
        await Replication(deps(store)).settle(session, job)
    async with store.session() as session:
        context = await session.get_one(VmContext, "ctx-1")
        assert (context.current_status, context.current_job_id) == (state, None)
        assert (await session.get_one(models.Verification, "job-1")).outcome == "incomplete"


async def test_a_vm_without_a_copy_can_not_be_verified(store: Store) -> None:
    job = job_of("verification", JobStatus.PENDING)
    async with store.begin() as session:
        await managed(session, job)
        (await session.get_one(VmContext, "ctx-1")).consistent_point = None
        with pytest.raises(Fault) as refused:
            await Verification(deps(store)).claim(session, job)
    assert refused.value.key == "verification.no_copy"


@pytest.mark.parametrize(
    ("outcome", "words"),
    [
        ("same", "The copy is the same as the source in the 1.0 GiB that were compared."),
        ("repaired", "Of 1.0 GiB that were compared 1.0 MiB differed from the source; they were copied again and are the same now."),
        ("different", "Of 1.0 GiB that were compared 1.0 MiB differed from the source, and not all of it could be repaired."),
        ("incomplete", "The comparison could not be finished; 1.0 GiB were compared."),
    ],
)
def test_the_log_tells_it_in_a_sentence(outcome: str, words: str) -> None:
    assert summary(row(outcome)) == words
