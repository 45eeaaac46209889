"""What is done to a VM's record: looked at again, its history, another credential, its end."""

from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import pytest
from console_records import cycle, keep, vm
from discovery_site import VMA, Oma, plan, running_oma
from sqlalchemy import select

from appliance.contexts import VmContext
from appliance.contract.inventory import Vm
from appliance.contract.management import ChooseCredential
from appliance.core.jobs import LogEvent
from appliance.core.store import Store
from appliance.lab.vcenter import VcenterLab
from appliance.lab.vcenter.records import SnapshotRecord
from appliance.replication.cycle import Replication
from appliance.replication.models import ReplicationJob
from appliance.replication.records import new_disk
from appliance.replication.removal import described
from appliance.replication.steps import CycleDeps
from appliance.volumes.records import Volume
from appliance.vsphere.snapshot_names import name_for
from tests.refusals import refusal


@pytest.fixture
def vcenter(tmp_path_factory: pytest.TempPathFactory) -> Iterator[VcenterLab]:
    made = VcenterLab(tmp_path_factory.mktemp("vc") / "v", plan())
    made.start()
    yield made
    made.stop()


class NoVolumes:
    """VMs that were never copied have none."""

    async def volumes_of(self, context_id: str) -> list[Volume]:
        return []


@pytest.fixture
async def oma(store: Store, tmp_path: Path, vcenter: VcenterLab) -> AsyncIterator[Oma]:
    async with running_oma(store, tmp_path, cast(Any, NoVolumes())) as made:
        await made.log_in(vcenter)
        yield made


async def change(store: Store, context_id: str, **values: Any) -> None:
    async with store.begin() as session:
        found = await session.get_one(VmContext, context_id)
        for name, value in values.items():
            setattr(found, name, value)


async def test_a_vm_that_was_changed_in_vcenter_is_known_as_it_is_now(oma: Oma, vcenter: VcenterLab, store: Store) -> None:
    [added] = await oma.added("/DC0/vm/web2")
    record = vcenter.estate.named("web2")
    assert record is not None
    with vcenter.estate.changing(record):
        record.cpus, record.disks[0].capacity, record.nics[0].network, record.tools = 8, 5 << 30, "VM Network", False
        del record.disks[1]
    found = await oma.management.rediscover("web2")
    assert found.changes == [
        "CPUs: 1 became 8.",
        "Hard disk 2 is gone.",
        "Hard disk 1 has 5 GiB; before: 1 GiB.",
        "Network adapter 1 is on the network VM Network; before: Isolated.",
    ]
    again = await oma.management.rediscover(added.context_id or "")
    assert (again.changes, again.cpus) == ([], 8)
    history = await oma.management.specifications("web2")
    assert [(one.origin, one.cpus, len(one.changes)) for one in history] == [
        ("rediscovered", 8, 0),
        ("rediscovered", 8, 4),
        ("added", 1, 0),
    ]
    assert history[1].changes == found.changes and history[2].job_id is not None
    async with store.session() as session:
        kept = (await session.get_one(VmContext, added.context_id)).specification
    assert (kept["cpus"], kept["nics"][0]["network"], len(kept["disks"])) == (8, "VM Network", 1)


async def test_the_history_has_what_each_cycle_saw_newest_first_and_no_more_than_asked(oma: Oma, store: Store) -> None:
    [added] = await oma.added("/DC0/vm/web1")
    async with store.session() as session:
        seen = (await session.get_one(VmContext, added.context_id)).specification
    known = Vm.model_validate(seen)
    more = [{**seen, "memory_mib": 1024 * number} for number in (1, 2, 2)]
    rows = [
        cycle(f"job-{n}", str(added.context_id), minute=n + 10**6, specification=one, disks=[new_disk(disk) for disk in known.disks])
        for n, one in enumerate(more)
    ]
    await keep(store, *rows, cycle("job-9", str(added.context_id), minute=10**6 + 9, specification={}))
    history = await oma.management.specifications("web1")
    assert [(one.job_id, one.changes) for one in history[:3]] == [
        ("job-2", []),
        ("job-1", ["Memory: 1 GiB became 2 GiB."]),
        ("job-0", ["Memory: 512 MiB became 1 GiB."]),
    ]
    assert [one.job_id for one in await oma.management.specifications("web1", limit=2)] == ["job-2", "job-1"]
    assert (await oma.management.specifications("web1", limit=2))[1].changes == ["Memory: 1 GiB became 2 GiB."]


