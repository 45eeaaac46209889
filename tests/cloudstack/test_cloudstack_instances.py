"""Machines: made stopped, found again, destroyed; against the lab."""

import asyncio
import re

import pytest
from lab_cloud import LabCloud

from appliance.cloudstack.clouds import Clouds
from appliance.cloudstack.configs import CloudConfig
from appliance.cloudstack.instances import MachineOrder, host_name, order_params
from appliance.contract.errors import Fault
from appliance.core.store import new_id
from appliance.lab.cloudstack import Fault as LabFault


def _order(config: CloudConfig, **more: object) -> MachineOrder:
    values: dict[str, object] = {
        "job_id": "job-1",
        "name": "Web 01",
        "zone_id": config.zone,
        "template_id": config.template_id,
        "service_offering_id": config.service_offering_id,
        "network_ids": (config.network_id,),
    }
    return MachineOrder(**{**values, **more})  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["web01", "Web Server (old)", "1st", "---", "ÄÖÜ", "x" * 90])
def test_host_names_are_valid_and_end_in_the_job(name: str) -> None:
    job_id = new_id("job")
    made = host_name(name, job_id)
    assert re.fullmatch(r"[a-z]([a-z0-9-]{0,61}[a-z0-9])?", made)
    assert made.endswith(job_id)


def test_firmware_bus_and_nic_follow_the_source() -> None:
    order = MachineOrder("job-1", "a", "z", "t", "s", ("n1", "n2"), firmware="uefi-secure", disk_bus="scsi", nic_model="e1000")
    params = order_params(order, custom=False)
    assert (params["boottype"], params["bootmode"]) == ("UEFI", "SECURE")
    assert params["details"] == [{"rootDiskController": "scsi", "nicAdapter": "e1000"}]
    assert (params["networkids"], params["startvm"]) == (["n1", "n2"], False)


def test_a_custom_offering_gets_the_size_of_the_source() -> None:
    order = MachineOrder("job-1", "a", "z", "t", "s", (), cpus=3, memory_mib=3072)
    assert order_params(order, custom=True)["details"] == [{"cpuNumber": "3", "memory": "3072"}]
    assert "details" not in order_params(order, custom=False)


async def test_a_machine_is_made_stopped(clouds: Clouds, config: CloudConfig) -> None:
    instances = clouds.instances(config)
    vm_id = await instances.deploy(_order(config, firmware="uefi"))
    machine = await instances.get(vm_id)
    assert machine is not None
    assert (machine.state, machine.display_name, len(machine.macs)) == ("Stopped", "Web 01 (job-1)", 1)


async def test_a_job_makes_one_machine_however_often_it_asks(clouds: Clouds, config: CloudConfig, lab: LabCloud) -> None:
    instances = clouds.instances(config)
    first = await instances.deploy(_order(config))
    assert await instances.deploy(_order(config)) == first
    assert await instances.deploy(_order(config, job_id="job-2")) != first
    assert lab.commands().count("deployVirtualMachine") == 2


async def test_a_machine_is_found_by_its_job_after_a_crash(clouds: Clouds, config: CloudConfig, lab: LabCloud) -> None:
    lab.lab.cloud.faults.add(LabFault(kind="job_slow", command="deployVirtualMachine", seconds=0.2))
    instances = clouds.instances(config)
    making = asyncio.create_task(instances.deploy(_order(config)))
    while "deployVirtualMachine" not in lab.commands():
        await asyncio.sleep(0.01)
    making.cancel()
    await asyncio.gather(making, return_exceptions=True)
    await asyncio.sleep(0.4)
    found = await instances.of_job("job-1")
    assert found is not None
    assert await instances.deploy(_order(config)) == found.id
    assert lab.commands().count("deployVirtualMachine") == 1


async def test_destroying_is_final_and_can_be_done_again(clouds: Clouds, config: CloudConfig) -> None:
    instances = clouds.instances(config)
    vm_id = await instances.deploy(_order(config))
    await instances.destroy(vm_id)
    await instances.destroy(vm_id)
    assert await instances.get(vm_id) is None
    assert await instances.of_job("job-1") is None


async def test_a_stopped_machine_needs_no_stop(clouds: Clouds, config: CloudConfig, lab: LabCloud) -> None:
    instances = clouds.instances(config)
    await instances.stop(await instances.deploy(_order(config)))
    assert "stopVirtualMachine" not in lab.commands()


async def test_a_shutdown_that_does_not_end_is_forced(clouds: Clouds, config: CloudConfig, lab: LabCloud) -> None:
    lab.lab.cloud.faults.add(LabFault(kind="job_never_ends", command="stopVirtualMachine", match={"forced": "false"}))
    await clouds.instances(config).stop(config.oma_vm_id, graceful_s=0.2)
    assert lab.commands() == ["stopVirtualMachine", "stopVirtualMachine"]
    machine = await clouds.instances(config).get(config.oma_vm_id)
    assert machine is not None
    assert machine.state == "Stopped"


async def test_the_quota_of_machines_is_named(clouds: Clouds, config: CloudConfig, lab: LabCloud) -> None:
    lab.lab.cloud.settings.limits.instance = 1
    with pytest.raises(Fault) as refused:
        await clouds.instances(config).deploy(_order(config))
    assert refused.value.key == "cloudstack.quota"
