"""Volumes: made, attached, detached, grown, deleted (rules of VolumeApiServiceImpl)."""

from ..cloud import Cloud
from ..config import GIB
from ..errors import failed, refused, unknown_entity
from ..jobs import Work
from ..records import Instance, Volume, timestamp
from ..views import volume_row
from ..wire import Params, Row
from .registry import Answer, command, has_tags, listing, the_instance, the_volume

CDROM_SLOT = 3
CUSTOM_MAX_GIB = 1024


@command("listVolumes")
def list_volumes(cloud: Cloud, params: Params) -> Answer:
    """Volumes, filtered by VM, type, state and tags."""
    rows = [
        volume_row(cloud, volume)
        for volume in cloud.world.volumes.values()
        if params.text("virtualmachineid") in ("", volume.instance_id)
        and params.text("type").upper() in ("", volume.type)
        and params.text("state").lower() in ("", volume.state.lower())
        and has_tags(volume.tags, params)
    ]
    return listing("volume", rows, params)


@command("createVolume", "name")
def create_volume(cloud: Cloud, params: Params) -> Answer:
    """A data volume; it stays Allocated, without a byte, until it is first attached."""
    size = _asked_size(cloud, params)
    cloud.check_room(volumes=1, new_bytes=size)
    volume = Volume(name=params.text("name"), size=size, disk_offering_id=params.required("diskofferingid"))
    cloud.world.volumes[volume.id] = volume

    async def work() -> Row:
        return {"volume": volume_row(cloud, volume)}

    return Work(work, "Volume", volume.id, creates=True)


@command("attachVolume", "id", "virtualmachineid")
def attach_volume(cloud: Cloud, params: Params) -> Answer:
    """Attach to a running or stopped VM; the first time the volume is placed."""
    volume, instance = the_volume(cloud, params), the_instance(cloud, params, "virtualmachineid")

    async def work() -> Row:
        device_id = _slot_for(cloud, volume, instance, params.whole("deviceid"))
        if volume.state == "Allocated":
            cloud.disks.place(volume.id, volume.size)
        volume.state = "Ready"
        volume.instance_id, volume.device_id, volume.attached = instance.id, device_id, timestamp()
        if device_id == 0:
            volume.type = "ROOT"
        cloud.appear(volume)
        return {"volume": volume_row(cloud, volume)}

    return Work(work, "Volume", volume.id)


@command("detachVolume")
def detach_volume(cloud: Cloud, params: Params) -> Answer:
    """Detach by id, or by VM and device id; a detached root is a data volume from then on."""
    volume = _volume_to_detach(cloud, params)

    async def work() -> Row:
        instance = cloud.world.instances.get(volume.instance_id or "")
        if instance is None:
            raise refused("The specified volume is not attached to a VM.")
        _check_changeable(volume, instance)
        if volume.state != "Ready":
            raise refused(f"Volume {volume.id} is in state {volume.state}, it can not be detached")
        await release(cloud, volume)
        return {"volume": volume_row(cloud, volume)}

    return Work(work, "Volume", volume.id)


@command("resizeVolume", "id")
def resize_volume(cloud: Cloud, params: Params) -> Answer:
    """Grow a volume (size in GiB)."""
    volume = the_volume(cloud, params)

    async def work() -> Row:
        size = (params.whole("size") or 0) * GIB
        _check_resize(cloud, volume, size)
        cloud.check_room(new_bytes=size - volume.size)
        volume.size = size
        if volume.state == "Ready":
            cloud.disks.place(volume.id, size)
            await cloud.devices.grow(volume.id)
        return {"volume": volume_row(cloud, volume)}

    return Work(work, "Volume", volume.id)


@command("deleteVolume", "id")
def delete_volume(cloud: Cloud, params: Params) -> Answer:
    """Delete a detached volume at once (this command is not a job)."""
    remove(cloud, the_volume(cloud, params))
    return {"success": True}


@command("destroyVolume", "id")
def destroy_volume(cloud: Cloud, params: Params) -> Answer:
    """The same as a job; only with expunge are the bytes gone, as in the lab always."""
    volume = the_volume(cloud, params)

    async def work() -> Row:
        row = volume_row(cloud, volume)
        remove(cloud, volume)
        return {"volume": {**row, "state": "Expunged"}}

    return Work(work, "Volume", volume.id)


def remove(cloud: Cloud, volume: Volume) -> None:
    """Forget a detached volume and its bytes; its snapshots stay."""
    if volume.instance_id is not None:
        raise refused("Please specify a volume that is not attached to any VM.")
    if volume.state not in ("Allocated", "Ready"):
        raise refused("There are snapshot creating on it, Unable to delete the volume")
    cloud.world.volumes.pop(volume.id, None)
    cloud.disks.delete_volume(volume.id)


