"""vCenter's description of a VM as it crosses the tunnel."""

from __future__ import annotations

from collections.abc import Sequence

from appliance.contract.inventory import (
    ClusterLine,
    Datastore,
    Disk,
    FolderLine,
    FolderList,
    Nic,
    ShownCertificate,
    VCenterAbout,
    Vm,
    VmLine,
    VmList,
)
from appliance.vsphere.about import About
from appliance.vsphere.blockers import blockers
from appliance.vsphere.certificate import Seen
from appliance.vsphere.spec import VmSpec
from appliance.vsphere.survey import Survey


def certificate_view(seen: Seen) -> ShownCertificate:
    """A certificate as it is shown, before it is trusted."""
    return ShownCertificate(**{**vars(seen), "names": list(seen.names)})


def about_view(about: About) -> VCenterAbout:
    """A vCenter as it describes itself."""
    return VCenterAbout(**{**vars(about), "datacenters": list(about.datacenters)})


def vm_line(one: VmSpec) -> VmLine:
    """A line of a discovery."""
    counted = {"disk_count", "tracking", "networks", "blockers"}
    return VmLine(
        **{name: getattr(one, name) for name in VmLine.model_fields if name not in counted},
        disk_count=len(one.disks),
        tracking=one.tracking_enabled,
        networks=list(dict.fromkeys(nic.network for nic in one.nics if nic.network)),
        blockers=[found.sentence for found in blockers(one)],
    )


def page_view(seen: Survey, found: Sequence[VmSpec], shown: Sequence[VmSpec]) -> VmList:
    """Those that are shown, of all that were found."""
    return VmList(vms=[vm_line(one) for one in shown], total=len(found), at=seen.at)


def folders_view(seen: Survey) -> FolderList:
    """Where the VMs are."""
    return FolderList(
        folders=[FolderLine(**vars(one)) for one in seen.folders],
        clusters=[ClusterLine(**vars(one)) for one in seen.clusters],
        total=len(seen.vms),
        at=seen.at,
    )


def vm_view(spec: VmSpec) -> Vm:
    """A VM in full, with what keeps it from being migrated."""
    plain = ("moref", "name", "path", "datacenter", "uuid", "cpus", "memory_mib", "guest_id", "guest_name", "firmware", "secure_boot")
    return Vm(
        **{name: getattr(spec, name) for name in plain},
        power_state=spec.power_state,
        tracking=spec.tracking_enabled,
        disks=[Disk(**{name: getattr(disk, name) for name in Disk.model_fields}) for disk in spec.disks],
        nics=[Nic(**{**{name: getattr(nic, name) for name in Nic.model_fields}, "addresses": list(nic.addresses)}) for nic in spec.nics],
        snapshots=[one.name for one in spec.snapshots],
        blockers=[one.sentence for one in blockers(spec)],
        datastores=[
            Datastore(name=one.name, capacity_bytes=one.capacity_bytes, free_bytes=one.free_bytes)
            for one in spec.datastores
            if one.capacity_bytes
        ],
    )
