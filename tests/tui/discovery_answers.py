"""A vCenter as a discovery finds it, and the history of a VM."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from appliance.contract.discovery import Addition, AskDiscovery, FoundVm, FoundVms, Outcome
from appliance.contract.inventory import ClusterLine, Disk, FolderLine, FolderList, Nic
from appliance.contract.jobs import Problem
from appliance.contract.management import Removal, Specification, VmCredential
from appliance.contract.types import JobRef
from tests.tui import operation as op
from tests.tui.stand_in import NOW

SNAPSHOTS = "The VM has snapshots that are not the appliance's: before update. Remove them first."
MAPPED = "Hard disk 2 is mapped to a physical device. Convert it to a virtual disk first."
REFUSED = Problem(
    key="vm.not_migratable", message=f"web04 can't be migrated: {SNAPSHOTS}", guidance="Change this on the VM in vCenter, then try again."
)


def found_vms() -> list[FoundVm]:
    """Four in a folder, of which one is managed and one can't be migrated; one elsewhere."""
    other = {"folder": "/DC1/vm/Databases", "cluster": "Cluster B", "guest_name": "Red Hat Enterprise Linux 9 (64-bit)"}
    return [
        op.line(1, context_id="ctx-0001"),
        op.line(2),
        op.line(3, power_state="poweredOff", tracking=False),
        op.line(4, blockers=[SNAPSHOTS, MAPPED]),
        op.line(12, name="webshop-database-primary", path="/DC1/vm/Databases/webshop-database-primary", cpus=16, **other),
    ]


def pages(vms: list[FoundVm]) -> Any:
    """An answer that keeps to page, folder and cluster."""

    def answered(body: AskDiscovery) -> FoundVms:
        inside = [one for one in vms if one.path.startswith(body.folder) and body.cluster in ("", one.cluster)]
        shown = inside[(body.page - 1) * body.limit : body.page * body.limit]
        return FoundVms(vms=shown, total=len(inside), page=body.page, limit=body.limit, at=NOW - timedelta(seconds=30))

    return answered


FOLDERS = FolderList(
    folders=[
        FolderLine(path="/DC1", name="DC1", kind="datacenter", vms=0, total=5),
        FolderLine(path="/DC1/vm", name="vm", kind="folder", vms=0, total=5),
        FolderLine(path="/DC1/vm/Databases", name="Databases", kind="folder", vms=1, total=1),
        FolderLine(path="/DC1/vm/Web", name="Web", kind="folder", vms=4, total=4),
    ],
    clusters=[
        ClusterLine(name="Cluster A", datacenter="/DC1", hosts=4, vms=4),
        ClusterLine(name="Cluster B", datacenter="/DC1", hosts=2, vms=1),
    ],
    total=5,
)

ADDED = [
    Addition(vm="vm-2", outcome=Outcome.ADDED, context_id="ctx-0002"),
    Addition(vm="vm-3", outcome=Outcome.MANAGED, context_id="ctx-0003"),
    Addition(vm="vm-4", outcome=Outcome.REFUSED, problem=REFUSED),
]
WAITING = [Addition(vm=one.vm, outcome=Outcome.WAITING) for one in ADDED]


def disk(number: int, gib: int) -> Disk:
    """A disk of a source."""
    return Disk(
        disk_id=f"disk-{1999 + number}", key=1999 + number, label=f"Hard disk {number}", capacity_bytes=gib << 30,
        vmdk_path=f"[ds1] web01/{number}.vmdk", datastore="ds1", provisioning="thin", mode="persistent",
        unit_number=number, controller="pvscsi",
    )  # fmt: skip


def seen(minutes: int, origin: str = "cycle", **changes: Any) -> Specification:
    """web01 as it was so many minutes ago."""
    found = Specification(
        at=NOW - timedelta(minutes=minutes), origin=origin, job_id=f"job-{minutes}" if origin == "cycle" else None, name="web01",
        path="/DC1/vm/Web/web01", cpus=4, memory_mib=8192, guest_name="Debian GNU/Linux 12 (64-bit)", firmware="efi", secure_boot=False,
        disks=[disk(1, 40), disk(2, 200)],
        nics=[Nic(label="Network adapter 1", mac="00:50:56:00:00:01", network="VM Network", model="vmxnet3")],
        blockers=[], changes=[],
    )  # fmt: skip
    return found.model_copy(update=changes)


HISTORY = [
    seen(5),
    seen(65, "rediscovered", changes=["CPUs: 2 became 4.", "Hard disk 2 (200.0 GiB) is new."]),
    seen(125, cpus=2, disks=[disk(1, 40)]),
    seen(4000, "added", cpus=2, disks=[disk(1, 40)]),
]
REMOVAL = Removal(
    context_id="ctx-0001", vm_name="web01",
    goes=["2 volumes in CloudStack with 240 GiB, and the copy on them.", "The records of 12 copies."],
    stays=["web01 in vCenter stays as it is."],
)  # fmt: skip


def answers(**changes: object) -> dict[str, object]:
    """An OMA that looks into this vCenter."""
    return op.answers(op.vm(1)) | {
        "credentials": [op.CREDENTIAL], "discover": pages(found_vms()), "folders": FOLDERS, "add_vms": JobRef(job_id="job-200"),
        "additions": ADDED, "specifications": HISTORY, "rediscover": seen(0, "rediscovered"), "removal": REMOVAL,
        "remove_vm": JobRef(job_id="job-300"), "job": op.job_of(op.job(1, "completed")), "jobs": [],
        "set_credential": VmCredential(context_id="ctx-0001", credential_id=3, credential_name="production"),
    } | changes  # fmt: skip
