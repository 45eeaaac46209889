"""Facts of a VM and its surroundings in which nothing is wrong, to be changed one at a time."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, timedelta
from typing import Any

from appliance.cloudstack.checks import NEEDED_COMMANDS
from appliance.cloudstack.configs import CloudConfig
from appliance.cloudstack.limits import Places
from appliance.cloudstack.quotas import RESOURCES
from appliance.cloudstack.survey import Facts, Pool
from appliance.contexts import VmContext, VmState
from appliance.contract.checks import Check, CheckState
from appliance.contract.inventory import Datastore, Disk, Nic, Vm
from appliance.failover.fitness import Seen, Tools, Verified
from appliance.preflight.facts import Cloud, Found, Link
from appliance.volumes.records import Volume

PASS, WARN, FAIL = CheckState.PASS, CheckState.WARN, CheckState.FAIL
GIB = 1024**3
NOW = datetime(2026, 11, 20, 3, 0, tzinfo=UTC)
STRANGE = "Zürich <b>&amp; 🏔️"
CHOSEN = ("zone", "template_id", "network_id", "service_offering_id", "disk_offering_id", "oma_vm_id")
CONFIG = CloudConfig(1, STRANGE, "http://c", "key", "secret", **{name: f"{name}-1" for name in CHOSEN})
ROWS: dict[str, dict[str, Any]] = {
    "zone": {"name": STRANGE, "allocationstate": "Enabled"},
    "template_id": {"name": "Small", "isready": True, "hypervisor": "KVM"},
    "network_id": {"name": "production", "zoneid": "zone-1"},
    "service_offering_id": {"name": "Medium", "cpunumber": 2, "memory": 1024},
    "disk_offering_id": {"name": "Custom", "iscustomized": True},
    "oma_vm_id": {"name": "OMA", "zoneid": "zone-1", "hypervisor": "KVM"},
}
FACTS = Facts(
    version="4.20.1.0",
    largest_disk_gib=1024,
    commands=frozenset(one.lower() for one in NEEDED_COMMANDS),
    found=dict(ROWS),
    own_vm="oma_vm_id-1",
    left=dict.fromkeys(RESOURCES, 10_000.0),
    data_volumes=32,
    to_secondary=False,
    pools=(Pool("ceph", "RBD", "Up", False, frozenset()),),
    zone_gib=1000,
    zone_used_gib=100,
)
NETWORKS = {"net-1": {"id": "net-1", "name": "isolated", "zoneid": "zone-1"}, "network_id-1": ROWS["network_id"]}
CLOUD = Cloud(CONFIG, FACTS, Places(20), NETWORKS, {"ok": True})
LINK = Link("vma1", "paired", True, 1, "1.0", "1.0")
VERIFIED = Verified("same", NOW - timedelta(hours=3))
TOOLS = Tools(program=True)


def vm(**changes: Any) -> Vm:
    """A Debian machine with two disks and one adapter."""
    disks = [
        Disk(
            disk_id=f"disk-{2000 + number}", key=2000 + number, label=f"Hard disk {number + 1}", capacity_bytes=10 * GIB, datastore="ds1",
            vmdk_path=f"[ds1] web/{number}.vmdk", provisioning="thin", mode="persistent", unit_number=number, controller="pvscsi",
        )
        for number in range(2)
    ]  # fmt: skip
    words = dict.fromkeys(("moref", "path", "datacenter", "uuid", "firmware", "guest_name"), "x")
    fields = {
        **words, "name": "web", "guest_id": "debian12_64Guest", "power_state": "poweredOn", "cpus": 2, "memory_mib": 1024,
        "secure_boot": False, "tracking": True, "disks": disks, "snapshots": [], "blockers": [],
        "nics": [Nic(label="Network adapter 1", mac="00:50:56:00:00:01", network="VM Network", model="vmxnet3")],
        "datastores": [Datastore(name="ds1", capacity_bytes=1000 * GIB, free_bytes=500 * GIB)],
    }  # fmt: skip
    return Vm.model_validate(fields | changes)


def volume(number: int, **changes: Any) -> Volume:
    """The copy of a disk, attached to this appliance."""
    fields: dict[str, Any] = {
        "volume_id": f"vol-{number}", "context_id": "ctx-1", "disk_id": f"disk-{2000 + number}", "name": f"web-{number}", "size_gb": 10,
        "mode": "oma", "config_id": 1, "created_by_job": "job-1", "snapshot_id": None, "snapshot_status": None, "snapshot_point": None,
        "vm_id": CONFIG.oma_vm_id, "device_path": None, "export_status": "exported",
    }  # fmt: skip
    return Volume(**fields | changes)


def context(**changes: Any) -> VmContext:
    """A VM that is ready, copied an hour ago."""
    fields: dict[str, Any] = {
        "context_id": "ctx-1", "vm_name": "web", "current_status": VmState.READY, "specification": vm().model_dump(mode="json"),
        "consistent_point": {"at": (NOW - timedelta(hours=1)).isoformat(), "change_ids": {}},
    }  # fmt: skip
    return VmContext(**fields | changes)


def cloud(**facts: Any) -> Cloud:
    return dataclasses.replace(CLOUD, facts=dataclasses.replace(FACTS, **facts))


def row(name: str, **changes: Any) -> Cloud:
    """One thing that the configuration refers to is different."""
    return cloud(found={**ROWS, name: {**ROWS[name], **changes}})


def found(**changes: Any) -> Found:
    return dataclasses.replace(Found(LINK, vm(), CONFIG, CLOUD), **changes)


def seen(**changes: Any) -> Seen:
    fields: dict[str, Any] = {
        "context": context(), "volumes": [volume(0), volume(1)], "gone": [], "verified": VERIFIED, "tools": TOOLS, "found": found(),
        "now": NOW,
    }  # fmt: skip
    return Seen(**fields | changes)


def one(checks: list[Check], name: str) -> Check:
    [check] = [check for check in checks if check.name == name]
    return check


def names(checks: list[Check], state: CheckState) -> set[str]:
    return {check.name for check in checks if check.state is state}
