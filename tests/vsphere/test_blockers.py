"""Why a VM can't be migrated."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from appliance.vsphere.blockers import blockers
from appliance.vsphere.snapshot_names import name_for
from appliance.vsphere.spec import Disk, Snapshot, VmSpec
from appliance.vsphere.tracking import refusal

DISK = Disk(
    "disk-2000", 2000, "Hard disk 1", 1 << 30, "[ds1] web/web.vmdk", "ds1", "VMFS", "thin", "persistent",
    "pvscsi", "noSharing", "sharingNone", 0, 1000, "6000C29-1", "", "", False, 0,
)  # fmt: skip
VM = VmSpec(
    "vm-1", "web", "/DC0/vm/web", "/DC0", "u", 2, 2048, "debian12_64Guest", "Debian 12", 19, "efi", False,
    (DISK,), (), "poweredOn", False, True, True, False, False, (), False,
)  # fmt: skip


def with_snapshot(name: str) -> VmSpec:
    return replace(VM, snapshots=(Snapshot("snapshot-1", name, datetime(2026, 1, 1, tzinfo=UTC)),))


def test_an_ordinary_vm_has_none() -> None:
    assert blockers(VM) == []


@pytest.mark.parametrize(
    ("change", "key"),
    [
        ({"template": True}, "template"),
        ({"disks": ()}, "no_disks"),
        ({"encrypted": True}, "encrypted"),
        ({"hardware_version": 4}, "hardware_version"),
        ({"tracking_supported": False}, "tracking"),
        ({"consolidation_needed": True}, "consolidation"),
    ],
)
def test_a_vm_is_blocked(change: dict[str, Any], key: str) -> None:
    assert [found.key for found in blockers(replace(VM, **change))] == [key]


@pytest.mark.parametrize(
    ("change", "key"),
    [
        ({"mapping": "physical"}, "physical_mapping"),
        ({"mapping": "virtual"}, "virtual_mapping"),
        ({"mode": "independent_persistent"}, "independent"),
        ({"mode": "independent_nonpersistent"}, "independent"),
        ({"mode": "nonpersistent"}, "mode"),
        ({"bus_sharing": "virtualSharing"}, "shared_bus"),
        ({"sharing": "sharingMultiWriter"}, "shared_disk"),
        ({"encrypted": True}, "disk_encrypted"),
        ({"capacity_bytes": 0}, "no_capacity"),
        ({"datastore_type": "vsan"}, "datastore"),
    ],
)
def test_a_disk_blocks_its_vm_and_is_named(change: dict[str, Any], key: str) -> None:
    (found,) = blockers(replace(VM, disks=(replace(DISK, **change),)))
    assert (found.key, found.disk_id) == (key, "disk-2000")
    assert found.sentence.startswith("Hard disk 1 ")


def test_the_vendors_reader_takes_any_datastore() -> None:
    assert blockers(replace(VM, disks=(replace(DISK, datastore_type="vsan"),)), vendor_reader=True) == []


def test_somebody_elses_snapshot_blocks_and_is_named_but_ours_does_not() -> None:
    (found,) = blockers(with_snapshot("before update"))
    assert found.key == "snapshots" and "before update" in found.sentence
    assert blockers(with_snapshot(name_for("job-1"))) == []


def test_tracking_is_refused_over_any_snapshot() -> None:
    assert refusal(VM) is None
    assert refusal(with_snapshot(name_for("job-1"))) is not None
