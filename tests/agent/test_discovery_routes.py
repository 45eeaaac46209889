"""Looking through a vCenter and adding many VMs, over the routes, with the VMA between the OMA and the lab's vCenter."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from discovery_site import Oma, plan, running_oma
from sqlalchemy import func, select

from appliance.contexts import VmContext
from appliance.contract.discovery import MOST_AT_ONCE, AddVms, AskDiscovery, AskFolders, FoundVms, Outcome
from appliance.core.jobs import Job
from appliance.core.store import Store
from appliance.lab.vcenter import VcenterLab
from appliance.lab.vcenter.faults import Injected
from appliance.vsphere import inventory
from appliance.vsphere._properties import LARGE_PAGE, read_present
from appliance.vsphere.certificate import fetch_fingerprint
from appliance.vsphere.inventory import reference
from appliance.vsphere.session import VCenter
from appliance.vsphere.survey import survey
from appliance.vsphere.surveys import FRESH, Surveys
from tests.refusals import refusal

MANY = 2000
ADDED, MANAGED, REFUSED = Outcome.ADDED, Outcome.MANAGED, Outcome.REFUSED


@pytest.fixture(scope="module")
def vcenter(tmp_path_factory: pytest.TempPathFactory) -> Iterator[VcenterLab]:
    made = VcenterLab(tmp_path_factory.mktemp("vc") / "v", plan())
    made.start()
    yield made
    made.stop()


@pytest.fixture
async def oma(store: Store, tmp_path: Path, vcenter: VcenterLab) -> AsyncIterator[Oma]:
    vcenter.estate.failures.clear()
    async with running_oma(store, tmp_path) as made:
        await made.log_in(vcenter)
        yield made


async def looked(oma: Oma, **narrowed: Any) -> FoundVms:
    return await oma.discovery.discover(AskDiscovery(**narrowed))


async def count(store: Store) -> int:
    async with store.session() as session:
        return await session.scalar(select(func.count()).select_from(VmContext)) or 0


def calls(lab: VcenterLab) -> int:
    """The calls that sessions which are open now have made."""
    return sum(one.calls for one in lab.service.sessions.live())


async def test_each_line_says_what_the_vm_is_and_why_it_cant_be_migrated(oma: Oma) -> None:
    found = await looked(oma)
    lines = {one.name: one for one in found.vms}
    assert (found.total, found.page, [one.path for one in found.vms]) == (4, 1, [f"/DC0/vm/{n}" for n in ("db1", "mapped", "web1", "web2")])
    web = lines["web2"]
    assert (web.folder, web.cluster, web.disk_count, web.capacity_bytes, web.networks) == ("/DC0/vm", "Cluster0", 2, 3 << 30, ["Isolated"])
    assert (web.blockers, web.tracking, web.context_id) == ([], False, None)
    assert ["mapped to a physical device" in why for why in lines["mapped"].blockers] == [True]


async def test_the_list_is_narrowed_and_comes_in_pages(oma: Oma) -> None:
    assert [one.name for one in (await looked(oma, name_contains="WEB", cluster="Cluster0", folder="/DC0")).vms] == ["web1", "web2"]
    second = await looked(oma, limit=3, page=2)
    assert ([one.name for one in second.vms], second.total) == (["web2"], 4)
    assert (await looked(oma, page=9)).vms == []


async def test_folders_and_clusters_are_there_to_choose_from(oma: Oma) -> None:
    found = await oma.discovery.folders(AskFolders())
    assert [(one.path, one.total) for one in found.folders] == [("/DC0", 4), ("/DC0/vm", 4)]
    assert [(one.name, one.hosts, one.vms) for one in found.clusters] == [("Cluster0", 1, 4)]


@pytest.mark.parametrize(
    ("narrowed", "status", "key"),
    [
        ({"folder": "/DC0/vm/Nowhere"}, 404, "vcenter.folder_not_found"),
        ({"cluster": "Cluster9"}, 404, "vcenter.cluster_not_found"),
        ({"credential_id": 77}, 404, "request.not_found"),
    ],
)
async def test_a_place_that_is_not_there_is_said(oma: Oma, narrowed: dict[str, Any], status: int, key: str) -> None:
    refused = await refusal(looked(oma, **narrowed))
    assert (refused.status, refused.key) == (status, key)


async def test_many_are_added_by_one_job_each_for_itself(oma: Oma, store: Store) -> None:
    results = await oma.added("/DC0/vm/web1", "/DC0/vm/mapped", "/DC0/vm/nobody", "vm-99999", "/DC0/vm/web2")
    assert [one.outcome for one in results] == [ADDED, REFUSED, REFUSED, REFUSED, ADDED]
    assert results[1].problem is not None and "physical device" in results[1].problem.message
    assert results[2].problem is not None and results[2].problem.key == "discovery.not_in_vcenter"
    assert await count(store) == 2
    lines = {one.name: one.context_id for one in (await looked(oma)).vms}
    assert (lines["web1"], lines["web2"], lines["mapped"]) == (results[0].context_id, results[4].context_id, None)
    async with store.session() as session:
        made = await session.get_one(VmContext, results[0].context_id)
        job = (await session.scalars(select(Job))).one()
    assert (made.current_status, made.current_job_id, made.specification["nics"][0]["network"]) == ("discovered", None, "VM Network")
    assert (job.kind, job.title) == ("bulk_add", "Adding 5 VMs to management")


async def test_a_vm_that_is_named_twice_or_managed_already_is_added_once(oma: Oma, store: Store) -> None:
    moref = next(one.moref for one in (await looked(oma)).vms if one.name == "web1")
    first = await oma.added("/DC0/vm/web1", "/DC0/vm/web1", moref)
    assert [(one.vm, one.outcome) for one in first] == [("/DC0/vm/web1", ADDED), (moref, MANAGED)]
    again = await oma.added("/DC0/vm/web1")
    assert [(one.outcome, one.context_id) for one in again] == [(MANAGED, first[0].context_id)]
    assert await count(store) == 1


async def test_ten_thousand_in_one_request_are_refused_with_the_limit(oma: Oma, store: Store) -> None:
    refused = await refusal(oma.discovery.add_vms(AddVms(vms=[f"/DC0/vm/vm-{number}" for number in range(10_000)])))
    assert refused.status == 422
    assert "10000 VMs" in refused.message and str(MOST_AT_ONCE) in refused.guidance
    async with store.session() as session:
        assert (await session.scalars(select(Job))).all() == []


async def test_what_was_added_before_a_crash_counts_as_added(oma: Oma, store: Store) -> None:
    job_id = (await oma.discovery.add_vms(AddVms(vms=["/DC0/vm/web1", "/DC0/vm/db1"]))).job_id
    await oma.runner.wait(job_id)
    async with store.begin() as session:  # the records of an agent that was killed before it could write down what had become of them
        job = await session.get_one(Job, job_id)
        job.status, job.state, job.completed_at, job.steps[0].status = "running", {}, None, "running"
    assert {one.outcome for one in await oma.discovery.additions(job_id)} == {Outcome.WAITING}
    assert await oma.runner.recover() == [job_id]
    assert (await oma.runner.wait(job_id)).status == "completed"
    assert [one.outcome for one in await oma.discovery.additions(job_id)] == [ADDED, ADDED]
    assert await count(store) == 2


async def test_a_vcenter_that_refuses_the_login_ends_the_job_with_that_reason(oma: Oma, vcenter: VcenterLab) -> None:
    wrong = await oma.log_in(vcenter, "wrong", password="wrong")
    job_id = (await oma.discovery.add_vms(AddVms(credential_id=wrong, vms=["/DC0/vm/web1"]))).job_id
    job = await oma.runner.wait(job_id)
    assert job.status == "failed" and job.error is not None and job.error["key"] == "vcenter.login_refused"


async def test_the_additions_of_another_job_are_not_found(oma: Oma) -> None:
    assert (await refusal(oma.discovery.additions("job-0"))).status == 404


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Iterator[VcenterLab]:
    made = VcenterLab(tmp_path_factory.mktemp("vc") / "v", plan(MANY))
    made.start()
    yield made
    made.stop()


async def connected(lab: VcenterLab, **more: Any) -> VCenter:
    made = VCenter(lab.host, lab.user, lab.password, port=lab.port, thumbprint=await fetch_fingerprint(lab.host, lab.port), **more)
    await made.connect()
    return made


@pytest.mark.lab
async def test_two_thousand_vms_take_as_many_questions_as_pages_and_the_next_page_none(large: VcenterLab) -> None:
    vcenter = await connected(large, keep_alive=600.0)
    surveys, before = Surveys(), calls(large)
    seen = await surveys.of(vcenter)
    asked = calls(large) - before
    assert len(seen.vms) == MANY + 4 and all(one.disks for one in seen.vms)
    assert asked <= 2 + 1 + (MANY + 20) // LARGE_PAGE  # a view made and destroyed, and the pages
    assert await surveys.of(vcenter) is seen and calls(large) - before == asked
    await vcenter.close()


async def test_many_vms_are_read_in_full_by_as_many_questions_as_one(vcenter: VcenterLab) -> None:
    session = await connected(vcenter, keep_alive=600.0)
    asked = []
    for which in (["/DC0/vm/web1"], [f"/DC0/vm/{name}" for name in ("db1", "mapped", "web1", "web2")]):
        before = calls(vcenter)
        assert list(await inventory.vms(session, which)) == which
        asked.append(calls(vcenter) - before)
    assert asked[0] == asked[1]
    await session.close()


async def test_those_who_ask_at_once_wait_for_one_look_and_an_old_one_is_not_good_enough(vcenter: VcenterLab) -> None:
    session, now = await connected(vcenter), [0.0]
    surveys = Surveys(lambda: now[0])
    first, second = await asyncio.gather(surveys.of(session), surveys.of(session))
    assert first is second
    now[0] = FRESH / 2
    assert await surveys.of(session) is first
    anew = await surveys.of(session, anew=True)
    assert anew is not first
    now[0] += FRESH + 1
    assert await surveys.of(session) is not anew
    await session.close()


async def test_a_session_that_ended_meanwhile_and_a_vm_that_has_gone_break_nothing(vcenter: VcenterLab) -> None:
    session = await connected(vcenter, keep_alive=600.0)
    vcenter.service.sessions.end_all()
    assert len((await survey(session)).vms) == 4 and session.logins == 2
    morefs = [one.moref for one in (await survey(session)).vms[:1]] + ["vm-99999"]
    found = await session.call("read VMs", lambda content: read_present(content, [reference(content, one) for one in morefs], ["name"]))
    assert [one.moref for one in found] == morefs[:1]
    await session.close()


@pytest.mark.parametrize(
    ("failure", "key"),
    [
        (Injected("soap_slow", seconds=1.5), "vcenter.timed_out"),
        (Injected("soap_cut", times=4), "vcenter.unreachable"),
        (Injected("busy", times=4), "vcenter.unreachable"),
    ],
)
async def test_a_vcenter_that_is_slow_or_breaks_off_is_said_and_can_be_asked_again(
    vcenter: VcenterLab, failure: Injected, key: str
) -> None:
    vcenter.estate.failures.clear()
    session = await connected(vcenter, timeout=0.5, keep_alive=600.0)
    vcenter.estate.failures.order(failure)
    refused = await refusal(survey(session))
    assert refused.key == key and refused.guidance
    vcenter.estate.failures.clear()
    assert len((await survey(session)).vms) == 4
    await session.close()
