"""The protocol: signatures, errors, paging, jobs, the request log."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path

import pytest
from cs import AIOCloudStack, CloudStack, CloudStackApiException

from appliance.lab.cloudstack import CloudstackLab, LabConfig

NewVolume = Callable[..., Awaitable[str]]


def connect(lab: CloudstackLab, **changes: object) -> AIOCloudStack:
    return AIOCloudStack(**{"endpoint": lab.url, "key": lab.api_key, "secret": lab.secret_key, "poll_interval": 0.01, **changes})


async def test_the_version_is_told(cs: AIOCloudStack) -> None:
    assert (await cs.listCapabilities())["capability"]["cloudstackversion"].startswith("4.20")


@pytest.mark.parametrize("method", ["get", "post"])
async def test_both_methods_are_served(lab: CloudstackLab, method: str) -> None:
    zones = await connect(lab, method=method).listZones(name="lab-zone")
    assert zones["count"] == 1


async def test_the_synchronous_client_works_too(lab: CloudstackLab) -> None:
    plain = CloudStack(lab.url, lab.api_key, lab.secret_key)
    assert (await asyncio.to_thread(plain.listZones))["zone"][0]["name"] == "lab-zone"


@pytest.mark.parametrize("wrong", [{"secret": "other"}, {"key": "other"}, {"expiration": timedelta(seconds=0)}])
async def test_a_bad_signature_an_unknown_key_and_an_expired_request_are_401(lab: CloudstackLab, wrong: dict[str, object]) -> None:
    with pytest.raises(CloudStackApiException) as refused:
        await connect(lab, **wrong).listZones()
    assert refused.value.error["errorcode"] == 401
    assert refused.value.error["errortext"] == "unable to verify user credentials and/or request signature"


async def test_a_request_without_an_expiry_is_served(lab: CloudstackLab) -> None:
    assert (await connect(lab, expiration=-1).listZones())["count"] == 1


async def test_names_with_every_kind_of_character_are_signed_alike(cs: AIOCloudStack, oma: str) -> None:
    name = "Ümläut & [brackets] *~+=/ 100%"
    await cs.updateVirtualMachine(id=oma, displayname=name)
    assert (await cs.listVirtualMachines(id=oma))["virtualmachine"][0]["displayname"] == name


async def test_an_unknown_command_is_432(cs: AIOCloudStack) -> None:
    with pytest.raises(CloudStackApiException) as refused:
        await cs.makeCoffee()
    assert refused.value.error["errorcode"] == 432
    assert refused.value.response.status == 432


async def test_a_missing_parameter_and_an_unknown_id_are_431(cs: AIOCloudStack) -> None:
    for call in (cs.listTemplates(), cs.deleteVolume(id="none"), cs.queryAsyncJobResult(jobid="none")):
        with pytest.raises(CloudStackApiException) as refused:
            await call
        assert refused.value.error["errorcode"] == 431
        assert refused.value.error["cserrorcode"] == 9999
        assert refused.value.error["uuidList"] == []


async def test_page_and_pagesize_go_together(cs: AIOCloudStack) -> None:
    with pytest.raises(CloudStackApiException):
        await cs.listServiceOfferings(pagesize=1)
    second = await cs.listServiceOfferings(page=2, pagesize=1)
    assert (second["count"], second["serviceoffering"][0]["name"]) == (2, "Medium")


async def test_all_pages_can_be_fetched(cs: AIOCloudStack, new_volume: NewVolume) -> None:
    made = [await new_volume(f"v{number}") for number in range(5)]
    listed = await cs.listVolumes(fetch_list=True, pagesize=2)
    assert [volume["id"] for volume in listed] == made


async def test_an_empty_list_has_no_fields(cs: AIOCloudStack) -> None:
    assert await cs.listVolumes() == {}


async def test_a_job_is_pending_then_done(lab: CloudstackLab, oma: str, new_volume: NewVolume) -> None:
    volume = await new_volume()
    lab.cloud.settings.command_seconds["attachVolume"] = 1.0
    at_once = connect(lab)
    job = (await at_once.attachVolume(id=volume, virtualmachineid=oma))["jobid"]
    assert (await at_once.queryAsyncJobResult(jobid=job))["jobstatus"] == 0
    assert "jobresult" not in await at_once.queryAsyncJobResult(jobid=job)
    await asyncio.sleep(1.2)
    ended = await at_once.queryAsyncJobResult(jobid=job)
    assert (ended["jobstatus"], ended["jobresultcode"]) == (1, 0)
    assert ended["jobresult"]["volume"]["virtualmachineid"] == oma
    assert (await at_once.listAsyncJobs())["asyncjobs"][0]["jobid"] == job


async def test_a_creating_job_gives_the_id_at_once(lab: CloudstackLab, cs: AIOCloudStack) -> None:
    offering = (await cs.listDiskOfferings(name="Custom"))["diskoffering"][0]["id"]
    accepted = await connect(lab).createVolume(name="x", diskofferingid=offering, size=1)
    assert (await cs.listVolumes(id=accepted["id"]))["count"] == 1


async def test_a_user_without_rights_cannot_call_administrators_commands(tmp_path: Path) -> None:
    async with CloudstackLab(tmp_path, LabConfig(administrator=False, devices="link")) as lab:
        with pytest.raises(CloudStackApiException) as refused:
            await connect(lab).listHypervisorCapabilities()
        assert refused.value.error["errorcode"] == 432
        assert "listCapacity" not in [api["name"] for api in (await connect(lab).listApis())["api"]]


async def test_every_request_is_logged_without_its_signature(lab: CloudstackLab) -> None:
    caller = connect(lab, headers={"User-Agent": "volumes"})
    await caller.listVolumes(name="x")
    with pytest.raises(CloudStackApiException):
        await caller.deleteVolume(id="none")
    listed, deleted = lab.cloud.log.read()
    assert (listed["command"], listed["params"], listed["user_agent"], listed["outcome"]) == ("listVolumes", {"name": "x"}, "volumes", "ok")
    assert (listed["api_key"], deleted["status"]) == (lab.api_key, 431)
    assert lab.secret_key not in (lab.cloud.folder / "requests.jsonl").read_text()


async def test_catalog_account_and_limits_are_listed(cs: AIOCloudStack, lab: CloudstackLab) -> None:
    lab.cloud.settings.limits.volume = 7
    networks = (await cs.listNetworks())["network"]
    assert [network["name"] for network in networks] == ["production", "isolated-test"]
    assert (await cs.listAccounts())["account"][0]["user"][0]["apikey"] == lab.api_key
    assert (await cs.listUsers(username="admin"))["user"][0]["roletype"] == "Admin"
    assert (await cs.listDomains())["domain"][0]["path"] == "ROOT"
    assert (await cs.listHypervisors())["hypervisor"] == [{"name": "KVM"}]
    assert (await cs.listHypervisorCapabilities(hypervisor="KVM"))["hypervisorCapabilities"][0]["maxdatavolumeslimit"] == 32
    assert (await cs.listResourceLimits(resourcetype=2))["resourcelimit"][0]["max"] == 7
    assert (await cs.listCapacity(type=3))["capacity"][0]["capacityused"] == 0
