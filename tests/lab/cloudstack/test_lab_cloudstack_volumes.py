"""The rules of volumes and tags."""

from collections.abc import Awaitable, Callable

import pytest
from cs import AIOCloudStack, CloudStackApiException

from appliance.lab.cloudstack import CloudstackLab

GIB = 1024**3
NewVolume = Callable[..., Awaitable[str]]
NewVm = Callable[..., Awaitable[str]]


async def volume_of(cs: AIOCloudStack, identity: str) -> dict[str, object]:
    found = (await cs.listVolumes(id=identity))["volume"]
    return dict(found[0])


async def test_a_new_volume_stays_allocated_until_it_is_attached(cs: AIOCloudStack, oma: str, new_volume: NewVolume) -> None:
    volume = await new_volume(size=3)
    before = await volume_of(cs, volume)
    assert (before["state"], before["size"], before["type"]) == ("Allocated", 3 * GIB, "DATADISK")
    await cs.attachVolume(id=volume, virtualmachineid=oma)
    after = await volume_of(cs, volume)
    assert (after["state"], after["virtualmachineid"], after["deviceid"]) == ("Ready", oma, 1)


async def test_a_placed_volume_is_a_file_of_its_size_full_of_zeros(
    lab: CloudstackLab, cs: AIOCloudStack, oma: str, new_volume: NewVolume
) -> None:
    volume = await new_volume()
    path = lab.cloud.disks.volume(volume)
    assert not path.exists()
    await cs.attachVolume(id=volume, virtualmachineid=oma)
    assert (path.stat().st_size, path.stat().st_blocks) == (GIB, 0)


async def test_an_attached_volume_cannot_be_attached_again_or_deleted(cs: AIOCloudStack, oma: str, new_volume: NewVolume) -> None:
    volume = await new_volume()
    await cs.attachVolume(id=volume, virtualmachineid=oma)
    with pytest.raises(CloudStackApiException, match="not attached to any VM"):
        await cs.attachVolume(id=volume, virtualmachineid=oma)
    with pytest.raises(CloudStackApiException, match="not attached to any VM"):
        await cs.deleteVolume(id=volume)


async def test_a_detached_volume_keeps_its_bytes_and_can_be_deleted(
    lab: CloudstackLab, cs: AIOCloudStack, oma: str, new_volume: NewVolume
) -> None:
    volume = await new_volume()
    await cs.attachVolume(id=volume, virtualmachineid=oma)
    with lab.cloud.disks.volume(volume).open("r+b") as file:
        file.write(b"kept")
    await cs.detachVolume(id=volume)
    assert "virtualmachineid" not in await volume_of(cs, volume)
    await cs.attachVolume(id=volume, virtualmachineid=oma)
    assert lab.cloud.disks.volume(volume).open("rb").read(4) == b"kept"
    await cs.detachVolume(virtualmachineid=oma, deviceid=1)
    assert await cs.deleteVolume(id=volume) == {"success": True}
    assert not lab.cloud.disks.volume(volume).exists()


async def test_a_volume_that_is_not_attached_cannot_be_detached(cs: AIOCloudStack, new_volume: NewVolume) -> None:
    with pytest.raises(CloudStackApiException) as refused:
        await cs.detachVolume(id=await new_volume())
    assert refused.value.error["errorcode"] == 530
    assert refused.value.error["errortext"] == "The specified volume is not attached to a VM."


@pytest.mark.parametrize(("asked", "text"), [(3, "deviceId should be"), (99, "deviceId should be"), (1, "is used by vm")])
async def test_slot_3_slots_beyond_the_limit_and_used_slots_are_refused(
    cs: AIOCloudStack, oma: str, new_volume: NewVolume, asked: int, text: str
) -> None:
    await cs.attachVolume(id=await new_volume("first"), virtualmachineid=oma)
    with pytest.raises(CloudStackApiException, match=text):
        await cs.attachVolume(id=await new_volume(), virtualmachineid=oma, deviceid=asked)


async def test_slots_are_given_in_order_without_the_cd_rom(cs: AIOCloudStack, oma: str, new_volume: NewVolume) -> None:
    for number in range(3):
        await cs.attachVolume(id=await new_volume(f"v{number}"), virtualmachineid=oma)
    assert [volume["deviceid"] for volume in (await cs.listVolumes(virtualmachineid=oma))["volume"]] == [1, 2, 4]


async def test_too_many_data_volumes_are_refused(lab: CloudstackLab, cs: AIOCloudStack, oma: str, new_volume: NewVolume) -> None:
    lab.cloud.settings.max_data_volumes = 1
    await cs.attachVolume(id=await new_volume("first"), virtualmachineid=oma)
    with pytest.raises(CloudStackApiException, match=r"maximum number of data disks \(1\)"):
        await cs.attachVolume(id=await new_volume(), virtualmachineid=oma)


async def test_sizes_must_fit_the_offering(cs: AIOCloudStack) -> None:
    offerings = {each["name"]: each["id"] for each in (await cs.listDiskOfferings())["diskoffering"]}
    for offering, size in (("Custom", None), ("Custom", 0), ("Custom", 5000), ("Small 5 GiB", 6)):
        with pytest.raises(CloudStackApiException) as refused:
            await cs.createVolume(name="x", diskofferingid=offerings[offering], size=size)
        assert refused.value.error["errorcode"] == 431
    made = await cs.createVolume(name="x", diskofferingid=offerings["Small 5 GiB"])
    assert made["volume"]["size"] == 5 * GIB