async def release(cloud: Cloud, volume: Volume) -> None:
    """Take a volume off its VM."""
    await cloud.disappear(volume)
    volume.instance_id, volume.device_id, volume.attached = None, None, None
    volume.type = "DATADISK"


def _asked_size(cloud: Cloud, params: Params) -> int:
    """The size in bytes that an offering and the `size` parameter (GiB) make."""
    offering = cloud.disk_offerings.get(params.text("diskofferingid"))
    if "diskofferingid" not in params.values:
        raise refused("Missing parameter(s),either a positive volume size or a valid disk offering id must be specified.")
    if offering is None:
        raise unknown_entity(params.command, "diskofferingid", params.text("diskofferingid"))
    if params.text("zoneid") not in ("", cloud.zone_id):
        raise unknown_entity(params.command, "zoneid", params.text("zoneid"))
    size = params.whole("size")
    if offering.size_gib:
        if size is not None:
            raise refused("This disk offering does not allow custom size")
        return offering.size_gib * GIB
    if size is None:
        raise refused("This disk offering requires a custom size specified")
    if not 1 <= size <= CUSTOM_MAX_GIB:
        raise refused(f"Volume size: {size} GB is out of allowed range. Max: {CUSTOM_MAX_GIB}. Min: 1")
    return size * GIB


def _slot_for(cloud: Cloud, volume: Volume, instance: Instance, asked: int | None) -> int:
    """Check an attach and choose the device id."""
    if volume.instance_id is not None:
        raise refused("Please specify a volume that is not attached to any VM.")
    if volume.state not in ("Allocated", "Ready"):
        raise refused("Volume state must be in Allocated, Ready or in Uploaded state")
    attached = cloud.world.volumes_of(instance.id)
    used = {other.device_id for other in attached}
    if asked == 0:
        _check_root_change(instance, "attach")
        if 0 in used:
            raise refused("Vm already has root volume attached to it")
        return 0
    _check_changeable(volume, instance)
    limit = cloud.settings.max_data_volumes
    if sum(other.type == "DATADISK" for other in attached) >= limit:
        raise refused(f"The specified VM already has the maximum number of data disks ({limit}) attached. Please specify another VM.")
    highest = limit + 1
    if asked is None:
        return next(number for number in range(1, highest + 2) if number != CDROM_SLOT and number not in used)
    if not 0 <= asked <= highest or asked == CDROM_SLOT:
        raise failed(f"deviceId should be 0,1,2,4-{highest}")
    if asked in used:
        raise failed(f"deviceId {asked} is used by vm {instance.number}")
    return asked


def _check_changeable(volume: Volume, instance: Instance) -> None:
    """Whether volumes may come and go on a VM as it is."""
    if instance.state not in ("Running", "Stopped"):
        raise refused("Please specify a VM that is either running or stopped.")
    if volume.type == "ROOT" and volume.instance_id == instance.id:
        _check_root_change(instance, "detach")
    if instance.kind == "guest" and instance.state == "Running":
        raise failed(f"Failed to change volume {volume.id} of VM {instance.name}; the guest does not support hot plugging")


def _check_root_change(instance: Instance, what: str) -> None:
    """Roots come and go only on stopped VMs (validateRootVolumeDetachAttach)."""
    if instance.state != "Stopped":
        raise refused(f"Root volume {what} can be done only when vm is in state: Stopped or Destroyed")


def _check_resize(cloud: Cloud, volume: Volume, size: int) -> None:
    """Only growing, only at rest, and not with snapshots."""
    if volume.state not in ("Allocated", "Ready"):
        text = "The volume should be in ready/allocated state before attempting a resize."
        raise refused(f"{text} Volume {volume.id} is in state {volume.state}.")
    if size <= 0:
        raise refused("Invalid parameter size: the new size must be given in GiB")
    if size < volume.size:
        raise refused(
            f"Going from existing size of {volume.size} to size of {size} would shrink the volume."
            " Need to sign off by supplying the shrinkok parameter with value of true."
        )
    if any(snapshot.volume_id == volume.id for snapshot in cloud.world.snapshots.values()):
        raise failed(f"Failed to resize volume {volume.id}: Can't resize an image which has snapshots")


def _volume_to_detach(cloud: Cloud, params: Params) -> Volume:
    """The volume by `id`, or by `virtualmachineid` and `deviceid`."""
    if "id" in params.values:
        return the_volume(cloud, params)
    if not {"virtualmachineid", "deviceid"} <= params.values.keys():
        raise refused("Please specify either id, or virtualmachineid and deviceid")
    instance = the_instance(cloud, params, "virtualmachineid")
    for volume in cloud.world.volumes_of(instance.id):
        if volume.device_id == params.whole("deviceid"):
            return volume
    raise refused("The specified volume is not attached to a VM.")
