"""VMs: deployed, really booted from their volumes, destroyed."""

from collections.abc import Awaitable, Callable
from pathlib import Path

import aiohttp
import pytest
from cs import AIOCloudStack, CloudStackApiException

from appliance.lab.cloudstack import CloudstackLab

GIB = 1024**3
NewVolume = Callable[..., Awaitable[str]]
NewVm = Callable[..., Awaitable[str]]

# Reads the first sector of the second disk and prints it on the serial port, then echoes what is typed; `q` switches off (ACPI).
READ_SECOND_DISK = bytes.fromhex("31c08ed88ec0b80102bb007eb90100ba8100cd13")
PRINT_IT = bytes.fromhex("be007eac84c07406baf803eeebf5")
ECHO = bytes.fromhex("bafd03eca80174f8baf803ec3c717403eeebedba0406b80020efebfe")
BOOT_SECTOR = (READ_SECOND_DISK + PRINT_IT + ECHO).ljust(510, b"\0") + b"\x55\xaa"


async def test_a_deployed_vm_is_stopped_with_a_small_root_and_the_chosen_networks(cs: AIOCloudStack, new_vm: NewVm) -> None:
    networks = [network["id"] for network in (await cs.listNetworks())["network"]]
    vm = await new_vm(
        "copy",
        displayname="Copy of a VM",
        networkids=networks,
        rootdisksize=1,
        boottype="UEFI",
        bootmode="SECURE",
        details=[{"rootDiskController": "virtio", "nicAdapter": "vmxnet3"}],
    )
    row = (await cs.listVirtualMachines(id=vm))["virtualmachine"][0]
    assert (row["name"], row["displayname"], row["state"], row["boottype"]) == ("copy", "Copy of a VM", "Stopped", "UEFI")
    assert row["details"] == {"rootDiskController": "virtio", "nicAdapter": "vmxnet3"}
    assert [nic["networkid"] for nic in row["nic"]] == networks
    assert len({nic["macaddress"] for nic in row["nic"]}) == 2
    root = (await cs.listVolumes(virtualmachineid=vm, type="ROOT"))["volume"][0]
    assert (root["size"], root["deviceid"]) == (GIB, 0)


async def test_choices_that_do_not_exist_and_used_names_are_refused(cs: AIOCloudStack, new_vm: NewVm) -> None:
    with pytest.raises(CloudStackApiException, match="networkids"):
        await new_vm(networkids="none")
    await new_vm("copy")
    with pytest.raises(CloudStackApiException, match="already exists"):
        await new_vm("copy")


async def test_the_appliance_finds_itself_by_id_or_mac(cs: AIOCloudStack, oma: str) -> None:
    running = (await cs.listVirtualMachines(state="Running", listall=True))["virtualmachine"]
    assert [vm["id"] for vm in running if vm["nic"][0]["macaddress"] == "02:00:4c:4f:4d:41"] == [oma]


async def test_the_name_filter_finds_parts_of_names(cs: AIOCloudStack, new_vm: NewVm) -> None:
    vm = await new_vm("oma-copy")
    assert (await cs.listVirtualMachines(name="oma"))["count"] == 2
    assert (await cs.listVirtualMachines(ids=[vm]))["virtualmachine"][0]["name"] == "oma-copy"


async def test_an_expunged_vm_takes_its_root_with_it_and_sets_data_volumes_free(
    lab: CloudstackLab, cs: AIOCloudStack, new_vm: NewVm, new_volume: NewVolume
) -> None:
    vm, kept, doomed = await new_vm(), await new_volume("kept"), await new_volume("doomed")
    for volume in (kept, doomed):
        await cs.attachVolume(id=volume, virtualmachineid=vm)
    await cs.destroyVirtualMachine(id=vm, expunge=True, volumeids=[doomed])
    assert await cs.listVirtualMachines(id=vm) == {}
    [left] = (await cs.listVolumes())["volume"]
    assert (left["id"], left["state"]) == (kept, "Ready")
    assert [path.stem for path in lab.cloud.disks.volumes_folder.iterdir()] == [kept]


async def test_a_destroyed_vm_is_expunged_later(cs: AIOCloudStack, new_vm: NewVm) -> None:
    vm = await new_vm()
    with pytest.raises(CloudStackApiException, match="destroy vm"):
        await cs.expungeVirtualMachine(id=vm)
    assert (await cs.destroyVirtualMachine(id=vm))["virtualmachine"]["state"] == "Destroyed"
    with pytest.raises(CloudStackApiException, match="in state Destroyed"):
        await cs.startVirtualMachine(id=vm)
    await cs.expungeVirtualMachine(id=vm)
    assert await cs.listVolumes() == {}


async def bootable(lab: CloudstackLab, cs: AIOCloudStack, vm: str, new_volume: NewVolume) -> None:
    """Give a VM a root that boots and a data disk with a text."""
    [root] = (await cs.listVolumes(virtualmachineid=vm))["volume"]
    data = await new_volume()
    await cs.attachVolume(id=data, virtualmachineid=vm)
    patch(lab.cloud.disks.volume(root["id"]), BOOT_SECTOR)
    patch(lab.cloud.disks.volume(data), b"Hello from the data disk\n\0")


def patch(path: Path, data: bytes) -> None:
    with path.open("r+b") as file:
        file.write(data)


@pytest.mark.lab
async def test_a_started_vm_boots_from_its_volumes_and_can_be_talked_to(
    lab: CloudstackLab, cs: AIOCloudStack, oma: str, new_vm: NewVm, new_volume: NewVolume
) -> None:
    vm = await new_vm("machine")
    await bootable(lab, cs, vm, new_volume)
    assert (await cs.startVirtualMachine(id=vm))["virtualmachine"]["state"] == "Running"
    connector = aiohttp.UnixConnector(str(lab.control_socket))
    async with aiohttp.ClientSession("http://control", connector=connector) as control:
        wanted = {"pattern": "Hello from the data disk", "timeout": 40}
        async with control.post("/instances/machine/console/wait", json=wanted) as answer:
            assert answer.status == 200, await answer.text()
        await control.post(f"/instances/{vm}/keys", json={"text": "echo!"})
        async with control.post("/instances/machine/console/wait", json={"pattern": "echo!", "timeout": 10}) as answer:
            assert answer.status == 200
        [root] = (await cs.listVolumes(virtualmachineid=vm, type="ROOT"))["volume"]
        for forbidden in (cs.detachVolume(id=root["id"]), cs.createSnapshot(volumeid=root["id"])):
            with pytest.raises(CloudStackApiException):
                await forbidden
        await control.post(f"/instances/{vm}/keys", json={"text": "q"})
    machine = lab.cloud.hypervisor.machine(vm)
    assert machine is not None
    await machine.wait_stopped(20)
    assert (await cs.listVirtualMachines(id=vm))["virtualmachine"][0]["state"] == "Stopped"


@pytest.mark.lab
async def test_a_guest_that_ignores_its_power_button_is_switched_off(
    lab: CloudstackLab, cs: AIOCloudStack, new_vm: NewVm, new_volume: NewVolume
) -> None:
    vm = await new_vm()
    await bootable(lab, cs, vm, new_volume)
    lab.cloud.settings.acpi_seconds = 0.5
    await cs.startVirtualMachine(id=vm)
    machine = lab.cloud.hypervisor.machine(vm)
    assert machine is not None and machine.running
    assert (await cs.stopVirtualMachine(id=vm))["virtualmachine"]["state"] == "Stopped"
    assert not machine.running