async def test_quotas_are_checked_before_a_volume_is_made(lab: CloudstackLab, cs: AIOCloudStack, new_volume: NewVolume) -> None:
    lab.cloud.settings.limits.primary_storage_gib = 2
    with pytest.raises(CloudStackApiException, match="'primary_storage'") as refused:
        await new_volume(size=3)
    assert (refused.value.error["errorcode"], refused.value.error["cserrorcode"]) == (535, 4370)
    assert await cs.listVolumes() == {}


async def test_a_volume_grows_and_never_shrinks(lab: CloudstackLab, cs: AIOCloudStack, oma: str, new_volume: NewVolume) -> None:
    volume = await new_volume()
    await cs.attachVolume(id=volume, virtualmachineid=oma)
    await cs.resizeVolume(id=volume, size=2)
    assert (await volume_of(cs, volume))["size"] == 2 * GIB == lab.cloud.disks.volume(volume).stat().st_size
    with pytest.raises(CloudStackApiException, match="would shrink the volume"):
        await cs.resizeVolume(id=volume, size=1)


async def test_a_volume_with_snapshots_does_not_grow(cs: AIOCloudStack, oma: str, new_volume: NewVolume) -> None:
    volume = await new_volume()
    await cs.attachVolume(id=volume, virtualmachineid=oma)
    await cs.detachVolume(id=volume)
    await cs.createSnapshot(volumeid=volume)
    with pytest.raises(CloudStackApiException, match="has snapshots"):
        await cs.resizeVolume(id=volume, size=2)


async def test_a_root_is_swapped_on_a_stopped_vm(cs: AIOCloudStack, oma: str, new_volume: NewVolume, new_vm: NewVm) -> None:
    migrated, vm = await new_volume("migrated"), await new_vm()
    root = (await cs.listVolumes(virtualmachineid=vm))["volume"][0]
    assert (root["type"], root["deviceid"], root["state"]) == ("ROOT", 0, "Ready")
    with pytest.raises(CloudStackApiException, match="already has root volume"):
        await cs.attachVolume(id=migrated, virtualmachineid=vm, deviceid=0)
    await cs.detachVolume(id=root["id"])
    assert (await volume_of(cs, root["id"]))["type"] == "DATADISK"
    await cs.deleteVolume(id=root["id"])
    await cs.attachVolume(id=migrated, virtualmachineid=vm, deviceid=0)
    assert (await volume_of(cs, migrated))["type"] == "ROOT"


async def test_a_root_attached_without_its_number_becomes_a_data_volume_and_the_vm_does_not_start(cs: AIOCloudStack, new_vm: NewVm) -> None:
    vm = await new_vm()
    root = (await cs.listVolumes(virtualmachineid=vm))["volume"][0]["id"]
    await cs.detachVolume(id=root)
    await cs.attachVolume(id=root, virtualmachineid=vm)
    assert (await volume_of(cs, root))["deviceid"] == 1
    with pytest.raises(CloudStackApiException, match="root volume"):
        await cs.startVirtualMachine(id=vm)


async def test_a_root_is_not_attached_to_a_running_vm(cs: AIOCloudStack, oma: str, new_volume: NewVolume) -> None:
    with pytest.raises(CloudStackApiException, match="Root volume attach can be done only when vm is in state: Stopped"):
        await cs.attachVolume(id=await new_volume(), virtualmachineid=oma, deviceid=0)


async def test_volumes_are_found_by_tag_type_state_and_vm(cs: AIOCloudStack, oma: str, new_volume: NewVolume) -> None:
    tagged, other = await new_volume("a"), await new_volume("b")
    await cs.createTags(resourceids=tagged, resourcetype="Volume", tags=[{"key": "job", "value": "job-1"}])
    await cs.attachVolume(id=other, virtualmachineid=oma)
    by_tag = (await cs.listVolumes(tags=[{"key": "job", "value": "job-1"}]))["volume"]
    assert [volume["id"] for volume in by_tag] == [tagged]
    assert by_tag[0]["tags"][0]["value"] == "job-1"
    assert (await cs.listVolumes(state="Ready"))["volume"][0]["id"] == other
    assert (await cs.listVolumes(virtualmachineid=oma, type="DATADISK"))["count"] == 1
    assert await cs.listVolumes(type="ROOT") == {}
    assert (await cs.listTags(key="job", resourcetype="Volume"))["tag"][0]["resourceid"] == tagged


async def test_a_tag_is_put_once_and_can_be_taken_off(cs: AIOCloudStack, new_volume: NewVolume) -> None:
    volume = await new_volume()
    tags = [{"key": "job", "value": "1"}]
    await cs.createTags(resourceids=volume, resourcetype="Volume", tags=tags)
    with pytest.raises(CloudStackApiException, match="already on"):
        await cs.createTags(resourceids=volume, resourcetype="Volume", tags=tags)
    await cs.deleteTags(resourceids=volume, resourcetype="Volume", tags=tags)
    assert await cs.listTags() == {}
