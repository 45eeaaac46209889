"""Ordered failures and the control socket."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import aiohttp
import pytest
from cs import AIOCloudStack, CloudStackApiException, CloudStackException

from appliance.lab.cloudstack import CloudstackLab, Fault, LabConfig, Settings

NewVolume = Callable[..., Awaitable[str]]


@pytest.fixture
async def control(lab: CloudstackLab) -> AsyncIterator[aiohttp.ClientSession]:
    connector = aiohttp.UnixConnector(str(lab.control_socket))
    async with aiohttp.ClientSession("http://control", connector=connector) as session:
        yield session


async def order(control: aiohttp.ClientSession, **fault: object) -> None:
    async with control.post("/faults", json=fault) as answer:
        assert answer.status == 201, await answer.text()


async def test_the_next_calls_of_a_command_fail_as_ordered(control: aiohttp.ClientSession, cs: AIOCloudStack) -> None:
    await order(control, kind="error", command="listZones", times=2, code=534, text="No host is up")
    for _ in range(2):
        with pytest.raises(CloudStackApiException, match="No host is up") as refused:
            await cs.listZones()
        assert refused.value.response.status == 534
    assert (await cs.listZones())["count"] == 1


async def test_a_quota_can_be_used_up(control: aiohttp.ClientSession, cs: AIOCloudStack, new_volume: NewVolume) -> None:
    await order(control, kind="quota", command="createVolume")
    with pytest.raises(CloudStackApiException) as refused:
        await new_volume()
    assert refused.value.error["errorcode"] == 535


async def test_a_job_can_fail_with_and_without_its_effect(
    control: aiohttp.ClientSession, cs: AIOCloudStack, oma: str, new_volume: NewVolume
) -> None:
    volume = await new_volume()
    for done, expected in ((False, "Allocated"), (True, "Ready")):
        await order(control, kind="job_error", command="attachVolume", match={"id": volume}, code=533, text="Pool is full", done=done)
        with pytest.raises(CloudStackApiException) as refused:
            await cs.attachVolume(id=volume, virtualmachineid=oma)
        assert (refused.value.error["errorcode"], refused.value.error["errortext"]) == (533, "Pool is full")
        assert (await cs.listVolumes(id=volume))["volume"][0]["state"] == expected


async def test_a_job_can_go_on_for_ever(lab: CloudstackLab, cs: AIOCloudStack, oma: str, new_volume: NewVolume) -> None:
    volume = await new_volume()
    lab.cloud.faults.add(Fault(kind="job_never_ends", command="attachVolume"))
    job = await cs.attachVolume(id=volume, virtualmachineid=oma, fetch_result=False)
    await asyncio.sleep(0.1)
    assert (await cs.queryAsyncJobResult(jobid=job["jobid"], fetch_result=False))["jobstatus"] == 0


async def test_a_job_can_be_slow(lab: CloudstackLab, cs: AIOCloudStack, oma: str, new_volume: NewVolume) -> None:
    volume = await new_volume()
    lab.cloud.faults.add(Fault(kind="job_slow", command="attachVolume", seconds=0.2))
    begun = asyncio.get_running_loop().time()
    await cs.attachVolume(id=volume, virtualmachineid=oma)
    assert asyncio.get_running_loop().time() - begun >= 0.2


@pytest.mark.parametrize(("kind", "error"), [("unavailable", CloudStackException), ("disconnect", aiohttp.ClientError)])
async def test_the_server_can_be_away(control: aiohttp.ClientSession, cs: AIOCloudStack, kind: str, error: type[Exception]) -> None:
    await order(control, kind=kind, times=-1)
    with pytest.raises(error):
        await cs.listZones()
    await control.delete("/faults")
    await cs.listZones()


@pytest.mark.parametrize("row", [True, False])
async def test_a_snapshot_can_be_lost(
    control: aiohttp.ClientSession, cs: AIOCloudStack, oma: str, new_volume: NewVolume, row: bool
) -> None:
    volume = await new_volume()
    await cs.attachVolume(id=volume, virtualmachineid=oma)
    await cs.detachVolume(id=volume)
    snapshot = (await cs.createSnapshot(volumeid=volume))["snapshot"]["id"]
    async with control.post(f"/snapshots/{snapshot}/lose", json={"row": row}) as answer:
        assert answer.status == 200
    assert (await cs.listSnapshots() == {}) == row
    with pytest.raises(CloudStackApiException):
        await cs.revertSnapshot(id=snapshot)


async def test_settings_change_while_it_runs_and_wrong_ones_are_refused(control: aiohttp.ClientSession, lab: CloudstackLab) -> None:
    async with control.patch("/settings", json={"device_seconds": 2.5, "limits": {"volume": 3}}) as answer:
        assert (await answer.json())["limits"]["volume"] == 3
    assert lab.cloud.settings.device_seconds == 2.5
    async with control.patch("/settings", json={"speed": 1}) as answer:
        assert answer.status == 400


async def test_orders_can_be_seen_and_taken_back(control: aiohttp.ClientSession, cs: AIOCloudStack) -> None:
    await order(control, kind="error", command="listZones", times=-1)
    async with control.get("/faults") as answer:
        [open_order] = await answer.json()
    async with control.delete(f"/faults/{open_order['id']}") as answer:
        assert await answer.json() == []
    await cs.listZones()


async def test_state_and_requests_can_be_read_without_secrets(
    control: aiohttp.ClientSession, lab: CloudstackLab, new_volume: NewVolume
) -> None:
    volume = await new_volume()
    async with control.get("/state") as answer:
        text = await answer.text()
        state = await answer.json()
    assert state["volumes"][volume]["path"].endswith(f"{volume}.raw")
    assert lab.secret_key not in text
    async with control.get("/requests", params={"command": "createVolume"}) as answer:
        assert len(await answer.json()) == 1
    async with control.get("/instances/nobody/console") as answer:
        assert answer.status == 404


async def test_a_restart_cancels_jobs_and_frees_what_they_held(tmp_path: Path) -> None:
    config = LabConfig(devices="link", settings=Settings(job_seconds=0.0))
    async with CloudstackLab(tmp_path / "cloud", config) as first:
        volume, job = await half_taken_snapshot(first)
    async with CloudstackLab(tmp_path / "cloud", config) as second:
        after = AIOCloudStack(second.url, second.api_key, second.secret_key)
        ended = await after.queryAsyncJobResult(jobid=job)
        assert (ended["jobstatus"], ended["jobresultcode"]) == (2, 530)
        assert "management server restart" in ended["jobresult"]["errortext"]
        assert (await after.listVolumes(id=volume))["volume"][0]["state"] == "Ready"
        assert await after.listSnapshots() == {}


async def half_taken_snapshot(lab: CloudstackLab) -> tuple[str, str]:
    """Ids of a volume and of the job that copies it for much longer than this test lasts."""
    cs = AIOCloudStack(lab.url, lab.api_key, lab.secret_key, poll_interval=0.01, fetch_result=True)
    oma = (await cs.listVirtualMachines())["virtualmachine"][0]["id"]
    volume = (await cs.createVolume(name="x", diskofferingid=next(iter(lab.cloud.disk_offerings)), size=1))["volume"]["id"]
    await cs.attachVolume(id=volume, virtualmachineid=oma)
    lab.cloud.disks.volume(volume).write_bytes(b"x" * 1024**2)
    await cs.detachVolume(id=volume)
    lab.cloud.settings.secondary_bytes_per_second = 1024
    job = (await cs.createSnapshot(volumeid=volume, fetch_result=False))["jobid"]
    while lab.cloud.world.volumes[volume].state == "Ready":
        await asyncio.sleep(0.01)
    return str(volume), str(job)
