"""Rows as the API shows them (field names of the API reference of CloudStack 4.20)."""

from .cloud import Cloud
from .records import Instance, Nic, Snapshot, Tags, Volume, fixed_id
from .wire import Row


def owner(cloud: Cloud) -> Row:
    """The account fields that nearly every row carries."""
    return {"account": cloud.config.account, "domainid": cloud.domain_id, "domain": cloud.config.domain}


def place(cloud: Cloud) -> Row:
    """The zone fields."""
    return {"zoneid": cloud.zone_id, "zonename": cloud.config.zone}


def tag_rows(tags: Tags, resource_type: str, resource_id: str) -> list[Row]:
    """Tags as they hang on a row."""
    return [{"key": key, "value": value, "resourcetype": resource_type, "resourceid": resource_id} for key, value in tags.items()]


def instance_row(cloud: Cloud, instance: Instance) -> Row:
    """A VM."""
    offering = cloud.service_offerings[instance.service_offering_id]
    template = cloud.templates.get(instance.template_id or "")
    row: Row = {
        "id": instance.id,
        "name": instance.name,
        "displayname": instance.display_name,
        "instancename": f"i-2-{instance.number}-VM",
        **owner(cloud),
        "created": instance.created,
        "state": instance.state,
        "haenable": False,
        **place(cloud),
        "serviceofferingid": instance.service_offering_id,
        "serviceofferingname": offering.name,
        "cpunumber": offering.cpus,
        "cpuspeed": 1000,
        "memory": offering.memory_mib,
        "rootdeviceid": 0,
        "rootdevicetype": "ROOT",
        "hypervisor": "KVM",
        "passwordenabled": False,
        "displayvm": True,
        "isdynamicallyscalable": False,
        "boottype": instance.boot_type,
        "bootmode": instance.boot_mode,
        "details": dict(instance.details),
        "nic": [_nic_row(cloud, nic, index) for index, nic in enumerate(instance.nics)],
        "securitygroup": [],
        "affinitygroup": [],
        "tags": tag_rows(instance.tags, "UserVm", instance.id),
    }
    if template is not None:
        row |= {"templateid": instance.template_id, "templatename": template.name, "templatedisplaytext": template.name}
    return row


def _nic_row(cloud: Cloud, nic: Nic, index: int) -> Row:
    """A network card of a VM."""
    network = cloud.networks[nic.network_id]
    return {
        "id": nic.id,
        "networkid": nic.network_id,
        "networkname": network.name,
        "netmask": "255.255.255.0",
        "gateway": f"{network.cidr.rsplit('.', 1)[0]}.1",
        "ipaddress": nic.address,
        "macaddress": nic.mac,
        "isdefault": index == 0,
        "deviceid": str(index),
        "traffictype": "Guest",
        "type": "Isolated",
        "secondaryip": [],
    }


def volume_row(cloud: Cloud, volume: Volume) -> Row:
    """A volume; its size is in bytes."""
    row: Row = {
        "id": volume.id,
        "name": volume.name,
        **place(cloud),
        "type": volume.type,
        "size": volume.size,
        "created": volume.created,
        "state": volume.state,
        **owner(cloud),
        "storagetype": "shared",
        "provisioningtype": "thin",
        "hypervisor": "KVM",
        "destroyed": False,
        "isextractable": True,
        "displayvolume": True,
        "quiescevm": False,
        "tags": tag_rows(volume.tags, "Volume", volume.id),
    }
    if volume.state != "Allocated":
        row |= {"storage": "primary", "storageid": fixed_id("pool", "primary"), "path": volume.id}
    offering = cloud.disk_offerings.get(volume.disk_offering_id or "")
    if offering is not None:
        row |= {"diskofferingid": volume.disk_offering_id, "diskofferingname": offering.name}
    if volume.template_id is not None:
        row |= {"templateid": volume.template_id}
    instance = cloud.world.instances.get(volume.instance_id or "")
    if instance is not None:
        row |= {
            "virtualmachineid": instance.id,
            "vmname": instance.name,
            "vmdisplayname": instance.display_name,
            "vmstate": instance.state,
            "deviceid": volume.device_id,
            "attached": volume.attached,
        }
    return row


def snapshot_row(cloud: Cloud, snapshot: Snapshot) -> Row:
    """A volume snapshot."""
    return {
        "id": snapshot.id,
        "name": snapshot.name,
        **owner(cloud),
        **place(cloud),
        "created": snapshot.created,
        "state": snapshot.state,
        "snapshottype": "MANUAL",
        "intervaltype": "MANUAL",
        "volumeid": snapshot.volume_id,
        "volumename": snapshot.volume_name,
        "volumetype": snapshot.volume_type,
        "virtualsize": snapshot.size,
        "physicalsize": snapshot.size,
        "revertable": True,
        "tags": tag_rows(snapshot.tags, "Snapshot", snapshot.id),
    }
