"""What CloudStack was given before a crash is asked about; it is not started twice."""

import asyncio

import pytest
from lab_cloud import FAST, LabCloud
from sqlalchemy import select

from appliance.cloudstack._client import Transport
from appliance.cloudstack.clouds import Clouds
from appliance.cloudstack.configs import CloudConfig
from appliance.cloudstack.instances import MachineOrder
from appliance.cloudstack.models import CloudstackJobRow
from appliance.cloudstack.tracking import Purpose, Tracking
from appliance.core.store import Store
from appliance.lab.cloudstack import Fault as LabFault

PURPOSE = Purpose("create", parent_job_id="job-1")


async def ordered(transport: Transport, lab: LabCloud, tracking: Tracking, seconds: float = 0.0) -> str:
    """A volume that an agent ordered and did not follow; returns CloudStack's job."""
    if seconds:
        lab.lab.cloud.faults.add(LabFault(kind="job_slow", command="createVolume", seconds=seconds))
    account = lab.account
    answer = await transport.ask(
        "createVolume", name="v", zoneid=account["zone_id"], diskofferingid=account["disk_offering_ids"]["Custom"], size=1
    )
    job = str(answer["jobid"])
    await tracking.started(job, "createVolume", PURPOSE)
    return job


async def status_of(store: Store, job: str) -> str:
    async with store.session() as session:
        found = await session.scalar(select(CloudstackJobRow.status).where(CloudstackJobRow.cloudstack_job_id == job))
        return found or ""


async def test_a_job_that_ended_meanwhile_is_recorded_as_it_ended(
    transport: Transport, lab: LabCloud, clouds: Clouds, config: CloudConfig, store: Store
) -> None:
    job = await ordered(transport, lab, Tracking(store))
    while await clouds.look_after_jobs([config]):
        await asyncio.sleep(0.01)
    assert await status_of(store, job) == "done"


async def test_a_job_under_way_stays_pending(
    transport: Transport, lab: LabCloud, clouds: Clouds, config: CloudConfig, store: Store
) -> None:
    job = await ordered(transport, lab, Tracking(store), seconds=60)
    assert await clouds.look_after_jobs([config]) == 1
    assert await status_of(store, job) == "pending"


@pytest.mark.parametrize(("configured", "status"), [(True, "unknown"), (False, "pending")])
async def test_a_job_that_no_cloud_knows_is_recorded_as_unknown(
    clouds: Clouds, config: CloudConfig, store: Store, configured: bool, status: str
) -> None:
    await Tracking(store).started("8a7f4f5e-0000-4000-8000-000000000000", "createVolume", PURPOSE)
    await clouds.look_after_jobs([config] if configured else [])
    assert await status_of(store, "8a7f4f5e-0000-4000-8000-000000000000") == status


async def test_a_cloud_that_does_not_answer_ends_nothing(
    transport: Transport, lab: LabCloud, clouds: Clouds, config: CloudConfig, store: Store
) -> None:
    job = await ordered(transport, lab, Tracking(store))
    lab.lab.cloud.faults.add(LabFault(kind="unavailable", command="queryAsyncJobResult"))
    await clouds.look_after_jobs([config])
    assert await status_of(store, job) == "pending"


async def test_a_machine_that_is_in_the_making_is_waited_for_instead_of_made_twice(
    lab: LabCloud, clouds: Clouds, config: CloudConfig, store: Store
) -> None:
    order = MachineOrder("job-1", "web", config.zone, config.template_id, config.service_offering_id, (config.network_id,))
    lab.lab.cloud.faults.add(LabFault(kind="job_slow", command="deployVirtualMachine", seconds=0.5))
    first = asyncio.create_task(clouds.instances(config).deploy(order))
    while not await Tracking(store).pending("job-1", "deployVirtualMachine"):
        await asyncio.sleep(0.01)
    first.cancel()
    await asyncio.gather(first, return_exceptions=True)

    another = Clouds(store, FAST, timeout=5)
    made = await another.instances(config).deploy(order)
    await another.close()
    sent = [str(line["command"]) for line in lab.lab.cloud.log.read()]
    assert sent.count("deployVirtualMachine") == 1 and made
    assert await Tracking(store).pending("job-1") == []
