"""Snapshots: real copies, real reverts and the rules around them."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from cs import AIOCloudStack, CloudStackApiException

from appliance.lab.cloudstack import CloudstackLab

NewVolume = Callable[..., Awaitable[str]]
MIB = 1024**2


@pytest.fixture
async def volume(lab: CloudstackLab, cs: AIOCloudStack, oma: str, new_volume: NewVolume) -> str:
    """A detached volume that holds some bytes."""
    made = await new_volume()
    await cs.attachVolume(id=made, virtualmachineid=oma)
    write(lab.cloud.disks.volume(made), 5 * MIB, b"first" * 1000)
    await cs.detachVolume(id=made)
    return made


def write(path: Path, offset: int, data: bytes) -> None:
    with path.open("r+b") as file:
        file.seek(offset)
        file.write(data)


async def same(one: Path, other: Path) -> bool:
    judge = await asyncio.create_subprocess_exec(
        "qemu-img", "compare", "-f", "raw", "-F", "raw", one, other, stdout=asyncio.subprocess.DEVNULL
    )
    return await judge.wait() == 0


async def test_a_snapshot_holds_the_bytes_of_its_moment(lab: CloudstackLab, cs: AIOCloudStack, volume: str) -> None:
    disk = lab.cloud.disks.volume(volume)
    snapshot = (await cs.createSnapshot(volumeid=volume, name="before"))["snapshot"]
    copy = lab.cloud.disks.snapshot(snapshot["id"])
    assert (snapshot["state"], snapshot["name"], snapshot["volumeid"]) == ("BackedUp", "before", volume)
    assert await same(disk, copy)
    assert copy.stat().st_blocks * 512 < MIB
    write(disk, 0, b"later")
    assert not await same(disk, copy)


async def test_a_revert_brings_the_bytes_back(lab: CloudstackLab, cs: AIOCloudStack, volume: str) -> None:
    disk = lab.cloud.disks.volume(volume)
    snapshot = (await cs.createSnapshot(volumeid=volume))["snapshot"]["id"]
    write(disk, 0, b"later" * 100000)
    await cs.revertSnapshot(id=snapshot)
    assert await same(disk, lab.cloud.disks.snapshot(snapshot))
    assert disk.stat().st_blocks * 512 < MIB


async def test_a_deleted_snapshot_is_gone_with_its_bytes(lab: CloudstackLab, cs: AIOCloudStack, volume: str) -> None:
    snapshot = (await cs.createSnapshot(volumeid=volume))["snapshot"]["id"]
    await cs.deleteSnapshot(id=snapshot)
    assert await cs.listSnapshots(volumeid=volume) == {}
    assert not lab.cloud.disks.snapshot(snapshot).exists()


async def test_an_allocated_volume_has_no_snapshot(cs: AIOCloudStack, new_volume: NewVolume) -> None:
    with pytest.raises(CloudStackApiException, match="not in Ready state but Allocated") as refused:
        await cs.createSnapshot(volumeid=await new_volume())
    assert refused.value.error["errorcode"] == 431


async def test_a_volume_of_a_running_vm_has_no_snapshot_unless_it_is_enabled(
    lab: CloudstackLab, cs: AIOCloudStack, oma: str, volume: str
) -> None:
    await cs.attachVolume(id=volume, virtualmachineid=oma)
    with pytest.raises(CloudStackApiException, match="KVM Snapshot is not supported for Running VMs") as refused:
        await cs.createSnapshot(volumeid=volume)
    assert refused.value.error["errorcode"] == 530
    lab.cloud.settings.snapshots_of_running_vms = True
    assert (await cs.createSnapshot(volumeid=volume))["snapshot"]["state"] == "BackedUp"


async def test_a_revert_wants_the_vm_stopped(cs: AIOCloudStack, oma: str, volume: str) -> None:
    snapshot = (await cs.createSnapshot(volumeid=volume))["snapshot"]["id"]
    await cs.attachVolume(id=volume, virtualmachineid=oma)
    with pytest.raises(CloudStackApiException, match="not in the shutdown state"):
        await cs.revertSnapshot(id=snapshot)
    await cs.stopVirtualMachine(id=oma, forced=True)
    assert (await cs.revertSnapshot(id=snapshot))["snapshot"]["id"] == snapshot


async def test_slow_secondary_storage_takes_its_time_and_holds_the_volume(
    lab: CloudstackLab, cs: AIOCloudStack, oma: str, volume: str
) -> None:
    write(lab.cloud.disks.volume(volume), 0, b"x" * MIB)
    lab.cloud.settings.secondary_bytes_per_second = MIB // 2
    begun = asyncio.get_running_loop().time()
    taking = asyncio.ensure_future(cs.createSnapshot(volumeid=volume))
    while (await cs.listVolumes(id=volume))["volume"][0]["state"] == "Ready":
        await asyncio.sleep(0.01)
    with pytest.raises(CloudStackApiException, match="Volume state must be"):
        await cs.attachVolume(id=volume, virtualmachineid=oma)
    await taking
    assert asyncio.get_running_loop().time() - begun > 2.0


async def test_snapshots_outlive_their_volume_and_are_found_by_tag(cs: AIOCloudStack, volume: str) -> None:
    snapshot = (await cs.createSnapshot(volumeid=volume, tags=[{"key": "job", "value": "7"}]))["snapshot"]["id"]
    await cs.deleteVolume(id=volume)
    assert (await cs.listSnapshots(tags=[{"key": "job", "value": "7"}]))["snapshot"][0]["id"] == snapshot
    with pytest.raises(CloudStackApiException, match="its volume does not exist"):
        await cs.revertSnapshot(id=snapshot)
