"""What a cloud offers: zones, offerings, templates, networks, hypervisors."""

from ..cloud import Cloud
from ..config import Network
from ..errors import refused
from ..records import fixed_id
from ..views import owner, place
from ..wire import Params, Row
from .registry import Answer, command, listing

TEMPLATE_FILTERS = ("featured", "self", "selfexecutable", "sharedexecutable", "executable", "community", "all")


@command("listZones")
def list_zones(cloud: Cloud, params: Params) -> Answer:
    """The one zone."""
    row: Row = {
        "id": cloud.zone_id,
        "name": cloud.config.zone,
        "networktype": "Advanced",
        "allocationstate": "Enabled",
        "securitygroupsenabled": False,
        "localstorageenabled": False,
        "type": "Core",
    }
    return listing("zone", [row], params)


@command("listServiceOfferings")
def list_service_offerings(cloud: Cloud, params: Params) -> Answer:
    """CPUs and memory (MiB) to choose from."""
    rows: list[Row] = [
        {
            "id": identity,
            "name": each.name,
            "displaytext": each.name,
            "cpunumber": each.cpus,
            "cpuspeed": 1000,
            "memory": each.memory_mib,
            "iscustomized": False,
            "storagetype": "shared",
            "state": "Active",
        }
        for identity, each in cloud.service_offerings.items()
    ]
    return listing("serviceoffering", rows, params)


@command("listDiskOfferings")
def list_disk_offerings(cloud: Cloud, params: Params) -> Answer:
    """Offerings for data volumes (size in GiB, 0 for custom)."""
    rows: list[Row] = [
        {
            "id": identity,
            "name": each.name,
            "displaytext": each.name,
            "disksize": each.size_gib,
            "iscustomized": each.size_gib == 0,
            "storagetype": "local" if each.local else "shared",
            "provisioningtype": "thin",
            "displayoffering": True,
            "encrypt": each.encrypted,
            "state": "Active",
            **({"tags": each.tags} if each.tags else {}),
        }
        for identity, each in cloud.disk_offerings.items()
    ]
    return listing("diskoffering", rows, params)


@command("listTemplates", "templatefilter")
def list_templates(cloud: Cloud, params: Params) -> Answer:
    """Templates (size in bytes)."""
    if params.text("templatefilter") not in TEMPLATE_FILTERS:
        raise refused(f"Template filter {params.text('templatefilter')} is not valid. Valid filters are {', '.join(TEMPLATE_FILTERS)}")
    rows: list[Row] = [
        {
            "id": identity,
            "name": each.name,
            "displaytext": each.name,
            "hypervisor": "KVM",
            "format": "QCOW2",
            "ostypename": "Other Linux (64-bit)",
            "ostypeid": fixed_id("os-type", "Other Linux (64-bit)"),
            "isready": each.ready,
            "isfeatured": True,
            "ispublic": True,
            "templatetype": "USER",
            "status": "Download Complete" if each.ready else "40% Downloaded",
            "size": each.path.stat().st_size if each.path else each.size_bytes,
            **owner(cloud),
            **place(cloud),
        }
        for identity, each in cloud.templates.items()
    ]
    return listing("template", rows, params)


@command("listNetworks")
def list_networks(cloud: Cloud, params: Params) -> Answer:
    """Guest networks."""
    return listing("network", [_network_row(cloud, identity, each) for identity, each in cloud.networks.items()], params)


@command("listHypervisors")
def list_hypervisors(cloud: Cloud, params: Params) -> Answer:
    """KVM."""
    return listing("hypervisor", [{"name": "KVM"}], params)


@command("listHypervisorCapabilities", administrators_only=True)
def list_hypervisor_capabilities(cloud: Cloud, params: Params) -> Answer:
    """How many data volumes a VM may have, among others."""
    row: Row = {
        "id": fixed_id("hypervisor-capabilities", "KVM"),
        "hypervisor": "KVM",
        "hypervisorversion": "default",
        "maxguestslimit": 144,
        "maxdatavolumeslimit": cloud.settings.max_data_volumes,
        "maxhostspercluster": 0,
        "securitygroupenabled": True,
        "storagemotionenabled": True,
        "vmsnapshotenabled": False,
    }
    wanted = params.text("hypervisor").upper()
    return listing("hypervisorCapabilities", [row] if wanted in ("", "KVM") else [], params)


@command("listPublicIpAddresses")
def list_public_ip_addresses(cloud: Cloud, params: Params) -> Answer:
    """There are none."""
    return {}


@command("listPortForwardingRules")
def list_port_forwarding_rules(cloud: Cloud, params: Params) -> Answer:
    """There are none."""
    return {}


@command("listIpForwardingRules")
def list_ip_forwarding_rules(cloud: Cloud, params: Params) -> Answer:
    """There are none."""
    return {}


def _network_row(cloud: Cloud, identity: str, network: Network) -> Row:
    """A guest network."""
    offering = "Isolated, no egress" if network.isolated else "Isolated with source NAT"
    return {
        "id": identity,
        "name": network.name,
        "displaytext": network.name,
        "networkofferingid": fixed_id("network-offering", offering),
        "networkofferingname": offering,
        "cidr": network.cidr,
        "gateway": f"{network.cidr.rsplit('.', 1)[0]}.1",
        "netmask": "255.255.255.0",
        "type": "Isolated",
        "traffictype": "Guest",
        "state": "Implemented",
        "issystem": False,
        "isdefault": False,
        "canusefordeploy": True,
        "acltype": "Account",
        **owner(cloud),
        **place(cloud),
        "tags": [],
    }