async def test_a_vm_that_is_gone_from_vcenter_is_said_and_nothing_changes(oma: Oma, vcenter: VcenterLab) -> None:
    await oma.added("/DC0/vm/web1")
    record = vcenter.estate.named("web1")
    assert record is not None
    with vcenter.estate.changing():
        vcenter.estate.vms.remove(record)
        vcenter.estate._index.pop(record.moid)
    assert (await refusal(oma.management.rediscover("web1"))).key == "vcenter.vm_not_found"
    assert len(await oma.management.specifications("web1")) == 1


async def test_another_credential_of_the_same_vcenter_is_taken(oma: Oma, vcenter: VcenterLab, store: Store) -> None:
    [added] = await oma.added("/DC0/vm/web1")
    other = await oma.log_in(vcenter, "other")
    found = await oma.management.set_credential("web1", ChooseCredential(credential_id=other))
    assert (found.context_id, found.credential_id, found.credential_name) == (added.context_id, other, "other")
    assert (await oma.management.rediscover("web1")).name == "web1"


@pytest.mark.parametrize(
    ("wrong", "key"),
    [({"vcenter_host": "vc2.example.net"}, "vm.other_vcenter"), ({"peer_id": "vma-2"}, "vm.other_vcenter"), (None, "request.not_found")],
)
async def test_a_credential_that_leads_elsewhere_is_refused(
    oma: Oma, vcenter: VcenterLab, store: Store, wrong: dict[str, str] | None, key: str
) -> None:
    [added] = await oma.added("/DC0/vm/web1")
    other = await oma.log_in(vcenter, "other", **wrong) if wrong else 99
    assert (await refusal(oma.management.set_credential("web1", ChooseCredential(credential_id=other)))).key == key
    async with store.session() as session:
        assert (await session.get_one(VmContext, added.context_id)).credential_id == 1


async def test_a_busy_vm_keeps_its_credential_and_its_place(oma: Oma, store: Store) -> None:
    [added] = await oma.added("/DC0/vm/web1")
    await change(store, str(added.context_id), current_job_id="job-1")
    assert (await refusal(oma.management.set_credential("web1", ChooseCredential(credential_id=1)))).key == "vm.busy"
    assert (await refusal(oma.management.remove_vm("web1"))).key == "vm.busy"
    assert "Another operation" in (await oma.management.removal("web1")).refusal


@pytest.mark.parametrize("state", ["failed_over_test", "failed_over_live", "cleanup_required"])
async def test_a_vm_that_is_failed_over_is_not_removed(oma: Oma, store: Store, state: str) -> None:
    [added] = await oma.added("/DC0/vm/web1")
    await change(store, str(added.context_id), current_status=state)
    refused = await refusal(oma.management.remove_vm("web1"))
    assert (refused.status, refused.key) == (409, "vm.still_failed_over") and state.replace("_", " ") in refused.message
    async with store.session() as session:
        assert (await session.get_one(VmContext, added.context_id)).current_job_id is None


async def test_a_vm_that_was_never_copied_is_forgotten_with_its_history_and_can_be_added_again(oma: Oma, store: Store) -> None:
    await oma.added("/DC0/vm/web1")
    told = await oma.management.removal("web1")
    assert told.refusal == "" and told.goes == ["Its places in schedules and groups, and its network mappings."]
    job_id = (await oma.management.remove_vm("web1")).job_id
    ended = await oma.runner.wait(job_id)
    assert (ended.status, ended.title) == ("completed", "Removal of web1 from management")
    assert (await refusal(oma.management.specifications("web1"))).status == 404
    assert [one.outcome for one in await oma.added("/DC0/vm/web1")] == ["added"]


async def test_a_vm_without_a_credential_can_be_removed_but_not_looked_at(oma: Oma, store: Store) -> None:
    await keep(store, vm(7, peer_id=VMA), cycle("job-1", "ctx-0007"))
    assert (await refusal(oma.management.rediscover("vm-0007"))).key == "vm.no_credential"
    ended = await oma.runner.wait((await oma.management.remove_vm("vm-0007")).job_id)
    assert ended.status == "completed"
    async with store.session() as session:
        said = (await session.scalars(select(LogEvent.message).where(LogEvent.job_id == ended.id))).all()
        assert await session.get(ReplicationJob, "job-1") is None
    assert any("Nothing is removed at the source" in one for one in said)


