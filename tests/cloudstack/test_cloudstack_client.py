"""The client: faces, jobs and errors, against the lab over real sockets."""

import asyncio

import pytest
from lab_cloud import FAST, LabCloud
from sqlalchemy import select

from appliance.cloudstack._client import COMPUTE_COMMANDS, ComputeCalls, Endpoint, Transport, VolumeCalls
from appliance.cloudstack.answers import refusal
from appliance.cloudstack.models import CloudstackJobRow
from appliance.cloudstack.tracking import Purpose, Tracking
from appliance.contract.errors import Fault
from appliance.core.store import Store
from appliance.lab.cloudstack import Fault as LabFault

MAKE = {"name": "v", "size": 1}


def _volume(lab: LabCloud) -> dict[str, str | int]:
    return {"name": "v", "size": 1, "zoneid": lab.account["zone_id"], "diskofferingid": lab.account["disk_offering_ids"]["Custom"]}


async def _jobs(store: Store) -> list[CloudstackJobRow]:
    async with store.session() as session:
        return list(await session.scalars(select(CloudstackJobRow)))


def test_no_command_of_the_compute_face_makes_or_changes_a_volume() -> None:
    assert not [one for one in COMPUTE_COMMANDS if "Volume" in one or "Snapshot" in one]


@pytest.mark.parametrize("command", ["createVolume", "attachVolume", "detachVolume", "deleteVolume", "createSnapshot", "revertSnapshot"])
async def test_the_compute_face_sends_no_volume_command(transport: Transport, lab: LabCloud, command: str) -> None:
    calls = ComputeCalls(transport)
    for send in (calls.ask(command, id="1"), calls.list(command, id="1"), calls.run(command, Purpose(), id="1")):
        with pytest.raises(Fault) as refused:
            await send
        assert refused.value.key == "cloudstack.not_allowed"
    assert lab.commands() == []


async def test_a_face_holds_nothing_that_sends_more_than_it_allows(transport: Transport) -> None:
    for face in (ComputeCalls(transport), VolumeCalls(transport)):
        assert not [one for one in vars(face).values() if isinstance(one, Transport)]


@pytest.mark.parametrize("name", ["volumeids", "diskOfferingId", "volumeid", "snapshotid"])
async def test_the_compute_face_sends_no_volume_parameter(transport: Transport, lab: LabCloud, name: str) -> None:
    with pytest.raises(Fault):
        await ComputeCalls(transport).run("destroyVirtualMachine", Purpose(), None, id="1", **{name: "1"})
    assert lab.commands() == []


async def test_the_volume_face_makes_no_machines(transport: Transport, lab: LabCloud) -> None:
    with pytest.raises(Fault):
        await VolumeCalls(transport).run("deployVirtualMachine", Purpose())
    assert lab.commands() == []


async def test_a_job_is_followed_and_recorded(transport: Transport, lab: LabCloud, store: Store) -> None:
    told: list[object] = []

    async def accepted(answer: object) -> None:
        told.append(answer)

    made = await transport.run("createVolume", Purpose("create", "op-1", "job-1"), accepted, **_volume(lab))
    [row] = await _jobs(store)
    assert made["name"] == "v"
    assert len(told) == 1
    assert (row.status, row.operation_type, row.correlation_id, row.parent_job_id) == ("done", "create", "op-1", "job-1")


async def test_a_failed_job_keeps_its_text_for_support(transport: Transport, lab: LabCloud, store: Store) -> None:
    lab.lab.cloud.faults.add(LabFault(kind="job_error", command="createVolume", text="storage pool is on fire"))
    with pytest.raises(Fault) as failed:
        await transport.run("createVolume", Purpose(), **_volume(lab))
    assert failed.value.key == "cloudstack.job_failed"
    assert "on fire" in failed.value.cause
    assert "on fire" not in failed.value.message
    assert [row.status for row in await _jobs(store)] == ["failed"]


async def test_a_job_that_never_ends_is_ended_by_a_cancel_only(transport: Transport, lab: LabCloud, store: Store) -> None:
    lab.lab.cloud.faults.add(LabFault(kind="job_never_ends", command="createVolume"))
    running = asyncio.create_task(transport.run("createVolume", Purpose(), **_volume(lab)))
    await asyncio.sleep(0.4)
    assert not running.done()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert [row.status for row in await _jobs(store)] == ["pending"]


async def test_an_unreachable_cloud_is_asked_again_while_a_job_is_followed(transport: Transport, lab: LabCloud) -> None:
    for kind in ("unavailable", "disconnect"):
        lab.lab.cloud.faults.add(LabFault(kind=kind, command="queryAsyncJobResult", times=2))
    assert (await transport.run("createVolume", Purpose(), **_volume(lab)))["name"] == "v"


async def test_a_job_that_cloudstack_forgot_is_no_success(transport: Transport) -> None:
    with pytest.raises(Fault) as forgotten:
        await transport.follow("3d3ec2f9-0a4f-4b4f-8a39-000000000000")
    assert forgotten.value.key == "cloudstack.job_unknown"


async def test_wrong_keys_are_said_so_and_not_shown(lab: LabCloud, store: Store) -> None:
    wrong = Transport(Endpoint(lab.lab.url, lab.lab.api_key, "a-wrong-secret", timeout=5), Tracking(store), FAST)
    with pytest.raises(Fault) as refused:
        await wrong.ask("listCapabilities")
    await wrong.close()
    assert refused.value.key == "cloudstack.keys_refused"
    assert "a-wrong-secret" not in f"{refused.value} {refused.value.cause}"
    assert lab.lab.api_key not in f"{refused.value} {refused.value.cause}"


async def test_nobody_listening_is_unreachable(store: Store) -> None:
    nobody = Transport(Endpoint("http://127.0.0.1:1/client/api", "k", "s", timeout=2), Tracking(store), FAST)
    with pytest.raises(Fault) as refused:
        await nobody.ask("listCapabilities")
    await nobody.close()
    assert refused.value.key == "cloudstack.unreachable"


async def test_silence_ends_in_no_answer(store: Store) -> None:
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    server = await asyncio.start_server(silent, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    asking = Transport(Endpoint(f"http://127.0.0.1:{port}/client/api", "k", "s", timeout=0.2), Tracking(store), FAST)
    with pytest.raises(Fault) as refused:
        await asking.ask("listCapabilities")
    await asking.close()
    server.close()
    assert refused.value.key == "cloudstack.no_answer"


async def test_a_list_of_what_does_not_exist_is_empty(transport: Transport) -> None:
    assert await transport.list("listVolumes", id="no-such-volume") == []


@pytest.mark.parametrize(
    ("code", "text", "key"),
    [
        (401, "unable to verify user credentials", "cloudstack.keys_refused"),
        (531, "Acct does not have permission", "cloudstack.keys_refused"),
        (535, "Maximum number of resources of type 'volume' has been exceeded.", "cloudstack.quota"),
        (530, "Maximum amount of resources of Type = 'primary_storage' exceeded", "cloudstack.quota"),
        (533, "Insufficient capacity", "cloudstack.capacity"),
        (530, "Unable to find suitable storage pool when creating volume", "cloudstack.capacity"),
        (431, "Invalid parameter id value=x, or entity does not exist", "cloudstack.not_there"),
        (431, "Missing parameter", "cloudstack.refused"),
    ],
)
def test_refusals_are_sorted_by_code_and_words(code: int, text: str, key: str) -> None:
    assert refusal(code, text).key == key