async def test_snapshots_that_were_left_in_vcenter_go_with_the_vm(oma: Oma, vcenter: VcenterLab, store: Store) -> None:
    [added] = await oma.added("/DC0/vm/web1")
    await keep(store, cycle("job-1", str(added.context_id)))
    record = vcenter.estate.named("web1")
    assert record is not None
    taken = datetime(2026, 1, 1, tzinfo=UTC)
    for number, name in enumerate((name_for("job-1"), "by hand")):
        with vcenter.estate.changing(record):
            record.snapshots.append(SnapshotRecord(moid=f"snapshot-{number}", number=number, name=name, created=taken, powered_on=False))
    ended = await oma.runner.wait((await oma.management.remove_vm("web1")).job_id)
    assert (ended.status, ended.error) == ("completed", None)
    assert [one.name for one in record.snapshots] == ["by hand"]


async def looked_at(oma: Oma, store: Store, context_id: str) -> str:
    """A cycle that ends after its look at the source; returns its job's id."""
    cycles = Replication(CycleDeps(store, cast(Any, None), cast(Any, None), oma.sources, cast(Any, None)))
    cycles.steps = cycles.steps[:1]
    oma.runner.register(cycles)
    params = {"context_id": context_id, "vm_name": "web1", "config_id": 1, "quiesce": False, "parent_job_id": None}
    job = await oma.runner.wait(await oma.runner.submit("replication", params, vm_context_id=context_id, peer_id=VMA))
    assert job.status == "completed", job.error
    return job.id


async def test_a_cycle_that_finds_the_vm_changed_says_so_in_its_log_and_keeps_what_it_saw(
    oma: Oma, vcenter: VcenterLab, store: Store
) -> None:
    [added] = await oma.added("/DC0/vm/web1")
    await keep(store)
    first = await looked_at(oma, store, str(added.context_id))
    record = vcenter.estate.named("web1")
    assert record is not None
    with vcenter.estate.changing(record):
        record.memory_mb, record.nics[0].network = 2048, "Isolated"
    await change(store, str(added.context_id), current_status="ready_for_failover")
    second = await looked_at(oma, store, str(added.context_id))
    changes = ["Memory: 512 MiB became 2 GiB.", "Network adapter 1 is on the network Isolated; before: VM Network."]
    async with store.session() as session:
        said = (await session.scalars(select(LogEvent.message).where(LogEvent.job_id == second))).all()
    assert f"The VM has changed in vCenter. {' '.join(changes)}" in said
    history = await oma.management.specifications("web1")
    assert [(one.origin, one.job_id, one.changes) for one in history[:2]] == [("cycle", second, changes), ("cycle", first, [])]
    assert history[2].origin == "added"


async def test_no_cycle_starts_with_a_credential_that_has_gone(oma: Oma, store: Store) -> None:
    [added] = await oma.added("/DC0/vm/web1")
    await keep(store)
    await change(store, str(added.context_id), credential_id=99)
    refused = await refusal(looked_at(oma, store, str(added.context_id)))
    assert refused.key == "vm.no_credential" and "99" in refused.cause


def volume(number: int, snapshot: str | None = None) -> Volume:
    return Volume(
        f"v{number}", "ctx-1", f"disk-{number}", f"web-{number}", 20, "oma", 1, "job-1", snapshot, None, None, None, None, "exported"
    )


@pytest.mark.parametrize(
    ("state", "goes", "stays"),
    [
        ("ready_for_failover", ["2 volumes in CloudStack with 40 GiB, and the copy on them.", "1 snapshot of these volumes."], []),
        ("migrated", [], ["The new machine and its 2 volumes stay as they are."]),
    ],
)
def test_what_goes_and_what_stays_is_said_before(state: str, goes: list[str], stays: list[str]) -> None:
    told = described(vm(1, current_status=state), [volume(1, "s1"), volume(2)], 3)
    assert told.goes == [
        *goes,
        "Snapshots of the appliance that are left in vCenter, if there are any.",
        "The records of 3 copies.",
        "Its places in schedules and groups, and its network mappings.",
    ]
    assert told.stays == ["vm-0001 in vCenter stays as it is.", *stays]
